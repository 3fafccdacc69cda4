/* SPDX-License-Identifier: MIT */
#include "tests/server/scratch_lib.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/engine/mysql/catalog.h"
#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/hosting.h"
#include "verifier/survey/survey.h"

/* A private server of MariaDB's or MySQL's: how it comes up, what it refuses before, what its tools do. */

static void a_private_server_comes_up_and_goes(void **state)
{
	struct rp_scratch_wish wish = wish_in(*state);
	int64_t began = rp_run_clock_ms();
	struct rp_scratch *s = started(&wish);
	(void)printf("# %s, %s: up after %lld ms\n", s->place.with.version, s->box,
		     (long long)(rp_run_clock_ms() - began));
	assert_int_equal(strncmp(s->dir, wish.under, strlen(wish.under)), 0);
	assert_true(s->faithful);
	assert_non_null(s->box);
	static const char *const settings[][2] = {
		{"SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()", "0"},
		{"SELECT @@skip_networking", "1"},
		{"SELECT @@event_scheduler IN ('OFF', 'DISABLED')", "1"},
		{"SELECT @@local_infile", "0"},
		{"SELECT @@innodb_doublewrite IN ('0', 'OFF')", "1"},
		{"SELECT @@log_bin", "0"},
		{"SELECT COUNT(*) FROM mysql.user WHERE User IN ('', 'root')", "0"},
	};
	for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
		assert_asked(s->uri, settings[i][0], settings[i][1]);
	struct stat st;
	assert_int_equal(stat(s->place.data, &st), 0);
	assert_int_not_equal(st.st_uid, 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	removed(s);
}

static void a_tool_gets_its_input_and_is_heard(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = started(&wish);
	rp_autobuf said = RP_BUF_INIT(4096);
	ok(fed(s, "CREATE TABLE t (x INT);\nINSERT INTO t VALUES (1), (2);\nSELECT 'done';\n", &said, &err),
	   err);
	assert_string_equal(rp_buf_text(&said), "done\n");
	assert_asked(s->uri, "SELECT SUM(x) FROM t", "3");
	removed(s);
}

static void starting_again_keeps_what_was_restored(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = started(&wish);
	rp_autobuf said = RP_BUF_INIT(4096);
	ok(fed(s, "CREATE TABLE t SELECT 7 AS x;\n", &said, &err), err);
	ok(rp_scratch_start(s, &err), err);
	assert_asked(s->uri, "SELECT x FROM t", "7");
	removed(s);
}

static void a_crashed_server_is_told_with_its_log(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = started(&wish);
	assert_int_equal(kill(s->hosted->proc.pid, SIGKILL), 0);
	struct pollfd ended = {.fd = s->hosted->proc.pidfd, .events = POLLIN};
	assert_int_equal(poll(&ended, 1, 5000), 1);
	rp_autobuf said = RP_BUF_INIT(4096);
	assert_int_equal(fed(s, "SELECT 1;\n", &said, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_ENGINE);
	assert_non_null(strstr(rp_err_text(err), "killed by signal 9"));
	removed(s);
}

static void whose_fault_a_failure_is_stands_in_the_first_complaint(void **state)
{
	static const struct {
		const char *sql;
		enum rp_err_kind kind;
		const char *text, *hint;
	} cases[] = {
		{"SELEC 1;", RP_ERR_BACKUP, "syntax", NULL},
		{"CREATE TABLE c (x TEXT) COLLATE klingon_ci;", RP_ERR_ENGINE, "klingon_ci", "collation"},
		{"CREATE TABLE e (x INT) ENGINE = ROCKSDB;", RP_ERR_ENGINE, "ROCKSDB", "plugin"},
		{"SELECT * FROM nowhere;", RP_ERR_BACKUP, "doesn't exist", NULL},
		{"SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'ERROR 1273 (HY000)';", RP_ERR_BACKUP, "1644",
		 NULL},
		{"INSERT INTO t VALUES (1);", RP_ERR_BACKUP, "Duplicate", NULL},
	};
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = started(&wish);
	rp_autoerr struct rp_err *none = NULL;
	rp_autobuf first = RP_BUF_INIT(4096);
	ok(fed(s, "CREATE TABLE t (x INT PRIMARY KEY);\nINSERT INTO t VALUES (1);\n", &first, &none), none);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rp_autoerr struct rp_err *err = NULL;
		rp_autobuf said = RP_BUF_INIT(4096);
		assert_int_equal(fed(s, cases[i].sql, &said, &err), -1);
		if (rp_err_kind(err) != cases[i].kind || strstr(rp_err_text(err), cases[i].text) == NULL)
			fail_msg("%s: %d: %s", cases[i].sql, (int)rp_err_kind(err), rp_err_text(err));
		if (cases[i].hint != NULL)
			assert_non_null(strstr(rp_err_hint_text(err), cases[i].hint));
		else
			assert_null(rp_err_hint_text(err));
	}
	removed(s);
}

/* It makes all that a dump has, as whoever it was, and nothing more. */
static void what_restores_has_rights_to_its_database_alone(void **state)
{
	static const char *const let[] = {
		"CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, x INT);",
		"INSERT INTO t (x) VALUES (1), (2);",
		"CREATE DEFINER = `app`@`10.0.0.%` SQL SECURITY DEFINER VIEW v AS SELECT x FROM t;",
		"CREATE DEFINER = `app`@`10.0.0.%` FUNCTION f() RETURNS INT DETERMINISTIC READS SQL DATA RETURN 7;",
		"CREATE DEFINER = `app`@`10.0.0.%` TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.x = 3;",
		"CREATE DEFINER = `app`@`10.0.0.%` EVENT e ON SCHEDULE EVERY 1 SECOND DO DELETE FROM t;",
		"ALTER TABLE t DISABLE KEYS;",
		"LOCK TABLES t WRITE;",
	};
	static const char *const refused[] = {
		"SET GLOBAL event_scheduler = ON;",
		"SET GLOBAL local_infile = ON;",
		"SET GLOBAL general_log = ON;",
		"SHUTDOWN;",
		"CREATE DATABASE other;",
		"USE mysql;",
		"CREATE USER mallory;",
		"GRANT SELECT ON *.* TO reprove_asker@localhost;",
		"SELECT 1 INTO OUTFILE 'x';",
		"INSTALL PLUGIN blackhole SONAME 'ha_blackhole.so';",
		"LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t;",
	};
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = started(&wish);
	for (size_t i = 0; i < sizeof let / sizeof let[0]; i++) {
		rp_autoerr struct rp_err *err = NULL;
		rp_autobuf said = RP_BUF_INIT(4096);
		if (fed(s, let[i], &said, &err) < 0)
			fail_msg("%s: %s", let[i], rp_err_text(err));
	}
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		rp_autoerr struct rp_err *err = NULL;
		rp_autobuf said = RP_BUF_INIT(4096);
		if (fed(s, refused[i], &said, &err) == 0)
			fail_msg("was let: %s", refused[i]);
	}
	assert_asked(s->uri, "SELECT COUNT(*) FROM information_schema.EVENTS WHERE DEFINER = 'app@10.0.0.%'",
		     "1");
	sleep(2);
	assert_asked(s->uri, "SELECT COUNT(*) FROM t", "2");
	removed(s);
}

