/* SPDX-License-Identifier: MIT */
#include "verifier/engine/postgres/conn.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/postgres/pinpoint.h"
#include "verifier/engine/postgres/pins.h"
#include "verifier/util/buf.h"
#include "verifier/util/run.h"

/* libpq would print the server's notices. */
static void ignore_notice(void *arg, const PGresult *r)
{
	(void)arg;
	(void)r;
}

static void conninfo_freep(PQconninfoOption **o)
{
	PQconninfoFree(*o);
}

static const char *given(const PQconninfoOption *all, const char *keyword)
{
	for (; all->keyword != NULL; all++)
		if (strcmp(all->keyword, keyword) == 0)
			return all->val != NULL && all->val[0] != '\0' ? all->val : NULL;
	return NULL;
}

/* Two variables of libpq's send a connection elsewhere although the URI says where: the scratch's survey could
 * then be one of the source, and equal it. */
static int refuse_detours(const PQconninfoOption *said, struct rp_err **err)
{
	static const struct {
		const char *variable, *keyword;
	} detours[] = {{"PGHOSTADDR", "hostaddr"}, {"PGSERVICE", "service"}};
	if (given(said, "host") == NULL && given(said, "hostaddr") == NULL && given(said, "service") == NULL)
		return 0; /* the URI leaves it to the environment */
	for (size_t i = 0; i < sizeof detours / sizeof detours[0]; i++) {
		const char *set = getenv(detours[i].variable);
		if (set == NULL || set[0] == '\0' || given(said, detours[i].keyword) != NULL)
			continue;
		rp_err_set(err, RP_ERR_USAGE, "environment variable %s would send the connection elsewhere",
			   detours[i].variable);
		return rp_err_hint(err, "unset it: the URI says where");
	}
	return 0;
}

/* Nothing of the URI is repeated in an error: it may hold what should not be in it. */
static int check_uri(const char *uri, struct rp_buf *options, struct rp_err **err)
{
	char *why = NULL;
	rp_cleanup(conninfo_freep) PQconninfoOption *said = PQconninfoParse(uri, &why);
	bool no_memory = said == NULL && (why == NULL || strstr(why, "out of memory") != NULL);
	PQfreemem(why);
	if (no_memory)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (said == NULL)
		return rp_err_set(err, RP_ERR_USAGE, "not a URI that PostgreSQL's own tools would take");
	if (given(said, "password") != NULL || given(said, "sslpassword") != NULL) {
		rp_err_set(err, RP_ERR_USAGE, "a password in a URI is seen by everybody on this machine");
		return rp_err_hint(err, "put it into ~/.pgpass, or a file that PGPASSFILE names");
	}
	if (given(said, "options") != NULL) /* first, so that ours win */
		rp_buf_add(options, given(said, "options"));
	return refuse_detours(said, err);
}

/* PQconnectPoll() wants to be called when the socket is ready for what it last asked; the socket can be another
 * one every time. */
static int await_login(struct rp_pg_conn *c, struct rp_err **err)
{
	PostgresPollingStatusType state = PGRES_POLLING_WRITING;
	while (PQstatus(c->pg) != CONNECTION_BAD) {
		struct pollfd fd = {.fd = PQsocket(c->pg)};
		fd.events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
		if (rp_run_poll(c->base.run, &fd, 1, err) < 0)
			return -1;
		state = PQconnectPoll(c->pg);
		if (state == PGRES_POLLING_OK)
			return 0;
		if (state == PGRES_POLLING_FAILED)
			break;
	}
	rp_pg_fail(c, NULL, err);
	if (PQconnectionNeedsPassword(c->pg) != 0)
		rp_err_hint(err, "put the password into ~/.pgpass, or a file that PGPASSFILE names");
	else if (PQconnectionUsedPassword(c->pg) != 0)
		rp_err_hint(
			err,
			"a password was given, by ~/.pgpass, PGPASSFILE or PGPASSWORD: is it this login's?");
	return -1;
}

