/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <strings.h>

#include "verifier/engine/mysql/check_table.h"
#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/tests.h"
#include "verifier/util/buf.h"
#include "verifier/util/run.h"

/* The server's own check of every table: each row of every index and partition. The statement itself never fails; what
 * it found stands in its rows. */

#define SQL_MAX	       2048
#define NAME_MAX_BYTES (8u << 10)

/* clang-format off */
/* A sequence is one row, which the survey has. */
static const char tables_sql[] =
	"SELECT TABLE_NAME, COALESCE(ENGINE, '') FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND"
	" TABLE_TYPE NOT IN ('VIEW', 'SYSTEM VIEW', 'TEMPORARY', 'SEQUENCE') ORDER BY CAST(TABLE_NAME AS BINARY)";
/* clang-format on */

/* Their rows lie elsewhere, or nowhere once a server ends: a table of theirs has nothing that a check could look at.
 * For any other engine that cannot check, the answer is missing. */
static const char *const without_check[] = {"MEMORY", "BLACKHOLE", "FEDERATED", "S3"};

struct checking {
	struct rp_my_conn *c;
	struct rp_findings *to;
	uint64_t whole;
};

static bool has_no_check(const char *engine)
{
	for (size_t i = 0; i < sizeof without_check / sizeof without_check[0]; i++)
		if (strcasecmp(without_check[i], engine) == 0)
			return true;
	return false;
}

static void answer(struct checking *k, const char *name, const char *engine, const struct rp_my_checked *was)
{
	rp_autobuf message = RP_BUF_INIT(NAME_MAX_BYTES);
	rp_autoerr struct rp_err *why = NULL;
	switch (was->outcome) {
	case RP_MY_CHECK_OK:
		k->whole++;
		return;
	case RP_MY_CHECK_WARNED:
		rp_buf_addf(&message, "the server found it whole, and warns: %s", was->said);
		rp_answer(k->to, &(struct rp_finding){.object = name,
						      .verdict = RP_PASS,
						      .looked = 1,
						      .message = rp_buf_text(&message)});
		return;
	case RP_MY_CHECK_DAMAGED:
		rp_fail(k->to, name, NULL, NULL, "CHECK TABLE: %s", was->said);
		return;
	case RP_MY_CHECK_UNSUPPORTED:
		rp_buf_addf(&message, "tables of engine %s cannot be checked", engine);
		rp_answer(k->to, &(struct rp_finding){.object = name,
						      .verdict = RP_NOT_RUN,
						      .excused = has_no_check(engine),
						      .looked = 1,
						      .message = rp_buf_text(&message)});
		return;
	case RP_MY_CHECK_NOT_DONE:
		rp_not_run(k->to, name, "CHECK TABLE: %s", was->said);
		return;
	case RP_MY_CHECK_UNTOLD:
		(void)rp_err_set(&why, RP_ERR_OBJECT, "CHECK TABLE could not tell: %s", was->said);
		rp_answer_error(k->to, name, why);
		return;
	}
}

int rp_my_check_table(struct rp_my_conn *c, const char *database, const char *table,
		      struct rp_my_checked *ret, struct rp_err **err)
{
	rp_autobuf sql = RP_BUF_INIT(SQL_MAX);
	rp_autorows *rows = NULL;
	MYSQL_ROW row;
	rp_buf_add(&sql, "CHECK TABLE ");
	rp_my_add_name(&sql, database);
	rp_buf_add(&sql, ".");
	rp_my_add_name(&sql, table);
	rp_buf_add(&sql, " EXTENDED");
	if (rp_buf_check(&sql, err) < 0 || rp_my_query(c, rp_buf_text(&sql), &rows, err) < 0)
		return -1;
	if (mysql_num_fields(rows) != 4)
		return rp_err_set(err, RP_ERR_ENGINE, "CHECK TABLE gave %u columns", mysql_num_fields(rows));
	*ret = (struct rp_my_checked){0};
	while ((row = mysql_fetch_row(rows)) != NULL)
		rp_my_checked_add(ret, row[2], row[3]);
	rp_my_checked_end(ret);
	return 0;
}

static int check_one(struct checking *k, const char *table, const char *engine, struct rp_err **err)
{
	rp_autobuf name = RP_BUF_INIT(NAME_MAX_BYTES);
	rp_autoerr struct rp_err *why = NULL;
	struct rp_my_checked was;
	rp_name_add(&name, table);
	if (rp_buf_check(&name, err) < 0)
		return -1;
	if (rp_my_check_table(k->c, k->c->database, table, &was, &why) < 0) {
		if (rp_err_kind(why) == RP_ERR_OBJECT) {
			rp_answer_error(k->to, rp_buf_text(&name), why);
			return 0;
		}
		if (err != NULL)
			*err = rp_take(why);
		return rp_err_wrap(err, "check table '%s'", table);
	}
	answer(k, rp_buf_text(&name), engine, &was);
	return 0;
}

int rp_my_test_check_table(struct rp_conn *conn, const struct rp_survey *found, struct rp_findings *to,
			   struct rp_err **err)
{
	struct checking k = {.c = rp_my_of(conn), .to = to};
	const char *const params[] = {k.c->database};
	rp_autorows *tables = NULL;
	MYSQL_ROW row;
	(void)found;
	/* MariaDB opens the tables of a MERGE for writing, and does not check one in a transaction that only reads. */
	if (rp_my_exec(k.c, "ROLLBACK", err) < 0 || rp_my_allow_writing(k.c, err) < 0)
		return -1;
	k.c->moment = false;
	if (rp_my_ask_for(k.c, tables_sql, params, 1, &tables, err) < 0)
		return rp_err_wrap(err, "list the tables");
	rp_run_phase(k.c->base.run, "check tables", mysql_num_rows(tables), "tables");
	while ((row = mysql_fetch_row(tables)) != NULL) {
		if (check_one(&k, row[0], row[1], err) < 0)
			return -1;
		rp_run_advance(k.c->base.run, 1);
	}
	if (k.whole > 0)
		rp_pass(to, "", k.whole);
	else if (mysql_num_rows(tables) == 0)
		rp_my_nothing(to, "there is no table");
	return 0;
}
