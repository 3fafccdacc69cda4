/* SPDX-License-Identifier: MIT */
#ifndef RP_UTIL_PROC_H
#define RP_UTIL_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct rp_buf;
struct rp_err;
struct rp_run;
struct rp_stream;

/* A program to start. argv only: there is no shell anywhere. Whatever is not said here, the child does not
 * get: no descriptor, no environment variable, no signal disposition or mask of ours, no core dump. */
struct rp_program {
	char *const *argv;   /* argv[0] with a '/': this file; else found on PATH */
	char *const *env;    /* "NAME=value", NULL-terminated; NULL: just a PATH, LC_ALL=C.UTF-8, TZ=UTC */
	const char *dir;     /* to start in; NULL: where we are */
	int in, out, errors; /* descriptors for 0, 1, 2; -1: /dev/null. Stay the caller's */
	bool as_user;	     /* drop to uid and gid (and no other groups) first; we must be root */
	uid_t uid;
	gid_t gid;
	int pass; /* a descriptor that the child keeps, under the same number; -1: none */
	/* Runs in the child just before it executes; only what is safe after fork. -1: errno says why. NULL:
	 * nothing. */
	int (*before)(void *ctx);
	void *ctx;
};
#define RP_PROGRAM_INIT                                                                                      \
	{                                                                                                    \
		.in = -1, .out = -1, .errors = -1, .pass = -1                                                \
	}

/* A running child in a process group of its own, killed when the thread that started it ends. */
struct rp_proc {
	pid_t pid; /* 0: not running, or waited for */
	int pidfd; /* readable once it has ended; -1 when pid is 0 */
};
#define RP_PROC_INIT                                                                                         \
	{                                                                                                    \
		.pidfd = -1                                                                                  \
	}

/* What cannot be executed fails here and not later as exit status 127: "execute 'x': No such file or
 * directory". Only from a thread that outlives the child (PR_SET_PDEATHSIG). */
int rp_proc_start(struct rp_proc *ret, const struct rp_program *p, struct rp_err **err);
/* Wait until it has ended. Its exit status (0-255), or 256 + the signal's number that killed it; -1 with err
 * when the run is to stop: the child goes on, stop it. */
int rp_proc_wait(struct rp_proc *p, struct rp_run *run, struct rp_err **err);
/* Has it ended? Does not wait. 0: it runs. */
bool rp_proc_ended(const struct rp_proc *p);
/* Signal the whole group, give it grace_ms, then kill it; wait. Does nothing when it is not running. */
void rp_proc_stop(struct rp_proc *p, int signal, unsigned grace_ms);

/* Run a program from start to end: feed it 'input' (NULL: p's in), keep what it writes to stdout in 'out' and
 * to stderr in 'said' (either may be NULL: dropped; the first bytes up to the buffer's ceiling are kept, the
 * rest is read and dropped, and 'failed' is not set by it). A program that does not read all of its input is
 * no error. p's out and errors are not used. Returns as rp_proc_wait(); a failing run stops the child. */
int rp_proc_run(const struct rp_program *p, struct rp_stream *input, struct rp_buf *out, struct rp_buf *said,
		struct rp_run *run, struct rp_err **err);

/* Programs that run side by side, each as rp_proc_run() runs one. All are waited for in this thread, and their inputs
 * are read by turns. */
struct rp_job {
	struct rp_program program;
	struct rp_stream *input;
	struct rp_buf *out, *said;
	int status; /* as rp_proc_wait() tells it; -1: it was stopped before its end, or never begun */
};
/* The first that ends with another status than 0 stops the others. *ret_which: that one, or the one whose input could not
 * be read (-1 with err); n: none in particular. */
int rp_proc_run_all(struct rp_job *jobs, size_t n, size_t *ret_which, struct rp_run *run,
		    struct rp_err **err);

/* "exit status 3" or "killed by signal 11 (Segmentation fault)"; static per thread. */
const char *rp_proc_status_text(int status);

/* When a process was started, in clock ticks since boot (/proc/PID/stat field 22): pid and this together name
 * one process for ever. 0: there is none. */
uint64_t rp_proc_started(pid_t pid);
#endif
