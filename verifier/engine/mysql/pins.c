/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/pins.h"

#include <string.h>
#include <strings.h>

#include "verifier/engine/mysql/conn.h"
#include "verifier/util/buf.h"

enum how {
	ALWAYS = 1 << 0, /* for the user's own questions too */
	SURVEY = 1 << 1,
	READ = 1 << 2, /* is set by another statement, only read back */
	SOME = 1 << 3, /* not every vendor and version knows it */
};

/* name: as SHOW VARIABLES says it. value: as it is set. reads: as it is read back; NULL: the same. */
static const struct pin {
	const char *name, *value, *reads;
	unsigned how;
} pins[] = {
	/* clang-format off */
	/* What literals, columns and times are made of. */
	{"sql_mode",                 "''", "", SURVEY},
	{"time_zone",                "'+00:00'", "+00:00", ALWAYS},
	{"character_set_client",     "utf8mb4", NULL, ALWAYS},
	{"character_set_connection", "utf8mb4", NULL, ALWAYS | READ},
	{"collation_connection",     "utf8mb4_bin", NULL, SURVEY},
	{"character_set_results",    "NULL", "", SURVEY},
	{"lc_messages",              "'en_US'", "en_US", ALWAYS}, /* some are told by their words */
	{"lc_time_names",            "'en_US'", "en_US", ALWAYS},
	/* Reading only, in a moment. */
	{"autocommit",               "1", "ON", ALWAYS},
	{"completion_type",          "0", "NO_CHAIN", ALWAYS},
	{"tx_read_only",             NULL, "ON", ALWAYS | READ | SOME},
	{"transaction_read_only",    NULL, "ON", ALWAYS | READ | SOME},
	{"tx_isolation",             NULL, "REPEATABLE-READ", ALWAYS | READ | SOME},
	{"transaction_isolation",    NULL, "REPEATABLE-READ", ALWAYS | READ | SOME},
	/* What cuts or changes an answer without a word. */
	{"sql_select_limit",         "18446744073709551615", NULL, ALWAYS},
	{"sql_auto_is_null",         "0", "OFF", SURVEY},
	{"group_concat_max_len",     "1073741824", NULL, ALWAYS},
	{"system_versioning_asof",   "DEFAULT", NULL, ALWAYS | SOME},
	{"show_gipk_in_create_table_and_information_schema", "1", "ON", SURVEY | SOME},
	{"information_schema_stats_expiry", "0", NULL, SURVEY | SOME},
	{"show_old_temporals",       "0", "OFF", SURVEY | SOME},
	{"sql_quote_show_create",    "1", "ON", SURVEY},
	{"explain_format",           "TRADITIONAL", NULL, SURVEY | SOME},
	{"use_secondary_engine",     "OFF", NULL, SURVEY | SOME},
	{"div_precision_increment",  "4", NULL, SURVEY},
	{"default_week_format",      "0", NULL, SURVEY},
	{"max_sort_length",          "1024", NULL, SURVEY},
	{"sql_buffer_result",        "0", "OFF", SURVEY},
	/* Limits that refuse a large answer. */
	{"sql_big_selects",          "1", "ON", ALWAYS},
	{"sql_safe_updates",         "0", "OFF", SURVEY},
	/* Our own clock decides when to stop. */
	{"max_statement_time",       "0", "0.000000", SURVEY | SOME},
	{"max_execution_time",       "0", NULL, SURVEY | SOME},
	{"wait_timeout",             "604800", NULL, ALWAYS},
	{"net_read_timeout",         "28800", NULL, ALWAYS},
	{"net_write_timeout",        "28800", NULL, ALWAYS},
	{"lock_wait_timeout",        "86400", NULL, SURVEY},
	{"innodb_lock_wait_timeout", "50", NULL, SURVEY | SOME},
	{"idle_transaction_timeout", "0", NULL, SURVEY | SOME},
	{"idle_readonly_transaction_timeout", "0", NULL, SURVEY | SOME},
	/* clang-format on */
};
#define N_PINS (sizeof pins / sizeof pins[0])

static bool is_wanted(const struct pin *p, const struct rp_my_conn *c)
{
	return !c->plain || (p->how & ALWAYS) != 0;
}

/* Names and values of those that this server knows. */
static int look(struct rp_my_conn *c, MYSQL_RES **ret, struct rp_err **err)
{
	rp_autobuf sql = RP_BUF_INIT(8192);
	for (size_t i = 0; i < N_PINS; i++)
		rp_buf_addf(&sql, "%s'%s'", i == 0 ? "SHOW SESSION VARIABLES WHERE Variable_name IN (" : ", ",
			    pins[i].name);
	rp_buf_add(&sql, ")");
	return rp_buf_check(&sql, err) < 0 ? -1 : rp_my_query(c, rp_buf_text(&sql), ret, err);
}

