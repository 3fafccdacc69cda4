/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "verifier/engine/postgres/conn.h"

/* Milliseconds where the server answers. */
#define CANCEL_MS 2000

/* It did not answer: there are as many connections to it as there are jobs, and none of them waits again. */
static atomic_bool deaf;

struct cancelling {
	PGcancel *cancel;
	int done;
};

static void *cancel_it(void *ctx)
{
	struct cancelling *w = ctx;
	char why[256];
	(void)PQcancel(w->cancel, why, sizeof why);
	PQfreeCancel(w->cancel);
	(void)close(w->done);
	free(w);
	return NULL;
}

static int start_detached(struct cancelling *w)
{
	pthread_t thread;
	pthread_attr_t attr;
	sigset_t all, before;
	if (pthread_attr_init(&attr) != 0)
		return -1;
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the main thread's */
	int r = pthread_create(&thread, &attr, cancel_it, w);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attr);
	return r == 0 ? 0 : -1;
}

/* PQcancel() makes a connection of its own and waits for it without end: a server that hangs, or a network that
 * swallows packets, would hold up the very way out. So a thread does it, which is left to itself when it takes
 * too long. Where it cannot be done at all, the server notices when it next sends something. */
void rp_pg_cancel(struct rp_pg_conn *c)
{
	int ends[2];
	struct cancelling *w = calloc(1, sizeof *w);
	if (w == NULL || pipe2(ends, O_CLOEXEC) < 0) {
		free(w);
		return;
	}
	*w = (struct cancelling){.cancel = PQgetCancel(c->pg), .done = ends[1]};
	struct pollfd done = {.fd = ends[0], .events = POLLIN};
	if (w->cancel != NULL && start_detached(w) == 0) {
		if (poll(&done, 1, deaf ? 0 : CANCEL_MS) == 0)
			deaf = true;
	} else {
		PQfreeCancel(w->cancel);
		(void)close(ends[1]);
		free(w);
	}
	(void)close(ends[0]);
}