static void a_persons_option_files_do_not_speak(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	(void)setenv("MYSQL_PWD", "secret", 1);
	(void)setenv("MYSQL_UNIX_PORT", "/nonexistent", 1);
	(void)setenv("MYSQL_HOST", "203.0.113.1", 1);
	struct rp_scratch *s = started(&wish);
	rp_autobuf said = RP_BUF_INIT(4096);
	ok(fed(s, "SELECT CURRENT_USER(), DATABASE();\n", &said, &err), err);
	(void)unsetenv("MYSQL_PWD");
	(void)unsetenv("MYSQL_UNIX_PORT");
	(void)unsetenv("MYSQL_HOST");
	assert_non_null(strstr(rp_buf_text(&said), RP_MY_RESTORER "@localhost\treprove_"));
	removed(s);
}

static void sealed_definers_and_defaults_are_there(void **state)
{
	struct rp_fact defaults[] = {{"character set", "latin1"}, {"collation", "latin1_german1_ci"}};
	struct rp_fact by_app[] = {{"owner", "app@10.0.0.%"}};
	struct rp_fact by_odd[] = {{"owner", "o'd`d@x@localhost"}};
	struct rp_fact by_role[] = {{"owner", "clerk@"}};
	struct rp_object all[] = {
		{.kind = "database", .name = "defaults", .definition = "", .facts = defaults, .n_facts = 2},
		{.kind = "event", .name = "e", .definition = "", .facts = by_role, .n_facts = 1},
		{.kind = "view", .name = "v", .definition = "", .facts = by_app, .n_facts = 1},
		{.kind = "view", .name = "w", .definition = "", .facts = by_odd, .n_facts = 1},
		{.kind = "view", .name = "x", .definition = "", .facts = by_app, .n_facts = 1},
	};
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf said = RP_BUF_INIT(4096);
	rp_auto(rp_survey) sealed = survey_with(all, 5);
	struct rp_scratch_wish wish = wish_in(*state);
	wish.sealed = sealed;
	struct rp_scratch *s = started(&wish);
	/* Its name stands in definitions. */
	assert_asked(s->uri, "SELECT DATABASE()", "shop");
	assert_asked(
		s->uri,
		"SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'shop'",
		"latin1_german1_ci");
	assert_asked(
		s->uri,
		"SELECT GROUP_CONCAT(CONCAT(User, ' at ', Host) ORDER BY User SEPARATOR ', ') FROM mysql.user WHERE User IN"
		" ('app', 'clerk', 'o''d`d@x')",
		strstr(s->place.with.version, "MariaDB") != NULL
			? "app at 10.0.0.%, clerk at , o'd`d@x at localhost"
			: "app at 10.0.0.%, clerk at %, o'd`d@x at localhost");
	ok(fed(s,
	       "CREATE TABLE t SELECT 5 AS x;\nCREATE DEFINER = `app`@`10.0.0.%` SQL SECURITY DEFINER VIEW v AS"
	       " SELECT x FROM shop.t;\nSELECT x FROM v;\n",
	       &said, &err),
	   err);
	assert_string_equal(rp_buf_text(&said), "5\n");
	removed(s);
}

