/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <zlib.h>

#include "verifier/recovery/my_binlog_target.h"
#include "verifier/recovery/wanted.h"
#include "verifier/survey/survey.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/stream.h"

/* A log as a server of MariaDB's writes it, in memory. */
struct made {
	uint8_t bytes[8192];
	size_t len;
};

static void put(uint8_t *at, uint64_t n, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		at[i] = (uint8_t)(n >> (8 * i));
}

static void event(struct made *m, uint8_t type, uint32_t when, const void *body, size_t len)
{
	uint8_t *at = m->bytes + m->len;
	uint32_t all = (uint32_t)(19 + len + 4);
	put(at, when, 4);
	at[4] = type;
	put(at + 5, 7, 4);
	put(at + 9, all, 4);
	put(at + 13, m->len + all, 4);
	put(at + 17, 0, 2);
	memcpy(at + 19, body, len);
	put(at + 19 + len, crc32(0, at, (uInt)(19 + len)), 4);
	m->len += all;
}

static void begin(struct made *m)
{
	uint8_t body[60] = {4, 0};
	body[sizeof body - 1] = 1; /* CRC32 */
	memcpy(m->bytes,
	       "\xfe"
	       "bin",
	       4);
	m->len = 4;
	event(m, 15, 100, body, sizeof body);
}

static void list(struct made *m, uint64_t number)
{
	uint8_t body[20] = {1};
	put(body + 8, 7, 4);
	put(body + 12, number, 8);
	event(m, 163, 100, body, sizeof body);
}

static void group(struct made *m, uint64_t number, uint32_t when)
{
	uint8_t body[19] = {0};
	static const uint8_t xid[8] = {1};
	put(body, number, 8);
	event(m, 162, when, body, sizeof body);
	event(m, 23, when, "rows", 4);
	event(m, 16, when, xid, sizeof xid);
}

static void rotate(struct made *m, const char *next, uint32_t when)
{
	uint8_t body[64] = {4};
	memcpy(body + 8, next, strlen(next));
	event(m, 4, when, body, 8 + strlen(next));
}

/* log.000001 with the transactions 1 to 3, log.000002 with 4 and 5. */
static struct made logs[2];
static size_t
	places[6]; /* where the transaction of this number begins; 0: where the first log has its list */

static int make(void **state)
{
	(void)state;
	begin(&logs[0]);
	places[0] = logs[0].len;
	list(&logs[0], 0);
	for (uint32_t i = 1; i <= 3; i++) {
		places[i] = logs[0].len;
		group(&logs[0], i, 1000 * i);
	}
	rotate(&logs[0], "log.000002", 3500);
	begin(&logs[1]);
	list(&logs[1], 3);
	for (uint32_t i = 4; i <= 5; i++) {
		places[i] = logs[1].len;
		group(&logs[1], i, 1000 * i);
	}
	return 0;
}

static int each(void *ctx, const struct rp_binlog_event *e, struct rp_err **err)
{
	return rp_binlog_track_event(ctx, e, err);
}

static int follow(struct rp_binlog_track *t, const struct made *all, size_t n, struct rp_err **err)
{
	static const char *const names[] = {"log.000001", "log.000002"};
	for (size_t i = 0; i < n && !t->reached; i++) {
		rp_auto(rp_stream) s = NULL;
		uint64_t end = 0;
		if (rp_stream_of_memory(&s, all[i].bytes, all[i].len, err) < 0 ||
		    rp_binlog_track_begin(t, names[i], err) < 0 ||
		    rp_binlog_walk(s, names[i], each, t, &end, err) < 0 ||
		    (!t->reached && rp_binlog_track_end(t, end, err) < 0))
			return -1;
	}
	return rp_binlog_track_done(t, err);
}

static int reach(const char *text, size_t from, const struct made *all, size_t n,
		 struct rp_binlog_track **ret, struct rp_err **err)
{
	static struct rp_binlog_target target;
	static struct rp_binlog_track track;
	static struct rp_binlog_position start;
	struct rp_wanted w = {0};
	assert_int_equal(rp_until_parse(text, &w.until, NULL), 0);
	assert_int_equal(rp_binlog_target_of(&w, &target, NULL), 0);
	start = (struct rp_binlog_position){.file = "log.000001", .at = from};
	track = (struct rp_binlog_track){.target = &target, .start = &start};
	*ret = &track;
	return follow(&track, all, n, err);
}

static void a_target_is_reached_where_it_is(void **state)
{
	(void)state;
	char position[64];
	(void)snprintf(position, sizeof position, "binlog:log.000002:%zu", places[5]);
	const struct {
		const char *text;
		size_t from, stop;
		bool reached;
		uint64_t groups;
	} all[] = {
		{position, places[2], places[5], true, 3},
		{"gtid:0-7-4", places[2], places[5], true, 3},
		{"gtid:0-7-1", places[2], places[2], true, 0},
		{"gtid:0-7-5", places[1], logs[1].len, true, 5},
		{"time:1970-01-01T01:06:41Z", places[2], places[5], true,
		 3},						      /* 4001 s: 4 is before, 5 is not */
		{"time:1970-01-01T00:50:01Z", places[2], 0, true, 2}, /* the log rotated at 3500 s */
		{"end", places[2], logs[1].len, false, 4},
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		struct rp_binlog_track *t;
		rp_autoerr struct rp_err *err = NULL;
		if (reach(all[i].text, all[i].from, logs, 2, &t, &err) < 0)
			fail_msg("%s: %s", all[i].text, rp_err_text(err));
		assert_int_equal(t->reached, all[i].reached);
		assert_int_equal(t->groups, all[i].groups);
		if (all[i].stop != 0)
			assert_int_equal(t->stop_at, all[i].stop);
	}
}

