/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "verifier/engine/db.h"
#include "verifier/survey/causes.h"
#include "verifier/survey/digest.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

/* A relation of a key and one column, as it was and as it is, and what is then said. */
#define ROWS 40u

struct value {
	uint8_t bytes[400];
	size_t len;
	bool null;
};
struct world {
	const struct rp_engine *engine;
	const char *type, *encoding;
	struct value was[ROWS], is[ROWS];
	uint64_t changed, at_most;
};

static const struct rp_method method = {.encoding = RP_ENCODING, .salt = {1, 2, 3}};

static void begin(struct world *w, const char *engine, const char *type, const char *encoding)
{
	memset(w, 0, sizeof *w);
	w->engine = rp_engine_named(engine);
	assert_non_null(w->engine);
	w->type = type;
	w->encoding = encoding;
	w->changed = ROWS;
	w->at_most = UINT64_MAX;
}

static void text(struct value *v, const char *s)
{
	v->len = strlen(s);
	assert_true(v->len <= sizeof v->bytes);
	memcpy(v->bytes, s, v->len);
}

static void number(struct value *v, uint64_t n, size_t len)
{
	v->len = len;
	for (size_t i = 0; i < len; i++)
		v->bytes[i] = (uint8_t)(n >> 8 * (len - 1 - i));
}

static void make_row(struct rp_row *row, uint64_t id, const struct value *v)
{
	rp_row_begin(row);
	rp_row_add_u64(row, id);
	if (v->null)
		rp_row_add_null(row);
	else
		rp_row_add(row, v->bytes, v->len);
	assert_false(row->failed);
}

static void sum(struct rp_relation *r, const struct value *values)
{
	struct rp_tally t;
	struct rp_row row = {0};
	assert_int_equal(rp_tally_init(&t, r, &method, NULL, NULL), 0);
	for (unsigned i = 0; i < ROWS; i++) {
		make_row(&row, i, &values[i]);
		assert_int_equal(rp_tally_row(&t, row.bytes, row.len, NULL), 0);
	}
	rp_tally_store(&t, r);
	rp_row_done(&row);
}

static void read_all(struct rp_causes *c, rp_row_fn *fn, const struct value *values)
{
	struct rp_row row = {0};
	for (unsigned i = 0; i < ROWS; i++) {
		make_row(&row, i, &values[i]);
		assert_int_equal(fn(c, row.bytes, row.len, NULL), 0);
	}
	rp_row_done(&row);
}

static const char *said(struct world *w)
{
	static char ret[2048];
	struct rp_column before[] = {{.name = "id", .type = "bigint", .encoding = "binary", .key = 1},
				     {.name = "c", .type = w->type, .encoding = w->encoding}};
	struct rp_column after[] = {before[0], before[1]};
	struct rp_relation sealed = {.name = "t", .columns = before, .n_columns = 2};
	struct rp_relation found = {.name = "t", .columns = after, .n_columns = 2};
	const bool differs[] = {false, true};
	rp_auto(rp_causes) c = NULL;
	rp_autobuf out = RP_BUF_INIT(sizeof ret - 1);
	sum(&sealed, w->was);
	sum(&found, w->is);
	assert_int_equal(rp_causes_new(&c, &sealed, &found, differs, w->at_most, rp_method_seed(&method),
				       w->engine->suspicions, w->engine->glimpse, NULL),
			 0);
	read_all(c, rp_causes_row, w->is);
	if (rp_causes_explain_all(c))
		read_all(c, rp_causes_row_again, w->is);
	rp_causes_tell(c, w->changed, &out);
	snprintf(ret, sizeof ret, "%s", rp_buf_text(&out));
	return ret;
}

static void a_constant_shift_of_time_is_told(void **state)
{
	static const struct {
		int minutes;
		const char *says;
	} all[] = {{60, "c: every value is 1 hour later than sealed"},
		   {-60, "c: every value is 1 hour earlier than sealed"},
		   {15, "c: every value is 15 minutes later than sealed"},
		   {-345, "c: every value is 5 hours 45 minutes earlier than sealed"},
		   {840, "c: every value is 14 hours later than sealed"},
		   {-840, "c: every value is 14 hours earlier than sealed"},
		   {1440, "c: every value is 1 day later than sealed"},
		   {855, ""},
		   {7, ""}};
	struct world w;
	(void)state;
	for (size_t k = 0; k < sizeof all / sizeof all[0]; k++) {
		begin(&w, "postgresql", "timestamp(3) with time zone", "binary");
		for (unsigned i = 0; i < ROWS; i++) {
			int64_t us = INT64_C(-300000000000000) + i * INT64_C(31000000123457);
			number(&w.was[i], (uint64_t)us, 8);
			number(&w.is[i], (uint64_t)(us + all[k].minutes * INT64_C(60000000)), 8);
		}
		assert_string_equal(said(&w), all[k].says);
	}
}

