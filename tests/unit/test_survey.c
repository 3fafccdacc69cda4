/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>

#include "verifier/survey/survey.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

static void names_are_equal_exactly_when_their_parts_are(void **state)
{
	(void)state;
	static const struct {
		const char *parts[3], *name;
	} cases[] = {
		{{"public", "orders"}, "public.orders"},
		{{"a.b", "c"}, "a\\.b.c"},
		{{"a", "b.c"}, "a.b\\.c"},
		{{"a\\", "b"}, "a\\\\.b"},
		{{"a", "\\.b"}, "a.\\\\\\.b"},
		{{"x"}, "x"},
		{{"s", "t", "c"}, "s.t.c"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rp_autobuf name = RP_BUF_INIT(100);
		for (size_t k = 0; k < 3 && cases[i].parts[k] != NULL; k++)
			rp_name_add(&name, cases[i].parts[k]);
		assert_string_equal(rp_buf_text(&name), cases[i].name);
	}
}

static void survey_copies_sorts_and_finds(void **state)
{
	(void)state;
	rp_auto(rp_survey) s = NULL;
	assert_int_equal(rp_survey_new(&s, NULL), 0);
	for (unsigned i = 0; i < 1000; i++) {
		char name[32];
		(void)snprintf(name, sizeof name, "t%03u", (i * 7) % 1000);
		struct rp_fact fact = {"number", name};
		struct rp_object o = {.kind = i % 2 == 0 ? "table" : "index",
				      .name = name,
				      .definition = name,
				      .facts = &fact,
				      .n_facts = 1};
		struct rp_relation r = {.name = name};
		assert_int_equal(rp_survey_add_object(s, &o, NULL), 0);
		assert_int_equal(rp_survey_add_relation(s, &r, NULL), 0);
		memset(name, 'x', sizeof name - 1);
	}
	assert_int_equal(rp_survey_finish(s, NULL), 0);
	assert_int_equal(s->n_objects, 1000);
	const struct rp_object *o = rp_survey_object(s, "table", "t014");
	assert_non_null(o);
	assert_string_equal(rp_object_fact(o, "number"), "t014");
	assert_null(rp_object_fact(o, "other"));
	assert_null(rp_survey_object(s, "index", "t014"));
	assert_string_equal(rp_survey_relation(s, "t999")->name, "t999");
	assert_null(rp_survey_relation(s, "t1000"));
	for (size_t i = 1; i < s->n_relations; i++)
		assert_true(strcmp(s->relations[i - 1].name, s->relations[i].name) < 0);
}

static void empty_survey_finds_nothing(void **state)
{
	(void)state;
	rp_auto(rp_survey) s = NULL;
	assert_int_equal(rp_survey_new(&s, NULL), 0);
	assert_int_equal(rp_survey_finish(s, NULL), 0);
	assert_null(rp_survey_object(s, "table", "t"));
	assert_null(rp_survey_relation(s, "t"));
}

static void two_of_one_name_are_an_error(void **state)
{
	(void)state;
	struct rp_column twice[] = {{.name = "a", .type = "t", .encoding = "e"},
				    {.name = "b", .type = "t", .encoding = "e"},
				    {.name = "a", .type = "t", .encoding = "e"}};
	static const char *const expected[] = {"two objects of kind 'table' are called 'a'",
					       "two relations are called 'a'",
					       "relation 'a': two columns 'a'"};
	for (int way = 0; way < 3; way++) {
		rp_auto(rp_survey) s = NULL;
		rp_autoerr struct rp_err *err = NULL;
		assert_int_equal(rp_survey_new(&s, NULL), 0);
		for (int i = 0; i < (way == 2 ? 1 : 2); i++) {
			struct rp_object o = {.kind = "table", .name = "a"};
			struct rp_relation r = {.name = "a", .columns = twice, .n_columns = way == 2 ? 3 : 0};
			if (way == 0)
				assert_int_equal(rp_survey_add_object(s, &o, NULL), 0);
			else
				assert_int_equal(rp_survey_add_relation(s, &r, NULL), 0);
		}
		assert_int_equal(rp_survey_finish(s, &err), -1);
		assert_string_equal(rp_err_text(err), expected[way]);
		assert_int_equal(rp_err_kind(err), RP_ERR_ENGINE);
	}
}

static void fact_told_twice_is_an_error(void **state)
{
	(void)state;
	rp_auto(rp_survey) s = NULL;
	rp_autoerr struct rp_err *err = NULL;
	struct rp_fact facts[] = {{"owner", "a"}, {"valid", "true"}, {"owner", "a"}};
	struct rp_object o = {.kind = "table", .name = "t", .facts = facts, .n_facts = 3};
	assert_int_equal(rp_survey_new(&s, NULL), 0);
	assert_int_equal(rp_survey_add_object(s, &o, &err), -1);
	assert_string_equal(rp_err_text(err), "table 't': the fact 'owner' is told twice");
	assert_int_equal(s->n_objects, 0);
}

static void definition_is_digested_when_added(void **state)
{
	(void)state;
	rp_auto(rp_survey) s = NULL;
	char hex[RP_SHA256_HEX];
	struct rp_object text = {.kind = "k", .name = "a", .definition = "abc", .digest = {7}};
	struct rp_object bare = {.kind = "k", .name = "b", .digest = {7}};
	assert_int_equal(rp_survey_new(&s, NULL), 0);
	assert_int_equal(rp_survey_add_object(s, &text, NULL), 0);
	assert_int_equal(rp_survey_add_object(s, &bare, NULL), 0);
	rp_sha256_hex(s->objects[0].digest, hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(s->objects[1].digest[0], 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_equal_exactly_when_their_parts_are),
		cmocka_unit_test(survey_copies_sorts_and_finds),
		cmocka_unit_test(empty_survey_finds_nothing),
		cmocka_unit_test(two_of_one_name_are_an_error),
		cmocka_unit_test(fact_told_twice_is_an_error),
		cmocka_unit_test(definition_is_digested_when_added),
	};
	return cmocka_run_group_tests_name("survey", tests, NULL, NULL);
}
