/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include "verifier/recovery/dump.h"
#include "verifier/recovery/pg_archive.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

/* The first bytes of an archive made by pg_dump 15. */
static const uint8_t archive[] =
	"PGDMP\1\16\0\4\10\1\1\1\0\0\0\0\30\0\0\0\0\47\0\0\0\0\12\0\0\0\0\25\0\0\0\0\12"
	"\0\0\0\0\176\0\0\0\0\0\0\0\0\0\4\0\0\0shop\0\5\0\0\00015.20\0\5\0\0\00015.21";
#define ARCHIVE_LEN (sizeof archive - 1)

static void header_of_an_archive_is_read(void **state)
{
	(void)state;
	struct rp_pg_archive a;
	assert_true(rp_pg_archive_parse(archive, ARCHIVE_LEN, &a));
	assert_int_equal(a.major, 1);
	assert_int_equal(a.minor, 14);
	assert_int_equal(a.format, RP_PG_CUSTOM);
	assert_string_equal(a.database, "shop");
	assert_string_equal(a.server, "15.20");
	assert_string_equal(a.tool, "15.21");
	assert_int_equal(a.made_ms, INT64_C(1795257564000));
}

static void cut_header_is_no_header(void **state)
{
	(void)state;
	for (size_t n = 0; n < ARCHIVE_LEN; n++) {
		struct rp_pg_archive a;
		assert_false(rp_pg_archive_parse(archive, n, &a));
		assert_int_equal(rp_pg_archive_bid(archive, n, RP_PG_CUSTOM) > 0, n >= 5);
	}
}

static void length_that_is_too_large_is_refused(void **state)
{
	(void)state;
	uint8_t copy[ARCHIVE_LEN];
	memcpy(copy, archive, sizeof copy);
	for (size_t at = 0; at < sizeof copy; at++)
		for (unsigned v = 0; v < 256; v += 15) {
			struct rp_pg_archive a;
			copy[at] = (uint8_t)v;
			(void)rp_pg_archive_parse(copy, sizeof copy, &a);
			copy[at] = archive[at];
		}
}

static void newer_archives_need_newer_tools(void **state)
{
	(void)state;
	static const struct {
		unsigned major, minor, needs;
	} rows[] = {{1, 12, 12}, {1, 14, 12}, {1, 15, 16}, {1, 16, 17}, {1, 17, 0}, {2, 0, 0}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct rp_pg_archive a = {.major = rows[i].major, .minor = rows[i].minor};
		assert_int_equal(rp_pg_archive_needs(&a), rows[i].needs);
	}
}

static void expect_plain(const char *text, bool is, bool cluster, bool creates)
{
	struct rp_pg_plain p;
	assert_int_equal(rp_pg_plain_parse((const uint8_t *)text, strlen(text), &p), is);
	if (is) {
		assert_int_equal(p.cluster, cluster);
		assert_int_equal(p.creates, creates);
	}
}

static void plain_dumps_are_known_by_their_title(void **state)
{
	(void)state;
	expect_plain("--\n-- PostgreSQL database dump\n--\n", true, false, false);
	expect_plain("--\r\n-- PostgreSQL database dump\r\n--\r\n", true, false, false);
	expect_plain("\n--\n-- PostgreSQL database dump", true, false, false);
	expect_plain("--\n-- PostgreSQL database cluster dump\n--\n", true, true, false);
	expect_plain("", false, false, false);
	expect_plain("--\n-- PostgreSQL database dump complete\n--\n", false, false, false);
	expect_plain("CREATE TABLE t ();\n-- PostgreSQL database dump\n", false, false, false);
	expect_plain("-- MariaDB dump 10.19\n", false, false, false);
	expect_plain(
		"--\n-- PostgreSQL database dump\n--\n\n-- Name: shop; Type: DATABASE; Schema: -; Owner: x\n",
		true, false, true);
	expect_plain(
		"--\n-- PostgreSQL database dump\n--\n\n-- Name: f; Type: FUNCTION; Schema: s; Owner: x\n"
		"-- Name: shop; Type: DATABASE; Schema: -; Owner: x\n",
		true, false, false);
}

