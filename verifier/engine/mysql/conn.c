/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/conn.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/mysql/address.h"
#include "verifier/engine/mysql/guard.h"
#include "verifier/engine/mysql/hold.h"
#include "verifier/engine/mysql/login.h"
#include "verifier/engine/mysql/pins.h"
#include "verifier/util/buf.h"
#include "verifier/util/parse.h"
#include "verifier/util/run.h"

/* Of our clock, from the first packet until the server has let us in. */
#define LOGIN_MS 30000

/* Where its plugins of other people's (Kerberos, dialog) or of the name service run; they may want more than the
 * library's own 60 KiB. */
#define LOGIN_STACK (1u << 20)

/* To end what a connection that was cut still does. */
#define END_SECONDS 3

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void start_library(void)
{
	(void)mysql_library_init(0, NULL, NULL);
}

/* The one call before there is a socket to guard: the library hands back control where it would wait, and is told
 * that its time is over where ours is. */
static int await_login(struct rp_my_conn *c, const struct rp_my_address *a, struct rp_err **err)
{
	bool local = rp_my_address_is_local(a);
	const char *host = local ? "localhost" : a->v[RP_MY_KEY_HOST];
	struct rp_run run = *c->base.run;
	int64_t ends = (rp_run_clock_ms() + LOGIN_MS) * 1000000;
	bool ours = run.deadline_ns == 0 || ends < run.deadline_ns;
	if (ours)
		run.deadline_ns = ends;
	uint64_t port = 0;
	if (a->v[RP_MY_KEY_PORT] != NULL && !local && !rp_parse_u64(a->v[RP_MY_KEY_PORT], 1, 65535, &port))
		return rp_err_set(err, RP_ERR_USAGE, "the port is not a number from 1 to 65535");
	const char *password = a->v[RP_MY_KEY_PASSWORD] != NULL ? a->v[RP_MY_KEY_PASSWORD] : "";
	MYSQL *done = NULL;
	rp_autoerr struct rp_err *why = NULL;
	int wants = mysql_real_connect_start(
		&done, c->my, host, a->v[RP_MY_KEY_USER], password, a->v[RP_MY_KEY_DATABASE],
		port != 0 ? (unsigned)port : MARIADB_PORT, local ? a->v[RP_MY_KEY_SOCKET] : NULL, 0);
	while (wants != 0) {
		struct pollfd fd = {.fd = mysql_get_socket(c->my)};
		fd.events = (short)((wants & MYSQL_WAIT_READ ? POLLIN : 0) |
				    (wants & MYSQL_WAIT_WRITE ? POLLOUT : 0) |
				    (wants & MYSQL_WAIT_EXCEPT ? POLLPRI : 0));
		if (why == NULL && rp_run_poll(&run, &fd, 1, &why) == 0)
			wants = mysql_real_connect_cont(&done, c->my, wants & ~MYSQL_WAIT_TIMEOUT);
		else /* it unwinds, and frees what it has */
			wants = mysql_real_connect_cont(&done, c->my, MYSQL_WAIT_TIMEOUT);
	}
	if (why != NULL && rp_err_kind(why) == RP_ERR_TIMEOUT && ours)
		return rp_err_set(err, RP_ERR_ENGINE, "the server did not let us in within %d seconds",
				  LOGIN_MS / 1000);
	if (why != NULL)
		return rp_err_set(err, rp_err_kind(why), "%s", rp_err_text(why));
	return done != NULL ? 0 : rp_my_login_fail(c, a, err);
}

static const char *vendor_name(const struct rp_my_traits *is)
{
	return is->vendor == RP_MARIADB ? "MariaDB" : "MySQL";
}

