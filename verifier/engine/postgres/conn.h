/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_POSTGRES_CONN_H
#define RP_ENGINE_POSTGRES_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "verifier/engine/engine.h"
#include "verifier/util/arena.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

/* Private to this folder: one connection to a PostgreSQL server, and how everybody here asks it something.
 * Nobody calls a blocking function of libpq: Ctrl-C and the deadline must end every wait. */

/* search_path is pinned to pg_catalog, pg_temp: catalogue names and functions need no prefix, everything
 * else does. */
struct rp_pg_conn {
	struct rp_conn base;
	PGconn *pg;
	char *uri;
	int version; /* server_version_num: 150020 */
	bool standby;
	bool plain;	  /* made for a question of the user's: see struct rp_pg_login */
	bool guarded;	  /* restrict_nonsystem_relation_kind holds: what we read is a table, or it fails */
	unsigned refused; /* bits: pins that this server refuses to this login, see pins.h */
	bool moment;	  /* in the transaction of hold(): everything is read as of one snapshot */
	char *snapshot;	  /* its exported name; NULL: not exported */
	bool pinpoint;	  /* the moment must have a place in the log */
	struct rp_pg_stop *stop;     /* and that is it, see pinpoint.h; owned */
	struct rp_arena *said;	     /* what identify() lent out; its next call frees it */
	struct rp_pg_before *before; /* rp_pg_note_positions(); NULL: no guest has been let in */
	unsigned reads;		     /* of relations, since their locks were last let go */
	bool grown;		     /* libpq's receive buffer has been made large, see stream.c */
};

/* Sequences stand outside of every snapshot. Note where they stand before a guest is let in, so that what it reads
 * lies between that and rp_engine.reread(). */
int rp_pg_note_positions(struct rp_pg_conn *c, struct rp_err **err);
void rp_pg_before_free(struct rp_pg_before *b); /* accepts NULL */

static inline struct rp_pg_conn *rp_pg_of(struct rp_conn *c)
{
	return (struct rp_pg_conn *)(void *)c;
}

/* Then libpq may hold bytes that poll() knows nothing of, and reads one record at a time. */
static inline bool rp_pg_is_encrypted(struct rp_pg_conn *c)
{
	return PQsslInUse(c->pg) != 0 || PQgssEncInUse(c->pg) != 0;
}

static inline void rp_pg_clear(PGresult **r)
{
	PQclear(*r);
	*r = NULL;
}
#define rp_autores rp_cleanup(rp_pg_clear) PGresult

/* Run one statement (the extended protocol takes no second one behind a ';') with n text parameters (NULL: SQL
 * NULL) and wait for its end. *ret is the result, whole in memory; NULL ret: not wanted. RP_ERR_OBJECT: the
 * server refused this statement or cannot read the thing (permission, row security, undefined, damaged); the
 * connection still sees the same moment, as if nothing had been asked (a transaction begun outside of
 * hold(), with rp_pg_exec("BEGIN READ WRITE"), is the caller's own: it is then aborted and to be rolled back).
 * RP_ERR_ENGINE: the connection or the server; only good for close(). */
int rp_pg_query(struct rp_pg_conn *c, const char *sql, const char *const *params, int n, PGresult **ret,
		struct rp_err **err);
/* The same without parameters and rows. */
int rp_pg_exec(struct rp_pg_conn *c, const char *sql, struct rp_err **err);

/* Sessions are read-only (default_transaction_read_only); making a scratch database or role needs this. Never
 * on a source. */
int rp_pg_allow_writing(struct rp_pg_conn *c, struct rp_err **err);

/* Wait until the next result is there, without blocking in libpq; *ret NULL: the statement is over. */
int rp_pg_next(struct rp_pg_conn *c, PGresult **ret, struct rp_err **err);
/* Record what a result or the connection (r NULL) says went wrong, by its SQLSTATE. Returns -1. */
int rp_pg_fail(struct rp_pg_conn *c, const PGresult *r, struct rp_err **err);
/* Whose fault a SQLSTATE is, the connection being good: RP_ERR_OBJECT or RP_ERR_ENGINE. Pure. */
enum rp_err_kind rp_pg_kind(const char *sqlstate);
/* After a statement failed: read what is left of it and, in a moment, go back to before it. -1: cannot be
 * used any more. */
