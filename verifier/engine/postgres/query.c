/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <string.h>

#include "verifier/engine/postgres/conn.h"
#include "verifier/util/parse.h"
#include "verifier/util/run.h"

/* With these classes of SQLSTATE the server says that the statement, or the thing it is about, is at fault: it
 * is not supported, its values cannot be had, it is not permitted, not there, too large, or damaged (58: a file
 * of it; XX: the server's own words for damage). What is not listed is the server's or the session's. */
static const char *const classes_of_objects[] = {
	"0A", "22", "23", "2B", "2F", "38", "39", "3F", "42", "44", "54", "55", "58", "P0", "XX",
};

enum rp_err_kind rp_pg_kind(const char *sqlstate)
{
	if (sqlstate == NULL)
		return RP_ERR_ENGINE;
	for (size_t i = 0; i < sizeof classes_of_objects / sizeof classes_of_objects[0]; i++)
		if (strncmp(sqlstate, classes_of_objects[i], 2) == 0)
			return RP_ERR_OBJECT;
	return RP_ERR_ENGINE;
}

static const char *help_for(const char *sqlstate)
{
	static const struct {
		const char *sqlstate, *help;
	} all[] = {
		{"42501",
		 "grant the login pg_read_all_data; tables with row level security need BYPASSRLS too"},
		{"40001", "the standby replays changes to what is read: raise max_standby_streaming_delay"},
		{"53300", "fewer jobs need fewer connections"},
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (strcmp(sqlstate, all[i].sqlstate) == 0)
			return all[i].help;
	return NULL;
}

int rp_pg_fail(struct rp_pg_conn *c, const PGresult *r, struct rp_err **err)
{
	const char *state = r != NULL ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
	const char *text = r != NULL ? PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	const char *detail = r != NULL ? PQresultErrorField(r, PG_DIAG_MESSAGE_DETAIL) : NULL;
	if (text == NULL)
		text = PQerrorMessage(c->pg);
	size_t len = strlen(text);
	while (len > 0 && text[len - 1] == '\n')
		len--;
	if (len > 1000) /* it can quote a whole value */
		len = 1000;
	enum rp_err_kind kind = PQstatus(c->pg) == CONNECTION_OK ? rp_pg_kind(state) : RP_ERR_ENGINE;
	rp_err_set(err, kind, "%.*s%s%.300s%s", (int)len, len > 0 ? text : "the connection was lost",
		   detail != NULL ? " (" : "", detail != NULL ? detail : "", detail != NULL ? ")" : "");
	const char *help = state != NULL ? help_for(state) : NULL;
	return help != NULL ? rp_err_hint(err, "%s", help) : -1;
}

/* All of the statement to the server, then all that the server has to say until a result is whole. */
static int await(struct rp_pg_conn *c, struct rp_err **err)
{
	struct pollfd fd = {.fd = PQsocket(c->pg)};
	bool once_more = rp_pg_is_encrypted(c);
	for (;;) {
		int unsent = PQflush(c->pg);
		if (unsent < 0)
			return rp_pg_fail(c, NULL, err);
		if (unsent == 0 && !PQisBusy(c->pg))
			return 0;
		/* Encrypted: read once without waiting. */
		if (once_more) {
			once_more = false;
		} else {
			fd.events = (short)(unsent > 0 ? POLLIN | POLLOUT : POLLIN);
			if (rp_run_poll(c->base.run, &fd, 1, err) < 0)
				return -1;
			once_more = rp_pg_is_encrypted(c);
		}
		if (!PQconsumeInput(c->pg))
			return rp_pg_fail(c, NULL, err);
	}
}

int rp_pg_next(struct rp_pg_conn *c, PGresult **ret, struct rp_err **err)
{
	if (await(c, err) < 0)
		return -1;
	*ret = PQgetResult(c->pg);
	return 0;
}

/* hold() has set this savepoint as soon as the snapshot was there; it outlives being rolled back to. */
static int go_back(struct rp_pg_conn *c, struct rp_err **err)
{
	static const char sql[] = "ROLLBACK TO SAVEPOINT reprove";
	rp_autores *r = NULL;
	rp_autores *end = NULL;
	if (!PQsendQueryParams(c->pg, sql, 0, NULL, NULL, NULL, NULL, 0))
		return rp_pg_fail(c, NULL, err);
	if (rp_pg_next(c, &r, err) < 0 || rp_pg_next(c, &end, err) < 0)
		return -1;
	if (PQresultStatus(r) != PGRES_COMMAND_OK || PQtransactionStatus(c->pg) != PQTRANS_INTRANS)
		return rp_err_set(err, RP_ERR_ENGINE, "the moment is lost: %.200s", PQerrorMessage(c->pg));
	c->reads = 0;
	return 0;
}

/* A server has room for some thousand locks, and a database can have more tables. */
#define READS_LOCKED 32

int rp_pg_let_go(struct rp_pg_conn *c, struct rp_err **err)
{
	return c->moment && ++c->reads >= READS_LOCKED ? go_back(c, err) : 0;
}

int rp_pg_recover(struct rp_pg_conn *c, struct rp_err **err)
{
	for (;;) {
		rp_autores *r = NULL;
		if (rp_pg_next(c, &r, err) < 0)
			return -1;
		if (r == NULL)
			break;
		ExecStatusType status = PQresultStatus(r);
		if (status == PGRES_COPY_OUT || status == PGRES_COPY_IN || status == PGRES_COPY_BOTH)
			return rp_err_set(err, RP_ERR_ENGINE, "a COPY was left open");
	}
	return !c->moment || PQtransactionStatus(c->pg) == PQTRANS_INTRANS ? 0 : go_back(c, err);
}

/* Keep the first result, or the first failure, and read the rest. */
static int collect(struct rp_pg_conn *c, PGresult **ret, struct rp_err **err)
{
	rp_autores *first = NULL;
	if (rp_pg_next(c, &first, err) < 0)
		return -1;
	ExecStatusType status = PQresultStatus(first);
	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
		if (first == NULL || status != PGRES_FATAL_ERROR)
			return rp_err_set(err, RP_ERR_ENGINE, "the server answered with %s",
					  first == NULL ? "nothing" : PQresStatus(status));
		/* What is wrong with the statement goes before what is wrong with cleaning up, unless
		 * that costs us the connection. */
		rp_autoerr struct rp_err *lost = NULL;
		if (rp_pg_recover(c, &lost) < 0)
			return rp_err_set(err, RP_ERR_ENGINE, "%.300s, and then: %.300s",
					  PQresultErrorField(first, PG_DIAG_MESSAGE_PRIMARY),
					  rp_err_text(lost));
		return rp_pg_fail(c, first, err);
	}
	for (;;) {
		rp_autores *more = NULL;
		if (rp_pg_next(c, &more, err) < 0)
			return -1;
		if (more == NULL)
			break;
		if (PQresultStatus(more) == PGRES_FATAL_ERROR) /* while committing, say */
			return rp_pg_fail(c, more, err);
	}
	*ret = rp_take(first);
	return 0;
}

