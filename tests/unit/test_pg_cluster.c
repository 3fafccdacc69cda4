/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>

#include "verifier/recovery/pg_cluster.h"
#include "verifier/recovery/pg_globals.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

#define HEAD	 "--\n-- PostgreSQL database cluster dump\n--\n\n\\restrict A1\n\nSET client_encoding = 'UTF8';\n"
#define ROLES	 "CREATE ROLE app;\nALTER ROLE app WITH LOGIN;\n\n\\unrestrict A1\n\n--\n-- Databases\n--\n\n"
#define NAME(n)	 "--\n-- Database \"" n "\" dump\n--\n\n"
#define TOP	 "-- PostgreSQL database dump\n--\n\n\\restrict B2\n\nSET x = 1;\n"
#define END	 "--\n-- PostgreSQL database dump complete\n--\n\n"
#define THEN	 "\\unrestrict B2\n\n"
#define DB(more) "--\n" TOP more END THEN
#define LAST	 "--\n-- PostgreSQL database cluster dump complete\n--\n\n"
#define WHOLE	 HEAD ROLES NAME("one") DB("CREATE TABLE a;\n") NAME("t\"wo") DB("CREATE TABLE b;\n") LAST

/* "0:" and the globals, then "NAME@LINE:" and each database's bytes; -1: what failed is in err. */
static int parts(const char *in, size_t len, size_t piece, struct rp_buf *out, struct rp_err **err)
{
	struct rp_stream *below = NULL;
	rp_auto(rp_pg_cluster) c = NULL;
	const struct rp_pg_part *part;
	int r;
	assert_int_equal(rp_stream_of_memory(&below, in, len, err), 0);
	assert_int_equal(rp_pg_cluster_new(&c, below, err), 0);
	while ((r = rp_pg_cluster_next(c, &part, err)) > 0) {
		rp_auto(rp_stream) s = NULL;
		char buf[4096];
		ssize_t n;
		rp_buf_addf(out, "[%s@%llu]", part->globals ? "" : part->name,
			    (unsigned long long)part->line);
		assert_int_equal(rp_pg_cluster_read(c, &s, err), 0);
		while ((n = rp_stream_read(s, buf, piece, err)) > 0)
			rp_buf_add_mem(out, buf, (size_t)n);
		if (n < 0)
			return -1;
	}
	return r;
}

static void expect(const char *in, const char *want)
{
	for (size_t piece = 1; piece < 4096; piece = piece * 3 + 4) {
		rp_autoerr struct rp_err *err = NULL;
		rp_autobuf got = RP_BUF_INIT(1 << 20);
		if (parts(in, strlen(in), piece, &got, &err) < 0)
			fail_msg("%s", rp_err_text(err));
		assert_string_equal(rp_buf_text(&got), want);
	}
}

static void expect_error(const char *in, const char *text)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf got = RP_BUF_INIT(1 << 20);
	assert_int_equal(parts(in, strlen(in), 4096, &got, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_BACKUP);
	if (strstr(rp_err_text(err), text) == NULL)
		fail_msg("'%s' is not in '%s'", text, rp_err_text(err));
}

static void each_part_comes_by_itself(void **state)
{
	(void)state;
	expect(WHOLE, "[@1]" HEAD ROLES "--\n[one@22]" TOP "CREATE TABLE a;\n" END THEN "[t\"wo@40]" TOP
		      "CREATE TABLE b;\n" END THEN);
	/* The two that every server has are connected to, and not made. */
	expect(HEAD NAME("postgres") "\\connect postgres\n\n" DB("") LAST,
	       "[@1]" HEAD "--\n[postgres@15]" TOP END THEN);
	/* Before August 2025 nothing was restricted. */
	expect("--\n-- PostgreSQL database cluster dump\n--\n\n" NAME(
		       "d") "--\n-- PostgreSQL database dump\n--\n\n" END LAST,
	       "[@1]--\n-- PostgreSQL database cluster dump\n--\n\n--\n[d@10]-- PostgreSQL database dump\n--\n\n" END);
}

static void a_part_that_nobody_reads_is_passed_over(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	struct rp_stream *below = NULL;
	rp_auto(rp_pg_cluster) c = NULL;
	const struct rp_pg_part *part;
	assert_int_equal(rp_stream_of_memory(&below, WHOLE, strlen(WHOLE), &err), 0);
	assert_int_equal(rp_pg_cluster_new(&c, below, &err), 0);
	assert_int_equal(rp_pg_cluster_next(c, &part, &err), 1);
	assert_true(part->globals);
	assert_int_equal(rp_pg_cluster_next(c, &part, &err), 1);
	assert_string_equal(part->name, "one");
	assert_int_equal(rp_pg_cluster_next(c, &part, &err), 1);
	assert_string_equal(part->name, "t\"wo");
	assert_int_equal(rp_pg_cluster_next(c, &part, &err), 0);
	assert_int_equal(rp_pg_cluster_next(c, &part, &err), 0);
}

