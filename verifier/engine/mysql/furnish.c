/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/hosting.h"
#include "verifier/survey/survey.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"

/* Accounts of a private server: those that this program has use for, and those that the backup has.
 *
 * A dump takes accounts for granted: views, routines, triggers and events run as those that defined them, and it makes
 * none. They are made here, locked: nobody logs in as one of them. */

#define rp_autoargv rp_cleanup(rp_argv_done) struct rp_argv

/* What a definer may need for what runs as it, in the one database and nowhere else. */
#define OF_A_DEFINER "SELECT, INSERT, UPDATE, DELETE, EXECUTE, CREATE TEMPORARY TABLES, SHOW VIEW, TRIGGER"
#define OF_AN_ASKER  "SELECT, EXECUTE, SHOW VIEW"

#define SYSTEM "'mysql', 'sys', 'information_schema', 'performance_schema'"

static int exec_buf(struct rp_my_conn *c, const struct rp_buf *sql, struct rp_err **err)
{
	return rp_buf_check(sql, err) < 0 ? -1 : rp_my_exec(c, rp_buf_text(sql), err);
}

/* The database that was claimed: a private server has no other. As GRANT wants it: "_" and "%" would be wildcards. */
static int add_claimed(struct rp_my_conn *c, struct rp_buf *sql, struct rp_err **err)
{
	rp_autofree char *name = NULL;
	rp_autobuf pattern = RP_BUF_INIT(1024);
	if (rp_my_value(
		    c,
		    "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN (" SYSTEM
		    ")",
		    &name, err) < 0)
		return -1;
	if (name == NULL)
		return rp_err_set(err, RP_ERR_ENGINE, "the database of the scratch is not there");
	for (const char *p = name; *p != '\0'; p++)
		rp_buf_addf(&pattern, *p == '_' || *p == '%' ? "\\%c" : "%c", *p);
	rp_my_add_name(sql, rp_buf_text(&pattern));
	rp_buf_add(sql, ".*");
	return rp_buf_check(&pattern, err);
}

