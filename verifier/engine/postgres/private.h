/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_POSTGRES_PRIVATE_H
#define RP_ENGINE_POSTGRES_PRIVATE_H

#include "verifier/engine/postgres/conn.h"

struct rp_err;
struct rp_findings;

/* A transaction on a scratch that writes and is always rolled back, with a schema of ours in it, under a name that
 * nobody can know beforehand. RP_ERR_OBJECT: not allowed here; end it all the same. A refused statement ends the
 * transaction. */
int rp_pg_private_begin(struct rp_pg_conn *c, char **ret_schema, struct rp_err **err);
int rp_pg_private_end(struct rp_pg_conn *c, struct rp_err **err);

/* In a transaction that writes: the database's own event triggers do not run in it. RP_ERR_OBJECT: they would. */
int rp_pg_silence_event_triggers(struct rp_pg_conn *c, struct rp_err **err);

/* A test of the engine's that needs an extension: 'before' (NULL: nothing) is done first, then 'look' with the schema in
 * which the extension was made, its statements each undone where they are refused. Where it cannot be had, or on a server
 * in recovery, the answer is a not-run. */
int rp_pg_private_test(struct rp_pg_conn *c, const char *extension, const char *before,
		       int (*look)(struct rp_pg_conn *c, const char *schema, struct rp_findings *to,
				   struct rp_err **err),
		       struct rp_findings *to, struct rp_err **err);

#endif