static void versions_are_read_from_the_top(void **state)
{
	(void)state;
	static const char text[] =
		"--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 15.20 (D)\n"
		"-- Dumped by pg_dump version 17.2\n\n-- Dumped by pg_dump version 9\n";
	struct rp_pg_plain p;
	assert_true(rp_pg_plain_parse((const uint8_t *)text, strlen(text), &p));
	assert_string_equal(p.server, "15.20 (D)");
	assert_string_equal(p.tool, "17.2");
	assert_int_equal(rp_pg_major(p.server), 15);
	assert_int_equal(rp_pg_major("18beta1"), 18);
	assert_int_equal(rp_pg_major(""), 0);
	assert_int_equal(rp_pg_major(NULL), 0);
}

static void what_a_dump_does_not_carry_is_known(void **state)
{
	(void)state;
	const struct rp_fact bad = {"valid", "false"};
	const struct rp_fact good = {"valid", "true"};
	const struct rp_object invalid = {.kind = "index", .name = "public.i", .facts = &bad, .n_facts = 1};
	const struct rp_object valid = {.kind = "index", .name = "public.i", .facts = &good, .n_facts = 1};
	const struct rp_object setting = {.kind = "database setting", .name = "work_mem"};
	const struct rp_object database = {.kind = "database", .name = "properties"};
	const struct rp_object locale = {.kind = "database", .name = "locale"};
	const struct rp_object role = {.kind = "role", .name = "app"};
	const struct rp_object table = {.kind = "table", .name = "public.t"};
	assert_non_null(rp_pg_dump_omits(&invalid, NULL));
	assert_null(rp_pg_dump_omits(&invalid, "valid"));
	assert_null(rp_pg_dump_omits(&valid, NULL));
	assert_non_null(rp_pg_dump_omits(&setting, NULL));
	assert_non_null(rp_pg_dump_omits(&database, "comment"));
	assert_non_null(rp_pg_dump_omits(&database, "grants"));
	assert_null(rp_pg_dump_omits(&database, NULL));
	assert_null(rp_pg_dump_omits(&locale, "encoding"));
	assert_non_null(rp_pg_dump_omits(&role, "login"));
	assert_null(rp_pg_dump_omits(&table, NULL));
	assert_null(rp_pg_dump_omits(&table, "owner"));
}

static void append(void *ctx, const char *name)
{
	rp_buf_addf(ctx, "[%s]", name);
}

static void roles_are_found_in_the_lines_that_name_them(void **state)
{
	(void)state;
	static const struct {
		const char *line, *roles;
	} rows[] = {
		{"-- Name: t; Type: TABLE; Schema: public; Owner: my app", "[my app]"},
		{"-- Name: x; Type: EXTENSION; Schema: -; Owner: -", ""},
		{"ALTER TABLE public.t OWNER TO app;", "[app]"},
		{"ALTER TABLE public.t OWNER TO \"My \"\"App\"\"\";", "[My \"App\"]"},
		{"GRANT SELECT ON TABLE public.t TO reader WITH GRANT OPTION;", "[reader]"},
		{"GRANT USAGE ON SCHEMA s TO PUBLIC;", ""},
		{"REVOKE ALL ON TABLE public.t FROM app;", "[app]"},
		{"ALTER DEFAULT PRIVILEGES FOR ROLE a IN SCHEMA s GRANT SELECT ON TABLES TO b;", "[a][b]"},
		{"SET SESSION AUTHORIZATION 'o''x';", "[o'x]"},
		{"CREATE POLICY p ON public.t FOR SELECT TO a, \"B\", c USING (true);", "[a][B][c]"},
		{"CREATE USER MAPPING FOR app SERVER s OPTIONS (", "[app]"},
		{"INSERT INTO t VALUES (' OWNER TO app;');", ""},
		{"ALTER TABLE public.t OWNER TO ", ""},
		{"ALTER TABLE public.t OWNER TO \"open", "[open]"},
		{"GRANT ", ""},
		{"", ""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		rp_autobuf got = RP_BUF_INIT(1000);
		rp_pg_roles_in(rows[i].line, strlen(rows[i].line), append, &got);
		assert_string_equal(rp_buf_text(&got), rows[i].roles);
	}
}

static const struct rp_fact how[] = {
	{"snapshot", "00000003-0000001B-1"}, {"host", "/run/pg"}, {"database", "a b"}, {"user", NULL}};

static void expect_words(const char *const *in, const char *const *want)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_cleanup(rp_argv_done) struct rp_argv got = {0};
	assert_int_equal(rp_dump_words(&got, in, how, 4, &err), 0);
	for (size_t i = 0; want[i] != NULL; i++)
		assert_string_equal(got.v[i], want[i]);
}

