/* SPDX-License-Identifier: MIT */
#include "tests/server/canaries.h"
#include "tests/server/scratch_lib.h"

#include <stdio.h>
#include <unistd.h>

#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/hosting.h"
#include "verifier/util/stream.h"

/* What a backup could do with all rights on a server of MariaDB's or MySQL's, if it got them: nothing to this machine.
 * Each test once in each box that this machine has, as root and as an ordinary user. */

static struct rp_my_conn *admin_of(const struct rp_scratch *s)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_my_conn *c = NULL;
	const struct rp_my_login how = {.uri = s->uri, .plain = true};
	ok(rp_my_log_in(&c, &how, &run, &err), err);
	ok(rp_my_allow_writing(c, &err), err);
	return c;
}

/* The first cell; NULL: refused, or nothing. */
static char *got_by(struct rp_my_conn *c, const char *sql)
{
	rp_autorows *r = NULL;
	if (rp_my_query(c, sql, &r, NULL) < 0)
		return NULL;
	MYSQL_ROW row = mysql_fetch_row(r);
	return row != NULL && row[0] != NULL ? strdup(row[0]) : NULL;
}

static void assert_reads_nothing(struct rp_my_conn *c, const char *path)
{
	char sql[600];
	(void)snprintf(sql, sizeof sql, "SELECT LOAD_FILE('%s')", path);
	char *got = got_by(c, sql);
	if (got != NULL)
		fail_msg("%s: %s", path, got);
	(void)snprintf(sql, sizeof sql, "LOAD DATA INFILE '%s' INTO TABLE t", path);
	if (rp_my_exec(c, sql, NULL) == 0)
		fail_msg("was let: %s", sql);
}

static void assert_refused(struct rp_my_conn *c, const char *sql, const char *path)
{
	char all[600];
	(void)snprintf(all, sizeof all, "%.*s%s%s", (int)strcspn(sql, "?"), sql, path,
		       sql[strcspn(sql, "?")] != '\0' ? strchr(sql, '?') + 1 : "");
	rp_autoerr struct rp_err *err = NULL;
	if (rp_my_exec(c, all, &err) == 0)
		fail_msg("was let: %s", all);
	assert_int_equal(rp_err_kind(err), RP_ERR_OBJECT);
}

static void sql_reaches_no_file(void **state)
{
	struct canaries c = canaries_in(*state);
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = started(&wish);
	assert_string_equal(s->box, getenv("REPROVE_BOX"));
	rp_cleanup(rp_my_conn_freep) struct rp_my_conn *admin = admin_of(s);
	rp_autoerr struct rp_err *err = NULL;
	ok(rp_my_exec(admin, "CREATE TABLE t (x TEXT)", &err), err);
	const char *const reads[] = {"/etc/passwd",	"/etc/hostname", "/proc/self/environ",
				     "/proc/1/cmdline", "/proc/version", c.file};
	for (size_t i = 0; i < sizeof reads / sizeof reads[0]; i++)
		assert_reads_nothing(admin, reads[i]);
	static const char *const writes[] = {
		"SELECT 1 INTO OUTFILE '?'",
		"SELECT 'x' INTO DUMPFILE '?'",
	};
	for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++)
		assert_refused(admin, writes[i], c.out);
	assert_refused(admin, "SELECT 1 INTO OUTFILE '?/evil'", s->place.settings);
	assert_refused(admin, "SELECT 1 INTO OUTFILE '?/evil'", s->dir);
	static const char *const code[] = {
		"INSTALL PLUGIN evil SONAME 'evil.so'",
		"CREATE FUNCTION evil RETURNS INTEGER SONAME 'evil.so'",
		"SET GLOBAL plugin_dir = '/tmp'",
		"SET GLOBAL secure_file_priv = ''",
		"SET GLOBAL datadir = '/tmp'",
	};
	for (size_t i = 0; i < sizeof code / sizeof code[0]; i++)
		assert_refused(admin, code[i], "");
	/* Ignored, refused, without effect, or made in the data directory. */
	char sql[600];
	(void)snprintf(sql, sizeof sql, "SET GLOBAL general_log_file = '%s'", c.out);
	(void)rp_my_exec(admin, sql, NULL);
	(void)rp_my_exec(admin, "SET GLOBAL general_log = ON", NULL);
	(void)rp_my_exec(admin, "SELECT 'logged'", NULL);
	(void)rp_my_exec(admin, "SET GLOBAL general_log = OFF", NULL);
	(void)snprintf(sql, sizeof sql, "CREATE TABLE d (x INT) ENGINE = InnoDB DATA DIRECTORY = '%s/open'",
		       (char *)*state);
	(void)rp_my_exec(admin, sql, NULL);
	(void)snprintf(sql, sizeof sql, "CREATE TABLE m (x INT) ENGINE = MyISAM DATA DIRECTORY = '%s/open'",
		       (char *)*state);
	(void)rp_my_exec(admin, sql, NULL);
	assert_int_not_equal(rp_server_check(s, NULL), -1);
	rp_my_conn_freep(&admin);
	removed(s);
	canaries_live(*state, &c);
}

