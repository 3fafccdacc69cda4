/* SPDX-License-Identifier: MIT */
#include "tests/unit/checks_lib.h"

#include <string.h>

#include "tests/unit/cmocka_all.h"
#include "verifier/recovery/format.h"
#include "verifier/util/error.h"

/* Checks need a db to be there; nothing here uses it but for its engine, which is this one. */
int engine_asked;
static int engine_test(struct rp_conn *c, const struct rp_survey *found, struct rp_findings *to,
		       struct rp_err **err)
{
	(void)c, (void)found, (void)err;
	engine_asked++;
	rp_pass(to, "", 1);
	return 0;
}
/* One about the data: it finds what it is told to. */
unsigned orphans;
static int inherited_test(struct rp_conn *c, const struct rp_survey *found, struct rp_findings *to,
			  struct rp_err **err)
{
	(void)c, (void)found, (void)err;
	if (orphans)
		rp_fail(to, "orders.customer", NULL, "(17)", "%u rows refer to nothing", orphans);
	else
		rp_not_run(to, "orders.view", "its definer may not");
	return 0;
}
static const struct rp_engine_test engine_tests[] = {
	{.name = "data.test",
	 .summary = "",
	 .severity = RP_HIGH,
	 .of_source = true,
	 .inherited = true,
	 .run = inherited_test},
	{.name = "engine.test", .summary = "", .severity = RP_HIGH, .run = engine_test},
	{0}};
const struct rp_engine checks_engine = {.name = "fake", .tests = engine_tests};
static char a_db;
const struct rp_engine *checks_in_use = &checks_engine;

const struct rp_engine *__wrap_rp_db_engine(const struct rp_db *db);
const struct rp_engine *__wrap_rp_db_engine(const struct rp_db *db)
{
	assert_ptr_equal(db, &a_db);
	return checks_in_use;
}
void __wrap_rp_db_alone(struct rp_db *db);
void __wrap_rp_db_alone(struct rp_db *db)
{
	assert_int_equal(engine_asked, 0);
	(void)db;
}
struct rp_conn *__wrap_rp_db_conn(struct rp_db *db, unsigned i);
struct rp_conn *__wrap_rp_db_conn(struct rp_db *db, unsigned i)
{
	(void)db, (void)i;
	return NULL;
}

static const char *omits(const struct rp_object *sealed, const char *fact)
{
	if (strcmp(sealed->kind, "role") == 0)
		return "roles are not in a dump";
	if (strcmp(sealed->kind, "database") == 0 && fact)
		return "not carried";
	return fact && strcmp(fact, "hidden") == 0 ? "not carried" : NULL;
}
static const char *lacks(const struct rp_relation *sealed)
{
	return strcmp(sealed->name, "history") == 0 ? "history is not in a dump" : NULL;
}
static const struct rp_format format = {.name = "fake", .engine = "fake", .omits = omits, .lacks = lacks};

void begin(struct all *a)
{
	*a = (struct all){.target = {.name = "shop"}};
	engine_asked = 0;
	assert_int_equal(rp_survey_new(&a->sealed, NULL), 0);
	assert_int_equal(rp_survey_new(&a->found, NULL), 0);
	assert_int_equal(rp_result_new(&a->result, "shop", NULL), 0);
	a->sealed->position.bound = true;
	a->manifest.survey = a->sealed;
	a->e = (struct rp_evidence){.target = &a->target,
				    .manifest = &a->manifest,
				    .restored = {.format = &format, .ms = 5000},
				    .db = (struct rp_db *)(void *)&a_db,
				    .found = a->found};
}

void end(struct all *a)
{
	rp_differences_done(&a->e.differences);
	rp_survey_free(a->sealed);
	rp_survey_free(a->found);
	rp_result_free(a->result);
}

void add(struct rp_survey *s, const char *kind, const char *name, const char *definition, const char *fact,
	 const char *value)
{
	const struct rp_fact one = {fact, value};
	const struct rp_object o = {
		.kind = kind, .name = name, .definition = definition, .facts = &one, .n_facts = fact ? 1 : 0};
	assert_int_equal(rp_survey_add_object(s, &o, NULL), 0);
}

static const char *drift(const struct rp_identity *sealed, const struct rp_identity *found,
			 const struct rp_difference *d)
{
	(void)sealed, (void)found;
	return d->fact && strcmp(d->fact, "drifts") == 0 ? "printed otherwise since 16" : NULL;
}

void compare(struct all *a)
{
	const struct rp_identity was = {
		.engine = "fake", .version = "15", .database = "shop", .instance = "1"};
	const struct rp_identity is = {
		.engine = "fake", .version = "16", .database = "shop", .instance = "2"};
	const struct rp_position at = {.bound = true};
	assert_int_equal(rp_survey_identify(a->sealed, &was, &at, NULL), 0);
	assert_int_equal(rp_survey_identify(a->found, &is, &at, NULL), 0);
	assert_int_equal(rp_survey_finish(a->sealed, NULL), 0);
	assert_int_equal(rp_survey_finish(a->found, NULL), 0);
	assert_int_equal(rp_compare_objects(&a->e.differences, a->sealed, a->found, drift, NULL), 0);
}

void ask(struct all *a, const struct rp_check *const *list)
{
	rp_checks_ask(list, &a->e, a->result);
}

void ask_one(struct all *a, const struct rp_check *check)
{
	ask(a, (const struct rp_check *const[]){check, NULL});
}

/* The i-th answer to a check, not counting those of the engine's own. */
const struct rp_finding *answer(const struct all *a, const char *check, size_t i)
{
	for (size_t j = 0; j < a->result->findings.n; j++) {
		if (strcmp(a->result->findings.all[j].check, check) == 0 && i-- == 0)
			return &a->result->findings.all[j];
	}
	return NULL;
}

const struct rp_finding *about(const struct all *a, const char *check, const char *object)
{
	for (size_t i = 0; answer(a, check, i); i++) {
		if (strcmp(answer(a, check, i)->object, object) == 0)
			return answer(a, check, i);
	}
	return NULL;
}

void seal_with(struct all *a, const char *what, const char *reason)
{
	const struct rp_coverage c = {.what = what, .count = 1, .reason = reason};
	assert_int_equal(rp_survey_add_coverage(a->sealed, &c, NULL), 0);
}

void add_relation(struct rp_survey *s, const char *name, uint64_t rows, uint64_t digest, uint64_t column)
{
	struct rp_column columns[] = {
		{.name = "id", .type = "bigint", .encoding = "binary", .key = 1, .digest = 7},
		{.name = "note", .type = "text", .encoding = "binary", .digest = column}};
	const struct rp_relation r = {
		.name = name, .columns = columns, .n_columns = 2, .rows = rows, .digest = {digest, 0}};
	assert_int_equal(rp_survey_add_relation(s, &r, NULL), 0);
}
