/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "verifier/recovery/mariadb_backup.h"
#include "verifier/util/error.h"

/* An incremental backup begins where another one ended. A quiet server's log does not move: then several begin and end
 * at one place, and what was read last tells which came later. */

static bool is_later(const struct rp_mb_checkpoints *a, const struct rp_mb_checkpoints *b)
{
	return a->to != b->to ? a->to > b->to : a->last > b->last;
}

static size_t newest(const struct rp_mb_link *links, size_t n)
{
	size_t best = 0;
	for (size_t i = 1; i < n; i++)
		if (is_later(&links[i].at, &links[best].at))
			best = i;
	return best;
}

/* What link 'of' was made on top of: the latest that ended where it begins. n: there is none. */
static size_t base_of(const struct rp_mb_link *links, size_t n, size_t of)
{
	size_t best = n;
	for (size_t i = 0; i < n; i++)
		if (i != of && links[i].at.to == links[of].at.from &&
		    !is_later(&links[i].at, &links[of].at) &&
		    (best == n || is_later(&links[i].at, &links[best].at)))
			best = i;
	return best;
}

static void swap(struct rp_mb_link *a, struct rp_mb_link *b)
{
	struct rp_mb_link t = *a;
	*a = *b;
	*b = t;
}

static void reverse(struct rp_mb_link *links, size_t n)
{
	for (size_t i = 0; i < n / 2; i++)
		swap(&links[i], &links[n - 1 - i]);
}

int rp_mb_chain(struct rp_mb_link *links, size_t n, size_t *ret_n, struct rp_err **err)
{
	bool any = false;
	for (size_t i = 0; i < n; i++)
		any = any || links[i].at.type != RP_MB_INCREMENTAL;
	if (!any) {
		(void)rp_err_set(err, RP_ERR_USAGE,
				 "an incremental backup is nothing without the full one that it was made on");
		return rp_err_hint(err,
				   "put both, and what is between them, into one directory, and name that");
	}
	/* Found from the end to the base, each put behind the ones before. */
	size_t at = newest(links, n), found = 0;
	for (;;) {
		swap(&links[found], &links[at]);
		const struct rp_mb_link *l = &links[found++];
		if (l->at.type != RP_MB_INCREMENTAL)
			break;
		at = base_of(links + found - 1, n - found + 1, 0) + found - 1;
		if (at >= n)
			return rp_err_set(err, RP_ERR_BACKUP,
					  "the chain is broken: '%s' begins at %" PRIu64
					  " of InnoDB's log, and no backup beside it ends there",
					  l->name, l->at.from);
	}
	reverse(links, found);
	*ret_n = found;
	return 0;
}
