/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>

#include "verifier/recovery/psql_filter.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

#define TOP  "--\n-- PostgreSQL database dump\n--\n\n"
#define MINE "\\restrict Abc123\n\n"
#define SETS "SET statement_timeout = 0;\nSELECT pg_catalog.set_config('search_path', '', false);\n\n"
#define ITEM                                                                                                 \
	"--\n-- Name: t; Type: TABLE; Schema: public; Owner: x\n--\n\nCREATE TABLE public.t (a text);\n\n"
#define END  "--\n-- PostgreSQL database dump complete\n--\n\n"
#define THEN "\\unrestrict Abc123\n\n"

/* What psql would get, with the random words as R and S. */
static int filter(const char *in, size_t len, unsigned server, size_t piece, struct rp_buf *out,
		  struct rp_err **err)
{
	struct rp_stream *below = NULL;
	rp_auto(rp_stream) s = NULL;
	assert_int_equal(rp_stream_of_memory(&below, in, len, err), 0);
	assert_int_equal(rp_psql_filter_new(&s, below, server, err), 0);
	rp_autobuf raw = RP_BUF_INIT(64 << 20);
	char *buf = malloc(piece);
	ssize_t n;
	while ((n = rp_stream_read(s, buf, piece, err)) > 0)
		rp_buf_add_mem(&raw, buf, (size_t)n);
	free(buf);
	if (n < 0) {
		assert_false(rp_psql_filter_whole(s));
		return -1;
	}
	assert_true(rp_psql_filter_whole(s));
	char ours[33] = {0}, last[200];
	assert_int_equal(strncmp(raw.s, "\\restrict ", 10), 0);
	memcpy(ours, raw.s + 10, 32);
	assert_int_equal(strspn(ours, "0123456789abcdef"), 32);
	assert_int_equal(raw.s[42], '\n');
	(void)snprintf(last, sizeof last, "\n\\unrestrict %s\n\\warn %s\n", ours, rp_psql_filter_sentinel(s));
	assert_true(raw.len > strlen(last));
	assert_string_equal(raw.s + raw.len - strlen(last), last);
	assert_string_not_equal(ours, rp_psql_filter_sentinel(s));
	rp_buf_add_mem(out, raw.s + 43, raw.len - strlen(last) - 43);
	return 0;
}

static void expect(const char *in, const char *want, unsigned server)
{
	for (size_t piece = 1; piece < 100000; piece = piece * 3 + 4) {
		rp_autoerr struct rp_err *err = NULL;
		rp_autobuf got = RP_BUF_INIT(64 << 20);
		assert_int_equal(filter(in, strlen(in), server, piece, &got, &err), 0);
		/* The first line of the dump is blank or '--', and was replaced. */
		assert_string_equal(rp_buf_text(&got), want + 3);
	}
}

static void expect_error(const char *in, size_t len, const char *text)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf got = RP_BUF_INIT(64 << 20);
	assert_int_equal(filter(in, len, 15, 4096, &got, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_BACKUP);
	assert_non_null(strstr(rp_err_text(err), text));
}

static void own_restriction_of_the_dump_is_taken_out(void **state)
{
	(void)state;
	expect(TOP MINE SETS ITEM END THEN, TOP "\n\n" SETS ITEM END, 15);
}

static void lines_keep_their_numbers(void **state)
{
	(void)state;
	static const char in[] = TOP MINE SETS ITEM END THEN;
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf got = RP_BUF_INIT(1 << 20);
	assert_int_equal(filter(in, strlen(in), 15, 100, &got, &err), 0);
	/* Ours took the place of the first line, which filter() above has cut off. */
	size_t before = 1, after = 2;
	for (const char *p = in; strncmp(p, "CREATE", 6) != 0; p++)
		before += *p == '\n';
	for (const char *p = got.s; strncmp(p, "CREATE", 6) != 0; p++)
		after += *p == '\n';
	assert_int_equal(after, before);
}

static void old_dump_without_restriction_passes(void **state)
{
	(void)state;
	expect(TOP SETS ITEM END, TOP SETS ITEM END, 15);
}

static void rows_and_bodies_that_look_like_it_stay(void **state)
{
	(void)state;
	static const char rows[] =
		"COPY public.t (a) FROM stdin;\n\\restrict Abc123\n\\unrestrict Abc123\n\\.\n\n"
		"CREATE FUNCTION public.f() RETURNS text LANGUAGE sql AS $$\n\\unrestrict Abc123\n"
		"\\connect other\n-- PostgreSQL database dump complete\n$$;\n\n";
	rp_autobuf in = RP_BUF_INIT(1 << 20);
	rp_autobuf want = RP_BUF_INIT(1 << 20);
	rp_buf_addf(&in, "%s%s%s%s%s%s%s", TOP, MINE, SETS, ITEM, rows, END, THEN);
	rp_buf_addf(&want, "%s\n\n%s%s%s%s", TOP, SETS, ITEM, rows, END);
	expect(rp_buf_text(&in), rp_buf_text(&want), 15);
}

