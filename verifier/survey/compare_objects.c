/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verifier/survey/compare.h"
#include "verifier/survey/sort.h"
#include "verifier/util/error.h"

/* What is carried along: where differences go, and whom to ask about them. */
struct comparison {
	struct rp_differences *to;
	size_t cap;
	const struct rp_survey *sealed, *found;
	rp_drift_fn *explain; /* NULL between equal versions: there a difference is damage */
	struct rp_err **err;
};

static int add(struct comparison *c, struct rp_difference d)
{
	if (c->to->n == c->cap) {
		size_t cap = c->cap > 0 ? c->cap * 2 : 32;
		struct rp_difference *all = reallocarray(c->to->all, cap, sizeof *all);
		if (all == NULL)
			return rp_err_set(c->err, RP_ERR_NOMEM, "out of memory");
		c->to->all = all;
		c->cap = cap;
	}
	if (c->explain != NULL)
		d.drift = c->explain(&c->sealed->identity, &c->found->identity, &d);
	c->to->all[c->to->n++] = d;
	return 0;
}

static int add_one_sided(struct comparison *c, const struct rp_object *sealed, const struct rp_object *found)
{
	return add(c, (struct rp_difference){.change = sealed != NULL ? RP_LOST : RP_GAINED,
					     .sealed = sealed,
					     .found = found,
					     .expected = sealed != NULL ? sealed->definition : NULL,
					     .got = found != NULL ? found->definition : NULL});
}

/* expected or got NULL: that side does not say. */
static int compare_fact(struct comparison *c, const struct rp_object *sealed, const struct rp_object *found,
			const char *name, const char *expected, const char *got)
{
	if (expected != NULL && got != NULL && strcmp(expected, got) == 0)
		return 0;
	return add(c, (struct rp_difference){.change = RP_CHANGED,
					     .sealed = sealed,
					     .found = found,
					     .fact = name,
					     .expected = expected,
					     .got = got});
}

/* Which of two sorted lists' heads comes first: at an end, the other one's. */
static int facts_order(const struct rp_object *a, size_t i, const struct rp_object *b, size_t k)
{
	if (i == a->n_facts || k == b->n_facts)
		return i == a->n_facts ? 1 : -1;
	return strcmp(a->facts[i].name, b->facts[k].name);
}

static int compare_facts(struct comparison *c, const struct rp_object *sealed, const struct rp_object *found)
{
	for (size_t i = 0, k = 0; i < sealed->n_facts || k < found->n_facts;) {
		int order = facts_order(sealed, i, found, k);
		const char *name = order <= 0 ? sealed->facts[i].name : found->facts[k].name;
		const char *expected = order <= 0 ? sealed->facts[i].value : NULL;
		const char *got = order >= 0 ? found->facts[k].value : NULL;
		if (compare_fact(c, sealed, found, name, expected, got) < 0)
			return -1;
		i += order <= 0;
		k += order >= 0;
	}
	return 0;
}

/* By digest: a manifest may keep no text. */
static int compare_two(struct comparison *c, const struct rp_object *sealed, const struct rp_object *found)
{
	if (!rp_sha256_equal(sealed->digest, found->digest) &&
	    add(c, (struct rp_difference){.change = RP_CHANGED,
					  .sealed = sealed,
					  .found = found,
					  .expected = sealed->definition,
					  .got = found->definition}) < 0)
		return -1;
	return compare_facts(c, sealed, found);
}

static int compare_all(struct comparison *c)
{
	const struct rp_survey *s = c->sealed, *f = c->found;
	for (size_t i = 0, k = 0; i < s->n_objects || k < f->n_objects;) {
		const struct rp_object *a = i < s->n_objects ? &s->objects[i] : NULL;
		const struct rp_object *b = k < f->n_objects ? &f->objects[k] : NULL;
		int order = a == NULL ? 1 : b == NULL ? -1 : rp_object_order(a, b);
		int r = order < 0   ? add_one_sided(c, a, NULL)
			: order > 0 ? add_one_sided(c, NULL, b)
				    : compare_two(c, a, b);
		if (r < 0)
			return -1;
		i += order <= 0;
		k += order >= 0;
	}
	return 0;
}

int rp_compare_objects(struct rp_differences *ret, const struct rp_survey *sealed,
		       const struct rp_survey *found, rp_drift_fn *explain, struct rp_err **err)
{
	bool same = strcmp(sealed->identity.engine, found->identity.engine) == 0 &&
		    strcmp(sealed->identity.version, found->identity.version) == 0;
	*ret = (struct rp_differences){0};
	struct comparison c = {
		.to = ret, .sealed = sealed, .found = found, .explain = same ? NULL : explain, .err = err};
	if (compare_all(&c) < 0) {
		rp_differences_done(ret);
		return -1;
	}
	return 0;
}

void rp_differences_done(struct rp_differences *d)
{
	free(d->all);
	*d = (struct rp_differences){0};
}
