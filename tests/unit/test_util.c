/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <signal.h>
#include <unistd.h>

#include "verifier/util/arena.h"
#include "verifier/util/argv.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"
#include "verifier/util/sha256.h"
#include "verifier/util/stream.h"

static void arena_gives_zeroed_aligned_memory_of_any_size(void **state)
{
	(void)state;
	rp_auto(rp_arena) a = NULL;
	assert_int_equal(rp_arena_new(&a, NULL), 0);
	static const size_t sizes[] = {0, 1, 15, 16, 17, 1000, 70000, 1, 1 << 20, 3};
	for (size_t round = 0; round < 200; round++) {
		size_t size = sizes[round % (sizeof sizes / sizeof sizes[0])];
		unsigned char *p = rp_arena_alloc(a, size);
		assert_non_null(p);
		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, size);
	}
	assert_null(rp_arena_array(a, SIZE_MAX / 2, 3));
	assert_null(rp_arena_alloc(a, SIZE_MAX - 5));
	assert_string_equal(rp_arena_strdup(a, "text"), "text");
	assert_null(rp_arena_strdup(a, NULL));
}

static void argv_always_ends_with_null(void **state)
{
	(void)state;
	rp_cleanup(rp_argv_done) struct rp_argv a = {0};
	rp_argv_add(&a, "one");
	rp_argv_addf(&a, "%d words; `rm -rf`", 2);
	assert_false(a.failed);
	assert_int_equal(a.n, 2);
	assert_string_equal(a.v[1], "2 words; `rm -rf`");
	assert_null(a.v[2]);
}

static void stream_of_memory_ends_and_drains(void **state)
{
	(void)state;
	rp_auto(rp_stream) s = NULL;
	assert_int_equal(rp_stream_of_memory(&s, "abcdef", 6, NULL), 0);
	char buf[4];
	assert_int_equal(rp_stream_read(s, buf, 4, NULL), 4);
	assert_int_equal(rp_stream_drain(s, NULL), 0);
	assert_int_equal(rp_stream_read(s, buf, 4, NULL), 0);
}

static void stream_of_a_file_that_is_not_there_says_so(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	struct rp_stream *s = NULL;
	assert_int_equal(rp_stream_of_file(&s, "/nonexistent/file", &err), -1);
	assert_string_equal(rp_err_text(err), "open '/nonexistent/file': No such file or directory");
}

static void sha256_is_the_published_one(void **state)
{
	(void)state;
	uint8_t digest[RP_SHA256_LEN];
	char hex[RP_SHA256_HEX];
	rp_sha256("abc", 3, digest); /* FIPS 180-4, appendix B.1 */
	rp_sha256_hex(digest, hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void run_waits_until_its_deadline(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	struct rp_run run;
	assert_int_equal(rp_run_init(&run, &err), 0);
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	struct pollfd never = {.fd = ends[0], .events = POLLIN};
	run.deadline_ns = rp_run_clock_ms() * 1000000 + 50000000;
	int64_t before = rp_run_clock_ms();
	assert_int_equal(rp_run_poll(&run, &never, 1, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_TIMEOUT);
	assert_true(rp_run_clock_ms() - before >= 40);
	run.deadline_ns = 0;
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(rp_run_poll(&run, &never, 1, NULL), 0);
	(void)close(ends[0]);
	(void)close(ends[1]);
	rp_run_done(&run);
}

static void run_tells_which_signal_it_was(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	struct rp_run run;
	assert_int_equal(rp_run_init(&run, &err), 0);
	assert_int_equal(raise(SIGTERM), 0);
	assert_int_equal(rp_run_check(&run, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_CANCELLED);
	assert_string_equal(rp_err_text(err), "interrupted by SIGTERM");
	rp_run_done(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_gives_zeroed_aligned_memory_of_any_size),
		cmocka_unit_test(argv_always_ends_with_null),
		cmocka_unit_test(stream_of_memory_ends_and_drains),
		cmocka_unit_test(stream_of_a_file_that_is_not_there_says_so),
		cmocka_unit_test(sha256_is_the_published_one),
		cmocka_unit_test(run_waits_until_its_deadline),
		cmocka_unit_test(run_tells_which_signal_it_was),
	};
	return cmocka_run_group_tests_name("util", tests, NULL, NULL);
}
