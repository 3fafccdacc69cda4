/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_CONN_H
#define RP_ENGINE_MYSQL_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mysql.h>

#include "verifier/engine/engine.h"
#include "verifier/engine/mysql/traits.h"
#include "verifier/util/arena.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

struct rp_argv;
struct rp_buf;
struct rp_my_address;
struct rp_my_guard;
struct rp_my_spoilt;

/* Private to this folder: one connection to a MariaDB or MySQL server, and how everybody here asks it something.
 * Functions of libmariadb block; what ends them at Ctrl-C and at the deadline is a guard (guard.h), which shuts
 * down the socket below them. */

/* Pinned for the whole session and read back: sql_mode, time_zone '+00:00', character_set_client and
 * _connection utf8mb4, character_set_results NULL (columns of tables come as they are stored; the catalogue is
 * UTF-8), READ ONLY, no statement time limit. No default database but the one the URI names. */
struct rp_my_conn {
	struct rp_conn base;
	MYSQL *my;
	char *uri;
	char *database;		  /* the one of the URI; NULL: none, for administration */
	char *place;		  /* of the server: host, port and data directory, as it says itself */
	struct rp_my_traits is;	  /* vendor and version, and what follows from them */
	bool plain;		  /* made for a question of the user's: only what protects us is pinned */
	bool moment;		  /* in the transaction of hold(): everything is read as of one snapshot */
	struct rp_my_address *at; /* where it is and how it logged in: the URI, and what option files added */
	struct rp_my_guard *guard;   /* ends blocking calls when the run is to stop */
	struct rp_my_moment *seen;   /* hold(): positions read under the lock; NULL: not held */
	bool pinpoint;		     /* the moment must have a place in the binary log */
	struct rp_arena *said;	     /* what identify() lent out; its next call frees it */
	struct rp_my_spoilt *spoilt; /* damage(): what undo() takes back; NULL: nothing was ever done */
};

static inline struct rp_my_conn *rp_my_of(struct rp_conn *c)
{
	return (struct rp_my_conn *)(void *)c;
}

static inline void rp_my_clear(MYSQL_RES **r)
{
	mysql_free_result(*r);
	*r = NULL;
}
#define rp_autorows rp_cleanup(rp_my_clear) MYSQL_RES

/* Run one statement and wait for its end; *ret is the result, whole in memory (NULL ret: not wanted). A second
 * statement behind a ';' is refused by the server. RP_ERR_OBJECT: the server refused this statement or cannot read
 * the thing (permission, undefined, damaged, view that does not compile); the connection still sees the same moment.
 * RP_ERR_ENGINE: the connection or the server; only good for close(). RP_ERR_CANCELLED, RP_ERR_TIMEOUT: the run is
 * to stop. */
int rp_my_query(struct rp_my_conn *c, const char *sql, MYSQL_RES **ret, struct rp_err **err);
/* The first column of a short answer; NULL is left out. */
int rp_my_list(struct rp_my_conn *c, const char *sql, struct rp_argv *ret, struct rp_err **err);
int rp_my_exec(struct rp_my_conn *c, const char *sql, struct rp_err **err);
/* The same with every '?' of sql replaced by params[i] as a literal that no session setting can misread (NULL: SQL
 * NULL). No '?' stands in a string or comment of sql. */
int rp_my_ask_for(struct rp_my_conn *c, const char *sql, const char *const *params, size_t n, MYSQL_RES **ret,
		  struct rp_err **err);
/* The first cell of the first row, owned; NULL in *ret: no row, or NULL. */
int rp_my_value(struct rp_my_conn *c, const char *sql, char **ret, struct rp_err **err);

/* Record what the connection (or a statement of it) says went wrong, by its error number. Returns -1. */
int rp_my_fail(struct rp_my_conn *c, struct rp_err **err);
int rp_my_stmt_fail(struct rp_my_conn *c, MYSQL_STMT *s, struct rp_err **err);
/* Whose fault an error number is, the connection being good: RP_ERR_OBJECT or RP_ERR_ENGINE. Pure. */
enum rp_err_kind rp_my_kind(unsigned number);

