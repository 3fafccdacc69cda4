/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <jansson.h>

#include "tests/unit/survey_rows.h"
#include "verifier/survey/survey.h"

/* A survey with one of everything that can be there or not. */
static struct rp_survey *sample_survey(void)
{
	struct rp_survey *s = NULL;
	struct rp_fact at[] = {{"lsn", "0/16B3748"}, {"snapshot", "00000003-1"}};
	struct rp_fact facts[] = {{"valid", "true"}, {"owner", "a\"b\n\xc3\xa9"}};
	struct rp_identity i = {.engine = "e", .version = "1.2", .database = "shop", .bytes = UINT64_MAX};
	struct rp_position p = {.taken_ms = 1790000000123, .bound = true, .facts = at, .n_facts = 2};
	assert_int_equal(rp_survey_new(&s, NULL), 0);
	assert_int_equal(rp_survey_identify(s, &i, &p, NULL), 0);
	struct sample keyed, keyless;
	sample_init(&keyed, true);
	sample_init(&keyless, false);
	keyless.relation.name = "public.u";
	keyed.how.strong = keyless.how.strong = true;
	s->method = keyed.how;
	struct sample *const both[] = {&keyed, &keyless};
	for (size_t k = 0; k < 2; k++) {
		struct rp_tally t;
		assert_int_equal(rp_survey_add_relation(s, &both[k]->relation, NULL), 0);
		tally_init(&t, both[k], NULL);
		for (uint64_t n = 0; n < 3; n++)
			add_row(&t, n, n == 1 ? NULL : "x", n);
		rp_tally_store(&t, &s->relations[k]);
	}
	struct rp_relation unread = {
		.name = "secret", .columns = keyed.columns, .n_columns = 2, .not_surveyed = "no"};
	assert_int_equal(rp_survey_add_relation(s, &unread, NULL), 0);
	struct rp_object full = {
		.kind = "index", .name = "x", .definition = "", .facts = facts, .n_facts = 2};
	struct rp_object bare = {.kind = "view", .name = "v", .digest = {1, 2, 3}};
	assert_int_equal(rp_survey_add_object(s, &full, NULL), 0);
	assert_int_equal(rp_survey_add_object(s, &bare, NULL), 0);
	struct rp_coverage c[] = {
		{"table", 3, NULL}, {"foreign table", 1, "not ours"}, {"foreign table", 1, "x"}};
	for (size_t k = 0; k < 3; k++)
		assert_int_equal(rp_survey_add_coverage(s, &c[k], NULL), 0);
	assert_int_equal(rp_survey_finish(s, NULL), 0);
	return s;
}

static json_t *sample_json(void)
{
	rp_auto(rp_survey) s = sample_survey();
	rp_autoerr struct rp_err *err = NULL;
	json_t *r = NULL;
	if (rp_survey_to_json(s, &r, &err) < 0)
		fail_msg("%s", rp_err_text(err));
	return r;
}

static void json_round_trip_is_identical(void **state)
{
	(void)state;
	json_t *first = sample_json(), *second = NULL;
	rp_autofree char *a = json_dumps(first, JSON_COMPACT);
	json_t *parsed = json_loads(a, JSON_REJECT_DUPLICATES, NULL);
	rp_auto(rp_survey) s = NULL;
	rp_autoerr struct rp_err *err = NULL;
	if (rp_survey_from_json(&s, parsed, &err) < 0)
		fail_msg("%s", rp_err_text(err));
	assert_int_equal(rp_survey_to_json(s, &second, NULL), 0);
	rp_autofree char *b = json_dumps(second, JSON_COMPACT);
	assert_string_equal(a, b);
	json_decref(first);
	json_decref(second);
	json_decref(parsed);
}

