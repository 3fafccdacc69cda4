/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_POSTGRES_PROBE_H
#define RP_ENGINE_POSTGRES_PROBE_H

#include "verifier/engine/postgres/conn.h"

struct rp_err;

/* One statement that may well be refused, and why matters. 0: an answer, in *ret. 1: refused, as said; the connection
 * is as good as after rp_pg_query(). -1: anything else. */
struct rp_pg_refusal {
	char state[6]; /* SQLSTATE */
	char said[1000];
};
int rp_pg_probe(struct rp_pg_conn *c, const char *sql, const char *const *params, int n, PGresult **ret,
		struct rp_pg_refusal *why, struct rp_err **err);

/* The server's words for damage: XX001 and XX002 are about data and indexes, XX000 is what it holds to be impossible, 58
 * is about its files. */
bool rp_pg_is_damage(const struct rp_pg_refusal *why);

#endif
