/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <string.h>

#include "tests/unit/checks_lib.h"

extern const struct rp_check rp_check_constraint_valid, rp_check_index_valid, rp_check_privilege_grants,
	rp_check_schema_counts, rp_check_schema_objects, rp_check_sequence_position;

static void objects_that_are_equal_are_one_answer_a_kind(void **state)
{
	struct all a;
	(void)state;
	begin(&a);
	for (int i = 0; i < 2; i++) {
		struct rp_survey *s = i ? a.found : a.sealed;
		add(s, "table", "public.a", "", "owner", "app");
		add(s, "table", "public.b", "", "owner", "app");
		add(s, "index", "public.a_pkey", "CREATE", "valid", "true");
	}
	compare(&a);
	ask_one(&a, &rp_check_schema_objects);
	assert_int_equal(about(&a, "schema.objects", "table")->looked, 2);
	assert_int_equal(about(&a, "schema.objects", "index")->looked, 1);
	assert_null(answer(&a, "schema.objects", 2));
	end(&a);
}

static void lost_gained_and_changed_objects_fail(void **state)
{
	struct all a;
	(void)state;
	begin(&a);
	add(a.sealed, "view", "public.v", "SELECT 1", NULL, NULL);
	add(a.found, "view", "public.v", "SELECT 2", NULL, NULL);
	add(a.sealed, "table", "public.lost", "", "valid", "true");
	add(a.found, "table", "public.gained", "", NULL, NULL);
	add(a.sealed, "table", "public.t", "", "persistence", "unlogged");
	add(a.found, "table", "public.t", "", "persistence", "permanent");
	compare(&a);
	ask(&a, (const struct rp_check *const[]){&rp_check_schema_objects, &rp_check_constraint_valid, NULL});
	assert_int_equal(about(&a, "schema.objects", "public.v")->verdict, RP_FAIL);
	assert_string_equal(about(&a, "schema.objects", "public.v")->message,
			    "the view is defined differently");
	assert_string_equal(about(&a, "schema.objects", "public.lost")->message, "the table is gone");
	assert_string_equal(about(&a, "schema.objects", "public.gained")->message,
			    "the table was not there when it was sealed");
	assert_string_equal(about(&a, "schema.objects", "public.t")->message,
			    "persistence of the table differs");
	assert_string_equal(about(&a, "schema.objects", "public.t")->expected, "unlogged");
	/* What is gone is one finding and not one of every check that would have asked about it. */
	assert_int_equal(answer(&a, "constraint.valid", 0)->verdict, RP_NOT_RUN);
	assert_true(answer(&a, "constraint.valid", 0)->excused);
	end(&a);
}

static void drift_passes_with_its_reason(void **state)
{
	struct all a;
	(void)state;
	begin(&a);
	add(a.sealed, "view", "public.v", "", "drifts", "a");
	add(a.found, "view", "public.v", "", "drifts", "b");
	compare(&a);
	ask_one(&a, &rp_check_schema_objects);
	const struct rp_finding *f = about(&a, "schema.objects", "public.v");
	assert_int_equal(f->verdict, RP_PASS);
	assert_int_equal(f->cause, RP_BY_VERSION);
	assert_string_equal(f->message, "drifts of the view: printed otherwise since 16");
	assert_null(answer(&a, "schema.objects", 1));
	end(&a);
}

static void what_the_format_does_not_carry_is_excused_in_one_answer(void **state)
{
	struct all a;
	(void)state;
	begin(&a);
	add(a.sealed, "role", "app", "", NULL, NULL);
	add(a.sealed, "role", "reader", "", NULL, NULL);
	add(a.sealed, "table", "public.t", "", "hidden", "1");
	add(a.found, "table", "public.t", "", "hidden", "2");
	compare(&a);
	ask(&a, (const struct rp_check *const[]){&rp_check_schema_objects, &rp_check_schema_counts, NULL});
	const struct rp_finding *f = about(&a, "schema.objects", "role");
	assert_int_equal(f->verdict, RP_NOT_RUN);
	assert_true(f->excused);
	assert_int_equal(f->cause, RP_BY_FORMAT);
	assert_int_equal(f->looked, 2);
	assert_string_equal(f->message,
			    "2 of kind 'role' not compared: roles are not in a dump (app, reader)");
	assert_string_equal(about(&a, "schema.objects", "public.t")->message,
			    "hidden of the table not compared: not carried");
	assert_int_equal(answer(&a, "schema.counts", 0)->verdict, RP_PASS);
	assert_null(answer(&a, "schema.counts", 1));
	end(&a);
}

