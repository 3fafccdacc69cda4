/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verifier/survey/sketch.h"
#include "verifier/survey/sketch_cells.h"
#include "verifier/util/error.h"

/* Peeling: a cell that holds one row names it; taken out of its other three cells, it may leave one of them
 * with one row. Every number here may be an enemy's. */

/* One row, n times over (n < 0: of the subtracted side). */
struct pure {
	struct rp_key_bytes key;
	uint64_t hash;
	int64_t n;
};

/* Twos in a count lose that many bits of a sum; sixteen candidates are tried, no more. */
#define TWOS_MAX 4

static uint64_t inverse_of_odd(uint64_t a)
{
	uint64_t x = a; /* right in three bits; each step doubles them */
	for (int i = 0; i < 5; i++)
		x *= 2 - a * x;
	return x;
}

static bool is_it(const struct rp_sketch *s, uint32_t index, const struct pure *p, uint64_t check)
{
	struct rp_place place = rp_sketch_place(s, &p->key, p->hash);
	return place.check * (uint64_t)p->n == check && rp_sketch_cell(s, place.at, index / s->part) == index;
}

/* Rows without a key may be there more than once: find h with n * h equal to the sum. */
static bool pure_keyless(const struct rp_sketch *s, uint32_t index, struct pure *ret)
{
	const struct rp_cell *c = &s->cells[index];
	int64_t n = (int64_t)c->count, most = (int64_t)rp_sketch_count(s);
	if (n == 0 || n > most || n < -most)
		return false;
	uint64_t sign = n < 0 ? UINT64_MAX : 1, many = (uint64_t)n * sign, sum = c->hash * sign;
	unsigned twos = (unsigned)__builtin_ctzll(many);
	if (twos > TWOS_MAX || (sum & ((1u << twos) - 1)) != 0)
		return false;
	uint64_t first = (sum >> twos) * inverse_of_odd(many >> twos);
	if (twos > 0)
		first &= UINT64_MAX >> twos;
	*ret = (struct pure){.n = n};
	for (uint64_t i = 0; i < 1u << twos; i++) {
		ret->hash = twos > 0 ? first | i << (64 - twos) : first;
		if (is_it(s, index, ret, c->check))
			return true;
	}
	return false;
}

static bool pure_keyed(const struct rp_sketch *s, uint32_t index, struct pure *ret)
{
	const struct rp_cell *c = &s->cells[index];
	if (c->count != 1 && c->count != UINT64_MAX)
		return false;
	*ret = (struct pure){.hash = c->hash * c->count, .n = c->count == 1 ? 1 : -1};
	if (c->key[3] > s->key_size)
		return false;
	memcpy(ret->key.bytes, c->key, RP_KEY_MAX);
	ret->key.len = (uint8_t)c->key[3];
	for (size_t i = ret->key.len; i < RP_KEY_MAX; i++)
		if (ret->key.bytes[i] != 0)
			return false;
	return is_it(s, index, ret, c->check);
}

static bool pure(const struct rp_sketch *s, uint32_t index, struct pure *ret)
{
	return s->key_size == 0 ? pure_keyless(s, index, ret) : pure_keyed(s, index, ret);
}

static void take_out(struct rp_sketch *s, const struct pure *p, uint32_t touched[RP_PARTITIONS])
{
	struct rp_place place = rp_sketch_place(s, &p->key, p->hash);
	uint64_t lanes[4], n = (uint64_t)p->n;
	rp_key_lanes(&p->key, lanes);
	for (unsigned k = 0; k < RP_PARTITIONS; k++) {
		touched[k] = rp_sketch_cell(s, place.at, k);
		struct rp_cell *c = &s->cells[touched[k]];
		c->count -= n;
		c->hash -= p->hash * n;
		c->check -= place.check * n;
		/* Keyed rows are taken out once; keyless ones have no bytes here. */
		for (unsigned i = 0; i < 4; i++)
			c->key[i] ^= lanes[i];
	}
}

static bool all_zero(const struct rp_sketch *s)
{
	uint64_t any = 0;
	for (uint32_t i = 0; i < rp_sketch_count(s); i++) {
		const struct rp_cell *c = &s->cells[i];
		any |= c->count | c->hash | c->check | c->key[0] | c->key[1] | c->key[2] | c->key[3];
	}
	return any == 0;
}

int rp_sketch_item_order(const void *a, const void *b)
{
	const struct rp_sketch_item *x = a, *y = b;
	int order = memcmp(x->key.bytes, y->key.bytes, RP_KEY_MAX);
	if (order == 0)
		order = (x->key.len > y->key.len) - (x->key.len < y->key.len);
	if (order == 0)
		order = (y->sign > x->sign) - (y->sign < x->sign);
	return order != 0 ? order : (x->row_hash > y->row_hash) - (x->row_hash < y->row_hash);
}

