/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <archive.h>
#include <archive_entry.h>

#include "tests/unit/recovery_fake.h"
#include "verifier/recovery/members.h"

static char text[60000];

static const struct sample {
	const struct rp_wrapping *w;
	int (*filter)(struct archive *a);
} samples[] = {
	{&rp_wrapping_bzip2, archive_write_add_filter_bzip2},
	{&rp_wrapping_xz, archive_write_add_filter_xz},
	{&rp_wrapping_zstd, archive_write_add_filter_zstd},
	{&rp_wrapping_lz4, archive_write_add_filter_lz4},
};
#define N_SAMPLES (sizeof samples / sizeof samples[0])

static unsigned char *packed_by(const struct sample *s, const void *data, size_t len, size_t *ret_len)
{
	size_t room = len + len / 10 + 10000;
	unsigned char *out = malloc(2 * room + 100);
	struct archive *a = archive_write_new();
	struct archive_entry *e = archive_entry_new();
	assert_true(out != NULL && a != NULL && e != NULL);
	archive_entry_set_filetype(e, AE_IFREG);
	assert_int_equal(s->filter(a), ARCHIVE_OK);
	assert_int_equal(archive_write_set_format_raw(a), ARCHIVE_OK);
	assert_int_equal(archive_write_set_bytes_per_block(a, 0), ARCHIVE_OK);
	assert_int_equal(archive_write_open_memory(a, out, room, ret_len), ARCHIVE_OK);
	assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, data, len), len);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_entry_free(e);
	(void)archive_write_free(a);
	return out;
}

static int unpack(const struct sample *how, const unsigned char *data, size_t len, struct rp_buf *got,
		  struct rp_err **err)
{
	struct rp_stream *below = NULL;
	rp_auto(rp_stream) s = NULL;
	assert_int_equal(rp_stream_of_memory(&below, data, len, err), 0);
	assert_int_equal(how->w->unwrap(&s, below, NULL, err), 0);
	return read_all(s, got, err);
}

static void expect_error(const struct sample *how, const unsigned char *data, size_t len, const char *what)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf got = RP_BUF_INIT(1 << 24);
	char all[100];
	(void)snprintf(all, sizeof all, "%s: %s", how->w->name, what);
	if (unpack(how, data, len, &got, &err) == 0)
		fail_msg("%s: %zu bytes passed, which are to be '%s'", how->w->name, len, what);
	if (rp_err_kind(err) != RP_ERR_BACKUP || strncmp(rp_err_text(err), all, strlen(all)) != 0)
		fail_msg("%zu bytes: '%s', and not '%s'", len, rp_err_text(err), all);
}

static int make(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)('a' + (i * i + i / 7) % 26);
	return 0;
}

static void one_and_two_members_are_unpacked(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_SAMPLES; i++) {
		rp_autoerr struct rp_err *err = NULL;
		rp_autobuf got = RP_BUF_INIT(1 << 20);
		size_t n;
		unsigned char *p = packed_by(&samples[i], text, sizeof text, &n);
		assert_true(samples[i].w->bid(p, n) > 24);
		assert_int_equal(unpack(&samples[i], p, n, &got, &err), 0);
		assert_int_equal(got.len, sizeof text);
		assert_memory_equal(got.s, text, sizeof text);
		memcpy(p + n, p, n);
		rp_buf_reset(&got);
		assert_int_equal(unpack(&samples[i], p, 2 * n, &got, &err), 0);
		assert_int_equal(got.len, 2 * sizeof text);
		assert_memory_equal(got.s + sizeof text, text, sizeof text);
		free(p);
	}
}

/* As the tools write it; libarchive's own lz4 writer crashes on it. */
static void nothing_is_packed_and_unpacked(void **state)
{
	(void)state;
	static const unsigned char lz4[] = {4, 0x22, 0x4d, 0x18, 0x64, 0x40, 0xa7, 0,
					    0, 0,    0,	   5,	 0x5d, 0xcc, 2};
	for (size_t i = 0; i < N_SAMPLES; i++) {
		rp_autoerr struct rp_err *err = NULL;
		rp_autobuf got = RP_BUF_INIT(1 << 20);
		bool is_lz4 = samples[i].w == &rp_wrapping_lz4;
		size_t n = sizeof lz4;
		unsigned char *p = is_lz4 ? NULL : packed_by(&samples[i], text, 0, &n);
		if (unpack(&samples[i], is_lz4 ? lz4 : p, n, &got, &err) < 0)
			fail_msg("%s: %s", samples[i].w->name, rp_err_text(err));
		assert_int_equal(got.len, 0);
		free(p);
	}
}

static void every_cut_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_SAMPLES; i++) {
		size_t n;
		unsigned char *p = packed_by(&samples[i], text, sizeof text, &n);
		for (size_t cut = 0; cut < n; cut += cut < 40 || cut + 40 > n ? 1 : 4999)
			expect_error(&samples[i], p, cut, "truncated: the file ends before its data does");
		memcpy(p + n, p, n);
		for (size_t cut = n + 14; cut < 2 * n; cut += cut < n + 40 || cut + 40 > 2 * n ? 1 : 4999)
			expect_error(&samples[i], p, cut, "truncated: the file ends before its data does");
		for (size_t cut = n + 1; cut < n + 14; cut++)
			expect_error(&samples[i], p, cut, "");
		free(p);
	}
}

static void trailing_garbage_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_SAMPLES; i++) {
		size_t n;
		unsigned char *p = packed_by(&samples[i], text, sizeof text, &n);
		for (size_t more = 1; more < 40; more++) {
			memset(p + n, 'x', more);
			expect_error(&samples[i], p, n + more, "");
		}
		expect_error(&samples[i], p, n + 39, "damaged: ");
		free(p);
	}
}

