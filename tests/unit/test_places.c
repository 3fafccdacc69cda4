/* SPDX-License-Identifier: MIT */
/* Rows that are too many to be named: the ranges of the key that they are in, and a sample of them. */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/survey_rows.h"
#include "verifier/survey/key.h"
#include "verifier/survey/ranges_inside.h"
#include "verifier/survey/sample_inside.h"
#include "verifier/survey/survey.h"
#include "verifier/util/buf.h"

static const uint8_t salt[32] = {9};

static struct rp_relation keyed_by(struct rp_column *columns, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		columns[i].key = i + 1;
		columns[i].name = columns[i].type = columns[i].encoding = "c";
	}
	return (struct rp_relation){.name = "t", .columns = columns, .n_columns = n};
}

static struct rp_ranges *ranges_of(struct rp_order first, struct rp_order second, unsigned most)
{
	struct rp_column columns[2] = {{.order = first}, {.order = second}};
	struct rp_relation r = keyed_by(columns, second.kind != RP_ORDER_NONE ? 2 : 1);
	struct rp_ranges *s = NULL;
	assert_int_equal(rp_ranges_new(&s, &r, most, NULL), 0);
	return s;
}

static const struct rp_order none = {RP_ORDER_NONE, 0}, integer = {RP_ORDER_SIGNED, 4},
			     bigint = {RP_ORDER_SIGNED, 8}, text = {RP_ORDER_BYTES, 0};

static void add(struct rp_ranges *r, const char *a, size_t a_len, const char *b, size_t b_len, uint64_t hash)
{
	uint8_t bytes[2][64] = {{0}};
	memcpy(bytes[0] + 4, a, a_len);
	if (b != NULL)
		memcpy(bytes[1] + 4, b, b_len);
	const struct rp_key_part parts[2] = {{bytes[0], 4 + a_len}, {bytes[1], 4 + b_len}};
	rp_ranges_add(r, parts, hash);
}

static void add_number(struct rp_ranges *r, int64_t id, uint64_t hash)
{
	uint8_t bytes[8];
	for (unsigned i = 0; i < 8; i++)
		bytes[i] = (uint8_t)((uint64_t)id >> (56 - 8 * i));
	add(r, (const char *)bytes, 8, NULL, 0, hash);
}

static int64_t number_in(const struct rp_bound *b, unsigned column)
{
	uint64_t v = 0;
	for (size_t i = 0; i < b->column[column].len; i++)
		v = v << 8 | b->column[column].bytes[i];
	return b->column[column].len == 4 ? (int32_t)v : (int64_t)v;
}

static void is_text(const struct rp_ranges *r, struct rp_buf *ret)
{
	*ret = (struct rp_buf)RP_BUF_INIT(1 << 20);
	rp_ranges_write(r, ret);
	assert_int_equal(rp_buf_check(ret, NULL), 0);
}

static void ranges_do_not_depend_on_who_read_what_when(void **state)
{
	(void)state;
	struct rp_ranges *forth = ranges_of(bigint, none, 64), *back = ranges_of(bigint, none, 64),
			 *rest = ranges_of(bigint, none, 64);
	for (int64_t i = -5000; i < 5000; i++)
		add_number(forth, i, (uint64_t)i * 77);
	add_number(forth, INT64_MAX, 5); /* far from all others: costs one range, and not all of them */
	for (int64_t i = 4999; i >= -5000; i--)
		add_number(i % 3 == 0 ? back : rest, i, (uint64_t)i * 77);
	add_number(back, INT64_MAX, 5);
	rp_ranges_merge(back, rest);
	rp_ranges_fit(forth, 64);
	rp_ranges_fit(back, 64);
	assert_in_range(forth->n, 33, 64);
	struct rp_buf a, b;
	is_text(forth, &a);
	is_text(back, &b);
	assert_string_equal(rp_buf_text(&a), rp_buf_text(&b));
	assert_true(a.len <= rp_ranges_size(forth, 64));
	struct rp_ranges *again = NULL;
	assert_int_equal(rp_ranges_read(&again, a.s, a.len, NULL), 0);
	assert_true(rp_ranges_suit(again, 1, 10001, (uint64_t)(5 - 5000 * 77)));
	rp_ranges_free(again);
	rp_buf_done(&a);
	rp_buf_done(&b);
	rp_ranges_free(forth);
	rp_ranges_free(back);
	rp_ranges_free(rest);
}

