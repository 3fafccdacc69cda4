/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/proc.h"
#include "verifier/util/run.h"
#include "verifier/util/stream.h"

static struct rp_run run;

static int with_run(void **state)
{
	(void)state;
	/* A directory of the caller's that may not be searched would change what "not found" is called. */
	return setenv("PATH", "/usr/bin:/bin", 1) == 0 ? rp_run_init(&run, NULL) : -1;
}

static int without_run(void **state)
{
	(void)state;
	rp_run_done(&run);
	return 0;
}

/* A script of the test's own, in a shell of the test's own. */
static int shell(const char *script, const char *input, struct rp_buf *out, struct rp_buf *said,
		 struct rp_err **err)
{
	rp_cleanup(rp_argv_done) struct rp_argv argv = {0};
	rp_argv_add(&argv, "sh");
	rp_argv_add(&argv, "-c");
	rp_argv_add(&argv, script);
	struct rp_program p = RP_PROGRAM_INIT;
	p.argv = argv.v;
	rp_auto(rp_stream) in = NULL;
	if (input != NULL && rp_stream_of_memory(&in, input, strlen(input), err) < 0)
		return -1;
	return rp_proc_run(&p, in, out, said, &run, err);
}

static void proc_missing_program_fails_at_start(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	char *argv[] = {(char[]){"rp-no-such-program"}, NULL};
	struct rp_program program = RP_PROGRAM_INIT;
	program.argv = argv;
	struct rp_proc p = RP_PROC_INIT;
	assert_int_equal(rp_proc_start(&p, &program, &err), -1);
	assert_string_equal(rp_err_text(err), "execute 'rp-no-such-program': No such file or directory");
}

static void proc_returns_exit_status_and_signal(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(shell("exit 3", NULL, NULL, NULL, &err), 3);
	int killed = shell("kill -11 $$", NULL, NULL, NULL, &err);
	assert_int_equal(killed, 256 + 11);
	assert_string_equal(rp_proc_status_text(killed), "killed by signal 11 (Segmentation fault)");
}

static void proc_feeds_and_drains_at_once(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf input = RP_BUF_INIT(4 << 20);
	for (int i = 0; i < 100000; i++)
		rp_buf_add(&input, "0123456789\n");
	rp_autobuf out = RP_BUF_INIT(4 << 20);
	rp_autobuf said = RP_BUF_INIT(10);
	assert_int_equal(shell("tee /dev/stderr", rp_buf_text(&input), &out, &said, &err), 0);
	assert_int_equal(out.len, input.len);
	assert_int_equal(said.len, 10); /* bounded, and the rest did not block the program */
	assert_false(said.failed);
}

static void proc_that_reads_nothing_is_no_error(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf input = RP_BUF_INIT(4 << 20);
	for (int i = 0; i < 100000; i++)
		rp_buf_add(&input, "0123456789\n");
	assert_int_equal(shell("exec <&-; exit 0", rp_buf_text(&input), NULL, NULL, &err), 0);
}

static void proc_child_gets_nothing_of_ours(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	rp_autoclose int secret =
		open("/dev/null", O_RDONLY); /* on purpose not close-on-exec: somebody's mistake */
	assert_true(secret > 2);
	assert_int_equal(fcntl(secret, F_SETFD, FD_CLOEXEC), 0);
	assert_int_equal(setenv("RP_SECRET", "hunter2", 1), 0);
	rp_autobuf out = RP_BUF_INIT(64 << 10);
	assert_int_equal(
		shell("env; ls /proc/self/fd | tr '\\n' ' '; echo; ulimit -c", NULL, &out, NULL, &err), 0);
	assert_null(strstr(rp_buf_text(&out), "hunter2"));
	/* 3 is the directory that ls itself has open */
	assert_non_null(strstr(rp_buf_text(&out), "\n0 1 2 3 \n0\n"));
}

