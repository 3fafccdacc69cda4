/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/engine/mysql/catalog.h"
#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/hosting.h"
#include "verifier/util/buf.h"
#include "verifier/util/parse.h"

/* A database of ours: how it is made, how it is known to be ours, and how it goes.
 *
 * On a private server it is called as the sealed one was. On one of the user's its name is ours (reprove_ and 16 digits of chance), but that alone is no mark, and MySQL's databases have no
 * comments. So it has a companion, a second database of its name and "_mark" with one table that says what it is; that
 * one is made first and goes last, and nothing is ever restored into it. It is in use as long as some session holds
 * the lock of its name: such locks are a whole server's, and end with their session. */

#define PREFIX "reprove_"
#define DIGITS 16
#define MARK   "_mark"
#define TABLE  "made by reprove for a restore; it removes this database by itself"
#define FORM   "'^" PREFIX "[0-9a-f]{16}" MARK "$'"

/* Nobody waits for longer than this until what was ours is removed. */
#define DROP_S 60

static bool is_our_name(const char *name)
{
	uint8_t number[DIGITS / 2];
	return strncmp(name, PREFIX, sizeof PREFIX - 1) == 0 &&
	       rp_parse_hex(name + sizeof PREFIX - 1, number, sizeof number);
}

/* 'sql' with every "?" in it as the name: checked before, so that no quoting is needed. */
static int exec_on(struct rp_my_conn *c, const char *sql, const char *name, struct rp_err **err)
{
	rp_autobuf all = RP_BUF_INIT(4 << 10);
	for (const char *p = sql; *p != '\0'; p++) {
		if (*p == '?')
			rp_buf_add(&all, name);
		else
			rp_buf_add_mem(&all, p, 1);
	}
	return rp_buf_check(&all, err) < 0 ? -1 : rp_my_exec(c, rp_buf_text(&all), err);
}

/* One whole number. */
static int number_of(struct rp_my_conn *c, const char *sql, const char *name, uint64_t *ret,
		     struct rp_err **err)
{
	rp_autorows *r = NULL;
	if (rp_my_ask_for(c, sql, &name, 1, &r, err) < 0)
		return -1;
	MYSQL_ROW row = mysql_fetch_row(r);
	return rp_my_u64(row != NULL ? row[0] : NULL, ret, err);
}

static int lock_it(struct rp_my_conn *c, const char *name, struct rp_err **err)
{
	uint64_t got = 0;
	if (number_of(c, "SELECT GET_LOCK(?, 0)", name, &got, err) < 0)
		return -1;
	return got == 1 ? 0 : rp_err_set(err, RP_ERR_ENGINE, "database name '%s' is in use", name);
}

static int mark_it(struct rp_my_conn *c, const char *name, struct rp_err **err)
{
	return exec_on(c, "CREATE DATABASE `?" MARK "`", name, err) < 0 ||
			       exec_on(c,
				       "CREATE TABLE `?" MARK "`.mark (id INT PRIMARY KEY) COMMENT '" TABLE
				       "'",
				       name, err) < 0
		       ? -1
		       : 0;
}

/* Words of a catalogue; a stranger may have sealed them. */
static bool is_word(const char *text)
{
	return text != NULL && text[0] != '\0' &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
		       strlen(text);
}

