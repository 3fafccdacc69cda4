/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "checks/answer.h"
#include "verifier/recovery/artifact.h"
#include "verifier/recovery/format.h"
#include "verifier/scratch/scratch.h"
#include "verifier/survey/digest.h"
#include "verifier/survey/row.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

extern const struct rp_check rp_check_artifact_digest, rp_check_constraint_valid, rp_check_index_valid,
	rp_check_privilege_grants, rp_check_relation_columns, rp_check_relation_rows, rp_check_restore_time,
	rp_check_schema_counts, rp_check_schema_objects, rp_check_sequence_position;

/* Checks need a db to be there; nothing here uses it but for its engine, which is this one. */
static int engine_asked;
static int engine_test(struct rp_conn *c, const struct rp_survey *found, struct rp_findings *to,
		       struct rp_err **err)
{
	(void)c, (void)found, (void)err;
	engine_asked++;
	rp_pass(to, "", 1);
	return 0;
}
/* One about the data: it finds what it is told to. */
static unsigned orphans;
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
static const struct rp_engine engine = {.name = "fake", .tests = engine_tests};
static char a_db;

/* One that knows what may happen to a column, and has one row to be read, or an error. */
static bool any_column(const struct rp_column *c)
{
	(void)c;
	return true;
}
static bool undo_marks(const struct rp_column *c, unsigned way, const struct rp_field *found,
		       struct rp_field *ret, struct rp_buf *room)
{
	(void)c, (void)way, (void)room;
	if (found->len > 0 && found->value[found->len - 1] == '!')
		ret->len--;
	return true;
}
static void tell_marks(unsigned way, struct rp_buf *out)
{
	(void)way;
	rp_buf_add(out, "somebody shouts");
}
static bool cannot_read;
static unsigned reads;
static void one_row(struct rp_row *row, const char *note)
{
	rp_row_begin(row);
	rp_row_add_u64(row, 17);
	rp_row_add_text(row, note);
}
static int stream_one(struct rp_conn *c, const struct rp_relation *r, const struct rp_range *part,
		      rp_row_fn *fn, void *ctx, struct rp_err **err)
{
	struct rp_row row = {0};
	(void)c, (void)r, (void)part;
	reads++;
	if (cannot_read)
		return rp_err_set(err, RP_ERR_ENGINE, "the server is gone");
	one_row(&row, "hello!");
	int done = fn(ctx, row.bytes, row.len, err);
	rp_row_done(&row);
	return done;
}
static const struct rp_suspicion suspicions[] = {{1, any_column, undo_marks, tell_marks}, {0}};
static const struct rp_engine suspicious = {.name = "fake", .stream = stream_one, .suspicions = suspicions};
static const struct rp_engine *in_use = &engine;

const struct rp_engine *__wrap_rp_db_engine(const struct rp_db *db);
const struct rp_engine *__wrap_rp_db_engine(const struct rp_db *db)
{
	assert_ptr_equal(db, &a_db);
	return in_use;
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

/* What every test has: two surveys, and a result for the answers. */
struct all {
	struct rp_target target;
	struct rp_evidence e;
	struct rp_manifest manifest;
	struct rp_survey *sealed, *found;
	struct rp_result *result;
};

static void begin(struct all *a)
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

static void end(struct all *a)
{
	rp_differences_done(&a->e.differences);
	rp_survey_free(a->sealed);
	rp_survey_free(a->found);
	rp_result_free(a->result);
}

static void add(struct rp_survey *s, const char *kind, const char *name, const char *definition,
		const char *fact, const char *value)
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

static void compare(struct all *a)
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

static void ask(struct all *a, const struct rp_check *const *list)
{
	rp_checks_ask(list, &a->e, a->result);
}

static void ask_one(struct all *a, const struct rp_check *check)
{
	ask(a, (const struct rp_check *const[]){check, NULL});
}

/* The i-th answer to a check, not counting those of the engine's own. */
static const struct rp_finding *answer(const struct all *a, const char *check, size_t i)
{
	for (size_t j = 0; j < a->result->findings.n; j++) {
		if (strcmp(a->result->findings.all[j].check, check) == 0 && i-- == 0)
			return &a->result->findings.all[j];
	}
	return NULL;
}

static const struct rp_finding *about(const struct all *a, const char *check, const char *object)
{
	for (size_t i = 0; answer(a, check, i); i++) {
		if (strcmp(answer(a, check, i)->object, object) == 0)
			return answer(a, check, i);
	}
	return NULL;
}

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

static void seal_with(struct all *a, const char *what, const char *reason)
{
	const struct rp_coverage c = {.what = what, .count = 1, .reason = reason};
	assert_int_equal(rp_survey_add_coverage(a->sealed, &c, NULL), 0);
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
		if (cases[i].verdict == RP_WAIVED)
			assert_non_null(strstr(answer(&a, "a.fails", 0)->message, "accepted by ann until "));
		end(&a);
	}
}

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
	struct rp_scratch scratch = {.engine = &engine};
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
	struct rp_scratch scratch = {.engine = &engine};
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