/* Append `name`, quoted; a literal. Safe whatever the session's sql_mode. */
void rp_my_add_name(struct rp_buf *sql, const char *name);
void rp_my_add_text(struct rp_buf *sql, const char *text, size_t len);

/* A whole number that must be there; -1 with RP_ERR_ENGINE when it is NULL, no number, or out of range. */
int rp_my_u64(const char *cell, uint64_t *ret, struct rp_err **err);
int rp_my_i64(const char *cell, int64_t *ret, struct rp_err **err);

/* Sessions are read-only; making a scratch database or account needs this. Never on a source. */
int rp_my_allow_writing(struct rp_my_conn *c, struct rp_err **err);

/* How to log in. */
struct rp_my_login {
	const char *uri;
	const char *user; /* instead of the URI's; NULL: that one */
	bool plain;	  /* for the user's own questions */
};
int rp_my_log_in(struct rp_my_conn **ret, const struct rp_my_login *how, struct rp_run *run,
		 struct rp_err **err);
static inline void rp_my_conn_freep(struct rp_my_conn **c);

/* What mysql.c puts into the const rp_engine. */
int rp_my_connect(struct rp_conn **ret, const char *uri, struct rp_run *run,
		  struct rp_err **err); /* conn.c */
void rp_my_close(struct rp_conn *c);
int rp_my_identify(struct rp_conn *c, struct rp_identity *ret, struct rp_position *ret_at,
		   struct rp_err **err);					    /* identify.c */
int rp_my_describe(struct rp_conn *c, struct rp_survey *into, struct rp_err **err); /* describe.c */
const char *rp_my_drift(const struct rp_identity *sealed, const struct rp_identity *found,
			const struct rp_difference *d);				  /* drift.c */
int rp_my_reread(struct rp_conn *c, struct rp_survey *into, struct rp_err **err); /* positions.c */
int rp_my_reparse(struct rp_conn *c, const struct rp_object *sealed, struct rp_buf *ret,
		  struct rp_err **err); /* reparse.c */
int rp_my_hold(struct rp_conn *leader, struct rp_conn *ret[], unsigned n, struct rp_guest *guest,
	       int64_t *ret_held_ms, struct rp_err **err); /* hold.c */
void rp_my_pinpoint(struct rp_conn *leader);
int rp_my_stream(struct rp_conn *c, const struct rp_relation *r, const struct rp_range *part, rp_row_fn *fn,
		 void *ctx, struct rp_err **err); /* stream.c */
int rp_my_split(struct rp_conn *c, const struct rp_relation *r, struct rp_range *ret, unsigned n,
		struct rp_err **err); /* split.c */
int rp_my_count(struct rp_conn *c, const struct rp_relation *r, uint64_t *ret, struct rp_err **err);
void rp_my_show(const struct rp_column *col, const struct rp_field *value, struct rp_buf *out); /* show.c */
extern const struct rp_suspicion rp_my_suspicions[]; /* suspicions.c */
void rp_my_glimpse(const struct rp_column *col, const struct rp_field *value, struct rp_glimpse *ret);
int rp_my_ask(struct rp_conn *c, const struct rp_question *q, struct rp_reply *ret,
	      struct rp_err **err);		      /* ask.c */
extern const struct rp_engine_test rp_my_tests[];     /* tests.c */
extern const struct rp_engine_damage rp_my_damages[]; /* damages_list.c */
int rp_my_damage(struct rp_conn *c, const struct rp_engine_damage *d, const struct rp_relation *r,
		 struct rp_buf *what, struct rp_err **err); /* damages.c */
int rp_my_undo(struct rp_conn *c, struct rp_err **err);
void rp_my_spoilt_free(struct rp_my_spoilt *s); /* damages_undo.c */

static inline void rp_my_conn_freep(struct rp_my_conn **c)
{
	if (*c != NULL)
		rp_my_close(&(*c)->base);
	*c = NULL;
}

#endif