static void infinite_times_do_not_move(void **state)
{
	struct world w;
	(void)state;
	begin(&w, "postgresql", "timestamp without time zone", "binary");
	for (unsigned i = 0; i < ROWS; i++) {
		number(&w.was[i], i * UINT64_C(900000000), 8);
		number(&w.is[i], i * UINT64_C(900000000) + UINT64_C(3600000000), 8);
	}
	number(&w.was[0], INT64_MAX, 8);
	number(&w.is[0], INT64_MAX, 8);
	number(&w.was[1], UINT64_C(1) << 63, 8);
	number(&w.is[1], UINT64_C(1) << 63, 8);
	w.was[2].null = w.is[2].null = true;
	assert_string_equal(said(&w), "c: every value is 1 hour later than sealed (in 37 of 40 rows)");
}

/* 2000-01-01 + 200 hours, again and again: over both changes of the clock, in several years. */
static void a_time_zone_with_a_summer_time_is_told(void **state)
{
	struct world w;
	static const int64_t hour = INT64_C(3600000000);
	(void)state;
	for (int direction = 0; direction < 2; direction++) {
		begin(&w, "postgresql", "timestamp with time zone", "binary");
		for (unsigned i = 0; i < ROWS; i++) {
			int64_t day = 6 + 20 * (int64_t)i, us = (day * 24 + 7) * hour;
			/* Days since 2000 on which summer time begins and ends, 01:00 UTC. */
			static const int64_t change[] = {85, 302, 449, 666, 820, 1037};
			int64_t offset = hour;
			for (size_t k = 0; k < 6; k += 2)
				if (us >= change[k] * 24 * hour + hour &&
				    us < change[k + 1] * 24 * hour + hour)
					offset = 2 * hour;
			number(&w.was[i], (uint64_t)(direction ? us + offset : us), 8);
			number(&w.is[i], (uint64_t)(direction ? us : us + offset), 8);
		}
		assert_string_equal(
			said(&w), direction
					  ? "c: every value is 1 hour earlier than sealed, in summer 2 hours "
					    "earlier: a time zone of Europe"
					  : "c: every value is 1 hour later than sealed, in summer 2 hours "
					    "later: a time zone of Europe");
	}
}

static void datetime(struct value *v, int64_t seconds)
{
	int year = 0;
	unsigned month = 0, day = 0;
	assert_true(rp_days_to(seconds / 86400, &year, &month, &day));
	int64_t s = seconds % 86400;
	const uint8_t bytes[11] = {(uint8_t)(year >> 8),
				   (uint8_t)year,
				   (uint8_t)month,
				   (uint8_t)day,
				   (uint8_t)(s / 3600),
				   (uint8_t)(s / 60 % 60),
				   (uint8_t)(s % 60),
				   0,
				   1,
				   2,
				   3};
	memcpy(v->bytes, bytes, sizeof bytes);
	v->len = sizeof bytes;
}

static void mysql_times_shift_over_days_and_zero_dates_stay(void **state)
{
	struct world w;
	(void)state;
	begin(&w, "mysql", "datetime(6)", "datetime");
	for (unsigned i = 0; i < ROWS; i++) {
		datetime(&w.was[i], INT64_C(951782400) + i * INT64_C(3541) * 7919); /* from 2000-02-29 on */
		datetime(&w.is[i], INT64_C(951782400) + i * INT64_C(3541) * 7919 - 5 * 3600);
	}
	number(&w.was[3], 0, 11 - 3);
	memset(w.was[3].bytes, 0, 11);
	w.was[3].len = 11;
	w.is[3] = w.was[3];
	assert_string_equal(said(&w), "c: every value is 5 hours earlier than sealed (in 39 of 40 rows)");
}