int rp_pg_query(struct rp_pg_conn *c, const char *sql, const char *const *params, int n, PGresult **ret,
		struct rp_err **err)
{
	if (!PQsendQueryParams(c->pg, sql, n, NULL, params, NULL, NULL, 0))
		return rp_pg_fail(c, NULL, err);
	rp_autores *r = NULL;
	if (collect(c, &r, err) < 0)
		return -1;
	if (ret != NULL)
		*ret = rp_take(r);
	return 0;
}

int rp_pg_exec(struct rp_pg_conn *c, const char *sql, struct rp_err **err)
{
	return rp_pg_query(c, sql, NULL, 0, NULL, err);
}

int rp_pg_allow_writing(struct rp_pg_conn *c, struct rp_err **err)
{
	return rp_pg_exec(c, "SET default_transaction_read_only = off", err);
}

int rp_pg_u64(const PGresult *r, int row, int col, uint64_t *ret, struct rp_err **err)
{
	const char *text = rp_pg_text(r, row, col);
	if (text == NULL || !rp_parse_u64(text, 0, UINT64_MAX, ret))
		return rp_err_set(err, RP_ERR_ENGINE, "the server gave '%.40s' as '%.60s'",
				  text != NULL ? text : "NULL", PQfname(r, col));
	return 0;
}

int rp_pg_i64(const PGresult *r, int row, int col, int64_t *ret, struct rp_err **err)
{
	const char *text = rp_pg_text(r, row, col);
	if (text == NULL || !rp_parse_i64(text, INT64_MIN, INT64_MAX, ret))
		return rp_err_set(err, RP_ERR_ENGINE, "the server gave '%.40s' as '%.60s'",
				  text != NULL ? text : "NULL", PQfname(r, col));
	return 0;
}
