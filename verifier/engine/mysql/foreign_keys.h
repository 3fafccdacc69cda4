/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_FOREIGN_KEYS_H
#define RP_ENGINE_MYSQL_FOREIGN_KEYS_H

#include "verifier/engine/mysql/conn.h"

/* Private to the tests that ask about foreign keys. */

#define RP_MY_KEY_COLUMNS 64 /* more than any server allows in one key */

/* What information_schema.COLUMNS says; all but the name are NULL where there is no such column, or it is not ours to
 * see. */
struct rp_my_fk_column {
	const char *name, *data_type, *column_type, *charset, *collation;
};
struct rp_my_foreign_key {
	const char *table, *name, *parent_schema, *parent;
	struct rp_my_fk_column from[RP_MY_KEY_COLUMNS], to[RP_MY_KEY_COLUMNS];
	size_t n;
};

/* Call fn for every foreign key of the database's tables; how many there were. A parent in another database has no
 * columns here. */
typedef int rp_my_foreign_key_fn(void *ctx, const struct rp_my_foreign_key *k, struct rp_err **err);
int rp_my_foreign_keys(struct rp_my_conn *c, rp_my_foreign_key_fn *fn, void *ctx, uint64_t *ret_n,
		       struct rp_err **err);

/* "orders.orders_customer", as the survey calls the constraint. */
int rp_my_foreign_key_name(const struct rp_my_foreign_key *k, struct rp_buf *ret, struct rp_err **err);

#endif