static void add_relation(struct rp_survey *s, const char *name, uint64_t rows, uint64_t digest,
			 uint64_t column)
{
	struct rp_column columns[] = {
		{.name = "id", .type = "bigint", .encoding = "binary", .key = 1, .digest = 7},
		{.name = "note", .type = "text", .encoding = "binary", .digest = column}};
	const struct rp_relation r = {
		.name = name, .columns = columns, .n_columns = 2, .rows = rows, .digest = {digest, 0}};
	assert_int_equal(rp_survey_add_relation(s, &r, NULL), 0);
}

static void every_relation_has_an_answer_of_its_own(void **state)
{
	struct all a;
	(void)state;
	begin(&a);
	add_relation(a.sealed, "public.equal", 10, 1, 1);
	add_relation(a.found, "public.equal", 10, 1, 1);
	add_relation(a.sealed, "public.fewer", 10, 1, 1);
	add_relation(a.found, "public.fewer", 8, 2, 2);
	add_relation(a.sealed, "public.gone", 3, 1, 1);
	add_relation(a.sealed, "public.other", 3, 1, 1);
	add_relation(a.found, "public.other", 3, 2, 2);
	add_relation(a.found, "public.new", 3, 2, 2);
	compare(&a);
	ask(&a, (const struct rp_check *const[]){&rp_check_relation_rows, &rp_check_relation_columns, NULL});
	assert_int_equal(about(&a, "relation.rows", "public.equal")->verdict, RP_PASS);
	assert_string_equal(about(&a, "relation.rows", "public.fewer")->message, "2 rows too few");
	assert_string_equal(about(&a, "relation.rows", "public.gone")->message,
			    "the relation is gone, with 3 rows");
	assert_int_equal(about(&a, "relation.rows", "public.new")->verdict, RP_FAIL);
	assert_int_equal(about(&a, "relation.columns", "public.equal")->verdict, RP_PASS);
	assert_true(about(&a, "relation.columns", "public.fewer")->excused);
	assert_true(about(&a, "relation.columns", "public.gone")->excused);
	assert_string_equal(about(&a, "relation.columns", "public.other")->message,
			    "1 of 2 columns differ: note");
	end(&a);
}

static void add_note(struct all *a, struct rp_survey *s, const char *note)
{
	struct rp_tally t;
	struct rp_row row = {0};
	struct rp_column columns[] = {{.name = "id", .type = "bigint", .encoding = "binary", .key = 1},
				      {.name = "note", .type = "text", .encoding = "binary"}};
	struct rp_relation r = {.name = "t", .columns = columns, .n_columns = 2};
	s->method.encoding = RP_ENCODING;
	assert_int_equal(rp_tally_init(&t, &r, &a->sealed->method, NULL, NULL), 0);
	one_row(&row, note);
	assert_int_equal(rp_tally_row(&t, row.bytes, row.len, NULL), 0);
	rp_tally_store(&t, &r);
	rp_row_done(&row);
	assert_int_equal(rp_survey_add_relation(s, &r, NULL), 0);
}

static void the_cause_of_a_column_that_differs_is_told_where_it_is_known(void **state)
{
	static const struct {
		const char *was, *is, *says;
		unsigned reads; /* nothing is read where nothing differs */
	} all[] = {{"hello", "hello!", "1 of 2 columns differ: note; note: somebody shouts", 2},
		   {"hi", "hello!", "1 of 2 columns differ: note", 1},
		   {"hello!", "hello!", "2 columns as sealed", 0}};
	struct all a;
	(void)state;
	in_use = &suspicious;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		begin(&a);
		reads = 0;
		add_note(&a, a.sealed, all[i].was);
		add_note(&a, a.found, all[i].is);
		compare(&a);
		ask_one(&a, &rp_check_relation_columns);
		assert_string_equal(about(&a, "relation.columns", "t")->message, all[i].says);
		assert_int_equal(reads, all[i].reads);
		end(&a);
	}
	in_use = &engine;
}