static void expect_refused(const char *const *in, const struct rp_fact *facts, size_t n,
			   enum rp_err_kind kind, const char *text)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_cleanup(rp_argv_done) struct rp_argv got = {0};
	assert_int_equal(rp_dump_words(&got, in, facts, n, &err), -1);
	assert_int_equal(rp_err_kind(err), kind);
	assert_non_null(strstr(rp_err_text(err), text));
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void words_stay_words_whatever_is_filled_in(void **state)
{
	(void)state;
	expect_words(WORDS("x", "--snapshot={snapshot}", "{database}", "{}", "${HOME}", "a{host}b{"),
		     WORDS("x", "--snapshot=00000003-0000001B-1", "a b", "{}", "${HOME}", "a/run/pgb{"));
}

static void words_that_cannot_be_filled_in_are_refused(void **state)
{
	(void)state;
	static const struct rp_fact evil[] = {
		{"snapshot", "x;rm -rf"}, {"database", "--file=x"}, {"host", "a\nb"}};
	static const struct rp_fact fine[] = {
		{"snapshot", "1-2-3"}, {"database", "--file=x"}, {"host", "a\nb"}};
	expect_refused(WORDS("x", "{snapshot}", "{snapshop}"), how, 4, RP_ERR_USAGE,
		       "'{snapshop}' is not known here; known are {snapshot} {host} {database}");
	expect_refused(WORDS("x", "{snapshot}", "{user}"), how, 4, RP_ERR_USAGE,
		       "'{user}' is not known here");
	expect_refused(WORDS("x", "{database}"), how, 4, RP_ERR_USAGE, "does not use {snapshot}");
	expect_refused(WORDS("x", "-s{snapshot}"), evil, 3, RP_ERR_ENGINE,
		       "the server's name for its snapshot");
	expect_refused(WORDS("x", "-s{snapshot}", "{database}"), fine, 3, RP_ERR_USAGE, "take for an option");
	expect_refused(WORDS("x", "-s{snapshot}", "-h{host}"), fine, 3, RP_ERR_USAGE, "control character");
}

static void variables_that_are_not_known_are_left_out(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	rp_cleanup(rp_argv_done) struct rp_argv env = {0};
	rp_argv_add(&env, "PATH=/bin");
	rp_argv_add(&env, "PGHOST=old");
	assert_int_equal(rp_dump_variables(&env,
					   WORDS("PGHOST={host}", "PGUSER={user}", "PGDATABASE={database}"),
					   how, 4, &err),
			 0);
	assert_int_equal(env.n, 3);
	assert_string_equal(env.v[0], "PATH=/bin");
	assert_string_equal(env.v[1], "PGHOST=/run/pg");
	assert_string_equal(env.v[2], "PGDATABASE=a b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_of_an_archive_is_read),
		cmocka_unit_test(cut_header_is_no_header),
		cmocka_unit_test(length_that_is_too_large_is_refused),
		cmocka_unit_test(newer_archives_need_newer_tools),
		cmocka_unit_test(plain_dumps_are_known_by_their_title),
		cmocka_unit_test(versions_are_read_from_the_top),
		cmocka_unit_test(what_a_dump_does_not_carry_is_known),
		cmocka_unit_test(roles_are_found_in_the_lines_that_name_them),
		cmocka_unit_test(words_stay_words_whatever_is_filled_in),
		cmocka_unit_test(words_that_cannot_be_filled_in_are_refused),
		cmocka_unit_test(variables_that_are_not_known_are_left_out),
	};
	return cmocka_run_group_tests_name("pg_dump", tests, NULL, NULL);
}
