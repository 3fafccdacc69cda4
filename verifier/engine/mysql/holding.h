/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_HOLDING_H
#define RP_ENGINE_MYSQL_HOLDING_H

#include <stdbool.h>
#include <stdint.h>

#include "verifier/engine/mysql/lock.h"

struct rp_conn;
struct rp_err;
struct rp_guest;
struct rp_my_conn;
struct rp_my_moment;

/* Private to hold.c and moment.c: a hold under way. */
struct holding {
	struct rp_my_conn *leader;
	struct rp_conn **others;
	unsigned wanted, n;
	struct rp_guest *guest;
	struct rp_my_moment *moment; /* the leader's */
	struct rp_my_conn *locker;   /* NULL: one connection sees a moment by itself */
	struct rp_my_tables tables;
	bool global;	 /* FLUSH TABLES WITH READ LOCK, else table by table */
	int64_t held_ms; /* others had to wait */
};

/* moment.c: lock, let everybody see the moment, let go. */
int rp_my_see_moment(struct holding *h, struct rp_err **err);

#endif
