/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_POSTGRES_CATALOG_ROWS_H
#define RP_ENGINE_POSTGRES_CATALOG_ROWS_H

#include "verifier/engine/postgres/conn.h"
#include "verifier/survey/digest.h"

struct rp_err;

#define RP_PG_FIRST_NORMAL 16384u /* what initdb makes has a lower number */

/* Private to catalog_intact.c: what belongs to the server itself in one catalogue of one database. */

/* The first column says what a row belongs to: a row of the user's own has a number from RP_PG_FIRST_NORMAL on. */
struct rp_pg_catalogue {
	const char *name, *what, *key, *label; /* label: the column that names it; NULL: none */
	/* The column with its schema; NULL: new rows are nothing that our queries could take for the server's own. */
	const char *schema;
	bool extended; /* extensions may put theirs into pg_catalog */
};

struct rp_pg_entry {
	uint32_t key;
	struct rp_u128 hash;
	char label[64];
};

/* One catalogue of one database. */
struct rp_pg_rows {
	const struct rp_pg_catalogue *of;
	struct rp_pg_entry *all, *strangers; /* the server's own; and new ones in pg_catalog */
	size_t n, room, n_strangers, strangers_room;
	uint64_t seed;
};

void rp_pg_rows_done(struct rp_pg_rows *l);
#define rp_autorows rp_cleanup(rp_pg_rows_done) struct rp_pg_rows

/* All columns of 'of' that are listed in the first column of 'columns'; the key first, then label and schema where there
 * are such. The rows come in an order of their own, the same for the same rows. RP_ERR_OBJECT: it is no table. */
int rp_pg_rows_read(struct rp_pg_rows *ret, struct rp_pg_conn *c, const struct rp_pg_catalogue *of,
		    const PGresult *columns, uint64_t seed, struct rp_err **err);
/* How they are ordered, and whether two are the same (0). */
int rp_pg_rows_order(const void *a, const void *b);

#endif