static void json_keeps_what_the_survey_says(void **state)
{
	(void)state;
	json_t *json = sample_json();
	rp_auto(rp_survey) s = NULL;
	assert_int_equal(rp_survey_from_json(&s, json, NULL), 0);
	json_decref(json);
	assert_true(s->identity.bytes == UINT64_MAX);
	assert_null(s->identity.instance);
	assert_int_equal(s->position.taken_ms, 1790000000123);
	assert_int_equal(s->n_objects, 2);
	assert_string_equal(rp_survey_object(s, "index", "x")->definition, "");
	assert_null(rp_survey_object(s, "view", "v")->definition);
	assert_string_equal(rp_object_fact(rp_survey_object(s, "index", "x"), "owner"), "a\"b\n\xc3\xa9");
	const struct rp_relation *r = rp_survey_relation(s, "public.t");
	assert_int_equal(r->rows, 3);
	assert_int_equal(r->columns[0].key, 1);
	assert_int_equal(r->columns[1].nulls, 1);
	assert_non_null(r->sketch);
	assert_non_null(r->strong);
	assert_string_equal(rp_survey_relation(s, "secret")->not_surveyed, "no");
	assert_int_equal(s->n_coverage, 3);
}

/* Walk "objects/0/kind" down from the root; the last part may not be there yet. */
static json_t *walk(json_t *root, const char *path, const char **ret_last)
{
	static char copy[128];
	char *next = copy;
	strncpy(copy, path, sizeof copy - 1);
	for (char *slash; (slash = strchr(next, '/')) != NULL; next = slash + 1) {
		*slash = '\0';
		root = json_is_array(root) ? json_array_get(root, strtoul(next, NULL, 10))
					   : json_object_get(root, next);
		assert_non_null(root);
	}
	*ret_last = next;
	return root;
}

/* Replace, add or (with NULL) take away what lies at path. */
static void spoil(json_t *root, const char *path, const char *value)
{
	const char *last;
	json_t *in = walk(root, path, &last);
	json_t *new = value != NULL ? json_loads(value, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL) : NULL;
	assert_true(value == NULL || new != NULL);
	if (json_is_array(in) && strcmp(last, "+") == 0)
		assert_int_equal(json_array_append_new(in, json_deep_copy(json_array_get(in, 0))), 0);
	else if (json_is_array(in))
		assert_int_equal(json_array_set_new(in, strtoul(last, NULL, 10), new), 0);
	else if (new != NULL)
		assert_int_equal(json_object_set_new(in, last, new), 0);
	else
		assert_int_equal(json_object_del(in, last), 0);
}

