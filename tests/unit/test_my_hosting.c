/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/engine/mysql/catalog.h"
#include "verifier/engine/mysql/hosting.h"
#include "verifier/survey/survey.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

static void the_first_complaint_is_found_among_what_is_said(void **state)
{
	static const struct {
		const char *said, *complaint;
	} cases[] = {
		{"ERROR 1064 (42000) at line 1: You have an error\nmore\n",
		 "ERROR 1064 (42000) at line 1: You have an error"},
		{"--------------\nselec 1\n--------------\n\nERROR 1064 (42000) at line 1: no\n",
		 "ERROR 1064 (42000) at line 1: no"},
		{"mysql: [Warning] unknown option '--loose-sandbox'.\nERROR 2002 (HY000): Can't\n",
		 "ERROR 2002 (HY000): Can't"},
		{"WARNING: option --ssl\nmariadb: unknown option '--x'\n", "mariadb: unknown option '--x'"},
		{"mysqldump: Got error: 1045: Access denied\n", "mysqldump: Got error: 1045: Access denied"},
		{"", ""},
		{"\n\n", ""},
		{"only this", "only this"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t len = 99;
		const char *at = rp_my_complaint(cases[i].said, &len);
		assert_int_equal(len, strlen(cases[i].complaint));
		assert_memory_equal(at, cases[i].complaint, len);
	}
}

static void only_the_machine_is_excused(void **state)
{
	static const struct {
		const char *complaint, *hint; /* NULL: the backup's fault */
	} cases[] = {
		{"ERROR 1273 (HY000) at line 3: Unknown collation: 'utf8mb4_0900_ai_ci'", "MySQL 8"},
		{"ERROR 1273 (HY000) at line 3: Unknown collation: 'utf8mb4_uca1400_ai_ci'", "MariaDB 10.10"},
		{"ERROR 1273 (HY000) at line 3: Unknown collation: 'x'", "version or vendor"},
		{"ERROR 1286 (42000) at line 9: Unknown storage engine 'ROCKSDB'", "plugin"},
		{"ERROR 1114 (HY000) at line 9: The table 't' is full", "make room"},
		{"ERROR 1030 (HY000) at line 9: Got error 28 \"No space left on device\" from storage engine",
		 "make room"},
		{"ERROR 1030 (HY000) at line 9: Got error 124 from storage engine", NULL},
		{"ERROR 1153 (08S01) at line 9: Got a packet bigger than 'max_allowed_packet' bytes",
		 "max_allowed_packet"},
		{"ERROR 3546 (HY000) at line 9: @@GLOBAL.GTID_PURGED cannot be changed", "another server"},
		{"ERROR 1193 (HY000) at line 9: Unknown system variable 'GTID_PURGED'", "vendor"},
		{"ERROR 1193 (HY000) at line 9: Unknown system variable 'TIME_ZONF'", NULL},
		{"ERROR 1305 (42000) at line 9: FUNCTION shop.MD5 does not exist", "component"},
		{"ERROR 1305 (42000) at line 9: FUNCTION shop.f does not exist", NULL},
		{"ERROR 1298 (HY000) at line 9: Unknown or incorrect time zone: 'Europe/Berlin'",
		 "time zone"},
		{"ERROR 2013 (HY000) at line 9: Lost connection to server during query", "log"},
		{"ERROR 1227 (42000) at line 9: Access denied", "private scratch"},
		{"mysqldump: Got error: 1045: Access denied for user", "private scratch"},
		{"ERROR 1064 (42000) at line 9: You have an error in your SQL syntax", NULL},
		{"ERROR 1062 (23000) at line 9: Duplicate entry", NULL},
		{"ERROR 1644 (45000) at line 9: ERROR 1273 (HY000)", NULL},
		{"ERROR: Unknown command '\\-'.", NULL},
		{"", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *hint = rp_my_excuses(cases[i].complaint);
		if ((hint == NULL) != (cases[i].hint == NULL) ||
		    (hint != NULL && strstr(hint, cases[i].hint) == NULL))
			fail_msg("%s: %s", cases[i].complaint, hint != NULL ? hint : "not excused");
	}
}

static void patch_releases_count_only_while_they_brought_something(void **state)
{
	static const struct {
		const char *version;
		enum rp_my_vendor vendor;
		unsigned release; /* 0: not understood */
	} cases[] = {
		{"10.11.19-MariaDB-0+deb12u1", RP_MARIADB, 101100},
		{"5.5.5-10.5.23-MariaDB", RP_MARIADB, 100500},
		{"9.7.4-2", RP_MYSQL, 90700},
		{"8.0.20", RP_MYSQL, 80020},
		{"8.0.41-0ubuntu0.22.04.1", RP_MYSQL, 80034},
		{"8.4.3", RP_MYSQL, 80400},
		{"fifteen", RP_MYSQL, 0},
		{NULL, RP_MYSQL, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		enum rp_my_vendor vendor = RP_MYSQL;
		unsigned release = 0;
		assert_int_equal(rp_my_release(cases[i].version, &vendor, &release), cases[i].release != 0);
		if (cases[i].release != 0)
			assert_int_equal(vendor, cases[i].vendor);
		assert_int_equal(release, cases[i].release);
	}
}

static void only_named_directories_are_looked_in_and_scripts_are_told(void **state)
{
	(void)state;
	char dir[] = "/tmp/rp-my-hosting-XXXXXX", path[300];
	static const char script[] = "#!/bin/sh\necho 'mariadbd  Ver 10.5.23-MariaDB for Linux'\n";
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof path, "%s/mariadbd", dir);
	assert_int_equal(rp_file_replace(path, script, sizeof script - 1, 0700, NULL), 0);
	(void)setenv("REPROVE_SERVERS", dir, 1);
	rp_autoerr struct rp_err *err = NULL;
	rp_cleanup(rp_installation_done) struct rp_installation found = {0};
	assert_int_equal(rp_my_choose(&found, NULL, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_ENGINE);
	assert_non_null(strstr(rp_err_text(err), "MariaDB 10.5.23 (a script"));
	(void)setenv("REPROVE_SERVERS", "/nonexistent:relative:", 1);
	rp_autoerr struct rp_err *none = NULL;
	assert_int_equal(rp_my_tools(&found, NULL, &none), -1);
	assert_non_null(strstr(rp_err_text(none), "found: none"));
	(void)unsetenv("REPROVE_SERVERS");
	assert_int_equal(rp_tree_remove(dir, NULL), 0);
}

/* An installation that is laid out as its vendor's archive is. */
static void lay_out(const char *dir, bool mariadb)
{
	static const char *const dirs[] = {"", "/bin", "/share", "/share/english", "/settings"};
	static const char *const files[] = {"/bin/server", "/bin/mariadb", "/share/english/errmsg.sys",
					    "/share/mariadb_system_tables.sql",
					    "/share/mariadb_system_tables_data.sql"};
	char path[400];
	for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++) {
		(void)snprintf(path, sizeof path, "%s%s", dir, dirs[i]);
		assert_true(i == 0 || mkdir(path, 0700) == 0);
	}
	for (size_t i = 0; i < (mariadb ? 5U : 3U); i++) {
		(void)snprintf(path, sizeof path, "%s%s", dir, files[i]);
		assert_int_equal(rp_file_replace(path, "tables;\n", 8, 0700, NULL), 0);
	}
}

static bool has(const struct rp_argv *line, const char *word)
{
	for (size_t i = 0; i < line->n; i++)
		if (strcmp(line->v[i], word) == 0)
			return true;
	return false;
}

static struct rp_place place_in(const char *dir, const char *version, char *server, char *settings)
{
	static char run[] = "/tmp/run", admin[] = "admin_x";
	(void)snprintf(server, 400, "%s/bin/server", dir);
	(void)snprintf(settings, 400, "%s/settings", dir);
	return (struct rp_place){.with = {.server = server, .version = strdup(version)},
				 .settings = settings,
				 .socket = run,
				 .admin = admin};
}

static void a_server_reads_no_file_of_anybodys_settings(void **state)
{
	static const char *const versions[] = {"10.5.23-MariaDB", "11.8.6-MariaDB", "8.0.20", "9.7.4"};
	(void)state;
	for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
		bool mariadb = strstr(versions[i], "MariaDB") != NULL;
		char dir[] = "/tmp/rp-my-hosting-XXXXXX", server[400], settings[400], data[] = "/tmp/data";
		assert_non_null(mkdtemp(dir));
		lay_out(dir, mariadb);
		struct rp_place p = place_in(dir, versions[i], server, settings);
		p.data = data;
		rp_autoerr struct rp_err *err = NULL;
		rp_cleanup(rp_argv_done) struct rp_argv make = {0};
		rp_cleanup(rp_argv_done) struct rp_argv serve = {0};
		rp_autofree char *input = NULL;
		assert_int_equal(rp_my_create(&p, &make, &input, &err), 0);
		assert_int_equal(rp_my_configure(&p, &err), 0);
		assert_int_equal(rp_my_serve(&p, &serve, &err), 0);
		const struct rp_argv *const both[] = {&make, &serve};
		for (size_t j = 0; j < 2; j++) {
			assert_string_equal(both[j]->v[1], "--no-defaults");
			assert_true(has(both[j], "--skip-networking"));
			assert_true(has(both[j], "--local-infile=0"));
			assert_true(has(both[j], "--skip-log-bin"));
			assert_true(has(both[j], "--lower-case-table-names=0"));
			assert_int_equal(has(both[j], "--mysqlx=OFF"), !mariadb);
			assert_int_equal(has(both[j], "--secure-file-priv=NULL"), !mariadb);
			assert_int_equal(has(both[j], "--event-scheduler=DISABLED"), !mariadb);
			assert_int_equal(has(both[j], "--skip-symbolic-links"), mariadb);
		}
		assert_int_equal(has(&make, "--bootstrap"), mariadb);
		assert_int_equal(has(&make, "--initialize-insecure"), !mariadb);
		assert_int_equal(input != NULL, mariadb);
		assert_int_equal(has(&serve, "--skip-replica-start"), strcmp(versions[i], "9.7.4") == 0);
		assert_int_equal(has(&serve, "--skip-slave-start"), strcmp(versions[i], "9.7.4") != 0);
		free(p.with.version);
		assert_int_equal(rp_tree_remove(dir, NULL), 0);
	}
}

static void what_was_sealed_is_what_a_server_is_made_for(void **state)
{
	static const struct {
		const char *here, *sealed, *lower, *word;
		bool there;
	} cases[] = {
		{"11.8.6-MariaDB", "10.5.1-MariaDB", NULL, "--character-set-collations=", true},
		{"11.8.6-MariaDB", "11.8.1-MariaDB", NULL, "--character-set-collations=", false},
		{"10.11.6-MariaDB", "10.5.1-MariaDB", NULL, "--character-set-collations=", false},
		{"9.7.4", "8.0.11", NULL, "--character-set-collations=", false},
		{"9.7.4", "8.0.11", "1", "--lower-case-table-names=1", true},
		{"9.7.4", "8.0.11", "2", "--lower-case-table-names=0", true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char dir[] = "/tmp/rp-my-hosting-XXXXXX", server[400], settings[400], data[] = "/tmp/data";
		assert_non_null(mkdtemp(dir));
		lay_out(dir, true);
		struct rp_place p = place_in(dir, cases[i].here, server, settings);
		rp_auto(rp_survey) sealed = NULL;
		rp_autoerr struct rp_err *err = NULL;
		const struct rp_identity who = {
			.engine = "mysql", .version = cases[i].sealed, .database = "x"};
		const struct rp_position at = {0};
		struct rp_fact fact = {RP_MY_FACT_CASE, cases[i].lower};
		const struct rp_object o = {.kind = RP_MY_KIND_DATABASE,
					    .name = RP_MY_SERVER,
					    .definition = "",
					    .facts = &fact,
					    .n_facts = cases[i].lower != NULL};
		assert_int_equal(rp_survey_new(&sealed, &err), 0);
		assert_int_equal(rp_survey_identify(sealed, &who, &at, &err), 0);
		assert_int_equal(rp_survey_add_object(sealed, &o, &err), 0);
		assert_int_equal(rp_survey_finish(sealed, &err), 0);
		p.data = data;
		p.sealed = sealed;
		rp_cleanup(rp_argv_done) struct rp_argv line = {0};
		assert_int_equal(rp_my_serve(&p, &line, &err), 0);
		if (has(&line, cases[i].word) != cases[i].there)
			fail_msg("%s for %s: %s", cases[i].here, cases[i].sealed, cases[i].word);
		free(p.with.version);
		assert_int_equal(rp_tree_remove(dir, NULL), 0);
	}
}

static void an_installation_without_its_files_is_told(void **state)
{
	(void)state;
	char dir[] = "/tmp/rp-my-hosting-XXXXXX", server[400], settings[400], path[500], data[] = "/tmp/data";
	assert_non_null(mkdtemp(dir));
	lay_out(dir, true);
	struct rp_place p = place_in(dir, "10.11.1-MariaDB", server, settings);
	p.data = data;
	rp_autoerr struct rp_err *err = NULL;
	rp_autoerr struct rp_err *none = NULL;
	rp_cleanup(rp_argv_done) struct rp_argv line = {0};
	rp_cleanup(rp_argv_done) struct rp_argv other = {0};
	rp_autofree char *input = NULL;
	(void)snprintf(path, sizeof path, "%s/share/mariadb_system_tables.sql", dir);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rp_my_create(&p, &line, &input, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_ENGINE);
	assert_non_null(strstr(rp_err_text(err), "the server's own tables"));
	(void)snprintf(path, sizeof path, "%s/share/english/errmsg.sys", dir);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rp_my_serve(&p, &other, &none), -1);
	assert_non_null(strstr(rp_err_text(none), "not where it should be"));
	free(p.with.version);
	assert_int_equal(rp_tree_remove(dir, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_complaint_is_found_among_what_is_said),
		cmocka_unit_test(only_the_machine_is_excused),
		cmocka_unit_test(patch_releases_count_only_while_they_brought_something),
		cmocka_unit_test(only_named_directories_are_looked_in_and_scripts_are_told),
		cmocka_unit_test(a_server_reads_no_file_of_anybodys_settings),
		cmocka_unit_test(what_was_sealed_is_what_a_server_is_made_for),
		cmocka_unit_test(an_installation_without_its_files_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
