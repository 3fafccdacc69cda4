/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>

#include "tests/unit/survey_rows.h"
#include "verifier/survey/compare.h"

/* A sealed relation of n rows, and one found where 'lost' rows from the beginning are missing, the next
 * 'changed' have another amount, and 'gained' are new. */
struct both {
	struct sample sealed, found;
};
struct damage {
	uint64_t rows, lost, changed, gained;
	bool keyed, private_keys;
	unsigned name_length; /* of the key, when the key is the name; 0: it is the id */
};

static const char *name_of(uint64_t i, unsigned length)
{
	static char text[512];
	(void)snprintf(text, sizeof text, "%0*llu", (int)length, (unsigned long long)i);
	return text;
}

static void both_init(struct both *b, const struct damage *d)
{
	struct rp_tally t;
	for (int side = 0; side < 2; side++) {
		struct sample *s = side == 0 ? &b->sealed : &b->found;
		sample_init(s, d->keyed);
		s->how.whole_keys = !d->private_keys;
		if (d->name_length > 0) {
			s->columns[0].key = 0;
			s->columns[1].key = 1;
		}
		tally_init(&t, s, side == 0 ? NULL : &b->sealed.relation);
		for (uint64_t i = side == 0 ? 0 : d->lost; i < d->rows; i++)
			add_row(&t, i, name_of(i, d->name_length),
				side == 1 && i - d->lost < d->changed ? 7 : i * 3 + 8);
		for (uint64_t i = 0; side == 1 && i < d->gained; i++)
			add_row(&t, 1000000 + i, name_of(1000000 + i, d->name_length), 9);
		rp_tally_store(&t, &s->relation);
	}
}

static void both_done(struct both *b)
{
	sample_done(&b->sealed);
	sample_done(&b->found);
}

static void equal_rows_do_not_differ(void **state)
{
	(void)state;
	struct both b;
	struct rp_row_changes c;
	both_init(&b, &(struct damage){.rows = 1000, .keyed = true});
	assert_int_equal(rp_compare_rows(&c, &b.sealed.relation, &b.found.relation, NULL), 0);
	assert_false(c.differ);
	assert_true(c.complete);
	assert_null(c.incomparable);
	assert_int_equal(c.n, 0);
	for (size_t i = 0; i < c.n_columns; i++)
		assert_false(c.columns[i]);
	rp_row_changes_done(&c);
	both_done(&b);
}

static void lost_changed_and_gained_rows_are_told_apart(void **state)
{
	(void)state;
	static const struct damage cases[] = {
		{1000, 1, 0, 0, true, false, 0},   {1000, 0, 1, 0, true, false, 0},
		{1000, 0, 0, 1, true, false, 0},   {1000, 20, 20, 20, true, false, 0},
		{1000, 40, 0, 40, true, false, 0}, {1000, 3, 4, 5, true, true, 0},
		{1000, 3, 4, 5, true, false, 10},  {1000, 3, 4, 5, true, false, 100},
		{3, 1, 1, 1, true, false, 0},	   {3, 3, 0, 0, true, false, 0},
		{0, 0, 0, 1, true, false, 0},	   {20, 0, 20, 0, true, false, 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct damage *d = &cases[i];
		struct both b;
		struct rp_row_changes c;
		both_init(&b, d);
		assert_int_equal(rp_compare_rows(&c, &b.sealed.relation, &b.found.relation, NULL), 0);
		assert_true(c.differ);
		assert_true(c.complete);
		assert_int_equal(c.lost, d->lost);
		assert_int_equal(c.changed, d->changed);
		assert_int_equal(c.gained, d->gained);
		assert_int_equal(c.n, d->lost + d->changed + d->gained);
		assert_int_equal(c.estimate, c.n);
		for (size_t k = 0; k < c.n; k++) {
			assert_int_equal(rp_key_is_whole(&c.all[k].key),
					 !d->private_keys && d->name_length < 21);
			assert_int_equal(c.all[k].sealed_hash == 0, c.all[k].change == RP_GAINED);
			assert_int_equal(c.all[k].found_hash == 0, c.all[k].change == RP_LOST);
		}
		rp_row_changes_done(&c);
		both_done(&b);
	}
}

static void keys_of_lost_rows_are_the_encoded_columns(void **state)
{
	(void)state;
	struct both b;
	struct rp_row_changes c;
	both_init(&b, &(struct damage){.rows = 1000, .lost = 2, .keyed = true});
	assert_int_equal(rp_compare_rows(&c, &b.sealed.relation, &b.found.relation, NULL), 0);
	static const uint8_t second[] = {0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1};
	assert_int_equal(c.n, 2);
	assert_int_equal(c.all[1].key.len, sizeof second);
	assert_memory_equal(c.all[1].key.bytes, second, sizeof second);
	rp_row_changes_done(&c);
	both_done(&b);
}

static void changed_rows_without_a_key_are_lost_and_gained(void **state)
{
	(void)state;
	struct both b;
	struct rp_row_changes c;
	both_init(&b, &(struct damage){.rows = 1000, .changed = 3});
	assert_int_equal(rp_compare_rows(&c, &b.sealed.relation, &b.found.relation, NULL), 0);
	assert_true(c.complete);
	assert_int_equal(c.lost, 3);
	assert_int_equal(c.gained, 3);
	assert_int_equal(c.all[0].key.len, 0);
	rp_row_changes_done(&c);
	both_done(&b);
}

static void columns_that_differ_are_named(void **state)
{
	(void)state;
	struct both b;
	struct rp_row_changes c;
	both_init(&b, &(struct damage){.rows = 1000, .changed = 1, .keyed = true});
	assert_int_equal(rp_compare_rows(&c, &b.sealed.relation, &b.found.relation, NULL), 0);
	assert_int_equal(c.n_columns, 3);
	assert_false(c.columns[0]);
	assert_false(c.columns[1]);
	assert_true(c.columns[2]);
	rp_row_changes_done(&c);
	both_done(&b);
}

/* The restored rows behind those that were gained, as rp_rows_find() leaves them. */
static void find_gained(struct rp_row_changes *c)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->all[i].change != RP_GAINED)
			continue;
		uint64_t id = 0;
		for (int at = 4; at < 12; at++)
			id = id << 8 | c->all[i].key.bytes[at];
		struct rp_row r = {0};
		rp_row_begin(&r);
		rp_row_add_u64(&r, id);
		rp_row_add_text(&r, name_of(id, 0));
		rp_row_add_u64(&r, 9);
		c->all[i].row = r.bytes;
		c->all[i].row_len = r.len;
	}
}

