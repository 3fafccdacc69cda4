/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/tests.h"
#include "verifier/util/buf.h"

/* A view is kept as text, and what it names can go without it. The server is asked to prepare a query of it, which runs
 * nothing of what stands in it. Of a routine it can tell only that it can be loaded: what its statements name is looked
 * up when they run. */

#define SQL_MAX	       (4u << 20)
#define NAME_MAX_BYTES (8u << 10)

struct looking {
	struct rp_my_conn *c;
	struct rp_findings *to;
	uint64_t good, all;
};

enum {
	BROKEN_VIEW = 1356,
	NO_DEFINER = 1449,
	WRONG_COUNT = 1318,
	NO_DATABASE = 1049,
	NO_TABLE = 1146,
	NO_ROUTINE = 1305,
	WOULD_WRITE = 1792
};

/* What the server says by number, in words that are the same on every server and for every name of the database. */
static const struct {
	unsigned number;
	const char *says;
} reasons[] = {
	{NO_TABLE, "a table that it names is not there"},
	{1054, "a column that it names is not there"},
	{NO_ROUTINE, "a function that it names is not there"},
	{BROKEN_VIEW, "a view that it uses does not compile"},
	{1273, "this server does not know a collation that it names"},
	{1115, "this server does not know a character set that it names"},
	{1457, "its text cannot be loaded"},
	{1064, "this server does not understand its text"},
};

static const char *reason(unsigned number)
{
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (reasons[i].number == number)
			return reasons[i].says;
	return "the server refuses it";
}

