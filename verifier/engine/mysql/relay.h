/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_RELAY_H
#define RP_ENGINE_MYSQL_RELAY_H

#include <stdint.h>
#include <sys/socket.h>

struct rp_err;
struct rp_guest;
struct rp_my_tls;
struct rp_run;

/* Neither vendor's dump tool can be told to read in a snapshot of ours, nor to wait for a word. So it is given a
 * private socket, behind which we pass its packets on to the server: up to the one that begins its transaction. That
 * one waits until the source is held and all others have seen the moment. The tool's slow beginning is over by
 * then, and the source is held for as long as a few short statements take. A tool that reads with several connections
 * (mydumper) begins as many transactions while the source is held: as many as were announced, or all that it begins
 * under a lock of its own. */
struct rp_my_relay;

/* Listen on a socket (already bound and listening; taken over) for clients of the server at this address. tls: to
 * speak to it with, taken over; NULL: in the clear. transactions: how many the tool begins without a lock of its own. */
int rp_my_relay_new(struct rp_my_relay **ret, int listening, const struct sockaddr *server, socklen_t len,
		    struct rp_my_tls *tls, unsigned transactions, struct rp_err **err);
/* Ends what passes, too. Accepts NULL. */
void rp_my_relay_free(struct rp_my_relay *r);

enum rp_my_stage {
	RP_MY_COMING,  /* the tool is not there yet */
	RP_MY_AT_GATE, /* its transaction waits to begin */
	RP_MY_INSIDE,  /* the server has begun it, and all others that were announced */
	RP_MY_SETTLED, /* and it has let go of a lock of its own, if it took one */
};
/* Wait until it is that far. -1: it is not within so many milliseconds, it went wrong, the guest has ended, or the
 * run is to stop. */
int rp_my_relay_await(struct rp_my_relay *r, enum rp_my_stage stage, unsigned ms, struct rp_guest *guest,
		      struct rp_run *run, struct rp_err **err);
/* Let the transaction begin. */
void rp_my_relay_open(struct rp_my_relay *r);

#endif
