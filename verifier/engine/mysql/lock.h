/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_LOCK_H
#define RP_ENGINE_MYSQL_LOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rp_err;
struct rp_my_conn;

/* Locks that other people wait for: asked for when nothing long is under way, bounded, and let go of on every way
 * out. Each is a connection's own, so that closing it lets go in any case. */

/* What there is to lock in the database. */
struct rp_my_tables {
	char *read, *write; /* "LOCK TABLES `a` READ, ...", "... WRITE"; NULL: there is none */
	char *loose;	    /* for those whose rows no snapshot keeps (MyISAM, Aria, MEMORY); NULL: none */
	size_t n_loose;
};
int rp_my_tables_find(struct rp_my_conn *c, struct rp_my_tables *ret, struct rp_err **err);
void rp_my_tables_done(struct rp_my_tables *t);

#define RP_MY_GLOBAL_LOCK "FLUSH TABLES WITH READ LOCK"

/* Wait, but not for ever, until no statement has been running for more than a second that would keep the lock
 * waiting, and everybody else behind it. */
int rp_my_lock_await_quiet(struct rp_my_conn *c, struct rp_err **err);
int rp_my_lock_pause(struct rp_my_conn *c, struct rp_err **err);

enum rp_my_got { RP_MY_LOCKED, RP_MY_BUSY, RP_MY_REFUSED /* this login may not */ };
/* Lock with this statement. When it is locked the guard of c is bounded until rp_my_lock_release(). While some locks
 * are waited for, everybody waits behind them: after wait_ms the killer, another connection, ends that. */
int rp_my_lock(struct rp_my_conn *c, struct rp_my_conn *killer, const char *sql, unsigned wait_ms,
	       enum rp_my_got *ret, struct rp_err **err);
/* -1: it had been lost before, so that whatever was done meanwhile was not done under it. */
int rp_my_lock_release(struct rp_my_conn *c, struct rp_err **err);

#endif
