/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include "tests/unit/recovery_fake.h"
#include "verifier/recovery/members.h"

static int unzip(const unsigned char *data, size_t len, struct rp_buf *got, struct rp_err **err)
{
	struct rp_stream *below = NULL;
	rp_auto(rp_stream) s = NULL;
	assert_int_equal(rp_stream_of_memory(&below, data, len, err), 0);
	assert_int_equal(rp_wrapping_gzip.unwrap(&s, below, NULL, err), 0);
	return read_all(s, got, err);
}

static void expect_error(const unsigned char *data, size_t len, const char *text)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf got = RP_BUF_INIT(1 << 20);
	assert_int_equal(unzip(data, len, &got, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_BACKUP);
	assert_string_equal(rp_err_text(err), text);
}

static unsigned char *one, *two;
static size_t n_one, n_two;
static char text[200000];

static int make(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)('a' + (i * i + i / 7) % 26);
	one = gzip_of(text, sizeof text, &n_one);
	two = malloc(2 * n_one + 100);
	memcpy(two, one, n_one);
	memcpy(two + n_one, one, n_one);
	n_two = 2 * n_one;
	return 0;
}

static int unmake(void **state)
{
	(void)state;
	free(one);
	free(two);
	return 0;
}

static void one_and_two_members_are_unpacked(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf got = RP_BUF_INIT(1 << 20);
	assert_int_equal(unzip(one, n_one, &got, &err), 0);
	assert_int_equal(got.len, sizeof text);
	assert_memory_equal(got.s, text, sizeof text);
	rp_buf_reset(&got);
	assert_int_equal(unzip(two, n_two, &got, &err), 0);
	assert_int_equal(got.len, 2 * sizeof text);
	assert_memory_equal(got.s + sizeof text, text, sizeof text);
}

static void every_cut_is_told(void **state)
{
	(void)state;
	for (size_t n = 0; n < n_one; n += n < 40 || n + 40 > n_one ? 1 : 997)
		expect_error(one, n, "gzip: truncated: the file ends before its data does");
	for (size_t n = n_one + 1; n < n_two; n += n < n_one + 40 ? 1 : 997)
		expect_error(two, n, "gzip: truncated: the file ends before its data does");
}

static void flipped_trailer_is_told(void **state)
{
	(void)state;
	unsigned char *last = one + n_one - 8;
	last[0] ^= 1;
	expect_error(one, n_one, "gzip: damaged: incorrect data check");
	last[0] ^= 1;
	last[4] ^= 1;
	expect_error(one, n_one, "gzip: damaged: incorrect length check");
	last[4] ^= 1;
	two[n_one - 8] ^= 1;
	expect_error(two, n_two, "gzip: damaged: incorrect data check");
	two[n_one - 8] ^= 1;
}

static void no_flip_passes_unnoticed(void **state)
{
	(void)state;
	for (size_t at = 12; at < n_one; at += 401) {
		rp_autoerr struct rp_err *err = NULL;
		rp_autobuf got = RP_BUF_INIT(1 << 24);
		one[at] ^= 0x10;
		assert_int_equal(unzip(one, n_one, &got, &err), -1);
		one[at] ^= 0x10;
	}
}

static void trailing_garbage_is_told(void **state)
{
	(void)state;
	two[n_two] = 'x';
	expect_error(two, n_two + 1, "gzip: damaged: something that is no gzip follows its end");
	two[n_two] = 0;
	expect_error(two, n_two + 1, "gzip: damaged: something that is no gzip follows its end");
}

static void bids_for_gzip_alone(void **state)
{
	(void)state;
	assert_true(rp_wrapping_gzip.bid(one, n_one) > 0);
	assert_int_equal(rp_wrapping_gzip.bid(one, 3), 0);
	assert_int_equal(rp_wrapping_gzip.bid((const unsigned char *)"PGDMP", 5), 0);
	assert_int_equal(rp_wrapping_gzip.bid((const unsigned char *)"\x1f\x8b\x08\xff", 4), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_and_two_members_are_unpacked),
		cmocka_unit_test(every_cut_is_told),
		cmocka_unit_test(flipped_trailer_is_told),
		cmocka_unit_test(no_flip_passes_unnoticed),
		cmocka_unit_test(trailing_garbage_is_told),
		cmocka_unit_test(bids_for_gzip_alone),
	};
	return cmocka_run_group_tests_name("gzip", tests, make, unmake);
}
