/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include "tests/unit/survey_rows.h"

static void assert_same(const struct rp_tally *a, const struct rp_tally *b, bool same)
{
	assert_int_equal(a->sum.lo == b->sum.lo && a->sum.hi == b->sum.hi, same);
}

static void sums_of_split_tallies_add_up(void **state)
{
	(void)state;
	struct sample s, split;
	struct rp_tally whole, part[3];
	sample_init(&s, true);
	sample_init(&split, true);
	s.how.strong = split.how.strong = true;
	tally_init(&whole, &s, NULL);
	for (size_t i = 0; i < 3; i++)
		tally_init(&part[i], &split, NULL);
	for (uint64_t i = 0; i < 300; i++) {
		add_row(&whole, i, i % 5 == 0 ? NULL : "name", i * 3);
		add_row(&part[(i * 7) % 3], i, i % 5 == 0 ? NULL : "name", i * 3);
	}
	rp_tally_merge(&part[2], &part[0]);
	rp_tally_merge(&part[2], &part[1]);
	rp_tally_store(&whole, &s.relation);
	rp_tally_store(&part[2], &split.relation);
	rp_tally_done(&part[0]);
	rp_tally_done(&part[1]);
	assert_int_equal(split.relation.rows, 300);
	assert_memory_equal(&s.relation.digest, &split.relation.digest, sizeof s.relation.digest);
	assert_memory_equal(s.relation.strong, split.relation.strong, RP_STRONG_LEN);
	for (size_t i = 0; i < N_COLUMNS; i++) {
		assert_int_equal(s.columns[i].digest, split.columns[i].digest);
		assert_int_equal(s.columns[i].nulls, split.columns[i].nulls);
	}
	assert_int_equal(s.columns[1].nulls, 60);
	struct rp_sketch_items left;
	assert_int_equal(rp_sketch_subtract(s.relation.sketch, split.relation.sketch, NULL), 0);
	assert_int_equal(rp_sketch_decode(s.relation.sketch, &left, NULL), 0);
	assert_true(left.complete);
	assert_int_equal(left.n, 0);
	free(left.all);
	sample_done(&s);
	sample_done(&split);
}

/* An exclusive or of two equal rows is nothing; their sum is not, nor is that of 65,536 in 32-bit lanes. */
static void equal_rows_do_not_cancel(void **state)
{
	(void)state;
	struct sample s, none;
	struct rp_tally t, empty;
	sample_init(&s, false);
	sample_init(&none, false);
	s.how.strong = none.how.strong = true;
	tally_init(&t, &s, NULL);
	tally_init(&empty, &none, NULL);
	for (int i = 0; i < 65536; i++)
		add_row(&t, 1, "same", 2);
	assert_same(&t, &empty, false);
	rp_tally_store(&t, &s.relation);
	rp_tally_store(&empty, &none.relation);
	assert_memory_not_equal(s.relation.strong, none.relation.strong, RP_STRONG_LEN);
	sample_done(&s);
	sample_done(&none);
}

/* One row in one tally, another in a second: what must notice the difference, and how. */
static void what_differs_is_noticed(void **state)
{
	(void)state;
	struct sample s;
	sample_init(&s, true);
	static const struct {
		const char *what, *names[2];
		uint64_t ids[2], amounts[2];
		bool columns[N_COLUMNS]; /* whose digest or count must differ */
	} cases[] = {
		{"NULL and empty", {NULL, ""}, {1, 1}, {2, 2}, {false, true, false}},
		{"swapped columns", {"x", "x"}, {1, 2}, {2, 1}, {true, false, true}},
		{"a byte", {"x", "y"}, {1, 1}, {2, 2}, {false, true, false}},
		{"trailing blank", {"x", "x "}, {1, 1}, {2, 2}, {false, true, false}},
		{"nothing", {"x", "x"}, {1, 1}, {2, 2}, {false, false, false}},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct rp_tally t[2];
		bool any = false;
		for (size_t k = 0; k < 2; k++) {
			tally_init(&t[k], &s, NULL);
			add_row(&t[k], cases[i].ids[k], cases[i].names[k], cases[i].amounts[k]);
		}
		for (size_t c = 0; c < N_COLUMNS; c++) {
			bool differs = t[0].columns[c].sum != t[1].columns[c].sum ||
				       t[0].columns[c].nulls != t[1].columns[c].nulls;
			assert_int_equal(differs, cases[i].columns[c]);
			any |= cases[i].columns[c];
		}
		assert_same(&t[0], &t[1], !any);
		rp_tally_done(&t[0]);
		rp_tally_done(&t[1]);
	}
}

/* Every column holds the same values as before, so only the row digest can tell. */
static void values_swapped_between_rows_are_noticed(void **state)
{
	(void)state;
	struct sample s;
	struct rp_tally a, b;
	sample_init(&s, true);
	tally_init(&a, &s, NULL);
	tally_init(&b, &s, NULL);
	add_row(&a, 1, "x", 10);
	add_row(&a, 2, "y", 20);
	add_row(&b, 1, "y", 10);
	add_row(&b, 2, "x", 20);
	assert_int_equal(a.columns[1].sum, b.columns[1].sum);
	assert_same(&a, &b, false);
	rp_tally_done(&a);
	rp_tally_done(&b);
}