static void token_is_taken_from_the_top_alone(void **state)
{
	(void)state;
	/* Behind a statement it is a command of the dump's, which psql refuses. */
	expect(TOP SETS MINE ITEM END, TOP SETS MINE ITEM END, 15);
	/* One that is no plain word, or a second one. */
	expect(TOP "\\restrict a b\n" SETS ITEM END, TOP "\\restrict a b\n" SETS ITEM END, 15);
	expect(TOP MINE "\\restrict Abc123\n" SETS ITEM END THEN, TOP "\n\n\\restrict Abc123\n" SETS ITEM END,
	       15);
	/* The last line of another token stays, too. */
	expect(TOP SETS ITEM END, TOP SETS ITEM END, 15);
	expect_error(TOP MINE SETS ITEM END "\\unrestrict Other\n",
		     strlen(TOP MINE SETS ITEM END "\\unrestrict Other\n"), "truncated");
}

static void setting_of_newer_versions_is_dropped_for_older_servers(void **state)
{
	(void)state;
	expect(TOP "SET transaction_timeout = 0;\n" SETS ITEM END, TOP "\n" SETS ITEM END, 15);
	expect(TOP "SET transaction_timeout = 0;\n" SETS ITEM END,
	       TOP "SET transaction_timeout = 0;\n" SETS ITEM END, 17);
	expect(TOP "SET transaction_timeout = 0;\n" SETS ITEM END,
	       TOP "SET transaction_timeout = 0;\n" SETS ITEM END, 0);
	expect(TOP SETS ITEM "SET transaction_timeout = 0;\n" END,
	       TOP SETS ITEM "SET transaction_timeout = 0;\n" END, 15);
}

static void statements_of_clean_are_dropped(void **state)
{
	(void)state;
	expect(TOP MINE SETS
	       "ALTER TABLE ONLY public.t DROP CONSTRAINT t_pkey;\nDROP TABLE public.t;\nSET x = '';\n" ITEM
		       END THEN,
	       TOP "\n\n" SETS "\n\nSET x = '';\n" ITEM END, 15);
}

/* What pg_dump --create writes before the first object: the database, its settings, the way into it twice. */
#define DATABASE(type) "--\n-- Name: d; Type: " type "; Schema: -; Owner: postgres\n--\n\n"
#define REMARK                                                                                               \
	"--\n-- Name: DATABASE d; Type: COMMENT; Schema: -; Owner: o\n--\n\nCOMMENT ON DATABASE d IS '';\n\n\n"
#define CONNECT "\\unrestrict Abc123\n\\connect d\n\\restrict Abc123\n\n"

static void sections_of_create_become_one(void **state)
{
	(void)state;
	expect(TOP MINE SETS DATABASE(
		       "DATABASE") "CREATE DATABASE d WITH TEMPLATE = template0;\n"
				   "ALTER DATABASE d OWNER TO o;\n" CONNECT SETS DATABASE(
					   "DATABASE PROPERTIES") "ALTER DATABASE d SET x TO 'y';\n" CONNECT
					   SETS ITEM END THEN,
	       TOP "\n\n" SETS DATABASE("DATABASE") "\nALTER DATABASE d OWNER TO o;\n\n\n\n\n" SETS DATABASE(
		       "DATABASE PROPERTIES") "ALTER DATABASE d SET x TO 'y';\n\n\n\n\n" SETS ITEM END,
	       15);
}

static void remarks_on_the_database_end_with_the_first_object(void **state)
{
	(void)state;
	expect(TOP SETS REMARK ITEM CONNECT END, TOP SETS REMARK ITEM CONNECT END, 15);
}

static void what_people_wrote_of_their_database_stays(void **state)
{
	(void)state;
#define WROTE "COMMENT ON DATABASE d IS 'a\n\\connect x\nCREATE DATABASE \n-- Name: t\nDROP x;\n';\n"
	expect(TOP MINE SETS DATABASE("DATABASE") WROTE CONNECT SETS ITEM END THEN,
	       TOP "\n\n" SETS DATABASE("DATABASE") WROTE "\n\n\n\n" SETS ITEM END, 15);
	/* And of what --clean drops, no part is left. */
	expect(TOP SETS "DROP FUNCTION public.\"f\n--\n\"(integer);\nSET x = '';\n" ITEM END,
	       TOP SETS "\n\n\nSET x = '';\n" ITEM END, 15);
}

static void tablespaces_are_taken_out(void **state)
{
	(void)state;
#define PLACE	"SET default_tablespace = fast;\n\n"
#define NOWHERE "SET default_tablespace = '';\n\n"
	expect(TOP SETS ITEM PLACE ITEM NOWHERE ITEM "SET default_tablespace = \"od;d\";\n" END,
	       TOP SETS ITEM "\n\n" ITEM NOWHERE ITEM "\n" END, 15);
	/* Not what people wrote. */
	expect(TOP SETS ITEM "COPY t FROM stdin;\n" PLACE "\\.\n\nSELECT $$\n" PLACE "$$;\n" PLACE END,
	       TOP SETS ITEM "COPY t FROM stdin;\n" PLACE "\\.\n\nSELECT $$\n" PLACE "$$;\n\n\n" END, 15);
}