static void columns_of_changed_rows_are_told_beside_gained_ones(void **state)
{
	(void)state;
	struct both b;
	struct rp_row_changes c;
	both_init(&b, &(struct damage){.rows = 1000, .changed = 2, .gained = 3, .keyed = true});
	assert_int_equal(rp_compare_rows(&c, &b.sealed.relation, &b.found.relation, NULL), 0);
	assert_true(c.columns[0] && c.columns[1] && c.columns[2]);
	assert_int_equal(
		rp_row_changes_columns(&c, &b.sealed.relation, &b.found.relation, &b.sealed.how, NULL), 0);
	assert_null(c.altered); /* their values are not known yet */
	find_gained(&c);
	assert_int_equal(
		rp_row_changes_columns(&c, &b.sealed.relation, &b.found.relation, &b.sealed.how, NULL), 0);
	assert_non_null(c.altered);
	assert_false(c.altered[0] || c.altered[1]);
	assert_true(c.altered[2]);
	rp_row_changes_done(&c);
	both_done(&b);
}

static void columns_of_changed_rows_are_not_known_beside_lost_ones(void **state)
{
	(void)state;
	struct both b;
	struct rp_row_changes c;
	both_init(&b, &(struct damage){.rows = 1000, .lost = 1, .changed = 2, .keyed = true});
	assert_int_equal(rp_compare_rows(&c, &b.sealed.relation, &b.found.relation, NULL), 0);
	assert_int_equal(
		rp_row_changes_columns(&c, &b.sealed.relation, &b.found.relation, &b.sealed.how, NULL), 0);
	assert_null(c.altered);
	rp_row_changes_done(&c);
	both_done(&b);
}

/* Each of those that are named is one: the first 1500 are lost, and the next 500 changed. */
static void too_many_are_counted_and_some_named(void **state)
{
	(void)state;
	struct both b;
	struct rp_row_changes c;
	both_init(&b, &(struct damage){.rows = 5000, .lost = 1500, .changed = 500, .keyed = true});
	assert_int_equal(rp_compare_rows(&c, &b.sealed.relation, &b.found.relation, NULL), 0);
	assert_true(c.differ);
	assert_false(c.complete);
	assert_in_range(c.n, 1, 40);
	for (size_t i = 0; i < c.n; i++) {
		assert_int_equal(c.all[i].change, RP_LOST);
		assert_in_range(c.all[i].key.bytes[10] * 256 + c.all[i].key.bytes[11], 0, 1499);
	}
	assert_in_range(c.estimate, 1500, 4000);
	rp_row_changes_done(&c);
	both_done(&b);
}

static void relation_that_is_not_there_has_lost_all_its_rows(void **state)
{
	(void)state;
	static const struct {
		uint64_t rows;
		bool complete;
	} cases[] = {{0, true}, {50, true}, {5000, false}};
	for (size_t i = 0; i < 3; i++) {
		struct both b;
		struct rp_row_changes c;
		both_init(&b, &(struct damage){.rows = cases[i].rows, .keyed = true});
		assert_int_equal(rp_compare_rows(&c, &b.sealed.relation, NULL, NULL), 0);
		assert_true(c.differ);
		assert_int_equal(c.complete, cases[i].complete);
		assert_int_equal(c.estimate, cases[i].rows);
		assert_int_equal(c.lost, cases[i].complete ? cases[i].rows : 0);
		rp_row_changes_done(&c);
		both_done(&b);
	}
}

