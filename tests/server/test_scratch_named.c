/* SPDX-License-Identifier: MIT */
#include "tests/server/scratch_lib.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "verifier/survey/survey.h"
#include "verifier/util/fd.h"

/* A database on a server of the user's own; here that server is another scratch. */

static char *server_uri(const struct rp_scratch *host, const char *user)
{
	char *uri = NULL;
	assert_true(asprintf(&uri, "postgresql:///postgres?host=%s&user=%s&port=5432", host->place.socket,
			     user) > 0);
	return uri;
}

static void at_host(struct rp_scratch *host, const char *sql)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf said = RP_BUF_INIT(4096);
	const char *const argv[] = {"psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d", "postgres",
				    "-c",   sql,   NULL};
	ok(rp_scratch_feed(host, argv, NULL, &said, &err), err);
}

static void a_database_on_a_named_server_comes_and_goes(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *host = started(&wish);
	at_host(host, "create role tester login createdb");
	at_host(host, "create database reprove_0123456789abcdef");
	at_host(host, "create database shop owner tester");
	char *uri = server_uri(host, "tester");
	wish.server = uri;
	struct rp_scratch *s = started(&wish);
	assert_false(s->faithful);
	assert_non_null(s->lacks);
	assert_asked(s->uri, "SELECT current_database()", s->database);
	const char *const argv[] = {"psql", "-Xqc", "create table public.t as select 1 as x", NULL};
	const char *const bad[] = {"psql", "-Xqc", "copy public.t to program 'true'", NULL};
	rp_autobuf said = RP_BUF_INIT(4096);
	/* Somebody else's run, on the same server at the same time, sees it and leaves it alone. */
	struct rp_scratch *second = started(&wish);
	ok(rp_scratch_feed(s, argv, NULL, &said, &err), err);
	assert_int_equal(rp_scratch_feed(s, bad, NULL, &said, &err), -1);
	assert_asked(s->uri, "SELECT x FROM public.t", "1");
	removed(second);
	removed(s);
	assert_asked(uri,
		     "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE datname IN "
		     "('reprove_0123456789abcdef', 'shop') OR datdba = (SELECT oid FROM pg_roles WHERE "
		     "rolname = 'tester')",
		     "reprove_0123456789abcdef shop");
	free(uri);
	removed(host);
}

static void a_named_server_is_refused_to_a_superuser_and_when_it_is_the_source(void **state)
{
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *host = started(&wish);
	at_host(host, "create role tester login createdb");
	char *uri = server_uri(host, host->place.admin);
	struct rp_scratch *s = NULL;
	rp_autoerr struct rp_err *err = NULL;
	wish.server = uri;
	assert_int_equal(rp_scratch_make(&s, &wish, &run, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_USAGE);
	assert_non_null(strstr(rp_err_text(err), "superuser"));
	free(uri);

	char *instance = asked_at(host->uri, "SELECT system_identifier FROM pg_control_system()");
	rp_auto(rp_survey) sealed = NULL;
	rp_autoerr struct rp_err *same = NULL;
	ok(rp_survey_new(&sealed, &same), same);
	struct rp_identity who = {
		.engine = "postgresql", .version = "13", .database = "x", .instance = instance};
	struct rp_position at = {0};
	ok(rp_survey_identify(sealed, &who, &at, &same), same);
	ok(rp_survey_finish(sealed, &same), same);
	wish.sealed = sealed;
	wish.server = uri = server_uri(host, "tester");
	assert_int_equal(rp_scratch_make(&s, &wish, &run, &same), -1);
	assert_int_equal(rp_err_kind(same), RP_ERR_USAGE);
	assert_non_null(strstr(rp_err_text(same), "that was sealed"));
	free(uri);
	free(instance);
	removed(host);
}

/* Tools are told the password that we have found, though under root they run as somebody else. */
static void tools_log_in_to_a_named_server_with_our_password(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *host = started(&wish);
	at_host(host, "create role tester login createdb password 'a:b\\c'");
	char path[4096];
	static const char rules[] = "local all tester md5\nlocal all all trust\n";
	static const char pass[] = "*:*:*:tester:a\\:b\\\\c\n";
	(void)snprintf(path, sizeof path, "%s/pg_hba.conf", host->place.settings);
	ok(rp_file_replace(path, rules, sizeof rules - 1, 0644, &err), err);
	at_host(host, "select pg_reload_conf()");
	(void)snprintf(path, sizeof path, "%s/mine", (char *)*state);
	ok(rp_file_replace(path, pass, sizeof pass - 1, 0600, &err), err);
	(void)setenv("PGPASSFILE", path, 1);
	char *uri = server_uri(host, "tester");
	wish.server = uri;
	struct rp_scratch *s = started(&wish);
	const char *const argv[] = {"psql", "-wXAtqc", "select current_user", NULL};
	rp_autobuf said = RP_BUF_INIT(4096);
	ok(rp_scratch_feed(s, argv, NULL, &said, &err), err);
	assert_string_equal(rp_buf_text(&said), "tester\n");
	removed(s);
	(void)unsetenv("PGPASSFILE");
	assert_int_equal(unlink(path), 0);
	free(uri);
	removed(host);
}

static void databases_of_dead_runs_on_a_named_server_are_reaped(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *host = started(&wish);
	at_host(host, "create role tester login createdb");
	char *uri = server_uri(host, "tester");
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
	at_host(host, "create database reprove_00000000deadbeef owner tester connection limit 20473");
	at_host(host, "create database reprove_00000000deadbabe owner tester");
	wish.server = uri;
	struct rp_scratch *s = NULL;
	/* The dead one's session needs a moment to be noticed. */
	for (int i = 0; i < 50; i++) {
		char *n = asked_at(uri, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'");
		bool none = strcmp(n, "0") == 0;
		free(n);
		if (none)
			break;
		usleep(100000);
	}
	ok(rp_scratch_make(&s, &wish, &run, &err), err);
	assert_asked(uri,
		     "SELECT string_agg(datname, ' ') FROM pg_database WHERE datname ~ '^reprove_' AND "
		     "pg_get_userbyid(datdba) = 'tester'",
		     "reprove_00000000deadbabe");
	removed(s);
	free(uri);
	removed(host);
}

static void a_kept_database_on_a_named_server_stays(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *host = started(&wish);
	at_host(host, "create role tester login createdb");
	char *uri = server_uri(host, "tester");
	wish.server = uri;
	wish.keep = true;
	struct rp_scratch *s = started(&wish);
	ok(rp_scratch_remove(s, &err), err);
	assert_non_null(strstr(s->how_to_connect, s->database));
	wish.keep = false;
	removed(started(&wish));
	assert_asked(s->uri, "SELECT current_database()", s->database);
	rp_scratch_free(s);
	free(uri);
	removed(host);
}

static int all(const char *name)
{
	const struct CMUnitTest tests[] = {
		T(a_database_on_a_named_server_comes_and_goes),
		T(a_named_server_is_refused_to_a_superuser_and_when_it_is_the_source),
		T(tools_log_in_to_a_named_server_with_our_password),
		T(databases_of_dead_runs_on_a_named_server_are_reaped),
		T(a_kept_database_on_a_named_server_stays),
	};
	return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}

int main(void)
{
	return run_all(all);
}
