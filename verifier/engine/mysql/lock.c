/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/lock.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/guard.h"
#include "verifier/engine/mysql/objects.h"
#include "verifier/util/buf.h"
#include "verifier/util/run.h"

#define SQL_MAX	 (16u << 20)
#define QUIET_MS 60000 /* how long we wait for others' statements to end */
#define LOOK_MS	 500
#define LONG_S	 1
#define PAUSE_MS 500
/* For our own work under the lock, a few short statements: after that the guard cuts the connection. */
#define BOUND_MS 5000

static void add(struct rp_buf *sql, const char *verb, const char *name, const char *how)
{
	rp_buf_add(sql, sql->len == 0 ? verb : ", ");
	rp_my_add_name(sql, name);
	rp_buf_add(sql, how);
}

/* Writers wait, and readers do not wait behind them: MariaDB's LOCK TABLES READ would let them. */
static void add_loose(struct rp_my_conn *c, struct rp_buf *sql, const char *name)
{
	bool flush = c->is.vendor == RP_MARIADB;
	add(sql, flush ? "FLUSH TABLES " : "LOCK TABLES ", name, flush ? "" : " READ");
}

static int hand_over(struct rp_buf *sql, char **ret, struct rp_err **err)
{
	if (rp_buf_check(sql, err) < 0)
		return -1;
	*ret = sql->len > 0 ? rp_buf_take(sql) : NULL;
	return 0;
}

/* A question of the catalogue's own: which storage engine keeps a snapshot. A table that cannot be opened has no
 * engine; it is told when it is read. */
int rp_my_tables_find(struct rp_my_conn *c, struct rp_my_tables *ret, struct rp_err **err)
{
	/* clang-format off */
	static const char sql[] =
		"SELECT t.TABLE_NAME, COALESCE(e.TRANSACTIONS, 'NO') = 'YES'"
		" FROM information_schema.TABLES t"
		" LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE"
		" WHERE " RP_MY_HERE("t.TABLE_SCHEMA") " AND t.ENGINE IS NOT NULL"
		" AND t.ENGINE NOT IN " RP_MY_ELSEWHERE " AND t.TABLE_TYPE IN " RP_MY_TABLE_TYPES
		" ORDER BY t.TABLE_NAME";
	/* clang-format on */
	rp_autorows *r = NULL;
	rp_autobuf read = RP_BUF_INIT(SQL_MAX);
	rp_autobuf write = RP_BUF_INIT(SQL_MAX);
	rp_autobuf loose = RP_BUF_INIT(SQL_MAX);
	if (rp_my_query(c, sql, &r, err) < 0)
		return rp_err_wrap(err, "find the tables");
	for (MYSQL_ROW row; (row = mysql_fetch_row(r)) != NULL;) {
		bool is_loose = row[1] == NULL || row[1][0] != '1';
		ret->n_loose += is_loose;
		if (is_loose) {
			add_loose(c, &loose, row[0]);
			continue;
		}
		add(&read, "LOCK TABLES ", row[0], " READ");
		add(&write, "LOCK TABLES ", row[0], " WRITE");
	}
	if (loose.len > 0 && c->is.vendor == RP_MARIADB)
		rp_buf_add(&loose, " WITH READ LOCK");
	return hand_over(&read, &ret->read, err) < 0 || hand_over(&write, &ret->write, err) < 0 ||
			       hand_over(&loose, &ret->loose, err) < 0
		       ? -1
		       : 0;
}

void rp_my_tables_done(struct rp_my_tables *t)
{
	free(t->read);
	free(t->write);
	free(t->loose);
	*t = (struct rp_my_tables){0};
}

static int pause_for(struct rp_my_conn *c, int ms, struct rp_err **err)
{
	struct pollfd stop = {.fd = c->base.run->cancel_fd, .events = POLLIN};
	(void)poll(&stop, 1, ms);
	return rp_run_check(c->base.run, err);
}

/* Columns of SHOW PROCESSLIST: Id, User, Host, db, Command, Time, State, Info. Without the right to see others'
 * they are not among them, and the lock's own bound is what is left. */
static bool holds_up(const struct rp_my_conn *c, MYSQL_ROW row)
{
	uint64_t seconds;
	if (row[4] == NULL || row[5] == NULL || row[7] == NULL ||
	    (strcasecmp(row[4], "Query") != 0 && strcasecmp(row[4], "Execute") != 0))
		return false;
	if (rp_my_u64(row[5], &seconds, NULL) < 0 || seconds <= LONG_S)
		return false;
	/* It does nothing itself. */
	if (row[6] != NULL && strncmp(row[6], "Waiting for", 11) == 0)
		return false;
	/* Here a reader keeps nobody waiting. */
	return c->is.vendor != RP_MARIADB || strncasecmp(row[7], "SELECT", 6) != 0;
}

