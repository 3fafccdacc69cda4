/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/tests.h"
#include "verifier/util/buf.h"

/* What runs as its definer cannot run when that account is gone. A backup of one database brings no accounts: that one is
 * missing is a fault of the server that was asked, told when the source is sealed, and never one of a backup. */

#define MESSAGE_MAX (8u << 10)

/* clang-format off */
/* Names are compared as bytes: the two tables have collations of their own. A view that is used as its invoker needs no
 * definer. */
static const char missing_sql[] =
	"SELECT d.account, COUNT(*), MIN(d.name), SUM(u.User IS NULL) FROM (SELECT CAST(DEFINER AS BINARY) AS account,"
	" CONCAT('view ', TABLE_NAME) AS name FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ? AND SECURITY_TYPE ="
	" 'DEFINER' UNION ALL SELECT CAST(DEFINER AS BINARY), CONCAT('routine ', ROUTINE_NAME) FROM"
	" information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ? AND SECURITY_TYPE = 'DEFINER' UNION ALL SELECT"
	" CAST(DEFINER AS BINARY), CONCAT('trigger ', TRIGGER_NAME) FROM information_schema.TRIGGERS WHERE"
	" TRIGGER_SCHEMA = ? UNION ALL SELECT CAST(DEFINER AS BINARY), CONCAT('event ', EVENT_NAME) FROM"
	" information_schema.EVENTS WHERE EVENT_SCHEMA = ?) d LEFT JOIN mysql.user u ON CAST(CONCAT(u.User, '@',"
	" u.Host) AS BINARY) = d.account GROUP BY d.account ORDER BY d.account";
/* clang-format on */
enum { ACCOUNT, OBJECTS, FIRST, MISSING };

static int judge(MYSQL_ROW row, struct rp_findings *to, uint64_t *there, struct rp_err **err)
{
	rp_autobuf message = RP_BUF_INIT(MESSAGE_MAX);
	uint64_t missing, objects;
	if (rp_my_u64(row[MISSING], &missing, err) < 0 || rp_my_u64(row[OBJECTS], &objects, err) < 0)
		return -1;
	*there += missing == 0;
	if (missing == 0)
		return 0;
	rp_buf_addf(
		&message,
		"the account '%s' does not exist on this server, and is the definer of %llu object%s ('%s')",
		row[ACCOUNT], (unsigned long long)objects, objects == 1 ? "" : "s", row[FIRST]);
	if (rp_buf_check(&message, err) < 0)
		return -1;
	rp_answer(to, &(struct rp_finding){.object = row[ACCOUNT],
					   .verdict = RP_NOT_RUN,
					   .excused = true,
					   .looked = 1,
					   .message = rp_buf_text(&message)});
	return 0;
}

int rp_my_test_definers(struct rp_conn *conn, const struct rp_survey *found, struct rp_findings *to,
			struct rp_err **err)
{
	struct rp_my_conn *c = rp_my_of(conn);
	const char *const params[] = {c->database, c->database, c->database, c->database};
	rp_autorows *rows = NULL;
	rp_autoerr struct rp_err *why = NULL;
	MYSQL_ROW row;
	uint64_t there = 0;
	(void)found;
	if (rp_my_ask_for(c, missing_sql, params, 4, &rows, &why) < 0) {
		if (rp_err_kind(why) == RP_ERR_OBJECT) {
			rp_answer(to,
				  &(struct rp_finding){.object = "",
						       .verdict = RP_NOT_RUN,
						       .excused = true,
						       .looked = 1,
						       .message = "which accounts there are is not ours to "
								  "see: it takes SELECT on mysql.user"});
			return 0;
		}
		if (err != NULL)
			*err = rp_take(why);
		return rp_err_wrap(err, "look for definers");
	}
	while ((row = mysql_fetch_row(rows)) != NULL)
		if (judge(row, to, &there, err) < 0)
			return -1;
	if (there > 0)
		rp_pass(to, "", there);
	else if (mysql_num_rows(rows) == 0)
		rp_my_nothing(to, "nothing here has a definer");
	return 0;
}
