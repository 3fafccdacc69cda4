/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <string.h>

#include "verifier/recovery/pg_base.h"
#include "verifier/recovery/pg_goal.h"
#include "verifier/recovery/pg_label.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

static const char label[] =
	"START WAL LOCATION: 0/2000028 (file 000000010000000000000002)\n"
	"CHECKPOINT LOCATION: 0/2000060\nBACKUP METHOD: streamed\nBACKUP FROM: primary\n"
	"START TIME: 2026-11-21 17:04:43 UTC\nLABEL: pg_basebackup base backup\nSTART TIMELINE: 3\n";

static void label_says_where_to_begin(void **state)
{
	(void)state;
	struct rp_pg_label l;
	assert_int_equal(rp_pg_label_parse(label, sizeof label - 1, &l, NULL), 0);
	assert_int_equal(l.start, 0x2000028);
	assert_int_equal(l.timeline, 3);
	assert_int_equal(l.began_ms, INT64_C(1795280683000));
	assert_false(l.incremental);
	/* A line that looks like one, in the name that a person gave it. */
	static const char named[] =
		"START WAL LOCATION: 1/2 (file x)\nLABEL: x START TIMELINE: 9\nSTART TIMELINE: 1\n"
		"INCREMENTAL FROM LSN: 0/28\n";
	assert_int_equal(rp_pg_label_parse(named, sizeof named - 1, &l, NULL), 0);
	assert_int_equal(l.start, UINT64_C(0x100000002));
	assert_int_equal(l.timeline, 1);
	assert_int_equal(l.began_ms, 0);
	assert_true(l.incremental);
}

static void cut_label_is_refused(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof label - 2; n++) {
		struct rp_pg_label l;
		rp_autoerr struct rp_err *err = NULL;
		assert_int_equal(rp_pg_label_parse(label, n, &l, &err), -1);
		assert_int_equal(rp_err_kind(err), RP_ERR_BACKUP);
	}
}