static void a_column_differs_even_if_nobody_can_read_why(void **state)
{
	struct all a;
	(void)state;
	begin(&a);
	add_note(&a, a.sealed, "hello");
	add_note(&a, a.found, "hello!");
	compare(&a);
	in_use = &suspicious;
	cannot_read = true;
	ask_one(&a, &rp_check_relation_columns);
	cannot_read = false;
	in_use = &engine;
	assert_int_equal(answer(&a, "relation.columns", 0)->verdict, RP_FAIL);
	assert_string_equal(answer(&a, "relation.columns", 0)->message, "1 of 2 columns differ: note");
	assert_int_equal(answer(&a, "relation.columns", 1)->verdict, RP_ERROR);
	assert_non_null(strstr(answer(&a, "relation.columns", 1)->message, "the server is gone"));
	end(&a);
}

static void rows_that_the_format_leaves_out_are_of_a_class_of_their_own(void **state)
{
	struct all a;
	(void)state;
	begin(&a);
	add_relation(a.sealed, "history", 3, 1, 1);
	add_relation(a.found, "history", 0, 0, 0);
	add_relation(a.sealed, "orders", 3, 1, 1);
	add_relation(a.found, "orders", 0, 0, 0);
	compare(&a);
	ask_one(&a, &rp_check_relation_rows);
	const struct rp_finding *f = about(&a, "relation.rows", "history");
	assert_int_equal(f->verdict, RP_FAIL);
	assert_int_equal(f->cause, RP_BY_FORMAT);
	assert_string_equal(
		f->message,
		"3 rows too few, all there were; lossy by the dump format: history is not in a dump");
	assert_int_equal(about(&a, "relation.rows", "orders")->verdict, RP_FAIL);
	assert_int_equal(about(&a, "relation.rows", "orders")->cause, RP_BY_DAMAGE);
	rp_answer_rows(&a.result->findings, &a.e, &a.sealed->relations[0],
		       &(struct rp_row_changes){.differ = true});
	assert_int_equal(a.result->findings.all[a.result->findings.n - 1].cause, RP_BY_FORMAT);
	end(&a);

	/* Some of them missing is another thing. */
	begin(&a);
	add_relation(a.sealed, "history", 3, 1, 1);
	add_relation(a.found, "history", 1, 1, 1);
	compare(&a);
	ask_one(&a, &rp_check_relation_rows);
	assert_int_equal(about(&a, "relation.rows", "history")->cause, RP_BY_DAMAGE);
	end(&a);
}

static void a_relation_that_was_not_surveyed_makes_the_run_a_2(void **state)
{
	struct all a;
	(void)state;
	begin(&a);
	assert_int_equal(rp_survey_add_relation(a.sealed,
						&(struct rp_relation){.name = "public.t",
								      .not_surveyed = "permission denied"},
						NULL),
			 0);
	compare(&a);
	ask_one(&a, &rp_check_relation_rows);
	assert_int_equal(answer(&a, "relation.rows", 0)->verdict, RP_NOT_RUN);
	assert_false(answer(&a, "relation.rows", 0)->excused);
	assert_string_equal(answer(&a, "relation.rows", 0)->message,
			    "not surveyed at the seal: permission denied");
	end(&a);
}

static void hole_4_no_relation_at_all_is_not_excused(void **state)
{
	struct all a;
	(void)state;
	begin(&a);
	compare(&a);
	ask(&a, (const struct rp_check *const[]){&rp_check_relation_rows, &rp_check_relation_columns, NULL});
	assert_int_equal(answer(&a, "relation.rows", 0)->verdict, RP_NOT_RUN);
	assert_false(answer(&a, "relation.rows", 0)->excused);
	assert_true(answer(&a, "relation.columns", 0)->excused);
	end(&a);
}

