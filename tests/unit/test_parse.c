/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include "verifier/util/parse.h"

static void numbers_are_whole_or_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"",	" 1", "1 ", "+1", "-1", "0x1", "1e3", "18446744073709551616",
					  "101"};
	uint64_t n = 7;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(rp_parse_u64(bad[i], 0, 100, &n));
	assert_int_equal(n, 7);
	assert_true(rp_parse_u64("18446744073709551615", 0, UINT64_MAX, &n));
	assert_true(n == UINT64_MAX);
	int64_t i = 0;
	assert_true(rp_parse_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &i));
	assert_true(i == INT64_MIN);
	assert_false(rp_parse_i64("9223372036854775808", INT64_MIN, INT64_MAX, &i));
	assert_false(rp_parse_i64("--1", INT64_MIN, INT64_MAX, &i));
}

static void hex_is_exact(void **state)
{
	(void)state;
	uint8_t b[2] = {9, 9};
	assert_true(rp_parse_hex("00ff", b, 2));
	assert_int_equal(b[1], 0xff);
	assert_false(rp_parse_hex("00FF", b, 2));
	assert_false(rp_parse_hex("00f", b, 2));
	assert_false(rp_parse_hex("00ff0", b, 2));
}

static void durations_have_units(void **state)
{
	(void)state;
	int64_t ms = 0;
	assert_true(rp_parse_duration("90", &ms) && ms == 90000);
	assert_true(rp_parse_duration("15m", &ms) && ms == 900000);
	assert_true(rp_parse_duration("500ms", &ms) && ms == 500);
	assert_false(rp_parse_duration("ms", &ms));
	assert_true(rp_parse_duration("7d", &ms) && ms == 604800000);
	assert_false(rp_parse_duration("", &ms));
	assert_false(rp_parse_duration("m", &ms));
	assert_false(rp_parse_duration("1.5h", &ms));
	assert_false(rp_parse_duration("9223372036854775807d", &ms));
}

static void times_round_trip_and_refuse_what_is_none(void **state)
{
	(void)state;
	char text[RP_TIME_TEXT];
	int64_t ms = 0;
	assert_true(rp_time_parse("2026-11-21T06:00:00.123Z", &ms));
	rp_time_format(ms, text);
	assert_string_equal(text, "2026-11-21T06:00:00.123Z");
	assert_true(rp_time_parse("1969-12-31T23:59:59.999Z", &ms) && ms == -1);
	rp_time_format(ms, text);
	assert_string_equal(text, "1969-12-31T23:59:59.999Z");
	static const char *const bad[] = {"",
					  "2026-11-21",
					  "2026-11-21T06:00:00",
					  "2026-11-21T06:00:00+00",
					  "2026-02-30T06:00:00Z",
					  "2026-13-01T06:00:00Z",
					  "2026-11-21T24:00:00Z",
					  "2026-11-21T06:00:00.1Z",
					  "2026-11-21T06:00:00Zx"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(rp_time_parse(bad[i], &ms));
}

static void lengths_read_well(void **state)
{
	(void)state;
	char text[RP_TIME_TEXT];
	rp_length_format(12345, text);
	assert_string_equal(text, "12.3 s");
	rp_length_format(245000, text);
	assert_string_equal(text, "4 min 05 s");
	rp_size_format(1234567890, text);
	assert_string_equal(text, "1.2 GB");
	rp_size_format(999, text);
	assert_string_equal(text, "999 bytes");
	rp_count_format(1234567, text);
	assert_string_equal(text, "1,234,567");
	rp_count_format(UINT64_MAX, text);
	assert_string_equal(text, "18,446,744,073,709,551,615");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_whole_or_refused),
		cmocka_unit_test(hex_is_exact),
		cmocka_unit_test(durations_have_units),
		cmocka_unit_test(times_round_trip_and_refuse_what_is_none),
		cmocka_unit_test(lengths_read_well),
	};
	return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
