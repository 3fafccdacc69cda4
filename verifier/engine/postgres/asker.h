/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_POSTGRES_ASKER_H
#define RP_ENGINE_POSTGRES_ASKER_H

#include "verifier/engine/postgres/conn.h"

struct rp_err;
struct rp_run;

bool rp_pg_is_superuser(const struct rp_pg_conn *c);
/* Make a login without superuser rights for a user's question, where 'from' is a superuser's: a member of 'role', or
 * NULL: one that may read everything. *ret is its name, owned. RP_ERR_OBJECT: 'role' is a superuser, or is not there. */
int rp_pg_asker(struct rp_pg_conn *from, const char *role, struct rp_run *run, char **ret,
		struct rp_err **err);

#endif