static void dates_move_by_a_day(void **state)
{
	struct world w;
	(void)state;
	begin(&w, "postgresql", "date", "binary");
	for (unsigned i = 0; i < ROWS; i++) {
		number(&w.was[i], 1000 * (uint64_t)i, 4);
		number(&w.is[i], 1000 * (uint64_t)i - 1, 4);
	}
	assert_string_equal(said(&w), "c: every date is 1 day earlier than sealed");
	begin(&w, "mysql", "date", "date");
	for (unsigned i = 0; i < ROWS; i++) {
		number(&w.was[i], (UINT64_C(1999) + i) << 16 | 12 << 8 | 31, 4);
		number(&w.is[i], (UINT64_C(2000) + i) << 16 | 1 << 8 | 1, 4);
	}
	assert_string_equal(said(&w), "c: every date is 1 day later than sealed");
}

static void days_and_dates_agree_from_the_year_1_to_9999(void **state)
{
	int year = 0;
	unsigned month = 0, day = 0;
	int64_t days = 0;
	(void)state;
	assert_true(rp_days_of(1970, 1, 1, &days));
	assert_int_equal(days, 0);
	assert_true(rp_days_of(2000, 3, 1, &days));
	assert_int_equal(days, 11017);
	assert_true(rp_days_of(1, 1, 1, &days));
	int64_t first = days;
	assert_true(rp_days_of(9999, 12, 31, &days));
	for (int64_t at = first; at <= days; at += 13) {
		int64_t back = 0;
		assert_true(rp_days_to(at, &year, &month, &day));
		assert_true(rp_days_of(year, month, day, &back));
		assert_true(back == at);
	}
	assert_false(rp_days_to(first - 1, &year, &month, &day));
	assert_false(rp_days_to(days + 1, &year, &month, &day));
	assert_false(rp_days_of(2024, 2, 30, &days));
	assert_false(rp_days_of(2023, 2, 29, &days));
	assert_false(rp_days_of(1900, 2, 29, &days));
	assert_false(rp_days_of(2024, 0, 1, &days));
	assert_false(rp_days_of(2024, 13, 1, &days));
	assert_false(rp_days_of(0, 1, 1, &days));
}

/* What becomes of a text, and what is said of it. */
static void texts_that_became_others_are_told(void **state)
{
	static const struct {
		const char *engine, *type, *encoding, *was, *is, *says;
	} all[] = {
		{"postgresql", "text", "binary", "K\xc3\xb6ln", "K\xc3\x83\xc2\xb6ln",
		 "the texts were taken for Latin-1 (Windows-1252) and encoded as UTF-8 once more"},
		{"mysql", "varchar(40) character set utf8mb4", "bytes", "\xe2\x82\xac",
		 "\xc3\xa2\xe2\x80\x9a\xc2\xac",
		 "the texts were taken for Latin-1 (Windows-1252) and encoded as UTF-8 once more"},
		{"postgresql", "character varying(9)", "binary", "a", "a  ",
		 "blanks were added at the end of the texts"},
		{"mysql", "varbinary(9)", "bytes", "a", "a ", "blanks were added at the end of the texts"},
		{"postgresql", "character(6)", "binary", "\xc3\xa4     ", "\xc3\xa4",
		 "the texts have lost the blanks that filled them up to the length of their type"},
		{"postgresql", "text", "text", "a\nb\n", "a\r\nb\r\n",
		 "line ends are CRLF where they were LF"},
		{"mysql", "text character set latin1", "bytes", "\r\na\r\nb", "\na\nb",
		 "line ends are LF where they were CRLF"},
		{"postgresql", "xml", "binary", "a",
		 "\xef\xbb\xbf"
		 "a",
		 "a byte order mark was put in front of the texts"},
		{"mysql", "json", "json", "a\\n\\\\b", "a\\\\n\\\\\\\\b",
		 "the backslashes in the texts were doubled"},
	};
	struct world w;
	(void)state;
	for (size_t k = 0; k < sizeof all / sizeof all[0]; k++) {
		char says[200];
		begin(&w, all[k].engine, all[k].type, all[k].encoding);
		for (unsigned i = 0; i < ROWS; i++) {
			text(&w.was[i], all[k].was);
			text(&w.is[i], all[k].is);
		}
		snprintf(says, sizeof says, "c: %s", all[k].says);
		assert_string_equal(said(&w), says);
		/* One that never had anything to change is no obstacle, and is not counted. */
		text(&w.was[7], strchr(all[k].type, '6') ? "abcdef" : "b");
		w.is[7] = w.was[7];
		snprintf(says, sizeof says, "c: %s (in 39 of 40 rows)", all[k].says);
		assert_string_equal(said(&w), says);
	}
}