/* What could cut off even the question which settings there are. */
static int set_first(struct rp_my_conn *c, struct rp_err **err)
{
	const char *limit = c->is.has[RP_MY_STATEMENT_LIMIT] ? "max_statement_time" : "max_execution_time";
	rp_autobuf sql = RP_BUF_INIT(256);
	rp_buf_addf(&sql, "SET SESSION sql_select_limit = 18446744073709551615, SESSION %s = 0", limit);
	return rp_buf_check(&sql, err) < 0 ? -1 : rp_my_exec(c, rp_buf_text(&sql), err);
}

static const char *value_in(MYSQL_RES *r, const char *name)
{
	mysql_data_seek(r, 0);
	for (MYSQL_ROW row = NULL; (row = mysql_fetch_row(r)) != NULL;)
		if (row[0] != NULL && strcasecmp(row[0], name) == 0)
			return row[1];
	return NULL;
}

static int set_all(struct rp_my_conn *c, MYSQL_RES *known, struct rp_err **err)
{
	rp_autobuf sql = RP_BUF_INIT(8192);
	rp_buf_add(&sql, "SET character_set_connection = utf8mb4");
	for (size_t i = 0; i < N_PINS; i++) {
		const struct pin *p = &pins[i];
		bool there = (p->how & SOME) == 0 || value_in(known, p->name) != NULL;
		if ((p->how & READ) == 0 && is_wanted(p, c) && there)
			rp_buf_addf(&sql, ", SESSION %s = %s", p->name, p->value);
	}
	if (c->plain) /* answers as text */
		rp_buf_add(&sql, ", SESSION character_set_results = utf8mb4");
	if (rp_buf_check(&sql, err) < 0)
		return -1;
	return rp_my_exec(c, rp_buf_text(&sql), err);
}

static int check_all(struct rp_my_conn *c, MYSQL_RES *now, struct rp_err **err)
{
	for (size_t i = 0; i < N_PINS; i++) {
		const struct pin *p = &pins[i];
		const char *want = p->reads != NULL ? p->reads : p->value;
		const char *is = value_in(now, p->name);
		if (!is_wanted(p, c) || (is == NULL && (p->how & SOME) != 0))
			continue;
		if (is != NULL && strcasecmp(is, want) == 0)
			continue;
		rp_err_set(err, RP_ERR_ENGINE, "setting '%s' is '%.200s' in our session, and not '%s'",
			   p->name, is != NULL ? is : "(unknown)", want);
		return rp_err_hint(err, "is there a proxy in between that answers for the server?");
	}
	/* One of each two names: without it nobody has said that we only read. */
	if (value_in(now, "tx_read_only") == NULL && value_in(now, "transaction_read_only") == NULL)
		return rp_err_set(err, RP_ERR_ENGINE,
				  "the server does not say whether a session is read-only");
	return 0;
}

/* Whoever has one of these rights is spared init_connect. */
static const char is_spared[] =
	/* clang-format off */
	"SELECT COUNT(*) FROM information_schema.USER_PRIVILEGES"
	" WHERE PRIVILEGE_TYPE IN (?, 'CONNECTION ADMIN', 'CONNECTION_ADMIN')"
	" AND GRANTEE = CONCAT('''', SUBSTRING(CURRENT_USER(), 1, CHAR_LENGTH(CURRENT_USER()) - 1"
	" - CHAR_LENGTH(SUBSTRING_INDEX(CURRENT_USER(), '@', -1))),"
	" '''@''', SUBSTRING_INDEX(CURRENT_USER(), '@', -1), '''')";
/* clang-format on */

static int refuse_init_connect(struct rp_my_conn *c, struct rp_err **err)
{
	rp_autofree char *code = NULL;
	rp_autorows *spared = NULL;
	const char *super = c->is.has[RP_MY_SUPER_IS_SPARED] ? "SUPER" : NULL;
	if (rp_my_value(c, "SELECT @@global.init_connect", &code, err) < 0)
		return -1;
	if (code == NULL || code[0] == '\0')
		return 0;
	if (rp_my_ask_for(c, is_spared, &super, 1, &spared, err) < 0)
		return -1;
	MYSQL_ROW row = mysql_fetch_row(spared);
	if (row != NULL && row[0] != NULL && strcmp(row[0], "0") != 0)
		return 0;
	rp_err_set(err, RP_ERR_ENGINE,
		   "the server runs code in every session before its owner can speak"
		   " (init_connect)");
	return rp_err_hint(err,
			   "log in as an account with CONNECTION ADMIN, or MySQL's CONNECTION_ADMIN: it is"
			   " spared that; or empty init_connect");
}

int rp_my_pin(struct rp_my_conn *c, struct rp_err **err)
{
	rp_autorows *known = NULL;
	rp_autorows *now = NULL;
	if (set_first(c, err) < 0 || look(c, &known, err) < 0 || set_all(c, known, err) < 0 ||
	    rp_my_exec(c, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY", err) < 0 ||
	    look(c, &now, err) < 0 || check_all(c, now, err) < 0 || refuse_init_connect(c, err) < 0)
		return rp_err_wrap(err, "pin the session's settings");
	return 0;
}
