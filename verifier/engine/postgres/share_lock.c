/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/postgres/conn.h"
#include "verifier/engine/postgres/objects.h"
#include "verifier/engine/postgres/pinpoint.h"
#include "verifier/util/buf.h"
#include "verifier/util/run.h"

/* While every table is locked against writers, all that has been written to them is committed, logged and seen, and
 * any place in the log that is read meanwhile says so. It covers the tables, and only them. */

/* Less than the server's deadlock_timeout (1 s): then it is we who give way. While we wait, those who want to write
 * wait behind us. */
static const int waits_ms[] = {50, 50, 100, 100, 200, 200, 400, 400, 800, 800};
#define TRIES	 ((int)(sizeof waits_ms / sizeof waits_ms[0]))
#define PAUSE_MS 300
#define HELD_MS	 2000 /* all waits of one try together */
#define NAME_MAX 600

static const char tables_sql[] =
	"SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
	" WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND " RP_PG_USER_SCHEMA("n") " ORDER BY c.oid";

struct locking {
	struct rp_pg_conn *leader, *locker;
	PGresult *tables;
	/* Whoever writes to A and then to B never lets go of A while we have B and wait for A. Which comes first is
	 * found out: what was waited for in vain is asked for first the next time. The last one first. */
	char *first[TRIES];
	int n_first;
	char *refused; /* why it will never be locked */
	bool seen;
};

static void locking_done(struct locking *l)
{
	if (l->locker != NULL)
		rp_pg_close(&l->locker->base);
	PQclear(l->tables);
	for (int i = 0; i < l->n_first; i++)
		free(l->first[i]);
	free(l->refused);
}

static bool comes_first(const struct locking *l, const char *name)
{
	for (int i = 0; i < l->n_first; i++)
		if (strcmp(l->first[i], name) == 0)
			return true;
	return false;
}

