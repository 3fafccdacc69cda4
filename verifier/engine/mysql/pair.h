/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_PAIR_H
#define RP_ENGINE_MYSQL_PAIR_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/engine/mysql/packets.h"

struct rp_err;
struct rp_my_tls;
struct ssl_st;

/* Private to relay.c: one client of the relay's, and the server that it takes it for. Both descriptors are
 * non-blocking; memory is bounded, for whoever is not read from is not written for. */

struct rp_my_half {
	int from, to;
	struct ssl_st **secured_from, **secured_to; /* NULL, or NULL there: in the clear */
	uint8_t *data;
	size_t size, at, len; /* data[at..len) is not written yet */
	bool ended;	      /* nothing more comes */
};

struct rp_my_pair {
	struct rp_my_half up, down;
	size_t may;	      /* bytes of 'up', counted from up.at, that may pass */
	enum rp_my_word says; /* the packet behind those; RP_MY_OTHER: it is not known yet */
	struct rp_my_packets packets;
	struct rp_my_answers answers;
	const struct rp_my_tls *secures; /* the server's side is to be; borrowed */
	struct ssl_st *secured;		 /* it is */
	struct rp_err *failure;		 /* of that */
	uint64_t awaits;		 /* the command whose answer is waited for; 0: none */
	enum rp_my_word awaited;
	bool begins; /* a transaction of its has been let through; the relay's */
};

/* Takes over both descriptors, also when it fails. tls: how the server's side is secured; NULL: not. */
int rp_my_pair_new(struct rp_my_pair **ret, int client, int server, const struct rp_my_tls *tls,
		   struct rp_err **err);
void rp_my_pair_free(struct rp_my_pair *p); /* accepts NULL */

/* What to wait for: two entries. */
void rp_my_pair_wants(const struct rp_my_pair *p, struct pollfd fds[2]);
/* More can be read than poll() tells. */
bool rp_my_pair_has_more(const struct rp_my_pair *p);
/* Read what there is; p->says may then be set, and is answered by rp_my_pair_admit() or by leaving it. */
void rp_my_pair_read(struct rp_my_pair *p, const struct pollfd fds[2]);
/* The packet that says something passes, and what stands behind it is looked at. Its answer is waited for when
 * 'await'. */
void rp_my_pair_admit(struct rp_my_pair *p, bool await);
void rp_my_pair_write(struct rp_my_pair *p);
/* The awaited answer has begun: of what; RP_MY_OTHER: it has not. Says so once. */
enum rp_my_word rp_my_pair_answered(struct rp_my_pair *p);
/* The client is told why, as by a server, and hears no more. */
void rp_my_pair_refuse(struct rp_my_pair *p, const char *why);
/* One side has gone, and the other has all that came from it. */
bool rp_my_pair_is_over(const struct rp_my_pair *p);

#endif
