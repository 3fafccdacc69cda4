/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/guard.h"
#include "verifier/engine/mysql/hold.h"
#include "verifier/engine/mysql/holding.h"
#include "verifier/engine/mysql/place.h"
#include "verifier/engine/mysql/relay.h"
#include "verifier/util/run.h"

/* Under the lock, while everybody waits. */
#define INSIDE_MS 4000
/* Until MySQL's tool lets go of a lock of its own, that it takes to read where the log stands. */
#define SETTLED_MS 10000
/* What no snapshot keeps is asked for while everything else is locked. */
#define LOOSE_WAIT_MS 100

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

/* For a physical backup the log's place is of use, too, where our tables alone are locked: a replay of the log up to it
 * brings all that was written to them. A guest's header could not be compared with it. */
static bool is_of_log(const struct holding *h)
{
	return h->leader->pinpoint && h->guest == NULL && h->locker != NULL && h->moment->bound;
}

/* What is done while everybody waits. The tool begins by itself meanwhile. */
static int see(struct holding *h, struct rp_err **err)
{
	if (h->guest != NULL)
		rp_my_relay_open(h->moment->entry.relay);
	bool place = h->global || is_of_log(h);
	if (begin_all(h, err) < 0 || (place && rp_my_note_now(h->locker, h->moment, err) < 0))
		return -1;
	return settle_guest(h, RP_MY_INSIDE, INSIDE_MS, err);
}

/* The ways to lock, in the order in which they are tried. Writers can be caught in a circle, that the server does not
 * see, with a lock that is only waited for: one holds a row and waits for us, we wait for another, which waits for that
 * row. So the first tries are short. */
enum way { GLOBAL, READ, WRITE };
struct
try {
	enum way way;
	unsigned wait_ms;
};
#define TRIES 8
static const struct try globally[TRIES] = {{GLOBAL, 100}, {GLOBAL, 100}, {GLOBAL, 200},	 {GLOBAL, 200},
					   {GLOBAL, 500}, {GLOBAL, 500}, {GLOBAL, 1000}, {GLOBAL, 2000}};
/* To ask for a table's READ lock keeps nobody waiting, but where somebody always writes it is never given. Then it is
 * the WRITE lock, which comes before those who ask later. */
static const struct try by_table[TRIES] = {{READ, 1000}, {READ, 2000}, {WRITE, 100},  {WRITE, 200},
					   {WRITE, 200}, {WRITE, 500}, {WRITE, 1000}, {WRITE, 2000}};

static int ask_for(struct holding *h, const struct try *t, enum rp_my_got *got, int64_t *since,
		   struct rp_err **err)
{
	const char *sql = t->way == GLOBAL ? RP_MY_GLOBAL_LOCK
			  : t->way == READ ? h->tables.read
					   : h->tables.write;
	if (rp_my_lock_await_quiet(h->locker, err) < 0)
		return -1;
	*since = rp_run_clock_ms();
	if (rp_my_lock(h->locker, h->leader, sql, t->wait_ms, got, err) < 0)
		return -1;
	if (t->way == READ)
		*since = rp_run_clock_ms();
	return 0;
}

/* What no snapshot keeps stays locked for as long as guest and survey read. 1: it does, or there is none, or never will
 * be; 0: not yet. */
static int keep_loose(struct holding *h, bool last, struct rp_err **err)
{
	struct rp_my_moment *m = h->moment;
	enum rp_my_got got = RP_MY_REFUSED;
	if (h->tables.loose == NULL)
		return 1;
	if (m->kept != NULL && rp_my_lock(m->kept, h->leader, h->tables.loose, LOOSE_WAIT_MS, &got, err) < 0)
		return -1;
	if (m->kept != NULL)
		rp_my_guard_bound(m->kept->guard, 0);
	if (got == RP_MY_BUSY && !last)
		return 0;
	m->bound = m->bound && got == RP_MY_LOCKED;
	m->keeps_tables = got == RP_MY_LOCKED;
	rp_log(h->leader->base.run, m->keeps_tables ? RP_LOG_INFO : RP_LOG_WARNING,
	       m->keeps_tables
		       ? "tables without transactions (MyISAM and the like: %zu) stay locked until all "
			 "is read"
		       : "tables without transactions (MyISAM and the like: %zu) cannot be kept locked, "
			 "so that their rows are of no one moment",
	       h->tables.n_loose);
	return 1;
}

