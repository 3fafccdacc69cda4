/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <string.h>

#include "tests/unit/checks_lib.h"
#include "verifier/util/cleanup.h"

extern const struct rp_check rp_check_schema_objects;

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

/* Checks made for the runner. */
static int passes(const struct rp_evidence *e, struct rp_findings *to, struct rp_err **err)
{
	(void)e, (void)err;
	rp_pass(to, "", 2);
	return 0;
}
static int fails(const struct rp_evidence *e, struct rp_findings *to, struct rp_err **err)
{
	(void)e, (void)err;
	rp_fail(to, "thing", "a", "b", "differs");
	return 0;
}
static int breaks(const struct rp_evidence *e, struct rp_findings *to, struct rp_err **err)
{
	(void)e, (void)to;
	return rp_err_set(err, RP_ERR_ENGINE, "the connection was lost");
}
static int says_nothing(const struct rp_evidence *e, struct rp_findings *to, struct rp_err **err)
{
	(void)e, (void)to, (void)err;
	return 0;
}
static uint64_t none(const struct rp_survey *s)
{
	(void)s;
	return 0;
}
static uint64_t three(const struct rp_survey *s)
{
	(void)s;
	return 3;
}
static const struct rp_check one_passes = {.name = "a.passes", .run = passes};
static const struct rp_check must_pass = {.name = "a.required", .run = passes, .required = true};
static const struct rp_check one_fails = {.name = "a.fails", .run = fails};
static const struct rp_check finally_fails = {.name = "a.final", .run = fails, .final = true};
static const struct rp_check one_breaks = {.name = "a.breaks", .run = breaks};
static const struct rp_check looks_at_less = {.name = "a.less", .run = passes, .expects = three};
static const struct rp_check has_nothing = {.name = "a.nothing", .run = says_nothing, .expects = none};
static const struct rp_check must_have = {
	.name = "a.something", .run = says_nothing, .expects = none, .required = true};
static const struct rp_check needs_all = {
	.name = "a.needs", .run = passes, .needs = RP_NEEDS_BOTH | RP_NEEDS_RESTORE | RP_NEEDS_ARTIFACT};

static void a_check_that_breaks_is_an_error_and_the_next_one_is_asked(void **state)
{
	struct all a;
	(void)state;
	begin(&a);
	ask(&a, (const struct rp_check *const[]){&one_breaks, &one_passes, NULL});
	assert_int_equal(answer(&a, "a.breaks", 0)->verdict, RP_ERROR);
	assert_string_equal(answer(&a, "a.breaks", 0)->message, "the connection was lost");
	assert_int_equal(answer(&a, "a.passes", 0)->verdict, RP_PASS);
	end(&a);
}

static void hole_13_looking_at_less_than_the_manifest_names_is_an_error(void **state)
{
	struct all a;
	(void)state;
	begin(&a);
	ask_one(&a, &looks_at_less);
	assert_int_equal(answer(&a, "a.less", 0)->verdict, RP_PASS);
	assert_int_equal(answer(&a, "a.less", 1)->verdict, RP_ERROR);
	end(&a);
}

static void nothing_to_look_at_is_excused_unless_it_is_required(void **state)
{
	struct all a;
	(void)state;
	begin(&a);
	ask(&a, (const struct rp_check *const[]){&has_nothing, &must_have, NULL});
	assert_int_equal(answer(&a, "a.nothing", 0)->verdict, RP_NOT_RUN);
	assert_true(answer(&a, "a.nothing", 0)->excused);
	assert_int_equal(answer(&a, "a.something", 0)->verdict, RP_NOT_RUN);
	assert_false(answer(&a, "a.something", 0)->excused);
	end(&a);
}

static void a_check_that_is_skipped_stands_in_the_report(void **state)
{
	struct all a;
	(void)state;
	begin(&a);
	a.target.skip = (const char *const[]){"a.passes", "a.required", "engine.test", NULL};
	ask(&a, (const struct rp_check *const[]){&one_passes, &must_pass, &one_fails, NULL});
	assert_int_equal(answer(&a, "a.passes", 0)->verdict, RP_NOT_RUN);
	assert_true(answer(&a, "a.passes", 0)->excused);
	assert_string_equal(answer(&a, "a.passes", 0)->message, "left out: --skip names it");
	assert_false(answer(&a, "a.required", 0)->excused);
	assert_int_equal(answer(&a, "a.fails", 0)->verdict, RP_FAIL);
	assert_int_equal(answer(&a, "engine.test", 0)->verdict, RP_NOT_RUN);
	assert_int_equal(engine_asked, 0);
	end(&a);
}