static struct rp_key_bytes key_of(uint64_t id)
{
	struct rp_row row = {0};
	struct rp_key_bytes k = {0};
	rp_row_begin(&row);
	char text[24];
	snprintf(text, sizeof(text), "%llu", (unsigned long long)id);
	rp_row_add_text(&row, text);
	assert_true(row.len <= RP_KEY_MAX);
	memcpy(k.bytes, row.bytes, row.len);
	k.len = (uint8_t)row.len;
	rp_row_done(&row);
	return k;
}

static void rows_that_differ_are_named_by_key_and_masked(void **state)
{
	struct all a;
	struct rp_row row = {0};
	(void)state;
	for (int shown = 0; shown < 2; shown++) {
		begin(&a);
		add_relation(a.sealed, "public.orders", 10, 1, 1);
		add_relation(a.found, "public.orders", 8, 2, 2);
		compare(&a);
		a.target.show_values = shown;
		rp_row_begin(&row);
		rp_row_add_text(&row, "17");
		rp_row_add_null(&row);
		struct rp_row_change all[] = {
			{.change = RP_CHANGED, .key = key_of(17), .row = row.bytes, .row_len = row.len},
			{.change = RP_LOST, .key = key_of(4711)},
			{.change = RP_LOST, .key = key_of(4712)},
			{.change = RP_GAINED, .key = {.bytes = {RP_KEY_FINGERPRINT, 0xab}, .len = 3}},
		};
		const struct rp_row_changes changes = {.differ = true,
						       .lost = 2,
						       .changed = 1,
						       .gained = 1,
						       .all = all,
						       .n = 4,
						       .complete = true};
		rp_ask(&a.result->findings, "relation.digest", RP_HIGH);
		rp_answer_rows(&a.result->findings, &a.e, &a.sealed->relations[0], &changes);
		const struct rp_finding *f = answer(&a, "relation.digest", 0);
		assert_int_equal(f->verdict, RP_FAIL);
		assert_string_equal(f->message, "2 rows lost, 1 row changed, 1 row gained");
		assert_string_equal(f->expected, "10 rows, digest 00000000000000000000000000000001");
		assert_string_equal(f->found, "8 rows, digest 00000000000000000000000000000002");
		assert_true(f->rows_complete);
		assert_int_equal(f->n_rows, 4);
		assert_string_equal(f->rows[0].key[0].name, "id");
		assert_string_equal(f->rows[0].key[0].value, "17");
		assert_string_equal(f->rows[0].values[0].value, shown ? "17" : "***");
		assert_string_equal(f->rows[0].values[1].name, "note");
		assert_string_equal(f->rows[0].values[1].value, shown ? "NULL" : "***");
		assert_string_equal(f->rows[1].key[0].value, "4711");
		assert_null(f->rows[1].values);
		assert_string_equal(f->rows[3].key[0].name, "");
		assert_string_equal(f->rows[3].key[0].value, "fp:01ab00");
		rp_row_done(&row);
		row = (struct rp_row){0};
		end(&a);
	}
}

static void too_many_to_be_named_is_an_honest_number(void **state)
{
	struct all a;
	const struct rp_row_changes many = {.differ = true, .estimate = 5000};
	const struct rp_row_changes nameless = {.differ = true};
	(void)state;
	begin(&a);
	add_relation(a.sealed, "public.orders", 10, 1, 1);
	compare(&a);
	rp_ask(&a.result->findings, "relation.digest", RP_HIGH);
	rp_answer_rows(&a.result->findings, &a.e, &a.sealed->relations[0], &many);
	rp_answer_rows(&a.result->findings, &a.e, &a.sealed->relations[0], &nameless);
	assert_string_equal(answer(&a, "relation.digest", 0)->message,
			    "about 5000 rows differ, too many to be named from the manifest");
	assert_false(answer(&a, "relation.digest", 0)->rows_complete);
	assert_string_equal(answer(&a, "relation.digest", 1)->message,
			    "the rows differ; the manifest carries no sketch to name them from");
	end(&a);
}

static void rows_of_no_one_moment_prove_nothing(void **state)
{
	struct all a;
	const struct rp_row_changes changes = {.differ = true, .lost = 1, .complete = true};
	(void)state;
	begin(&a);
	add_relation(a.sealed, "public.orders", 10, 1, 1);
	compare(&a);
	a.sealed->position.bound = false;
	rp_ask(&a.result->findings, "relation.digest", RP_HIGH);
	rp_answer_rows(&a.result->findings, &a.e, &a.sealed->relations[0], &changes);
	assert_int_equal(answer(&a, "relation.digest", 0)->verdict, RP_ERROR);
	assert_int_equal(answer(&a, "relation.digest", 0)->cause, RP_BY_MOMENT);
	end(&a);
}

