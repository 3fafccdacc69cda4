/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>

#include "verifier/engine/mysql/pair.h"
#include "verifier/engine/mysql/relay_inside.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

#define CONNECT_S 10

static struct rp_my_pair nobody;

static void reach(struct rp_my_relay *r, enum rp_my_stage stage)
{
	pthread_mutex_lock(&r->lock);
	if (r->stage < stage)
		r->stage = stage;
	pthread_mutex_unlock(&r->lock);
	rp_my_ring(r->news);
}

/* Whoever waits is told, and so is the tool, which may be the only one to say it when nobody waits any more. */
static bool refuse(struct rp_my_relay *r, struct rp_my_pair *p, const char *why, const char *help)
{
	pthread_mutex_lock(&r->lock);
	rp_err_set(&r->failure, RP_ERR_ENGINE, "the backup's command %s", why);
	rp_err_hint(&r->failure, "%s", help);
	pthread_mutex_unlock(&r->lock);
	rp_my_pair_refuse(p, why);
	rp_my_ring(r->news);
	return false;
}

static bool is_open(struct rp_my_relay *r)
{
	pthread_mutex_lock(&r->lock);
	bool open = r->opened;
	pthread_mutex_unlock(&r->lock);
	return open;
}

static bool let(struct rp_my_pair *p, bool await)
{
	rp_my_pair_admit(p, await);
	return true;
}

/* Nobody may write while our lock is held, which is until all that were announced have begun, nor while the tool
 * holds its own, which it took before ours was let go of. What begins then sees the same. */
static bool may_begin(const struct rp_my_relay *r, const struct rp_my_pair *p)
{
	unsigned kept = p != r->guest && !r->guest->begins; /* for the first at the gate */
	return !p->begins && (r->through + kept < r->announced || (r->locks && !r->unlocks));
}

static bool judge_begin(struct rp_my_relay *r, struct rp_my_pair *p)
{
	static const char help[] = "use one connection and one transaction: --single-transaction";
	if (r->guest == NULL) {
		r->guest = p;
		reach(r, RP_MY_AT_GATE);
	}
	bool may = p->says == RP_MY_BEGIN	 ? may_begin(r, p)
		   : p->says == RP_MY_FLUSH_LOCK ? p == r->guest && r->through == 0
						 : p == r->guest;
	if (!may)
		return refuse(r, p, "begins a second transaction, which would see another moment", help);
	/* Behind a lock that the server has not given yet nobody begins but who asked for it. */
	if (!is_open(r) || (r->locks && !r->locked && p != r->guest))
		return false;
	r->locks |= p->says == RP_MY_FLUSH_LOCK;
	p->begins |= p->says == RP_MY_BEGIN;
	r->through += p->says == RP_MY_BEGIN;
	return let(p, p->says != RP_MY_FLUSH);
}

/* A lock of the tool's own is let go of when all have begun that it was for. */
static bool judge_unlock(struct rp_my_relay *r, struct rp_my_pair *p)
{
	bool own = p == r->guest && r->locks && r->through > 0;
	if (own && r->answered < r->through)
		return false;
	r->unlocks |= own;
	return let(p, own);
}

/* Does it pass? Else it waits, or was ended. */
static bool judge(struct rp_my_relay *r, struct rp_my_pair *p)
{
	switch (p->says) {
	case RP_MY_WANTS_TLS:
		return refuse(r, p, "begins TLS on the private socket",
			      "give it --defaults-file={defaults}, or --skip-ssl (MariaDB), "
			      "--ssl-mode=DISABLED (MySQL)");
	case RP_MY_WANTS_COMPRESSION:
		return refuse(r, p, "wants compression on the private socket", "leave --compress out");
	case RP_MY_LOCK:
		return refuse(r, p, "locks tables one by one, so that its backup is of no one moment",
			      "give it --single-transaction and --skip-lock-tables");
	case RP_MY_FLUSH:
	case RP_MY_FLUSH_LOCK:
	case RP_MY_BEGIN:
		return judge_begin(r, p);
	case RP_MY_UNLOCK:
		return judge_unlock(r, p);
	case RP_MY_OTHER:
		break;
	}
	return false;
}

static void tell(struct rp_my_relay *r, struct rp_my_pair *p)
{
	enum rp_my_word answered = rp_my_pair_answered(p);
	if (answered != RP_MY_OTHER)
		rp_my_ring(r->orders); /* others may wait for it */
	r->answered += answered == RP_MY_BEGIN;
	r->locked |= r->locks && p == r->guest && answered != RP_MY_OTHER;
	if (answered == RP_MY_BEGIN && r->answered >= r->announced)
		reach(r, r->locks ? RP_MY_INSIDE : RP_MY_SETTLED);
	else if (answered == RP_MY_UNLOCK)
		reach(r, RP_MY_SETTLED);
}