/* A replica connects to its source by itself. */
static void sql_reaches_no_other_server(void **state)
{
	struct canaries c = canaries_in(*state);
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = started(&wish);
	rp_cleanup(rp_my_conn_freep) struct rp_my_conn *admin = admin_of(s);
	bool mariadb = admin->is.vendor == RP_MARIADB;
	char sql[600];
	(void)snprintf(
		sql, sizeof sql,
		mariadb ? "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = %d, MASTER_USER = 'x'"
			: "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = %d, SOURCE_USER = 'x'",
		c.port);
	/* A server without a number refuses to be a replica; it is given one. */
	(void)rp_my_exec(admin, "SET GLOBAL server_id = 7", NULL);
	(void)rp_my_exec(admin, sql, NULL);
	(void)rp_my_exec(admin, mariadb ? "START SLAVE" : "START REPLICA", NULL);
	(void)snprintf(sql, sizeof sql,
		       "CREATE TABLE f (x INT) ENGINE = FEDERATED CONNECTION = 'mysql://x@127.0.0.1:%d/x/x'",
		       c.port);
	(void)rp_my_exec(admin, sql, NULL);
	char *rows = got_by(admin, "SELECT COUNT(*) FROM f");
	free(rows);
	sleep(2);
	rp_my_conn_freep(&admin);
	removed(s);
	canaries_live(*state, &c);
}

static int fed_bare(struct rp_scratch *s, const char *line)
{
	rp_autobuf said = RP_BUF_INIT(64 << 10);
	rp_autoerr struct rp_err *err = NULL;
	const char *const argv[] = {s->place.with.tool, "--batch", NULL};
	rp_auto(rp_stream) input = NULL;
	ok(rp_stream_of_memory(&input, line, strlen(line), &err), err);
	int r = rp_scratch_feed(s, argv, input, &said, &err);
	assert_null(strstr(rp_buf_text(&said), "canary"));
	assert_null(strstr(rp_buf_text(&said), "root:"));
	assert_null(strstr(rp_buf_text(&said), "sings"));
	return r;
}

/* Without the options that keep its own commands from it. */
static void a_tool_reaches_nothing_but_its_server(void **state)
{
	struct canaries c = canaries_in(*state);
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = started(&wish);
	static const char *const forms[] = {"\\! echo > %s\n",
					    "system echo > %s\n",
					    "tee %s\nselect 1;\n",
					    "\\T %s\nselect 1;\n",
					    "pager cat > %s\nselect 1;\n",
					    "\\P cat > %s\nselect 1;\n",
					    "edit\n",
					    "source %s\n",
					    "\\. %s\n"};
	const char *const paths[] = {c.touch, c.out, c.file, "/etc/passwd", "/proc/self/environ"};
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		for (size_t j = 0; j < sizeof paths / sizeof paths[0]; j++) {
			char line[600], all[700];
			const char *at = strstr(forms[i], "%s");
			(void)snprintf(line, sizeof line, "%.*s%s%s", at != NULL ? (int)(at - forms[i]) : 99,
				       forms[i], at != NULL ? paths[j] : "", at != NULL ? at + 2 : "");
			(void)snprintf(all, sizeof all, "CREATE TABLE IF NOT EXISTS t (x TEXT);\n%s", line);
			(void)fed_bare(s, all);
		}
	const char *const tools[][4] = {
		{s->place.with.tool, "--sandbox=0", "-e", "source /etc/passwd"},
		{s->place.with.tool, "--init-command=select 1", "--tee=/tmp/rp-hostile-my", "-e"}};
	for (size_t i = 0; i < sizeof tools / sizeof tools[0]; i++) {
		const char *const argv[] = {tools[i][0], tools[i][1], tools[i][2], tools[i][3], NULL};
		rp_autobuf said = RP_BUF_INIT(64 << 10);
		(void)rp_scratch_feed(s, argv, NULL, &said, NULL);
		assert_null(strstr(rp_buf_text(&said), "root:"));
	}
	assert_int_equal(access("/tmp/rp-hostile-my", F_OK), -1);
	assert_asked(s->uri, "SELECT COUNT(*) FROM t", "0");
	removed(s);
	canaries_live(*state, &c);
}

/* Or the test before this one proves nothing. MySQL's client has given up such commands by itself. */
static void without_a_box_its_tool_would_run_anything(void **state)
{
	struct canaries c = canaries_in(*state);
	struct rp_scratch_wish wish = wish_in(*state);
	char *box = strdup(getenv("REPROVE_BOX"));
	wish.unboxed = true;
	(void)setenv("REPROVE_BOX", "none", 1);
	struct rp_scratch *s = started(&wish);
	char line[600];
	(void)snprintf(line, sizeof line, "\\! echo > %s\n", c.touch);
	(void)fed_bare(s, line);
	if (strcmp(s->place.with.tool, "mariadb") == 0)
		assert_int_equal(unlink(c.touch), 0);
	removed(s);
	canaries_live(*state, &c);
	(void)setenv("REPROVE_BOX", box, 1);
	free(box);
}

static int all_in(enum rp_box_level level, const char *name)
{
	const struct CMUnitTest tests[] = {
		T(sql_reaches_no_file),
		T(sql_reaches_no_other_server),
		T(a_tool_reaches_nothing_but_its_server),
		T(without_a_box_its_tool_would_run_anything),
	};
	rp_autobuf why = RP_BUF_INIT(16 << 10);
	char title[200];
	if (!rp_box_try(level, engine, &run, &why)) {
		(void)printf("# no box of this kind here: %s: %s\n", rp_box_name(level), rp_buf_text(&why));
		return getenv("RP_REQUIRE_BOXES") != NULL;
	}
	(void)setenv("REPROVE_BOX", rp_box_name(level), 1);
	(void)snprintf(title, sizeof title, "%s, in %s", name, rp_box_name(level));
	return cmocka_run_group_tests_name(title, tests, NULL, NULL);
}

static int all(const char *name)
{
	int failed = all_in(RP_BOX_NAMESPACES, name);
	return all_in(RP_BOX_LANDLOCK, name) + failed;
}

int main(void)
{
	return run_all(all);
}