static int start(struct rp_pg_conn *c, const struct rp_pg_login *how, struct rp_err **err)
{
	rp_autobuf options = RP_BUF_INIT(8192);
	if (check_uri(how->uri, &options, err) < 0)
		return -1;
	rp_pg_pins_options(&options, c->plain, c->refused);
	if (rp_buf_check(&options, err) < 0)
		return -1;
	/* What stands behind dbname overrides what is in the URI. An empty value counts as not said. */
	const char *const keywords[] = {
		"dbname", "options", "client_encoding", "application_name", "replication", "user", NULL};
	const char *const values[] = {
		how->uri,  options.s, "UTF8", "reprove", how->replication ? "database" : "false",
		how->user, NULL};
	PQfinish(c->pg);
	c->pg = PQconnectStartParams(keywords, values, 1);
	if (c->pg == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	(void)PQsetNoticeReceiver(c->pg, ignore_notice, NULL);
	return await_login(c, err);
}

/* Some pins are only for superusers or newer servers, and there is no asking before the login that they are part
 * of. So the login is tried with all of them, and again without the one that the server names. */
static int start_with_pins(struct rp_pg_conn *c, const struct rp_pg_login *how, struct rp_err **err)
{
	for (;;) {
		rp_autoerr struct rp_err *why = NULL;
		if (start(c, how, &why) == 0)
			return 0;
		unsigned blamed = c->pg != NULL && rp_err_kind(why) == RP_ERR_ENGINE
					  ? rp_pg_pins_blamed(PQerrorMessage(c->pg))
					  : 0;
		if (blamed == 0 || (c->refused & blamed) != 0) {
			rp_err_set(err, rp_err_kind(why), "%s", rp_err_text(why));
			return rp_err_hint_text(why) != NULL ? rp_err_hint(err, "%s", rp_err_hint_text(why))
							     : -1;
		}
		c->refused |= blamed;
	}
}

int rp_pg_login(struct rp_pg_conn **ret, const struct rp_pg_login *how, struct rp_run *run,
		struct rp_err **err)
{
	rp_cleanup(rp_pg_conn_freep) struct rp_pg_conn *c = calloc(1, sizeof *c);
	if (c == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	c->base.run = run;
	c->plain = how->plain;
	c->refused = how->refused;
	c->uri = strdup(how->uri);
	if (c->uri == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (start_with_pins(c, how, err) < 0)
		return rp_err_wrap(err, "connect to PostgreSQL");
	c->version = PQserverVersion(c->pg);
	if (PQsetnonblocking(c->pg, 1) != 0)
		return rp_pg_fail(c, NULL, err);
	if (c->version < 130000)
		return rp_err_set(err, RP_ERR_ENGINE, "PostgreSQL %d is too old: 13 or newer is needed",
				  c->version / 10000);
	if (how->replication) {
		*ret = rp_take(c);
		return 0;
	}
	rp_autores *r = NULL;
	if (rp_pg_pins_check(c, err) < 0 ||
	    rp_pg_query(c, "SELECT pg_catalog.pg_is_in_recovery()", NULL, 0, &r, err) < 0)
		return rp_err_wrap(err, "connect to PostgreSQL");
	c->standby = rp_pg_true(r, 0, 0);
	*ret = rp_take(c);
	return 0;
}

int rp_pg_connect(struct rp_conn **ret, const char *uri, struct rp_run *run, struct rp_err **err)
{
	struct rp_pg_conn *c = NULL;
	const struct rp_pg_login how = {.uri = uri};
	if (rp_pg_login(&c, &how, run, err) < 0)
		return -1;
	*ret = &c->base;
	return 0;
}

void rp_pg_close(struct rp_conn *conn)
{
	struct rp_pg_conn *c = rp_pg_of(conn);
	if (c == NULL)
		return;
	/* A server that is busy for us would only notice when it next sends something. */
	if (c->pg != NULL && PQtransactionStatus(c->pg) == PQTRANS_ACTIVE)
		rp_pg_cancel(c);
	PQfinish(c->pg);
	free(c->uri);
	free(c->snapshot);
	rp_arena_free(c->said);
	rp_pg_before_free(c->before);
	rp_pg_stop_free(c->stop);
	free(c);
}
