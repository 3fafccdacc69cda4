/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"
#include "verifier/survey/row.h"

static void row_is_lengths_and_bytes(void **state)
{
	(void)state;
	static const uint8_t expected[] = {0, 0, 0, 2, 'a', 'b', 0xff, 0xff, 0xff, 0xff, 0, 0, 0,
					   0, 0, 0, 0, 8,   0,	 0,    0,    0,	   0,	 0, 1, 2};
	struct rp_row r = {0};
	rp_row_begin(&r);
	rp_row_add_text(&r, "ab");
	rp_row_add_text(&r, NULL);
	rp_row_add(&r, "", 0);
	rp_row_add_u64(&r, 258);
	assert_false(r.failed);
	assert_int_equal(r.len, sizeof expected);
	assert_memory_equal(r.bytes, expected, sizeof expected);
	rp_row_done(&r);
}

static void row_reads_null_and_empty_apart(void **state)
{
	(void)state;
	static const uint8_t bytes[] = {0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0};
	const uint8_t *at = bytes, *end = bytes + sizeof bytes;
	struct rp_field f;
	assert_int_equal(rp_row_next(&at, end, &f), 1);
	assert_null(f.value);
	assert_int_equal(rp_row_next(&at, end, &f), 1);
	assert_non_null(f.value);
	assert_int_equal(f.len, 0);
	assert_int_equal(rp_row_next(&at, end, &f), 0);
}

static void row_with_a_length_past_its_end_is_refused(void **state)
{
	(void)state;
	static const struct {
		uint8_t bytes[8];
		size_t len;
	} bad[] = {
		{{0}, 1},
		{{0, 0, 0}, 3},
		{{0, 0, 0, 1}, 4},
		{{0, 0, 0, 5, 1, 2, 3, 4}, 8},
		{{0x7f, 0xff, 0xff, 0xff}, 8},
		{{0x80, 0, 0, 0}, 8},
		{{0xff, 0xff, 0xff, 0xfe}, 8},
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		const uint8_t *at = bad[i].bytes;
		struct rp_field f;
		assert_int_equal(rp_row_next(&at, at + bad[i].len, &f), -1);
	}
}

static void row_fails_once_and_stays_failed(void **state)
{
	(void)state;
	struct rp_row r = {0};
	rp_row_begin(&r);
	rp_row_add(&r, "x", (size_t)INT32_MAX + 1);
	rp_row_add_text(&r, "more");
	assert_true(r.failed);
	assert_int_equal(r.len, 0);
	rp_row_begin(&r);
	rp_row_add_text(&r, "again");
	assert_false(r.failed);
	rp_row_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row_is_lengths_and_bytes),
		cmocka_unit_test(row_reads_null_and_empty_apart),
		cmocka_unit_test(row_with_a_length_past_its_end_is_refused),
		cmocka_unit_test(row_fails_once_and_stays_failed),
	};
	return cmocka_run_group_tests_name("row", tests, NULL, NULL);
}
