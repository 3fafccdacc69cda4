/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/checks_lib.h"
#include "verifier/survey/digest.h"
#include "verifier/survey/row.h"
#include "verifier/util/buf.h"

extern const struct rp_check rp_check_relation_columns, rp_check_relation_rows;

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
	checks_in_use = &suspicious;
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
	checks_in_use = &checks_engine;
}

static void a_column_differs_even_if_nobody_can_read_why(void **state)
{
	struct all a;
	(void)state;
	begin(&a);
	add_note(&a, a.sealed, "hello");
	add_note(&a, a.found, "hello!");
	compare(&a);
	checks_in_use = &suspicious;
	cannot_read = true;
	ask_one(&a, &rp_check_relation_columns);
	cannot_read = false;
	checks_in_use = &checks_engine;
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

static void keys_that_may_be_somebodys_are_masked(void **state)
{
	static const struct {
		const char *type;
		bool shown;
	} all[] = {
		{"bigint", true},
		{"int(11) unsigned", true},
		{"numeric(20,0)", true},
		{"uuid", true},
		{"timestamp(6) with time zone", true},
		{"date", true},
		{"text", false},
		{"character varying(20)", false},
		{"varchar(20)", false},
		{"char(2)", false},
		{"bytea", false},
		{"inet", false},
		{"int4range", false},
		{"date_of_birth", false}, /* a domain */
		{"interval", false},
		{"", false},
	};
	struct all a;

	(void)state;
	begin(&a);
	a.sealed->method.whole_keys = true;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		const struct rp_column c = {.name = "k", .type = all[i].type, .key = 1};
		if (rp_evidence_shows_key(&a.e, &c) != all[i].shown)
			fail_msg("'%s'", all[i].type);
		a.target.show_values = true;
		assert_true(rp_evidence_shows_key(&a.e, &c));
		a.target.show_values = false;
	}
	/* Sealed with --fingerprint-keys. */
	a.sealed->method.whole_keys = false;
	assert_false(rp_evidence_shows_key(&a.e, &(struct rp_column){.type = "bigint", .key = 1}));
	end(&a);
}

static void rows_that_differ_are_named_by_key_and_masked(void **state)
{
	struct all a;
	struct rp_row row = {0};
	(void)state;
	for (int round = 0; round < 3; round++) {
		bool shown = round == 1, personal = round == 2;
		begin(&a);
		add_relation(a.sealed, "public.orders", 10, 1, 1);
		add_relation(a.found, "public.orders", 8, 2, 2);
		compare(&a);
		a.sealed->method.whole_keys = true;
		a.target.show_values = shown;
		if (personal)
			a.sealed->relations[0].columns[0].type = "text";
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
		assert_string_equal(f->rows[0].key[0].value, personal ? "***" : "17");
		assert_string_equal(f->rows[0].values[0].value, shown ? "17" : "***");
		assert_string_equal(f->rows[0].values[1].name, "note");
		assert_string_equal(f->rows[0].values[1].value, shown ? "NULL" : "***");
		assert_string_equal(f->rows[1].key[0].value, personal ? "***" : "4711");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_relation_has_an_answer_of_its_own),
		cmocka_unit_test(the_cause_of_a_column_that_differs_is_told_where_it_is_known),
		cmocka_unit_test(a_column_differs_even_if_nobody_can_read_why),
		cmocka_unit_test(rows_that_the_format_leaves_out_are_of_a_class_of_their_own),
		cmocka_unit_test(a_relation_that_was_not_surveyed_makes_the_run_a_2),
		cmocka_unit_test(hole_4_no_relation_at_all_is_not_excused),
		cmocka_unit_test(keys_that_may_be_somebodys_are_masked),
		cmocka_unit_test(rows_that_differ_are_named_by_key_and_masked),
		cmocka_unit_test(too_many_to_be_named_is_an_honest_number),
		cmocka_unit_test(rows_of_no_one_moment_prove_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
