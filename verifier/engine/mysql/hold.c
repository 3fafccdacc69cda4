/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/hold.h"

#include <stdlib.h>
#include <string.h>

#include "verifier/engine/mysql/catalog.h"
#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/holding.h"
#include "verifier/engine/mysql/place.h"
#include "verifier/util/run.h"

/* One moment through many connections. A snapshot cannot be handed on here, so that each connection begins one of
 * its own while nobody may write. That is a lock, and takes a few milliseconds: everything slow, logging in and
 * starting the backup tool, comes before it. */

#define TRY_MS 100

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
	int r = m->keeps_tables ? rp_my_lock_release(m->kept, err) : 0;
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

/* The same, to lock with. Some locks count as writing; nothing is ever written on such a connection. */
static int recruit_locker(struct holding *h, struct rp_my_conn **ret, struct rp_err **err)
{
	int r = recruit(h, ret, err);
	return r > 0 && rp_my_exec(*ret, "SET SESSION TRANSACTION READ WRITE", err) < 0 ? -1 : r;
}

static int gather(struct holding *h, struct rp_err **err)
{
	/* What locks comes first: without it the others are of no use. One connection needs none to see a moment, only
	 * to know where the log stands at it. */
	if (h->wanted > 0 || h->guest != NULL || h->leader->pinpoint) {
		int r = recruit_locker(h, &h->locker, err);
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

/* MySQL's tool takes this lock itself where it can say where the log stands, and must be told before it starts whether
 * it may. To ask is to do it: some services refuse what they have granted. */
static int try_global(struct holding *h, struct rp_err **err)
{
	enum rp_my_got got = RP_MY_BUSY;
	if (rp_my_lock_await_quiet(h->locker, err) < 0)
		return -1;
	int64_t since = rp_run_clock_ms();
	if (rp_my_lock(h->locker, h->leader, RP_MY_GLOBAL_LOCK, TRY_MS, &got, err) < 0)
		return -1;
	h->global = got != RP_MY_REFUSED;
	if (got == RP_MY_LOCKED && rp_my_lock_release(h->locker, err) < 0)
		return -1;
	h->held_ms += rp_run_clock_ms() - since;
	return 0;
}

static int choose(struct holding *h, struct rp_err **err)
{
	if (rp_my_tables_find(h->leader, &h->tables, err) < 0)
		return -1;
	/* MariaDB locks single tables for good only while not all are locked. */
	h->global = h->leader->is.vendor == RP_MYSQL || h->tables.loose == NULL;
	return h->leader->is.vendor == RP_MYSQL && h->guest != NULL ? try_global(h, err) : 0;
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
	if ((instance || h->tables.loose != NULL) && recruit_locker(h, &h->moment->kept, err) < 0)
		return -1;
	if (keep_definitions(h, err) < 0)
		return -1;
	if (h->guest != NULL && rp_my_note_positions(&h->moment->before, h->leader, err) < 0)
		return -1;
	/* A lock of the tool's own would wait for tables that we keep locked. */
	bool may = h->global && h->tables.loose == NULL;
	if (h->guest != NULL && rp_my_admit(&h->moment->entry, h->leader, may, h->guest, err) < 0)
		return -1;
	if (rp_my_see_moment(h, err) < 0)
		return -1;
	rp_my_entry_in(&h->moment->entry);
	return 0;
}

void rp_my_pinpoint(struct rp_conn *leader)
{
	rp_my_of(leader)->pinpoint = true;
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
