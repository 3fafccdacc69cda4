/* SPDX-License-Identifier: MIT */
/* A thread of its own for what is below: decrypting, decompressing and feeding a tool then take as long as the slowest
 * of them, and not as long as all of them. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/recovery/stage.h"
#include "verifier/util/error.h"

#define SLOTS 4
#define SLOT  (256 << 10)
/* What is shorter, or only looked at, is not worth a thread. */
#define ALONE (1 << 20)

struct ahead {
	struct rp_stream base;
	uint64_t alone; /* bytes that were read without a thread */
	bool running, refused;
	pthread_t thread;
	uint8_t *slots;
	size_t at; /* in the slot that is being given out */
	/* Under the lock. */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t len[SLOTS];
	unsigned filled, given; /* slots, ever */
	bool stop, ended;
	struct rp_err *failure; /* behind the last slot */
};

/* All of a slot, unless it ends: a thread that is woken for a few bytes costs more than it brings. */
static size_t fill(struct ahead *a, uint8_t *slot, bool *ret_ended)
{
	size_t len = 0;
	ssize_t n = 1;
	while (n > 0 && len < SLOT) {
		n = rp_stream_read(a->base.below, slot + len, SLOT - len, &a->failure);
		len += n > 0 ? (size_t)n : 0;
	}
	*ret_ended = n <= 0;
	return len;
}

static void *work(void *ctx)
{
	struct ahead *a = ctx;
	(void)pthread_mutex_lock(&a->lock);
	while (!a->stop && !a->ended) {
		if (a->filled - a->given == SLOTS) {
			(void)pthread_cond_wait(&a->changed, &a->lock);
			continue;
		}
		unsigned i = a->filled % SLOTS;
		bool ended;
		(void)pthread_mutex_unlock(&a->lock);
		size_t len = fill(a, a->slots + (size_t)i * SLOT, &ended);
		(void)pthread_mutex_lock(&a->lock);
		a->len[i] = len;
		a->filled++;
		a->ended = ended;
		(void)pthread_cond_signal(&a->changed);
	}
	(void)pthread_mutex_unlock(&a->lock);
	return NULL;
}

/* Signals are the main thread's. Where no thread can be had, it goes on without. */
static void start(struct ahead *a)
{
	sigset_t all, before;
	a->slots = malloc((size_t)SLOTS * SLOT);
	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	a->running = a->slots != NULL && pthread_create(&a->thread, NULL, work, a) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	a->refused = !a->running;
}

/* Some of the oldest slot, which is the thread's again once it is empty. */
static ssize_t take(struct ahead *a, void *buf, size_t len, struct rp_err **err)
{
	(void)pthread_mutex_lock(&a->lock);
	for (;;) {
		while (a->filled == a->given && !a->ended)
			(void)pthread_cond_wait(&a->changed, &a->lock);
		if (a->filled == a->given || a->len[a->given % SLOTS] > a->at)
			break;
		a->given++;
		a->at = 0;
		(void)pthread_cond_signal(&a->changed);
	}
	bool over = a->filled == a->given;
	unsigned i = a->given % SLOTS;
	(void)pthread_mutex_unlock(&a->lock);
	if (over)
		return a->failure != NULL ? rp_err_again(err, a->failure) : 0;
	size_t n = a->len[i] - a->at < len ? a->len[i] - a->at : len;
	memcpy(buf, a->slots + (size_t)i * SLOT + a->at, n);
	a->at += n;
	return (ssize_t)n;
}

static ssize_t ahead_read(struct rp_stream *s, void *buf, size_t len, struct rp_err **err)
{
	struct ahead *a = (struct ahead *)s;
	if (!a->running && !a->refused && a->alone >= ALONE)
		start(a);
	if (a->running)
		return take(a, buf, len, err);
	ssize_t n = rp_stream_read(s->below, buf, len, err);
	a->alone += n > 0 ? (uint64_t)n : 0;
	return n;
}

static void ahead_close(struct rp_stream *s)
{
	struct ahead *a = (struct ahead *)s;
	if (a->running) {
		(void)pthread_mutex_lock(&a->lock);
		a->stop = true;
		(void)pthread_cond_signal(&a->changed);
		(void)pthread_mutex_unlock(&a->lock);
		(void)pthread_join(a->thread, NULL);
	}
	(void)pthread_cond_destroy(&a->changed);
	(void)pthread_mutex_destroy(&a->lock);
	rp_err_free(a->failure);
	free(a->slots);
	free(a);
}

int rp_ahead_new(struct rp_stream **ret, struct rp_stream *below, struct rp_err **err)
{
	static const struct rp_stream_ops ops = {.read = ahead_read, .close = ahead_close};
	struct ahead *a = calloc(1, sizeof *a);
	if (a == NULL) {
		rp_stream_close(below);
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	a->base = (struct rp_stream){.ops = &ops, .below = below};
	/* Neither can fail here: they are of the default kind. */
	(void)pthread_mutex_init(&a->lock, NULL);
	(void)pthread_cond_init(&a->changed, NULL);
	*ret = &a->base;
	return 0;
}
