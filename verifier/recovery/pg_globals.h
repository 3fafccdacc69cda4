/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_PG_GLOBALS_H
#define RP_RECOVERY_PG_GLOBALS_H

struct rp_buf;
struct rp_err;
struct rp_stream;

/* What pg_dumpall says of the whole server, as far as it can be said to a scratch. Pure but for the stream. */

/* Reads it to its end. ret_roles: the lines that make roles, for rp_pg_make_roles(): some may be there already.
 * ret_sql: their attributes (never a password), settings, memberships (not by whom they were granted), comments, and
 * rights on settings, dressed as a plain dump for rp_psql_restore(). ret_said: what is left out, a line each. */
int rp_pg_globals(struct rp_stream *globals, struct rp_buf *ret_roles, struct rp_buf *ret_sql,
		  struct rp_buf *ret_said, struct rp_err **err);

#endif