static void proc_stop_ends_the_whole_group(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){"trap '' TERM; sleep 100 & sleep 100"},
			NULL};
	struct rp_program program = RP_PROGRAM_INIT;
	program.argv = argv;
	program.out = ends[1];
	struct rp_proc p = RP_PROC_INIT;
	assert_int_equal(rp_proc_start(&p, &program, &err), 0);
	(void)close(ends[1]);
	assert_false(rp_proc_ended(&p));
	assert_true(rp_proc_started(p.pid) > 0);
	rp_proc_stop(&p, SIGTERM, 50);
	assert_int_equal(p.pid, 0);
	char c;
	assert_int_equal(read(ends[0], &c, 1), 0); /* nobody holds the other end any more */
	(void)close(ends[0]);
	rp_proc_stop(&p, SIGTERM, 50); /* does nothing */
}

static void proc_run_ends_when_the_run_is_cancelled(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(raise(SIGINT), 0);
	assert_int_equal(shell("sleep 100", NULL, NULL, NULL, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_CANCELLED);
	struct rp_run tidy = rp_run_unwinding(&run, 5);
	assert_int_equal(rp_run_check(&tidy, &err), 0);
}

#define JOBS 8

/* Each waits until all have begun: one after the other they would never end. The one that fails stops the rest. */
static void proc_jobs_run_side_by_side_and_the_first_that_fails_stops_the_others(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	char dir[] = "/tmp/rp-proc-XXXXXX", script[200];
	assert_non_null(mkdtemp(dir));
	struct rp_job jobs[JOBS];
	struct rp_buf out[JOBS];
	size_t which;
	for (int fails = 0; fails < 2; fails++) {
		(void)snprintf(
			script, sizeof script,
			"read n; >%s/$n; while [ $(ls %s | wc -l) -lt %d ]; do sleep 0.01; done; echo $n; %s",
			dir, dir, JOBS, fails ? "[ $n != 5 ] || exit 7; sleep 100" : "exit 0");
		char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, script, NULL};
		for (size_t i = 0; i < JOBS; i++) {
			out[i] = (struct rp_buf)RP_BUF_INIT(100);
			jobs[i] = (struct rp_job){.program = RP_PROGRAM_INIT, .out = &out[i]};
			jobs[i].program.argv = argv;
			assert_int_equal(rp_stream_of_memory(&jobs[i].input,
							     &"0\n1\n2\n3\n4\n5\n6\n7\n"[2 * i], 2, &err),
					 0);
		}
		struct rp_run soon = run;
		soon.deadline_ns = (rp_run_clock_ms() + 30000) * 1000000;
		assert_int_equal(rp_proc_run_all(jobs, JOBS, &which, &soon, &err), 0);
		assert_int_equal(which, fails ? 5 : JOBS);
		assert_int_equal(jobs[5].status, fails ? 7 : 0);
		assert_int_equal(jobs[0].status, fails ? -1 : 0);
		for (size_t i = 0; i < JOBS; i++) {
			if (!fails)
				assert_int_equal(out[i].s[0], '0' + (int)i);
			rp_stream_close(jobs[i].input);
			rp_buf_done(&out[i]);
		}
	}
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left */
	assert_int_equal(rp_tree_remove(dir, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(proc_missing_program_fails_at_start, with_run, without_run),
		cmocka_unit_test_setup_teardown(proc_returns_exit_status_and_signal, with_run, without_run),
		cmocka_unit_test_setup_teardown(proc_feeds_and_drains_at_once, with_run, without_run),
		cmocka_unit_test_setup_teardown(proc_that_reads_nothing_is_no_error, with_run, without_run),
		cmocka_unit_test_setup_teardown(proc_child_gets_nothing_of_ours, with_run, without_run),
		cmocka_unit_test_setup_teardown(proc_stop_ends_the_whole_group, with_run, without_run),
		cmocka_unit_test_setup_teardown(proc_run_ends_when_the_run_is_cancelled, with_run,
						without_run),
		cmocka_unit_test_setup_teardown(
			proc_jobs_run_side_by_side_and_the_first_that_fails_stops_the_others, with_run,
			without_run),
	};
	return cmocka_run_group_tests_name("proc", tests, NULL, NULL);
}