/* Sealed -5000 to 4999; 'skip' of them are not found, and one is where there was none. */
static void a_lost_run_is_said_as_a_range(void **state)
{
	(void)state;
	struct rp_ranges *sealed = ranges_of(bigint, none, 64), *found = NULL;
	for (int64_t i = -5000; i < 5000; i++)
		add_number(sealed, i, 1);
	rp_ranges_fit(sealed, 64);
	assert_int_equal(rp_ranges_new_like(&found, sealed, NULL), 0);
	for (int64_t i = -5000; i < 5000; i++)
		if (i < -1000 || i >= 1000)
			add_number(found, i, 1);
	add_number(found, 1000000, 1);
	add_number(found, 2000000, 1);
	struct rp_range_changes c;
	struct rp_bound from, to;
	assert_int_equal(rp_ranges_compare(&c, sealed, found, NULL), 0);
	assert_int_equal(c.n, 2);
	assert_int_equal(rp_ranges_bounds(sealed, &c.all[0], &from, &to), 1);
	assert_int_equal(number_in(&from, 0), -1024);
	assert_int_equal(number_in(&to, 0), 1023);
	assert_int_equal(c.all[0].sealed - c.all[0].found, 2000);
	assert_false(c.all[0].outside);
	assert_true(c.all[1].outside);
	assert_int_equal(c.all[1].found, 2);
	assert_int_equal(rp_ranges_bounds(sealed, &c.all[1], &from, &to), 1);
	assert_int_equal(number_in(&from, 0), 1000000);
	assert_int_equal(number_in(&to, 0), 2000000);
	free(c.all);
	rp_ranges_free(sealed);
	rp_ranges_free(found);
}

static void two_columns_are_one_place(void **state)
{
	(void)state;
	struct rp_ranges *sealed = ranges_of(integer, bigint, 64), *found = NULL;
	for (int pass = 0; pass < 2; pass++) {
		for (int tenant = 0; tenant < 3; tenant++)
			for (unsigned id = 0; id < 4000; id++) {
				const char a[4] = {0, 0, 0, (char)tenant};
				const char b[8] = {[6] = (char)(id >> 8), [7] = (char)id};
				if (pass == 0 || tenant != 1 || id < 2048)
					add(pass == 0 ? sealed : found, a, 4, b, 8, id);
			}
		if (pass == 0)
			rp_ranges_fit(sealed, 64);
		if (pass == 0)
			assert_int_equal(rp_ranges_new_like(&found, sealed, NULL), 0);
	}
	struct rp_range_changes c;
	struct rp_bound from, to;
	assert_int_equal(rp_ranges_compare(&c, sealed, found, NULL), 0);
	assert_int_equal(c.n, 1);
	assert_int_equal(rp_ranges_bounds(sealed, &c.all[0], &from, &to), 2);
	assert_int_equal(number_in(&from, 0), 1);
	assert_int_equal(number_in(&to, 0), 1);
	assert_int_equal(number_in(&from, 1), 2048);
	assert_int_equal(number_in(&to, 1), 4095);
	free(c.all);
	rp_ranges_free(sealed);
	rp_ranges_free(found);
}

