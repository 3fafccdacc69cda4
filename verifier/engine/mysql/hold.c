/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/hold.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/mysql/catalog.h"
#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/guard.h"
#include "verifier/engine/mysql/lock.h"
#include "verifier/engine/mysql/place.h"
#include "verifier/engine/mysql/relay.h"
#include "verifier/util/buf.h"
#include "verifier/util/run.h"

/* One moment through many connections. A snapshot cannot be handed on here, so that each connection begins one of
 * its own while nobody may write. That is a lock, and takes a few milliseconds: everything slow, logging in and
 * starting the backup tool, comes before it. */

/* Under the lock, while everybody waits. */
#define INSIDE_MS 4000
/* Until MySQL's tool lets go of a lock of its own, that it takes to read where the log stands. */
#define SETTLED_MS 10000

struct holding {
	struct rp_my_conn *leader;
	struct rp_conn **others;
	unsigned wanted, n;
	struct rp_guest *guest;
	struct rp_my_moment *moment; /* the leader's */
	struct rp_my_conn *locker;
	struct rp_my_tables tables;
	bool global;	 /* FLUSH TABLES WITH READ LOCK, else table by table */
	int64_t held_ms; /* others had to wait */
};

static void let_go(struct rp_my_conn **c)
{
	if (*c != NULL)
		rp_my_close(&rp_take(*c)->base);
}

void rp_my_moment_free(struct rp_my_moment *m)
{
	if (m == NULL)
		return;
	/* First what the guest reads through: it must not read on without the lock. */
	rp_my_entry_done(&m->entry);
	let_go(&m->kept);
	rp_my_positions_free(m->before);
	for (size_t i = 0; i < m->n_facts; i++)
		free((void *)(uintptr_t)m->facts[i].value);
	free(m);
}

int rp_my_moment_end(struct rp_my_conn *leader, struct rp_err **err)
{
	struct rp_my_moment *m = leader->seen;
	if (m == NULL || m->kept == NULL)
		return 0;
	int r = rp_my_lock_release(m->kept, err);
	let_go(&m->kept);
	return r;
}

/* 1: one more; 0: the server lets in no more, and fewer will do; -1. */
static int recruit(struct holding *h, struct rp_my_conn **ret, struct rp_err **err)
{
	const struct rp_my_login how = {.uri = h->leader->uri};
	rp_cleanup(rp_my_conn_freep) struct rp_my_conn *c = NULL;
	rp_autoerr struct rp_err *why = NULL;
	if (rp_my_log_in(&c, &how, h->leader->base.run, &why) < 0) {
		if (rp_err_kind(why) != RP_ERR_ENGINE)
			return rp_err_set(err, rp_err_kind(why), "%s", rp_err_text(why));
		rp_log(h->leader->base.run, RP_LOG_WARNING, "fewer connections: %s", rp_err_text(why));
		return 0;
	}
	if (rp_my_same_place(h->leader, c, err) < 0)
		return -1;
	*ret = rp_take(c);
	return 1;
}

static int gather(struct holding *h, struct rp_err **err)
{
	/* What locks comes first: without it the others are of no use. */
	if (h->wanted > 0 || h->guest != NULL) {
		int r = recruit(h, &h->locker, err);
		if (r < 0)
			return -1;
		if (r == 0 && h->guest != NULL)
			return rp_err_set(err, RP_ERR_ENGINE,
					  "a backup needs two connections besides its own, and there is one");
	}
	while (h->locker != NULL && h->n < h->wanted) {
		struct rp_my_conn *c = NULL;
		int r = recruit(h, &c, err);
		if (r <= 0)
			return r;
		h->others[h->n++] = &c->base;
	}
	return 0;
}