static void connecting_elsewhere_later_is_left_for_psql_to_refuse(void **state)
{
	(void)state;
	expect(TOP SETS ITEM CONNECT ITEM END, TOP SETS ITEM CONNECT ITEM END, 15);
	expect(TOP SETS "\\connect d\n" ITEM END, TOP SETS "\\connect d\n" ITEM END, 15);
}

static void dump_of_nothing_is_whole(void **state)
{
	(void)state;
	expect(TOP MINE SETS END THEN, TOP "\n\n" SETS END, 15);
}

static void windows_line_ends_pass(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf got = RP_BUF_INIT(1 << 20);
	static const char in[] = "--\r\n-- PostgreSQL database dump\r\n--\r\n\r\n\\restrict Abc123\r\n\r\n"
				 "SET x = 1;\r\n\r\n--\r\n-- PostgreSQL database dump complete\r\n--\r\n\r\n"
				 "\\unrestrict Abc123\r\n\r\n";
	assert_int_equal(filter(in, strlen(in), 15, 4096, &got, &err), 0);
	assert_null(strstr(rp_buf_text(&got), "restrict"));
}

static void every_cut_is_told(void **state)
{
	(void)state;
	static const char whole[] = TOP MINE SETS ITEM END "\\unrestrict Abc123";
	for (size_t n = 0; n < sizeof whole - 1; n++)
		expect_error(whole, n, "truncated");
	static const char old[] = TOP SETS ITEM "--\n-- PostgreSQL database dump complete\n--";
	for (size_t n = 0; n < sizeof old - 1; n++)
		expect_error(old, n, "truncated");
	expect(whole, TOP "\n\n" SETS ITEM END, 15);
}

static void something_behind_the_end_is_told(void **state)
{
	(void)state;
	static const char more[] = TOP SETS ITEM END "\\! touch marker\n";
	expect_error(more, strlen(more), "truncated");
	static const char two[] = TOP SETS ITEM END "INSERT INTO t VALUES (1);\n";
	expect_error(two, strlen(two), "truncated");
}

static void nul_is_damage(void **state)
{
	(void)state;
	static const char in[] = TOP SETS "\0" ITEM END;
	expect_error(in, sizeof in - 1, "NUL");
}

static void lines_of_any_length_pass(void **state)
{
	(void)state;
	size_t n = 9 << 20;
	char *line = malloc(n + 1);
	memset(line, 'x', n);
	line[n] = '\0';
	rp_autobuf in = RP_BUF_INIT(32 << 20);
	rp_autobuf want = RP_BUF_INIT(32 << 20);
	rp_buf_addf(&in, "%s%s%sINSERT INTO t VALUES ('%s');\n%s%s", TOP, MINE, ITEM, line, END, THEN);
	rp_buf_addf(&want, "%s\n\n%sINSERT INTO t VALUES ('%s');\n%s", TOP, ITEM, line, END);
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf got = RP_BUF_INIT(32 << 20);
	assert_int_equal(filter(in.s, in.len, 15, 64 << 10, &got, &err), 0);
	assert_int_equal(got.len, want.len - 3);
	assert_memory_equal(got.s, want.s + 3, got.len);
	/* At the very top, too. */
	rp_buf_reset(&in);
	rp_buf_addf(&in, "%s\n%s%s", line, ITEM, END);
	rp_buf_reset(&got);
	assert_int_equal(filter(in.s, in.len, 15, 64 << 10, &got, &err), 0);
	assert_int_equal(got.len, in.len);
	free(line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_restriction_of_the_dump_is_taken_out),
		cmocka_unit_test(lines_keep_their_numbers),
		cmocka_unit_test(old_dump_without_restriction_passes),
		cmocka_unit_test(rows_and_bodies_that_look_like_it_stay),
		cmocka_unit_test(token_is_taken_from_the_top_alone),
		cmocka_unit_test(setting_of_newer_versions_is_dropped_for_older_servers),
		cmocka_unit_test(statements_of_clean_are_dropped),
		cmocka_unit_test(sections_of_create_become_one),
		cmocka_unit_test(remarks_on_the_database_end_with_the_first_object),
		cmocka_unit_test(what_people_wrote_of_their_database_stays),
		cmocka_unit_test(tablespaces_are_taken_out),
		cmocka_unit_test(connecting_elsewhere_later_is_left_for_psql_to_refuse),
		cmocka_unit_test(dump_of_nothing_is_whole),
		cmocka_unit_test(windows_line_ends_pass),
		cmocka_unit_test(every_cut_is_told),
		cmocka_unit_test(something_behind_the_end_is_told),
		cmocka_unit_test(nul_is_damage),
		cmocka_unit_test(lines_of_any_length_pass),
	};
	return cmocka_run_group_tests_name("psql_filter", tests, NULL, NULL);
}
