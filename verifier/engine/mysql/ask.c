/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "verifier/engine/ask.h"
#include "verifier/engine/mysql/address.h"
#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/hosting.h"
#include "verifier/util/buf.h"
#include "verifier/util/run.h"

/* The user's own questions. Each has a connection of its own: what it does to its session ends with it, and the
 * moment of the survey is not at stake. */

/* A read-only transaction is a wall against writing rows, but not against files, settings and accounts; and what a
 * question calls may do all that with the rights of whoever asks. */
static bool is_dangerous(const char *right, size_t len)
{
	static const char *const all[] = {"ALL PRIVILEGES",
					  "SUPER",
					  "FILE",
					  "CREATE USER",
					  "SYSTEM_VARIABLES_ADMIN",
					  "SET_USER_ID",
					  "SET USER",
					  "SET_ANY_DEFINER",
					  "SHUTDOWN"};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (strlen(all[i]) == len && strncasecmp(all[i], right, len) == 0)
			return true;
	return false;
}

/* "GRANT SELECT, FILE ON *.* TO ...": our login's and those of the roles in use. */
static bool grants_danger(const char *grant)
{
	const char *end = strstr(grant, " ON *.* TO ");
	if (end == NULL || strncmp(grant, "GRANT ", 6) != 0)
		return false;
	for (const char *p = grant + 6; p < end;) {
		const char *comma = memchr(p, ',', (size_t)(end - p));
		size_t len = (size_t)((comma != NULL ? comma : end) - p);
		if (is_dangerous(p, len))
			return true;
		p += len + 1;
		p += strspn(p, " ");
	}
	return false;
}

static int is_admin(struct rp_my_conn *c, bool *ret, struct rp_err **err)
{
	rp_autorows *r = NULL;
	*ret = false;
	if (rp_my_query(c, "SHOW GRANTS", &r, err) < 0)
		return -1;
	for (MYSQL_ROW row = NULL; (row = mysql_fetch_row(r)) != NULL;)
		*ret |= row[0] == NULL || grants_danger(row[0]);
	return 0;
}

static int take_role(struct rp_my_conn *c, const char *role, struct rp_err **err)
{
	rp_autobuf sql = RP_BUF_INIT(4096);
	rp_autoerr struct rp_err *why = NULL;
	rp_buf_add(&sql, "SET ROLE ");
	rp_my_add_name(&sql, role);
	if (rp_buf_check(&sql, err) < 0)
		return -1;
	if (rp_my_exec(c, rp_buf_text(&sql), &why) == 0)
		return 0;
	rp_err_set(err, rp_err_kind(why), "cannot ask as '%.100s', neither as an account nor as a role: %s",
		   role, rp_err_text(why));
	return rp_err_hint(err,
			   "an account must let us in with the same password, or none; a role must be granted"
			   " to the login");
}

/* An account of that name, or a role of that name that our account may take. On a private server ours is its
 * administrator's, and another one asks, made for that. */
static int enter(struct rp_my_conn **ret, struct rp_my_conn *from, const char *role, struct rp_run *run,
		 struct rp_err **err)
{
	struct rp_my_login how = {.uri = from->uri, .user = role, .plain = true};
	rp_cleanup(rp_my_conn_freep) struct rp_my_conn *c = NULL;
	rp_autoerr struct rp_err *why = NULL;
	bool admin = false;
	if (role != NULL && rp_my_log_in(&c, &how, run, &why) < 0 && rp_err_kind(why) != RP_ERR_ENGINE)
		return rp_err_set(err, rp_err_kind(why), "%s", rp_err_text(why));
	if (c == NULL) {
		if (is_admin(from, &admin, err) < 0)
			return -1;
		how.user = admin ? RP_MY_ASKER : from->at->v[RP_MY_KEY_USER];
		if (rp_my_log_in(&c, &how, run, err) < 0)
			return rp_err_wrap(err, "ask without an administrator's rights");
		if (role != NULL && take_role(c, role, err) < 0)
			return -1;
	}
	if (is_admin(c, &admin, err) < 0)
		return -1;
	if (admin)
		return rp_err_set(err, RP_ERR_OBJECT,
				  "the question would be asked with an administrator's rights");
	*ret = rp_take(c);
	return 0;
}

static int limit(struct rp_my_conn *c, unsigned ms, struct rp_err **err)
{
	rp_autobuf sql = RP_BUF_INIT(128);
	if (c->is.has[RP_MY_STATEMENT_LIMIT])
		rp_buf_addf(&sql, "SET SESSION max_statement_time = %u.%03u", ms / 1000, ms % 1000);
	else
		rp_buf_addf(&sql, "SET SESSION max_execution_time = %u", ms);
	return rp_buf_check(&sql, err) < 0 ? -1 : rp_my_exec(c, rp_buf_text(&sql), err);
}

