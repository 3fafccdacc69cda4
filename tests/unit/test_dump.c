/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include "tests/unit/recovery_fake.h"
#include "verifier/recovery/format.h"
#include "verifier/util/fd.h"

static const struct rp_engine engine = {.name = "fake"};
static const struct rp_fact how[] = {{"snapshot", "1-2-3"}, {"host", "here"}};

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static int start(struct rp_dump *d, struct rp_err **err)
{
	struct rp_guest *g = rp_dump_guest(d);
	return g->start(g, how, 2, err);
}

static int run(const char *const *command, const char *path, struct rp_file *ret, struct rp_err **err)
{
	rp_auto(rp_dump) d = NULL;
	if (rp_dump_new(&d, &engine, command, path, err) < 0 || start(d, err) < 0)
		return -1;
	return rp_dump_finish(d, ret, err);
}

static void output_becomes_the_file_and_its_digest(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	struct rp_file f = {0};
	assert_int_equal(run(WORDS("printf", "%s", "at {snapshot}"), "out", &f, &err), 0);
	assert_string_equal(f.name, "out");
	assert_int_equal(f.size, 8);
	uint8_t want[RP_SHA256_LEN];
	rp_sha256("at 1-2-3", 8, want);
	assert_memory_equal(f.sha256, want, sizeof want);
	assert_true(f.digested);
	rp_file_done(&f);
	rp_autobuf got = RP_BUF_INIT(100);
	assert_int_equal(rp_file_read("out", &got, &err), 0);
	assert_string_equal(rp_buf_text(&got), "at 1-2-3");
	struct stat st;
	assert_int_equal(stat("out", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void much_output_passes_through(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	struct rp_file f = {0};
	assert_int_equal(run(WORDS("sh", "-c", "head -c 20000000 /dev/zero", "{snapshot}"), "out", &f, &err),
			 0);
	assert_int_equal(f.size, 20000000);
	rp_file_done(&f);
}

static void expect_failure(const char *const *command, const char *path, enum rp_err_kind kind,
			   const char *text)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_file f = {0};
	write_file("backup", "old", 3);
	assert_int_equal(run(command, path, &f, &err), -1);
	assert_int_equal(rp_err_kind(err), kind);
	assert_non_null(strstr(rp_err_text(err), text));
	/* The file of yesterday is still there. */
	rp_autobuf got = RP_BUF_INIT(100);
	assert_int_equal(rp_file_read("backup", &got, NULL), 0);
	assert_string_equal(rp_buf_text(&got), "old");
}

static void failing_command_leaves_no_file(void **state)
{
	(void)state;
	expect_failure(WORDS("sh", "-c", "echo data; echo 'ESC:\033[1m broken' >&2; exit 3", "{snapshot}"),
		       "backup", RP_ERR_ENGINE,
		       "the backup's command failed: exit status 3: ESC:\\u{1b}[1m broken");
	expect_failure(WORDS("sh", "-c", "echo data; kill -9 $$", "{snapshot}"), "backup", RP_ERR_ENGINE,
		       "killed by signal 9");
	expect_failure(WORDS("true", "{snapshot}"), "backup", RP_ERR_USAGE, "wrote nothing");
	expect_failure(WORDS("rp-no-such-tool", "{snapshot}"), "backup", RP_ERR_IO,
		       "execute 'rp-no-such-tool': No such file or directory");
	expect_failure(WORDS("true"), "backup", RP_ERR_USAGE, "does not use {snapshot}");
	expect_failure(WORDS("true", "{snapshot}"), "no/such/backup", RP_ERR_IO,
		       "create a file beside 'no/such/backup': No such file or directory");
	expect_failure(WORDS("true", "{snapshot}"), ".", RP_ERR_USAGE, "is not a regular file");
	expect_failure(NULL, "backup", RP_ERR_USAGE, "no way to back up 'fake'");
}

static void backup_that_is_given_up_is_stopped_and_leaves_nothing(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	struct rp_dump *d = NULL;
	int64_t began = rp_run_clock_ms();
	assert_int_equal(rp_dump_new(&d, &engine, WORDS("sh", "-c", "echo x; exec sleep 60", "{snapshot}"),
				     "out", &err),
			 0);
	assert_int_equal(start(d, &err), 0);
	rp_dump_free(d);
	assert_true(rp_run_clock_ms() - began < 10000);
	assert_int_equal(access("out", F_OK), -1);
}

static void waiting_ends_with_the_run(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	rp_auto(rp_dump) d = NULL;
	struct rp_file f = {0};
	int64_t soon = (rp_run_clock_ms() + 200) * 1000000;
	struct rp_run short_run = {.cancel_fd = -1, .deadline_ns = soon};
	assert_int_equal(
		rp_dump_new(&d, &engine, WORDS("sh", "-c", "exec sleep 60", "{snapshot}"), "out", &err), 0);
	rp_dump_heed(d, &short_run);
	assert_int_equal(start(d, &err), 0);
	assert_int_equal(rp_dump_finish(d, &f, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_TIMEOUT);
}

static void full_disk_is_told_as_such(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	struct rp_file f = {0};
	/* Standard output stands for the file: /dev/full for a disk without room. */
	int saved = dup(STDOUT_FILENO), full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_true(full >= 0 && fflush(stdout) == 0 && dup2(full, STDOUT_FILENO) == STDOUT_FILENO);
	int r = run(WORDS("sh", "-c", "yes", "{snapshot}"), "-", &f, &err);
	assert_int_equal(dup2(saved, STDOUT_FILENO), STDOUT_FILENO);
	(void)close(saved);
	(void)close(full);
	assert_int_equal(r, -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_IO);
	assert_string_equal(rp_err_text(err), "backup '-': write: No space left on device");
}

#define IN_DIRECTORY(f) cmocka_unit_test_setup_teardown(f, in_a_directory, remove_it)

int main(void)
{
	(void)setenv("PATH", "/usr/bin:/bin", 1);
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(output_becomes_the_file_and_its_digest),
		IN_DIRECTORY(much_output_passes_through),
		IN_DIRECTORY(failing_command_leaves_no_file),
		IN_DIRECTORY(backup_that_is_given_up_is_stopped_and_leaves_nothing),
		IN_DIRECTORY(waiting_ends_with_the_run),
		IN_DIRECTORY(full_disk_is_told_as_such),
	};
	(void)gzip_of;
	(void)open_backup;
	(void)close_backup;
	(void)read_all;
	return cmocka_run_group_tests_name("dump", tests, NULL, NULL);
}
