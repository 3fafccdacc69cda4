/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_ADMIT_H
#define RP_ENGINE_MYSQL_ADMIT_H

#include <stdbool.h>

struct rp_err;
struct rp_guest;
struct rp_my_conn;
struct rp_my_lobby;
struct rp_my_relay;

/* How a backup tool is let in: what it is told, and by which way it comes to the server. */
struct rp_my_entry {
	struct rp_my_lobby *lobby;
	struct rp_my_relay *relay;
};

/* Start it, and wait until its transaction is about to begin. global: FLUSH TABLES WITH READ LOCK is allowed to this
 * login. */
int rp_my_admit(struct rp_my_entry *ret, struct rp_my_conn *leader, bool global, struct rp_guest *guest,
		struct rp_err **err);
/* It is in, with all its connections: what says how to log in is removed. */
void rp_my_entry_in(struct rp_my_entry *e);
void rp_my_entry_done(struct rp_my_entry *e);

#endif
