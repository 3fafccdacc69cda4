/* SPDX-License-Identifier: MIT */
#include "verifier/util/run.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"
#include "verifier/util/progress.h"

/* Written by the handler: all of it that is safe there. */
static volatile sig_atomic_t caught;
static int signal_pipe = -1;

static void on_signal(int sig)
{
	if (caught != 0) { /* the second time, people mean it */
		(void)signal(sig, SIG_DFL);
		(void)raise(sig);
		return;
	}
	caught = sig;
	int saved = errno;
	ssize_t n = write(signal_pipe, "x", 1);
	(void)n;
	errno = saved;
}

int rp_run_init(struct rp_run *run, struct rp_err **err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return rp_err_sys(err, errno, "pipe");
	*run = (struct rp_run){.cancel_fd = ends[0]};
	signal_pipe = ends[1];
	run->progress = rp_progress_new();
	if (run->progress == NULL) {
		rp_run_done(run);
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	struct sigaction act = {.sa_handler = on_signal};
	sigemptyset(&act.sa_mask);
	(void)sigaction(SIGINT, &act, NULL);
	(void)sigaction(SIGTERM, &act, NULL);
	(void)sigaction(SIGHUP, &act, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	return 0;
}

void rp_run_done(struct rp_run *run)
{
	(void)signal(SIGINT, SIG_DFL);
	(void)signal(SIGTERM, SIG_DFL);
	(void)signal(SIGHUP, SIG_DFL);
	if (run->cancel_fd >= 0)
		(void)close(run->cancel_fd);
	if (signal_pipe >= 0)
		(void)close(signal_pipe);
	signal_pipe = -1;
	caught = 0;
	rp_progress_free(run->progress);
	*run = (struct rp_run){.cancel_fd = -1};
}

static int64_t clock_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t rp_run_clock_ms(void)
{
	return clock_ns() / 1000000;
}

static int cancelled(struct rp_err **err)
{
	return rp_err_set(err, RP_ERR_CANCELLED, "interrupted by %s",
			  caught == SIGTERM  ? "SIGTERM"
			  : caught == SIGHUP ? "SIGHUP"
					     : "SIGINT");
}

/* An unwinding run has no cancel_fd: what cancelled the first one must not cancel it. */
int rp_run_check(const struct rp_run *run, struct rp_err **err)
{
	if (caught != 0 && run->cancel_fd >= 0)
		return cancelled(err);
	if (run->deadline_ns != 0 && clock_ns() >= run->deadline_ns)
		return rp_err_set(err, RP_ERR_TIMEOUT, "the time allowed is over");
	return 0;
}

static int time_left_ms(const struct rp_run *run)
{
	if (run->deadline_ns == 0)
		return -1;
	int64_t left = (run->deadline_ns - clock_ns()) / 1000000 + 1;
	return left < 0 ? 0 : left > 3600000 ? 3600000 : (int)left;
}

int rp_run_poll(const struct rp_run *run, struct pollfd *fds, nfds_t n, struct rp_err **err)
{
	struct pollfd all[64]; /* four of each program that runs beside others */
	if (n >= sizeof all / sizeof all[0])
		return rp_err_set(err, RP_ERR_IO, "too many descriptors to wait for");
	for (;;) {
		if (rp_run_check(run, err) < 0)
			return -1;
		memcpy(all, fds, n * sizeof *fds);
		all[n] = (struct pollfd){.fd = run->cancel_fd, .events = POLLIN};
		int r = poll(all, n + 1, time_left_ms(run));
		if (r < 0 && errno != EINTR)
			return rp_err_sys(err, errno, "poll");
		if (r <= 0)
			continue;
		int ready = 0;
		for (nfds_t i = 0; i < n; i++) {
			fds[i].revents = all[i].revents;
			ready += all[i].revents != 0;
		}
		if (ready > 0)
			return 0;
	}
}

struct rp_run rp_run_unwinding(const struct rp_run *run, unsigned seconds)
{
	return (struct rp_run){.cancel_fd = -1,
			       .deadline_ns = clock_ns() + (int64_t)seconds * 1000000000,
			       .progress = run->progress};
}

void rp_log(const struct rp_run *run, enum rp_level level, const char *fmt, ...)
{
	if (run->progress != NULL && !rp_progress_wants(run->progress, level))
		return;
	va_list ap;
	va_start(ap, fmt);
	char *text = NULL;
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	rp_autobuf line = RP_BUF_INIT(16 << 10);
	rp_buf_add_plain(&line, text != NULL ? text : "out of memory");
	free(text);
	rp_progress_say(run->progress, level, rp_buf_text(&line));
}

void rp_run_phase(struct rp_run *run, const char *phase, uint64_t total, const char *unit)
{
	if (run->progress != NULL)
		rp_progress_phase(run->progress, phase, total, unit);
}

void rp_run_advance(struct rp_run *run, uint64_t done)
{
	if (run->progress != NULL)
		rp_progress_add(run->progress, done);
}
