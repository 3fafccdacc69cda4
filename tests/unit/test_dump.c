/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include "tests/unit/recovery_fake.h"
#include "verifier/recovery/dump.h"
#include "verifier/recovery/format.h"
#include "verifier/recovery/mysqldump_make.h"
#include "verifier/util/argv.h"
#include "verifier/util/fd.h"

static const struct rp_engine engine = {.name = "fake"};
static const struct rp_fact how[] = {{"snapshot", "1-2-3"}, {"host", "here"}};

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static int start(struct rp_dump *d, struct rp_err **err)
{
	struct rp_guest *g = rp_dump_guest(d);
	return g->start(g, how, 2, err);
}

static int new_dump(struct rp_dump **ret, const char *const *command, const char *path, struct rp_err **err)
{
	const struct rp_dump_wish wish = {.engine = &engine, .command = command, .path = path};
	return rp_dump_new(ret, &wish, err);
}

static int finish(struct rp_dump *d, struct rp_file *ret, struct rp_err **err)
{
	struct rp_made made = {0};
	if (rp_dump_finish(d, &made, err) < 0)
		return -1;
	assert_int_equal(made.n_files, 1);
	*ret = made.files[0];
	free(made.files);
	return 0;
}

static int run(const char *const *command, const char *path, struct rp_file *ret, struct rp_err **err)
{
	rp_auto(rp_dump) d = NULL;
	if (new_dump(&d, command, path, err) < 0 || start(d, err) < 0)
		return -1;
	return finish(d, ret, err);
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

static void a_tool_may_write_its_backup_itself(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	struct rp_file f = {0};
	assert_int_equal(run(WORDS("sh", "-c", "echo {snapshot}; printf hello >{path}"), "out", &f, &err), 0);
	assert_string_equal(f.name, "out");
	uint8_t want[RP_SHA256_LEN];
	rp_sha256("hello", 5, want);
	assert_memory_equal(f.sha256, want, sizeof want);
	rp_file_done(&f);
	rp_autobuf got = RP_BUF_INIT(100);
	assert_int_equal(rp_file_read("out", &got, &err), 0);
	assert_string_equal(rp_buf_text(&got), "hello");
	/* That nothing else is left is seen at the end of each test. */
	expect_failure(WORDS("sh", "-c", "echo {snapshot} {path}"), "a", RP_ERR_USAGE,
		       "wrote nothing to {path}");
	expect_failure(WORDS("sh", "-c", "echo {snapshot} >{path}; exit 3"), "a", RP_ERR_ENGINE,
		       "exit status 3");
	expect_failure(WORDS("echo", "{snapshot}", "{path}"), "-", RP_ERR_USAGE,
		       "cannot go to standard output");
	expect_failure(WORDS("echo", "{snapshot}", "{path}"), "a/", RP_ERR_USAGE, "names no file");
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
	assert_int_equal(new_dump(&d, WORDS("sh", "-c", "echo x; exec sleep 60", "{snapshot}"), "out", &err),
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
	assert_int_equal(new_dump(&d, WORDS("sh", "-c", "exec sleep 60", "{snapshot}"), "out", &err), 0);
	rp_dump_heed(d, &short_run);
	assert_int_equal(start(d, &err), 0);
	assert_int_equal(finish(d, &f, &err), -1);
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

/* An engine that waits for its guest is told when it has ended, and why. */
static void a_guest_that_ended_is_noticed(void **state)
{
	(void)state;
	static const struct {
		const char *command, *text;
	} all[] = {
		{"echo no such user >&2; exit 2", "exit status 2: no such user"},
		{"echo data", "ended before it saw the moment"},
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		rp_autoerr struct rp_err *err = NULL;
		rp_auto(rp_dump) d = NULL;
		assert_int_equal(new_dump(&d, WORDS("sh", "-c", all[i].command, "{snapshot}"), "out", &err),
				 0);
		assert_int_equal(start(d, &err), 0);
		struct rp_guest *g = rp_dump_guest(d);
		int r = 0;
		for (int n = 0; n < 500 && r == 0; n++) {
			(void)poll(NULL, 0, 10);
			r = g->check(g, &err);
		}
		assert_int_equal(r, -1);
		assert_non_null(strstr(rp_err_text(err), all[i].text));
	}
}

static void a_guest_that_lives_is_left_alone(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	rp_auto(rp_dump) d = NULL;
	assert_int_equal(new_dump(&d, WORDS("sh", "-c", "exec sleep 60", "{snapshot}"), "out", &err), 0);
	assert_int_equal(start(d, &err), 0);
	assert_int_equal(rp_dump_guest(d)->check(rp_dump_guest(d), &err), 0);
}

static int words(const char *const *command, const struct rp_fact *facts, size_t n, struct rp_err **err)
{
	rp_cleanup(rp_argv_done) struct rp_argv argv = {0};
	return rp_dump_words(&argv, command, facts, n, err);
}

static void a_command_must_come_by_a_way_that_there_is(void **state)
{
	(void)state;
	static const struct rp_fact my[] = {{"socket", "/s"}, {"defaults", "/d"}, {"database", "-x"}};
	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(words(WORDS("x", "--socket={socket}"), my, 3, NULL), 0);
	assert_int_equal(words(WORDS("x", "--defaults-file={defaults}"), my, 3, NULL), 0);
	assert_int_equal(words(WORDS("x"), NULL, 0, NULL), 0);
	assert_int_equal(words(WORDS("x", "{database}", "{socket}"), my, 3, NULL), -1);
	assert_int_equal(words(WORDS("x"), my, 3, &err), -1);
	assert_non_null(strstr(rp_err_text(err), "uses neither {defaults} nor {socket}"));
	assert_non_null(strstr(rp_err_hint_text(err), "--defaults-file={defaults}"));
}

static void what_a_dump_tool_says_is_an_error_unless_it_warns(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		bool harmless;
	} all[] = {
		{"mysqldump: [Warning] Using a password on the command line interface can be insecure.",
		 true},
		{"Warning: A partial dump from a server that has GTIDs will by default include the GTIDs",
		 true},
		{"Warning: /usr/bin/mariadb-dump: unknown variable 'loose-ssl-mode=DISABLED'", true},
		{"WARNING: --master-data is deprecated and will be removed in a future version.", true},
		{"-- Connecting to localhost...", true},
		{"", true},
		{"mysqldump: Error: 'Access denied; you need (at least one of) the PROCESS privilege(s) for "
		 "this operation' when trying to dump tablespaces",
		 false},
		{"mysqldump: Couldn't execute 'SHOW FUNCTION STATUS': SELECT command denied", false},
		{"mysqldump: Got error: 1356: View 'x.y' references invalid table(s)", false},
		{"-- Warning: Skipping the data of table mysql.event.", false},
		{"mysqldump: [Warning] SELECT command denied to user", false},
		{"/usr/bin/mariadb-dump: Error 1412: Table definition has changed", false},
		{"anything else", false},
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (rp_mysqldump_harmless(all[i].line, strlen(all[i].line)) != all[i].harmless)
			fail_msg("'%s'", all[i].line);
	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(rp_dump_judge("Warning: a\n\n-- b", rp_mysqldump_harmless, NULL, NULL, NULL), 0);
	assert_int_equal(rp_dump_judge("Warning: a\nno\033more\n", rp_mysqldump_harmless, NULL, NULL, &err),
			 -1);
	assert_string_equal(rp_err_text(err),
			    "the backup's command failed: it ended well, but said: no\\u{1b}more");
}

#define IN_DIRECTORY(f) cmocka_unit_test_setup_teardown(f, in_a_directory, remove_it)

int main(void)
{
	(void)setenv("PATH", "/usr/bin:/bin", 1);
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(output_becomes_the_file_and_its_digest),
		IN_DIRECTORY(a_tool_may_write_its_backup_itself),
		IN_DIRECTORY(much_output_passes_through),
		IN_DIRECTORY(failing_command_leaves_no_file),
		IN_DIRECTORY(backup_that_is_given_up_is_stopped_and_leaves_nothing),
		IN_DIRECTORY(waiting_ends_with_the_run),
		IN_DIRECTORY(full_disk_is_told_as_such),
		IN_DIRECTORY(a_guest_that_ended_is_noticed),
		IN_DIRECTORY(a_guest_that_lives_is_left_alone),
		cmocka_unit_test(a_command_must_come_by_a_way_that_there_is),
		cmocka_unit_test(what_a_dump_tool_says_is_an_error_unless_it_warns),
	};
	return cmocka_run_group_tests_name("dump", tests, NULL, NULL);
}