/* What people wrote may look like anything. */
static void what_stands_in_rows_bodies_and_names_marks_nothing(void **state)
{
	(void)state;
#define MARKS                                                                                                  \
	"-- PostgreSQL database dump complete\n--\n\n\\unrestrict B2\n\n--\n-- Database \"evil\" dump\n--\n\n" \
	"--\n-- PostgreSQL database dump\n--\n\\connect evil\n"                                                \
	"-- PostgreSQL database cluster dump complete\n"
	static const char *const all[] = {
		"COPY public.t (a) FROM stdin;\n" MARKS "\\\\.\n\\.\n\n",
		"COPY public.\"t\nx\" (\"a;\") FROM stdin;\n\\N\n\\.x\n" MARKS "\\.\n\n",
		"CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$\n" MARKS "$$;\n",
		"CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $_X$\n$$ $_X $_ $\n" MARKS "$_X$;\n",
		"INSERT INTO t VALUES ('it''s\n" MARKS "');\n",
		"INSERT INTO t VALUES (E'\\\\\n" MARKS "\\\\');\n",
		"COMMENT ON TABLE \"a\"\"\n" MARKS "\" IS 'it';\n",
		"CREATE VIEW v AS\n SELECT $1 AS \"x$\", a$b$c\n   FROM '\n" MARKS "';\n",
		"SELECT 'COPY t FROM stdin;\n" MARKS "';\nSELECT ' FROM stdin';\n",
		"-- Name: it's; Type: $$\n",
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		rp_autobuf in = RP_BUF_INIT(64 << 10);
		rp_autobuf want = RP_BUF_INIT(64 << 10);
		rp_buf_addf(&in, "%s%s--\n%s%s%s%s%s", HEAD, NAME("d"), TOP, all[i], END, THEN, LAST);
		rp_buf_addf(&want, "[@1]%s--\n[d@13]%s%s%s%s", HEAD, TOP, all[i], END, THEN);
		expect(rp_buf_text(&in), rp_buf_text(&want));
	}
	expect(HEAD "COMMENT ON ROLE a IS '\n" MARKS "';\n" LAST,
	       "[@1]" HEAD "COMMENT ON ROLE a IS '\n" MARKS "';\n--\n");
}

static void what_no_pg_dumpall_writes_is_refused(void **state)
{
	(void)state;
	expect_error(HEAD NAME("d") DB("") "\\! touch marker\n" LAST, "line 25: between two databases");
	expect_error(HEAD NAME("d") DB("") "\\connect other\n" LAST, "between two databases");
	expect_error(HEAD NAME("d") DB("") "DROP TABLE x;\n" LAST, "between two databases");
	expect_error(HEAD NAME("d") "\\connect d\n\\! x\n" DB("") LAST, "between two databases");
	expect_error(HEAD NAME("d") DB("") DB("") LAST, "without its name");
	expect_error(HEAD DB("") LAST, "without its name");
	expect_error(WHOLE "\\! touch marker\n", "goes on behind its end");
	expect_error(WHOLE WHOLE, "goes on behind its end");
}

static void every_cut_is_told(void **state)
{
	(void)state;
	static const char whole[] = WHOLE;
	size_t n = strlen(whole) - strlen("\n--\n\n");
	for (size_t cut = 0; cut < n; cut++) {
		rp_autoerr struct rp_err *err = NULL;
		rp_autobuf got = RP_BUF_INIT(1 << 20);
		assert_int_equal(parts(whole, cut, 4096, &got, &err), -1);
		assert_int_equal(rp_err_kind(err), RP_ERR_BACKUP);
	}
}

struct globals {
	struct rp_buf roles, sql, said;
};

static int globals(const char *in, struct globals *g, struct rp_err **err)
{
	rp_auto(rp_stream) s = NULL;
	*g = (struct globals){RP_BUF_INIT(64 << 10), RP_BUF_INIT(64 << 10), RP_BUF_INIT(64 << 10)};
	assert_int_equal(rp_stream_of_memory(&s, in, strlen(in), err), 0);
	return rp_pg_globals(s, &g->roles, &g->sql, &g->said, err);
}

static void globals_done(struct globals *g)
{
	rp_buf_done(&g->roles);
	rp_buf_done(&g->sql);
	rp_buf_done(&g->said);
}