static void places_in_the_log(void **state)
{
	(void)state;
	uint64_t n = 7;
	char text[RP_PG_LSN_TEXT];
	static const char *const wrong[] = {"",	     "/",	    "0/",	   "/0",  "0/0 ",
					    "0x1/2", "123456789/0", "0/123456789", "-1/0"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_false(rp_pg_place_parse(wrong[i], strlen(wrong[i]), &n));
	assert_int_equal(n, 7);
	assert_true(rp_pg_place_parse("FFFFFFFF/fffffffE", 17, &n));
	assert_true(n == UINT64_MAX - 1);
	rp_pg_place_format(n, text);
	assert_string_equal(text, "FFFFFFFF/FFFFFFFE");
}

static void map_names_tablespaces(void **state)
{
	(void)state;
	unsigned oids[2];
	size_t n;
	/* A path with a backslash, and with an end of line in it. */
	static const char map[] = "16384 /srv/a\\\\b\\\n99 no line\n16385 /srv/c d\n";
	assert_int_equal(rp_pg_map_parse(map, sizeof map - 1, oids, 2, &n, NULL), 0);
	assert_int_equal(n, 2);
	assert_int_equal(oids[0], 16384);
	assert_int_equal(oids[1], 16385);
	assert_int_equal(rp_pg_map_parse(map, sizeof map - 1, oids, 1, &n, NULL), -1);
	static const char *const wrong[] = {"x /a\n", "0 /a\n", "16384", "4294967296 /a\n", "16384\t/a\n"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(rp_pg_map_parse(wrong[i], strlen(wrong[i]), oids, 2, &n, NULL), -1);
}

static void history_is_read(void **state)
{
	(void)state;
	struct rp_pg_step steps[RP_PG_STEPS_MAX];
	size_t n;
	static const char text[] =
		"# made by hand\n1\t0/3000060\tbefore LSN 0/3000060\n\n2\t1/0\tat restore point \"x\"\n";
	assert_int_equal(rp_pg_history_parse(text, sizeof text - 1, steps, &n, NULL), 0);
	assert_int_equal(n, 2);
	assert_int_equal(steps[0].timeline, 1);
	assert_int_equal(steps[1].until, UINT64_C(0x100000000));
	assert_int_equal(steps[1].why_len, strlen("at restore point \"x\""));
	assert_memory_equal(steps[1].why, "at restore point", 16);
	static const char *const wrong[] = {"1\n", "1 0/0 a\n1 0/1 b\n", "1 0/5 a\n2 0/4 b\n", "x 0/0\n",
					    "10/0 a\n"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(rp_pg_history_parse(wrong[i], strlen(wrong[i]), steps, &n, NULL), -1);
}

static void control_file_is_read(void **state)
{
	(void)state;
	struct rp_pg_control c;
	static const char text[] = "Database system identifier:           7575182231183946018\n"
				   "Database cluster state:               shut down in recovery\n"
				   "Latest checkpoint's REDO location:    0/7000108\n"
				   "Latest checkpoint's TimeLineID:       2\n"
				   "max_prepared_xacts setting:           3\n"
				   "Bytes per WAL segment:                16777216\n"
				   "Data page checksum version:           1\n";
	assert_int_equal(rp_pg_control_parse(text, &c, NULL), 0);
	assert_true(c.system == UINT64_C(7575182231183946018));
	assert_true(c.shut_down);
	assert_true(c.checksums);
	assert_int_equal(c.timeline, 2);
	assert_int_equal(c.prepared, 3);
	assert_int_equal(rp_pg_control_parse(strchr(text, '\n'), &c, NULL), -1);
}

static void segments_have_names(void **state)
{
	(void)state;
	char name[RP_PG_SEGMENT_TEXT];
	unsigned timeline = 0;
	rp_pg_segment_name(1, 3, 16 << 20, name);
	assert_string_equal(name, "000000010000000000000003");
	rp_pg_segment_name(0x1F, 256, 16 << 20, name);
	assert_string_equal(name, "0000001F0000000100000000");
	rp_pg_segment_name(2, 5, 1 << 30, name);
	assert_string_equal(name, "000000020000000100000001");
	assert_true(rp_pg_is_segment_name(name));
	assert_false(rp_pg_is_segment_name("00000002000000010000000"));
	assert_false(rp_pg_is_segment_name("00000002000000010000000a"));
	assert_true(rp_pg_is_history_name("0000000A.history", &timeline));
	assert_int_equal(timeline, 10);
	assert_false(rp_pg_is_history_name("0000000A.histor1", &timeline));
}

/* A page of the log at 0x2000000, the first of a segment of 16 MiB. */
static void make_page(uint8_t page[RP_PG_PAGE])
{
	static const uint8_t head[] = {0x10, 0xD1, 2, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0,  0, 0,
				       0,    0,	   0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 32, 0, 0};
	memset(page, 0, RP_PG_PAGE);
	memcpy(page, head, sizeof head);
}

static void head_of_a_segment_is_read(void **state)
{
	(void)state;
	uint8_t page[RP_PG_PAGE];
	struct rp_pg_segment s;
	make_page(page);
	assert_true(rp_pg_segment_parse(page, sizeof page, &s));
	assert_int_equal(s.address, 0x2000000);
	assert_int_equal(s.system, 7);
	assert_int_equal(s.bytes, 16 << 20);
	assert_int_equal(s.continues, 0);
	assert_false(rp_pg_segment_parse(page, RP_PG_SEGMENT_HEAD - 1, &s));
	page[1] = 0;
	assert_false(rp_pg_segment_parse(page, sizeof page, &s));
}

static void log_ends_in_zeros_or_is_damaged(void **state)
{
	(void)state;
	uint8_t page[RP_PG_PAGE];
	const uint64_t at = 0x2000100, end = 0x3000000;
	make_page(page);
	assert_null(rp_pg_log_beyond(page, at, end));
	/* Where the page begins: nothing was written on it, or it is an older one. */
	assert_null(rp_pg_log_beyond(page, 0x2000000, end));
	assert_null(rp_pg_log_beyond(page, 0x2002000, end));
	assert_non_null(rp_pg_log_beyond(page, 0x2002100, end));
	page[0x1FF] = 1;
	assert_non_null(rp_pg_log_beyond(page, at, end));
	page[0x100] = 64; /* a record of 64 bytes */
	assert_non_null(rp_pg_log_beyond(page, at, end));
	page[0x103] = 1; /* of 16 MiB and more: it goes on in the next segment */
	assert_null(rp_pg_log_beyond(page, at, end));
}

static void tars_have_names(void **state)
{
	(void)state;
	char stem[RP_PG_STEM_MAX];
	assert_true(rp_pg_base_is_tar("base.tar", stem));
	assert_string_equal(stem, "base");
	assert_true(rp_pg_base_is_tar("16384.tar.zst", stem));
	assert_string_equal(stem, "16384");
	assert_true(rp_pg_base_is_tar("pg_wal.tar.gz", stem));
	static const char *const wrong[] = {"base.tarx",
					    "x.tar",
					    "1/../base.tar",
					    "16384x.tar",
					    "base",
					    ".tar",
					    "123456789012345678901234567890.tar",
					    "16384.tar.zst/x"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_false(rp_pg_base_is_tar(wrong[i], stem));
}

static bool reached(const struct rp_wanted *w, const char *why, uint64_t until)
{
	struct rp_pg_goal g;
	const struct rp_pg_step step = {.timeline = 1, .until = until, .why = why, .why_len = strlen(why)};
	assert_int_equal(rp_pg_goal_decide(&g, w, NULL), 0);
	return rp_pg_goal_reached(&g, &step);
}

static void stop_is_proved_by_the_servers_own_words(void **state)
{
	(void)state;
	struct rp_wanted w = {.until = {.kind = RP_UNTIL_POSITION, .text = "0/3000060"}};
	assert_true(reached(NULL, "no recovery target specified", 1));
	assert_false(reached(NULL, "before LSN 0/3000060", 1));
	assert_true(reached(&w, "after LSN 0/3000060", 0x30000A0));
	assert_false(reached(&w, "before LSN 0/3000060", 0x3000060));
	assert_false(reached(&w, "after LSN 0/3000061", 0x30000A0));
	assert_false(reached(&w, "no recovery target specified", 0x30000A0));
	w.until = (struct rp_until){.kind = RP_UNTIL_NAME, .text = "here"};
	assert_true(reached(&w, "at restore point \"here\"", 1));
	assert_false(reached(&w, "at restore point \"here too\"", 1));
	w.until = (struct rp_until){.kind = RP_UNTIL_TIME, .time_ms = 1};
	assert_true(reached(&w, "before 2026-11-21 17:00:00.1+00", 1));
	assert_false(reached(&w, "before LSN 0/3000060", 1));
}

static void place_that_cannot_be_is_a_wrong_use(void **state)
{
	(void)state;
	static const struct rp_until wrong[] = {
		{.kind = RP_UNTIL_SEALED},
		{.kind = RP_UNTIL_POSITION, .text = "bin.000001:4"},
		{.kind = RP_UNTIL_POSITION, .text = "0/0"},
		{.kind = RP_UNTIL_NAME,
		 .text = "0123456789012345678901234567890123456789012345678901234567890123"},
	};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct rp_pg_goal g;
		rp_autoerr struct rp_err *err = NULL;
		assert_int_equal(rp_pg_goal_decide(&g, &(struct rp_wanted){.until = wrong[i]}, &err), -1);
		assert_int_equal(rp_err_kind(err), RP_ERR_USAGE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(label_says_where_to_begin),
		cmocka_unit_test(cut_label_is_refused),
		cmocka_unit_test(places_in_the_log),
		cmocka_unit_test(map_names_tablespaces),
		cmocka_unit_test(history_is_read),
		cmocka_unit_test(control_file_is_read),
		cmocka_unit_test(segments_have_names),
		cmocka_unit_test(head_of_a_segment_is_read),
		cmocka_unit_test(log_ends_in_zeros_or_is_damaged),
		cmocka_unit_test(tars_have_names),
		cmocka_unit_test(stop_is_proved_by_the_servers_own_words),
		cmocka_unit_test(place_that_cannot_be_is_a_wrong_use),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
