/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include "verifier/survey/compare.h"
#include "verifier/util/error.h"

#define FACTS(...)                                                                                           \
	(const struct rp_fact[]){__VA_ARGS__},                                                               \
		sizeof((const struct rp_fact[]){__VA_ARGS__}) / sizeof(struct rp_fact)

static struct rp_survey *begin(const char *version)
{
	struct rp_survey *s = NULL;
	struct rp_identity i = {.engine = "e", .version = version, .database = "shop"};
	assert_int_equal(rp_survey_new(&s, NULL), 0);
	assert_int_equal(rp_survey_identify(s, &i, &(struct rp_position){0}, NULL), 0);
	return s;
}

static void add(struct rp_survey *s, const char *kind, const char *name, const char *definition,
		const struct rp_fact *facts, size_t n)
{
	struct rp_object o = {
		.kind = kind, .name = name, .definition = definition, .facts = facts, .n_facts = n};
	assert_int_equal(rp_survey_add_object(s, &o, NULL), 0);
}

static void compare(struct rp_differences *ret, struct rp_survey *a, struct rp_survey *b,
		    rp_drift_fn *explain)
{
	assert_int_equal(rp_survey_finish(a, NULL), 0);
	assert_int_equal(rp_survey_finish(b, NULL), 0);
	assert_int_equal(rp_compare_objects(ret, a, b, explain, NULL), 0);
}

static void assert_difference(const struct rp_difference *d, enum rp_change change, const char *name,
			      const char *fact, const char *expected, const char *got)
{
	assert_int_equal(d->change, change);
	assert_string_equal((d->sealed != NULL ? d->sealed : d->found)->name, name);
	assert_int_equal(d->sealed == NULL, change == RP_GAINED);
	assert_int_equal(d->found == NULL, change == RP_LOST);
	const char *const have[] = {d->fact, d->expected, d->got}, *const want[] = {fact, expected, got};
	for (size_t i = 0; i < 3; i++) {
		if (want[i] == NULL)
			assert_null(have[i]);
		else
			assert_string_equal(have[i], want[i]);
	}
}

static void objects_of_either_side_are_compared_in_order(void **state)
{
	(void)state;
	rp_auto(rp_survey) a = begin("1");
	rp_auto(rp_survey) b = begin("1");
	add(a, "table", "same", "create", NULL, 0);
	add(b, "table", "same", "create", NULL, 0);
	add(a, "table", "lost", "one", NULL, 0);
	add(b, "table", "gained", "two", NULL, 0);
	add(a, "index", "x", "old", NULL, 0);
	add(b, "index", "x", "new", NULL, 0);
	add(a, "index", "kind", "k", NULL, 0);
	add(b, "view", "kind", "k", NULL, 0);
	struct rp_differences d;
	compare(&d, a, b, NULL);
	assert_int_equal(d.n, 5);
	assert_difference(&d.all[0], RP_LOST, "kind", NULL, "k", NULL);
	assert_difference(&d.all[1], RP_CHANGED, "x", NULL, "old", "new");
	assert_difference(&d.all[2], RP_GAINED, "gained", NULL, NULL, "two");
	assert_difference(&d.all[3], RP_LOST, "lost", NULL, "one", NULL);
	assert_difference(&d.all[4], RP_GAINED, "kind", NULL, NULL, "k");
	rp_differences_done(&d);
}

static void facts_are_compared_one_by_one(void **state)
{
	(void)state;
	rp_auto(rp_survey) a = begin("1");
	rp_auto(rp_survey) b = begin("1");
	add(a, "index", "x", "d",
	    FACTS({"valid", "true"}, {"owner", "ann"}, {"only-sealed", "1"}, {"empty", ""}));
	add(b, "index", "x", "d",
	    FACTS({"zz-only-found", "2"}, {"empty", ""}, {"owner", "bob"}, {"valid", "true"}));
	struct rp_differences d;
	compare(&d, a, b, NULL);
	assert_int_equal(d.n, 3);
	assert_difference(&d.all[0], RP_CHANGED, "x", "only-sealed", "1", NULL);
	assert_difference(&d.all[1], RP_CHANGED, "x", "owner", "ann", "bob");
	assert_difference(&d.all[2], RP_CHANGED, "x", "zz-only-found", NULL, "2");
	rp_differences_done(&d);
}

static void a_digest_alone_is_enough_to_differ(void **state)
{
	(void)state;
	rp_auto(rp_survey) a = begin("1");
	rp_auto(rp_survey) b = begin("1");
	struct rp_object o = {.kind = "view", .name = "v", .digest = {1}};
	assert_int_equal(rp_survey_add_object(a, &o, NULL), 0);
	add(b, "view", "v", "select 1", NULL, 0);
	struct rp_differences d;
	compare(&d, a, b, NULL);
	assert_int_equal(d.n, 1);
	assert_difference(&d.all[0], RP_CHANGED, "v", NULL, NULL, "select 1");
	rp_differences_done(&d);
}

static unsigned asked;
static const char *explain(const struct rp_identity *sealed, const struct rp_identity *found,
			   const struct rp_difference *d)
{
	asked++;
	assert_string_equal(sealed->version, "1");
	assert_string_equal(found->version, "2");
	return d->change == RP_GAINED ? "new in 2" : NULL;
}

static void hole_28_drift_is_asked_for_between_versions_only(void **state)
{
	(void)state;
	for (unsigned same = 0; same < 2; same++) {
		rp_auto(rp_survey) a = begin("1");
		rp_auto(rp_survey) b = begin(same ? "1" : "2");
		add(a, "table", "a", "x", NULL, 0);
		add(b, "table", "b", "x", NULL, 0);
		struct rp_differences d;
		asked = 0;
		compare(&d, a, b, explain);
		assert_int_equal(asked, same ? 0 : 2);
		assert_null(d.all[0].drift);
		if (same)
			assert_null(d.all[1].drift);
		else
			assert_string_equal(d.all[1].drift, "new in 2");
		rp_differences_done(&d);
	}
}

static void two_empty_surveys_do_not_differ(void **state)
{
	(void)state;
	rp_auto(rp_survey) a = begin("1");
	rp_auto(rp_survey) b = begin("1");
	struct rp_differences d;
	compare(&d, a, b, NULL);
	assert_int_equal(d.n, 0);
	rp_differences_done(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_of_either_side_are_compared_in_order),
		cmocka_unit_test(facts_are_compared_one_by_one),
		cmocka_unit_test(a_digest_alone_is_enough_to_differ),
		cmocka_unit_test(hole_28_drift_is_asked_for_between_versions_only),
		cmocka_unit_test(two_empty_surveys_do_not_differ),
	};
	return cmocka_run_group_tests_name("compare_objects", tests, NULL, NULL);
}
