/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/relay.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "verifier/engine/engine.h"
#include "verifier/engine/mysql/relay_inside.h"
#include "verifier/engine/mysql/tls.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"

#define LOOK_MS	    100 /* how often the guest is asked whether it lives */
#define FAREWELL_MS 3000

static int start(struct rp_my_relay *r)
{
	sigset_t all, before;
	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the main thread's */
	int why = pthread_create(&r->thread, NULL, rp_my_relay_pass, r);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	r->running = why == 0;
	return why;
}

int rp_my_relay_new(struct rp_my_relay **ret, int listening, const struct sockaddr *server, socklen_t len,
		    struct rp_my_tls *tls, unsigned transactions, struct rp_err **err)
{
	struct rp_my_relay *r = calloc(1, sizeof *r);
	if (r == NULL || len > sizeof r->server) {
		(void)close(listening);
		rp_my_tls_free(tls);
		free(r);
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	r->listening = listening;
	r->tls = tls;
	r->announced = transactions;
	memcpy(&r->server, server, len);
	r->server_len = len;
	(void)pthread_mutex_init(&r->lock, NULL);
	r->orders = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r->news = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int why = r->orders < 0 || r->news < 0 ? errno : start(r);
	if (why != 0) {
		rp_my_relay_free(r);
		return rp_err_sys(err, why, "start a relay");
	}
	*ret = r;
	return 0;
}

void rp_my_relay_free(struct rp_my_relay *r)
{
	if (r == NULL)
		return;
	pthread_mutex_lock(&r->lock);
	r->stop = true;
	pthread_mutex_unlock(&r->lock);
	if (r->running) {
		rp_my_ring(r->orders);
		(void)pthread_join(r->thread, NULL);
	}
	rp_closep(&r->listening);
	rp_closep(&r->orders);
	rp_closep(&r->news);
	rp_my_tls_free(r->tls);
	(void)pthread_mutex_destroy(&r->lock);
	rp_err_free(r->failure);
	free(r);
}

void rp_my_relay_open(struct rp_my_relay *r)
{
	pthread_mutex_lock(&r->lock);
	r->opened = true;
	pthread_mutex_unlock(&r->lock);
	rp_my_ring(r->orders);
}

/* 1: there; 0: not yet; -1: never. */
static int look(struct rp_my_relay *r, enum rp_my_stage stage, bool *left, struct rp_err **err)
{
	pthread_mutex_lock(&r->lock);
	int there = r->stage >= stage;
	*left = r->left;
	if (!there && r->failure != NULL) {
		const char *help = rp_err_hint_text(r->failure);
		there = rp_err_set(err, RP_ERR_ENGINE, "%s", rp_err_text(r->failure));
		if (help != NULL)
			rp_err_hint(err, "%s", help);
	}
	pthread_mutex_unlock(&r->lock);
	return there;
}

static int late(enum rp_my_stage stage, unsigned ms, struct rp_err **err)
{
	if (stage > RP_MY_AT_GATE)
		return rp_err_set(err, RP_ERR_ENGINE, "the backup's transaction did not begin within %u s",
				  ms / 1000);
	(void)rp_err_set(err, RP_ERR_ENGINE, "the backup's command began no transaction within %u s",
			 ms / 1000);
	return rp_err_hint(err, "it must connect to the socket that it is given, with --single-transaction");
}

int rp_my_relay_await(struct rp_my_relay *r, enum rp_my_stage stage, unsigned ms, struct rp_guest *guest,
		      struct rp_run *run, struct rp_err **err)
{
	int64_t ends = rp_run_clock_ms() + ms, gone = INT64_MAX;
	for (;;) {
		bool left = false;
		rp_my_hear(r->news);
		int there = look(r, stage, &left, err);
		if (there != 0)
			return there > 0 ? 0 : -1;
		if ((guest->check != NULL && guest->check(guest, err) < 0) || rp_run_check(run, err) < 0)
			return -1;
		int64_t now = rp_run_clock_ms();
		/* What the tool itself will say is clearer than that it has left. */
		if (left && gone == INT64_MAX)
			gone = now + FAREWELL_MS;
		if (now >= gone)
			return rp_err_set(
				err, RP_ERR_ENGINE,
				"the backup's command closed its connection before it saw the moment");
		if (now >= ends)
			return late(stage, ms, err);
		struct pollfd fds[] = {{.fd = r->news, .events = POLLIN},
				       {.fd = run->cancel_fd, .events = POLLIN}};
		(void)poll(fds, 2, LOOK_MS);
	}
}
