/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_POSTGRES_PRIVATE_H
#define RP_ENGINE_POSTGRES_PRIVATE_H

#include "verifier/engine/postgres/conn.h"

struct rp_err;

/* A transaction on a scratch that writes and is always rolled back, with a schema of ours in it, under a name that
 * nobody can know beforehand. RP_ERR_OBJECT: not allowed here; end it all the same. A refused statement ends the
 * transaction, unless rp_pg_private_safe() was called: then it is undone, and what stood before stays. */
int rp_pg_private_begin(struct rp_pg_conn *c, char **ret_schema, struct rp_err **err);
int rp_pg_private_safe(struct rp_pg_conn *c, struct rp_err **err);
int rp_pg_private_end(struct rp_pg_conn *c, struct rp_err **err);

/* In a transaction that writes: the database's own event triggers do not run in it. RP_ERR_OBJECT: they would. */
int rp_pg_silence_event_triggers(struct rp_pg_conn *c, struct rp_err **err);

/* Make an extension in that schema, afresh even where the database has it: what a backup brought may bear the
 * name and be something else. 1: it is there; 0: it cannot be had, *ret_why says why (static); -1: failed. */
int rp_pg_private_extension(struct rp_pg_conn *c, const char *name, const char *schema, const char **ret_why,
			    struct rp_err **err);

#endif
