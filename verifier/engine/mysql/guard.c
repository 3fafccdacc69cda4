/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"

/* It waits and shuts down; it calls nothing that needs room. */
#define STACK (128 << 10)

struct rp_my_guard {
	/* A duplicate: libmariadb closes its own as soon as the connection is lost, and the number is then
	 * somebody else's. */
	int fd;
	int wake; /* eventfd: bound or end have changed */
	int cancel_fd;
	int64_t deadline_ns; /* of the run; 0: none */
	pthread_t thread;
	pthread_mutex_t lock; /* what follows */
	int64_t bound_ns;     /* 0: none */
	bool end, past, cut;
};

static int64_t clock_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t nearer(int64_t a, int64_t b)
{
	return a == 0 ? b : b == 0 || a < b ? a : b;
}

static int ms_until(int64_t when_ns)
{
	if (when_ns == 0)
		return -1;
	int64_t left = (when_ns - clock_ns()) / 1000000 + 1;
	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

/* Under the lock, so that a bound which is lifted in time does not cut any more. */
static bool is_over(struct rp_my_guard *g, bool cancelled, int64_t *ret_next_ns)
{
	pthread_mutex_lock(&g->lock);
	int64_t now = clock_ns();
	bool stop = g->end;
	bool past = g->bound_ns != 0 && now >= g->bound_ns;
	if (!stop && (cancelled || past || (g->deadline_ns != 0 && now >= g->deadline_ns))) {
		g->past = past;
		g->cut = true;
		(void)shutdown(g->fd, SHUT_RDWR);
		stop = true;
	}
	*ret_next_ns = nearer(g->deadline_ns, g->bound_ns);
	pthread_mutex_unlock(&g->lock);
	return stop;
}

static void *watch(void *ctx)
{
	struct rp_my_guard *g = ctx;
	bool cancelled = false;
	int64_t next_ns = 0;
	while (!is_over(g, cancelled, &next_ns)) {
		struct pollfd fds[] = {{.fd = g->cancel_fd, .events = POLLIN},
				       {.fd = g->wake, .events = POLLIN}};
		if (poll(fds, 2, ms_until(next_ns)) <= 0)
			continue;
		cancelled = fds[0].revents != 0;
		uint64_t n = 0;
		if (fds[1].revents != 0 && read(g->wake, &n, sizeof n) < 0 && errno != EAGAIN)
			break;
	}
	return NULL;
}

static int start(struct rp_my_guard *g)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int r = pthread_attr_init(&attr);
	if (r != 0)
		return r;
	(void)pthread_attr_setstacksize(&attr, STACK);
	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the main thread's */
	r = pthread_create(&g->thread, &attr, watch, g);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attr);
	return r;
}

static void dispose(struct rp_my_guard *g)
{
	if (g->fd >= 0)
		(void)close(g->fd);
	if (g->wake >= 0)
		(void)close(g->wake);
	(void)pthread_mutex_destroy(&g->lock);
	free(g);
}

int rp_my_guard_new(struct rp_my_guard **ret, int fd, struct rp_run *run, struct rp_err **err)
{
	struct rp_my_guard *g = calloc(1, sizeof *g);
	if (g == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	g->cancel_fd = run->cancel_fd;
	g->deadline_ns = run->deadline_ns;
	(void)pthread_mutex_init(&g->lock, NULL);
	g->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	g->wake = g->fd < 0 ? -1 : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int why = g->wake < 0 ? errno : start(g);
	if (why != 0) {
		dispose(g);
		return rp_err_sys(err, why, "guard a connection");
	}
	*ret = g;
	return 0;
}

static void wake(struct rp_my_guard *g)
{
	const uint64_t one = 1;
	ssize_t n = write(g->wake, &one, sizeof one); /* full: it has not looked yet, and will */
	(void)n;
}

void rp_my_guard_bound(struct rp_my_guard *g, unsigned ms)
{
	pthread_mutex_lock(&g->lock);
	g->bound_ns = ms == 0 ? 0 : clock_ns() + (int64_t)ms * 1000000;
	pthread_mutex_unlock(&g->lock);
	wake(g);
}

bool rp_my_guard_is_past(struct rp_my_guard *g)
{
	pthread_mutex_lock(&g->lock);
	bool past = g->past;
	pthread_mutex_unlock(&g->lock);
	return past;
}

void rp_my_guard_cut(struct rp_my_guard *g)
{
	pthread_mutex_lock(&g->lock);
	g->cut = true;
	pthread_mutex_unlock(&g->lock);
	(void)shutdown(g->fd, SHUT_RDWR);
}

bool rp_my_guard_has_cut(struct rp_my_guard *g)
{
	pthread_mutex_lock(&g->lock);
	bool cut = g->cut;
	pthread_mutex_unlock(&g->lock);
	return cut;
}

void rp_my_guard_free(struct rp_my_guard *g)
{
	if (g == NULL)
		return;
	pthread_mutex_lock(&g->lock);
	g->end = true;
	pthread_mutex_unlock(&g->lock);
	wake(g);
	(void)pthread_join(g->thread, NULL);
	dispose(g);
}