static void zero_bytes_at_the_end_are_told(void **state)
{
	struct world w;
	(void)state;
	begin(&w, "mysql", "varbinary(9)", "bytes");
	for (unsigned i = 0; i < ROWS; i++) {
		text(&w.was[i], "ab");
		memcpy(w.is[i].bytes, "ab\0\0", 4);
		w.is[i].len = 4;
	}
	assert_string_equal(said(&w), "c: zero bytes were added at the end of the values");
}

static void null_and_empty_are_told_apart(void **state)
{
	struct world w;
	(void)state;
	for (int direction = 0; direction < 2; direction++) {
		begin(&w, "postgresql", "text", "binary");
		for (unsigned i = 0; i < ROWS; i++) {
			text(&w.was[i], "some");
			w.is[i] = w.was[i];
		}
		for (unsigned i = 0; i < 3; i++) {
			w.was[i] = (struct value){.null = direction == 0};
			w.is[i] = (struct value){.null = direction == 1};
		}
		assert_string_equal(said(&w),
				    direction ? "c: NULL stands where an empty text was (in 3 of 40 rows)"
					      : "c: an empty text stands where NULL was (in 3 of 40 rows)");
		/* Where not all of them were, nothing is claimed. */
		w.was[9] = w.is[9] = (struct value){.null = direction == 1};
		assert_string_equal(said(&w), "");
	}
}

static void texts_in_arrays_and_composites_are_undone(void **state)
{
	/* {one dimension, no NULLs, text | 2 elements from 1 on | ...} and {2 columns: integer 7, text ...} */
	static const uint8_t array_was[] = {0, 0, 0, 1, 0, 0, 0, 0, 0, 0,   0,	 25,  0,   0,	0,
					    2, 0, 0, 0, 1, 0, 0, 0, 2, 195, 164, 255, 255, 255, 255};
	static const uint8_t array_is[] = {0, 0, 0, 1, 0, 0, 0, 0, 0,	0,   0,	  25,  0,   0,	 0,   2,
					   0, 0, 0, 1, 0, 0, 0, 4, 195, 131, 194, 164, 255, 255, 255, 255};
	static const uint8_t row_was[] = {0, 0, 0, 2, 0, 0, 0,	23, 0, 0, 0, 4,	  0,
					  0, 0, 7, 0, 0, 0, 25, 0,  0, 0, 2, 195, 164};
	static const uint8_t row_is[] = {0, 0, 0, 2, 0, 0,  0, 23, 0, 0, 0,   4,   0,	0,
					 0, 7, 0, 0, 0, 25, 0, 0,  0, 4, 195, 131, 194, 164};
	struct world w;
	(void)state;
	for (int k = 0; k < 2; k++) {
		begin(&w, "postgresql", k ? "shop.address" : "text[]", "binary");
		for (unsigned i = 0; i < ROWS; i++) {
			w.was[i].len = k ? sizeof row_was : sizeof array_was;
			memcpy(w.was[i].bytes, k ? row_was : array_was, w.was[i].len);
			w.is[i].len = k ? sizeof row_is : sizeof array_is;
			memcpy(w.is[i].bytes, k ? row_is : array_is, w.is[i].len);
		}
		assert_string_equal(
			said(&w),
			"c: the texts were taken for Latin-1 (Windows-1252) and encoded as UTF-8 once more");
	}
}

/* Bytes that claim to be an array, a composite or a text and are none, cut anywhere: nothing is read past their end. */
static void broken_values_of_every_type_are_survived(void **state)
{
	static const char *const types[] = {
		"text[]", "shop.address", "text", "numeric", "date", "real", "timestamp with time zone",
		"bigint", "character(5)"};
	static const char *const words[] = {"int",  "double",	"decimal", "date",
					    "time", "datetime", "bytes",   "json"};
	struct world w;
	(void)state;
	for (size_t k = 0; k < sizeof types / sizeof types[0] + sizeof words / sizeof words[0]; k++) {
		bool pg = k < sizeof types / sizeof types[0];
		const char *type = pg ? types[k] : "x(3) character set utf8mb4";
		begin(&w, pg ? "postgresql" : "mysql", type,
		      pg ? "binary" : words[k - sizeof types / sizeof types[0]]);
		for (unsigned i = 0; i < ROWS; i++) {
			uint32_t x = i * 2654435761u + (uint32_t)k;
			w.is[i].len = i % 34;
			for (size_t b = 0; b < w.is[i].len; b++) {
				x = x * 1664525u + 1013904223u;
				w.is[i].bytes[b] = x >> 28 < 7	  ? 0
						   : x >> 28 < 12 ? (uint8_t)(x >> 24) % 4
								  : (uint8_t)(x >> 20);
			}
			text(&w.was[i], "-");
		}
		assert_null(strstr(said(&w), "than sealed"));
	}
}