static void texts_are_bounded_by_what_they_begin_with(void **state)
{
	(void)state;
	struct rp_ranges *sealed = ranges_of(text, none, 64), *found = NULL;
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < 1000; i++) {
			char name[32];
			int len = snprintf(name, sizeof name, "user%03d@\303\244.org", i);
			if (pass == 0 || i < 300 || i >= 400)
				add(pass == 0 ? sealed : found, name, (size_t)len, NULL, 0, (unsigned)i);
		}
		add(pass == 0 ? sealed : found, "", 0, NULL, 0, 7);
		if (pass == 0)
			rp_ranges_fit(sealed, 64);
		if (pass == 0)
			assert_int_equal(rp_ranges_new_like(&found, sealed, NULL), 0);
	}
	struct rp_range_changes c;
	struct rp_bound from, to;
	assert_int_equal(rp_ranges_compare(&c, sealed, found, NULL), 0);
	assert_int_equal(c.n, 1);
	assert_int_equal(rp_ranges_bounds(sealed, &c.all[0], &from, &to), 1);
	assert_memory_equal(from.column[0].bytes, "user3", 5);
	assert_memory_equal(to.column[0].bytes, "user3", 5);
	free(c.all);
	rp_ranges_free(sealed);
	rp_ranges_free(found);
}

static void a_key_without_an_order_has_no_ranges(void **state)
{
	(void)state;
	assert_null(ranges_of(none, none, 64));
	assert_null(ranges_of(bigint, none, 1));
	struct rp_ranges *r = ranges_of(bigint, bigint, 64);
	assert_false(rp_ranges_suit(r, 1, 0, 0)); /* a relation with one key column cannot have them */
	assert_true(rp_ranges_suit(r, 2, 0, 0));
	rp_ranges_free(r);
}

static void ranges_that_nobody_wrote_are_refused(void **state)
{
	(void)state;
	struct rp_ranges *sealed = ranges_of(bigint, none, 8), *again = NULL;
	for (int64_t i = 0; i < 100; i++)
		add_number(sealed, i, 1);
	rp_ranges_fit(sealed, 8);
	sealed->all[1].prefix = sealed->all[0].prefix;
	struct rp_buf out;
	is_text(sealed, &out);
	assert_int_equal(rp_ranges_read(&again, out.s, out.len, NULL), -1);
	rp_buf_done(&out);
	rp_ranges_free(sealed);
	static const char *const bad[] = {"",
					  "AAAA",
					  "AQEAAAAAAAA=",
					  "AgFAAAAAAAABCA==",
					  "AQFBAAAAAAABCA==",
					  "AQFAAAAAAAADAQ==",
					  "AQFAAAEAAAABCA==",
					  "AQVAAAAAAAABCA=="};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(rp_ranges_read(&again, bad[i], strlen(bad[i]), NULL), -1);
	assert_int_equal(rp_ranges_read(&again, "AQFAAAAAAAABCA==", 16, NULL), 0);
	rp_ranges_free(again);
}

static struct rp_key_bytes key_of(uint64_t id)
{
	struct rp_key_bytes k = {.bytes = {0, 0, 0, 8}, .len = 12};
	for (unsigned i = 0; i < 8; i++)
		k.bytes[4 + i] = (uint8_t)(id >> (56 - 8 * i));
	return k;
}

static struct rp_sample *sample(uint64_t from, uint64_t to, uint64_t changed, bool keyed)
{
	struct rp_sample *s = NULL;
	assert_int_equal(rp_sample_new(&s, 8, keyed ? 12 : 0, salt, NULL), 0);
	for (uint64_t i = from; i < to; i++) {
		struct rp_key_bytes key = keyed ? key_of(i) : (struct rp_key_bytes){0};
		rp_sample_add(s, &key, (i + 1) * (i < changed ? 31 : 17));
	}
	return s;
}

static void a_sample_names_what_is_lost_and_gained(void **state)
{
	(void)state;
	for (int keyed = 0; keyed < 2; keyed++)
		for (uint64_t n = 100; n <= 100000; n *= 10) {
			struct rp_sample *a = sample(0, 2 * n, 0, keyed), *b = sample(n, 3 * n, 0, keyed);
			struct rp_sketch_items items;
			assert_int_equal(rp_sample_subtract(a, b, NULL), 0);
			assert_int_equal(rp_sample_decode(a, &items, NULL), 0);
			assert_in_range(items.n, 1, 40);
			for (size_t i = 0; i < items.n; i++) {
				uint64_t id = items.all[i].row_hash / 17 - 1;
				assert_int_equal(items.all[i].row_hash % 17, 0);
				assert_true(items.all[i].sign > 0 ? id < n : id >= 2 * n && id < 3 * n);
				struct rp_key_bytes key = key_of(id);
				if (keyed)
					assert_memory_equal(&items.all[i].key, &key, sizeof key);
			}
			assert_false(rp_sample_has_twins(a) && !keyed);
			free(items.all);
			rp_sample_free(a);
			rp_sample_free(b);
		}
}