/* *ret: for how many seconds the longest of them has been running; 0: there is none. */
static int look(struct rp_my_conn *c, uint64_t *ret, struct rp_err **err)
{
	rp_autorows *r = NULL;
	if (rp_my_query(c, "SHOW PROCESSLIST", &r, err) < 0)
		return -1;
	*ret = 0;
	if (mysql_num_fields(r) < 8)
		return 0;
	for (MYSQL_ROW row; (row = mysql_fetch_row(r)) != NULL;) {
		uint64_t seconds = 0;
		if (holds_up(c, row) && rp_my_u64(row[5], &seconds, err) < 0)
			return -1;
		*ret = seconds > *ret ? seconds : *ret;
	}
	return 0;
}

int rp_my_lock_await_quiet(struct rp_my_conn *c, struct rp_err **err)
{
	int64_t ends = rp_run_clock_ms() + QUIET_MS;
	uint64_t seconds = 0;
	for (bool said = false;; said = true) {
		if (look(c, &seconds, err) < 0)
			return rp_err_wrap(err, "look for long statements");
		if (seconds == 0)
			return 0;
		if (!said)
			rp_log(c->base.run, RP_LOG_INFO,
			       "waiting for a statement that has been running for %llu s",
			       (unsigned long long)seconds);
		if (rp_run_clock_ms() >= ends)
			break;
		if (pause_for(c, LOOK_MS, err) < 0)
			return -1;
	}
	(void)rp_err_set(err, RP_ERR_ENGINE,
			 "a statement has been running for %llu s, and a lock would keep everybody waiting "
			 "behind it",
			 (unsigned long long)seconds);
	return rp_err_hint(err, "seal when nothing runs for long; SHOW PROCESSLIST tells what does");
}

int rp_my_lock_pause(struct rp_my_conn *c, struct rp_err **err)
{
	return pause_for(c, PAUSE_MS, err);
}

static bool is_refusal(unsigned number)
{
	/* No such right: RELOAD and its like, on the database, on a table; managed services answer as if the
	 * login were wrong. */
	return number == 1227 || number == 1044 || number == 1142 || number == 1045;
}

/* MySQL keeps half of what it was asked for, when it fails. */
static void undo(struct rp_my_conn *c)
{
	rp_autoerr struct rp_err *ignored = NULL;
	(void)rp_my_exec(c, "UNLOCK TABLES", &ignored);
	rp_my_guard_bound(c->guard, 0);
}

/* Servers count what they wait in seconds, and everybody waits with us: it is another connection that ends it sooner. */
static int run_for(struct rp_my_conn *c, struct rp_my_conn *killer, const char *sql, unsigned wait_ms,
		   struct rp_err **err)
{
	struct pollfd answer = {.fd = mysql_get_socket(c->my), .events = POLLIN};
	rp_autoerr struct rp_err *ignored = NULL;
	char kill[64];
	if (rp_run_check(c->base.run, err) < 0)
		return -1;
	if (mysql_send_query(c->my, sql, strlen(sql)) != 0)
		return rp_my_fail(c, err);
	if (poll(&answer, 1, (int)wait_ms) == 0) {
		(void)snprintf(kill, sizeof kill, "KILL QUERY %lu", mysql_thread_id(c->my));
		(void)rp_my_exec(killer, kill, &ignored);
	}
	return mysql_read_query_result(c->my) != 0 ? rp_my_fail(c, err) : 0;
}

int rp_my_lock(struct rp_my_conn *c, struct rp_my_conn *killer, const char *sql, unsigned wait_ms,
	       enum rp_my_got *ret, struct rp_err **err)
{
	rp_autoerr struct rp_err *why = NULL;
	char limit[64];
	(void)snprintf(limit, sizeof limit, "SET SESSION lock_wait_timeout = %u", wait_ms / 1000 + 1);
	if (rp_my_exec(c, limit, err) < 0)
		return -1;
	rp_my_guard_bound(c->guard, wait_ms + BOUND_MS);
	*ret = RP_MY_LOCKED;
	if (run_for(c, killer, sql, wait_ms, &why) == 0)
		return 0;
	unsigned number = mysql_errno(c->my);
	undo(c);
	*ret = is_refusal(number) ? RP_MY_REFUSED : RP_MY_BUSY;
	/* Waited in vain, or a circle of waiting was cut here. */
	if (number == 1205 || number == 1213 || number == 1317 || is_refusal(number))
		return 0;
	enum rp_err_kind kind = rp_err_kind(why);
	return rp_err_set(err, kind == RP_ERR_OBJECT ? RP_ERR_ENGINE : kind, "lock the tables: %s",
			  rp_err_text(why));
}

int rp_my_lock_release(struct rp_my_conn *c, struct rp_err **err)
{
	rp_autoerr struct rp_err *why = NULL;
	int r = rp_my_exec(c, "UNLOCK TABLES", &why);
	rp_my_guard_bound(c->guard, 0);
	if (r == 0)
		return 0;
	if (rp_err_kind(why) == RP_ERR_CANCELLED || rp_err_kind(why) == RP_ERR_TIMEOUT)
		return rp_err_set(err, rp_err_kind(why), "%s", rp_err_text(why));
	(void)rp_err_set(err, RP_ERR_ENGINE, "the lock was lost, or cut off because it took too long: %s",
			 rp_err_text(why));
	return rp_err_hint(err, "seal again, when the server has less to do");
}