/* Behind blanks, comments and parentheses. NULL: a comment that servers run is in the way. */
static const char *first_word(const char *text)
{
	for (;;) {
		text += strspn(text, " \t\r\n\f\v(");
		if (strncmp(text, "/*!", 3) == 0 || strncmp(text, "/*M!", 4) == 0)
			return NULL;
		if (strncmp(text, "/*", 2) == 0) {
			const char *end = strstr(text + 2, "*/");
			if (end == NULL)
				return NULL;
			text = end + 2;
		} else if (text[0] == '#' ||
			   (strncmp(text, "--", 2) == 0 && strchr(" \t\n", text[2]) != NULL)) {
			text += strcspn(text, "\n");
		} else {
			return text;
		}
	}
}

/* A procedure may end the transaction and begin one that writes; a function that a SELECT calls may not. So what can
 * run a procedure, or a text as a statement, is no question. */
static int check_word(const char *text, struct rp_err **err)
{
	static const char *const words[] = {"SELECT", "WITH",	 "VALUES",   "TABLE",	"SHOW",
					    "DESC",   "EXPLAIN", "DESCRIBE", "CHECKSUM"};
	const char *word = first_word(text);
	size_t len = word != NULL ? strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_") : 0;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strlen(words[i]) == len && strncasecmp(words[i], word, len) == 0)
			return 0;
	rp_err_set(err, RP_ERR_OBJECT, "this is no question: it begins with '%.*s'", len < 40 ? (int)len : 40,
		   word != NULL ? word : "");
	return rp_err_hint(err,
			   "a question begins with SELECT, WITH, VALUES, TABLE, SHOW, EXPLAIN, DESCRIBE or"
			   " CHECKSUM");
}

/* Whatever the server has against the statement (a time limit, writing) is the statement's fault. */
static int refused(struct rp_my_conn *c, struct rp_err **err)
{
	rp_autoerr struct rp_err *why = NULL;
	unsigned number = mysql_errno(c->my);
	rp_my_fail(c, &why);
	bool stays = rp_err_kind(why) == RP_ERR_ENGINE && number < 2000;
	bool stopped = number == 3024; /* MySQL's time limit; MariaDB's is below 2000 */
	return rp_err_set(err, stays || stopped ? RP_ERR_OBJECT : rp_err_kind(why), "%s", rp_err_text(why));
}

/* Row by row: nobody knows how many there are. */
static int take_rows(struct rp_my_conn *c, MYSQL_RES *r, struct rp_reply *reply, struct rp_err **err)
{
	for (MYSQL_ROW row = NULL; (row = mysql_fetch_row(r)) != NULL; reply->rows++) {
		if (reply->rows > 0 || row[0] == NULL)
			continue;
		const unsigned long *lengths = mysql_fetch_lengths(r);
		reply->first = strndup(row[0], lengths[0] < 64 * 1024 ? lengths[0] : 64 * 1024);
		if (reply->first == NULL)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	return mysql_errno(c->my) != 0 ? refused(c, err) : 0;
}

static int hear(struct rp_my_conn *c, const char *text, struct rp_reply *reply, struct rp_err **err)
{
	/* The server takes one statement: nothing can stand behind a ';'. */
	if (mysql_real_query(c->my, text, strlen(text)) != 0)
		return refused(c, err);
	rp_autorows *r = mysql_use_result(c->my);
	if (r == NULL)
		return mysql_errno(c->my) != 0
			       ? refused(c, err)
			       : rp_err_set(err, RP_ERR_OBJECT, "the statement gives no rows");
	if (take_rows(c, r, reply, err) < 0)
		return -1;
	if (mysql_more_results(c->my))
		return rp_err_set(err, RP_ERR_OBJECT, "the statement gives more than one table");
	if ((c->my->server_status & SERVER_STATUS_IN_TRANS) == 0)
		return rp_err_set(err, RP_ERR_OBJECT,
				  "the statement ended the transaction that it was asked in");
	return 0;
}

static int put(struct rp_conn *conn, const struct rp_question *q, struct rp_run *run, struct rp_reply *reply,
	       struct rp_err **err)
{
	rp_cleanup(rp_my_conn_freep) struct rp_my_conn *c = NULL;
	if (check_word(q->text, err) < 0 || enter(&c, rp_my_of(conn), q->role, run, err) < 0 ||
	    (q->limit_ms > 0 && limit(c, q->limit_ms, err) < 0) ||
	    rp_my_exec(c, "START TRANSACTION READ ONLY", err) < 0)
		return -1;
	int64_t begun = rp_run_clock_ms();
	if (hear(c, q->text, reply, err) < 0) /* closing rolls back */
		return -1;
	/* MySQL lets a function swallow the end of its time: SLEEP() then gives 1. */
	if (q->limit_ms > 0 && rp_run_clock_ms() - begun >= (int64_t)q->limit_ms)
		return rp_err_set(err, RP_ERR_OBJECT, "no answer in the time allowed for it");
	return 0;
}

int rp_my_ask(struct rp_conn *conn, const struct rp_question *q, struct rp_reply *ret, struct rp_err **err)
{
	return rp_ask_in_time(conn, q, put, ret, err);
}