static void only_the_checks_that_are_named_are_asked(void **state)
{
	struct all a;
	(void)state;
	begin(&a);
	a.target.only = (const char *const[]){"a.passes", NULL};
	ask(&a, (const struct rp_check *const[]){&one_passes, &must_pass, NULL});
	assert_int_equal(answer(&a, "a.passes", 0)->verdict, RP_PASS);
	assert_int_equal(answer(&a, "a.required", 0)->verdict, RP_NOT_RUN);
	assert_false(answer(&a, "a.required", 0)->excused);
	assert_int_equal(answer(&a, "engine.test", 0)->verdict, RP_NOT_RUN);
	end(&a);
}

static void the_engines_own_tests_are_asked_last(void **state)
{
	struct all a;
	(void)state;
	begin(&a);
	ask_one(&a, &one_passes);
	assert_int_equal(engine_asked, 1);
	assert_string_equal(a.result->findings.all[a.result->findings.n - 1].check, "engine.test");
	end(&a);
}

static void what_the_source_had_already_is_no_damage_of_its_copy(void **state)
{
	struct all a;
	(void)state;
	begin(&a);
	orphans = 3;
	seal_with(&a, "data.test", "orders.customer: 3 rows refer to nothing");
	ask_one(&a, &one_passes);
	assert_int_equal(answer(&a, "data.test", 0)->verdict, RP_PASS);
	assert_string_equal(answer(&a, "data.test", 0)->message,
			    "3 rows refer to nothing; the source was so when it was sealed");
	end(&a);

	begin(&a);
	orphans = 0;
	seal_with(&a, "data.test", "orders.view: its definer may not");
	ask_one(&a, &one_passes);
	assert_int_equal(answer(&a, "data.test", 0)->verdict, RP_NOT_RUN);
	assert_true(answer(&a, "data.test", 0)->excused);
	end(&a);
}

static void what_the_source_had_otherwise_is_damage(void **state)
{
	static const struct {
		const char *what, *reason;
	} sealed[] = {
		{"data.test", "orders.customer: 2 rows refer to nothing"},
		{"data.test", "orders.payer: 3 rows refer to nothing"},
		{"other.test", "orders.customer: 3 rows refer to nothing"},
		{"data.test", NULL},
	};
	(void)state;
	orphans = 3;
	for (size_t i = 0; i < sizeof(sealed) / sizeof(sealed[0]); i++) {
		struct all a;
		begin(&a);
		seal_with(&a, sealed[i].what, sealed[i].reason);
		ask_one(&a, &one_passes);
		assert_int_equal(answer(&a, "data.test", 0)->verdict, RP_FAIL);
		assert_string_equal(answer(&a, "data.test", 0)->message, "3 rows refer to nothing");
		end(&a);
	}
	struct all bare;
	begin(&bare);
	bare.e.manifest = NULL;
	ask_one(&bare, &one_passes);
	assert_int_equal(answer(&bare, "data.test", 0)->verdict, RP_FAIL);
	end(&bare);
	orphans = 0;
}

static void what_a_check_lacks_is_said_and_not_excused(void **state)
{
	struct all a;
	(void)state;
	begin(&a);
	ask_one(&a, &needs_all);
	assert_string_equal(answer(&a, "a.needs", 0)->message, "the backup was not opened");
	assert_int_equal(answer(&a, "a.needs", 0)->verdict, RP_NOT_RUN);
	assert_false(answer(&a, "a.needs", 0)->excused);
	end(&a);
}

static void without_a_manifest_by_choice_what_needs_one_is_excused(void **state)
{
	struct all a;
	(void)state;
	begin(&a);
	a.e.manifest = NULL;
	a.target.without_manifest = true;
	ask(&a, (const struct rp_check *const[]){&needs_all, &rp_check_schema_objects, NULL});
	assert_true(answer(&a, "a.needs", 0)->excused);
	assert_true(answer(&a, "schema.objects", 0)->excused);
	end(&a);
}

static void the_question_at_which_it_stopped_is_answered_by_its_error(void **state)
{
	struct all a;
	struct rp_err *err = NULL;
	(void)state;
	begin(&a);
	rp_err_set(&err, RP_ERR_BACKUP, "cut off in the middle");
	a.e.stopped = err;
	a.e.stopped_at = "a.required";
	a.e.restored = (struct rp_restored){.said = strdup("pg_restore: error: unexpected end of file\n")};
	ask(&a, (const struct rp_check *const[]){&must_pass, &needs_all, NULL});
	assert_int_equal(answer(&a, "a.required", 0)->verdict, RP_FAIL);
	assert_string_equal(answer(&a, "a.required", 0)->message, "cut off in the middle");
	assert_string_equal(answer(&a, "a.required", 0)->found,
			    "pg_restore: error: unexpected end of file\n");
	assert_null(answer(&a, "a.required", 1));
	free(a.e.restored.said);
	rp_err_free(err);
	end(&a);
}

static void a_question_that_was_refused_is_not_answered_twice(void **state)
{
	struct all a;
	struct rp_err *err = NULL;
	(void)state;
	begin(&a);
	rp_err_set(&err, RP_ERR_TRUST, "not signed");
	a.e.stopped = err;
	a.e.stopped_at = "a.required";
	rp_result_refuse(a.result, "a.required", err);
	ask_one(&a, &must_pass);
	assert_non_null(answer(&a, "a.required", 0));
	assert_null(answer(&a, "a.required", 1));
	rp_err_free(err);
	end(&a);
}

