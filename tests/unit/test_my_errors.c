/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/guard.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"

/* What of asking a server needs none: whose fault a number is, quoting, and the guard of a socket. */

static void whose_fault_an_error_is(void **state)
{
	(void)state;
	static const unsigned objects[] = {29,	 126,  144,  145,  1016, 1017, 1030, 1032, 1033, 1034,
					   1035, 1044, 1045, 1049, 1054, 1064, 1105, 1109, 1142, 1143,
					   1146, 1194, 1195, 1205, 1227, 1356, 1370, 1449, 1712, 1792,
					   1812, 1814, 1815, 1877, 1932, 3546, 4166, 6125};
	static const unsigned others[] = {0,	3,    20,   1021, 1037, 1038, 1040, 1041, 1047, 1053, 1114,
					  1135, 1153, 1158, 1161, 1203, 1213, 1226, 1317, 1412, 1461, 1820,
					  1862, 1927, 1969, 2000, 2002, 2003, 2006, 2013, 2014, 2026, 2027,
					  2055, 2061, 3024, 3032, 3118, 3168, 3169, 4031, 5012};
	for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++)
		if (rp_my_kind(objects[i]) != RP_ERR_OBJECT)
			fail_msg("%u", objects[i]);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (rp_my_kind(others[i]) != RP_ERR_ENGINE)
			fail_msg("%u", others[i]);
	assert_int_equal(rp_my_kind(2008), RP_ERR_NOMEM);
}

static void names_and_texts_cannot_end_their_quotes(void **state)
{
	(void)state;
	static const struct {
		const char *text, *name, *literal;
	} all[] = {
		{"", "``", "''"},
		{"orders", "`orders`", "'orders'"},
		{"a`b", "`a``b`", "'a`b'"},
		{"it's", "`it's`", "'it''s'"},
		{"a\\'b", "`a\\'b`", "_utf8mb4 x'615c2762'"},
		{"\xc3\xbc", "`\xc3\xbc`", "_utf8mb4 x'c3bc'"},
		{"a\nb", "`a\nb`", "_utf8mb4 x'610a62'"},
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		rp_autobuf name = RP_BUF_INIT(100);
		rp_autobuf literal = RP_BUF_INIT(100);
		rp_my_add_name(&name, all[i].text);
		rp_my_add_text(&literal, all[i].text, strlen(all[i].text));
		assert_string_equal(rp_buf_text(&name), all[i].name);
		assert_string_equal(rp_buf_text(&literal), all[i].literal);
	}
}

static void a_cell_that_is_no_number_is_an_error(void **state)
{
	(void)state;
	uint64_t u = 0;
	int64_t i = 0;
	assert_int_equal(rp_my_u64("18446744073709551615", &u, NULL), 0);
	assert_true(u == UINT64_MAX);
	assert_int_equal(rp_my_i64("-9223372036854775808", &i, NULL), 0);
	assert_true(i == INT64_MIN);
	static const char *const bad[] = {NULL, "", "1 ", " 1", "1.0", "x", "18446744073709551616"};
	for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
		rp_autoerr struct rp_err *err = NULL;
		assert_int_equal(rp_my_u64(bad[k], &u, &err), -1);
		assert_int_equal(rp_err_kind(err), RP_ERR_ENGINE);
		assert_int_equal(rp_my_i64(bad[k], &i, NULL), -1);
	}
}

static bool is_cut(int fd, int ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char c;
	return poll(&p, 1, ms) == 1 && read(fd, &c, 1) == 0;
}

struct pair {
	int ours, theirs;
	struct rp_run run;
	struct rp_my_guard *guard;
};

static void guarded(struct pair *p, int cancel_fd, int64_t deadline_ns)
{
	int ends[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	*p = (struct pair){.ours = ends[0], .theirs = ends[1]};
	p->run = (struct rp_run){.cancel_fd = cancel_fd, .deadline_ns = deadline_ns};
	assert_int_equal(rp_my_guard_new(&p->guard, p->ours, &p->run, NULL), 0);
}

static void done(struct pair *p)
{
	rp_my_guard_free(p->guard);
	(void)close(p->ours);
	(void)close(p->theirs);
}

static void a_guard_cuts_when_the_run_is_cancelled(void **state)
{
	(void)state;
	int ends[2];
	struct pair p;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	guarded(&p, ends[0], 0);
	assert_false(is_cut(p.theirs, 50));
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_true(is_cut(p.theirs, 5000));
	assert_true(is_cut(p.ours, 5000));
	assert_true(rp_my_guard_has_cut(p.guard));
	assert_false(rp_my_guard_is_past(p.guard));
	done(&p);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static void a_guard_cuts_at_the_deadline(void **state)
{
	(void)state;
	struct pair p;
	guarded(&p, -1, (rp_run_clock_ms() + 100) * 1000000);
	assert_true(is_cut(p.ours, 5000));
	assert_false(rp_my_guard_is_past(p.guard));
	done(&p);
}

static void a_bound_cuts_and_a_lifted_one_does_not(void **state)
{
	(void)state;
	struct pair p;
	guarded(&p, -1, 0);
	for (int i = 0; i < 200; i++) {
		rp_my_guard_bound(p.guard, 1000);
		rp_my_guard_bound(p.guard, 0);
	}
	rp_my_guard_bound(p.guard, 30);
	rp_my_guard_bound(p.guard, 0);
	assert_false(is_cut(p.ours, 100));
	rp_my_guard_bound(p.guard, 30);
	assert_true(is_cut(p.ours, 5000));
	assert_true(rp_my_guard_is_past(p.guard));
	done(&p);
}

static void a_number_that_is_used_again_is_not_cut(void **state)
{
	(void)state;
	struct pair p;
	int other[2];
	guarded(&p, -1, 0);
	int number = p.ours;
	(void)close(p.ours); /* as libmariadb does with a connection that is lost */
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, other), 0);
	assert_int_equal(other[0], number);
	rp_my_guard_bound(p.guard, 1);
	assert_true(is_cut(p.theirs, 5000));
	assert_false(is_cut(other[0], 50));
	rp_my_guard_free(p.guard);
	(void)close(p.theirs);
	(void)close(other[0]);
	(void)close(other[1]);
}

static void guards_come_and_go(void **state)
{
	(void)state;
	for (int i = 0; i < 300; i++) {
		struct pair p;
		guarded(&p, -1, 0);
		rp_my_guard_bound(p.guard, i % 3 == 0 ? 1 : 0);
		if (i % 5 == 0)
			rp_my_guard_cut(p.guard);
		done(&p);
	}
	rp_my_guard_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whose_fault_an_error_is),
		cmocka_unit_test(names_and_texts_cannot_end_their_quotes),
		cmocka_unit_test(a_cell_that_is_no_number_is_an_error),
		cmocka_unit_test(a_guard_cuts_when_the_run_is_cancelled),
		cmocka_unit_test(a_guard_cuts_at_the_deadline),
		cmocka_unit_test(a_bound_cuts_and_a_lifted_one_does_not),
		cmocka_unit_test(a_number_that_is_used_again_is_not_cut),
		cmocka_unit_test(guards_come_and_go),
	};
	return cmocka_run_group_tests_name("my_errors", tests, NULL, NULL);
}