static void numbers_of_the_opposite_sign_are_told(void **state)
{
	struct world w;
	(void)state;
	begin(&w, "postgresql", "integer", "binary");
	for (unsigned i = 0; i < ROWS; i++) {
		number(&w.was[i], 5 - (uint64_t)i, 4);
		number(&w.is[i], (uint64_t)i - 5, 4);
	}
	assert_string_equal(said(&w), "c: the numbers have the opposite sign (in 39 of 40 rows)");
	begin(&w, "mysql", "double", "double");
	for (unsigned i = 0; i < ROWS; i++) {
		double a = 1 + i / 3.0, b = -a;
		uint64_t bits;
		memcpy(&bits, &a, 8);
		number(&w.was[i], bits, 8);
		memcpy(&bits, &b, 8);
		number(&w.is[i], bits, 8);
	}
	assert_string_equal(said(&w), "c: the numbers have the opposite sign");
	begin(&w, "mysql", "decimal(9,2)", "decimal");
	for (unsigned i = 0; i < ROWS; i++) {
		text(&w.was[i], i == 0 ? "0.00" : i % 2 ? "-1.50" : "2.50");
		text(&w.is[i], i == 0 ? "0.00" : i % 2 ? "1.50" : "-2.50");
	}
	assert_string_equal(said(&w), "c: the numbers have the opposite sign (in 39 of 40 rows)");
	begin(&w, "postgresql", "numeric", "binary");
	for (unsigned i = 0; i < ROWS; i++) {
		static const uint8_t was[] = {0, 1, 0, 0, 0, 0, 0, 2, 0, 9},
				     is[] = {0, 1, 0, 0, 0x40, 0, 0, 2, 0, 9};
		memcpy(w.was[i].bytes, was, sizeof was);
		memcpy(w.is[i].bytes, is, sizeof is);
		w.was[i].len = w.is[i].len = sizeof is;
	}
	assert_string_equal(said(&w), "c: the numbers have the opposite sign");
	for (unsigned i = 0; i < ROWS; i++) {
		w.is[i].bytes[4] = 0;
		w.is[i].bytes[7] = 5;
	}
	assert_string_equal(said(&w), "c: the numbers are equal, but had 2 digits behind the point");
}

static void nothing_is_claimed_when_only_some_values_were_changed(void **state)
{
	struct world w;
	(void)state;
	begin(&w, "postgresql", "timestamp with time zone", "binary");
	for (unsigned i = 0; i < ROWS; i++) {
		number(&w.was[i], i * UINT64_C(97000000001), 8);
		number(&w.is[i], i * UINT64_C(97000000001) + (i == 17 ? 0 : UINT64_C(3600000000)), 8);
	}
	assert_string_equal(said(&w), "");
	begin(&w, "postgresql", "text", "binary");
	for (unsigned i = 0; i < ROWS; i++) {
		text(&w.was[i], "a\nb");
		text(&w.is[i], i == 3 ? "x\r\nb" : "a\r\nb");
	}
	assert_string_equal(said(&w), "");
}

/* Every hour once: the last row's new value makes of the column's set what a shift of every row would have made. */
static void rows_refute_what_a_columns_sum_would_allow(void **state)
{
	struct world w;
	(void)state;
	begin(&w, "postgresql", "timestamp with time zone", "binary");
	for (unsigned i = 0; i < ROWS; i++) {
		number(&w.was[i], i * UINT64_C(3600000000), 8);
		number(&w.is[i], (i == 0 ? ROWS : i) * UINT64_C(3600000000), 8);
	}
	assert_string_equal(said(&w), "");
}

static void what_would_have_happened_to_more_rows_than_differ_did_not(void **state)
{
	struct world w;
	(void)state;
	begin(&w, "postgresql", "text", "binary");
	for (unsigned i = 0; i < ROWS; i++) {
		text(&w.was[i], "a");
		text(&w.is[i], i < 5 ? "a " : "a");
	}
	w.at_most = 5;
	assert_string_equal(said(&w), "c: blanks were added at the end of the texts (in 5 of 40 rows)");
	w.at_most = 4;
	assert_string_equal(said(&w), "");
}

