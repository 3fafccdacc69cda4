/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <string.h>

#include "tests/unit/checks_lib.h"

extern const struct rp_check rp_check_objective_rpo, rp_check_scope_drop;

#define HOUR (INT64_C(60) * 60 * 1000)

static void a_recovery_point_objective_is_missed_only_where_one_was_set(void **state)
{
	static const struct {
		int64_t age_ms, gap_ms, asked_ms;
		const char *untold;
		enum rp_verdict newest, gap;
		bool newest_excused;
	} cases[] = {
		{HOUR, HOUR, 0, NULL, RP_PASS, RP_PASS, false},
		{HOUR, HOUR, HOUR, NULL, RP_PASS, RP_PASS, false},
		{HOUR + 1, HOUR, HOUR, NULL, RP_FAIL, RP_PASS, false},
		{HOUR, HOUR + 1, HOUR, NULL, RP_PASS, RP_FAIL, false},
		/* One backup alone has no gaps, and is no reason for a 2. */
		{HOUR, 0, HOUR, NULL, RP_PASS, RP_NOT_RUN, false},
		{0, 0, HOUR, "no manifest", RP_NOT_RUN, RP_NOT_RUN, false},
		{0, 0, 0, "no manifest", RP_NOT_RUN, RP_NOT_RUN, true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct all a;
		const struct rp_rpo rpo = {
			.age_ms = cases[i].age_ms, .gap_ms = cases[i].gap_ms, .untold = cases[i].untold};
		const struct rp_objectives objectives = {.rpo = &rpo};
		const struct rp_record record = {.objectives = &objectives};
		begin(&a);
		a.target.rpo_ms = cases[i].asked_ms;
		a.e.record = &record;
		ask_one(&a, &rp_check_objective_rpo);
		assert_int_equal(about(&a, "objective.rpo", "newest backup")->verdict, cases[i].newest);
		assert_int_equal(about(&a, "objective.rpo", "newest backup")->excused,
				 cases[i].newest_excused);
		const struct rp_finding *gap = about(&a, "objective.rpo", "largest gap");
		assert_int_equal(gap ? gap->verdict : RP_NOT_RUN, cases[i].gap);
		assert_true(!gap || gap->verdict != RP_NOT_RUN || gap->excused);
		end(&a);
	}
}

static void nobody_having_looked_is_a_2_where_an_objective_was_set(void **state)
{
	struct all a;
	(void)state;
	begin(&a);
	a.target.rpo_ms = HOUR;
	ask_one(&a, &rp_check_objective_rpo);
	assert_int_equal(answer(&a, "objective.rpo", 0)->verdict, RP_NOT_RUN);
	assert_false(answer(&a, "objective.rpo", 0)->excused);
	end(&a);
}

static void holes_4_and_24_what_is_gone_since_the_last_proof_fails_above_what_may_be(void **state)
{
	static const struct {
		uint64_t before, now;
		unsigned may;
		enum rp_verdict verdict;
		const char *says;
	} cases[] = {
		{100, 100, 10, RP_PASS, "no fewer"},
		{100, 200, 10, RP_PASS, "no fewer"},
		{100, 90, 10, RP_PASS, "10 % fewer"},
		{100, 89, 10, RP_FAIL, "11 % fewer"},
		{1000, 899, 10, RP_FAIL, "11 % fewer"}, /* 10.1 % is more than 10 */
		{100, 0, 100, RP_PASS, "100 % fewer"},
		{100, 0, 99, RP_FAIL, "100 % fewer"},
		{3, 2, 33, RP_FAIL, "34 % fewer"},
		{0, 0, 1, RP_PASS, "no fewer"},
		{UINT64_MAX, 0, 99, RP_FAIL, "100 % fewer"},
		{UINT64_MAX, UINT64_MAX / 2, 60, RP_PASS, "% fewer"},
		{100, 0, 0, RP_PASS, "no limit has been set"}, /* nobody said how much is too much */
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct all a;
		struct rp_scope proved = {
			.entry = 7, .n_relations = 1, .rows = cases[i].before, .went_through = true};
		begin(&a);
		add_relation(a.sealed, "t", cases[i].now, 1, 1);
		compare(&a);
		a.target.max_drop = cases[i].may;
		a.e.proved = &proved;
		ask_one(&a, &rp_check_scope_drop);
		const struct rp_finding *f = answer(&a, "scope.drop", 0);
		if (f->verdict != cases[i].verdict || !strstr(f->message, cases[i].says))
			fail_msg("case %zu: %s: %s", i, rp_verdict_word(f->verdict), f->message);
		end(&a);
	}
}

static void fewer_relations_count_like_fewer_rows_and_a_first_run_is_excused(void **state)
{
	struct all a;
	struct rp_scope proved = {.entry = 7, .n_relations = 4, .rows = 5, .went_through = true};
	(void)state;
	begin(&a);
	add_relation(a.sealed, "t", 500, 1, 1);
	compare(&a);
	a.target.max_drop = 50;
	a.e.proved = &proved;
	ask_one(&a, &rp_check_scope_drop);
	assert_int_equal(answer(&a, "scope.drop", 0)->verdict, RP_FAIL);
	assert_string_equal(answer(&a, "scope.drop", 0)->expected, "4 relations, 5 rows");
	end(&a);
	begin(&a);
	a.target.max_drop = 50;
	ask_one(&a, &rp_check_scope_drop);
	assert_int_equal(answer(&a, "scope.drop", 0)->verdict, RP_NOT_RUN);
	assert_true(answer(&a, "scope.drop", 0)->excused);
	end(&a);
	/* A proof whose record cannot be read is no reason to let pass what nobody compared. */
	for (unsigned may = 0; may < 2; may++) {
		struct rp_scope unread = {.entry = 7};
		begin(&a);
		a.target.max_drop = may;
		a.e.proved = &unread;
		ask_one(&a, &rp_check_scope_drop);
		assert_int_equal(answer(&a, "scope.drop", 0)->verdict, RP_NOT_RUN);
		assert_int_equal(answer(&a, "scope.drop", 0)->excused, may == 0);
		end(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recovery_point_objective_is_missed_only_where_one_was_set),
		cmocka_unit_test(nobody_having_looked_is_a_2_where_an_objective_was_set),
		cmocka_unit_test(holes_4_and_24_what_is_gone_since_the_last_proof_fails_above_what_may_be),
		cmocka_unit_test(fewer_relations_count_like_fewer_rows_and_a_first_run_is_excused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
