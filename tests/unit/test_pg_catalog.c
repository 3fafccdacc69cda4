/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include "verifier/engine/postgres/catalog.h"
#include "verifier/engine/postgres/objects.h"
#include "verifier/engine/postgres/rename.h"
#include "verifier/util/buf.h"

/* What PostgreSQL's survey does without a server: names in printed SQL, roles in grants, drift between versions. */

static void assert_renamed(const char *sql, const char *from, const char *expected)
{
	rp_autobuf out = RP_BUF_INIT(4096);
	rp_pg_rename(&out, sql, from, "s.t");
	assert_string_equal(rp_buf_text(&out), expected);
}

static void a_relation_is_renamed_where_it_is_named(void **state)
{
	(void)state;
	assert_renamed("CREATE INDEX i ON public.t USING btree (a)", "public.t",
		       "CREATE INDEX i ON s.t USING btree (a)");
	assert_renamed("SELECT public.t.a FROM public.t", "public.t", "SELECT s.t.a FROM s.t");
	assert_renamed("ON \"My S\".\"a\"\"b\" x", "\"My S\".\"a\"\"b\"", "ON s.t x");
	assert_renamed("public.t", "public.t", "s.t");
}

static void longer_names_and_strings_are_left_alone(void **state)
{
	(void)state;
	static const char *const same[] = {"ON public.tt",
					   "ON public.t_",
					   "ON xpublic.t",
					   "ON x.public.t",
					   "ON \"public.t\"",
					   "ON \"a\"\"public.t\"",
					   "'public.t'",
					   "'it''s public.t'",
					   "'\\'",
					   "E'\\' public.t'",
					   "\xc3\xa9public.t",
					   "public.t\xc3\xa9",
					   "'never closed public.t",
					   "\"public.t"};
	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
		assert_renamed(same[i], "public.t", same[i]);
	assert_renamed("x.\"t\"\"y\"", "x.\"t\"", "x.\"t\"\"y\"");
	/* Without the E a backslash ends nothing. */
	assert_renamed("'\\' public.t", "public.t", "'\\' s.t");
}

static void a_name_comes_apart_as_it_was_put_together(void **state)
{
	(void)state;
	static const char *const parts[] = {"a.b", "", "c\\d", "plain"};
	rp_autobuf name = RP_BUF_INIT(4096);
	char text[100];
	const char *found[4] = {NULL};
	for (size_t i = 0; i < 4; i++)
		rp_name_add(&name, parts[i]);
	assert_int_equal(rp_pg_split_name(rp_buf_text(&name), text, found, 4), 4);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(found[i], parts[i]);
	assert_int_equal(rp_pg_split_name("a.b.c", text, found, 2), 3);
	assert_string_equal(found[1], "b");
}

static void roles_are_read_out_of_grants(void **state)
{
	(void)state;
	struct rp_pg_roles roles = {0};
	rp_pg_roles_add_grants(
		&roles,
		"OWNER ALL\nPUBLIC SELECT\nreader SELECT,UPDATE WITH GRANT OPTION BY \"A \"\"b\"\" BY c\"\n"
		"\"OWNER\" USAGE\npg_monitor SELECT\n-gone EXECUTE\n+reader EXECUTE");
	static const char *const expected[] = {"reader", "A \"b\" BY c", "OWNER", "gone"};
	assert_int_equal(roles.n, 4);
	for (size_t i = 0; i < roles.n; i++)
		assert_string_equal(roles.all[i], expected[i]);
	rp_pg_roles_done(&roles);
}

static const char *drift(const char *was, const char *is, const char *kind, const char *name,
			 const char *fact, enum rp_change change)
{
	struct rp_identity sealed = {.version = was}, found = {.version = is};
	struct rp_object o = {.kind = kind, .name = name};
	struct rp_difference d = {.change = change, .fact = fact};
	if (change != RP_GAINED)
		d.sealed = &o;
	if (change != RP_LOST)
		d.found = &o;
	return rp_pg_drift(&sealed, &found, &d);
}

static void a_version_explains_what_it_brought_and_nothing_else(void **state)
{
	(void)state;
	assert_non_null(drift("13.23", "15.20 (Debian)", "schema", "public", "grants", RP_CHANGED));
	assert_non_null(drift("15.20", "13.23", "schema", "public", "grants", RP_CHANGED));
	assert_null(drift("15.20", "17.12", "schema", "public", "grants", RP_CHANGED));
	assert_null(drift("13.23", "15.20", "schema", "shop", "grants", RP_CHANGED));
	assert_null(drift("13.23", "15.20", "schema", "public", NULL, RP_LOST));
	assert_null(drift("13.23", "15.20", "table", "public", "grants", RP_CHANGED));
	assert_non_null(drift("17.1", "18.0", "not null constraint", "a.b.c", NULL, RP_GAINED));
	assert_non_null(drift("13.1", "14.0", "range type", "a.r", "multirange", RP_CHANGED));
	assert_non_null(drift("15.1", "17.0", "comment", "extension.hstore", NULL, RP_CHANGED));
	assert_null(drift("15.1", "17.0", "comment", "extension.hstore", NULL, RP_LOST));
	assert_null(drift("15.1", "17.0", "comment", "table.public\\.t", NULL, RP_CHANGED));
	assert_null(drift("15.1", "17.0", "view", "a.v", NULL, RP_CHANGED));
}

static void what_appears_with_a_version_does_not_excuse_a_change(void **state)
{
	(void)state;
	struct rp_identity sealed = {.version = "13.1"}, found = {.version = "14.1"};
	struct rp_object o = {.kind = "range type", .name = "a.r"};
	struct rp_difference d = {
		.change = RP_CHANGED, .fact = "multirange", .sealed = &o, .found = &o, .got = "a.m"};
	assert_non_null(rp_pg_drift(&sealed, &found, &d));
	d.expected = "a.other";
	assert_null(rp_pg_drift(&sealed, &found, &d));
}

static void hole_28_one_major_version_explains_nothing(void **state)
{
	(void)state;
	assert_null(drift("15.1", "15.20", "extension", "hstore", RP_PG_FACT_INSTALLED, RP_CHANGED));
	assert_null(drift("15.1", "", "extension", "hstore", RP_PG_FACT_INSTALLED, RP_CHANGED));
	assert_null(drift(NULL, "15.1", "extension", "hstore", RP_PG_FACT_INSTALLED, RP_CHANGED));
	assert_non_null(drift("15.1", "17.1", "extension", "hstore", RP_PG_FACT_INSTALLED, RP_CHANGED));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_relation_is_renamed_where_it_is_named),
		cmocka_unit_test(longer_names_and_strings_are_left_alone),
		cmocka_unit_test(a_name_comes_apart_as_it_was_put_together),
		cmocka_unit_test(roles_are_read_out_of_grants),
		cmocka_unit_test(a_version_explains_what_it_brought_and_nothing_else),
		cmocka_unit_test(what_appears_with_a_version_does_not_excuse_a_change),
		cmocka_unit_test(hole_28_one_major_version_explains_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
