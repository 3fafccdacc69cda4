/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <utime.h>

#include "tests/unit/recovery_fake.h"
#include "verifier/recovery/format.h"

static void digest_is_of_the_stored_bytes(void **state)
{
	(void)state;
	size_t n;
	unsigned char *zipped = gzip_of("hello world", 11, &n);
	write_file("backup", zipped, n);
	struct opened o;
	open_backup(&o, "backup");
	assert_string_equal(o.artifact->wrapped[0], "gzip");
	assert_null(o.artifact->wrapped[1]);
	rp_autoerr struct rp_err *err = NULL;
	rp_auto(rp_stream) s = NULL;
	rp_autobuf got = RP_BUF_INIT(1000);
	assert_int_equal(rp_artifact_read(o.artifact, &o.artifact->files[0], &s, &err), 0);
	assert_int_equal(read_all(s, &got, &err), 0);
	assert_string_equal(rp_buf_text(&got), "hello world");
	uint8_t want[RP_SHA256_LEN];
	rp_sha256(zipped, n, want);
	assert_int_equal(rp_artifact_finish(o.artifact, &err), 0);
	assert_true(o.artifact->files[0].digested);
	assert_int_equal(o.artifact->files[0].size, n);
	assert_memory_equal(o.artifact->files[0].sha256, want, sizeof want);
	free(zipped);
	rp_stream_close(rp_take(s));
	close_backup(&o);
}

static void what_a_tool_did_not_want_is_hashed_too(void **state)
{
	(void)state;
	size_t n = 300000;
	char *data = calloc(1, n);
	data[n - 1] = 'x';
	write_file("backup", data, n);
	uint8_t want[RP_SHA256_LEN];
	rp_sha256(data, n, want);
	free(data);
	struct opened o;
	open_backup(&o, "backup");
	rp_autoerr struct rp_err *err = NULL;
	struct rp_stream *s = NULL;
	char piece[100];
	assert_int_equal(rp_artifact_read(o.artifact, &o.artifact->files[0], &s, &err), 0);
	assert_int_equal(rp_stream_read(s, piece, sizeof piece, &err), sizeof piece);
	rp_stream_close(s);
	assert_false(o.artifact->files[0].digested);
	/* A name that means another file by now changes nothing. */
	write_file("other", "different", 9);
	assert_int_equal(rename("other", "backup"), 0);
	assert_int_equal(rp_artifact_finish(o.artifact, &err), 0);
	assert_memory_equal(o.artifact->files[0].sha256, want, sizeof want);
	close_backup(&o);
}

static void digest_is_known_when_nothing_was_read(void **state)
{
	(void)state;
	write_file("backup", "abc", 3);
	struct opened o;
	open_backup(&o, "backup");
	rp_autoerr struct rp_err *err = NULL;
	uint8_t want[RP_SHA256_LEN];
	rp_sha256("abc", 3, want);
	assert_int_equal(rp_artifact_finish(o.artifact, &err), 0);
	assert_memory_equal(o.artifact->files[0].sha256, want, sizeof want);
	close_backup(&o);
}

