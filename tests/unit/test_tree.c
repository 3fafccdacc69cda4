/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <sys/resource.h>
#include <utime.h>

#include "tests/unit/recovery_fake.h"
#include "tests/unit/tar_fake.h"
#include "verifier/recovery/tar.h"
#include "verifier/util/beneath.h"
#include "verifier/util/fd.h"

/* Backups that are a directory, and tars of one. */

static int clear(void **state)
{
	(void)state;
	return chdir("/") == 0 ? rp_tree_remove(place, NULL) : -1;
}

static void make(const char *path, const char *data)
{
	rp_autofree char *dir = strdup(path);
	char *slash = strrchr(dir, '/');
	if (slash != NULL) {
		*slash = '\0';
		assert_int_equal(rp_dir_make(dir, 0755, NULL), 0);
	}
	write_file(path, data, strlen(data));
}

static void expect_file(const char *dir, const char *name, const char *want)
{
	rp_autofree char *path = NULL;
	rp_autobuf got = RP_BUF_INIT(10000);
	struct stat st;
	assert_true(asprintf(&path, "%s/%s", dir, name) > 0);
	assert_int_equal(rp_file_read(path, &got, NULL), 0);
	assert_string_equal(rp_buf_text(&got), want);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void a_directory_is_one_backup_with_all_its_files(void **state)
{
	(void)state;
	make("dump/toc.dat", "PGDMP...");
	make("dump/b/3.dat", "three");
	make("dump/1.dat", "one");
	assert_int_equal(mkdir("dump/empty", 0755), 0);
	assert_int_equal(mkdir("out", 0755), 0);
	struct opened o;
	open_backup(&o, "dump/");
	rp_autoerr struct rp_err *err = NULL;
	rp_autofree char *path = NULL;
	assert_true(o.point->tree);
	assert_string_equal(o.point->id, "dump");
	assert_int_equal(o.artifact->n_files, 3);
	assert_string_equal(o.artifact->files[0].name, "1.dat");
	assert_string_equal(o.artifact->files[1].name, "b/3.dat");
	assert_string_equal(o.artifact->files[2].name, "toc.dat");
	assert_int_equal(o.point->size, 16);
	assert_true(rp_artifact_has(o.artifact, "b/3.dat"));
	assert_false(rp_artifact_has(o.artifact, "3.dat"));
	uint8_t head[4];
	size_t len;
	assert_int_equal(rp_artifact_look(o.artifact, "toc.dat", head, sizeof head, &len, &err), 0);
	assert_int_equal(len, 4);
	assert_memory_equal(head, "PGDM", 4);
	assert_int_equal(rp_artifact_place_tree(o.artifact, "out", &path, &err), 0);
	expect_file(path, "1.dat", "one");
	expect_file(path, "b/3.dat", "three");
	struct stat st;
	rp_autofree char *empty = NULL;
	assert_true(asprintf(&empty, "%s/empty", path) > 0);
	assert_int_equal(stat(empty, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	for (size_t i = 0; i < 3; i++)
		assert_true(o.artifact->files[i].digested);
	close_backup(&o);
}

static void wrappings_of_files_stay(void **state)
{
	(void)state;
	size_t n;
	unsigned char *zipped = gzip_of("hello", 5, &n);
	make("dump/toc.dat", "PGDMP...");
	write_file("dump/1.dat.gz", zipped, n);
	assert_int_equal(mkdir("out", 0755), 0);
	struct opened o;
	open_backup(&o, "dump");
	rp_autoerr struct rp_err *err = NULL;
	rp_autofree char *stored = NULL, *name = NULL;
	struct stat st;
	assert_int_equal(rp_artifact_place_tree(o.artifact, "out", &stored, &err), 0);
	assert_true(asprintf(&name, "%s/1.dat.gz", stored) > 0);
	assert_int_equal(stat(name, &st), 0);
	assert_int_equal(st.st_size, n);
	uint8_t want[RP_SHA256_LEN];
	rp_sha256(zipped, n, want);
	assert_memory_equal(o.artifact->files[0].sha256, want, sizeof want);
	free(zipped);
	close_backup(&o);
}

static void refused(const char *dir, const char *text)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_auto(rp_store) store = NULL;
	rp_auto(rp_point) p = NULL;
	rp_auto(rp_artifact) a = NULL;
	assert_int_equal(rp_store_open(&store, dir, &quiet, &err), 0);
	assert_int_equal(rp_store_choose(store, "newest", &p, NULL, &err), 0);
	assert_int_equal(rp_artifact_open(&a, store, p, NULL, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_BACKUP);
	assert_string_equal(rp_err_text(err), text);
}

static void links_and_pipes_are_refused(void **state)
{
	(void)state;
	make("dump/toc.dat", "PGDMP...");
	assert_int_equal(symlink("/etc", "dump/l"), 0);
	refused("dump", "backup 'dump': 'l' is a symbolic link, which is refused in a backup");
	assert_int_equal(unlink("dump/l"), 0);
	assert_int_equal(mkfifo("dump/p", 0600), 0);
	refused("dump", "backup 'dump': 'p' is neither a file nor a directory, which is refused in a backup");
}

static void tablespaces_are_found_behind_their_links(void **state)
{
	(void)state;
	make("data/PG_VERSION", "15\n");
	make("data/global/pg_control", "control");
	make("fast/PG_15_202209061/5/112", "rows");
	make("fast/secret", "nobody's business");
	make("wal/000000010000000000000001", "log");
	make("wal/secret", "nobody's business");
	assert_int_equal(mkdir("data/pg_tblspc", 0755), 0);
	assert_int_equal(symlink("../../fast", "data/pg_tblspc/16400"), 0);
	assert_int_equal(symlink("../wal", "data/pg_wal"), 0);
	struct opened o;
	open_backup(&o, "data");
	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(o.artifact->n_files, 4);
	assert_true(rp_artifact_has(o.artifact, "pg_tblspc/16400/PG_15_202209061/5/112"));
	assert_true(rp_artifact_has(o.artifact, "pg_wal/000000010000000000000001"));
	assert_int_equal(rp_artifact_finish(o.artifact, &err), 0);
	close_backup(&o);
	assert_int_equal(unlink("data/pg_wal"), 0);
	assert_int_equal(symlink("../nowhere", "data/pg_wal"), 0);
	refused("data", "backup 'data': 'pg_wal' is a link to a directory that is not there");
}

/* A name that has become a link since it was looked at is not followed. */
static void what_is_swapped_for_a_link_is_not_read(void **state)
{
	(void)state;
	make("dump/toc.dat", "PGDMP...");
	make("dump/1.dat", "one");
	struct opened o;
	open_backup(&o, "dump");
	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(unlink("dump/1.dat"), 0);
	assert_int_equal(symlink("/etc/passwd", "dump/1.dat"), 0);
	assert_int_equal(rp_artifact_finish(o.artifact, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_IO);
	close_backup(&o);
}

static void many_files_need_few_descriptors(void **state)
{
	(void)state;
	make("dump/toc.dat", "PGDMP...");
	char name[64];
	for (int i = 0; i < 300; i++) {
		(void)snprintf(name, sizeof name, "dump/%d.dat", i);
		make(name, "some bytes");
	}
	struct rlimit was, few = {100, 100};
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	few.rlim_max = was.rlim_max;
	struct opened o;
	open_backup(&o, "dump");
	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	/* A look at the beginning of each, as a tool would that reads in parts. */
	for (size_t i = 0; i < o.artifact->n_files; i++) {
		rp_auto(rp_stream) s = NULL;
		char c;
		assert_int_equal(rp_artifact_read_stored(o.artifact, &o.artifact->files[i], &s, &err), 0);
		assert_int_equal(rp_stream_read(s, &c, 1, &err), 1);
	}
	assert_int_equal(rp_artifact_finish(o.artifact, &err), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	for (size_t i = 0; i < o.artifact->n_files; i++)
		assert_true(o.artifact->files[i].digested);
	close_backup(&o);
}

static const struct {
	const char *file, *data, *beside;
	bool is_one;
} looks[] = {
	{"toc.dat", "PGDMP", NULL, true},
	{"toc.dat", "something else", NULL, false},
	{"backup_label", "START WAL LOCATION: 0/2000028", NULL, true},
	{"backup_manifest", "{ \"PostgreSQL-Backup-Manifest-Version\": 1,", NULL, true},
	{"PG_VERSION", "15\n", "global/pg_control", true},
	{"PG_VERSION", "15\n", NULL, false},
	{"base.tar.gz", "\x1f\x8b", "pg_wal.tar.gz", true},
	{"base.tar.gz", "\x1f\x8b", NULL, false},
	{"metadata", "# Started dump at: 2026-11-21 06:00:00\n", NULL, true},
	{"metadata", "some other tool's", NULL, false},
	{"metadata", "[config]\n", "shop-schema-create.sql.zst", true},
	{"xtrabackup_checkpoints", "backup_type = full-backuped\n", NULL, true},
	{"inc1/xtrabackup_checkpoints", "backup_type = incremental\n", "full/ibdata1", true},
	{"mon/xtrabackup_checkpoints", "backup_type = full-backuped\n", "tue/ibdata1", false},
	{"backup/main/backup.info", "[backrest]\n", "archive/main/archive.info", true},
};

static int count(void *ctx, const struct rp_point *p, struct rp_err **err)
{
	size_t *n = ctx;
	(void)err;
	*n += p->tree && strcmp(p->id, "backup") == 0;
	return 0;
}

static void directories_are_known_by_what_is_in_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++) {
		rp_autoerr struct rp_err *err = NULL;
		rp_autofree char *file = NULL, *beside = NULL;
		rp_auto(rp_store) itself = NULL;
		rp_auto(rp_store) above = NULL;
		size_t n = 0;
		assert_true(asprintf(&file, "in/backup/%s", looks[i].file) > 0);
		assert_true(asprintf(&beside, "in/backup/%s", looks[i].beside) > 0);
		make(file, looks[i].data);
		if (looks[i].beside != NULL)
			make(beside, "x");
		assert_int_equal(rp_store_open(&above, "in", &quiet, &err), 0);
		assert_int_equal(above->driver->list(above, count, &n, &err), 0);
		assert_int_equal(n, looks[i].is_one);
		n = 0;
		assert_int_equal(rp_store_open(&itself, "in/backup", &quiet, &err), 0);
		rp_auto(rp_point) p = NULL;
		assert_int_equal(rp_store_choose(itself, "newest", &p, NULL, &err), 0);
		assert_int_equal(p->tree, looks[i].is_one);
		assert_int_equal(rp_tree_remove("in", NULL), 0);
	}
}

static void directories_of_directories_are_looked_through(void **state)
{
	(void)state;
	make("all/2026/11/20/shop.sql", "old");
	make("all/2026/11/21/dump/toc.dat", "PGDMP");
	make("all/.2026-half/shop.sql", "hidden");
	assert_int_equal(utime("all/2026/11/20/shop.sql", &(struct utimbuf){1000, 1000}), 0);
	assert_int_equal(utime("all/2026/11/21/dump/toc.dat", &(struct utimbuf){2000, 2000}), 0);
	rp_autoerr struct rp_err *err = NULL;
	rp_auto(rp_store) store = NULL;
	rp_auto(rp_point) newest = NULL;
	rp_auto(rp_point) named = NULL;
	rp_auto(rp_artifact) a = NULL;
	size_t n;
	assert_int_equal(rp_store_open(&store, "all", &quiet, &err), 0);
	assert_int_equal(rp_store_choose(store, "newest", &newest, &n, &err), 0);
	assert_string_equal(newest->id, "2026/11/21/dump");
	assert_int_equal(newest->taken_ms, 2000000);
	assert_int_equal(n, 2);
	assert_int_equal(rp_store_choose(store, "2026/11/20/shop.sql", &named, &n, &err), 0);
	assert_int_equal(rp_artifact_open(&a, store, named, NULL, &err), 0);
	assert_string_equal(a->files[0].name, "shop.sql");
	assert_int_equal(rp_artifact_finish(a, &err), 0);
	assert_int_equal(a->files[0].size, 3);
}

static int unpack(const struct rp_buf *tar, struct rp_err **err)
{
	rp_auto(rp_stream) from = NULL;
	assert_int_equal(rp_stream_of_memory(&from, rp_buf_text(tar), tar->len, err), 0);
	assert_true(mkdir("out", 0700) == 0 || errno == EEXIST);
	return rp_tar_unpack(from, "x.tar", "out", &quiet, err);
}

static void expect_refusal(const struct rp_buf *tar, const char *text)
{
	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(unpack(tar, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_BACKUP);
	assert_string_equal(rp_err_text(err), text);
	assert_int_equal(rp_tree_remove("out", NULL), 0);
}

static void a_tar_is_unpacked_and_loses_its_top(void **state)
{
	(void)state;
	rp_autobuf tar = RP_BUF_INIT(100000);
	tar_add(&tar, "./", TAR_DIRECTORY, "");
	tar_add(&tar, "./backups/", TAR_DIRECTORY, "");
	tar_add(&tar, "./backups//shop/toc.dat", TAR_FILE, "PGDMP...");
	tar_add(&tar, "./backups/shop/d/1.dat", TAR_FILE, "one");
	tar_end(&tar);
	size_t n;
	unsigned char *zipped = gzip_of(rp_buf_text(&tar), tar.len, &n);
	write_file("backup", zipped, n);
	free(zipped);
	assert_int_equal(mkdir("out", 0700), 0);
	struct opened o;
	open_backup(&o, "backup");
	rp_autoerr struct rp_err *err = NULL;
	rp_autofree char *path = NULL;
	uint8_t head[8];
	size_t len;
	assert_true(rp_artifact_is_tar(o.artifact));
	assert_true(rp_artifact_has(o.artifact, "toc.dat"));
	assert_true(rp_artifact_has(o.artifact, "shop/toc.dat"));
	assert_true(rp_artifact_has(o.artifact, "d/1.dat"));
	assert_false(rp_artifact_has(o.artifact, "1.dat"));
	assert_int_equal(rp_artifact_look(o.artifact, "toc.dat", head, sizeof head, &len, &err), 0);
	assert_int_equal(len, 8);
	assert_memory_equal(head, "PGDMP...", 8);
	assert_int_equal(rp_artifact_place_tree(o.artifact, "out", &path, &err), 0);
	expect_file(path, "toc.dat", "PGDMP...");
	expect_file(path, "d/1.dat", "one");
	assert_true(o.artifact->files[0].digested);
	close_backup(&o);
}

static void hostile_members_are_refused(void **state)
{
	static const struct {
		const char *name;
		char type;
		const char *link, *text;
	} cases[] = {
		{"../up", TAR_FILE, "x",
		 "'x.tar': member '../up' has a name that leads out of its directory or is no name, which is refused"},
		{"a/../../up", TAR_FILE, "x",
		 "'x.tar': member 'a/../../up' has a name that leads out of its directory or is no name, which is "
		 "refused"},
		{"/abs", TAR_FILE, "x",
		 "'x.tar': member '/abs' has a name that leads out of its directory or is no name, which is refused"},
		{"bell\a", TAR_FILE, "x",
		 "'x.tar': member 'bell\a' has a name that leads out of its directory or is no name, which is "
		 "refused"},
		{"link", TAR_LINK, "/etc", "'x.tar': member 'link' is a link, which is refused"},
		{"link", TAR_HARD_LINK, "first", "'x.tar': member 'link' is a link, which is refused"},
		{"null", TAR_DEVICE, "",
		 "'x.tar': member 'null' is neither a file nor a directory, which is refused"},
		{"pipe", TAR_FIFO, "",
		 "'x.tar': member 'pipe' is neither a file nor a directory, which is refused"},
		{"first", TAR_FILE, "again", "'x.tar': member 'first' is there twice, which is refused"},
		{"first/below", TAR_FILE, "x",
		 "'x.tar': member 'first/below' lies below a file, which is refused"},
		{"first", TAR_DIRECTORY, "", "'x.tar': member 'first' is there twice, which is refused"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rp_autobuf tar = RP_BUF_INIT(100000);
		tar_add(&tar, "first", TAR_FILE, "x");
		tar_add(&tar, cases[i].name, cases[i].type, cases[i].link);
		tar_end(&tar);
		expect_refusal(&tar, cases[i].text);
		assert_int_equal(access("up", F_OK), -1);
	}
}

static void a_tar_is_whole_or_refused(void **state)
{
	(void)state;
	rp_autobuf tar = RP_BUF_INIT(100000);
	rp_autoerr struct rp_err *err = NULL;
	tar_add(&tar, "first", TAR_FILE, "x");
	expect_refusal(
		&tar,
		"'x.tar' is truncated: it ends behind its member 'first', without the mark that ends a tar "
		"archive");
	tar_end(&tar);
	assert_int_equal(unpack(&tar, &err), 0);
	assert_int_equal(rp_tree_remove("out", NULL), 0);
	rp_autobuf padded = RP_BUF_INIT(200000);
	rp_buf_add_mem(&padded, rp_buf_text(&tar), tar.len);
	for (int i = 0; i < 100; i++)
		tar_end(&padded);
	assert_int_equal(unpack(&padded, &err), 0);
	assert_int_equal(rp_tree_remove("out", NULL), 0);
	rp_buf_add_mem(&padded, "", 1);
	expect_refusal(&padded, "'x.tar' is truncated: it does not end at the end of a block of 512 bytes");
	for (size_t len = 1; len < tar.len; len += 37) {
		rp_autobuf cut = RP_BUF_INIT(100000);
		rp_autoerr struct rp_err *why = NULL;
		rp_buf_add_mem(&cut, rp_buf_text(&tar), len);
		assert_int_equal(unpack(&cut, &why), -1);
		assert_int_equal(rp_err_kind(why), RP_ERR_BACKUP);
		assert_int_equal(rp_tree_remove("out", NULL), 0);
	}
	tar_add(&tar, "second", TAR_FILE, "y");
	tar_end(&tar);
	expect_refusal(
		&tar,
		"'x.tar' goes on behind the mark that ends a tar archive, which is refused: are several "
		"archives one behind the other in it?");
	rp_autobuf none = RP_BUF_INIT(100000);
	expect_refusal(&none, "'x.tar' is damaged: it begins with no member of a tar archive");
	tar_end(&none);
	tar_end(&none);
	expect_refusal(&none, "'x.tar' is a tar archive without any member");
}

static void a_member_larger_than_the_disk_is_not_begun(void **state)
{
	(void)state;
	rp_autobuf tar = RP_BUF_INIT(100000);
	rp_autoerr struct rp_err *err = NULL;
	tar_add_sized(&tar, "huge", TAR_FILE, "", "x", 1, 1ULL << 60);
	tar_end(&tar);
	assert_int_equal(unpack(&tar, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_IO);
	assert_non_null(
		strstr(rp_err_text(err), "not enough disk to unpack 'x.tar': its member 'huge' takes"));
	assert_int_equal(rp_tree_remove("out", NULL), 0);
}

static void names_stay_below(void **state)
{
	(void)state;
	assert_true(rp_beneath_name("a/b.c/...d"));
	const char *const bad[] = {"",	  "/",	"/a",	"a/",	  "a//b", ".",
				   "./a", "..", "a/..", "a/../b", "a\nb", "\x7f"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(rp_beneath_name(bad[i]));
	char long_one[RP_BENEATH_MAX + 2];
	memset(long_one, 'a', sizeof long_one - 1);
	long_one[sizeof long_one - 1] = '\0';
	assert_false(rp_beneath_name(long_one));
}

#define IN_DIRECTORY(f) cmocka_unit_test_setup_teardown(f, in_a_directory, clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(a_directory_is_one_backup_with_all_its_files),
		IN_DIRECTORY(wrappings_of_files_stay),
		IN_DIRECTORY(links_and_pipes_are_refused),
		IN_DIRECTORY(tablespaces_are_found_behind_their_links),
		IN_DIRECTORY(what_is_swapped_for_a_link_is_not_read),
		IN_DIRECTORY(many_files_need_few_descriptors),
		IN_DIRECTORY(directories_are_known_by_what_is_in_them),
		IN_DIRECTORY(directories_of_directories_are_looked_through),
		IN_DIRECTORY(a_tar_is_unpacked_and_loses_its_top),
		IN_DIRECTORY(hostile_members_are_refused),
		IN_DIRECTORY(a_tar_is_whole_or_refused),
		IN_DIRECTORY(a_member_larger_than_the_disk_is_not_begun),
		cmocka_unit_test(names_stay_below),
	};
	return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