static void serve(struct rp_my_relay *r, struct rp_my_pair *p, const struct pollfd fds[2])
{
	rp_my_pair_read(p, fds);
	while (p->says != RP_MY_OTHER && judge(r, p))
		;
	tell(r, p);
	rp_my_pair_write(p);
}

static int reach_server(const struct rp_my_relay *r)
{
	static const struct timeval bound = {.tv_sec = CONNECT_S};
	static const int yes = 1;
	int fd = socket(r->server.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof bound); /* for connect(), too */
	if (r->server.ss_family != AF_UNIX)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	if (connect(fd, (const struct sockaddr *)&r->server, r->server_len) == 0)
		return fd;
	int why = errno;
	(void)close(fd);
	errno = why;
	return -1;
}

static void fail(struct rp_my_relay *r, int why, const char *what)
{
	pthread_mutex_lock(&r->lock);
	(void)rp_err_sys(&r->failure, why, "%s", what);
	pthread_mutex_unlock(&r->lock);
	rp_my_ring(r->news);
}

static void welcome(struct rp_my_relay *r)
{
	size_t i = 0;
	int client = accept4(r->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (client < 0)
		return;
	while (i < RP_MY_PAIRS_MAX && r->pairs[i] != NULL)
		i++;
	int server = i < RP_MY_PAIRS_MAX ? reach_server(r) : -1;
	if (server < 0) {
		fail(r, i < RP_MY_PAIRS_MAX ? errno : EMFILE, "connect the backup's command to the server");
		(void)close(client);
		return;
	}
	rp_autoerr struct rp_err *err = NULL;
	if (rp_my_pair_new(&r->pairs[i], client, server, r->tls, &err) < 0)
		fail(r, ENOMEM, "connect the backup's command to the server");
}

static void farewell(struct rp_my_relay *r, struct rp_my_pair **p)
{
	if ((*p)->failure != NULL) {
		pthread_mutex_lock(&r->lock);
		(void)rp_err_set(&r->failure, rp_err_kind((*p)->failure), "%s", rp_err_text((*p)->failure));
		pthread_mutex_unlock(&r->lock);
		rp_my_ring(r->news);
	}
	if (*p == r->guest) {
		pthread_mutex_lock(&r->lock);
		r->left = true;
		pthread_mutex_unlock(&r->lock);
		rp_my_ring(r->news);
		r->guest = &nobody; /* and never anybody else */
	}
	rp_my_pair_free(rp_take(*p));
}

static bool is_to_stop(struct rp_my_relay *r)
{
	pthread_mutex_lock(&r->lock);
	bool stop = r->stop;
	pthread_mutex_unlock(&r->lock);
	return stop;
}

static void pass(struct rp_my_relay *r)
{
	struct pollfd fds[2 + 2 * RP_MY_PAIRS_MAX];
	bool more = false;
	fds[0] = (struct pollfd){.fd = r->orders, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = r->listening, .events = POLLIN};
	for (size_t i = 0; i < RP_MY_PAIRS_MAX; i++) {
		struct pollfd *two = fds + 2 + 2 * i;
		two[0] = two[1] = (struct pollfd){.fd = -1};
		if (r->pairs[i] == NULL)
			continue;
		rp_my_pair_wants(r->pairs[i], two);
		more = more || rp_my_pair_has_more(r->pairs[i]);
	}
	if (poll(fds, sizeof fds / sizeof fds[0], more ? 0 : -1) < 0)
		return; /* a signal; they are all blocked here, but for those that cannot be */
	if (fds[0].revents != 0)
		rp_my_hear(r->orders);
	for (size_t i = 0; i < RP_MY_PAIRS_MAX; i++) {
		if (r->pairs[i] == NULL)
			continue;
		serve(r, r->pairs[i], fds + 2 + 2 * i);
		if (rp_my_pair_is_over(r->pairs[i]))
			farewell(r, &r->pairs[i]);
	}
	if (fds[1].revents != 0)
		welcome(r);
}

void *rp_my_relay_pass(void *ctx)
{
	struct rp_my_relay *r = ctx;
	while (!is_to_stop(r))
		pass(r);
	for (size_t i = 0; i < RP_MY_PAIRS_MAX; i++)
		rp_my_pair_free(r->pairs[i]);
	return NULL;
}