#define T "relations/0"
static const struct {
	const char *path, *value, *says;
} rules[] = {
	/* Unknown fields, at every level. */
	{"extra", "1", "unknown field 'extra'"},
	{"identity/extra", "\"\"", "identity: unknown field 'extra'"},
	{"position/extra", "\"\"", "position: unknown field 'extra'"},
	{"method/extra", "\"\"", "method: unknown field 'extra'"},
	{"objects/0/extra", "\"\"", "objects: 1 ('x'): unknown field 'extra'"},
	{T "/extra", "\"\"", "relations: 1 ('public.t'): unknown field 'extra'"},
	{T "/columns/1/extra", "\"\"", "relations: 1 ('public.t'): column 2: unknown field 'extra'"},
	{"coverage/0/extra", "\"\"", "coverage: 1 ('foreign table'): unknown field 'extra'"},
	{"Identity", "{}", "unknown field 'Identity'"},
	/* Missing. */
	{"identity", NULL, "'identity' is missing"},
	{"objects", NULL, "'objects' is missing"},
	{"coverage", NULL, "'coverage' is missing"},
	{"identity/engine", NULL, "identity: 'engine' is missing"},
	{"identity/bytes", NULL, "identity: 'bytes' is missing"},
	{"position/takenAt", NULL, "position: 'takenAt' is missing"},
	{"position/bound", NULL, "position: 'bound' is missing"},
	{"method/salt", NULL, "method: 'salt' is missing"},
	{"objects/0/kind", NULL, "objects: 1 ('x'): 'kind' is missing"},
	{"objects/0/name", NULL, "objects: 1 ('?'): 'name' is missing"},
	{"objects/0/sha256", NULL, "objects: 1 ('x'): 'sha256' is missing"},
	{T "/columns", NULL, "'columns' is missing"},
	{T "/rows", NULL, "'rows' is missing"},
	{T "/digest", NULL, "'digest' is missing"},
	{T "/strong", NULL, "'strong' is missing, and the method says otherwise"},
	{T "/columns/0/digest", NULL, "column 1: 'digest' is missing"},
	{T "/columns/0/nulls", NULL, "column 1: 'nulls' is missing"},
	{T "/columns/0/encoding", NULL, "column 1: 'encoding' is missing"},
	{"coverage/0/count", NULL, "'count' is missing"},
	/* Of another type. */
	{"identity", "[]", "identity: not an object"},
	{"identity", "null", "identity: not an object"},
	{"objects", "{}", "'objects' is not an array"},
	{"objects/0", "\"x\"", "objects: 1 ('?'): not an object"},
	{T, "null", "relations: 1 ('?'): not an object"},
	{T "/columns", "{}", "'columns' is not an array"},
	{T "/columns/0", "7", "column 1: not an object"},
	{"identity/engine", "1", "'engine' is not a text"},
	{"identity/instance", "null", "'instance' is not a text"},
	{"identity/bytes", "5", "'bytes' is not a text"},
	{"position/bound", "\"true\"", "'bound' is not true or false"},
	{"position/bound", "1", "'bound' is not true or false"},
	{"method/sketchBytes", "\"5\"", "'sketchBytes' is not a number from 0 to 4294967295"},
	{"method/sketchBytes", "5.0", "'sketchBytes' is not a number from 0 to 4294967295"},
	{"objects/0/facts", "[]", "'facts' is not an object with members"},
	{"objects/0/facts", "{}", "'facts' is not an object with members"},
	{"objects/0/facts/owner", "true", "'owner' is not a text"},
	{T "/sketch", "{}", "'sketch' is not a text"},
	{T "/strong", "1", "'strong' is not a text"},
	/* Out of range, or written another way. */
	{"identity/bytes", "\"18446744073709551616\"", "'bytes' is not a whole number in a text"},
	{"identity/bytes", "\"-1\"", "'bytes' is not a whole number in a text"},
	{"identity/bytes", "\"+1\"", "'bytes' is not a whole number in a text"},
	{"identity/bytes", "\"01\"", "'bytes' is not a whole number in a text"},
	{"identity/bytes", "\" 1\"", "'bytes' is not a whole number in a text"},
	{"identity/bytes", "\"\"", "'bytes' is not a whole number in a text"},
	{"identity/bytes", "\"1e3\"", "'bytes' is not a whole number in a text"},
	{"identity/engine", "\"a\\u0000b\"", "'engine' has a NUL in it"},
	{"objects/0/facts/owner", "\"\\u0000\"", "'owner' has a NUL in it"},
	{"position/takenAt", "\"2026-11-21\"", "'takenAt' is not a time"},
	{"position/takenAt", "\"2026-02-30T00:00:00.000Z\"", "'takenAt' is not a time"},
	{"position/takenAt", "\"2026-11-21T06:00:00Z\"", "'takenAt' is not a time"},
	{"method/encoding", "2", "row encoding 2 is not known to this version"},
	{"method/encoding", "-1", "'encoding' is not a number from 0 to 4294967295"},
	{"method/sketchBytes", "4294967296", "'sketchBytes' is not a number from 0 to 4294967295"},
	{"method/salt", "\"00\"", "'salt' is not 64 hexadecimal digits"},
	{"objects/0/sha256", "\"E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855\"",
	 "'sha256' is not 64 hexadecimal digits"},
	{T "/digest", "\"00\"", "'digest' is not 32 hexadecimal digits"},
	{T "/digest", "\"0x000000000000000000000000000000\"", "'digest' is not 32 hexadecimal digits"},
	{T "/columns/0/digest", "\"\"", "column 1: 'digest' is not 16 hexadecimal digits"},
	{T "/strong", "\"00\"", "'strong' is not 64 hexadecimal digits"},
	{T "/sketch", "\"\"", "a sketch not in base64, or without a header"},
	{T "/sketch", "\"AQAAAAAAAAA=\"", "a sketch of 0 cells"},
	/* What cannot be. */
	{"objects/0/definition", "\"other\"", "'sha256' is not that of 'definition'"},
	{T "/rows", "\"0\"", "column 'name': more NULLs than rows"},
	{T "/columns/0/key", "0", "column 1: 'key' is not a number from 1 to 4294967295"},
	{T "/columns/0/key", "2", "the columns of the key are not numbered 1 to 2"},
	{T "/columns/0/key", "4", "column 'id': its place in the key is 4"},
	{T "/columns/1/key", "1", "column 'name': its place in the key is 1"},
	{T "/columns/1/name", "\"id\"", "relation 'public.t': two columns 'id'"},
	{"method/strong", "false", "'strong' is there, and the method says otherwise"},
	{T "/notSurveyed", "\"no\"", "'rows' of rows that were not surveyed"},
	{"relations/2/rows", "\"1\"", "relations: 3 ('secret'): 'rows' of rows that were not surveyed"},
	{"relations/2/sketch", "\"1\"", "'sketch' of rows that were not surveyed"},
	{"relations/2/strong", "\"1\"", "'strong' of rows that were not surveyed"},
	{"relations/2/columns/0/digest", "\"0\"", "'digest' of rows that were not surveyed"},
	/* Twice. */
	{"objects/+", NULL, "two objects of kind 'index' are called 'x'"},
	{"relations/+", NULL, "two relations are called 'public.t'"},
	{T "/columns/+", NULL, "column 'id': its place in the key is 1"},
};