static void a_target_that_cannot_be_reached_is_told(void **state)
{
	(void)state;
	char within[64], before[64];
	(void)snprintf(within, sizeof within, "binlog:log.000002:%zu", places[5] + 1);
	(void)snprintf(before, sizeof before, "binlog:log.000001:%zu", places[1]);
	const struct {
		const char *text, *said;
	} all[] = {
		{within, "no transaction ends at"},
		{before, "the target is before that"},
		{"gtid:0-7-9", "is not in it"},
		{"gtid:0-8-4", "is not in it"},
		{"gtid:0-7-1", "the target is before that"},
		{"time:1970-01-01T00:00:01Z", "the target is before that"},
		{"time:2026-01-01T00:00:00Z", "is not in it"},
		{"binlog:log.000002:999999", "before the target"},
		{"binlog:log.000009:4", "is not in it"},
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		struct rp_binlog_track *t;
		rp_autoerr struct rp_err *err = NULL;
		assert_int_equal(reach(all[i].text, places[3], logs, 2, &t, &err), -1);
		assert_int_equal(rp_err_kind(err),
				 strstr(all[i].said, "before that") != NULL ? RP_ERR_ENGINE : RP_ERR_BACKUP);
		if (strstr(rp_err_text(err), all[i].said) == NULL)
			fail_msg("%s: %s", all[i].text, rp_err_text(err));
	}
}

static void spoilt(const char *what, const struct made *all, size_t n, const char *said)
{
	struct rp_binlog_track *t;
	rp_autoerr struct rp_err *err = NULL;
	if (reach("end", places[1], all, n, &t, &err) == 0)
		fail_msg("%s went unnoticed", what);
	assert_int_equal(rp_err_kind(err), RP_ERR_BACKUP);
	if (strstr(rp_err_text(err), said) == NULL)
		fail_msg("%s: %s", what, rp_err_text(err));
}

static void what_is_wrong_with_a_log_is_told(void **state)
{
	(void)state;
	struct made bad[2] = {logs[0], logs[1]};
	bad[1].bytes[places[5] + 30] ^= 1;
	spoilt("a changed byte", bad, 2, "does not have its checksum");
	bad[1] = logs[1];
	bad[1].len -= 3;
	spoilt("a cut event", bad, 2, "inside of the event");
	bad[1].len = places[5] + 19 + 19 + 4;
	spoilt("a cut transaction", bad, 2, "inside of a transaction");
	bad[1] = logs[1];
	bad[0].len = places[3];
	spoilt("a log that is cut between two transactions", bad, 2, "transactions are missing");
	bad[0] = logs[0];
	bad[0].len = 0;
	begin(&bad[0]);
	rotate(&bad[0], "log.000007", 1);
	struct rp_binlog_track *t;
	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(reach("end", 4, bad, 2, &t, &err), -1);
	assert_non_null(strstr(rp_err_text(err), "a binary log is missing"));
	memcpy(bad[0].bytes, "text", 4);
	spoilt("no log", bad, 1, "is no binary log");
}

static void what_is_sealed_is_where_to_stop(void **state)
{
	(void)state;
	const struct rp_fact facts[] = {{"binlog", "log.000002:345"}, {"gtid", "0-7-4"}};
	const struct rp_fact refused[] = {{"recovery_refused", "log_bin is off"}};
	struct rp_survey sealed = {.position = {.facts = facts, .n_facts = 2}};
	struct rp_wanted w = {.sealed = &sealed};
	struct rp_binlog_target t;
	assert_int_equal(rp_binlog_target_of(&w, &t, NULL), 0);
	assert_int_equal(t.kind, RP_BINLOG_TO_POSITION);
	assert_true(t.sealed);
	assert_string_equal(t.at.file, "log.000002");
	sealed.position.facts = refused;
	sealed.position.n_facts = 1;
	assert_int_equal(rp_binlog_target_of(&w, &t, NULL), 0);
	assert_int_equal(t.kind, RP_BINLOG_TO_END);
	w.until.kind = RP_UNTIL_SEALED;
	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(rp_binlog_target_of(&w, &t, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_USAGE);
	assert_non_null(strstr(rp_err_text(err), "log_bin is off"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_target_is_reached_where_it_is),
		cmocka_unit_test(a_target_that_cannot_be_reached_is_told),
		cmocka_unit_test(what_is_wrong_with_a_log_is_told),
		cmocka_unit_test(what_is_sealed_is_where_to_stop),
	};
	return cmocka_run_group_tests(tests, make, NULL);
}
