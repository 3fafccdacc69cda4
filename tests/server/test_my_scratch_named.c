/* SPDX-License-Identifier: MIT */
#include "tests/server/scratch_lib.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/hosting.h"
#include "verifier/survey/survey.h"
#include "verifier/util/fd.h"

/* A database on a server of the user's own; here that server is another scratch. */

#define SECRET "a\"b\\c#d' e"

/* As the server's own superuser. */
static void at_host(const struct rp_scratch *host, const char *sql)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_cleanup(rp_my_conn_freep) struct rp_my_conn *c = NULL;
	rp_autobuf uri = RP_BUF_INIT(4096);
	ok(rp_my_uri(&host->place, NULL, &uri, &err), err);
	const struct rp_my_login how = {.uri = rp_buf_text(&uri)};
	ok(rp_my_log_in(&c, &how, &run, &err), err);
	ok(rp_my_allow_writing(c, &err), err);
	ok(rp_my_exec(c, sql, &err), err);
}

/* A login with a password, which an option file has. */
static char *server_uri(const struct rp_scratch *host, const char *base)
{
	rp_autoerr struct rp_err *err = NULL;
	static const char options[] = "[client]\npassword = \"a\\\"b\\\\c#d' e\"\n";
	char *path = NULL, *uri = NULL;
	assert_true(asprintf(&path, "%s/my.cnf", base) > 0);
	ok(rp_file_replace(path, options, sizeof options - 1, 0600, &err), err);
	assert_true(asprintf(&uri, "mysql://tester@localhost/?socket=%s/" RP_MY_SOCKET "&defaults-file=%s",
			     host->place.socket, path) > 0);
	free(path);
	return uri;
}

static struct rp_scratch *host_with_tester(const struct rp_scratch_wish *wish)
{
	struct rp_scratch *host = started(wish);
	/* Its own is called as if it were one of ours here. */
	char drop[200];
	(void)snprintf(drop, sizeof drop, "DROP DATABASE %s", host->database);
	at_host(host, drop);
	at_host(host, "CREATE USER tester@localhost IDENTIFIED BY 'a\"b\\\\c#d'' e'");
	at_host(host, "GRANT ALL ON `reprove\\_%`.* TO tester@localhost");
	return host;
}

static void done(struct rp_scratch *host, char *uri, const char *base)
{
	char path[4096];
	(void)snprintf(path, sizeof path, "%s/my.cnf", base);
	(void)unlink(path);
	free(uri);
	removed(host);
}

#define OURS                                                                                                 \
	"SELECT COALESCE(GROUP_CONCAT(SCHEMA_NAME ORDER BY SCHEMA_NAME SEPARATOR ' '), 'none') FROM"         \
	" information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE 'reprove\\\\_%'"

