/* SPDX-License-Identifier: MIT */
#include "verifier/engine/postgres/probe.h"

#include <stdio.h>
#include <string.h>

int rp_pg_probe(struct rp_pg_conn *c, const char *sql, const char *const *params, int n, PGresult **ret,
		struct rp_pg_refusal *why, struct rp_err **err)
{
	rp_autores *first = NULL;
	if (!PQsendQueryParams(c->pg, sql, n, NULL, params, NULL, NULL, 0))
		return rp_pg_fail(c, NULL, err);
	if (rp_pg_next(c, &first, err) < 0)
		return -1;
	if (rp_pg_recover(c, err) < 0)
		return -1;
	if (PQresultStatus(first) == PGRES_TUPLES_OK) {
		*ret = rp_take(first);
		return 0;
	}
	const char *state = PQresultErrorField(first, PG_DIAG_SQLSTATE);
	if (state == NULL || rp_pg_kind(state) != RP_ERR_OBJECT)
		return rp_pg_fail(c, first, err);
	(void)snprintf(why->state, sizeof why->state, "%s", state);
	(void)snprintf(why->said, sizeof why->said, "%s", PQresultErrorField(first, PG_DIAG_MESSAGE_PRIMARY));
	return 1;
}

bool rp_pg_is_damage(const struct rp_pg_refusal *why)
{
	return strncmp(why->state, "XX", 2) == 0 || strncmp(why->state, "58", 2) == 0;
}