/* As the first packet says it, for the first statements; and then by the server itself, which can be another one. */
static int check_version(struct rp_my_conn *c, struct rp_err **err)
{
	rp_autorows *r = NULL;
	const struct rp_my_traits greeted = c->is;
	/* clang-format off */
	if (rp_my_query(c, "SELECT VERSION(), CONCAT(@@global.hostname, ':', @@global.port, ' ', @@global.datadir)",
			&r, err) < 0)
		return -1;
	/* clang-format on */
	MYSQL_ROW row = mysql_fetch_row(r);
	if (row == NULL || row[0] == NULL || row[1] == NULL || !rp_my_traits_of(row[0], &c->is))
		return rp_err_set(err, RP_ERR_ENGINE, "the server says '%.100s' as its version",
				  row != NULL && row[0] != NULL ? row[0] : "NULL");
	if (greeted.vendor != c->is.vendor) {
		rp_err_set(err, RP_ERR_ENGINE, "%s answered for %s", vendor_name(&greeted),
			   vendor_name(&c->is));
		return rp_err_hint(err, "connect to the server itself, not to a proxy before it");
	}
	c->place = strdup(row[1]);
	if (c->place == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (c->is.version >= (c->is.vendor == RP_MARIADB ? 100500 : 80000))
		return 0;
	return rp_err_set(err, RP_ERR_ENGINE, "%s %.100s is too old: %s or newer is needed",
			  vendor_name(&c->is), row[0], c->is.vendor == RP_MARIADB ? "10.5" : "8.0");
}

static int greet(struct rp_my_conn *c, struct rp_err **err)
{
	const char *said = mysql_get_server_info(c->my);
	if (said != NULL && rp_my_traits_of(said, &c->is))
		return 0;
	return rp_err_set(err, RP_ERR_ENGINE, "the server greets with '%.100s' as its version",
			  said != NULL ? said : "");
}

static int note_address(struct rp_my_conn *c, const struct rp_my_login *how, struct rp_err **err)
{
	struct rp_my_address *a = calloc(1, sizeof *a);
	c->at = a;
	if (a == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (rp_my_address_parse(how->uri, a, err) < 0)
		return -1;
	if (how->user != NULL) {
		free(rp_take(a->v[RP_MY_KEY_USER]));
		if (rp_my_address_default(a, RP_MY_KEY_USER, how->user, err) < 0)
			return -1;
	}
	if (rp_my_address_complete(a, err) < 0)
		return -1;
	const char *database = a->v[RP_MY_KEY_DATABASE];
	c->database = database != NULL ? strdup(database) : NULL;
	c->uri = strdup(how->uri);
	return c->uri != NULL && (database == NULL || c->database != NULL)
		       ? 0
		       : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

static int log_in(struct rp_my_conn *c, const struct rp_my_login *how, struct rp_err **err)
{
	const size_t stack = LOGIN_STACK;
	if (note_address(c, how, err) < 0)
		return -1;
	(void)pthread_once(&once, start_library);
	c->my = mysql_init(NULL);
	if (c->my == NULL || mysql_options(c->my, MYSQL_OPT_NONBLOCK, &stack) != 0)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (rp_my_login_options(c->my, c->at, err) < 0 || await_login(c, c->at, err) < 0 ||
	    rp_my_login_check(c, c->at, err) < 0 ||
	    rp_my_guard_new(&c->guard, mysql_get_socket(c->my), c->base.run, err) < 0)
		return -1;
	return greet(c, err) < 0 || rp_my_pin(c, err) < 0 ? -1 : check_version(c, err);
}

int rp_my_log_in(struct rp_my_conn **ret, const struct rp_my_login *how, struct rp_run *run,
		 struct rp_err **err)
{
	rp_cleanup(rp_my_conn_freep) struct rp_my_conn *c = calloc(1, sizeof *c);
	rp_autoerr struct rp_err *why = NULL;
	if (c == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	c->base.run = run;
	c->plain = how->plain;
	if (log_in(c, how, &why) == 0) {
		*ret = rp_take(c);
		return 0;
	}
	/* There is no connection: whatever the server refused, it is not one object that cannot be read. */
	enum rp_err_kind kind = rp_err_kind(why) == RP_ERR_OBJECT ? RP_ERR_ENGINE : rp_err_kind(why);
	rp_err_set(err, kind, "connect to MariaDB or MySQL: %s", rp_err_text(why));
	return rp_err_hint_text(why) != NULL ? rp_err_hint(err, "%s", rp_err_hint_text(why)) : -1;
}

int rp_my_connect(struct rp_conn **ret, const char *uri, struct rp_run *run, struct rp_err **err)
{
	struct rp_my_conn *c = NULL;
	const struct rp_my_login how = {.uri = uri};
	if (rp_my_log_in(&c, &how, run, err) < 0)
		return -1;
	*ret = &c->base;
	return 0;
}

/* A name can lead to one of several servers, and on another one the number is somebody else's. */
static bool is_still_there(struct rp_my_conn *other, const struct rp_my_conn *c, const char *id)
{
	static const char sql[] = "SELECT COUNT(*) FROM information_schema.PROCESSLIST"
				  " WHERE ID = ? AND USER = SUBSTRING_INDEX(USER(), '@', 1)";
	rp_autorows *r = NULL;
	if (c->place == NULL || strcmp(c->place, other->place) != 0 ||
	    rp_my_ask_for(other, sql, &id, 1, &r, NULL) < 0)
		return false;
	MYSQL_ROW row = mysql_fetch_row(r);
	return row != NULL && row[0] != NULL && strcmp(row[0], "1") == 0;
}

/* A server that is busy for us only notices that we are gone when it next sends something, and holds on to its
 * locks until then. So somebody else of the same account tells it. */
static void end_session(struct rp_my_conn *c)
{
	/* It did not answer: there are as many connections to it as there are jobs, and none of them waits again. */
	static atomic_bool deaf;
	if (deaf)
		return;
	struct rp_run soon = rp_run_unwinding(c->base.run, END_SECONDS);
	rp_cleanup(rp_my_conn_freep) struct rp_my_conn *other = NULL;
	const struct rp_my_login how = {.uri = c->uri, .user = c->at->v[RP_MY_KEY_USER], .plain = true};
	rp_autobuf sql = RP_BUF_INIT(64);
	rp_buf_addf(&sql, "KILL %lu", mysql_thread_id(c->my));
	if (rp_my_log_in(&other, &how, &soon, NULL) < 0)
		deaf = true;
	else if (is_still_there(other, c, rp_buf_text(&sql) + 5))
		(void)rp_my_exec(other, rp_buf_text(&sql), NULL);
}

void rp_my_close(struct rp_conn *conn)
{
	struct rp_my_conn *c = rp_my_of(conn);
	if (c == NULL)
		return;
	rp_my_moment_free(rp_take(c->seen));
	if (c->guard != NULL && rp_my_guard_has_cut(c->guard))
		end_session(c);
	rp_my_guard_free(c->guard);
	mysql_close(c->my);
	if (c->at != NULL)
		rp_my_address_done(c->at);
	free(c->at);
	free(c->uri);
	free(c->database);
	free(c->place);
	rp_arena_free(c->said);
	rp_my_spoilt_free(c->spoilt);
	free(c);
}