int rp_pg_recover(struct rp_pg_conn *c, struct rp_err **err);
/* Nothing that was read is locked any more; the moment stays. Does nothing most of the time. */
int rp_pg_let_go(struct rp_pg_conn *c, struct rp_err **err);
/* Ask the server to stop what this connection does. Does not wait until it has, and not long for its ear. */
void rp_pg_cancel(struct rp_pg_conn *c);

/* Values of a result in text form. NULL is SQL NULL, never "". */
static inline const char *rp_pg_text(const PGresult *r, int row, int col)
{
	return PQgetisnull(r, row, col) ? NULL : PQgetvalue(r, row, col);
}
static inline bool rp_pg_true(const PGresult *r, int row, int col)
{
	return !PQgetisnull(r, row, col) && PQgetvalue(r, row, col)[0] == 't';
}
/* A whole number that must be there; -1 with RP_ERR_ENGINE when it is NULL, no number, or out of range. */
int rp_pg_u64(const PGresult *r, int row, int col, uint64_t *ret, struct rp_err **err);
int rp_pg_i64(const PGresult *r, int row, int col, int64_t *ret, struct rp_err **err);

/* conn.c, hold.c, identify.c, stream.c, ask.c, show.c: what postgres.c puts into the const rp_engine. */
int rp_pg_connect(struct rp_conn **ret, const char *uri, struct rp_run *run, struct rp_err **err);
void rp_pg_close(struct rp_conn *c);
int rp_pg_identify(struct rp_conn *c, struct rp_identity *ret, struct rp_position *ret_at,
		   struct rp_err **err);
int rp_pg_hold(struct rp_conn *leader, struct rp_conn *ret[], unsigned n, struct rp_guest *guest,
	       int64_t *ret_held_ms, struct rp_err **err);
int rp_pg_split(struct rp_conn *c, const struct rp_relation *r, struct rp_range *ret, unsigned n,
		struct rp_err **err);
int rp_pg_stream(struct rp_conn *c, const struct rp_relation *r, const struct rp_range *part, rp_row_fn *fn,
		 void *ctx, struct rp_err **err);
int rp_pg_count(struct rp_conn *c, const struct rp_relation *r, uint64_t *ret, struct rp_err **err);
int rp_pg_ask(struct rp_conn *c, const struct rp_question *q, struct rp_reply *ret, struct rp_err **err);
void rp_pg_show(const struct rp_column *col, const struct rp_field *value, struct rp_buf *out);
/* A type as format_type() prints it, but for what is in brackets: "timestamp(3) with time zone", "numeric(10,2)". */
bool rp_pg_is_type(const char *printed, const char *name);
/* suspicions.c */
extern const struct rp_suspicion rp_pg_suspicions[];
void rp_pg_glimpse(const struct rp_column *col, const struct rp_field *value, struct rp_glimpse *ret);
bool rp_pg_is_snapshot_name(const char *text);

/* How to log in. */
struct rp_pg_login {
	const char *uri;
	const char *user; /* instead of the URI's; NULL: that one */
	/* For the user's own questions: search_path, row_security and the like are as the database says, only
	 * what protects us is pinned. */
	bool plain;
	unsigned refused; /* what an earlier login has learnt; 0: nothing */
	/* Speak the protocol of replication, within the URI's database: nothing can be asked but its own commands, and
	 * nothing of the session is read back. */
	bool replication;
};
int rp_pg_login(struct rp_pg_conn **ret, const struct rp_pg_login *how, struct rp_run *run,
		struct rp_err **err);
static inline void rp_pg_conn_freep(struct rp_pg_conn **c)
{
	if (*c != NULL)
		rp_pg_close(&(*c)->base);
	*c = NULL;
}

#endif