static bool is_denied(unsigned number)
{
	static const unsigned all[] = {
		1044, 1045,	  /* the database, and (without a definer) the account */
		1142, 1143, 1370, /* a table, a column, a routine */
		1227, 1419,	  /* what takes a right over all */
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (all[i] == number)
			return true;
	return false;
}

/* 0: it compiles; that it would write, in a session that only reads, is found out once it has. 1: refused, *why says so
 * and *number which. -1: anything else. */
static int prepare(struct rp_my_conn *c, const char *sql, size_t len, unsigned *number, struct rp_err **why,
		   struct rp_err **err)
{
	MYSQL_STMT *s = mysql_stmt_init(c->my);
	struct rp_err *said = NULL;
	if (s == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	int failed = mysql_stmt_prepare(s, sql, len);
	*number = mysql_stmt_errno(s);
	if (failed && *number == WOULD_WRITE)
		failed = 0;
	if (failed)
		(void)rp_my_stmt_fail(c, s, &said);
	(void)mysql_stmt_close(s);
	if (!failed)
		return 0;
	/* Of a connection it would be the server's fault, of a view it is the view's. */
	bool refused = rp_err_kind(said) == RP_ERR_OBJECT || *number == NO_DATABASE || is_denied(*number);
	struct rp_err **to = refused ? why : err;
	rp_err_free(refused ? *why : NULL);
	if (to != NULL)
		*to = said;
	else
		rp_err_free(said);
	return refused ? 1 : -1;
}

static void not_told(struct looking *l, const char *name, const char *what, bool excused)
{
	rp_answer(l->to, &(struct rp_finding){.object = name,
					      .verdict = RP_NOT_RUN,
					      .excused = excused,
					      .looked = 1,
					      .message = what});
}

/* "Table 'shop.orders' doesn't exist", "FUNCTION shop.owes does not exist": is it one of another database? */
static bool is_elsewhere(const struct rp_my_conn *c, unsigned number, const char *text)
{
	rp_autobuf ours = RP_BUF_INIT(NAME_MAX_BYTES);
	if (number != NO_TABLE && number != NO_ROUTINE)
		return number == NO_DATABASE;
	rp_buf_addf(&ours, "%s%s.", number == NO_TABLE ? "Table '" : "FUNCTION ", c->database);
	return !ours.failed && strncmp(text, rp_buf_text(&ours), ours.len) != 0;
}

/* The server says "references invalid table(s) or column(s) or function(s) or definer/invoker of view lack rights" of
 * all of these. Its text, prepared with our own rights, tells them apart. */
static int explain(struct looking *l, const char *name, const char *text, unsigned number,
		   struct rp_err **why, struct rp_err **err)
{
	unsigned inner = number;
	int refused = 1;
	bool unclear = number == BROKEN_VIEW || number == NO_DEFINER || is_denied(number);
	if (unclear && text != NULL && text[0] != '\0')
		refused = prepare(l->c, text, strlen(text), &inner, why, err);
	if (refused < 0)
		return -1;
	if (refused == 0)
		not_told(l, name,
			 number == NO_DEFINER ? "its definer does not exist on this server: it cannot be used"
					      : "it compiles, but its definer may not use what it names",
			 false);
	else if (is_elsewhere(l->c, inner, rp_err_text(*why)))
		not_told(l, name, "it names what is of another database, which no backup of this one brings",
			 true);
	else if (inner == BROKEN_VIEW || inner == NO_DEFINER || is_denied(inner))
		not_told(l, name, "it uses what cannot be used here, by who asks or by a definer", false);
	else
		rp_fail(l->to, name, NULL, rp_err_text(*why), "the view does not compile: %s", reason(inner));
	return 0;
}

static void add_qualified(struct rp_buf *sql, const struct rp_my_conn *c, const char *name)
{
	rp_my_add_name(sql, c->database);
	rp_buf_add(sql, ".");
	rp_my_add_name(sql, name);
}

static int look_at_view(struct looking *l, MYSQL_ROW row, struct rp_err **err)
{
	rp_autobuf sql = RP_BUF_INIT(SQL_MAX), name = RP_BUF_INIT(NAME_MAX_BYTES);
	rp_autoerr struct rp_err *why = NULL;
	unsigned number = 0;
	rp_name_add(&name, row[0]);
	rp_buf_add(&sql, "SELECT * FROM ");
	add_qualified(&sql, l->c, row[0]);
	if (rp_buf_check(&sql, err) < 0 || rp_buf_check(&name, err) < 0)
		return -1;
	int refused = prepare(l->c, rp_buf_text(&sql), sql.len, &number, &why, err);
	if (refused < 0)
		return rp_err_wrap(err, "compile view '%s'", row[0]);
	l->good += refused == 0;
	return refused == 0 ? 0 : explain(l, rp_buf_text(&name), row[1], number, &why, err);
}

/* Asked with no argument: that there are too few is said once it has been loaded. */
static int look_at_routine(struct looking *l, MYSQL_ROW row, struct rp_err **err)
{
	rp_autobuf sql = RP_BUF_INIT(SQL_MAX), name = RP_BUF_INIT(NAME_MAX_BYTES);
	rp_autoerr struct rp_err *why = NULL;
	unsigned number = 0;
	rp_name_add(&name, row[0]);
	rp_buf_add(&sql, strcmp(row[1], "FUNCTION") == 0 ? "SELECT " : "CALL ");
	add_qualified(&sql, l->c, row[0]);
	rp_buf_add(&sql, "()");
	if (rp_buf_check(&sql, err) < 0 || rp_buf_check(&name, err) < 0)
		return -1;
	int refused = prepare(l->c, rp_buf_text(&sql), sql.len, &number, &why, err);
	if (refused < 0)
		return rp_err_wrap(err, "load routine '%s'", row[0]);
	if (refused == 0 || number == WRONG_COUNT)
		l->good++;
	else if (!is_denied(number) &&
		 number != NO_DEFINER) /* to see a source takes no right to run what is there */
		rp_fail(l->to, rp_buf_text(&name), NULL, rp_err_text(why), "the routine cannot be loaded: %s",
			reason(number));
	return 0;
}

static int look_at_code(struct looking *l, MYSQL_ROW row, struct rp_err **err)
{
	rp_autobuf sql = RP_BUF_INIT(SQL_MAX), name = RP_BUF_INIT(NAME_MAX_BYTES);
	rp_autoerr struct rp_err *why = NULL;
	rp_name_add(&name, row[0]);
	rp_buf_addf(&sql, "SHOW CREATE %s ", row[1]);
	add_qualified(&sql, l->c, row[0]);
	if (rp_buf_check(&sql, err) < 0 || rp_buf_check(&name, err) < 0)
		return -1;
	if (rp_my_exec(l->c, rp_buf_text(&sql), &why) == 0) {
		l->good++;
	} else if (rp_err_kind(why) != RP_ERR_OBJECT) {
		if (err != NULL)
			*err = rp_take(why);
		return rp_err_wrap(err, "load '%s'", row[0]);
	} else if (!is_denied(mysql_errno(l->c->my))) {
		rp_fail(l->to, rp_buf_text(&name), NULL, rp_err_text(why), "it cannot be loaded: %s",
			reason(mysql_errno(l->c->my)));
	}
	return 0;
}

/* clang-format off */
static const struct {
	const char *list; /* names, and what 'look' needs to know */
	int (*look)(struct looking *l, MYSQL_ROW row, struct rp_err **err);
} sorts[] = {
	{"SELECT TABLE_NAME, VIEW_DEFINITION FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ? ORDER BY 1",
	 look_at_view},
	{"SELECT ROUTINE_NAME, ROUTINE_TYPE FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ? AND"
	 " ROUTINE_TYPE IN ('FUNCTION', 'PROCEDURE') ORDER BY 1, 2", look_at_routine},
	{"SELECT TRIGGER_NAME, 'TRIGGER' FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ? ORDER BY 1",
	 look_at_code},
	{"SELECT EVENT_NAME, 'EVENT' FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ? ORDER BY 1",
	 look_at_code},
};
/* clang-format on */

static int look_at_all(struct looking *l, size_t sort, struct rp_err **err)
{
	const char *const params[] = {l->c->database};
	rp_autorows *list = NULL;
	MYSQL_ROW row;
	if (rp_my_ask_for(l->c, sorts[sort].list, params, 1, &list, err) < 0)
		return rp_err_wrap(err, "list views and routines");
	while ((row = mysql_fetch_row(list)) != NULL) {
		if (row[0] == NULL)
			return rp_err_set(err, RP_ERR_ENGINE, "the server names a view or routine NULL");
		if (sorts[sort].look(l, row, err) < 0)
			return -1;
		l->all++;
	}
	return 0;
}

int rp_my_test_views(struct rp_conn *conn, const struct rp_survey *found, struct rp_findings *to,
		     struct rp_err **err)
{
	struct looking l = {.c = rp_my_of(conn), .to = to};
	(void)found;
	for (size_t i = 0; i < sizeof sorts / sizeof sorts[0]; i++)
		if (look_at_all(&l, i, err) < 0)
			return -1;
	if (l.good > 0)
		rp_pass(to, "", l.good);
	else if (l.all == 0)
		rp_my_nothing(to, "there is no view, routine, trigger or event");
	return 0;
}