/* in: one statement; want: what is left of it. */
static void expect_globals(const char *in, const char *want, const char *roles, const char *said)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_cleanup(globals_done) struct globals g = {0};
	assert_int_equal(globals(in, &g, &err), 0);
	const char *begin = strstr(rp_buf_text(&g.sql), "GLOBALS; Schema: -; Owner: -\n--\n\n") + 33;
	const char *end = strstr(begin, "\n--\n-- PostgreSQL database dump complete\n--\n");
	assert_non_null(end);
	assert_int_equal(end - begin, strlen(want));
	assert_memory_equal(begin, want, strlen(want));
	assert_string_equal(rp_buf_text(&g.roles), roles);
	if (said == NULL)
		assert_int_equal(g.said.len, 0);
	else
		assert_non_null(strstr(rp_buf_text(&g.said), said));
}

static void globals_come_without_secrets_and_places(void **state)
{
	(void)state;
	expect_globals("SET client_encoding = 'UTF8';\n", "SET client_encoding = 'UTF8';\n", "", NULL);
	expect_globals("CREATE ROLE \"x;\ny\";\n", "", "CREATE ROLE \"x;\ny\";\n", NULL);
	expect_globals("ALTER ROLE a WITH LOGIN PASSWORD 'SCRAM''x' VALID UNTIL 'z';\n",
		       "ALTER ROLE a WITH LOGIN VALID UNTIL 'z';\n", "", NULL);
	expect_globals("ALTER ROLE \" PASSWORD b\" WITH LOGIN PASSWORD 'md5';\n",
		       "ALTER ROLE \" PASSWORD b\" WITH LOGIN;\n", "", NULL);
	expect_globals("ALTER ROLE a SET x TO 'it''s PASSWORD here';\n",
		       "ALTER ROLE a SET x TO 'it''s PASSWORD here';\n", "", NULL);
	expect_globals("COMMENT ON ROLE a IS 'two;\n-- lines';\n", "COMMENT ON ROLE a IS 'two;\n-- lines';\n",
		       "", NULL);
	expect_globals("GRANT g TO a WITH ADMIN OPTION, INHERIT TRUE GRANTED BY \"p q\";\n",
		       "GRANT g TO a WITH ADMIN OPTION, INHERIT TRUE;\n", "", NULL);
	expect_globals("GRANT SET ON PARAMETER work_mem TO a;\n", "GRANT SET ON PARAMETER work_mem TO a;\n",
		       "", NULL);
	expect_globals("DROP ROLE a;\nDROP DATABASE IF EXISTS d;\n", "", "", NULL);
	expect_globals("CREATE TABLESPACE t OWNER a LOCATION '/srv/t';\n", "", "", "tablespaces");
	expect_globals("GRANT CREATE ON TABLESPACE t TO a;\n", "", "", "tablespaces");
	static const char *const others[] = {
		"ALTER SYSTEM SET archive_command = 'rm';\n",
		"ALTER DATABASE d SET x TO 'y';\n",
		"ALTER ROLE a IN DATABASE d SET x TO 'y';\n",
		"ALTER ROLE ALL SET x TO 'y';\n",
		"COPY (SELECT 1) TO PROGRAM 'id';\n",
		"DO $$ BEGIN x; END $$;\n",
		"GRANT ALL ON DATABASE d TO a;\n",
	};
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		expect_globals(others[i], "", "", "left out: 1 statement");
	expect_globals("\\! id\n-- it's\n\\restrict x\n", "", "", NULL);
}

static void globals_that_hide_something_are_refused(void **state)
{
	(void)state;
	static const char *const all[] = {
		"ALTER ROLE a WITH LOGIN; ALTER SYSTEM SET x = 1;\n",
		"CREATE ROLE a; COPY t TO PROGRAM\n 'id';\n",
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		rp_autoerr struct rp_err *err = NULL;
		rp_cleanup(globals_done) struct globals g = {0};
		assert_int_equal(globals(all[i], &g, &err), -1);
		assert_int_equal(rp_err_kind(err), RP_ERR_BACKUP);
		assert_non_null(strstr(rp_err_text(err), "line 1: several statements"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_part_comes_by_itself),
		cmocka_unit_test(a_part_that_nobody_reads_is_passed_over),
		cmocka_unit_test(what_stands_in_rows_bodies_and_names_marks_nothing),
		cmocka_unit_test(what_no_pg_dumpall_writes_is_refused),
		cmocka_unit_test(every_cut_is_told),
		cmocka_unit_test(globals_come_without_secrets_and_places),
		cmocka_unit_test(globals_that_hide_something_are_refused),
	};
	return cmocka_run_group_tests_name("pg_cluster", tests, NULL, NULL);
}
