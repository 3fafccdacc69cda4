/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_PART_H
#define RP_ENGINE_MYSQL_PART_H

#include <stdbool.h>
#include <stddef.h>

#include "verifier/survey/relation.h"

struct rp_buf;
struct rp_err;
struct rp_range;

/* Parts of a table: rows between two keys, and the SQL that asks for them. */

/* A bound is the first columns of the key as literals with a comma between them, "17" or "_utf8mb4 x'61',12", behind
 * "PRIMARY:" where that is the key, for then the server is told so. It says nothing that a session's settings or the
 * bytes of a value could turn into something else. */
#define RP_MY_KEY_MAX                                                                                        \
	16 /* columns; the server's own limit is 16 (MySQL) or 32 (MariaDB): more are not compared */

/* The columns of a relation's key, in its order; how many, at most RP_MY_KEY_MAX. */
size_t rp_my_key_of(const struct rp_relation *r, const struct rp_column *ret[RP_MY_KEY_MAX]);

/* How the server is to read it. MySQL does not look into an index that it is forced to use: what it supposes then is
 * nothing. */
enum rp_my_by { RP_MY_BY_ANY, RP_MY_BY_PRIMARY, RP_MY_SUPPOSE_PRIMARY };
/* Append " FROM table" with what keeps the server from reading anything but a table. */
void rp_my_add_from(struct rp_buf *sql, const struct rp_relation *r, enum rp_my_by by);
bool rp_my_is_by_primary(const struct rp_range *part); /* accepts NULL */
/* Append the condition, with its WHERE, that picks the part. RP_ERR_ENGINE: its bounds are none. */
int rp_my_add_where(struct rp_buf *sql, const struct rp_relation *r, const struct rp_range *part,
		    struct rp_err **err);
/* The same for one bound: "key >= bound" or "key < bound", spelt out column by column. */
int rp_my_add_bound(struct rp_buf *sql, const struct rp_relation *r, const char *bound, bool below,
		    struct rp_err **err);

#endif
