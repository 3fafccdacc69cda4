/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <string.h>

#include "verifier/config/smoke.h"
#include "verifier/util/arena.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

static void an_expectation_is_read_from_the_first_line(void **state)
{
	rp_auto(rp_arena) memory = NULL;
	struct rp_smoke s;
	(void)state;
	assert_int_equal(rp_arena_new(&memory, NULL), 0);
	assert_int_equal(rp_smoke_parse(&s, memory, "a.sql", "SELECT 1", NULL), 0);
	assert_int_equal(s.expect, RP_EXPECT_NO_ROWS);
	assert_int_equal(rp_smoke_parse(&s, memory, "a.sql", "\n-- expect: no rows\nSELECT 1", NULL), 0);
	assert_int_equal(s.expect, RP_EXPECT_NO_ROWS);
	assert_int_equal(rp_smoke_parse(&s, memory, "a.sql", "--expect: value 4 2 \r\nSELECT 1", NULL), 0);
	assert_int_equal(s.expect, RP_EXPECT_VALUE);
	assert_string_equal(s.value, "4 2");
	assert_int_equal(rp_smoke_parse(&s, memory, "a.sql", "-- expect: value\nSELECT ''", NULL), 0);
	assert_string_equal(s.value, "");
	assert_int_equal(rp_smoke_parse(&s, memory, "a.sql", "-- expect: at least 10\nSELECT 1", NULL), 0);
	assert_int_equal(s.expect, RP_EXPECT_AT_LEAST);
	assert_int_equal(s.at_least, 10);
	assert_string_equal(s.name, "a.sql");
}

static const struct {
	const char *text, *message;
} mistakes[] = {
	{"", "'a.sql' asks nothing: there is no statement in it"},
	{"-- expect: no rows\n -- SELECT 1\n;", "'a.sql' asks nothing: there is no statement in it"},
	{"-- expect: rows\nSELECT 1", "'a.sql': cannot tell what 'rows' expects"},
	{"-- expect: at least ten\nSELECT 1", "'a.sql': cannot tell what 'at least ten' expects"},
	{"-- expect: at least 0\nSELECT 1", "'a.sql': cannot tell what 'at least 0' expects"},
	{"-- expect: valued\nSELECT 1", "'a.sql': cannot tell what 'valued' expects"},
	{"-- expect:\nSELECT 1", "'a.sql': cannot tell what '' expects"},
};

static void an_expectation_that_cannot_be_read_is_a_mistake(void **state)
{
	rp_auto(rp_arena) memory = NULL;
	(void)state;
	assert_int_equal(rp_arena_new(&memory, NULL), 0);
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
		rp_autoerr struct rp_err *err = NULL;
		struct rp_smoke s;

		assert_int_equal(rp_smoke_parse(&s, memory, "a.sql", mistakes[i].text, &err), -1);
		assert_string_equal(rp_err_text(err), mistakes[i].message);
		assert_int_equal(rp_err_kind(err), RP_ERR_CONFIG);
	}
}

static void a_file_that_is_not_there_is_a_mistake(void **state)
{
	rp_auto(rp_arena) memory = NULL;
	rp_autoerr struct rp_err *err = NULL;
	struct rp_smoke s;
	(void)state;
	assert_int_equal(rp_arena_new(&memory, NULL), 0);
	assert_int_equal(rp_smoke_load(&s, memory, "/nonexistent/a.sql", &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_CONFIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_expectation_is_read_from_the_first_line),
		cmocka_unit_test(an_expectation_that_cannot_be_read_is_a_mistake),
		cmocka_unit_test(a_file_that_is_not_there_is_a_mistake),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