/* Our own mark on the scratch, and its administrator, are no news; what was sealed and is not carried is. */
static void what_is_there_only_now_and_not_carried_is_no_answer(void **state)
{
	static const struct {
		const char *fact, *sealed, *found;
		bool told;
	} cases[] = {
		{"hidden", NULL, "our mark", false},
		{"hidden", "theirs", "our mark", true},
		{"hidden", "theirs", NULL, true},
		{RP_FACT_OWNER, "admin", "admin_4711", false},
		{RP_FACT_OWNER, "alice", "admin_4711", true},
		{RP_FACT_OWNER, "nobody we know", "admin_4711", true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct all a;
		begin(&a);
		for (int here = 0; here < 2; here++) {
			struct rp_survey *s = here ? a.found : a.sealed;
			const char *value = here ? cases[i].found : cases[i].sealed;
			add(s, "database", "properties", "", value ? cases[i].fact : NULL, value);
			add(s, "role", "admin", "", "superuser", "true");
			add(s, "role", "alice", "", NULL, NULL);
		}
		compare(&a);
		ask(&a, (const struct rp_check *const[]){&rp_check_schema_objects, &rp_check_privilege_grants,
							 NULL});
		const char *check =
			strcmp(cases[i].fact, RP_FACT_OWNER) == 0 ? "privilege.grants" : "schema.objects";
		const struct rp_finding *f = about(&a, check, "properties");
		assert_true(!f == !cases[i].told);
		if (f)
			assert_true(f->verdict == RP_NOT_RUN && f->excused);
		end(&a);
	}
}

static void counts_name_the_kind_and_the_schema(void **state)
{
	struct all a;
	(void)state;
	begin(&a);
	add(a.sealed, "table", "a\\.b.t", "", NULL, NULL);
	add(a.sealed, "table", "a\\.b.u", "", NULL, NULL);
	add(a.found, "table", "a\\.b.t", "", NULL, NULL);
	add(a.found, "table", "a.t", "", NULL, NULL);
	compare(&a);
	ask_one(&a, &rp_check_schema_counts);
	assert_string_equal(about(&a, "schema.counts", "a\\.b: table")->message,
			    "2 of kind 'table' sealed, 1 found");
	assert_string_equal(about(&a, "schema.counts", "a: table")->message,
			    "0 of kind 'table' sealed, 1 found");
	end(&a);
}

static void a_fact_belongs_to_the_check_that_names_its_kind(void **state)
{
	struct all a;
	(void)state;
	begin(&a);
	add(a.sealed, "index", "public.i", "", "valid", "true");
	add(a.found, "index", "public.i", "", "valid", "false");
	add(a.sealed, "check constraint", "public.t.c", "", "valid", "true");
	add(a.found, "check constraint", "public.t.c", "", "valid", "false");
	add(a.sealed, "check constraint", "public.t.d", "", "valid", "false");
	add(a.found, "check constraint", "public.t.d", "", "valid", "true");
	compare(&a);
	ask(&a, (const struct rp_check *const[]){&rp_check_index_valid, &rp_check_constraint_valid,
						 &rp_check_schema_objects, NULL});
	assert_int_equal(about(&a, "index.valid", "public.i")->verdict, RP_FAIL);
	assert_null(answer(&a, "index.valid", 1));
	assert_int_equal(about(&a, "constraint.valid", "public.t.c")->verdict, RP_FAIL);
	/* Proved since the seal: no damage. */
	assert_int_equal(about(&a, "constraint.valid", "")->verdict, RP_PASS);
	assert_int_equal(about(&a, "constraint.valid", "")->looked, 1);
	assert_null(answer(&a, "constraint.valid", 2));
	for (size_t i = 0; answer(&a, "schema.objects", i); i++)
		assert_int_equal(answer(&a, "schema.objects", i)->verdict, RP_PASS);
	end(&a);
}

static void grants_on_a_server_where_we_have_no_rights_are_excused(void **state)
{
	struct all a;
	struct rp_scratch scratch = {.engine = &checks_engine};
	(void)state;
	for (int faithful = 0; faithful < 2; faithful++) {
		begin(&a);
		add(a.sealed, "table", "public.t", "", "owner", "app");
		add(a.found, "table", "public.t", "", "owner", "me");
		compare(&a);
		scratch.faithful = faithful;
		a.e.scratch = &scratch;
		ask_one(&a, &rp_check_privilege_grants);
		assert_int_equal(answer(&a, "privilege.grants", 0)->verdict, faithful ? RP_FAIL : RP_NOT_RUN);
		assert_int_equal(answer(&a, "privilege.grants", 0)->excused, !faithful);
		end(&a);
	}
}

static void the_login_of_a_named_server_is_no_object_more(void **state)
{
	struct all a;
	struct rp_scratch scratch = {.engine = &checks_engine};
	(void)state;
	for (int faithful = 0; faithful < 2; faithful++) {
		begin(&a);
		add(a.found, "role", "tester", "", NULL, NULL);
		add(a.found, "table", "public.more", "", NULL, NULL);
		compare(&a);
		scratch.faithful = faithful;
		a.e.scratch = &scratch;
		ask(&a, (const struct rp_check *const[]){&rp_check_schema_objects, &rp_check_schema_counts,
							 NULL});
		assert_int_equal(about(&a, "schema.objects", "tester")->verdict,
				 faithful ? RP_FAIL : RP_NOT_RUN);
		assert_int_equal(about(&a, "schema.objects", "public.more")->verdict, RP_FAIL);
		assert_int_equal(about(&a, "schema.counts", "role") != NULL, faithful);
		end(&a);
	}
}

static const struct {
	const char *expected, *found;
	bool agrees;
} positions[] = {
	{"5", "5", true},
	{"5", "6", false},
	{"5..9", "5", true},
	{"5..9", "9", true},
	{"5..9", "4", false},
	{"5..9", "10", false},
	{"9..100", "10", true}, /* as numbers and not as text */
	{"-9..-5", "-7", true},
	{"-5..-9", "-7", true}, /* one that counts down */
	{"-5..-9", "-10", false},
	{"-3..4", "0", true},
	{"0", "-0", true},
	{"9223372036854775807..18446744073709551615", "18446744073709551614", true},
	{"1..9223372036854775807", "9223372036854775808", false},
	{"5..9", "", false},
	{"5..", "5", false},
	{"..9", "5", false},
	{"5..9", "7x", false},
	{"5", "99999999999999999999999999", false},
	{"true", "5", false},
};

static void a_sequence_stands_within_what_was_sealed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(positions) / sizeof(*positions); i++) {
		bool got =
			rp_check_sequence_position.concern->agrees(positions[i].expected, positions[i].found);
		if (got != positions[i].agrees)
			print_error("%s and %s\n", positions[i].expected, positions[i].found);
		assert_int_equal(got, positions[i].agrees);
	}
}

