/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

static int fsync_fails_at, fsync_calls;
static size_t write_chunk;
static int write_eintr;

int __wrap_fsync(int fd);
int __real_fsync(int fd);
int __wrap_fsync(int fd)
{
	if (++fsync_calls == fsync_fails_at) {
		errno = EIO;
		return -1;
	}
	return __real_fsync(fd);
}

ssize_t __wrap_write(int fd, const void *p, size_t n);
ssize_t __real_write(int fd, const void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n)
{
	if (write_eintr > 0 && fd > 2) {
		write_eintr--;
		errno = EINTR;
		return -1;
	}
	if (write_chunk > 0 && n > write_chunk && fd > 2)
		n = write_chunk;
	return __real_write(fd, p, n);
}

static int in_scratch_dir(void **state)
{
	char *dir = strdup("/tmp/rp-test-XXXXXX");
	*state = dir;
	fsync_fails_at = fsync_calls = write_eintr = 0;
	write_chunk = 0;
	return mkdtemp(dir) != NULL && chdir(dir) == 0 ? 0 : -1;
}

static int drop_scratch_dir(void **state)
{
	char *dir = *state;
	(void)unlink("f");
	int r = chdir("/") == 0 ? rmdir(dir) : -1; /* rmdir fails when a temporary was left behind */
	free(dir);
	return r;
}

static void file_replace_survives_short_writes_and_eintr(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	write_chunk = 3;
	write_eintr = 2;
	assert_int_equal(rp_file_replace("f", "hello world", 11, 0644, &err), 0);
	char got[32] = {0};
	rp_autoclose int fd = open("f", O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, got, sizeof got), 11);
	assert_string_equal(got, "hello world");
}

static void file_replace_keeps_old_file_when_fsync_fails(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(rp_file_replace("f", "old", 3, 0644, &err), 0);
	fsync_fails_at = fsync_calls + 1;
	assert_int_equal(rp_file_replace("f", "new", 3, 0644, &err), -1);
	assert_string_equal(rp_err_text(err), "write 'f': fsync: Input/output error");
	char got[8] = {0};
	rp_autoclose int fd = open("f", O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, got, sizeof got), 3);
	assert_string_equal(got, "old");
}

static void file_replace_gives_the_mode_asked_for(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(rp_file_replace("f", "key", 3, 0600, &err), 0);
	struct stat st;
	assert_int_equal(stat("f", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void file_read_has_a_ceiling_and_wants_a_file(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(rp_file_replace("f", "123456", 6, 0600, &err), 0);
	rp_autobuf b = RP_BUF_INIT(5);
	assert_int_equal(rp_file_read("f", &b, &err), -1);
	assert_string_equal(rp_err_text(err), "'f' is larger than 5 bytes, the most that is read");
	rp_err_freep(&err);
	rp_autobuf c = RP_BUF_INIT(5);
	assert_int_equal(rp_file_read(".", &c, &err), -1);
	assert_string_equal(rp_err_text(err), "'.' is not a regular file");
}

static void tree_remove_does_not_follow_links(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(rp_dir_make("tree/deep/er", 0700, &err), 0);
	assert_int_equal(rp_file_replace("f", "keep", 4, 0600, &err), 0);
	assert_int_equal(rp_file_replace("tree/deep/file", "12", 2, 0600, &err), 0);
	assert_int_equal(symlink("..", "tree/deep/up"), 0);
	uint64_t size = 0;
	assert_int_equal(rp_tree_size("tree", &size, &err), 0);
	assert_true(size >= 2);
	assert_int_equal(rp_tree_remove("tree", &err), 0);
	assert_int_equal(access("tree", F_OK), -1);
	assert_int_equal(access("f", F_OK), 0);
	assert_int_equal(rp_tree_remove("tree", &err), 0);
}

static void what_a_killed_run_left_beside_is_removed_by_the_next_and_nothing_else(void **state)
{
	(void)state;
	static const char *const others[] = {"f.reprove-", "f.reprove-abc", "g.reprove-abcdef",
					     "f.part-abcdef"};
	int left = open("f.reprove-a1b2C3", O_WRONLY | O_CREAT, 0600);
	int busy = open("f.reprove-busyyy", O_WRONLY | O_CREAT, 0600);
	assert_true(left >= 0 && busy >= 0);
	assert_int_equal(close(left), 0);
	assert_int_equal(flock(busy, LOCK_EX), 0);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_int_equal(close(open(others[i], O_WRONLY | O_CREAT, 0600)), 0);
	assert_int_equal(rp_file_replace("f", "new", 3, 0644, NULL), 0);
	assert_int_equal(access("f.reprove-a1b2C3", F_OK), -1);
	assert_int_equal(unlink("f.reprove-busyyy"), 0);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_int_equal(unlink(others[i]), 0);
	assert_int_equal(close(busy), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(file_replace_survives_short_writes_and_eintr, in_scratch_dir,
						drop_scratch_dir),
		cmocka_unit_test_setup_teardown(file_replace_keeps_old_file_when_fsync_fails, in_scratch_dir,
						drop_scratch_dir),
		cmocka_unit_test_setup_teardown(
			what_a_killed_run_left_beside_is_removed_by_the_next_and_nothing_else, in_scratch_dir,
			drop_scratch_dir),
		cmocka_unit_test_setup_teardown(file_replace_gives_the_mode_asked_for, in_scratch_dir,
						drop_scratch_dir),
		cmocka_unit_test_setup_teardown(file_read_has_a_ceiling_and_wants_a_file, in_scratch_dir,
						drop_scratch_dir),
		cmocka_unit_test_setup_teardown(tree_remove_does_not_follow_links, in_scratch_dir,
						drop_scratch_dir),
	};
	return cmocka_run_group_tests_name("fd", tests, NULL, NULL);
}
