/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <time.h>

#include "tests/unit/survey_rows.h"
#include "verifier/survey/sketch_cells.h"
#include "verifier/util/buf.h"

static const uint8_t salt[32] = {1, 2, 3};

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

static struct rp_key_bytes key_of(uint64_t id)
{
	struct rp_key_bytes k = {.bytes = {0, 0, 0, 8}, .len = 12};
	for (unsigned i = 0; i < 8; i++)
		k.bytes[4 + i] = (uint8_t)(id >> (56 - 8 * i));
	return k;
}

static struct rp_u128 hash_of(uint64_t n)
{
	return (struct rp_u128){mix(n), mix(n + 77777)};
}

static struct rp_sketch *make(uint32_t cells, unsigned key_size)
{
	struct rp_sketch *s = NULL;
	assert_int_equal(rp_sketch_new(&s, cells, key_size, salt, NULL), 0);
	return s;
}

static void add(struct rp_sketch *s, uint64_t id, uint64_t version)
{
	struct rp_key_bytes k = s->key_size > 0 ? key_of(id) : (struct rp_key_bytes){0};
	rp_sketch_add(s, &k, hash_of(id * 1000 + version));
}

/* Two sketches of 20,000 rows that differ in n, lost and gained by turns. */
static void differ_by(unsigned n, uint32_t cells, unsigned key_size, struct rp_sketch_items *ret)
{
	struct rp_sketch *a = make(cells, key_size), *b = make(cells, key_size);
	for (uint64_t i = 0; i < 20000; i++) {
		if (i >= n || i % 2 == 0)
			add(a, i, 0);
		if (i >= n || i % 2 == 1)
			add(b, i, 0);
	}
	assert_int_equal(rp_sketch_subtract(a, b, NULL), 0);
	assert_int_equal(rp_sketch_decode(a, ret, NULL), 0);
	rp_sketch_free(a);
	rp_sketch_free(b);
}

static void sketch_names_one_to_a_hundred_differences(void **state)
{
	(void)state;
	for (unsigned n = 0; n <= 100; n += n < 10 ? 1 : 15) {
		for (unsigned key_size = 0; key_size <= 12; key_size += 12) {
			struct rp_sketch_items items;
			differ_by(n, 256, key_size, &items);
			assert_true(items.complete);
			assert_int_equal(items.n, n);
			assert_int_equal(items.estimate, n);
			bool seen[128] = {false};
			for (size_t i = 0; i < items.n; i++) {
				uint64_t id = items.all[i].key.bytes[11];
				for (uint64_t k = 0; key_size == 0 && k < n; k++)
					if (hash_of(k * 1000).lo == items.all[i].row_hash)
						id = k;
				assert_true(id < n && !seen[id]);
				seen[id] = true;
				assert_int_equal(items.all[i].sign, id % 2 == 0 ? 1 : -1);
				assert_int_equal(items.all[i].row_hash, hash_of(id * 1000).lo);
			}
			free(items.all);
		}
	}
}

static void too_many_differences_are_estimated_and_none_is_named(void **state)
{
	(void)state;
	static const unsigned many[] = {400, 1000, 5000, 20000};
	for (size_t i = 0; i < sizeof many / sizeof many[0]; i++) {
		struct rp_sketch_items items;
		differ_by(many[i], 256, 12, &items);
		assert_false(items.complete);
		assert_null(items.all);
		assert_int_equal(items.n, 0);
		assert_in_range(items.estimate, many[i] / 2, many[i] * 2);
	}
}

static void changed_row_is_lost_and_gained_under_one_key(void **state)
{
	(void)state;
	struct rp_sketch *a = make(64, 12), *b = make(64, 12);
	for (uint64_t i = 0; i < 100; i++) {
		add(a, i, 0);
		add(b, i, i == 42 ? 1 : 0);
	}
	struct rp_sketch_items items;
	assert_int_equal(rp_sketch_subtract(a, b, NULL), 0);
	assert_int_equal(rp_sketch_decode(a, &items, NULL), 0);
	assert_true(items.complete);
	assert_int_equal(items.n, 2);
	assert_memory_equal(&items.all[0].key, &items.all[1].key, sizeof items.all[0].key);
	assert_int_equal(items.all[0].sign, 1);
	assert_int_equal(items.all[1].sign, -1);
	assert_int_equal(items.all[1].row_hash, hash_of(42001).lo);
	free(items.all);
	rp_sketch_free(a);
	rp_sketch_free(b);
}

