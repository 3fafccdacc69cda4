/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "verifier/engine/mysql/cut.h"
#include "verifier/engine/mysql/fetch.h"
#include "verifier/engine/mysql/literal.h"
#include "verifier/util/buf.h"

/* Where to cut: keys between keys. */

/* A key of the same text is none to cut at: in a column's order others can be equal to it too, and that is no harm. */
static bool is_between(const struct rp_my_cut *found, const struct rp_my_cut *from,
		       const struct rp_my_cut *to)
{
	return found->bound != NULL && strcmp(found->bound, from->bound) != 0 &&
	       strcmp(found->bound, to->bound) != 0;
}

static bool is_same(const struct rp_my_cut *a, const struct rp_my_cut *b, size_t i)
{
	struct rp_field x = rp_my_cut_field(a, i), y = rp_my_cut_field(b, i);
	return x.value != NULL && y.value != NULL && x.len == y.len && memcmp(x.value, y.value, x.len) == 0;
}

static struct rp_field value_in(const struct rp_buf *b)
{
	return (struct rp_field){(const uint8_t *)rp_buf_text(b), b->len};
}

/* By halves of the values of column j, which is the first that differs: downwards while nothing is found, for there
 * may be a gap below the last key; upwards while only the first one is. */
static int guess(struct rp_my_cutting *k, const struct rp_my_cut *from, const struct rp_my_cut *to, size_t j,
		 struct rp_my_cut *ret, struct rp_err **err)
{
	rp_autobuf one = RP_BUF_INIT(BOUND_MAX);
	rp_autobuf two = RP_BUF_INIT(BOUND_MAX);
	rp_autobuf three = RP_BUF_INIT(BOUND_MAX);
	struct rp_buf *low = &one, *high = &two, *half = &three;
	struct rp_field a = rp_my_cut_field(from, j), b = rp_my_cut_field(to, j);
	rp_buf_add_mem(low, a.value, a.len);
	rp_buf_add_mem(high, b.value, b.len);
	for (unsigned i = 0; i < GUESSES; i++) {
		rp_autobuf probe = RP_BUF_INIT(BOUND_MAX);
		a = value_in(low);
		b = value_in(high);
		if (!rp_my_middle(half, &k->key[j], &a, &b))
			return 0;
		struct rp_field f = value_in(half);
		rp_my_cut_bound(&probe, k, from, j);
		rp_buf_add(&probe, j > 0 ? "," : "");
		if (!rp_my_add_literal(&probe, &k->key[j], &f) || probe.failed)
			return 0;
		struct rp_my_between p = {.from = from, .to = to, .probe = probe.s};
		if (rp_my_look_up(k, &p, ret, err) < 0)
			return -1;
		if (ret->bound != NULL && is_between(ret, from, to))
			return 0;
		struct rp_buf **end = ret->bound != NULL ? &low : &high, *was = *end;
		*end = half;
		half = was;
		rp_my_cut_done(ret);
	}
	return 0;
}

/* Where column j has no value in between: where its next value begins, or, if nothing of that is below 'to', within
 * the one that it has. */
static int descend(struct rp_my_cutting *k, const struct rp_my_cut *from, const struct rp_my_cut *to,
		   size_t j, struct rp_my_cut *ret, struct rp_err **err)
{
	rp_autocut last = {0};
	struct rp_my_between first_of_next = {.from = from, .to = to, .same = to, .n_same = j + 1};
	struct rp_my_between last_of_this = {
		.from = from, .to = to, .same = from, .n_same = j + 1, .last = true};
	if (j + 1 == k->n_key)
		return 0;
	if (rp_my_look_up(k, &first_of_next, ret, err) < 0)
		return -1;
	if (ret->bound != NULL && is_between(ret, from, to))
		return 0;
	rp_my_cut_done(ret);
	if (rp_my_look_up(k, &last_of_this, &last, err) < 0)
		return -1;
	if (last.bound == NULL || !is_between(&last, from, to))
		return 0;
	for (size_t i = j + 1; i < k->n_key; i++)
		if (!is_same(from, &last, i))
			return guess(k, from, &last, i, ret, err);
	return 0;
}

/* Where nothing can be guessed: over as many rows as the server supposes to be half of them. */
static int walk(struct rp_my_cutting *k, const struct rp_my_cut *from, const struct rp_my_cut *to,
		struct rp_my_cut *ret, struct rp_err **err)
{
	uint64_t skip = from->weight / 2 < STEP_MAX ? from->weight / 2 : STEP_MAX;
	for (; skip > 0; skip /= 8) {
		struct rp_my_between p = {.from = from, .to = to, .skip = skip};
		if (rp_my_look_up(k, &p, ret, err) < 0)
			return -1;
		if (ret->bound != NULL && is_between(ret, from, to))
			return 0;
		rp_my_cut_done(ret);
	}
	return 0;
}

static int find_between(struct rp_my_cutting *k, const struct rp_my_cut *from, const struct rp_my_cut *to,
			struct rp_my_cut *ret, struct rp_err **err)
{
	size_t j = 0;
	while (j < k->n_key && is_same(from, to, j))
		j++;
	if (j == k->n_key)
		return 0;
	if (guess(k, from, to, j, ret, err) < 0)
		return -1;
	if (ret->bound == NULL && descend(k, from, to, j, ret, err) < 0)
		return -1;
	return ret->bound != NULL ? 0 : walk(k, from, to, ret, err);
}

static int cut_at(struct rp_my_cutting *k, size_t i, struct rp_err **err)
{
	rp_autocut found = {0};
	if (find_between(k, &k->cuts[i], &k->cuts[i + 1], &found, err) < 0)
		return -1;
	if (found.bound == NULL) {
		k->cuts[i].stuck = true;
		return 0;
	}
	memmove(&k->cuts[i + 2], &k->cuts[i + 1], (k->n - i - 1) * sizeof k->cuts[0]);
	k->cuts[i + 1] = found;
	k->n++;
	found = (struct rp_my_cut){0};
	return rp_my_weigh(k, i, err) < 0 ? -1 : rp_my_weigh(k, i + 1, err);
}

/* The heaviest that can be cut. SIZE_MAX: there is none. */
static size_t heaviest(const struct rp_my_cutting *k)
{
	size_t best = SIZE_MAX;
	for (size_t i = 0; i + 1 < k->n; i++)
		if (!k->cuts[i].stuck && k->cuts[i].weight > 1 &&
		    (best == SIZE_MAX || k->cuts[i].weight > k->cuts[best].weight))
			best = i;
	return best;
}

int rp_my_cut_all(struct rp_my_cutting *k, unsigned parts, struct rp_err **err)
{
	size_t wanted = (size_t)parts * CUTS_A_PART;
	size_t most = wanted < CUTS_MAX - 1 ? wanted : CUTS_MAX - 1;
	while (k->n < most && k->asked < ASKED_MAX) {
		size_t i = heaviest(k);
		if (i == SIZE_MAX)
			break;
		if (cut_at(k, i, err) < 0)
			return -1;
	}
	return 0;
}
