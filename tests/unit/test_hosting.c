/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/engine/postgres/hosting.h"
#include "verifier/survey/survey.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

/* What PostgreSQL's hosting decides without a server. */

static void the_first_complaint_is_found_among_what_is_said(void **state)
{
	static const struct {
		const char *said, *complaint;
	} cases[] = {
		{"", ""},
		{"\n\nhello\nworld\n", "hello"},
		{"NOTICE:  x\npsql:<stdin>:3: ERROR:  no\nERROR:  two\n", "psql:<stdin>:3: ERROR:  no"},
		{"pg_restore: while PROCESSING TOC:\npg_restore: error: bad\n", "pg_restore: error: bad"},
		{"pg_restore: warning: errors ignored on restore: 3\n",
		 "pg_restore: warning: errors ignored on restore: 3"},
		{"FATAL:  no end of line", "FATAL:  no end of line"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t len;
		const char *at = rp_pg_complaint(cases[i].said, &len);
		assert_int_equal(len, strlen(cases[i].complaint));
		assert_memory_equal(at, cases[i].complaint, len);
	}
}

static void only_the_machine_is_excused(void **state)
{
	static const struct {
		const char *complaint;
		bool excused;
	} cases[] = {
		{"ERROR:  extension \"postgis\" is not available", true},
		{"ERROR:  could not open extension control file \"/usr/share/x.control\": No such file",
		 true},
		{"ERROR:  collation \"de_DE\" for encoding \"UTF8\" does not exist", true},
		{"ERROR:  could not extend file \"base/1/2\": No space left on device", true},
		{"ERROR:  role \"app\" does not exist", true},
		{"pg_restore: error: unsupported version (1.16) in file header", true},
		{"ERROR:  unrecognized configuration parameter \"transaction_timeout\"", true},
		{"pg_restore: error: could not read from input file: end of file", false},
		{"ERROR:  syntax error at or near \"x\"", false},
		{"ERROR:  duplicate key value violates unique constraint \"extension\"", false},
		{"ERROR:  new row for relation \"t\" violates partition constraint", false},
		{"ERROR:  relation \"role\" does not exist", false},
		{"ERROR:  invalid input syntax for type integer: \"x\"", false},
		{"pg_restore: error: did not find magic string in file header", false},
		{"", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if ((rp_pg_excuses(cases[i].complaint) != NULL) != cases[i].excused)
			fail_msg("%s", cases[i].complaint);
}

static void a_package_is_named_for_the_version(void **state)
{
	static const struct {
		const char *extension, *package;
	} cases[] = {
		{"postgis", "postgresql-15-postgis-3"},
		{"vector", "postgresql-15-pgvector"},
		{"plpython3u", "postgresql-plpython3-15"},
		{"hstore", "postgresql-contrib"},
		{"uuid-ossp", "postgresql-contrib"},
		{"xml2", "postgresql-contrib"},
		{"hstor", NULL},
		{"hstore ltree", NULL},
		{"", NULL},
		{"our_own; rm -r /", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rp_autobuf package = RP_BUF_INIT(256);
		assert_int_equal(rp_pg_package(&package, cases[i].extension, 15), cases[i].package != NULL);
		if (cases[i].package != NULL)
			assert_string_equal(rp_buf_text(&package), cases[i].package);
	}
}

static void versions_are_told_by_their_first_number(void **state)
{
	(void)state;
	assert_int_equal(rp_pg_release("15.20 (Debian 15.20-0+deb12u1)"), 15);
	assert_int_equal(rp_pg_release("18beta1"), 18);
	assert_int_equal(rp_pg_release("9.6.24"), 9);
	assert_int_equal(rp_pg_release("devel"), 0);
	assert_int_equal(rp_pg_release(NULL), 0);
}

static void a_bare_name_is_the_last_part_without_backslashes(void **state)
{
	static const char *const cases[][2] = {{"app", "app"},	       {"a\\.b", "a.b"}, {"s.t", "t"},
					       {"s\\\\.t\\.u", "t.u"}, {"", ""},	 {"x\\", "x\\"}};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rp_autofree char *bare = rp_pg_bare_name(cases[i][0]);
		assert_string_equal(bare, cases[i][1]);
	}
}

static bool has(const struct rp_argv *env, const char *setting)
{
	for (size_t i = 0; i < env->n; i++)
		if (strcmp(env->v[i], setting) == 0)
			return true;
	return false;
}

static bool mentions(const struct rp_argv *env, const char *name)
{
	for (size_t i = 0; i < env->n; i++)
		if (strncmp(env->v[i], name, strlen(name)) == 0)
			return true;
	return false;
}

static void tools_are_sent_where_the_uri_says(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	rp_cleanup(rp_argv_done) struct rp_argv env = {0};
	(void)setenv("PGHOSTADDR", "10.0.0.1", 1);
	(void)setenv("PGSERVICE", "production", 1);
	(void)setenv("PGOPTIONS", "-c search_path=x", 1);
	(void)setenv("PGPORT", "6543", 1);
	assert_int_equal(rp_pg_environment("postgresql://me@db/shop?options=-cx%3Dy", &env, &err), 0);
	assert_true(has(&env, "PGHOST=db") && has(&env, "PGUSER=me") && has(&env, "PGDATABASE=shop"));
	assert_true(has(&env, "PGPORT=6543")); /* the URI leaves it to the environment */
	assert_false(mentions(&env, "PGHOSTADDR") || mentions(&env, "PGSERVICE=") ||
		     mentions(&env, "PGOPTIONS"));
	assert_true(mentions(&env, "PATH=") && has(&env, "TZ=UTC"));
	assert_int_equal(rp_pg_environment("postgresql://[", &env, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_USAGE);
	(void)unsetenv("PGHOSTADDR");
	(void)unsetenv("PGSERVICE");
	(void)unsetenv("PGOPTIONS");
	(void)unsetenv("PGPORT");
}

static void the_same_server_with_another_database(void **state)
{
	(void)state;
	rp_autobuf uri = RP_BUF_INIT(1024);
	assert_int_equal(rp_pg_within("postgresql://a%20b@db:99/shop?sslmode=require", "x&y", &uri, NULL), 0);
	assert_string_equal(rp_buf_text(&uri),
			    "postgresql:///?user=a%20b&host=db&port=99&sslmode=require&dbname=x%26y");
}

static void a_private_server_is_explained_in_one_line(void **state)
{
	(void)state;
	struct rp_place p = {
		.with.bindir = (char[]){"/bin"}, .socket = (char[]){"/tmp/it's"}, .admin = (char[]){"a"}};
	rp_autobuf uri = RP_BUF_INIT(1024);
	rp_autobuf how = RP_BUF_INIT(1024);
	assert_int_equal(rp_pg_uri(&p, "db", &uri, NULL), 0);
	assert_non_null(strstr(rp_buf_text(&uri), "port=5432"));
	assert_int_equal(rp_pg_explain(&p, rp_buf_text(&uri), &how, NULL), 0);
	assert_string_equal(rp_buf_text(&how),
			    "/bin/psql 'postgresql:///?user=a&dbname=db&host=/tmp/it%27s'");
}

static void only_named_directories_are_looked_in(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	rp_cleanup(rp_installation_done) struct rp_installation found = {0};
	(void)setenv("REPROVE_SERVERS", "/nonexistent:relative:", 1);
	assert_int_equal(rp_pg_choose(&found, NULL, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_ENGINE);
	assert_non_null(strstr(rp_err_hint_text(err), "'postgresql'"));
	(void)unsetenv("REPROVE_SERVERS");
}

static int as_script(char *dir, const char *version)
{
	char path[300];
	(void)snprintf(path, sizeof path, "%s/%s", dir, version);
	if (mkdir(path, 0700) < 0)
		return -1;
	(void)snprintf(path, sizeof path, "%s/%s/postgres", dir, version);
	FILE *f = fopen(path, "we");
	if (f == NULL)
		return -1;
	(void)fprintf(f, "#!/bin/sh\necho 'postgres (PostgreSQL) %s (Debian)'\n", version);
	return fclose(f) == 0 && chmod(path, 0700) == 0 ? 0 : -1;
}

static void the_sealed_version_or_the_nearest_newer_one_is_taken(void **state)
{
	static const struct {
		const char *sealed, *taken;
	} cases[] = {{"15.3", "15.20"}, {"16.1", "17.2"}, {"13.0", "14.9"}, {NULL, "17.2"}, {"18.0", NULL}};
	(void)state;
	char dir[] = "/tmp/rp-hosting-XXXXXX";
	assert_non_null(mkdtemp(dir));
	assert_int_equal(as_script(dir, "17.2") | as_script(dir, "14.9") | as_script(dir, "15.20"), 0);
	char list[400];
	(void)snprintf(list, sizeof list, "%s/17.2:%s/14.9:%s/15.20", dir, dir, dir);
	(void)setenv("REPROVE_SERVERS", list, 1);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rp_autoerr struct rp_err *err = NULL;
		rp_cleanup(rp_installation_done) struct rp_installation found = {0};
		struct rp_identity sealed = {.version = cases[i].sealed};
		int r = rp_pg_choose(&found, cases[i].sealed != NULL ? &sealed : NULL, &err);
		assert_int_equal(r, cases[i].taken != NULL ? 0 : -1);
		if (r == 0)
			assert_int_equal(strncmp(found.version, cases[i].taken, strlen(cases[i].taken)), 0);
		else
			assert_non_null(strstr(rp_err_text(err), "found: 17.2, 14.9, 15.20"));
	}
	(void)unsetenv("REPROVE_SERVERS");
	assert_int_equal(rp_tree_remove(dir, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_complaint_is_found_among_what_is_said),
		cmocka_unit_test(only_the_machine_is_excused),
		cmocka_unit_test(a_package_is_named_for_the_version),
		cmocka_unit_test(versions_are_told_by_their_first_number),
		cmocka_unit_test(a_bare_name_is_the_last_part_without_backslashes),
		cmocka_unit_test(tools_are_sent_where_the_uri_says),
		cmocka_unit_test(the_same_server_with_another_database),
		cmocka_unit_test(a_private_server_is_explained_in_one_line),
		cmocka_unit_test(only_named_directories_are_looked_in),
		cmocka_unit_test(the_sealed_version_or_the_nearest_newer_one_is_taken),
	};
	return cmocka_run_group_tests_name("hosting", tests, NULL, NULL);
}