/* zstd's library writes no checksum unless it is told to, and then nothing but the digest of the file can tell. */
static void no_flip_passes_unnoticed(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_SAMPLES; i++) {
		size_t n, told = 0, flips = 0;
		unsigned char *p = packed_by(&samples[i], text, sizeof text, &n);
		for (size_t at = 0; at < n; at += at < 30 || at + 30 > n ? 1 : 601) {
			rp_autoerr struct rp_err *err = NULL;
			rp_autobuf got = RP_BUF_INIT(1 << 24);
			p[at] ^= 0x10;
			bool same = unpack(&samples[i], p, n, &got, &err) == 0 && got.len == sizeof text &&
				    memcmp(got.s, text, sizeof text) == 0;
			if (err != NULL) {
				told++;
				if (rp_err_kind(err) != RP_ERR_BACKUP && rp_err_kind(err) != RP_ERR_IO)
					fail_msg("%s at %zu: %s", samples[i].w->name, at, rp_err_text(err));
			}
			flips += !same;
			p[at] ^= 0x10;
		}
		if (samples[i].w != &rp_wrapping_zstd)
			assert_int_equal(told, flips);
		assert_true(told > flips / 2);
		free(p);
	}
}

static void one_layer_within_itself_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_SAMPLES; i++) {
		rp_autoerr struct rp_err *err = NULL;
		rp_autobuf got = RP_BUF_INIT(1 << 20);
		size_t n, nn;
		unsigned char *p = packed_by(&samples[i], text, sizeof text, &n);
		unsigned char *pp = packed_by(&samples[i], p, n, &nn);
		assert_int_equal(unpack(&samples[i], pp, nn, &got, &err), -1);
		assert_int_equal(rp_err_kind(err), RP_ERR_IO);
		assert_non_null(strstr(rp_err_text(err), "once more, which is refused"));
		free(p);
		free(pp);
	}
}

static void bids_for_its_own_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_SAMPLES; i++) {
		size_t n;
		unsigned char *p = packed_by(&samples[i], text, sizeof text, &n);
		for (const struct rp_wrapping *const *w = rp_wrappings; *w != NULL; w++)
			if (*w != samples[i].w)
				assert_int_equal((*w)->bid(p, n), 0);
		for (size_t len = 0; len < 4; len++)
			assert_int_equal(samples[i].w->bid(p, len), 0);
		assert_int_equal(samples[i].w->bid((const unsigned char *)text, sizeof text), 0);
		free(p);
	}
}

static int unpack_wrapped(const void *data, size_t len, uint64_t room, struct rp_buf *got,
			  struct rp_err **err)
{
	const struct rp_unwrapping how = {.room = room};
	const char *wrapped[RP_WRAPPED_MAX + 1] = {0};
	struct rp_stream *below = NULL;
	rp_auto(rp_stream) s = NULL;
	assert_int_equal(rp_stream_of_memory(&below, data, len, err), 0);
	assert_int_equal(rp_unwrap(&s, below, len, &how, wrapped, err), 0);
	return read_all(s, got, err);
}

/* 24 MB of nothing become 2 kB of zstd: a dump of a table that was never filled in, or a bomb. */
static void what_repeats_itself_is_unpacked_where_there_is_room(void **state)
{
	(void)state;
	size_t n, len = 24 << 20;
	char *zeros = calloc(1, len);
	unsigned char *p = packed_by(&samples[2], zeros, len, &n);
	rp_autobuf got = RP_BUF_INIT(64 << 20);
	rp_autoerr struct rp_err *err = NULL;
	assert_true(n * 1100 + (16 << 20) < len);
	assert_int_equal(unpack_wrapped(p, n, len, &got, &err), 0);
	assert_int_equal(got.len, len);
	rp_buf_reset(&got);
	assert_int_equal(unpack_wrapped(p, n, 1, &got, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_IO);
	assert_non_null(strstr(rp_err_text(err), "which is refused"));
	free(zeros);
	free(p);
}

/* Nothing comes out of it, and it would take hours to do so. */
static void a_layer_that_grows_is_stopped_though_the_next_one_shrinks(void **state)
{
	(void)state;
	size_t n_empty, n, times = 1800000;
	unsigned char *empty = packed_by(&samples[1], text, 0, &n_empty);
	unsigned char *many = malloc(times * n_empty);
	for (size_t i = 0; i < times; i++)
		memcpy(many + i * n_empty, empty, n_empty);
	unsigned char *p = packed_by(&samples[2], many, times * n_empty, &n);
	rp_autobuf got = RP_BUF_INIT(64 << 20);
	rp_autoerr struct rp_err *err = NULL;
	assert_true(n_empty > 0 && n * 1100 + (16 << 20) < times * n_empty);
	assert_int_equal(unpack_wrapped(p, n, 1, &got, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_IO);
	assert_non_null(strstr(rp_err_text(err), "which is refused"));
	free(empty);
	free(many);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_and_two_members_are_unpacked),
		cmocka_unit_test(nothing_is_packed_and_unpacked),
		cmocka_unit_test(every_cut_is_told),
		cmocka_unit_test(trailing_garbage_is_told),
		cmocka_unit_test(no_flip_passes_unnoticed),
		cmocka_unit_test(one_layer_within_itself_is_refused),
		cmocka_unit_test(bids_for_its_own_alone),
		cmocka_unit_test(what_repeats_itself_is_unpacked_where_there_is_room),
		cmocka_unit_test(a_layer_that_grows_is_stopped_though_the_next_one_shrinks),
	};
	return cmocka_run_group_tests_name("compressed", tests, make, NULL);
}
