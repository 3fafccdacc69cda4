/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/engine/mysql/check_table.h"
#include "verifier/engine/mysql/conn.h"
#include "verifier/util/run.h"

/* clang-format off */
static const char tables_sql[] =
	"SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND ENGINE IN"
	" ('Aria', 'MyISAM', 'CSV', 'ARCHIVE') AND TABLE_SCHEMA <> ? AND TABLE_SCHEMA NOT IN ('information_schema',"
	" 'performance_schema') ORDER BY 1, 2";
/* clang-format on */

static int check(struct rp_my_conn *c, const char *schema, const char *table, struct rp_err **err)
{
	struct rp_my_checked was;
	rp_autoerr struct rp_err *why = NULL;
	if (rp_my_check_table(c, schema, table, &was, &why) < 0) {
		/* What is of no interest to the survey need not be readable, but what is damaged is. */
		if (rp_err_kind(why) == RP_ERR_OBJECT)
			return 0;
		if (err != NULL)
			*err = rp_take(why);
		return rp_err_wrap(err, "check table '%s.%s'", schema, table);
	}
	if (was.outcome != RP_MY_CHECK_DAMAGED)
		return 0;
	return rp_err_set(err, RP_ERR_BACKUP, "table '%s.%s' is damaged: CHECK TABLE: %s", schema, table,
			  was.said);
}

int rp_my_check_others(struct rp_my_conn *c, const char *database, struct rp_err **err)
{
	const char *const params[] = {database};
	rp_autorows *tables = NULL;
	MYSQL_ROW row;
	if (rp_my_ask_for(c, tables_sql, params, 1, &tables, err) < 0)
		return rp_err_wrap(err, "list the server's tables");
	rp_run_phase(c->base.run, "check the server's tables", mysql_num_rows(tables), "tables");
	while ((row = mysql_fetch_row(tables)) != NULL) {
		if (check(c, row[0], row[1], err) < 0)
			return -1;
		rp_run_advance(c->base.run, 1);
	}
	return 0;
}