static void a_position_that_could_not_be_read_is_no_difference(void **state)
{
	struct all a;
	(void)state;
	begin(&a);
	add(a.sealed, "sequence", "public.s", "", NULL, NULL);
	add(a.found, "sequence", "public.s", "", "position", "5");
	compare(&a);
	ask(&a,
	    (const struct rp_check *const[]){&rp_check_sequence_position, &rp_check_schema_objects, NULL});
	assert_int_equal(about(&a, "sequence.position", "public.s")->verdict, RP_NOT_RUN);
	assert_false(about(&a, "sequence.position", "public.s")->excused);
	assert_string_equal(about(&a, "sequence.position", "public.s")->message,
			    "position of the sequence could not be read when it was sealed");
	assert_null(answer(&a, "schema.objects", 1));
	end(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_that_are_equal_are_one_answer_a_kind),
		cmocka_unit_test(lost_gained_and_changed_objects_fail),
		cmocka_unit_test(drift_passes_with_its_reason),
		cmocka_unit_test(what_the_format_does_not_carry_is_excused_in_one_answer),
		cmocka_unit_test(what_is_there_only_now_and_not_carried_is_no_answer),
		cmocka_unit_test(counts_name_the_kind_and_the_schema),
		cmocka_unit_test(a_fact_belongs_to_the_check_that_names_its_kind),
		cmocka_unit_test(grants_on_a_server_where_we_have_no_rights_are_excused),
		cmocka_unit_test(the_login_of_a_named_server_is_no_object_more),
		cmocka_unit_test(a_sequence_stands_within_what_was_sealed),
		cmocka_unit_test(a_position_that_could_not_be_read_is_no_difference),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