/* Nothing is lost or gained, and nothing is said to be; which rows changed is told with the restored ones. */
static void changed_rows_are_told_by_the_restored_ones(void **state)
{
	(void)state;
	const uint64_t n = 20000, changed = 5000;
	struct rp_sample *a = sample(0, n, 0, true), *b = sample(0, n, changed, true);
	struct rp_sketch_items items;
	struct rp_sketch_item was;
	size_t named = 0;
	assert_int_equal(rp_sample_subtract(a, b, NULL), 0);
	assert_int_equal(rp_sample_decode(a, &items, NULL), 0);
	assert_int_equal(items.n, 0);
	free(items.all);
	assert_true(rp_sample_has_twins(a));
	for (uint64_t i = 0; i < n; i++) {
		struct rp_key_bytes key = key_of(i);
		if (!rp_sample_twin(a, &key, (i + 1) * (i < changed ? 31 : 17), &was))
			continue;
		assert_true(i < changed);
		assert_int_equal(was.row_hash, (i + 1) * 17);
		named++;
	}
	assert_in_range(named, 2, 40);
	rp_sample_free(a);
	rp_sample_free(b);
}

static void a_sample_is_written_and_read_as_it_is(void **state)
{
	(void)state;
	for (int keyed = 0; keyed < 2; keyed++) {
		struct rp_sample *s = sample(0, 100000, 0, keyed), *again = NULL;
		rp_sample_fit(s, 100000, keyed ? 12 : 0);
		assert_in_range(s->levels, 8, 16);
		for (uint32_t width = 8; width > 0; width /= 2) {
			rp_autobuf a = RP_BUF_INIT(1 << 20);
			rp_autobuf b = RP_BUF_INIT(1 << 20);
			rp_sample_shrink(s, width);
			rp_sample_write(s, &a);
			assert_int_equal(a.len, rp_sample_size(s, width));
			assert_int_equal(rp_sample_read(&again, a.s, a.len, salt, NULL), 0);
			rp_sample_write(again, &b);
			assert_string_equal(rp_buf_text(&a), rp_buf_text(&b));
			assert_int_equal(rp_sample_read(&again, a.s, a.len - 4, salt, NULL), -1);
			rp_sample_free(rp_take(again));
		}
		rp_sample_free(s);
	}
}

/* Folding is as if it had been made so: the same rows are told by both. */
static void shapes_that_differ_are_not_subtracted(void **state)
{
	(void)state;
	struct rp_sample *a = sample(0, 100, 0, true), *b = sample(0, 100, 0, true);
	rp_sample_fit(a, 100, 12);
	assert_int_equal(rp_sample_subtract(a, b, NULL), -1);
	rp_sample_fit(b, 100, 12);
	assert_int_equal(rp_sample_subtract(a, b, NULL), 0);
	rp_sample_free(a);
	rp_sample_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_do_not_depend_on_who_read_what_when),
		cmocka_unit_test(a_lost_run_is_said_as_a_range),
		cmocka_unit_test(two_columns_are_one_place),
		cmocka_unit_test(texts_are_bounded_by_what_they_begin_with),
		cmocka_unit_test(a_key_without_an_order_has_no_ranges),
		cmocka_unit_test(ranges_that_nobody_wrote_are_refused),
		cmocka_unit_test(a_sample_names_what_is_lost_and_gained),
		cmocka_unit_test(changed_rows_are_told_by_the_restored_ones),
		cmocka_unit_test(a_sample_is_written_and_read_as_it_is),
		cmocka_unit_test(shapes_that_differ_are_not_subtracted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
