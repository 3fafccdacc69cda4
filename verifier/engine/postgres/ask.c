/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/ask.h"
#include "verifier/engine/postgres/asker.h"
#include "verifier/engine/postgres/conn.h"
#include "verifier/util/buf.h"
#include "verifier/util/run.h"

/* The user's own questions. Each has a connection of its own: what it does to its session ends with it, and the
 * moment of the survey is not at stake. */

/* A login of that role, because a role taken with SET ROLE can be laid down again by what the question calls. One
 * that may not log in is taken so all the same; below it is then a login that has nothing else. */
static int enter(struct rp_pg_conn **ret, struct rp_pg_conn *from, const char *role, struct rp_run *run,
		 struct rp_err **err)
{
	struct rp_pg_login how = {.uri = from->uri, .user = role, .plain = true, .refused = 0};
	rp_cleanup(rp_pg_conn_freep) struct rp_pg_conn *c = NULL;
	rp_autofree char *asker = NULL;
	rp_autoerr struct rp_err *why = NULL;
	if (rp_pg_is_superuser(from)) {
		if (rp_pg_asker(from, role, run, &asker, err) < 0)
			return -1;
		how.user = asker;
	} else if (role != NULL && rp_pg_login(&c, &how, run, &why) == 0) {
		role = NULL;
	} else if (role != NULL) {
		if (rp_err_kind(why) != RP_ERR_ENGINE)
			return rp_err_set(err, rp_err_kind(why), "%s", rp_err_text(why));
		how.user = NULL;
	}
	if (c == NULL && rp_pg_login(&c, &how, run, err) < 0)
		return -1;
	const char *const params[] = {role};
	if (role != NULL &&
	    rp_pg_query(c, "SELECT pg_catalog.set_config('role', $1, false)", params, 1, NULL, err) < 0)
		return rp_err_wrap(err, "ask as '%s'", role);
	if (rp_pg_is_superuser(c))
		return rp_err_set(err, RP_ERR_OBJECT, "the question would be asked as a superuser");
	*ret = rp_take(c);
	return 0;
}

static int limit(struct rp_pg_conn *c, unsigned ms, struct rp_err **err)
{
	rp_autobuf text = RP_BUF_INIT(64);
	rp_buf_addf(&text, "%u", ms);
	const char *const params[] = {rp_buf_text(&text)};
	if (rp_pg_exec(c, "BEGIN READ ONLY", err) < 0)
		return -1;
	return rp_pg_query(c, "SELECT pg_catalog.set_config('statement_timeout', $1, true)", params, 1, NULL,
			   err);
}

static int take_rows(const PGresult *r, struct rp_reply *reply, struct rp_err **err)
{
	if (reply->rows == 0 && PQntuples(r) > 0 && PQnfields(r) > 0 && !PQgetisnull(r, 0, 0)) {
		reply->first = strndup(PQgetvalue(r, 0, 0), 64 * 1024);
		if (reply->first == NULL)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	reply->rows += (uint64_t)PQntuples(r);
	return 0;
}

/* Whatever the server has against the statement (a time limit, writing) is the statement's fault. */
static int refused(struct rp_pg_conn *c, const PGresult *r, struct rp_err **err)
{
	rp_autoerr struct rp_err *why = NULL;
	rp_pg_fail(c, r, &why);
	return rp_err_set(err, PQstatus(c->pg) == CONNECTION_OK ? RP_ERR_OBJECT : RP_ERR_ENGINE, "%s",
			  rp_err_text(why));
}

/* Row by row: nobody knows how many there are. */
static int hear(struct rp_pg_conn *c, const char *text, struct rp_reply *reply, struct rp_err **err)
{
	/* The extended protocol takes one statement: nothing can stand behind a COMMIT. */
	if (!PQsendQueryParams(c->pg, text, 0, NULL, NULL, NULL, NULL, 0) || !PQsetSingleRowMode(c->pg))
		return rp_pg_fail(c, NULL, err);
	for (;;) {
		rp_autores *r = NULL;
		if (rp_pg_next(c, &r, err) < 0)
			return -1;
		if (r == NULL)
			break;
		ExecStatusType status = PQresultStatus(r);
		if (status == PGRES_FATAL_ERROR)
			return refused(c, r, err);
		if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK &&
		    status != PGRES_EMPTY_QUERY)
			return rp_err_set(err, RP_ERR_OBJECT, "this is no question: %s", PQcmdStatus(r));
		if (take_rows(r, reply, err) < 0)
			return -1;
	}
	if (PQtransactionStatus(c->pg) != PQTRANS_INTRANS)
		return rp_err_set(err, RP_ERR_OBJECT,
				  "the statement ended the transaction that it was asked in");
	return 0;
}

static int put(struct rp_conn *conn, const struct rp_question *q, struct rp_run *run, struct rp_reply *reply,
	       struct rp_err **err)
{
	rp_cleanup(rp_pg_conn_freep) struct rp_pg_conn *c = NULL;
	if (enter(&c, rp_pg_of(conn), q->role, run, err) < 0 ||
	    (q->limit_ms > 0 && limit(c, q->limit_ms, err) < 0) ||
	    (q->limit_ms == 0 && rp_pg_exec(c, "BEGIN READ ONLY", err) < 0))
		return -1;
	return hear(c, q->text, reply, err); /* closing rolls back */
}

int rp_pg_ask(struct rp_conn *conn, const struct rp_question *q, struct rp_reply *ret, struct rp_err **err)
{
	return rp_ask_in_time(conn, q, put, ret, err);
}
