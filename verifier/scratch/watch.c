/* SPDX-License-Identifier: MIT */
#include "verifier/scratch/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

/* A fast disk takes 200 MB between two looks. */
#define EVERY_MS 100
#define LEFT_MAX (UINT64_C(256) << 20)

struct rp_watch {
	pthread_t thread;
	int dir, server, signal;
	int stop[2]; /* a pipe that carries nothing: closing an end cannot fail, and a write can */
	uint64_t floor;
	_Atomic uint64_t killed;
};

static bool is_low(const struct rp_watch *w, uint64_t *ret_left)
{
	struct statvfs fs;
	if (fstatvfs(w->dir, &fs) < 0)
		return false;
	*ret_left = (uint64_t)fs.f_bavail * fs.f_frsize;
	return *ret_left < w->floor;
}

static void *watch(void *ctx)
{
	struct rp_watch *w = ctx;
	struct pollfd stop = {.fd = w->stop[0], .events = POLLIN};
	uint64_t left;
	while (poll(&stop, 1, EVERY_MS) == 0) {
		if (!is_low(w, &left))
			continue;
		/* Said first: who finds the server gone asks why. */
		atomic_store(&w->killed, left != 0 ? left : 1);
		(void)syscall(SYS_pidfd_send_signal, w->server, w->signal, NULL, 0);
		break;
	}
	return NULL;
}

static void watch_free(struct rp_watch *w)
{
	if (w == NULL)
		return;
	rp_closep(&w->dir);
	rp_closep(&w->server);
	rp_closep(&w->stop[0]);
	rp_closep(&w->stop[1]);
	free(w);
}

static int start(struct rp_watch *w, const char *dir, int server, struct rp_err **err)
{
	w->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	w->server = fcntl(server, F_DUPFD_CLOEXEC, 3);
	if (w->dir < 0 || w->server < 0 || pipe2(w->stop, O_CLOEXEC) < 0)
		return rp_err_sys(err, errno, "watch the disk");
	/* Signals are the main thread's: run.c counts on it. */
	sigset_t all, before;
	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int r = pthread_create(&w->thread, NULL, watch, w);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r == 0 ? 0 : rp_err_sys(err, r, "watch the disk");
}

int rp_watch_start(struct rp_watch **ret, const char *dir, uint64_t disk, int server, int signal,
		   struct rp_err **err)
{
	struct rp_watch *w = calloc(1, sizeof *w);
	if (w == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	w->dir = w->server = w->stop[0] = w->stop[1] = -1;
	w->signal = signal;
	/* On a small disk that was enough for the restore, as much in proportion. */
	w->floor = disk / 10 < LEFT_MAX ? disk / 10 : LEFT_MAX;
	if (start(w, dir, server, err) < 0) {
		watch_free(w);
		return -1;
	}
	*ret = w;
	return 0;
}

uint64_t rp_watch_killed(const struct rp_watch *w)
{
	return w != NULL ? atomic_load(&w->killed) : 0;
}

void rp_watch_stop(struct rp_watch *w)
{
	if (w == NULL)
		return;
	(void)close(rp_take_fd(&w->stop[1]));
	(void)pthread_join(w->thread, NULL);
	watch_free(w);
}