/* Tables take what they do not say from it, and so do the variables of routines. */
static int create_it(struct rp_my_conn *c, const char *name, const struct rp_survey *sealed,
		     struct rp_err **err)
{
	const struct rp_object *as =
		sealed != NULL ? rp_survey_object(sealed, RP_MY_KIND_DATABASE, RP_MY_DEFAULTS) : NULL;
	const char *charset = as != NULL ? rp_object_fact(as, "character set") : NULL;
	const char *collation = as != NULL ? rp_object_fact(as, "collation") : NULL;
	rp_autobuf sql = RP_BUF_INIT(4 << 10);
	rp_buf_add(&sql, "CREATE DATABASE ");
	rp_my_add_name(&sql, name);
	if (is_word(charset))
		rp_buf_addf(&sql, " CHARACTER SET %s", charset);
	if (is_word(collation))
		rp_buf_addf(&sql, " COLLATE %s", collation);
	rp_autoerr struct rp_err *why = NULL;
	if (rp_buf_check(&sql, err) < 0)
		return -1;
	if (rp_my_exec(c, rp_buf_text(&sql), &why) == 0)
		return 0;
	bool refused = rp_err_kind(why) == RP_ERR_OBJECT;
	rp_err_set(err, refused ? RP_ERR_ENGINE : rp_err_kind(why), "%s%s",
		   refused ? "make a database like the sealed one: " : "", rp_err_text(why));
	return rp_err_hint_text(why) != NULL ? rp_err_hint(err, "%s", rp_err_hint_text(why)) : -1;
}

static int prove_empty(struct rp_my_conn *c, const char *name, struct rp_err **err)
{
	static const char *const places[] = {
		"SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?",
		"SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ?",
		"SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ?",
	};
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		uint64_t n = 0;
		if (number_of(c, places[i], name, &n, err) < 0)
			return -1;
		if (n != 0)
			return rp_err_set(err, RP_ERR_ENGINE, "a new database on that server is not empty");
	}
	return 0;
}

int rp_my_claim(struct rp_conn *conn, const char *name, const struct rp_survey *sealed, bool own,
		struct rp_err **err)
{
	struct rp_my_conn *c = rp_my_of(conn);
	if (!own && !is_our_name(name))
		return rp_err_set(err, RP_ERR_USAGE, "'%s' is not a name for a scratch database", name);
	if (rp_my_allow_writing(c, err) < 0 ||
	    (!own && (lock_it(c, name, err) < 0 || mark_it(c, name, err) < 0)) ||
	    create_it(c, name, sealed, err) < 0 || prove_empty(c, name, err) < 0)
		return rp_err_wrap(err, "make database '%s'", name);
	return 0;
}

/* 0: it is ours, 1: there is nothing of this name. A companion without its table is one whose making was cut short,
 * and then there is nothing beside it yet. */
static int check_mark(struct rp_my_conn *c, const char *name, struct rp_err **err)
{
	uint64_t there = 0, companion = 0, tables = 0, marks = 0;
	if (!is_our_name(name))
		return rp_err_set(err, RP_ERR_USAGE,
				  "database '%s' does not bear our name, so it is not removed", name);
	if (number_of(c, "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?", name,
		      &there, err) < 0 ||
	    number_of(c,
		      "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = CONCAT(?, '" MARK
		      "')",
		      name, &companion, err) < 0 ||
	    number_of(c,
		      "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = CONCAT(?, '" MARK
		      "')",
		      name, &tables, err) < 0 ||
	    number_of(c,
		      "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = CONCAT(?, '" MARK
		      "') AND TABLE_NAME = 'mark' AND TABLE_COMMENT = '" TABLE "'",
		      name, &marks, err) < 0)
		return -1;
	if (there == 0 && companion == 0)
		return 1;
	if (companion == 1 && tables == marks && (marks == 1 || there == 0))
		return 0;
	return rp_err_set(err, RP_ERR_USAGE, "database '%s' does not bear our mark, so it is not removed",
			  name);
}

/* Sessions in it are a restore's that was interrupted: it was ours from the start. Those of other logins are not
 * shown to us, and not ours. */
static int end_sessions(struct rp_my_conn *c, const char *name, struct rp_err **err)
{
	rp_autorows *r = NULL;
	if (rp_my_ask_for(
		    c, "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = ? AND ID <> CONNECTION_ID()",
		    &name, 1, &r, err) < 0)
		return -1;
	for (MYSQL_ROW row; (row = mysql_fetch_row(r)) != NULL;) {
		uint64_t id;
		rp_autobuf sql = RP_BUF_INIT(256);
		rp_autoerr struct rp_err *gone = NULL;
		if (rp_my_u64(row[0], &id, err) < 0)
			return -1;
		rp_buf_addf(&sql, "KILL %llu", (unsigned long long)id);
		/* One that has ended meanwhile is no trouble. */
		if (rp_my_exec(c, rp_buf_text(&sql), &gone) < 0 && rp_err_kind(gone) != RP_ERR_OBJECT)
			return rp_err_set(err, rp_err_kind(gone), "%s", rp_err_text(gone));
	}
	return 0;
}

