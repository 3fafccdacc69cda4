/* SPDX-License-Identifier: MIT */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/scan/scan.h"
#include "verifier/util/error.h"

/* Below this an item costs more to begin than to read. */
#define ITEM_MIN (1024u * 1024)
/* So many of about equal weight, that the last worker is not long alone with its last. */
#define ITEMS_PER_JOB 8u

static int no_memory(struct rp_err **err)
{
	return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

static int grow(struct rp_plan *p, size_t more, struct rp_err **err)
{
	struct rp_item *all = reallocarray(p->items, p->n + more, sizeof *all);
	if (all == NULL)
		return no_memory(err);
	p->items = all;
	return 0;
}

static unsigned parts_of(uint64_t weight, uint64_t limit, unsigned jobs)
{
	uint64_t parts = (weight + limit - 1) / limit;
	uint64_t most = ITEMS_PER_JOB * (uint64_t)jobs + 1;
	return parts < 1 ? 1 : (unsigned)(parts > most ? most : parts);
}

/* 0: it is not to be cut. A relation that refuses to be measured will refuse to be read, and say why. */
static int cut(struct rp_db *db, const struct rp_relation *r, struct rp_range *ret, unsigned parts,
	       struct rp_err **err)
{
	const struct rp_engine *engine = rp_db_engine(db);
	rp_autoerr struct rp_err *why = NULL;
	if (parts < 2 || engine->split == NULL)
		return 0;
	int made = engine->split(rp_db_conn(db, 0), r, ret, parts, &why);
	if (made >= 0 || rp_err_kind(why) == RP_ERR_OBJECT)
		return made < 0 ? 0 : made;
	return rp_err_set(err, rp_err_kind(why), "split '%s': %s", r->name, rp_err_text(why));
}

static int add(struct rp_plan *p, struct rp_db *db, const struct rp_survey *s, size_t relation,
	       unsigned parts, struct rp_err **err)
{
	const struct rp_relation *r = &s->relations[relation];
	rp_autofree struct rp_range *ranges = calloc(parts, sizeof *ranges);
	if (ranges == NULL || grow(p, parts, err) < 0)
		return no_memory(err);
	int made = cut(db, r, ranges, parts, err);
	if (made < 0)
		return -1;
	if (made == 0)
		made = 1;
	for (int i = 0; i < made; i++)
		p->items[p->n++] = (struct rp_item){
			.relation = relation, .part = ranges[i], .weight = r->weight / (unsigned)made};
	return 0;
}

/* The heaviest first, so that no worker begins a large item when the others are about to end. */
static int heavier(const void *a, const void *b)
{
	const struct rp_item *x = a, *y = b;
	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return x->relation < y->relation ? -1 : x->relation > y->relation;
}

static int fill(struct rp_plan *p, struct rp_db *db, const struct rp_survey *s, struct rp_err **err)
{
	uint64_t total = 0;
	for (size_t i = 0; i < s->n_relations; i++)
		if (s->relations[i].not_surveyed == NULL)
			total += s->relations[i].weight;
	unsigned jobs = rp_db_jobs(db);
	uint64_t limit = total / (ITEMS_PER_JOB * (uint64_t)jobs);
	if (limit < ITEM_MIN)
		limit = ITEM_MIN;
	for (size_t i = 0; i < s->n_relations; i++) {
		/* Alone, nobody is helped by parts. */
		unsigned parts = jobs > 1 ? parts_of(s->relations[i].weight, limit, jobs) : 1;
		if (s->relations[i].not_surveyed == NULL && add(p, db, s, i, parts, err) < 0)
			return -1;
	}
	if (p->n > 0)
		qsort(p->items, p->n, sizeof *p->items, heavier);
	return 0;
}

int rp_plan_make(struct rp_plan *ret, struct rp_db *db, const struct rp_survey *described,
		 struct rp_err **err)
{
	struct rp_plan p = {0};
	if (fill(&p, db, described, err) < 0) {
		rp_plan_done(&p);
		return -1;
	}
	ret->items = p.items;
	ret->n = p.n;
	atomic_store(&ret->next, 0);
	return 0;
}

const struct rp_item *rp_plan_take(struct rp_plan *p)
{
	size_t i = atomic_fetch_add(&p->next, 1);
	return i < p->n ? &p->items[i] : NULL;
}

void rp_plan_done(struct rp_plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->items[i].part.from);
		free(p->items[i].part.to);
	}
	free(p->items);
	p->items = NULL;
	p->n = 0;
}