static void without_a_manifest_definers_are_made_when_they_are_known(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf said = RP_BUF_INIT(4096);
	struct rp_scratch_wish wish = wish_in(*state);
	const struct rp_identity like = {
		.engine = "mysql", .version = sealed_as.version, .database = "da`t_a"};
	wish.like = &like;
	struct rp_scratch *s = started(&wish);
	assert_asked(s->uri, "SELECT DATABASE()", "da`t_a");
	ok(fed(s,
	       "CREATE TABLE t SELECT 5 AS x;\nCREATE DEFINER = `app`@`10.0.0.%` SQL SECURITY DEFINER VIEW v AS"
	       " SELECT x FROM t;\n",
	       &said, &err),
	   err);
	assert_int_equal(fed(s, "SELECT x FROM v;\n", &said, NULL), -1);
	ok(rp_scratch_furnish(s, &err), err);
	rp_buf_reset(&said);
	ok(fed(s, "SELECT x FROM v;\n", &said, &err), err);
	assert_string_equal(rp_buf_text(&said), "5\n");
	removed(s);
}

static void names_of_tables_are_told_apart_as_they_were(void **state)
{
	struct rp_fact facts[] = {{RP_MY_FACT_CASE, "1"}};
	struct rp_object o = {
		.kind = "database", .name = "server", .definition = "", .facts = facts, .n_facts = 1};
	rp_auto(rp_survey) sealed = survey_with(&o, 1);
	struct rp_scratch_wish wish = wish_in(*state);
	wish.sealed = sealed;
	struct rp_scratch *s = started(&wish);
	assert_asked(s->uri, "SELECT @@lower_case_table_names", "1");
	removed(s);
}

static void refused_for(void **state, const struct rp_object *o, enum rp_err_kind kind, const char *text,
			const char *hint)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	rp_auto(rp_survey) sealed = survey_with(o, 1);
	wish.sealed = sealed;
	struct rp_scratch *s = made(&wish);
	assert_int_equal(rp_scratch_start(s, &err), -1);
	assert_int_equal(rp_err_kind(err), kind);
	assert_null(s->uri);
	if (strstr(rp_err_text(err), text) == NULL)
		fail_msg("%s", rp_err_text(err));
	if (hint != NULL && (rp_err_hint_text(err) == NULL || strstr(rp_err_hint_text(err), hint) == NULL))
		fail_msg("hint: %s", rp_err_hint_text(err));
	removed(s);
}

