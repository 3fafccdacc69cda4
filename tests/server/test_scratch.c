/* SPDX-License-Identifier: MIT */
#include "tests/server/scratch_lib.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/engine/postgres/conn.h"
#include "verifier/engine/postgres/hosting.h"
#include "verifier/survey/survey.h"
#include "verifier/util/fd.h"
#include "verifier/util/stream.h"

/* A private server: how it comes up, what it refuses before, what its tools do. */

static void a_private_server_comes_up_and_goes(void **state)
{
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = started(&wish);
	assert_int_equal(strncmp(s->dir, wish.under, strlen(wish.under)), 0);
	assert_true(s->faithful);
	assert_non_null(s->box);
	assert_asked(s->uri, "SELECT count(*) FROM pg_class WHERE oid >= 16384", "0");
	assert_asked(s->uri, "SELECT current_setting('cluster_name')", s->place.name);
	assert_asked(s->uri, "SELECT current_setting('listen_addresses')", "");
	assert_asked(s->uri, "SELECT current_setting('fsync')", "off");
	assert_asked(s->uri, "SELECT current_setting('data_checksums')", "on");
	assert_asked(s->uri, "SELECT count(*) FROM pg_roles WHERE rolname = 'postgres'", "0");
	struct stat st;
	assert_int_equal(stat(s->place.data, &st), 0);
	assert_int_not_equal(st.st_uid, 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	/* Whoever takes over the server cannot write whom the next run is to kill. */
	assert_int_equal(stat(s->dir, &st), 0);
	assert_int_equal(st.st_uid, geteuid());
	assert_int_equal(st.st_mode & 07, 0);
	removed(s);
}

static void removing_twice_and_half_made_ones_is_fine(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = made(&wish);
	ok(rp_scratch_remove(s, &err), err);
	ok(rp_scratch_remove(s, &err), err);
	rp_scratch_free(s);
	rp_scratch_free(NULL);
}

static void starting_again_keeps_what_was_restored(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = started(&wish);
	const char *const argv[] = {"psql", "-Xqc", "create table public.t as select 7 as x", NULL};
	rp_autobuf said = RP_BUF_INIT(4096);
	ok(rp_scratch_feed(s, argv, NULL, &said, &err), err);
	ok(rp_scratch_start(s, &err), err);
	assert_asked(s->uri, "SELECT x FROM public.t", "7");
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
	const char *const argv[] = {"psql", "-Xqc", "select 1", NULL};
	rp_autobuf said = RP_BUF_INIT(4096);
	assert_int_equal(rp_scratch_feed(s, argv, NULL, &said, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_ENGINE);
	assert_non_null(strstr(rp_err_text(err), "killed by signal 9"));
	removed(s);
}

static void a_crashed_backend_ends_the_server(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = started(&wish);
	struct rp_conn *c = NULL;
	ok(engine->connect(&c, s->uri, &run, &err), err);
	assert_int_equal(kill(pid_outside(s, PQbackendPID(rp_pg_of(c)->pg)), SIGKILL), 0);
	struct pollfd ended = {.fd = s->hosted->proc.pidfd, .events = POLLIN};
	assert_int_equal(poll(&ended, 1, 10000), 1);
	engine->close(c);
	assert_int_equal(rp_server_check(s, &err), -1);
	if (strstr(rp_err_text(err), "terminated by signal 9") == NULL)
		fail_msg("%s", rp_err_text(err));
	removed(s);
}

static void a_backend_that_computes_for_ever_is_ended_too(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = started(&wish);
	struct rp_conn *c = NULL;
	ok(engine->connect(&c, s->uri, &run, &err), err);
	assert_int_equal(PQsendQuery(rp_pg_of(c)->pg, "DO 'BEGIN LOOP END LOOP; END'"), 1);
	while (PQflush(rp_pg_of(c)->pg) > 0)
		;
	usleep(300000);
	int64_t began = rp_run_clock_ms();
	removed(s);
	assert_true(rp_run_clock_ms() - began < 15000);
	engine->close(c);
}

static void a_tool_gets_its_input_and_is_heard(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = started(&wish);
	static const char sql[] =
		"create table public.t(x int);\ninsert into public.t values (1), (2);\n\\echo done\n"
		"\\warn oh\n";
	rp_auto(rp_stream) input = NULL;
	ok(rp_stream_of_memory(&input, sql, sizeof sql - 1, &err), err);
	const char *const argv[] = {"psql", "-Xq", NULL};
	rp_autobuf said = RP_BUF_INIT(4096);
	ok(rp_scratch_feed(s, argv, input, &said, &err), err);
	assert_string_equal(rp_buf_text(&said), "oh\ndone\n");
	assert_asked(s->uri, "SELECT sum(x) FROM public.t", "3");
	removed(s);
}

static void whose_fault_a_failure_is_stands_in_the_first_complaint(void **state)
{
	static const struct {
		const char *sql;
		enum rp_err_kind kind;
		const char *text, *hint;
	} cases[] = {
		{"selec 1", RP_ERR_BACKUP, "syntax error", NULL},
		{"create extension \"no such\"", RP_ERR_ENGINE, "extension", "package"},
		{"create collation public.c (locale = 'xx_YY.UTF-8')", RP_ERR_ENGINE,
		 "could not create locale", "locale-gen"},
		{"select * from public.nowhere", RP_ERR_BACKUP, "does not exist", NULL},
		{"do $$begin raise notice 'ERR'; raise exception 'x'; end$$", RP_ERR_BACKUP, "ERROR:  x",
		 NULL},
	};
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = started(&wish);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rp_autoerr struct rp_err *err = NULL;
		rp_autobuf said = RP_BUF_INIT(4096);
		const char *const argv[] = {"psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-c", cases[i].sql, NULL};
		assert_int_equal(rp_scratch_feed(s, argv, NULL, &said, &err), -1);
		if (rp_err_kind(err) != cases[i].kind || strstr(rp_err_text(err), cases[i].text) == NULL)
			fail_msg("%s: %d: %s", cases[i].sql, (int)rp_err_kind(err), rp_err_text(err));
		if (cases[i].hint != NULL)
			assert_non_null(strstr(rp_err_hint_text(err), cases[i].hint));
		else
			assert_null(rp_err_hint_text(err));
	}
	removed(s);
}

static void a_tool_has_an_environment_of_its_own(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = started(&wish);
	(void)setenv("PGPASSWORD", "secret", 1);
	(void)setenv("PGPORT", "1", 1);
	const char *const argv[] = {"psql", "-Xq",
				    "-c",   "\\getenv p PGPASSWORD",
				    "-c",   "\\getenv h HOME",
				    "-c",   "\\getenv o PGPORT",
				    "-c",   "\\echo [:p] [:h] [:o]",
				    NULL};
	rp_autobuf said = RP_BUF_INIT(8192);
	bool known = strtol(s->place.with.version, NULL, 10) >= 15; /* \getenv */
	if (known)
		ok(rp_scratch_feed(s, argv, NULL, &said, &err), err);
	(void)unsetenv("PGPASSWORD");
	(void)unsetenv("PGPORT");
	if (known)
		assert_string_equal(rp_buf_text(&said), "[:p] [:h] [5432]\n");
	removed(s);
}

static void a_file_beside_it_can_be_read_by_tools(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = started(&wish);
	char path[4096];
	(void)snprintf(path, sizeof path, "%s/dump.sql", s->dir);
	ok(rp_file_replace(path, "\\echo read\n", 11, 0600, &err), err);
	const char *const argv[] = {"psql", "-Xqf", path, NULL};
	rp_autobuf said = RP_BUF_INIT(4096);
	ok(rp_scratch_feed(s, argv, NULL, &said, &err), err);
	assert_string_equal(rp_buf_text(&said), "read\n");
	assert_int_equal(rp_scratch_lend(s, "/etc/passwd", &err), -1);
	removed(s);
}

static void too_little_disk_is_told_first(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	wish.disk = UINT64_C(1) << 60;
	struct rp_scratch *s = NULL;
	assert_int_equal(rp_scratch_make(&s, &wish, &run, &err), -1);
	assert_null(s);
	assert_int_equal(rp_err_kind(err), RP_ERR_IO);
	assert_non_null(strstr(rp_err_text(err), "not enough disk"));
	assert_non_null(rp_err_hint_text(err));
}

static void no_installation_is_told_with_its_package(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	struct rp_installation found = {0};
	struct rp_identity sealed = {.version = "99.1 (Debian)"};
	assert_int_equal(engine->hosting->choose(&found, &sealed, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_ENGINE);
	assert_non_null(strstr(rp_err_hint_text(err), "'postgresql-99'"));
}

static void a_directory_that_will_not_do_is_passed_over_or_told(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	char deep[300];
	(void)snprintf(deep, sizeof deep, "%s/%0100d", (char *)*state, 0);
	assert_int_equal(mkdir(deep, 0777), 0);
	struct rp_scratch_wish wish = wish_in(deep);
	struct rp_scratch *s = NULL;
	assert_int_equal(rp_scratch_make(&s, &wish, &run, &err), -1);
	assert_non_null(strstr(rp_err_text(err), "too long for a socket"));
	(void)setenv("TMPDIR", deep, 1);
	wish.under = NULL;
	s = made(&wish);
	assert_int_equal(strncmp(s->dir, "/tmp/reprove-", 13), 0);
	removed(s);
	(void)unsetenv("TMPDIR");
	assert_int_equal(rmdir(deep), 0);

	rp_autoerr struct rp_err *closed = NULL;
	wish.under = *state;
	assert_int_equal(chmod(*state, geteuid() == 0 ? 0700 : 0500), 0);
	assert_int_equal(rp_scratch_make(&s, &wish, &run, &closed), -1);
	assert_int_equal(rp_err_kind(closed), RP_ERR_IO);
	assert_int_equal(chmod(*state, 0711), 0);
}

static void refused_for(void **state, const struct rp_object *o, const char *text, const char *hint)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	rp_auto(rp_survey) sealed = survey_with(o, 1);
	wish.sealed = sealed;
	struct rp_scratch *s = made(&wish);
	assert_int_equal(rp_scratch_start(s, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_ENGINE);
	assert_null(s->uri);
	if (strstr(rp_err_text(err), text) == NULL)
		fail_msg("%s", rp_err_text(err));
	if (rp_err_hint_text(err) == NULL || strstr(rp_err_hint_text(err), hint) == NULL)
		fail_msg("hint: %s", rp_err_hint_text(err));
	removed(s);
}

static void a_missing_locale_is_told_before_anything_is_restored(void **state)
{
	struct rp_fact facts[] = {{"collate", "xx_YY.UTF-8"},
				  {"ctype", "xx_YY.UTF-8"},
				  {"encoding", "UTF8"},
				  {"provider", "libc"}};
	struct rp_object o = {
		.kind = "database", .name = "locale", .definition = "", .facts = facts, .n_facts = 4};
	refused_for(state, &o, "locale name", "locale xx_YY.UTF-8");
}

static void a_missing_extension_is_told_with_its_package(void **state)
{
	struct rp_object o = {.kind = "extension", .name = "pg_squeeze", .definition = ""};
	refused_for(state, &o, "extension pg_squeeze", "-squeeze");
}

static void sealed_roles_and_locale_are_there(void **state)
{
	struct rp_fact facts[] = {
		{"collate", "C"}, {"ctype", "C"}, {"encoding", "LATIN1"}, {"provider", "libc"}};
	struct rp_fact owner[] = {{"owner", "o.\"x"}};
	struct rp_object all[] = {
		{.kind = "database", .name = "locale", .definition = "", .facts = facts, .n_facts = 4},
		{.kind = "role", .name = "o\\.\"x", .definition = ""},
		{.kind = "role", .name = "web", .definition = ""},
		{.kind = "schema", .name = "s", .definition = "", .facts = owner, .n_facts = 1},
	};
	rp_auto(rp_survey) sealed = survey_with(all, 4);
	struct rp_scratch_wish wish = wish_in(*state);
	wish.sealed = sealed;
	struct rp_scratch *s = started(&wish);
	assert_asked(
		s->uri,
		"SELECT string_agg(rolname || rolcanlogin || rolsuper || rolbypassrls, ' ' ORDER BY rolname)"
		" FROM pg_roles WHERE rolname IN ('o.\"x', 'web')",
		"o.\"xfalsefalsetrue webfalsefalsefalse");
	assert_asked(s->uri,
		     "SELECT pg_encoding_to_char(encoding) || datcollate FROM pg_database WHERE datname = "
		     "current_database()",
		     "LATIN1C");
	removed(s);
}

static void an_icu_database_is_made_as_one(void **state)
{
	struct rp_fact facts[] = {{"collate", "C.UTF-8"},
				  {"ctype", "C.UTF-8"},
				  {"encoding", "UTF8"},
				  {"locale", "de"},
				  {"provider", "icu"}};
	struct rp_object o = {
		.kind = "database", .name = "locale", .definition = "", .facts = facts, .n_facts = 5};
	rp_auto(rp_survey) sealed = survey_with(&o, 1);
	struct rp_scratch_wish wish = wish_in(*state);
	wish.sealed = sealed;
	struct rp_scratch *s = started(&wish);
	/* From 15 on a whole database can have one. */
	assert_asked(s->uri,
		     "SELECT current_setting('server_version_num')::int < 150000 OR (to_jsonb(d) ->> "
		     "'datlocprovider' "
		     "= 'i' AND 'de' IN (to_jsonb(d) ->> 'daticulocale', to_jsonb(d) ->> 'datlocale')) FROM "
		     "pg_database d WHERE datname = current_database()",
		     "t");
	removed(s);
}

static int all(const char *name)
{
	const struct CMUnitTest tests[] = {
		T(a_private_server_comes_up_and_goes),
		T(removing_twice_and_half_made_ones_is_fine),
		T(starting_again_keeps_what_was_restored),
		T(a_crashed_server_is_told_with_its_log),
		T(a_crashed_backend_ends_the_server),
		T(a_backend_that_computes_for_ever_is_ended_too),
		T(a_tool_gets_its_input_and_is_heard),
		T(whose_fault_a_failure_is_stands_in_the_first_complaint),
		T(a_tool_has_an_environment_of_its_own),
		T(a_file_beside_it_can_be_read_by_tools),
		T(too_little_disk_is_told_first),
		T(a_directory_that_will_not_do_is_passed_over_or_told),
		T(no_installation_is_told_with_its_package),
		T(a_missing_locale_is_told_before_anything_is_restored),
		T(a_missing_extension_is_told_with_its_package),
		T(sealed_roles_and_locale_are_there),
		T(an_icu_database_is_made_as_one),
	};
	return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}

int main(void)
{
	return run_all(all);
}
