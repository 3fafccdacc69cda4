/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include "verifier/engine/postgres/conn.h"
#include "verifier/engine/postgres/encoding.h"
#include "verifier/engine/postgres/pace.h"
#include "verifier/engine/postgres/part.h"
#include "verifier/engine/postgres/pinpoint.h"
#include "verifier/engine/postgres/pins.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

/* What of PostgreSQL's engine needs no server. */

static void snapshot_names_are_digits_and_dashes_only(void **state)
{
	(void)state;
	static const char *const good[] = {"00000003-0000001B-1", "0-0-0", "FFFFFFFF-FFFFFFFF-4294967295"};
	static const char *const bad[] = {"",	    "0-0",     "0-0-",
					  "-0-0-0", "0-0-0-0", "00000003-0000001b-1",
					  "0-0-A",  "0-0-0'",  "0-0-0 --file=/etc/passwd",
					  "--help", "0-0-0\n", "00000000000000000-0-0"};
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_true(rp_pg_is_snapshot_name(good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(rp_pg_is_snapshot_name(bad[i]));
}

static void places_in_the_log_and_the_files_that_hold_them(void **state)
{
	(void)state;
	static const char *const bad[] = {"",	   "/",		 "0/",		"/0",	"0",
					  "0/0/0", "0/3000060 ", "123456789/0", "0/-1", "g/0"};
	static const struct {
		uint64_t lsn, segment;
		const char *name;
	} all[] = {{0x3000060, 16 << 20, "000000010000000000000003"},
		   {0x3000000, 16 << 20, "000000010000000000000003"},
		   {0x2ffffff, 16 << 20, "000000010000000000000002"},
		   {0x1ff000000, 16 << 20, "0000000100000001000000FF"},
		   {0x1c0000000, 1 << 30, "000000010000000100000003"}};
	uint64_t lsn;
	assert_true(rp_pg_lsn_parse("1A/FF00abcd", &lsn));
	assert_int_equal(lsn, 0x1aff00abcd);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(rp_pg_lsn_parse(bad[i], &lsn));
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		char name[32];
		rp_pg_wal_name(1, all[i].lsn, all[i].segment, name);
		assert_string_equal(name, all[i].name);
	}
}

static void whose_fault_an_sqlstate_is(void **state)
{
	(void)state;
	static const char *const objects[] = {"42501", "42P01", "42703", "XX001", "XX002",
					      "22021", "0A000", "58030", "54000", "P0001"};
	static const char *const others[] = {"08006", "57P01", "53100", "53200",
					     "40001", "72000", "57014", "25P02"};
	for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++)
		assert_int_equal(rp_pg_kind(objects[i]), RP_ERR_OBJECT);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_int_equal(rp_pg_kind(others[i]), RP_ERR_ENGINE);
	assert_int_equal(rp_pg_kind(NULL), RP_ERR_ENGINE);
}

static void a_column_is_read_by_its_sealed_encoding_or_not_at_all(void **state)
{
	(void)state;
	static const struct {
		const char *name, *encoding, *sql;
	} all[] = {
		{"id", "binary", "\"id\""},
		{"a\"b", "text",
		 "CASE WHEN \"a\"\"b\" IS DISTINCT FROM NULL THEN pg_catalog.format('%s', \"a\"\"b\") END"},
		{"x", "hex", NULL},
		{"x", NULL, NULL},
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		rp_autobuf sql = RP_BUF_INIT(1000);
		rp_autoerr struct rp_err *err = NULL;
		struct rp_column col = {.name = all[i].name, .encoding = all[i].encoding};
		assert_int_equal(rp_pg_encode(&sql, &col, &err), all[i].sql != NULL ? 0 : -1);
		if (all[i].sql != NULL)
			assert_string_equal(rp_buf_text(&sql), all[i].sql);
		else
			assert_int_equal(rp_err_kind(err), RP_ERR_OBJECT);
	}
}