static void another_salt_gives_other_sums(void **state)
{
	(void)state;
	struct sample a, b;
	struct rp_tally x, y;
	sample_init(&a, true);
	sample_init(&b, true);
	b.how.salt[31] ^= 1;
	tally_init(&x, &a, NULL);
	tally_init(&y, &b, NULL);
	add_row(&x, 1, "x", 10);
	add_row(&y, 1, "x", 10);
	assert_same(&x, &y, false);
	for (size_t i = 0; i < N_COLUMNS; i++)
		assert_true(x.columns[i].sum != y.columns[i].sum);
	rp_tally_done(&x);
	rp_tally_done(&y);
}

static void bytes_that_are_not_a_row_add_nothing(void **state)
{
	(void)state;
	struct sample s;
	struct rp_tally t, before;
	sample_init(&s, true);
	tally_init(&t, &s, NULL);
	tally_init(&before, &s, NULL);
	add_row(&t, 1, NULL, 10);
	add_row(&before, 1, NULL, 10);
	static const struct {
		uint8_t bytes[24];
		size_t len;
	} bad[] = {
		{{0}, 0},						/* no column at all */
		{{0, 0, 0, 1, 9, 0xff, 0xff, 0xff, 0xff}, 9},		/* two of three */
		{{0, 0, 0, 1, 9, 0xff, 0xff, 0xff, 0xff, 0, 0}, 11},	/* cut in a length */
		{{0, 0, 0, 1, 9, 0, 0, 0, 0, 0, 0, 0, 3, 1, 2}, 15},	/* cut in a value */
		{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 16}, /* four */
		{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7}, 13},		/* something behind */
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		rp_autoerr struct rp_err *err = NULL;
		assert_int_equal(rp_tally_row(&t, bad[i].bytes, bad[i].len, &err), -1);
		assert_non_null(strstr(rp_err_text(err), "'public.t': row 2: "));
		assert_same(&t, &before, true);
		assert_int_equal(t.rows, 1);
		for (size_t c = 0; c < N_COLUMNS; c++) {
			assert_int_equal(t.columns[c].sum, before.columns[c].sum);
			assert_int_equal(t.columns[c].nulls, before.columns[c].nulls);
		}
	}
	rp_tally_done(&t);
	rp_tally_done(&before);
}

static void strong_digest_depends_on_the_relation(void **state)
{
	(void)state;
	struct sample a, b;
	struct rp_tally x, y;
	sample_init(&a, true);
	sample_init(&b, true);
	a.how.strong = b.how.strong = true;
	b.relation.name = "public.u";
	tally_init(&x, &a, NULL);
	tally_init(&y, &b, NULL);
	add_row(&x, 1, "x", 10);
	add_row(&y, 1, "x", 10);
	rp_tally_store(&x, &a.relation);
	rp_tally_store(&y, &b.relation);
	assert_memory_not_equal(a.relation.strong, b.relation.strong, RP_STRONG_LEN);
	sample_done(&a);
	sample_done(&b);
}

static void sketch_is_as_large_as_the_rows_need(void **state)
{
	(void)state;
	static const struct {
		uint64_t rows;
		uint32_t cells;
	} cases[] = {{0, 16}, {1, 32}, {2, 64}, {22, 128}, {23, 256}, {5000, 256}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct sample s;
		struct rp_tally t;
		sample_init(&s, true);
		tally_init(&t, &s, NULL);
		for (uint64_t k = 0; k < cases[i].rows; k++)
			add_row(&t, k, "x", k);
		rp_tally_store(&t, &s.relation);
		assert_int_equal(rp_sketch_cells(s.relation.sketch), cases[i].cells);
		assert_int_equal(rp_sketch_key_size(s.relation.sketch), 12);
		sample_done(&s);
	}
}

static void no_budget_makes_no_sketch(void **state)
{
	(void)state;
	struct sample s;
	struct rp_tally t;
	sample_init(&s, true);
	s.how.sketch_bytes = 0;
	tally_init(&t, &s, NULL);
	add_row(&t, 1, "x", 1);
	rp_tally_store(&t, &s.relation);
	assert_null(s.relation.sketch);
}

static void unknown_encoding_and_broken_keys_are_refused(void **state)
{
	(void)state;
	struct sample s;
	struct rp_tally t;
	sample_init(&s, true);
	s.how.encoding = 2;
	assert_int_equal(rp_tally_init(&t, &s.relation, &s.how, NULL, NULL), -1);
	sample_init(&s, true);
	s.columns[0].key = 2;
	assert_int_equal(rp_tally_init(&t, &s.relation, &s.how, NULL, NULL), -1);
	s.columns[0].key = 4;
	assert_int_equal(rp_tally_init(&t, &s.relation, &s.how, NULL, NULL), -1);
	s.columns[0].key = s.columns[1].key = s.columns[2].key = 2;
	assert_int_equal(rp_tally_init(&t, &s.relation, &s.how, NULL, NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_of_split_tallies_add_up),
		cmocka_unit_test(equal_rows_do_not_cancel),
		cmocka_unit_test(what_differs_is_noticed),
		cmocka_unit_test(values_swapped_between_rows_are_noticed),
		cmocka_unit_test(another_salt_gives_other_sums),
		cmocka_unit_test(bytes_that_are_not_a_row_add_nothing),
		cmocka_unit_test(strong_digest_depends_on_the_relation),
		cmocka_unit_test(sketch_is_as_large_as_the_rows_need),
		cmocka_unit_test(no_budget_makes_no_sketch),
		cmocka_unit_test(unknown_encoding_and_broken_keys_are_refused),
	};
	return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
