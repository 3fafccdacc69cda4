/* SPDX-License-Identifier: MIT */
#include "tests/server/scratch_lib.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "verifier/util/fd.h"

/* What dies, and what is left. */

/* A run in a process of its own, that gets as far as 'start' and then waits to be killed. Tells where it is. */
static pid_t other_run(const char *base, bool start, bool keep, char *ret_dir, pid_t *ret_server)
{
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		rp_run_done(&run); /* a pipe for signals of its own */
		if (rp_run_init(&run, NULL) < 0)
			_exit(1);
		struct rp_scratch_wish wish = wish_in(base);
		wish.keep = keep;
		struct rp_scratch *s = NULL;
		if (rp_scratch_make(&s, &wish, &run, NULL) < 0 || (start && rp_scratch_start(s, NULL) < 0))
			_exit(1);
		dprintf(ends[1], "%s %d\n", s->dir, (int)s->hosted->proc.pid);
		pause();
		_exit(rp_scratch_remove(s, NULL) < 0);
	}
	(void)close(ends[1]);
	char line[4096] = {0};
	assert_true(read(ends[0], line, sizeof line - 1) > 0);
	(void)close(ends[0]);
	int server = 0;
	assert_int_equal(sscanf(line, "%1000s %d", ret_dir, &server), 2);
	*ret_server = server;
	return pid;
}

static void killed(pid_t pid, int sig)
{
	assert_int_equal(kill(pid, sig), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static bool is_gone(pid_t pid)
{
	for (int i = 0; i < 400; i++) {
		if (kill(pid, 0) < 0)
			return true;
		usleep(20000);
	}
	return false;
}

static void after_a_kill_the_server_dies_and_the_next_run_removes_the_rest(void **state)
{
	char dir[1024];
	pid_t server;
	pid_t pid = other_run(*state, true, false, dir, &server);
	killed(pid, SIGKILL);
	assert_true(is_gone(server));
	assert_true(exists(dir, "owner"));
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = made(&wish);
	assert_false(exists(dir, ""));
	removed(s);
}

static void a_server_that_outlived_its_run_is_reaped(void **state)
{
	char dir[1024];
	pid_t server;
	pid_t pid =
		other_run(*state, true, true, dir, &server); /* to be kept: does not die with its parent */
	killed(pid, SIGKILL);
	usleep(100000);
	assert_int_equal(kill(server, 0), 0);
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = made(&wish);
	assert_true(is_gone(server));
	assert_false(exists(dir, ""));
	removed(s);
}

static void a_living_run_is_left_alone(void **state)
{
	char dir[1024];
	pid_t server;
	pid_t pid = other_run(*state, true, false, dir, &server);
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = made(&wish);
	assert_true(exists(dir, "owner"));
	assert_int_equal(kill(server, 0), 0);
	removed(s);
	killed(pid, SIGTERM); /* caught; pause() ends and it removes its own */
	assert_false(exists(dir, ""));
}

static void an_interrupted_run_still_removes(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = started(&wish);
	struct rp_run cancelled;
	ok(rp_run_init(&cancelled, &err), err);
	(void)raise(SIGTERM);
	s->run = &cancelled;
	rp_autobuf said = RP_BUF_INIT(4096);
	assert_int_equal(fed(s, minute, &said, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_CANCELLED);
	removed(s);
	rp_run_done(&cancelled);
	rp_run_done(&run);
	ok(rp_run_init(&run, &err), err);
}

static void a_kept_one_stays_up_and_is_not_reaped(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	wish.keep = true;
	struct rp_scratch *s = started(&wish);
	pid_t box = s->hosted->proc.pid, server = s->hosted->inside != 0 ? s->hosted->inside : box;
	ok(rp_scratch_remove(s, &err), err);
	assert_non_null(s->how_to_connect);
	assert_non_null(strstr(s->how_to_connect, s->database));
	char *dir = strdup(s->dir), *uri = strdup(s->uri);
	rp_scratch_free(s);
	wish.keep = false;
	s = made(&wish);
	removed(s);
	assert_true(exists(dir, "keep"));
	assert_asked(uri, "SELECT 1", "1");
	assert_int_equal(kill(server, SIGQUIT), 0);
	assert_int_equal(waitpid(box, NULL, 0), box);
	ok(rp_tree_remove(dir, &err), err);
	free(dir);
	free(uri);
}

static void what_is_not_ours_is_not_touched(void **state)
{
	static const char *const names[] = {"reprove-abcdef", "reprove-ABCDEF", "reprove-toolong1",
					    "reprove-x",      "reprove-a.bcde", NULL};
	char path[1024];
	for (size_t i = 0; names[i] != NULL; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", (char *)*state, names[i]);
		assert_int_equal(mkdir(path, 0700), 0);
		(void)snprintf(path, sizeof path, "%s/%s/precious", (char *)*state, names[i]);
		int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
		assert_true(fd >= 0);
		(void)close(fd);
	}
	/* A file of that name, but none of our marks. */
	(void)snprintf(path, sizeof path, "%s/reprove-abcdef/owner", (char *)*state);
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	dprintf(fd, "somebody else\nserver %d 1\n", (int)getpid());
	(void)close(fd);
	(void)snprintf(path, sizeof path, "%s/reprove-Linked", (char *)*state);
	assert_int_equal(symlink("reprove-ABCDEF", path), 0);
	struct rp_scratch_wish wish = wish_in(*state);
	removed(made(&wish));
	assert_true(exists(*state, "reprove-Linked"));
	for (size_t i = 0; names[i] != NULL; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", (char *)*state, names[i]);
		assert_true(exists(path, "precious"));
		assert_int_equal(rp_tree_remove(path, NULL), 0);
	}
	(void)snprintf(path, sizeof path, "%s/reprove-Linked", (char *)*state);
	assert_int_equal(unlink(path), 0);
}

static void a_recorded_number_that_is_another_process_now_is_not_killed(void **state)
{
	char path[1024];
	pid_t other = fork();
	if (other == 0) {
		(void)pause();
		_exit(0);
	}
	(void)snprintf(path, sizeof path, "%s/reprove-abcdef", (char *)*state);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof path, "%s/reprove-abcdef/owner", (char *)*state);
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	dprintf(fd, "reprove scratch 1\nprogram postgres\nquit 9\nserver %d %llu\n", (int)other,
		(unsigned long long)rp_proc_started(other) - 1);
	(void)close(fd);
	struct rp_scratch_wish wish = wish_in(*state);
	removed(made(&wish));
	assert_false(exists(*state, "reprove-abcdef"));
	assert_int_equal(waitpid(other, NULL, WNOHANG), 0);
	killed(other, SIGKILL);
}

static int all(const char *name)
{
	const struct CMUnitTest tests[] = {
		T(after_a_kill_the_server_dies_and_the_next_run_removes_the_rest),
		T(a_server_that_outlived_its_run_is_reaped),
		T(a_living_run_is_left_alone),
		T(an_interrupted_run_still_removes),
		T(a_kept_one_stays_up_and_is_not_reaped),
		T(what_is_not_ours_is_not_touched),
		T(a_recorded_number_that_is_another_process_now_is_not_killed),
	};
	return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}

int main(void)
{
	return run_all(all);
}