static int drop_both(struct rp_my_conn *c, const char *name, struct rp_err **err)
{
	rp_autobuf patience = RP_BUF_INIT(256);
	rp_buf_addf(&patience, "SET SESSION lock_wait_timeout = %d", DROP_S);
	return rp_my_allow_writing(c, err) < 0 || rp_my_exec(c, rp_buf_text(&patience), err) < 0 ||
			       exec_on(c, "DROP DATABASE IF EXISTS `?`", name, err) < 0 ||
			       exec_on(c, "DROP DATABASE IF EXISTS `?" MARK "`", name, err) < 0
		       ? -1
		       : 0;
}

int rp_my_drop(struct rp_conn *conn, const char *name, struct rp_err **err)
{
	struct rp_my_conn *c = rp_my_of(conn);
	int there = check_mark(c, name, err);
	if (there != 0)
		return there < 0 ? -1 : 0;
	if (end_sessions(c, name, err) < 0 || drop_both(c, name, err) < 0)
		return rp_err_wrap(err, "drop database '%s'", name);
	return 0;
}

/* Without its companion it is the user's. */
int rp_my_keep(struct rp_conn *conn, const char *name, struct rp_err **err)
{
	struct rp_my_conn *c = rp_my_of(conn);
	int there = check_mark(c, name, err);
	if (there != 0)
		return there < 0 ? -1 : rp_err_set(err, RP_ERR_ENGINE, "there is no database '%s'", name);
	return rp_my_allow_writing(c, err) < 0 || exec_on(c, "DROP DATABASE `?" MARK "`", name, err) < 0 ? -1
													 : 0;
}

/* Locked as its maker would, so that nobody claims or removes it at the same time; a session in it belongs to
 * somebody who is still at work. 1: removed. */
static int reap_one(struct rp_my_conn *c, const char *name, struct rp_err **err)
{
	uint64_t free = 0, sessions = 0;
	if (number_of(c, "SELECT COALESCE(GET_LOCK(?, 0), 0)", name, &free, err) < 0)
		return -1;
	if (free == 0)
		return 0;
	int r = number_of(c, "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = ?", name,
			  &sessions, err);
	if (r == 0 && sessions == 0) {
		int there = check_mark(c, name, err);
		r = there == 0 ? (drop_both(c, name, err) < 0 ? -1 : 1) : there < 0 ? -1 : 0;
	}
	uint64_t done = 0;
	return number_of(c, "SELECT RELEASE_LOCK(?)", name, &done, r < 0 ? NULL : err) < 0 ? -1 : r;
}

int rp_my_reap(struct rp_conn *conn, unsigned *ret_removed, struct rp_err **err)
{
	struct rp_my_conn *c = rp_my_of(conn);
	rp_autorows *r = NULL;
	if (rp_my_query(c,
			"SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME REGEXP " FORM,
			&r, err) < 0)
		return -1;
	int result = 0;
	for (MYSQL_ROW row; (row = mysql_fetch_row(r)) != NULL;) {
		char name[sizeof PREFIX + DIGITS] = "";
		rp_autoerr struct rp_err *one = NULL;
		if (row[0] == NULL || strlen(row[0]) != sizeof name - 1 + sizeof MARK - 1)
			continue;
		memcpy(name, row[0], sizeof name - 1);
		int done = is_our_name(name) ? reap_one(c, name, &one) : 0;
		*ret_removed += done > 0;
		/* What is not ours after all is left alone without a word. */
		if (done < 0 && rp_err_kind(one) != RP_ERR_USAGE && result == 0)
			result = rp_err_set(err, rp_err_kind(one), "%s", rp_err_text(one));
	}
	return result;
}