/* A row on both sides, or a keyed one twice, cannot come of two honest sketches. */
static bool plausible(const struct rp_sketch *s, const struct rp_sketch_items *items)
{
	for (size_t i = 1; i < items->n; i++) {
		const struct rp_sketch_item *a = &items->all[i - 1], *b = &items->all[i];
		if (memcmp(&a->key, &b->key, sizeof a->key) != 0 || a->row_hash != b->row_hash)
			continue;
		if (s->key_size > 0 || a->sign != b->sign)
			return false;
	}
	return true;
}

static double larger(double a, double b)
{
	return a > b ? a : b;
}

/* What rows that fall into n places at random leave there, (gained - lost) of each: squares whose mean, but for what all
 * of them gained or lost, grows as the rows do. */
struct spread {
	double n, net, square;
};

static void spread_add(struct spread *s, uint64_t count)
{
	double d = (double)(int64_t)count;
	s->n++;
	s->net += d;
	s->square += d * d;
}

static double spread_rows(const struct spread *s)
{
	return s->n > 1 ? (s->square - s->net * s->net / s->n) * s->n / (s->n - 1) : 0;
}

/* How many differ. The buckets and each of the four partitions place every row anew, so that their guesses err on their
 * own: about a twelfth with 256 cells and 64 buckets together. Two lower bounds stand beside it, for few rows. */
static uint64_t estimate(const struct rp_sketch *s)
{
	struct spread buckets = {0};
	double moved = 0, unequal = 0;
	for (uint32_t i = 0; i < s->n_buckets; i++) {
		double d = (double)(int64_t)s->buckets[i].count;
		spread_add(&buckets, s->buckets[i].count);
		moved += d < 0 ? -d : d;
		unequal += (s->buckets[i].count | s->buckets[i].sum) != 0;
	}
	double sum = spread_rows(&buckets) * buckets.n, n = buckets.n;
	for (unsigned k = 0; k < RP_PARTITIONS && s->part > 1; k++) {
		struct spread part = {0};
		for (uint32_t i = 0; i < s->part; i++)
			spread_add(&part, s->cells[k * s->part + i].count);
		sum += spread_rows(&part) * part.n;
		n += part.n;
	}
	double best = larger(larger(n > 0 ? sum / n : 0, moved), unequal);
	return best < 9e18 ? (uint64_t)best : UINT64_MAX / 2;
}

static void give(struct rp_sketch_items *items, const struct pure *p)
{
	int sign = p->n < 0 ? -1 : 1;
	for (int64_t i = 0; i != p->n; i += sign)
		items->all[items->n++] = (struct rp_sketch_item){p->key, p->hash, sign};
}

/* The stack holds cells to look at: all of them once, then the three others of each row taken out. Rows are
 * at most as many as cells, so that both arrays have a size known beforehand and the work is linear. */
static void peel(struct rp_sketch *s, struct rp_sketch_items *items, uint32_t *stack)
{
	uint32_t n = rp_sketch_count(s), depth = 0, touched[RP_PARTITIONS];
	for (uint32_t i = n; i > 0; i--)
		stack[depth++] = i - 1;
	for (struct pure p; depth > 0;) {
		uint32_t index = stack[--depth];
		if (!pure(s, index, &p))
			continue;
		if ((uint64_t)llabs(p.n) > n - items->n)
			return;
		give(items, &p);
		take_out(s, &p, touched);
		for (unsigned k = 0; k < RP_PARTITIONS; k++)
			if (touched[k] != index)
				stack[depth++] = touched[k];
	}
}

int rp_sketch_decode(struct rp_sketch *difference, struct rp_sketch_items *ret, struct rp_err **err)
{
	size_t n = rp_sketch_count(difference);
	struct rp_sketch_items items = {.estimate = estimate(difference)};
	rp_autofree uint32_t *stack = calloc(n * RP_PARTITIONS, sizeof *stack);
	rp_autofree struct rp_sketch_item *all = calloc(n, sizeof *all);
	if (stack == NULL || all == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	items.all = all;
	peel(difference, &items, stack);
	qsort(all, items.n, sizeof *all, rp_sketch_item_order);
	items.complete = all_zero(difference) && plausible(difference, &items);
	if (items.complete) {
		items.estimate = items.n;
		all = NULL; /* handed over */
	} else {
		items.n = 0;
		items.all = NULL;
	}
	*ret = items;
	return 0;
}