static void hole_3_a_waiver_covers_one_failure_as_long_as_it_lasts(void **state)
{
	struct all a;
	static const struct {
		int64_t lasts_ms;
		const char *reason, *owner, *object;
		enum rp_verdict verdict;
	} cases[] = {
		{1, "known", "ann", "thing", RP_WAIVED}, {366 * DAY_MS, "known", "ann", "thing", RP_WAIVED},
		{0, "known", "ann", "thing", RP_FAIL},	 {366 * DAY_MS + 1, "known", "ann", "thing", RP_FAIL},
		{DAY_MS, "", "ann", "thing", RP_FAIL},	 {DAY_MS, "known", NULL, "thing", RP_FAIL},
		{DAY_MS, "known", "ann", "*", RP_FAIL},	 {DAY_MS, "known", "ann", "", RP_FAIL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		begin(&a);
		struct rp_waiver waivers[] = {{.check = "a.fails"}, {.check = "a.final"}};
		for (size_t w = 0; w < 2; w++) {
			waivers[w].object = cases[i].object;
			waivers[w].reason = cases[i].reason;
			waivers[w].owner = cases[i].owner;
			waivers[w].until_ms = a.result->started_ms + cases[i].lasts_ms;
		}
		a.target.waivers = waivers;
		a.target.n_waivers = 2;
		ask(&a, (const struct rp_check *const[]){&one_fails, &finally_fails, NULL});
		assert_int_equal(answer(&a, "a.fails", 0)->verdict, cases[i].verdict);
		assert_int_equal(answer(&a, "a.final", 0)->verdict, RP_FAIL);
		if (cases[i].lasts_ms == 0)
			assert_non_null(strstr(answer(&a, "a.fails", 0)->message, "which is over"));
		if (cases[i].verdict == RP_WAIVED)
			assert_non_null(strstr(answer(&a, "a.fails", 0)->message, "accepted by ann until "));
		end(&a);
	}
}

static void what_is_required_is_not_excused_by_any_reason(void **state)
{
	struct all a;
	(void)state;
	const char *require[] = {"a.nothing", "a.passes", "another.engines", NULL};
	begin(&a);
	a.target.require = require;
	a.target.skip = NULL;
	ask(&a, (const struct rp_check *const[]){&one_passes, &has_nothing, NULL});
	assert_int_equal(answer(&a, "a.passes", 0)->verdict, RP_PASS);
	assert_int_equal(answer(&a, "a.nothing", 0)->verdict, RP_NOT_RUN);
	assert_false(answer(&a, "a.nothing", 0)->excused);
	assert_non_null(strstr(answer(&a, "a.nothing", 0)->message, "required for this target"));
	assert_int_equal(answer(&a, "another.engines", 0)->verdict, RP_NOT_RUN);
	assert_false(answer(&a, "another.engines", 0)->excused);
	end(&a);
	/* The same that nobody requires is excused; what is left out and required is not. */
	begin(&a);
	ask(&a, (const struct rp_check *const[]){&has_nothing, NULL});
	assert_true(answer(&a, "a.nothing", 0)->excused);
	end(&a);
	begin(&a);
	a.target.skip = a.target.require = (const char *[]){"a.passes", NULL};
	ask(&a, (const struct rp_check *const[]){&one_passes, NULL});
	assert_int_equal(answer(&a, "a.passes", 0)->verdict, RP_NOT_RUN);
	assert_false(answer(&a, "a.passes", 0)->excused);
	end(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_check_that_breaks_is_an_error_and_the_next_one_is_asked),
		cmocka_unit_test(hole_13_looking_at_less_than_the_manifest_names_is_an_error),
		cmocka_unit_test(nothing_to_look_at_is_excused_unless_it_is_required),
		cmocka_unit_test(a_check_that_is_skipped_stands_in_the_report),
		cmocka_unit_test(only_the_checks_that_are_named_are_asked),
		cmocka_unit_test(the_engines_own_tests_are_asked_last),
		cmocka_unit_test(what_the_source_had_already_is_no_damage_of_its_copy),
		cmocka_unit_test(what_the_source_had_otherwise_is_damage),
		cmocka_unit_test(what_a_check_lacks_is_said_and_not_excused),
		cmocka_unit_test(without_a_manifest_by_choice_what_needs_one_is_excused),
		cmocka_unit_test(the_question_at_which_it_stopped_is_answered_by_its_error),
		cmocka_unit_test(a_question_that_was_refused_is_not_answered_twice),
		cmocka_unit_test(hole_3_a_waiver_covers_one_failure_as_long_as_it_lasts),
		cmocka_unit_test(what_is_required_is_not_excused_by_any_reason),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