/* Without a key, three equal rows lost are one row three times: also an even number of times. */
static void equal_rows_without_a_key_are_named_as_often_as_they_differ(void **state)
{
	(void)state;
	for (unsigned times = 1; times <= 16; times++) {
		struct rp_sketch *s = make(64, 0);
		for (unsigned i = 0; i < times; i++)
			add(s, 5, 0);
		add(s, 6, 0);
		struct rp_sketch_items items;
		assert_int_equal(rp_sketch_decode(s, &items, NULL), 0);
		assert_true(items.complete);
		assert_int_equal(items.n, times + 1);
		unsigned found = 0;
		for (size_t i = 0; i < items.n; i++)
			found += items.all[i].row_hash == hash_of(5000).lo;
		assert_int_equal(found, times);
		free(items.all);
		rp_sketch_free(s);
	}
}

static void folding_is_as_if_made_so(void **state)
{
	(void)state;
	struct rp_sketch *big = make(256, 24), *small = make(64, 12);
	for (uint64_t i = 0; i < 4; i++) {
		add(big, i, 0);
		add(small, i, 0);
	}
	rp_sketch_fit(big, 4);
	rp_autobuf a = RP_BUF_INIT(1 << 20);
	rp_autobuf b = RP_BUF_INIT(1 << 20);
	rp_sketch_write(big, &a);
	rp_sketch_write(small, &b);
	assert_string_equal(rp_buf_text(&a), rp_buf_text(&b));
	rp_sketch_free(big);
	rp_sketch_free(small);
}

static void sketch_reads_what_it_writes(void **state)
{
	(void)state;
	static const unsigned key_sizes[] = {0, 12, 24};
	for (size_t i = 0; i < 3; i++) {
		struct rp_sketch *s = make(256, key_sizes[i]), *again = NULL;
		for (uint64_t k = 0; k < 1000; k++)
			add(s, k, k);
		rp_autobuf a = RP_BUF_INIT(1 << 20);
		rp_autobuf b = RP_BUF_INIT(1 << 20);
		rp_sketch_write(s, &a);
		assert_int_equal(rp_sketch_read(&again, rp_buf_text(&a), a.len, salt, NULL), 0);
		rp_sketch_write(again, &b);
		assert_string_equal(rp_buf_text(&a), rp_buf_text(&b));
		struct rp_sketch_items items;
		assert_int_equal(rp_sketch_subtract(s, again, NULL), 0);
		assert_int_equal(rp_sketch_decode(s, &items, NULL), 0);
		assert_true(items.complete);
		assert_int_equal(items.n, 0);
		free(items.all);
		rp_sketch_free(s);
		rp_sketch_free(again);
	}
}

static void sketches_of_two_shapes_are_not_mixed(void **state)
{
	(void)state;
	static const uint8_t other_salt[32] = {9};
	struct rp_sketch *a = make(64, 12), *cells = make(128, 12), *keys = make(64, 24), *salted = NULL;
	assert_int_equal(rp_sketch_new(&salted, 64, 12, other_salt, NULL), 0);
	struct rp_sketch *const others[] = {cells, keys, salted};
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(rp_sketch_merge(a, others[i], NULL), -1);
		assert_int_equal(rp_sketch_subtract(a, others[i], NULL), -1);
		rp_sketch_free(others[i]);
	}
	rp_sketch_free(a);
}

static void sketch_text_that_is_not_one_is_refused(void **state)
{
	(void)state;
	struct rp_sketch *s = make(16, 0), *read = NULL;
	rp_autobuf good = RP_BUF_INIT(1 << 20);
	rp_sketch_write(s, &good);
	rp_sketch_free(s);
	static const struct {
		const char *what;
		size_t at;
		char put; /* 0: cut here */
	} cases[] = {
		{"empty", 0, 0},
		{"cut", 40, 0},
		{"cut inside four", 41, 0},
		{"a blank", 20, ' '},
		{"url alphabet", 20, '-'},
		{"padding inside", 21, '='},
		{"version 2", 1, 'g'},
		{"key size 32", 2, 'g'},
		{"no cells", 5, 'A'},
		{"too many cells", 10, 'g'},
		{"another length", 6, 'g'},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rp_autofree char *text = strdup(rp_buf_text(&good));
		rp_autoerr struct rp_err *err = NULL;
		text[cases[i].at] = cases[i].put;
		if (rp_sketch_read(&read, text, strlen(text), salt, &err) == 0)
			fail_msg("%s was read", cases[i].what);
		assert_int_equal(rp_err_kind(err), RP_ERR_TRUST);
	}
	/* Stray bits behind the last byte: a second way of writing the same bytes. */
	s = make(16, 12);
	rp_buf_reset(&good);
	rp_sketch_write(s, &good);
	rp_sketch_free(s);
	rp_autofree char *text = strdup(rp_buf_text(&good));
	char *pad = strchr(text, '=');
	assert_non_null(pad);
	assert_int_equal(rp_sketch_read(&read, text, strlen(text), salt, NULL), 0);
	rp_sketch_free(read);
	pad[-1] = (char)(pad[-1] + 1);
	assert_int_equal(rp_sketch_read(&read, text, strlen(text), salt, NULL), -1);
}

