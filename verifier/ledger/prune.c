/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "verifier/ledger/history.h"
#include "verifier/ledger/inside.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

static bool must_stay(const struct rp_history *h, const struct rp_entry *e)
{
	const struct rp_target_history *t = e->target != NULL ? rp_history_target(h, e->target) : NULL;
	for (size_t i = 0; t != NULL && i < t->n; i++)
		if ((t->all[i].intent == e || t->all[i].result == e) &&
		    (t->all[i].open || (t->last_pass != NULL && t->all[i].result == t->last_pass)))
			return true;
	/* Digests of others: without it the chain does not check. */
	return e->kind == RP_ENTRY_PRUNED;
}

static int remove_file(const struct rp_ledger *l, const char *folder, const char *number, struct rp_err **err)
{
	rp_autobuf path = RP_BUF_INIT(PATH_MAX);
	rp_buf_addf(&path, "%s/%s/%s.json", l->dir, folder, number);
	if (unlink(rp_buf_text(&path)) < 0 && errno != ENOENT)
		return rp_err_sys(err, errno, "remove '%s'", rp_buf_text(&path));
	return 0;
}

/* The digests are on the disk before anything is removed: killed in between, both are there. */
static int replace(struct rp_ledger *l, const struct rp_fact *gone, size_t n, struct rp_entry *e,
		   struct rp_key *key, struct rp_err **err)
{
	if (rp_ledger_append(l, e, NULL, key, NULL, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (remove_file(l, "entries", gone[i].name, err) < 0 ||
		    remove_file(l, "results", gone[i].name, err) < 0)
			return -1;
	return 0;
}

/* Those that go, in order, as the facts that stay. NULL: no memory. */
static struct rp_fact *choose(const struct rp_chain *c, const struct rp_history *h, int64_t before_ms,
			      size_t *ret_n)
{
	struct rp_fact *gone = rp_arena_array(c->memory, c->n + 1, sizeof *gone);
	*ret_n = 0;
	for (size_t i = 0; i < c->n && *ret_n < RP_PRUNED_MAX && gone != NULL; i++) {
		char digits[24];
		if (c->all[i].at_ms >= before_ms || must_stay(h, &c->all[i]))
			continue;
		(void)snprintf(digits, sizeof digits, "%012" PRIu64, c->all[i].number);
		struct rp_fact *f = &gone[(*ret_n)++];
		*f = (struct rp_fact){rp_arena_strdup(c->memory, digits), c->all[i].sha256};
		if (f->name == NULL)
			return NULL;
	}
	return gone;
}

int rp_ledger_prune(struct rp_ledger *l, const struct rp_chain *c, int64_t before_ms, struct rp_key *key,
		    int64_t now_ms, uint64_t *ret_pruned, struct rp_err **err)
{
	struct rp_history h;
	size_t n;
	*ret_pruned = 0;
	if (c->n_faults > 0)
		return rp_err_set(err, RP_ERR_TRUST, "the ledger '%s' does not check, and is not pruned",
				  l->dir);
	if (rp_history_of(&h, c, now_ms, err) < 0)
		return -1;
	const struct rp_fact *gone = choose(c, &h, before_ms, &n);
	if (gone == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	struct rp_entry e = {.kind = RP_ENTRY_PRUNED, .at_ms = now_ms, .says = gone, .n_says = n};
	if (n > 0 && replace(l, gone, n, &e, key, err) < 0)
		return rp_err_wrap(err, "prune");
	*ret_pruned = n;
	return 0;
}