static int begin(struct rp_my_conn *c, struct rp_err **err)
{
	if (rp_my_exec(c, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", err) < 0)
		return -1;
	c->moment = true;
	return 0;
}

static int begin_all(struct holding *h, struct rp_err **err)
{
	if (begin(h->leader, err) < 0)
		return -1;
	for (unsigned i = 0; i < h->n; i++)
		if (begin(rp_my_of(h->others[i]), err) < 0)
			return -1;
	return 0;
}

static int settle_guest(struct holding *h, enum rp_my_stage stage, unsigned ms, struct rp_err **err)
{
	if (h->guest == NULL)
		return 0;
	return rp_my_relay_await(h->moment->entry.relay, stage, ms, h->guest, h->leader->base.run, err);
}

/* What is done while everybody waits. The tool begins by itself meanwhile. */
static int see(struct holding *h, struct rp_err **err)
{
	if (h->guest != NULL)
		rp_my_relay_open(h->moment->entry.relay);
	if (begin_all(h, err) < 0 || (h->global && rp_my_note_now(h->locker, h->moment, err) < 0))
		return -1;
	return settle_guest(h, RP_MY_INSIDE, INSIDE_MS, err);
}

/* 1: held, seen and let go; 0: this login may not lock; -1. */
static int see_locked(struct holding *h, const char *sql, struct rp_err **err)
{
	int64_t since;
	if (rp_my_lock_await_quiet(h->locker, err) < 0)
		return -1;
	int r = rp_my_lock_take(h->locker, sql, &since, err);
	if (r <= 0)
		return r;
	r = see(h, err);
	/* Let go of in any case; what went wrong first is told. */
	if (rp_my_lock_release(h->locker, err) < 0 || r < 0)
		return -1;
	if (settle_guest(h, RP_MY_SETTLED, SETTLED_MS, err) < 0)
		return -1;
	h->held_ms += rp_run_clock_ms() - since;
	return 1;
}

static int see_unlocked(struct holding *h, struct rp_err **err)
{
	if (h->locker != NULL) {
		rp_log(h->leader->base.run, RP_LOG_WARNING,
		       "this login may lock nothing, so that nothing holds all connections at one moment");
		h->moment->bound = false;
	}
	h->global = false;
	return see(h, err) < 0 ? -1 : settle_guest(h, RP_MY_SETTLED, SETTLED_MS, err);
}

static int see_moment(struct holding *h, struct rp_err **err)
{
	int r = h->locker != NULL && h->global ? see_locked(h, RP_MY_GLOBAL_LOCK, err) : 0;
	if (r == 0) {
		h->global = false;
		r = h->locker != NULL && h->tables.all != NULL ? see_locked(h, h->tables.all, err) : 0;
	}
	return r == 0 ? see_unlocked(h, err) : r < 0 ? -1 : 0;
}

/* The other databases' log goes on while only our tables are locked. */
static int check_moment(struct holding *h, struct rp_err **err)
{
	if (!h->global && h->locker != NULL)
		return 0;
	for (unsigned i = 0; i < h->n; i++)
		if (rp_my_same_moment(h->leader, rp_my_of(h->others[i]), err) < 0)
			return -1;
	return rp_my_note_snapshot(h->leader, h->moment, err);
}

/* MySQL's tool takes this lock itself where it can say where the log stands, and must be told before it starts whether
 * it may. To ask is to do it: some services refuse what they have granted. */
static int try_global(struct holding *h, struct rp_err **err)
{
	int64_t since;
	if (rp_my_lock_await_quiet(h->locker, err) < 0)
		return -1;
	int r = rp_my_lock_take(h->locker, RP_MY_GLOBAL_LOCK, &since, err);
	if (r < 0 || (r > 0 && rp_my_lock_release(h->locker, err) < 0))
		return -1;
	h->global = r > 0;
	h->held_ms += r > 0 ? rp_run_clock_ms() - since : 0;
	return 0;
}

/* There, FLUSH TABLES WITH READ LOCK would wait for tables that we keep locked ourselves. */
static int choose(struct holding *h, struct rp_err **err)
{
	bool mysql = h->leader->is.vendor == RP_MYSQL;
	if (rp_my_tables_find(h->leader, &h->tables, err) < 0)
		return -1;
	h->global = !(mysql && h->tables.loose != NULL);
	return mysql && h->global && h->guest != NULL ? try_global(h, err) : 0;
}

/* What no snapshot keeps stays locked for as long as guest and survey read. */
static int keep_loose(struct holding *h, struct rp_err **err)
{
	struct rp_my_moment *m = h->moment;
	int64_t since;
	int r = m->kept != NULL && h->tables.loose != NULL
			? rp_my_lock_take(m->kept, h->tables.loose, &since, err)
			: 0;
	if (r < 0 || h->tables.loose == NULL)
		return r;
	m->bound = r > 0;
	if (r > 0)
		rp_my_guard_bound(m->kept->guard, 0);
	rp_log(h->leader->base.run, r > 0 ? RP_LOG_INFO : RP_LOG_WARNING,
	       r > 0 ? "%zu tables without transactions (MyISAM and the like) stay locked until all is read"
		     : "%zu tables without transactions (MyISAM and the like) cannot be locked, so that their "
		       "rows are of no one moment",
	       h->tables.n_loose);
	return 0;
}

/* Against DDL, which ends snapshots; it stops no writer. */
static int keep_definitions(struct holding *h, struct rp_err **err)
{
	rp_autoerr struct rp_err *why = NULL;
	if (h->guest == NULL || h->moment->kept == NULL || !h->leader->is.has[RP_MY_INSTANCE_LOCK])
		return 0;
	if (rp_my_exec(h->moment->kept, "LOCK INSTANCE FOR BACKUP", &why) == 0)
		return 0;
	return rp_err_kind(why) == RP_ERR_OBJECT ? 0
						 : rp_err_set(err, rp_err_kind(why), "%s", rp_err_text(why));
}

static int make_moment(struct holding *h, struct rp_err **err)
{
	bool instance = h->guest != NULL && h->leader->is.has[RP_MY_INSTANCE_LOCK];
	h->moment->bound = true;
	if (gather(h, err) < 0 || choose(h, err) < 0)
		return -1;
	if ((instance || h->tables.loose != NULL) && recruit(h, &h->moment->kept, err) < 0)
		return -1;
	if (keep_definitions(h, err) < 0)
		return -1;
	if (h->guest != NULL && rp_my_note_positions(&h->moment->before, h->leader, err) < 0)
		return -1;
	if (h->guest != NULL && rp_my_admit(&h->moment->entry, h->leader, h->global, h->guest, err) < 0)
		return -1;
	if (keep_loose(h, err) < 0 || see_moment(h, err) < 0)
		return -1;
	return check_moment(h, err);
}

int rp_my_hold(struct rp_conn *conn, struct rp_conn *ret[], unsigned n, struct rp_guest *guest,
	       int64_t *ret_held_ms, struct rp_err **err)
{
	struct rp_my_conn *leader = rp_my_of(conn);
	struct holding h = {.leader = leader, .others = ret, .wanted = n, .guest = guest};
	h.moment = leader->seen = calloc(1, sizeof *leader->seen);
	int r = leader->seen == NULL ? rp_err_set(err, RP_ERR_NOMEM, "out of memory") : make_moment(&h, err);
	let_go(&h.locker);
	rp_my_tables_done(&h.tables);
	if (r == 0) {
		*ret_held_ms = h.held_ms;
		return (int)h.n;
	}
	while (h.n-- > 0)
		rp_my_close(rp_take(ret[h.n]));
	return rp_err_wrap(err, "hold the database at one moment");
}