/* Files of a server that were not recovered to the sealed moment: what differs may have been written since, whatever it
 * is; once they were, it is damage. */
static void a_physical_backup_is_compared_at_the_sealed_moment_alone(void **state)
{
	static const struct rp_format files = {.name = "files", .physical = true};
	(void)state;
	for (int exact = 0; exact < 2; exact++) {
		struct all a;
		struct rp_artifact artifact = {.exact = exact};
		begin(&a);
		add_relation(a.sealed, "public.orders", 10, 1, 1);
		add_relation(a.found, "public.orders", 11, 2, 2);
		compare(&a);
		a.e.artifact = &artifact;
		a.e.restored.format = &files;
		ask_one(&a, &rp_check_relation_rows);
		assert_int_equal(answer(&a, "relation.rows", 0)->verdict, exact ? RP_FAIL : RP_ERROR);
		assert_int_equal(answer(&a, "relation.rows", 0)->cause, exact ? RP_BY_DAMAGE : RP_BY_MOMENT);
		end(&a);
	}
}

static void a_dump_sealed_for_a_physical_backup_too_does_not_stand_for_it(void **state)
{
	static const struct rp_format files = {.name = "files", .physical = true}, dump = {.name = "dump"};
	static const struct rp_fact by = {RP_FACT_RECOVERY_BY, "logical slot"};
	char was[] = "shop.dump", is[] = "base.tar";
	struct rp_file sealed = {.name = was, .digested = true, .sha256 = {1}};
	struct rp_file found = {.name = is, .digested = true, .sha256 = {2}};
	(void)state;
	for (int physical = 0; physical < 2; physical++) {
		struct all a;
		struct rp_artifact artifact = {.files = &found, .n_files = 1, .exact = true};
		begin(&a);
		compare(&a);
		a.sealed->position.facts = &by;
		a.sealed->position.n_facts = 1;
		a.manifest.files = &sealed;
		a.manifest.n_files = 1;
		a.e.artifact = &artifact;
		a.e.restored.format = physical ? &files : &dump;
		ask_one(&a, &rp_check_artifact_digest);
		/* No strong digest is here to stand for it. */
		assert_int_equal(answer(&a, "artifact.digest", 0)->verdict, physical ? RP_NOT_RUN : RP_FAIL);
		end(&a);
	}
}

static void one_file_is_the_same_backup_under_any_name(void **state)
{
	struct all a;
	char was[] = "shop.dump", is[] = "shop-2026.dump";
	struct rp_file sealed = {.name = was, .size = 5, .digested = true, .sha256 = {1}};
	struct rp_file found = {.name = is, .size = 5, .digested = true, .sha256 = {1}};
	struct rp_artifact artifact = {.files = &found, .n_files = 1};
	(void)state;
	begin(&a);
	compare(&a);
	a.manifest.files = &sealed;
	a.manifest.n_files = 1;
	a.e.artifact = &artifact;
	ask_one(&a, &rp_check_artifact_digest);
	assert_int_equal(answer(&a, "artifact.digest", 0)->verdict, RP_PASS);
	end(&a);
	for (int how = 0; how < 2; how++) {
		begin(&a);
		compare(&a);
		a.manifest.files = &sealed;
		a.manifest.n_files = 1;
		a.e.artifact = &artifact;
		found.sha256[0] = 2;
		found.digested = how == 0;
		ask_one(&a, &rp_check_artifact_digest);
		assert_int_equal(answer(&a, "artifact.digest", 0)->verdict, how == 0 ? RP_FAIL : RP_ERROR);
		end(&a);
	}
}

