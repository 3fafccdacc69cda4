/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verifier/scan/scan.h"
#include "verifier/survey/digest.h"
#include "verifier/survey/twins.h"
#include "verifier/util/error.h"

/* A report shows rows to people: one that is larger than this is named by its key, and all of them together are
 * held to be within reason. */
#define ROW_MAX	 (1024u * 1024)
#define ROWS_MAX (64u * 1024 * 1024)
/* A sample has fewer cells. */
#define TWINS_MAX 1024u

struct search {
	struct rp_row_change **wanted; /* by found_hash */
	size_t n;
	uint64_t seed;
	size_t kept; /* bytes */
	struct rp_twins twins;
	struct rp_row_change *changed; /* what was found by them */
	size_t n_changed;
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

/* Not more of a report's rows than are reasonable. */
static int keep(struct search *s, struct rp_row_change *c, const uint8_t *row, size_t len,
		struct rp_err **err)
{
	if (len > ROW_MAX || len > ROWS_MAX - s->kept)
		return 0;
	c->row = malloc(len > 0 ? len : 1);
	if (c->row == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	memcpy(c->row, row, len);
	c->row_len = len;
	s->kept += len;
	return 0;
}

static int look_for_twin(struct search *s, const uint8_t *row, size_t len, uint64_t hash, struct rp_err **err)
{
	struct rp_sketch_item sealed;
	int is = rp_twins_look(&s->twins, row, len, hash, &sealed, err);
	if (is <= 0 || s->n_changed == TWINS_MAX)
		return is < 0 ? -1 : 0;
	struct rp_row_change *c = &s->changed[s->n_changed++];
	*c = (struct rp_row_change){
		.change = RP_CHANGED, .key = sealed.key, .sealed_hash = sealed.row_hash, .found_hash = hash};
	return keep(s, c, row, len, err);
}

static int look_at(void *ctx, const uint8_t *row, size_t len, struct rp_err **err)
{
	struct search *s = ctx;
	uint64_t hash = rp_row_hash(row, len, s->seed).lo;
	if (s->changed != NULL && look_for_twin(s, row, len, hash, err) < 0)
		return -1;
	/* Equal rows have equal hashes: each takes the next place. */
	for (size_t i = lower_bound(s, hash); i < s->n && s->wanted[i]->found_hash == hash; i++) {
		struct rp_row_change *c = s->wanted[i];
		if (c->row != NULL)
			continue;
		return keep(s, c, row, len, err);
	}
	return 0;
}

static bool to_find(const struct rp_row_change *c)
{
	return c->change != RP_LOST && c->row == NULL;
}

static int want(struct search *s, struct rp_row_changes *changes, struct rp_err **err)
{
	for (size_t i = 0; i < changes->n; i++)
		s->n += to_find(&changes->all[i]) ? 1 : 0;
	s->wanted = calloc(s->n + 1, sizeof *s->wanted);
	if (s->wanted == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (size_t i = 0, k = 0; i < changes->n; i++)
		if (to_find(&changes->all[i]))
			s->wanted[k++] = &changes->all[i];
	qsort(s->wanted, s->n, sizeof *s->wanted, by_hash);
	return 0;
}

static int want_twins(struct search *s, const struct rp_survey *found, const struct rp_relation *r,
		      const struct rp_row_changes *changes, struct rp_err **err)
{
	if (changes->sample == NULL)
		return 0;
	s->changed = calloc(TWINS_MAX, sizeof *s->changed);
	if (s->changed == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	return rp_twins_init(&s->twins, changes->sample, r, &found->method, err);
}

/* The changes have them from here on. */
static int add_twins(struct search *s, struct rp_row_changes *changes, struct rp_err **err)
{
	if (s->n_changed == 0)
		return 0;
	struct rp_row_change *all = reallocarray(changes->all, changes->n + s->n_changed, sizeof *all);
	if (all == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	memcpy(all + changes->n, s->changed, s->n_changed * sizeof *all);
	changes->all = all;
	changes->n += s->n_changed;
	changes->changed += s->n_changed;
	s->n_changed = 0;
	return 0;
}

static void search_done(struct search *s)
{
	for (size_t i = 0; i < s->n_changed; i++)
		free(s->changed[i].row);
	free(s->changed);
	free(s->wanted);
	rp_twins_done(&s->twins);
}

int rp_rows_find(struct rp_db *db, const struct rp_survey *found, const struct rp_relation *r,
		 struct rp_row_changes *changes, struct rp_err **err)
{
	rp_cleanup(search_done) struct search s = {.seed = rp_method_seed(&found->method)};
	if (r == NULL)
		return 0;
	if (want(&s, changes, err) < 0 || want_twins(&s, found, r, changes, err) < 0)
		return -1;
	if (s.n == 0 && s.changed == NULL)
		return 0;
	if (rp_db_engine(db)->stream(rp_db_conn(db, 0), r, NULL, look_at, &s, err) < 0)
		return rp_err_wrap(err, "find rows of '%s'", r->name);
	return add_twins(&s, changes, err);
}