static void what_was_cut_is_guessed_and_called_a_guess(void **state)
{
	struct world w;
	(void)state;
	begin(&w, "mysql", "varchar(300) character set utf8mb4", "bytes");
	for (unsigned i = 0; i < ROWS; i++) {
		w.was[i].len = 200 + 2 * i;
		memset(w.was[i].bytes, 'a', w.was[i].len);
		w.is[i] = w.was[i];
		if (w.is[i].len > 255)
			w.is[i].len = 255;
	}
	w.changed = 12;
	assert_string_equal(said(&w),
			    "c: no value is longer than 255 bytes, and 12 are as long: a guess is that "
			    "they were cut off");
	/* More rows changed than are that long: it is something else. */
	w.changed = 13;
	assert_string_equal(said(&w), "");
	/* None can be longer: the type allows no more. */
	w.changed = 12;
	w.type = "tinytext character set utf8mb4";
	for (unsigned i = 0; i < ROWS; i++)
		w.was[i].bytes[0] = 'b';
	assert_string_equal(said(&w), "");
	/* Nobody knows how many rows changed. */
	w.type = "text character set utf8mb4";
	w.changed = 0;
	assert_string_equal(said(&w), "");
}

static void rounded_floats_are_guessed(void **state)
{
	struct world w;
	(void)state;
	for (int single = 0; single < 2; single++) {
		begin(&w, "postgresql", single ? "real" : "double precision", "binary");
		for (unsigned i = 0; i < ROWS; i++) {
			double a = (i + 1) / 7.0;
			char printed[40];
			uint64_t bits;
			uint32_t low;
			float f = (float)a;
			memcpy(&bits, &a, 8);
			memcpy(&low, &f, 4);
			number(&w.was[i], single ? low : bits, single ? 4 : 8);
			snprintf(printed, sizeof printed, "%.*g", single ? 6 : 15, a);
			a = strtod(printed, NULL);
			f = strtof(printed, NULL);
			memcpy(&bits, &a, 8);
			memcpy(&low, &f, 4);
			number(&w.is[i], single ? low : bits, single ? 4 : 8);
		}
		char says[120];
		snprintf(
			says, sizeof says,
			"c: every number has at most %d digits: a guess is that they were rounded when printed",
			single ? 6 : 15);
		assert_string_equal(said(&w), says);
		/* A few rows that changed say nothing of the others. */
		w.changed = 3;
		assert_string_equal(said(&w), "");
		w.changed = ROWS;
		w.is[5] = w.was[5];
		assert_string_equal(said(&w), "");
	}
}

static void lost_fractions_of_seconds_are_guessed(void **state)
{
	struct world w;
	(void)state;
	begin(&w, "postgresql", "timestamp with time zone", "binary");
	for (unsigned i = 0; i < ROWS; i++) {
		number(&w.was[i], i * UINT64_C(3600000000) + i, 8);
		number(&w.is[i], i * UINT64_C(3600000000), 8);
	}
	assert_string_equal(said(&w),
			    "c: no value has a fraction of a second, which its type can hold: a guess is "
			    "that they were cut off");
	w.type = "timestamp(0) with time zone";
	assert_string_equal(said(&w), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_constant_shift_of_time_is_told),
		cmocka_unit_test(infinite_times_do_not_move),
		cmocka_unit_test(a_time_zone_with_a_summer_time_is_told),
		cmocka_unit_test(mysql_times_shift_over_days_and_zero_dates_stay),
		cmocka_unit_test(dates_move_by_a_day),
		cmocka_unit_test(days_and_dates_agree_from_the_year_1_to_9999),
		cmocka_unit_test(texts_that_became_others_are_told),
		cmocka_unit_test(zero_bytes_at_the_end_are_told),
		cmocka_unit_test(null_and_empty_are_told_apart),
		cmocka_unit_test(texts_in_arrays_and_composites_are_undone),
		cmocka_unit_test(broken_values_of_every_type_are_survived),
		cmocka_unit_test(numbers_of_the_opposite_sign_are_told),
		cmocka_unit_test(nothing_is_claimed_when_only_some_values_were_changed),
		cmocka_unit_test(rows_refute_what_a_columns_sum_would_allow),
		cmocka_unit_test(what_would_have_happened_to_more_rows_than_differ_did_not),
		cmocka_unit_test(what_was_cut_is_guessed_and_called_a_guess),
		cmocka_unit_test(rounded_floats_are_guessed),
		cmocka_unit_test(lost_fractions_of_seconds_are_guessed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