/* "user@host", as catalogues write it; a role has no host. */
static int add_account(struct rp_buf *sql, const char *account, struct rp_err **err)
{
	const char *at = strrchr(account, '@');
	rp_autofree char *user = at != NULL ? strndup(account, (size_t)(at - account)) : strdup(account);
	if (user == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	rp_my_add_name(sql, user);
	if (at != NULL && at[1] != '\0') {
		rp_buf_add(sql, "@");
		rp_my_add_name(sql, at + 1);
	}
	return 0;
}

static bool is_role(const char *account)
{
	const char *at = strrchr(account, '@');
	return at == NULL || at[1] == '\0';
}

static int make(struct rp_my_conn *c, const char *account, const char *how, const char *rights,
		struct rp_err **err)
{
	rp_autobuf sql = RP_BUF_INIT(8 << 10);
	rp_autobuf grant = RP_BUF_INIT(8 << 10);
	rp_buf_addf(&sql, "CREATE %s IF NOT EXISTS ", is_role(account) ? "ROLE" : "USER");
	rp_buf_addf(&grant, "GRANT %s ON ", rights);
	if (add_account(&sql, account, err) < 0 || add_claimed(c, &grant, err) < 0)
		return -1;
	rp_buf_add(&sql, is_role(account) ? "" : how);
	rp_buf_add(&grant, " TO ");
	if (add_account(&grant, account, err) < 0 || exec_buf(c, &sql, err) < 0 ||
	    exec_buf(c, &grant, err) < 0)
		return rp_err_wrap(err, "make account '%s'", account);
	return 0;
}

/* Ours have names that no honest server knows. */
static bool is_ours(struct rp_my_conn *c, const char *account)
{
	rp_autofree char *user = NULL;
	if (strcmp(account, RP_MY_ASKER "@localhost") == 0 ||
	    strcmp(account, RP_MY_RESTORER "@localhost") == 0)
		return true;
	return rp_my_value(c, "SELECT CURRENT_USER()", &user, NULL) < 0 || user == NULL ||
	       strcmp(user, account) == 0;
}

static bool is_among(const struct rp_argv *made, const char *account)
{
	for (size_t i = 0; i < made->n; i++)
		if (strcmp(made->v[i], account) == 0)
			return true;
	return false;
}

static int make_definer(struct rp_my_conn *c, const char *account, struct rp_argv *made, struct rp_err **err)
{
	if (account == NULL || account[0] == '\0' || is_among(made, account))
		return 0;
	if (make(c, account, " ACCOUNT LOCK", OF_A_DEFINER, err) < 0)
		return -1;
	rp_argv_add(made, account);
	return made->failed ? rp_err_set(err, RP_ERR_NOMEM, "out of memory") : 0;
}

static int make_sealed(struct rp_my_conn *c, const struct rp_survey *sealed, struct rp_err **err)
{
	rp_autoargv made = {0};
	for (size_t i = 0; i < sealed->n_objects; i++) {
		const char *owner = rp_object_fact(&sealed->objects[i], RP_FACT_OWNER);
		if (owner != NULL && is_ours(c, owner))
			return rp_err_set(err, RP_ERR_TRUST,
					  "the manifest names an account of the scratch server's own");
		if (make_definer(c, owner, &made, err) < 0)
			return -1;
	}
	return 0;
}

/* Without a manifest, those that the restored database itself names: none as long as it is empty. */
static int make_restored(struct rp_my_conn *c, struct rp_err **err)
{
	static const char *const all[][2] = {{"VIEWS", "TABLE_SCHEMA"},
					     {"ROUTINES", "ROUTINE_SCHEMA"},
					     {"TRIGGERS", "TRIGGER_SCHEMA"},
					     {"EVENTS", "EVENT_SCHEMA"}};
	rp_autoargv made = {0};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		rp_autobuf sql = RP_BUF_INIT(1024);
		rp_autorows *r = NULL;
		rp_buf_addf(&sql,
			    "SELECT DISTINCT DEFINER FROM information_schema.%s WHERE %s NOT IN (" SYSTEM ")",
			    all[i][0], all[i][1]);
		if (rp_buf_check(&sql, err) < 0 || rp_my_query(c, rp_buf_text(&sql), &r, err) < 0)
			return -1;
		for (MYSQL_ROW row; (row = mysql_fetch_row(r)) != NULL;)
			if (row[0] != NULL && !is_ours(c, row[0]) && make_definer(c, row[0], &made, err) < 0)
				return -1;
	}
	return 0;
}

/* To say whom a view runs as, each vendor and version has a right of its own. */
static const char *right_to_define(const struct rp_my_traits *is)
{
	if (is->vendor == RP_MARIADB)
		return "SET USER";
	return is->version >= 80200 ? "SET_ANY_DEFINER, ALLOW_NONEXISTENT_DEFINER" : "SET_USER_ID";
}

static int make_restorer(struct rp_my_conn *c, struct rp_err **err)
{
	rp_autobuf sql = RP_BUF_INIT(1024);
	rp_buf_addf(&sql, "GRANT %s ON *.* TO '" RP_MY_RESTORER "'@'localhost'", right_to_define(&c->is));
	return make(c, RP_MY_RESTORER "@localhost", " IDENTIFIED BY ''", "ALL PRIVILEGES", err) < 0
		       ? -1
		       : exec_buf(c, &sql, err);
}

int rp_my_furnish(struct rp_conn *conn, const struct rp_survey *sealed, struct rp_err **err)
{
	struct rp_my_conn *c = rp_my_of(conn);
	if (rp_my_allow_writing(c, err) < 0 ||
	    make(c, RP_MY_ASKER "@localhost", " IDENTIFIED BY ''", OF_AN_ASKER, err) < 0 ||
	    make_restorer(c, err) < 0)
		return -1;
	if (sealed == NULL)
		return make_restored(c, err);
	rp_my_plugins_install(c, sealed);
	return make_sealed(c, sealed, err);
}