static void a_database_on_a_named_server_comes_and_goes(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *host = host_with_tester(&wish);
	at_host(host, "CREATE DATABASE reprove_0123456789abcdef");
	char *uri = server_uri(host, *state);
	char *before = asked_at(uri, OURS);
	wish.server = uri;
	struct rp_scratch *s = started(&wish);
	assert_false(s->faithful);
	assert_non_null(s->lacks);
	assert_asked(s->uri, "SELECT DATABASE()", s->database);
	rp_autobuf said = RP_BUF_INIT(4096);
	/* Somebody else's run, on the same server at the same time, sees it and leaves it alone. */
	struct rp_scratch *second = started(&wish);
	ok(fed(s, "CREATE TABLE t SELECT 1 AS x;\nSELECT CURRENT_USER();\n", &said, &err), err);
	assert_string_equal(rp_buf_text(&said), "tester@localhost\n");
	assert_int_equal(fed(s, "CREATE DEFINER = other@localhost VIEW v AS SELECT 1;\n", &said, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_ENGINE);
	assert_asked(s->uri, "SELECT x FROM t", "1");
	removed(second);
	removed(s);
	assert_asked(uri, OURS, before);
	assert_non_null(strstr(before, "reprove_0123456789abcdef"));
	free(before);
	done(host, uri, *state);
}

static void a_login_with_more_rights_is_refused(void **state)
{
	static const char *const grants[][2] = {
		{"GRANT SELECT ON *.* TO tester@localhost", "REVOKE SELECT ON *.* FROM tester@localhost"},
		{"GRANT FILE ON *.* TO tester@localhost", "REVOKE FILE ON *.* FROM tester@localhost"},
		{"GRANT INSERT ON shop.* TO tester@localhost",
		 "REVOKE INSERT ON shop.* FROM tester@localhost"},
		{"GRANT ALL ON `reprove\\_%`.* TO tester@localhost WITH GRANT OPTION", NULL},
	};
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *host = host_with_tester(&wish);
	at_host(host, "CREATE DATABASE shop");
	char *uri = server_uri(host, *state);
	for (size_t i = 0; i < sizeof grants / sizeof grants[0]; i++) {
		rp_autoerr struct rp_err *err = NULL;
		struct rp_scratch *s = NULL;
		wish.server = uri;
		at_host(host, grants[i][0]);
		if (grants[i][1] == NULL) { /* to pass on what one has is no danger to others */
			removed(made(&wish));
			break;
		}
		assert_int_equal(rp_scratch_make(&s, &wish, &run, &err), -1);
		assert_int_equal(rp_err_kind(err), RP_ERR_USAGE);
		assert_non_null(strstr(rp_err_text(err), "more rights"));
		assert_null(strstr(rp_err_text(err), "PASSWORD"));
		at_host(host, grants[i][1]);
	}
	done(host, uri, *state);
}

static void the_source_is_no_scratch(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *host = host_with_tester(&wish);
	char *uri = server_uri(host, *state);
	struct rp_conn *c = NULL;
	struct rp_identity who = {0};
	struct rp_position at = {0};
	struct rp_scratch *s = NULL;
	rp_auto(rp_survey) sealed = NULL;
	ok(engine->connect(&c, uri, &run, &err), err);
	ok(engine->identify(c, &who, &at, &err), err);
	who.database = "x";
	ok(rp_survey_new(&sealed, &err), err);
	ok(rp_survey_identify(sealed, &who, &at, &err), err);
	ok(rp_survey_finish(sealed, &err), err);
	engine->close(c);
	wish.sealed = sealed;
	wish.server = uri;
	assert_int_equal(rp_scratch_make(&s, &wish, &run, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_USAGE);
	assert_non_null(strstr(rp_err_text(err), "sealed"));
	done(host, uri, *state);
}

static void databases_of_dead_runs_are_reaped_and_no_others(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *host = host_with_tester(&wish);
	char *uri = server_uri(host, *state);
	pid_t pid = fork();
	if (pid == 0) {
		wish.server = uri;
		struct rp_scratch *s = NULL;
		if (rp_scratch_make(&s, &wish, &run, NULL) < 0 || rp_scratch_start(s, NULL) < 0)
			_exit(1);
		(void)raise(SIGKILL);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	/* Cut short before its mark was whole; somebody else's; one whose mark says something else. */
	at_host(host, "CREATE DATABASE reprove_00000000deadbeef_mark");
	at_host(host, "CREATE DATABASE reprove_00000000deadbabe");
	at_host(host, "CREATE DATABASE reprove_00000000deadcafe");
	at_host(host, "CREATE DATABASE reprove_00000000deadcafe_mark");
	at_host(host, "CREATE TABLE reprove_00000000deadcafe_mark.precious (x INT)");
	wish.server = uri;
	struct rp_scratch *s = NULL;
	/* The dead one's session needs a moment to be noticed. */
	for (int i = 0; i < 50; i++) {
		char *n = asked_at(uri, "SELECT COUNT(*) FROM information_schema.PROCESSLIST");
		bool none = strcmp(n, "1") == 0;
		free(n);
		if (none)
			break;
		usleep(100000);
	}
	ok(rp_scratch_make(&s, &wish, &run, &err), err);
	assert_asked(uri, OURS,
		     "reprove_00000000deadbabe reprove_00000000deadcafe reprove_00000000deadcafe_mark");
	removed(s);
	done(host, uri, *state);
}

static void what_bears_no_mark_is_not_dropped(void **state)
{
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *host = host_with_tester(&wish);
	at_host(host, "CREATE DATABASE reprove_00000000deadbabe");
	char *uri = server_uri(host, *state);
	static const char *const names[] = {"reprove_00000000deadbabe", "shop", "mysql"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		rp_autoerr struct rp_err *err = NULL;
		struct rp_conn *c = NULL;
		ok(engine->connect(&c, uri, &run, &err), err);
		assert_int_equal(engine->hosting->drop(c, names[i], &err), -1);
		assert_int_equal(rp_err_kind(err), RP_ERR_USAGE);
		engine->close(c);
	}
	done(host, uri, *state);
}

static void a_kept_database_stays(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *host = host_with_tester(&wish);
	char *uri = server_uri(host, *state);
	wish.server = uri;
	wish.keep = true;
	struct rp_scratch *s = started(&wish);
	ok(rp_scratch_remove(s, &err), err);
	assert_non_null(strstr(s->how_to_connect, s->database));
	assert_null(strstr(s->how_to_connect, SECRET));
	wish.keep = false;
	removed(started(&wish));
	assert_asked(uri, OURS, s->database);
	rp_scratch_free(s);
	done(host, uri, *state);
}

static int all(const char *name)
{
	const struct CMUnitTest tests[] = {
		T(a_database_on_a_named_server_comes_and_goes),
		T(a_login_with_more_rights_is_refused),
		T(the_source_is_no_scratch),
		T(databases_of_dead_runs_are_reaped_and_no_others),
		T(what_bears_no_mark_is_not_dropped),
		T(a_kept_database_stays),
	};
	return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}

int main(void)
{
	return run_all(all);
}