static void parts_are_ranges_of_blocks_and_nothing_else(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to, *sql;
	} all[] = {
		{NULL, NULL, ""},
		{NULL, "10", " WHERE ctid < '(10,0)'"},
		{"10", "20", " WHERE ctid >= '(10,0)' AND ctid < '(20,0)'"},
		{"4294967295", NULL, " WHERE ctid >= '(4294967295,0)'"},
		{"4294967296", NULL, NULL},
		{"1,0)' OR true --", NULL, NULL},
		{"1", "", NULL},
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		rp_autobuf sql = RP_BUF_INIT(1000);
		rp_autoerr struct rp_err *err = NULL;
		rp_autofree char *from = all[i].from != NULL ? strdup(all[i].from) : NULL;
		rp_autofree char *to = all[i].to != NULL ? strdup(all[i].to) : NULL;
		struct rp_range part = {from, to};
		assert_int_equal(rp_pg_part_where(&sql, &part, &err), all[i].sql != NULL ? 0 : -1);
		if (all[i].sql != NULL)
			assert_string_equal(rp_buf_text(&sql), all[i].sql);
	}
	rp_autobuf sql = RP_BUF_INIT(1000);
	assert_int_equal(rp_pg_part_where(&sql, NULL, NULL), 0);
	assert_int_equal(sql.len, 0);
}

static void bytes_that_are_not_what_their_type_says_are_shown_as_hex(void **state)
{
	(void)state;
	static const struct {
		const char *type, *bytes;
		size_t len;
		const char *shown;
	} all[] = {
		{"integer", "\0\0\1", 3, "\\x000001"},
		{"boolean", "\2", 1, "\\x02"},
		{"uuid", "abc", 3, "\\x616263"},
		{"date", "", 0, "\\x"},
		{"numeric", "\0\1\0\0\0\0\0\0", 8, "\\x0001000000000000"},
		{"numeric(5,1)", "\xff\xff\0\0\0\0\0\0", 8, "\\xffff000000000000"},
		{"timestamp with time zone", "1234567", 7, "\\x31323334353637"},
		{"time without time zone", "\xff\xff\xff\xff\xff\xff\xff\xff", 8, "\\xffffffffffffffff"},
		{"jsonb", "\2{}", 3, "\\x027b7d"},
		{"text", "\xc3(", 2, "\\xc328"},
		{"text", "a\0b", 3, "\\x610062"},
		{"text", "\xf0\x9f\x98\x80", 4, "\xf0\x9f\x98\x80"},
		{"mood", "happy", 5, "happy"},
		{"email", "\0\0\0\7", 4, "\\x00000007"},
		{"integer(", "x", 1, "\\x78"},
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		rp_autobuf out = RP_BUF_INIT(1000);
		struct rp_column col = {.name = "c", .type = all[i].type, .encoding = "binary"};
		struct rp_field f = {(const uint8_t *)all[i].bytes, all[i].len};
		rp_pg_show(&col, &f, &out);
		assert_string_equal(rp_buf_text(&out), all[i].shown);
	}
	rp_autobuf out = RP_BUF_INIT(100);
	struct rp_column col = {.name = "c", .type = "integer", .encoding = "binary"};
	rp_pg_show(&col, &(struct rp_field){0}, &out);
	assert_string_equal(rp_buf_text(&out), "NULL");
}

static void long_values_are_cut_between_characters_and_their_length_told(void **state)
{
	(void)state;
	char text[5001] = "a"; /* so that a character lies across the limit */
	for (size_t i = 1; i < 5001; i += 2)
		memcpy(text + i, "\xc3\xa4", 2);
	struct rp_column col = {.name = "c", .type = "text", .encoding = "text"};
	struct rp_field f = {(const uint8_t *)text, sizeof text};
	rp_autobuf out = RP_BUF_INIT(8192);
	rp_pg_show(&col, &f, &out);
	assert_memory_equal(out.s, text, 4095);
	assert_string_equal(out.s + 4095, "... (5001 bytes)");
	rp_buf_reset(&out);
	f = (struct rp_field){(const uint8_t *)text, 4001};
	rp_pg_show(&col, &f, &out);
	assert_int_equal(out.len, 4001);
}

