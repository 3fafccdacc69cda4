/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "verifier/result/result.h"
#include "verifier/result/scope.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"

static struct rp_arena *memory;
static struct rp_change_note changes[RP_SCOPE_CHANGES_MAX];
static size_t n_changes;

static int set_up(void **state)
{
	(void)state;
	return rp_arena_new(&memory, NULL);
}
static int tear_down(void **state)
{
	(void)state;
	rp_arena_free(memory);
	return 0;
}

static void count(struct rp_result *r, const char *relation, const char *rows)
{
	rp_ask(&r->findings, "relation.rows", RP_HIGH);
	rp_answer(&r->findings, &(struct rp_finding){.object = relation,
						     .verdict = RP_PASS,
						     .looked = 1,
						     .expected = rows,
						     .found = rows});
}

static void check(struct rp_result *r, const char *name, enum rp_verdict verdict)
{
	rp_ask(&r->findings, name, RP_HIGH);
	rp_answer(&r->findings, &(struct rp_finding){.object = "", .verdict = verdict, .looked = 1});
}

static struct rp_result *result(void)
{
	struct rp_result *r;
	assert_int_equal(rp_result_new(&r, "shop", NULL), 0);
	return r;
}

static void compare(const struct rp_result *before, const struct rp_result *after)
{
	struct rp_scope a, b;
	assert_int_equal(rp_scope_of(&a, memory, before, NULL), 0);
	assert_int_equal(rp_scope_of(&b, memory, after, NULL), 0);
	assert_int_equal(rp_scope_changes(changes, &n_changes, memory, &a, &b, NULL), 0);
}

static void what_is_looked_at_no_longer_is_named(void **state)
{
	rp_auto(rp_result) before = result();
	rp_auto(rp_result) after = result();
	(void)state;
	count(before, "b", "70");
	count(before, "a", "30");
	check(before, "smoke.sql", RP_PASS);
	check(before, "engine.amcheck", RP_FAIL);
	check(before, "smoke.sql", RP_FAIL);
	count(after, "a", "30");
	count(after, "c", "1");
	check(after, "smoke.sql", RP_PASS);
	check(after, "engine.amcheck", RP_NOT_RUN);
	compare(before, after);
	assert_int_equal(n_changes, 3);
	assert_string_equal(changes[0].what, "checks");
	assert_string_equal(changes[0].says, "no longer asked: engine.amcheck");
	assert_string_equal(changes[0].before, "3");
	assert_string_equal(changes[0].after, "2");
	assert_true(changes[0].narrower);
	assert_string_equal(changes[1].says, "no longer there: b; new: c");
	assert_true(changes[1].narrower);
	assert_string_equal(changes[2].says, "69 fewer rows");
	assert_true(changes[2].narrower);
}

static void more_is_told_and_is_not_narrower(void **state)
{
	rp_auto(rp_result) before = result();
	rp_auto(rp_result) after = result();
	(void)state;
	count(before, "a", "100");
	count(after, "a", "91"); /* a few rows less are every day's business */
	count(after, "b", "0");
	check(after, "smoke.sql", RP_PASS);
	compare(before, after);
	assert_int_equal(n_changes, 3);
	for (size_t i = 0; i < n_changes; i++)
		assert_false(changes[i].narrower);
	assert_string_equal(changes[0].says, "new: smoke.sql");
	compare(before, before);
	assert_int_equal(n_changes, 0);
}

/* One that never got to the rows says nothing of what it would have looked at. */
static void a_run_that_stopped_early_is_not_narrower(void **state)
{
	rp_auto(rp_result) before = result();
	rp_auto(rp_result) after = result();
	(void)state;
	count(before, "a", "100");
	check(before, "smoke.sql", RP_PASS);
	check(after, "restore.complete", RP_FAIL);
	compare(before, after);
	assert_int_equal(n_changes, 0);
	compare(after, before);
	assert_int_equal(n_changes, 0);
}

static void a_waiver_that_is_new_lets_more_pass(void **state)
{
	rp_auto(rp_result) before = result();
	rp_auto(rp_result) after = result();
	const struct rp_waiver_note was[] = {{.check = "relation.digest", .object = "a"},
					     {.check = "relation.digest", .object = "b", .expired = true}};
	const struct rp_waiver_note is[] = {{.check = "relation.digest", .object = "a"},
					    {.check = "relation.digest", .object = "b"}};
	(void)state;
	rp_result_record(before, &(struct rp_record){.waivers = was, .n_waivers = 2});
	rp_result_record(after, &(struct rp_record){.waivers = is, .n_waivers = 2});
	compare(before, after);
	assert_int_equal(n_changes, 1);
	assert_string_equal(changes[0].says, "new: relation.digest of 'b'");
	assert_true(changes[0].narrower);
	compare(after, before);
	assert_int_equal(n_changes, 1);
	assert_false(changes[0].narrower);
}

static void of_many_names_the_first_are_shown_and_the_rest_counted(void **state)
{
	rp_auto(rp_result) before = result();
	rp_auto(rp_result) after = result();
	char name[16];
	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof name, "t%03u", i);
		count(before, name, "1");
	}
	count(after, "t500", "1");
	compare(before, after);
	assert_string_equal(changes[0].what, "relations");
	assert_non_null(strstr(changes[0].says, "t018, t019 and 979 more"));
}

static void options_are_compared_by_name(void **state)
{
	const struct rp_fact was[] = {{"rpo", "1"}, {"skip", "2"}, {"rto", "3"}},
			     is[] = {{"rpo", "9"}, {"rto", "3"}, {"due", "4"}, {"jobs", "5"}};
	const struct rp_scope before = {.options = was, .n_options = 3};
	rp_autobuf says = RP_BUF_INIT(1000);
	(void)state;
	rp_scope_options(&says, &before, is, 4);
	assert_string_equal(rp_buf_text(&says), "other values: rpo; new: due, jobs; no longer given: skip");
	rp_buf_reset(&says);
	rp_scope_options(&says, &before, was, 3);
	assert_string_equal(rp_buf_text(&says), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_looked_at_no_longer_is_named),
		cmocka_unit_test(more_is_told_and_is_not_narrower),
		cmocka_unit_test(a_run_that_stopped_early_is_not_narrower),
		cmocka_unit_test(a_waiver_that_is_new_lets_more_pass),
		cmocka_unit_test(options_are_compared_by_name),
		cmocka_unit_test(of_many_names_the_first_are_shown_and_the_rest_counted),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
