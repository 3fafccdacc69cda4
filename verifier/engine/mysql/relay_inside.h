/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_RELAY_INSIDE_H
#define RP_ENGINE_MYSQL_RELAY_INSIDE_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "verifier/engine/engine.h"
#include "verifier/engine/mysql/relay.h"

struct rp_my_pair;

/* Private to relay.c and relay_pass.c. */

/* A command of a person's own may ask something before it dumps, and on another connection. */
#define RP_MY_PAIRS_MAX (RP_GUEST_READERS_MAX + 8)

struct rp_my_relay {
	int listening;
	struct sockaddr_storage server;
	socklen_t server_len;
	struct rp_my_tls *tls;
	pthread_t thread;
	bool running;
	int orders, news; /* eventfds: to the thread, and from it */

	pthread_mutex_t lock; /* of all that follows, up to the thread's own */
	bool stop, opened, left;
	enum rp_my_stage stage;
	struct rp_err *failure;

	/* The thread's own. */
	struct rp_my_pair *pairs[RP_MY_PAIRS_MAX];
	struct rp_my_pair *guest;    /* the first that came to the gate, and may lock */
	bool locks, locked, unlocks; /* it asks for a lock of its own, has it, and lets go of it */
	unsigned announced;	     /* transactions, at least one */
	unsigned through, answered;  /* that have been let through, and that the server has begun */
};

/* The thread. */
void *rp_my_relay_pass(void *relay);

static inline void rp_my_ring(int fd)
{
	const uint64_t one = 1;
	ssize_t n = write(fd, &one, sizeof one); /* full: it has not looked yet, and will */
	(void)n;
}

static inline void rp_my_hear(int fd)
{
	uint64_t n;
	ssize_t r = read(fd, &n, sizeof n);
	(void)r;
}

#endif