/* Made to be peeled for ever: every cell looks pure, or counts are as large as they can be. The clock is only
 * there to fail rather than to hang. */
static void hostile_sketch_is_bounded(void **state)
{
	(void)state;
	for (unsigned key_size = 0; key_size <= 12; key_size += 12) {
		for (unsigned way = 0; way < 4; way++) {
			struct rp_sketch *s = make(65536, key_size);
			for (uint32_t i = 0; i < 65536; i++) {
				struct rp_cell *c = &s->cells[i];
				struct rp_key_bytes k = key_size > 0 ? key_of(i) : (struct rp_key_bytes){0};
				c->hash = mix(i);
				c->count = way == 0   ? 1
					   : way == 1 ? (uint64_t)INT64_MIN
					   : way == 2 ? 16
						      : 65536;
				if (key_size > 0)
					rp_key_lanes(&k, c->key);
				c->check = rp_sketch_place(s, &k, c->hash).check;
			}
			for (uint32_t i = 0; i < s->n_buckets; i++)
				s->buckets[i] = (struct rp_bucket){(uint64_t)INT64_MIN, 1};
			struct rp_sketch_items items;
			clock_t start = clock();
			assert_int_equal(rp_sketch_decode(s, &items, NULL), 0);
			assert_false(items.complete);
			assert_int_equal(items.n, 0);
			assert_true(clock() - start < 20 * CLOCKS_PER_SEC);
			rp_sketch_free(s);
		}
	}
}

/* Peeled from the one cell that has it, it is missing from the three others, where it then seems gained, and
 * so on for ever. */
static void row_in_one_cell_of_its_four_is_not_named(void **state)
{
	(void)state;
	for (unsigned key_size = 0; key_size <= 12; key_size += 12) {
		struct rp_sketch *s = make(64, key_size), *one = make(64, key_size);
		add(one, 1, 0);
		for (uint32_t i = 0; i < one->part; i++)
			s->cells[i] = one->cells[i];
		struct rp_sketch_items items;
		assert_int_equal(rp_sketch_decode(s, &items, NULL), 0);
		assert_false(items.complete);
		assert_null(items.all);
		rp_sketch_free(s);
		rp_sketch_free(one);
	}
}

static void sizes_out_of_range_are_refused(void **state)
{
	(void)state;
	struct rp_sketch *s = NULL;
	assert_int_equal(rp_sketch_new(&s, 0, 12, salt, NULL), -1);
	assert_int_equal(rp_sketch_new(&s, RP_CELLS_MAX + 1, 12, salt, NULL), -1);
	assert_int_equal(rp_sketch_new(&s, 64, RP_KEY_MAX + 1, salt, NULL), -1);
	assert_int_equal(rp_sketch_new(&s, 61, 12, salt, NULL), 0);
	assert_int_equal(rp_sketch_cells(s), 64);
	rp_sketch_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sketch_names_one_to_a_hundred_differences),
		cmocka_unit_test(too_many_differences_are_estimated_and_none_is_named),
		cmocka_unit_test(changed_row_is_lost_and_gained_under_one_key),
		cmocka_unit_test(equal_rows_without_a_key_are_named_as_often_as_they_differ),
		cmocka_unit_test(folding_is_as_if_made_so),
		cmocka_unit_test(sketch_reads_what_it_writes),
		cmocka_unit_test(sketches_of_two_shapes_are_not_mixed),
		cmocka_unit_test(sketch_text_that_is_not_one_is_refused),
		cmocka_unit_test(hostile_sketch_is_bounded),
		cmocka_unit_test(row_in_one_cell_of_its_four_is_not_named),
		cmocka_unit_test(sizes_out_of_range_are_refused),
	};
	return cmocka_run_group_tests_name("sketch", tests, NULL, NULL);
}
