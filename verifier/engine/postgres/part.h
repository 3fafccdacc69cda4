/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_POSTGRES_PART_H
#define RP_ENGINE_POSTGRES_PART_H

struct rp_buf;
struct rp_err;
struct rp_pg_conn;
struct rp_range;
struct rp_relation;

/* A part of a table is a range of its blocks: from "1000" to before "2000". */

/* Append " WHERE ctid >= ..." for it; nothing for all of the relation (part NULL, or open at both ends). */
int rp_pg_part_where(struct rp_buf *sql, const struct rp_range *part, struct rp_err **err);
/* r's source without ONLY: a name for to_regclass(). */
const char *rp_pg_plain_source(const struct rp_relation *r);
/* TRUNCATE and ALTER TABLE leave nothing, or something else, to those who look at an earlier moment. Ask after
 * reading, while the lock that came with it holds: RP_ERR_OBJECT when it had happened by then. */
int rp_pg_check_same(struct rp_pg_conn *c, const struct rp_relation *r, struct rp_err **err);

#endif