/* 1: locked, and others wait since then; 0: this login may not; -1. */
static int lock(struct holding *h, const struct try tries[TRIES], int64_t *since, struct rp_err **err)
{
	enum rp_my_got got = RP_MY_BUSY;
	for (int i = 0; i < TRIES; i++) {
		if (i > 0 && rp_my_lock_pause(h->locker, err) < 0)
			return -1;
		if (ask_for(h, &tries[i], &got, since, err) < 0)
			return -1;
		if (got == RP_MY_REFUSED)
			return 0;
		int r = got == RP_MY_LOCKED ? keep_loose(h, i + 1 == TRIES, err) : 0;
		if (r > 0)
			return 1;
		if (got == RP_MY_LOCKED && rp_my_lock_release(h->locker, err) < 0)
			return -1;
		h->held_ms += tries[i].way == READ && got == RP_MY_BUSY ? 0 : rp_run_clock_ms() - *since;
		if (r < 0)
			return -1;
	}
	(void)rp_err_set(err, RP_ERR_ENGINE, "lock the tables: others hold them, and %d tries were in vain",
			 TRIES);
	return rp_err_hint(err,
			   "a transaction that stays open, or a long statement; seal when there is none");
}

/* 1: held, seen and let go; 0: this login may not lock; -1. */
static int see_locked(struct holding *h, const struct try tries[TRIES], struct rp_err **err)
{
	int64_t since = 0;
	int r = lock(h, tries, &since, err);
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
	h->global = false;
	if (h->locker != NULL) {
		rp_log(h->leader->base.run, RP_LOG_WARNING,
		       "this login may lock nothing, so that nothing holds all connections at one moment; "
		       "grant it %s on *.*, or LOCK TABLES on the database",
		       h->leader->is.vendor == RP_MARIADB ? "RELOAD" : "FLUSH_TABLES");
		h->moment->bound = false;
	}
	if (keep_loose(h, true, err) < 0 || see(h, err) < 0)
		return -1;
	return settle_guest(h, RP_MY_SETTLED, SETTLED_MS, err);
}

/* The other databases' log goes on while only our tables are locked. */
static int check_moment(struct holding *h, struct rp_err **err)
{
	if (!h->global && h->locker != NULL)
		return is_of_log(h) ? rp_my_note_snapshot(h->leader, h->moment, err) : 0;
	for (unsigned i = 0; i < h->n; i++)
		if (rp_my_same_moment(h->leader, rp_my_of(h->others[i]), err) < 0)
			return -1;
	return rp_my_note_snapshot(h->leader, h->moment, err);
}

/* Those that the snapshots keep can still be locked all at once. */
static void give_up_loose(struct holding *h)
{
	if (h->tables.loose == NULL)
		return;
	h->moment->bound = false;
	rp_log(h->leader->base.run, RP_LOG_WARNING,
	       "this login may not keep tables without transactions locked (MyISAM and the like: %zu), so that "
	       "their rows are of no one moment; grant it LOCK TABLES on the database, and RELOAD",
	       h->tables.n_loose);
	free(rp_take(h->tables.loose));
}

int rp_my_see_moment(struct holding *h, struct rp_err **err)
{
	bool by_tables_first = !h->global;
	int r = 0;
	for (int i = 0; i < 2 && r == 0 && h->locker != NULL; i++) {
		h->global = (i == 0) != by_tables_first;
		if (h->global && by_tables_first)
			give_up_loose(h);
		if (h->global || h->tables.read != NULL)
			r = see_locked(h, h->global ? globally : by_table, err);
	}
	if (r == 0)
		r = see_unlocked(h, err);
	return r < 0 ? -1 : check_moment(h, err);
}
