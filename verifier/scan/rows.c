/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verifier/scan/scan.h"
#include "verifier/survey/digest.h"
#include "verifier/util/error.h"

/* A report shows rows to people: one that is larger than this is named by its key, and all of them together are
 * held to be within reason. */
#define ROW_MAX	 (1024u * 1024)
#define ROWS_MAX (64u * 1024 * 1024)

struct search {
	struct rp_row_change **wanted; /* by found_hash */
	size_t n;
	uint64_t seed;
	size_t kept; /* bytes */
};

static int by_hash(const void *a, const void *b)
{
	const struct rp_row_change *x = *(struct rp_row_change *const *)a;
	const struct rp_row_change *y = *(struct rp_row_change *const *)b;
	return x->found_hash < y->found_hash ? -1 : x->found_hash > y->found_hash;
}

/* The first that is wanted with this hash; n: none. */
static size_t lower_bound(const struct search *s, uint64_t hash)
{
	size_t lo = 0, hi = s->n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (s->wanted[mid]->found_hash < hash)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int look_at(void *ctx, const uint8_t *row, size_t len, struct rp_err **err)
{
	struct search *s = ctx;
	uint64_t hash = rp_row_hash(row, len, s->seed).lo;
	/* Equal rows have equal hashes: each takes the next place. */
	for (size_t i = lower_bound(s, hash); i < s->n && s->wanted[i]->found_hash == hash; i++) {
		struct rp_row_change *c = s->wanted[i];
		if (c->row != NULL)
			continue;
		if (len > ROW_MAX || len > ROWS_MAX - s->kept)
			return 0;
		c->row = malloc(len > 0 ? len : 1);
		if (c->row == NULL)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		memcpy(c->row, row, len);
		c->row_len = len;
		s->kept += len;
		break;
	}
	return 0;
}

static bool to_find(const struct rp_row_change *c)
{
	return c->change != RP_LOST && c->row == NULL;
}

int rp_rows_find(struct rp_db *db, const struct rp_survey *found, const struct rp_relation *r,
		 struct rp_row_changes *changes, struct rp_err **err)
{
	struct search s = {.seed = rp_method_seed(&found->method)};
	for (size_t i = 0; i < changes->n; i++)
		s.n += to_find(&changes->all[i]) ? 1 : 0;
	if (s.n == 0 || r == NULL)
		return 0;
	rp_autofree struct rp_row_change **wanted = calloc(s.n, sizeof *wanted);
	if (wanted == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	s.wanted = wanted;
	for (size_t i = 0, k = 0; i < changes->n; i++)
		if (to_find(&changes->all[i]))
			wanted[k++] = &changes->all[i];
	qsort(wanted, s.n, sizeof *wanted, by_hash);
	if (rp_db_engine(db)->stream(rp_db_conn(db, 0), r, NULL, look_at, &s, err) < 0)
		return rp_err_wrap(err, "find rows of '%s'", r->name);
	return 0;
}
