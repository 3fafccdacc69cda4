/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/mysql/conn.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/parse.h"
#include "verifier/util/run.h"

/* No statement of ours is longer. */
#define SQL_MAX (4u << 20)

/* A CALL has a result more than it gives rows; it tells whether it went well. */
static int drain(struct rp_my_conn *c, struct rp_err **err)
{
	int more = 0;
	while ((more = mysql_next_result(c->my)) == 0) {
		rp_autorows *r = mysql_store_result(c->my);
		if (r == NULL && mysql_errno(c->my) != 0)
			return rp_my_fail(c, err);
	}
	return more > 0 ? rp_my_fail(c, err) : 0;
}

static int run(struct rp_my_conn *c, const char *sql, MYSQL_RES **ret, struct rp_err **err)
{
	if (rp_run_check(c->base.run, err) < 0)
		return -1;
	if (mysql_real_query(c->my, sql, strlen(sql)) != 0)
		return rp_my_fail(c, err);
	rp_autorows *r = mysql_store_result(c->my);
	if (r == NULL && (mysql_errno(c->my) != 0 || mysql_field_count(c->my) > 0))
		return rp_my_fail(c, err);
	if (drain(c, err) < 0)
		return -1;
	if (ret != NULL && r == NULL)
		return rp_err_set(err, RP_ERR_ENGINE, "the server answered a question without rows");
	if (ret != NULL)
		*ret = rp_take(r);
	return 0;
}

int rp_my_query(struct rp_my_conn *c, const char *sql, MYSQL_RES **ret, struct rp_err **err)
{
	return run(c, sql, ret, err);
}

int rp_my_list(struct rp_my_conn *c, const char *sql, struct rp_argv *ret, struct rp_err **err)
{
	rp_autorows *r = NULL;
	if (rp_my_query(c, sql, &r, err) < 0)
		return -1;
	for (MYSQL_ROW row; (row = mysql_fetch_row(r)) != NULL;)
		if (row[0] != NULL)
			rp_argv_add(ret, row[0]);
	return ret->failed ? rp_err_set(err, RP_ERR_NOMEM, "out of memory") : 0;
}

int rp_my_exec(struct rp_my_conn *c, const char *sql, struct rp_err **err)
{
	return run(c, sql, NULL, err);
}

int rp_my_ask_for(struct rp_my_conn *c, const char *sql, const char *const *params, size_t n, MYSQL_RES **ret,
		  struct rp_err **err)
{
	rp_autobuf all = RP_BUF_INIT(SQL_MAX);
	size_t used = 0;
	for (const char *p = sql; *p != '\0'; p++) {
		if (*p != '?')
			rp_buf_add_mem(&all, p, 1);
		else if (used < n && params[used] != NULL)
			rp_my_add_text(&all, params[used], strlen(params[used]));
		else
			rp_buf_add(&all, "NULL");
		used += *p == '?';
	}
	if (used != n)
		return rp_err_set(err, RP_ERR_ENGINE, "%zu values for %zu places", n, used);
	if (rp_buf_check(&all, err) < 0)
		return -1;
	return run(c, rp_buf_text(&all), ret, err);
}

int rp_my_value(struct rp_my_conn *c, const char *sql, char **ret, struct rp_err **err)
{
	rp_autorows *r = NULL;
	*ret = NULL;
	if (rp_my_query(c, sql, &r, err) < 0)
		return -1;
	MYSQL_ROW row = mysql_fetch_row(r);
	if (row == NULL || row[0] == NULL)
		return 0;
	*ret = strdup(row[0]);
	return *ret != NULL ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

void rp_my_add_name(struct rp_buf *sql, const char *name)
{
	rp_buf_add(sql, "`");
	for (const char *p = name; *p != '\0'; p++)
		rp_buf_add_mem(sql, *p == '`' ? "``" : p, *p == '`' ? 2 : 1);
	rp_buf_add(sql, "`");
}

/* A backslash means one thing or another by sql_mode, a doubled quote only one. */
static bool is_plain(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == '\\' || (unsigned char)text[i] >= 0x7f)
			return false;
	return true;
}

void rp_my_add_text(struct rp_buf *sql, const char *text, size_t len)
{
	if (!is_plain(text, len)) {
		rp_buf_add(sql, "_utf8mb4 x'");
		rp_buf_add_hex(sql, text, len);
		rp_buf_add(sql, "'");
		return;
	}
	rp_buf_add(sql, "'");
	for (size_t i = 0; i < len; i++)
		rp_buf_add_mem(sql, text[i] == '\'' ? "''" : text + i, text[i] == '\'' ? 2 : 1);
	rp_buf_add(sql, "'");
}

int rp_my_u64(const char *cell, uint64_t *ret, struct rp_err **err)
{
	if (cell == NULL || !rp_parse_u64(cell, 0, UINT64_MAX, ret))
		return rp_err_set(err, RP_ERR_ENGINE, "the server gave '%.40s' as a number",
				  cell != NULL ? cell : "NULL");
	return 0;
}

int rp_my_i64(const char *cell, int64_t *ret, struct rp_err **err)
{
	if (cell == NULL || !rp_parse_i64(cell, INT64_MIN, INT64_MAX, ret))
		return rp_err_set(err, RP_ERR_ENGINE, "the server gave '%.40s' as a number",
				  cell != NULL ? cell : "NULL");
	return 0;
}

int rp_my_allow_writing(struct rp_my_conn *c, struct rp_err **err)
{
	return rp_my_exec(c, "SET SESSION TRANSACTION READ WRITE", err);
}