static void everything_that_is_not_a_survey_is_not_trusted(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		json_t *json = sample_json();
		rp_auto(rp_survey) s = NULL;
		rp_autoerr struct rp_err *err = NULL;
		spoil(json, rules[i].path, rules[i].value);
		if (rp_survey_from_json(&s, json, &err) == 0)
			fail_msg("%s: %s was read", rules[i].path, rules[i].value);
		if (strstr(rp_err_text(err), rules[i].says) == NULL)
			fail_msg("%s: %s says: %s", rules[i].path, rules[i].value, rp_err_text(err));
		assert_int_equal(rp_err_kind(err), RP_ERR_TRUST);
		assert_int_equal(strncmp(rp_err_text(err), "read the survey: ", 17), 0);
		json_decref(json);
	}
}

static void what_is_no_object_is_not_trusted(void **state)
{
	(void)state;
	static const char *const texts[] = {"null", "[]", "1", "\"x\"", "{}"};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		json_t *json = json_loads(texts[i], JSON_DECODE_ANY, NULL);
		rp_auto(rp_survey) s = NULL;
		rp_autoerr struct rp_err *err = NULL;
		assert_int_equal(rp_survey_from_json(&s, json, &err), -1);
		assert_int_equal(rp_err_kind(err), RP_ERR_TRUST);
		json_decref(json);
	}
}

static void text_that_is_not_utf8_is_named_and_not_written(void **state)
{
	(void)state;
	rp_auto(rp_survey) s = sample_survey();
	rp_autoerr struct rp_err *err = NULL;
	json_t *json = NULL;
	struct rp_object o = {.kind = "table", .name = "na\xefve"};
	assert_int_equal(rp_survey_add_object(s, &o, NULL), 0);
	assert_int_equal(rp_survey_to_json(s, &json, &err), -1);
	assert_non_null(strstr(rp_err_text(err), "is not UTF-8"));
	assert_int_equal(rp_err_kind(err), RP_ERR_ENGINE);
}

static void survey_without_its_strong_digest_is_not_written(void **state)
{
	(void)state;
	rp_auto(rp_survey) s = sample_survey();
	rp_autoerr struct rp_err *err = NULL;
	json_t *json = NULL;
	free(s->relations[0].strong);
	s->relations[0].strong = NULL;
	assert_int_equal(rp_survey_to_json(s, &json, &err), -1);
	assert_non_null(strstr(rp_err_text(err), "'public.t': the strong digest was asked for and not made"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_round_trip_is_identical),
		cmocka_unit_test(json_keeps_what_the_survey_says),
		cmocka_unit_test(everything_that_is_not_a_survey_is_not_trusted),
		cmocka_unit_test(what_is_no_object_is_not_trusted),
		cmocka_unit_test(text_that_is_not_utf8_is_named_and_not_written),
		cmocka_unit_test(survey_without_its_strong_digest_is_not_written),
	};
	return cmocka_run_group_tests_name("survey_json", tests, NULL, NULL);
}