static void hole_8_of_several_files_none_may_be_missing_or_new(void **state)
{
	struct all a;
	char n1[] = "1", n2[] = "2", n3[] = "3";
	struct rp_file sealed[] = {{.name = n1, .digested = true}, {.name = n2, .digested = true}};
	struct rp_file found[] = {{.name = n1, .digested = true}, {.name = n3, .digested = true}};
	struct rp_artifact artifact = {.files = found, .n_files = 2};
	(void)state;
	begin(&a);
	compare(&a);
	a.manifest.files = sealed;
	a.manifest.n_files = 2;
	a.e.artifact = &artifact;
	ask_one(&a, &rp_check_artifact_digest);
	assert_int_equal(about(&a, "artifact.digest", "")->verdict, RP_PASS);
	assert_int_equal(about(&a, "artifact.digest", "")->looked, 1);
	assert_int_equal(about(&a, "artifact.digest", "2")->verdict, RP_FAIL);
	assert_int_equal(about(&a, "artifact.digest", "3")->verdict, RP_FAIL);
	end(&a);
}

static void hole_6_strong_digests_stand_in_for_a_backup_that_was_not_sealed(void **state)
{
	struct all a;
	struct rp_artifact artifact = {0};
	uint8_t was[RP_STRONG_LEN] = {1}, is[RP_STRONG_LEN] = {1};
	(void)state;
	for (int differ = 0; differ < 2; differ++) {
		begin(&a);
		is[0] = differ ? 2 : 1;
		add_relation(a.sealed, "public.t", 1, 1, 1);
		add_relation(a.found, "public.t", 1, 1, 1);
		compare(&a);
		a.sealed->relations[0].strong = was;
		a.found->relations[0].strong = is;
		a.e.artifact = &artifact;
		ask_one(&a, &rp_check_artifact_digest);
		assert_int_equal(answer(&a, "artifact.digest", 0)->verdict, differ ? RP_NOT_RUN : RP_PASS);
		assert_false(answer(&a, "artifact.digest", 0)->excused);
		a.sealed->relations[0].strong = NULL;
		a.found->relations[0].strong = NULL;
		end(&a);
	}
}

static void a_restore_that_takes_too_long_fails(void **state)
{
	struct all a;
	(void)state;
	for (int64_t objective = 0; objective <= 10000; objective += 4000) {
		begin(&a);
		a.target.rto_ms = objective;
		ask_one(&a, &rp_check_restore_time);
		assert_int_equal(answer(&a, "restore.time", 0)->verdict,
				 objective == 4000 ? RP_FAIL : RP_PASS);
		end(&a);
	}
}

static void checks_have_names_of_their_own_and_the_required_ones_are_these(void **state)
{
	static const char *const required[] = {"manifest.trust", "artifact.digest", "restore.complete",
					       "schema.objects", "relation.rows",   "relation.digest"};
	size_t n = 0;
	(void)state;
	for (const struct rp_check *const *c = rp_checks; *c; c++) {
		assert_non_null((*c)->summary);
		assert_true(((*c)->concern != NULL) != ((*c)->run != NULL));
		for (const struct rp_check *const *d = rp_checks; d < c; d++)
			assert_string_not_equal((*c)->name, (*d)->name);
		if ((*c)->required)
			assert_string_equal((*c)->name, required[n++]);
	}
	assert_int_equal(n, 6);
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
		cmocka_unit_test(every_relation_has_an_answer_of_its_own),
		cmocka_unit_test(the_cause_of_a_column_that_differs_is_told_where_it_is_known),
		cmocka_unit_test(a_column_differs_even_if_nobody_can_read_why),
		cmocka_unit_test(rows_that_the_format_leaves_out_are_of_a_class_of_their_own),
		cmocka_unit_test(a_relation_that_was_not_surveyed_makes_the_run_a_2),
		cmocka_unit_test(hole_4_no_relation_at_all_is_not_excused),
		cmocka_unit_test(rows_that_differ_are_named_by_key_and_masked),
		cmocka_unit_test(too_many_to_be_named_is_an_honest_number),
		cmocka_unit_test(rows_of_no_one_moment_prove_nothing),
		cmocka_unit_test(a_physical_backup_is_compared_at_the_sealed_moment_alone),
		cmocka_unit_test(a_dump_sealed_for_a_physical_backup_too_does_not_stand_for_it),
		cmocka_unit_test(one_file_is_the_same_backup_under_any_name),
		cmocka_unit_test(hole_8_of_several_files_none_may_be_missing_or_new),
		cmocka_unit_test(hole_6_strong_digests_stand_in_for_a_backup_that_was_not_sealed),
		cmocka_unit_test(a_restore_that_takes_too_long_fails),
		cmocka_unit_test(checks_have_names_of_their_own_and_the_required_ones_are_these),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