static int put_first(struct locking *l, const char *name, struct rp_err **err)
{
	char *copy = strdup(name);
	if (copy == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (int i = 0; i < l->n_first; i++)
		if (strcmp(l->first[i], name) == 0) {
			free(l->first[i]);
			memmove(&l->first[i], &l->first[i + 1],
				(size_t)(--l->n_first - i) * sizeof l->first[0]);
			break;
		}
	memmove(&l->first[1], &l->first[0], (size_t)l->n_first * sizeof l->first[0]);
	l->first[0] = copy;
	l->n_first++;
	return 0;
}

/* 1: locked; 0: others hold it, or 'refused' says why it will never be; -1. */
static int lock_one(struct locking *l, const char *name, struct rp_err **err)
{
	struct rp_pg_conn *c = l->locker;
	rp_autobuf sql = RP_BUF_INIT(NAME_MAX);
	rp_autores *r = NULL;
	rp_autores *end = NULL;
	rp_buf_addf(&sql, "LOCK TABLE ONLY %s IN SHARE MODE", name);
	if (rp_buf_check(&sql, err) < 0)
		return -1;
	if (!PQsendQueryParams(c->pg, rp_buf_text(&sql), 0, NULL, NULL, NULL, NULL, 0))
		return rp_pg_fail(c, NULL, err);
	if (rp_pg_next(c, &r, err) < 0 || rp_pg_next(c, &end, err) < 0)
		return -1;
	if (PQresultStatus(r) == PGRES_COMMAND_OK)
		return 1;
	/* It is waited for no longer; it would close a circle; it went away meanwhile. */
	static const char *const again[] = {"55P03", "40P01", "42P01"};
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	for (size_t i = 0; state != NULL && i < sizeof again / sizeof again[0]; i++)
		if (strcmp(state, again[i]) == 0)
			return put_first(l, name, err);
	const char *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	l->refused = strdup(text != NULL ? text : "the connection was lost");
	return l->refused != NULL ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

static bool is_there(const struct locking *l, const char *name)
{
	for (int i = 0; i < PQntuples(l->tables); i++)
		if (strcmp(PQgetvalue(l->tables, i, 0), name) == 0)
			return true;
	return false;
}

static int lock_all(struct locking *l, int64_t until, struct rp_err **err)
{
	/* As it is now: a failure puts another one there. */
	char *first[TRIES];
	int n = l->n_first, r = 1;
	memcpy(first, l->first, sizeof first);
	for (int i = 0; i < n && r > 0; i++)
		if (is_there(l, first[i]))
			r = lock_one(l, first[i], err);
	for (int i = 0; i < PQntuples(l->tables) && r > 0; i++) {
		const char *name = PQgetvalue(l->tables, i, 0);
		if (!comes_first(l, name))
			r = lock_one(l, name, err);
		if (r > 0 && rp_run_clock_ms() > until)
			r = 0;
	}
	return r;
}

static bool same_rows(const PGresult *a, const PGresult *b)
{
	if (PQntuples(a) != PQntuples(b))
		return false;
	for (int i = 0; i < PQntuples(a); i++)
		if (strcmp(PQgetvalue(a, i, 0), PQgetvalue(b, i, 0)) != 0)
			return false;
	return true;
}

/* Under the lock: the leader begins, and the place in the log is read. A table that was made since they were listed is
 * not locked; so the list is read again. */
static int see(struct locking *l, struct rp_err **err)
{
	struct rp_pg_stop *stop = l->leader->stop;
	rp_autores *again = NULL;
	rp_autores *r = NULL;
	uint64_t number;
	if (rp_pg_query(l->locker, tables_sql, NULL, 0, &again, err) < 0)
		return -1;
	if (!same_rows(l->tables, again))
		return 0;
	if (rp_pg_lead(l->leader, NULL, err) < 0 ||
	    rp_pg_query(l->locker, "SELECT pg_current_wal_insert_lsn()", NULL, 0, &r, err) < 0)
		return -1;
	const char *lsn = rp_pg_text(r, 0, 0);
	if (lsn == NULL || !rp_pg_lsn_parse(lsn, &number))
		return rp_err_set(err, RP_ERR_ENGINE,
				  "the server tells its place in the log in a strange way");
	(void)strncpy(stop->lsn, lsn, sizeof stop->lsn - 1);
	stop->by = "share lock";
	l->seen = true;
	return 0;
}

static int begin(struct locking *l, int wait_ms, struct rp_err **err)
{
	char sql[64];
	(void)snprintf(sql, sizeof sql, "SET LOCAL lock_timeout = %d", wait_ms);
	PQclear(rp_take(l->tables));
	if (rp_pg_query(l->locker, tables_sql, NULL, 0, &l->tables, err) < 0)
		return -1;
	return rp_pg_exec(l->locker, "BEGIN", err) < 0 ? -1 : rp_pg_exec(l->locker, sql, err);
}

static int try_once(struct locking *l, int wait_ms, int64_t *held_ms, struct rp_err **err)
{
	if (begin(l, wait_ms, err) < 0)
		return -1;
	int64_t since = rp_run_clock_ms();
	int r = lock_all(l, since + HELD_MS, err);
	if (r > 0)
		r = see(l, err);
	if (rp_pg_exec(l->locker, "ROLLBACK", r < 0 ? NULL : err) < 0)
		r = -1;
	int64_t held = rp_run_clock_ms() - since;
	*held_ms = held > *held_ms ? held : *held_ms;
	return r < 0 ? -1 : 0;
}

int rp_pg_lead_by_lock(struct rp_pg_conn *c, struct rp_buf *why, int64_t *ret_held_ms, struct rp_err **err)
{
	const struct rp_pg_login how = {.uri = c->uri, .refused = c->refused};
	rp_cleanup(locking_done) struct locking l = {.leader = c};
	if (rp_pg_login(&l.locker, &how, c->base.run, err) < 0)
		return -1;
	for (int i = 0; i < TRIES && l.refused == NULL && !l.seen; i++) {
		if (i > 0)
			(void)poll(NULL, 0, PAUSE_MS);
		if (rp_run_check(c->base.run, err) < 0 || try_once(&l, waits_ms[i], ret_held_ms, err) < 0)
			return -1;
	}
	if (l.refused != NULL)
		rp_buf_addf(why, "locking all tables against writers was refused: %s", l.refused);
	else if (!l.seen)
		rp_buf_addf(why, "the tables could not be locked against writers: %d tries were in vain",
			    TRIES);
	return l.seen;
}