static void hole_7_second_reading_must_be_the_same(void **state)
{
	(void)state;
	write_file("backup", "first content", 13);
	struct opened o;
	open_backup(&o, "backup");
	rp_autoerr struct rp_err *err = NULL;
	for (int i = 0; i < 2; i++) {
		rp_auto(rp_stream) s = NULL;
		rp_autobuf got = RP_BUF_INIT(1000);
		assert_int_equal(rp_artifact_read(o.artifact, &o.artifact->files[0], &s, &err), 0);
		assert_int_equal(read_all(s, &got, &err), 0);
		assert_string_equal(rp_buf_text(&got), "first content");
	}
	write_file("backup", "First content", 13);
	rp_auto(rp_stream) s = NULL;
	rp_autobuf got = RP_BUF_INIT(1000);
	/* Small enough to be read while it is looked into: the failure waits for its reader. */
	assert_int_equal(rp_artifact_read(o.artifact, &o.artifact->files[0], &s, &err), 0);
	assert_int_equal(read_all(s, &got, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_BACKUP);
	assert_string_equal(rp_err_text(err), "'backup' changed while it was read");
	rp_stream_close(rp_take(s));
	close_backup(&o);
}

static void damaged_backup_is_opened_and_hashed(void **state)
{
	(void)state;
	size_t n;
	unsigned char *zipped = gzip_of("hello world", 11, &n);
	zipped[n - 1] ^= 1;
	write_file("backup", zipped, n);
	uint8_t want[RP_SHA256_LEN];
	rp_sha256(zipped, n, want);
	free(zipped);
	struct opened o;
	open_backup(&o, "backup");
	rp_autoerr struct rp_err *err = NULL;
	struct rp_stream *s = NULL;
	rp_autobuf got = RP_BUF_INIT(1000);
	assert_int_equal(rp_artifact_read(o.artifact, &o.artifact->files[0], &s, &err), 0);
	assert_int_equal(read_all(s, &got, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_BACKUP);
	assert_string_equal(rp_err_text(err), "gzip: damaged: incorrect length check");
	rp_stream_close(s);
	rp_err_free(rp_take(err));
	assert_int_equal(rp_artifact_finish(o.artifact, &err), 0);
	assert_memory_equal(o.artifact->files[0].sha256, want, sizeof want);
	close_backup(&o);
}

static void placed_copy_is_private_and_unwrapped(void **state)
{
	(void)state;
	size_t n;
	unsigned char *zipped = gzip_of("hello world", 11, &n);
	write_file("backup", zipped, n);
	free(zipped);
	struct opened o;
	open_backup(&o, "backup");
	rp_autoerr struct rp_err *err = NULL;
	rp_autofree char *path = NULL;
	assert_int_equal(rp_artifact_place(o.artifact, place, &path, &err), 0);
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 11);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(o.artifact->files[0].digested);
	assert_int_equal(unlink(path), 0);
	close_backup(&o);
}

static void placing_a_damaged_one_leaves_nothing(void **state)
{
	(void)state;
	size_t n;
	unsigned char *zipped = gzip_of("hello world", 11, &n);
	write_file("backup", zipped, n - 3);
	free(zipped);
	struct opened o;
	open_backup(&o, "backup");
	rp_autoerr struct rp_err *err = NULL;
	rp_autofree char *path = NULL;
	assert_int_equal(rp_artifact_place(o.artifact, place, &path, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_BACKUP);
	assert_non_null(strstr(rp_err_text(err), "gzip: truncated"));
	close_backup(&o);
}

static void expect_format(const void *data, size_t len, enum rp_err_kind kind, const char *text)
{
	write_file("backup", data, len);
	struct opened o;
	open_backup(&o, "backup");
	rp_autoerr struct rp_err *err = NULL;
	const struct rp_format *f = NULL;
	int r = rp_format_of(&f, o.artifact, &err);
	if (kind == 0) {
		assert_int_equal(r, 0);
		assert_string_equal(f->name, text);
	} else {
		assert_int_equal(r, -1);
		assert_int_equal(rp_err_kind(err), kind);
		/* Which formats there are is not for this test to know. */
		assert_memory_equal(rp_err_text(err), text, strlen(text));
	}
	close_backup(&o);
}

static const char title[] = "--\n-- PostgreSQL database dump\n--\n\nSET x = 1;\n";

static void formats_are_known_by_content(void **state)
{
	(void)state;
	unsigned char archive[64] = "PGDMP\1\15\0\4\10\1";
	expect_format(title, sizeof title - 1, 0, "pg_dump plain");
	expect_format("", 0, RP_ERR_BACKUP, "'backup' is empty");
	expect_format("hello", 5, RP_ERR_BACKUP,
		      "'backup' is no backup of a known format (tried: pg_dump custom, ");
	expect_format(
		"\x28\xb5\x2f\xfdxxxx", 8, RP_ERR_BACKUP,
		"read backup 'backup': zstd: damaged: Zstd decompression failed: Unsupported frame parameter");
	/* Cut off in its header: still recognised, so that it is told what it is. */
	expect_format(archive, 12, 0, "pg_dump custom");
	expect_format(archive, 6, 0, "pg_dump custom");
	archive[10] = 5;
	expect_format(
		archive, 60, RP_ERR_BACKUP,
		"'backup' is the table of contents of a pg_dump of the directory format, without the rest");
	size_t n;
	unsigned char *zipped = gzip_of(title, sizeof title - 1, &n);
	expect_format(zipped, n, 0, "pg_dump plain");
	size_t nn;
	unsigned char *twice = gzip_of(zipped, n, &nn);
	expect_format(twice, nn, 0, "pg_dump plain");
	expect_format(zipped, 9, RP_ERR_BACKUP,
		      "read backup 'backup': gzip: truncated: the file ends before its data does");
	free(zipped);
	free(twice);
}

static void too_many_layers_are_refused(void **state)
{
	(void)state;
	size_t n = sizeof title - 1;
	unsigned char *data = malloc(n);
	memcpy(data, title, n);
	for (int i = 0; i < 5; i++) {
		unsigned char *more = gzip_of(data, n, &n);
		free(data);
		data = more;
	}
	write_file("backup", data, n);
	free(data);
	rp_autoerr struct rp_err *err = NULL;
	rp_auto(rp_store) store = NULL;
	rp_auto(rp_point) p = NULL;
	rp_auto(rp_artifact) a = NULL;
	assert_int_equal(rp_store_open(&store, "backup", &quiet, &err), 0);
	assert_int_equal(rp_store_choose(store, "newest", &p, NULL, &err), 0);
	assert_int_equal(rp_artifact_open(&a, store, p, NULL, &err), -1);
	assert_non_null(strstr(rp_err_text(err), "packed more than 4 times"));
}

static void bomb_is_stopped(void **state)
{
	(void)state;
	size_t n = 64U << 20, m;
	char *zeros = calloc(1, n);
	unsigned char *once = gzip_of(zeros, n, &m);
	free(zeros);
	unsigned char *twice = gzip_of(once, m, &n);
	assert_true(n < 10000);
	write_file("backup", twice, n);
	free(once);
	free(twice);
	struct opened o;
	open_backup(&o, "backup");
	rp_autoerr struct rp_err *err = NULL;
	struct rp_stream *s = NULL;
	assert_int_equal(rp_artifact_read(o.artifact, &o.artifact->files[0], &s, &err), 0);
	assert_int_equal(rp_stream_drain(s, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_IO);
	assert_string_equal(rp_err_text(err), "unpacks to more than 17.0 MB, which is refused");
	rp_stream_close(s);
	close_backup(&o);
}

static void directory_lists_newest_first(void **state)
{
	(void)state;
	write_file("a", "1", 1);
	write_file("b", "22", 2);
	assert_int_equal(symlink("a", "link"), 0);
	assert_int_equal(utime("a", &(struct utimbuf){2000, 2000}), 0);
	assert_int_equal(utime("b", &(struct utimbuf){1000, 1000}), 0);
	rp_autoerr struct rp_err *err = NULL;
	rp_auto(rp_store) store = NULL;
	rp_auto(rp_point) newest = NULL;
	rp_auto(rp_point) named = NULL;
	rp_auto(rp_point) none = NULL;
	size_t population = 0;
	assert_int_equal(rp_store_open(&store, place, &quiet, &err), 0);
	assert_int_equal(rp_store_choose(store, "newest", &newest, &population, &err), 0);
	assert_string_equal(newest->id, "a");
	assert_int_equal(newest->taken_ms, 2000000);
	assert_int_equal(population, 2);
	assert_int_equal(rp_store_choose(store, "b", &named, &population, &err), 0);
	assert_int_equal(named->size, 2);
	assert_int_equal(rp_store_choose(store, "link", &none, &population, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_USAGE);
	assert_string_equal(rp_err_text(err), "none of 2 backups is 'link'");
}

static void link_that_the_user_names_is_followed(void **state)
{
	(void)state;
	write_file("a", "content", 7);
	assert_int_equal(symlink("a", "link"), 0);
	struct opened o;
	open_backup(&o, "link");
	assert_int_equal(o.point->size, 7);
	assert_string_equal(o.artifact->files[0].name, "link");
	close_backup(&o);
}

static void expect_no_store(const char *path, enum rp_err_kind kind, const char *text)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_auto(rp_store) store = NULL;
	assert_int_equal(rp_store_open(&store, path, &quiet, &err), -1);
	assert_int_equal(rp_err_kind(err), kind);
	assert_string_equal(rp_err_text(err), text);
}

static void places_without_backups_are_told(void **state)
{
	(void)state;
	expect_no_store("nowhere", RP_ERR_IO, "open 'nowhere': No such file or directory");
	expect_no_store("/dev/null", RP_ERR_IO, "'/dev/null' is neither a file nor a directory");
	expect_no_store("s3://bucket/x", RP_ERR_USAGE, "'s3' is no kind of store that is known here");
	rp_autoerr struct rp_err *err = NULL;
	rp_auto(rp_store) store = NULL;
	rp_auto(rp_point) p = NULL;
	assert_int_equal(rp_store_open(&store, place, &quiet, &err), 0);
	assert_int_equal(rp_store_choose(store, "newest", &p, NULL, &err), -1);
	assert_string_equal(rp_err_text(err), "there is no backup to choose from");
}

#define IN_DIRECTORY(f) cmocka_unit_test_setup_teardown(f, in_a_directory, remove_it)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(digest_is_of_the_stored_bytes),
		IN_DIRECTORY(what_a_tool_did_not_want_is_hashed_too),
		IN_DIRECTORY(digest_is_known_when_nothing_was_read),
		IN_DIRECTORY(hole_7_second_reading_must_be_the_same),
		IN_DIRECTORY(damaged_backup_is_opened_and_hashed),
		IN_DIRECTORY(placed_copy_is_private_and_unwrapped),
		IN_DIRECTORY(placing_a_damaged_one_leaves_nothing),
		IN_DIRECTORY(formats_are_known_by_content),
		IN_DIRECTORY(too_many_layers_are_refused),
		IN_DIRECTORY(bomb_is_stopped),
		IN_DIRECTORY(directory_lists_newest_first),
		IN_DIRECTORY(link_that_the_user_names_is_followed),
		IN_DIRECTORY(places_without_backups_are_told),
	};
	return cmocka_run_group_tests_name("artifact", tests, NULL, NULL);
}