static void what_the_server_does_not_know_is_told_before_anything_is_restored(void **state)
{
	struct rp_fact collation[] = {{"collation", "klingon_ci"}};
	struct rp_fact engine_[] = {{"engine", "ROCKSDB"}};
	struct rp_object table = {
		.kind = "table", .name = "t", .definition = "", .facts = collation, .n_facts = 1};
	refused_for(state, &table, RP_ERR_ENGINE, "collation klingon_ci", "version or vendor");
	table.facts = engine_;
	refused_for(state, &table, RP_ERR_ENGINE, "storage engine ROCKSDB", "plugin");
}

/* Where the vendor's own file is installed. */
static void what_tables_and_columns_cannot_do_without_is_brought(void **state)
{
	struct rp_fact facts[] = {{"engine", "ARCHIVE"}};
	struct rp_object all[] = {
		{.kind = "table", .name = "t", .definition = "", .facts = facts, .n_facts = 1},
		{.kind = "view", .name = "v", .definition = "select md5(`t`.`y`) AS `x` from `t`"},
	};
	rp_auto(rp_survey) sealed = survey_with(all, 2);
	struct rp_scratch_wish wish = wish_in(*state);
	wish.sealed = sealed;
	struct rp_scratch *s = made(&wish);
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf said = RP_BUF_INIT(4096);
	if (rp_scratch_start(s, &err) < 0) {
		assert_non_null(strstr(rp_err_text(err), "storage engine ARCHIVE"));
		(void)printf("# ARCHIVE is not installed here\n");
	} else {
		ok(fed(s,
		       "CREATE TABLE t (y INT) ENGINE = ARCHIVE;\nINSERT INTO t VALUES (1);\n"
		       "CREATE VIEW v AS SELECT MD5(CONCAT(y)) AS x FROM t;\n"
		       "SELECT y, x FROM t, v;\n",
		       &said, &err),
		   err);
		assert_string_equal(rp_buf_text(&said), "1\tc4ca4238a0b923820dcc509a6f75849b\n");
	}
	removed(s);
}

static void a_definer_with_the_name_of_our_own_account_is_a_forgery(void **state)
{
	struct rp_fact facts[] = {{"owner", RP_MY_RESTORER "@localhost"}};
	struct rp_object view = {.kind = "view", .name = "v", .definition = "", .facts = facts, .n_facts = 1};
	refused_for(state, &view, RP_ERR_TRUST, "account of the scratch server's own", NULL);
}

static void no_installation_is_told_with_its_package(void **state)
{
	static const char *const cases[][2] = {{"99.1.1-MariaDB", "'mariadb-server-core'"},
					       {"99.1.1", "'mysql-server'"}};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rp_autoerr struct rp_err *err = NULL;
		struct rp_installation found = {0};
		struct rp_identity sealed = {.version = cases[i][0]};
		assert_int_equal(engine->hosting->choose(&found, &sealed, &err), -1);
		assert_int_equal(rp_err_kind(err), RP_ERR_ENGINE);
		assert_non_null(strstr(rp_err_text(err), "99.1 or newer"));
		assert_non_null(strstr(rp_err_hint_text(err), cases[i][1]));
	}
}

static int all(const char *name)
{
	const struct CMUnitTest tests[] = {
		T(a_private_server_comes_up_and_goes),
		T(a_tool_gets_its_input_and_is_heard),
		T(starting_again_keeps_what_was_restored),
		T(a_crashed_server_is_told_with_its_log),
		T(whose_fault_a_failure_is_stands_in_the_first_complaint),
		T(what_restores_has_rights_to_its_database_alone),
		T(a_persons_option_files_do_not_speak),
		T(sealed_definers_and_defaults_are_there),
		T(without_a_manifest_definers_are_made_when_they_are_known),
		T(names_of_tables_are_told_apart_as_they_were),
		T(what_the_server_does_not_know_is_told_before_anything_is_restored),
		T(what_tables_and_columns_cannot_do_without_is_brought),
		T(a_definer_with_the_name_of_our_own_account_is_a_forgery),
		T(no_installation_is_told_with_its_package),
	};
	return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}

int main(void)
{
	return run_all(all);
}