/* Each is one thing that makes sums of two surveys say nothing; equal digests must not become a pass. */
static void spoil_sealed(struct both *b)
{
	b->sealed.relation.not_surveyed = "no permission";
}
static void spoil_found(struct both *b)
{
	b->found.relation.not_surveyed = "row-level security";
}
static void spoil_encoding(struct both *b)
{
	b->found.columns[1].encoding = "text";
}
static void spoil_name(struct both *b)
{
	b->found.columns[1].name = "naam";
}
static void spoil_key(struct both *b)
{
	b->found.columns[0].key = 0;
}
static void spoil_number(struct both *b)
{
	b->found.relation.n_columns = 2;
}
static void spoil_strong(struct both *b)
{
	b->sealed.relation.strong = calloc(1, RP_STRONG_LEN);
}

static void what_cannot_be_compared_is_said_and_not_passed(void **state)
{
	(void)state;
	static const struct {
		void (*spoil)(struct both *b);
		const char *why;
	} cases[] = {
		{spoil_sealed, "not surveyed when it was sealed: no permission"},
		{spoil_found, "not surveyed: row-level security"},
		{spoil_encoding,
		 "column 2 was sealed as 'name' (binary, key 0) and read as 'name' (text, key 0)"},
		{spoil_name,
		 "column 2 was sealed as 'name' (binary, key 0) and read as 'naam' (binary, key 0)"},
		{spoil_key, "column 1 was sealed as 'id' (binary, key 1) and read as 'id' (binary, key 0)"},
		{spoil_number, "sealed with 3 columns, read with 2"},
		{spoil_strong, "sealed with a strong digest, read without one"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct both b;
		struct rp_row_changes c;
		both_init(&b, &(struct damage){.rows = 10, .keyed = true});
		cases[i].spoil(&b);
		assert_int_equal(rp_compare_rows(&c, &b.sealed.relation, &b.found.relation, NULL), 0);
		assert_non_null(c.incomparable);
		assert_string_equal(c.incomparable, cases[i].why);
		assert_false(c.complete);
		rp_row_changes_done(&c);
		both_done(&b);
	}
}

static void any_sum_that_differs_is_a_difference(void **state)
{
	(void)state;
	for (int way = 0; way < 6; way++) {
		struct both b;
		struct rp_row_changes c;
		both_init(&b, &(struct damage){.rows = 10, .keyed = true});
		struct rp_relation *f = &b.found.relation;
		f->strong = calloc(1, RP_STRONG_LEN);
		b.sealed.relation.strong = calloc(1, RP_STRONG_LEN);
		uint64_t *const sums[] = {&f->rows, &f->digest.lo, &f->digest.hi, &f->columns[1].digest,
					  &f->columns[2].nulls};
		if (way < 5)
			++*sums[way];
		else
			f->strong[31] = 1;
		assert_int_equal(rp_compare_rows(&c, &b.sealed.relation, f, NULL), 0);
		assert_true(c.differ);
		/* The sketches agree, so they explain nothing: no row may be named, and all is not told. */
		assert_false(c.complete);
		assert_true(c.estimate >= 1);
		rp_row_changes_done(&c);
		both_done(&b);
	}
}

static void sketches_that_do_not_fit_name_nothing(void **state)
{
	(void)state;
	struct both b;
	struct rp_row_changes c;
	both_init(&b, &(struct damage){.rows = 100, .changed = 1, .keyed = true});
	rp_sketch_free(b.found.relation.sketch);
	b.found.relation.sketch = NULL;
	assert_int_equal(rp_compare_rows(&c, &b.sealed.relation, &b.found.relation, NULL), 0);
	assert_true(c.differ);
	assert_false(c.complete);
	rp_row_changes_done(&c);
	assert_int_equal(rp_sketch_new(&b.found.relation.sketch, 16, 12, b.found.how.salt, NULL), 0);
	assert_int_equal(rp_compare_rows(&c, &b.sealed.relation, &b.found.relation, NULL), 0);
	assert_true(c.differ);
	assert_false(c.complete);
	rp_row_changes_done(&c);
	both_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_rows_do_not_differ),
		cmocka_unit_test(lost_changed_and_gained_rows_are_told_apart),
		cmocka_unit_test(keys_of_lost_rows_are_the_encoded_columns),
		cmocka_unit_test(changed_rows_without_a_key_are_lost_and_gained),
		cmocka_unit_test(columns_that_differ_are_named),
		cmocka_unit_test(columns_of_changed_rows_are_told_beside_gained_ones),
		cmocka_unit_test(columns_of_changed_rows_are_not_known_beside_lost_ones),
		cmocka_unit_test(too_many_are_counted_and_some_named),
		cmocka_unit_test(relation_that_is_not_there_has_lost_all_its_rows),
		cmocka_unit_test(what_cannot_be_compared_is_said_and_not_passed),
		cmocka_unit_test(any_sum_that_differs_is_a_difference),
		cmocka_unit_test(sketches_that_do_not_fit_name_nothing),
	};
	return cmocka_run_group_tests_name("compare_rows", tests, NULL, NULL);
}