static void numbers_of_any_weight_and_scale_are_shown_within_bounds(void **state)
{
	(void)state;
	/* weight 32767 without digits; scale 65535: no more than the ceiling of whoever prints. */
	static const uint8_t wide[] = {0, 0, 0x7f, 0xff, 0, 0, 0xff, 0xff};
	rp_autobuf out = RP_BUF_INIT(4096);
	struct rp_column col = {.name = "c", .type = "numeric", .encoding = "binary"};
	struct rp_field f = {wide, sizeof wide};
	rp_pg_show(&col, &f, &out);
	assert_true(out.failed);
}

static void small_tables_are_never_waited_for(void **state)
{
	(void)state;
	struct rp_pace p;
	rp_pace_begin(&p, 100000, 0);
	for (int64_t t = 0; t < 100; t++)
		assert_int_equal(rp_pace_next(&p, 8192, t * 25), 0);
	rp_pace_begin(&p, 0, 0); /* the receive buffer is small */
	for (int64_t t = 0; t < 10000; t++)
		assert_int_equal(rp_pace_next(&p, 8192, t * 25), 0);
}

static void naps_settle_at_the_time_that_the_target_takes(void **state)
{
	(void)state;
	struct rp_pace p;
	rp_pace_begin(&p, 100000, 0);
	int64_t now = 0;
	size_t bytes = 8192;
	unsigned nap = 0;
	for (int i = 0; i < 2000; i++) { /* 300 bytes a microsecond, whatever we do */
		nap = rp_pace_next(&p, bytes, now);
		int64_t wait = nap > 0 ? nap : 27;
		now += wait;
		bytes = (size_t)wait * 300;
	}
	assert_in_range(nap, 240, 430);
}

static void a_slow_server_is_hardly_ever_waited_for(void **state)
{
	(void)state;
	struct rp_pace p;
	rp_pace_begin(&p, 100000, 0);
	int naps = 0;
	for (int i = 0; i < 10000; i++) /* a page in ten milliseconds */
		naps += rp_pace_next(&p, 8192, (int64_t)i * 10000) > 0;
	assert_in_range(naps, 1, 10000 / 50);
}

static void pins_are_one_option_each_with_blanks_escaped(void **state)
{
	(void)state;
	rp_autobuf all = RP_BUF_INIT(8192);
	rp_autobuf less = RP_BUF_INIT(8192);
	rp_pg_pins_options(&all, false, 0);
	assert_non_null(strstr(rp_buf_text(&all), "-c search_path=pg_catalog,pg_temp "));
	assert_non_null(strstr(rp_buf_text(&all), "-c DateStyle=ISO,\\ YMD "));
	assert_non_null(strstr(rp_buf_text(&all), "-c event_triggers=off "));
	unsigned refused = rp_pg_pins_blamed("FATAL: Parameter »event_triggers« unbekannt");
	assert_int_not_equal(refused, 0);
	rp_pg_pins_options(&less, true, refused);
	assert_null(strstr(rp_buf_text(&less), "event_triggers"));
	assert_null(strstr(rp_buf_text(&less), "search_path"));
	/* What we cannot do without is never left out. */
	assert_int_equal(rp_pg_pins_blamed("FATAL: unrecognized configuration parameter \"row_security\""),
			 0);
	assert_int_equal(rp_pg_pins_blamed("FATAL: no such role"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(snapshot_names_are_digits_and_dashes_only),
		cmocka_unit_test(places_in_the_log_and_the_files_that_hold_them),
		cmocka_unit_test(whose_fault_an_sqlstate_is),
		cmocka_unit_test(a_column_is_read_by_its_sealed_encoding_or_not_at_all),
		cmocka_unit_test(parts_are_ranges_of_blocks_and_nothing_else),
		cmocka_unit_test(bytes_that_are_not_what_their_type_says_are_shown_as_hex),
		cmocka_unit_test(long_values_are_cut_between_characters_and_their_length_told),
		cmocka_unit_test(numbers_of_any_weight_and_scale_are_shown_within_bounds),
		cmocka_unit_test(small_tables_are_never_waited_for),
		cmocka_unit_test(naps_settle_at_the_time_that_the_target_takes),
		cmocka_unit_test(a_slow_server_is_hardly_ever_waited_for),
		cmocka_unit_test(pins_are_one_option_each_with_blanks_escaped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
