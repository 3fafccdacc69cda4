/* SPDX-License-Identifier: MIT */
#include "verifier/survey/ranges.h"

#include <stdlib.h>
#include <string.h>

#include <endian.h>

#include "verifier/survey/key.h"
#include "verifier/survey/ranges_inside.h"
#include "verifier/util/error.h"

#define PLACE_BYTES (RP_PLACE_BITS / 8)
#define LENGTH	    4 /* in front of a value in an encoded row */

static const struct rp_column *key_column(const struct rp_relation *r, unsigned place)
{
	for (size_t i = 0; i < r->n_columns; i++)
		if (r->columns[i].key == place)
			return &r->columns[i];
	return NULL;
}

/* The columns that a place is made of: one of any length ends it, and so does a place that is full. */
static void order_by(struct rp_ranges *s, const struct rp_relation *r)
{
	for (unsigned used = 0; s->n_columns < RP_RANGES_COLUMNS && used < PLACE_BYTES;) {
		const struct rp_column *c = key_column(r, s->n_columns + 1);
		if (c == NULL || c->order.kind == RP_ORDER_NONE)
			break;
		s->order[s->n_columns++] = c->order;
		used += c->order.width;
		s->bits = used * 8 < RP_PLACE_BITS ? used * 8 : RP_PLACE_BITS;
		if (c->order.kind == RP_ORDER_BYTES) {
			s->bits = RP_PLACE_BITS;
			break;
		}
	}
}

struct rp_ranges *rp_ranges_make(unsigned most)
{
	struct rp_ranges *s = calloc(1, sizeof *s + sizeof s->all[0] * (most + 1));
	if (s != NULL)
		s->most = most;
	return s;
}

int rp_ranges_new(struct rp_ranges **ret, const struct rp_relation *r, unsigned most, struct rp_err **err)
{
	rp_auto(rp_ranges) s = rp_ranges_make(most < RP_RANGES_MAX ? most : RP_RANGES_MAX);
	if (s == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	order_by(s, r);
	if (s->n_columns > 0 && s->most > 1)
		*ret = rp_take(s);
	return 0;
}

int rp_ranges_new_like(struct rp_ranges **ret, const struct rp_ranges *like, struct rp_err **err)
{
	struct rp_ranges *s = rp_ranges_make(like->n);
	if (s == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	memcpy(s->order, like->order, sizeof s->order);
	s->n_columns = like->n_columns;
	s->bits = like->bits;
	s->sealed = true;
	for (unsigned i = 0; i < like->n; i++)
		rp_ranges_insert(s, &(struct rp_key_range){.prefix = like->all[i].prefix});
	*ret = s;
	return 0;
}

void rp_ranges_free(struct rp_ranges *r)
{
	free(r);
}

static unsigned slot_of(rp_key_place prefix)
{
	uint64_t h = ((uint64_t)prefix ^ (uint64_t)(prefix >> 64) * UINT64_C(0x9e3779b97f4a7c15)) *
		     UINT64_C(0xd6e8feb86659fd93);
	return (unsigned)(h >> 40) % RP_RANGES_SLOTS;
}

/* NULL: there is none of this prefix. */
static struct rp_key_range *find(struct rp_ranges *r, rp_key_place prefix)
{
	for (unsigned at = slot_of(prefix); r->slot[at] != 0; at = (at + 1) % RP_RANGES_SLOTS) {
		struct rp_key_range *range = &r->all[r->slot[at] - 1];
		if (range->prefix == prefix)
			return range;
	}
	return NULL;
}

void rp_ranges_insert(struct rp_ranges *r, const struct rp_key_range *range)
{
	unsigned at = slot_of(range->prefix);
	while (r->slot[at] != 0)
		at = (at + 1) % RP_RANGES_SLOTS;
	r->all[r->n++] = *range;
	r->slot[at] = (uint16_t)r->n;
}

static void add_up(struct rp_key_range *to, const struct rp_key_range *range)
{
	to->count += range->count;
	to->sum += range->sum;
}

/* One bit less: neighbours that differed in it alone become one. */
static void coarsen(struct rp_ranges *r)
{
	unsigned n = r->n;
	r->bits--;
	r->n = r->last = 0;
	memset(r->slot, 0, sizeof r->slot);
	/* What has been read is behind what is written. */
	for (unsigned i = 0; i < n; i++) {
		struct rp_key_range range = r->all[i];
		range.prefix >>= 1;
		struct rp_key_range *to = find(r, range.prefix);
		if (to != NULL)
			add_up(to, &range);
		else
			rp_ranges_insert(r, &range);
	}
}

static __attribute__((noinline)) void put_outside(struct rp_ranges *r, const struct rp_key_range *range,
						  rp_key_place from, rp_key_place to)
{
	if (r->outside.count == 0 || from < r->outside_from)
		r->outside_from = from;
	if (r->outside.count == 0 || to > r->outside_to)
		r->outside_to = to;
	add_up(&r->outside, range);
}

static __attribute__((noinline)) void put(struct rp_ranges *r, const struct rp_key_range *range)
{
	struct rp_key_range *to = find(r, range->prefix);
	rp_key_place from = range->prefix << (RP_PLACE_BITS - r->bits);
	if (to != NULL) {
		add_up(to, range);
		r->last = (unsigned)(to - r->all);
		return;
	}
	if (r->sealed) {
		put_outside(r, range, from, from);
		return;
	}
	rp_ranges_insert(r, range);
	r->last = r->n - 1;
	while (r->n > r->most && r->bits > 1)
		coarsen(r);
}

/* Two's complement with its sign turned round is in order. */
static rp_key_place place_of(const struct rp_ranges *r, const struct rp_key_part *parts)
{
	uint8_t bytes[PLACE_BYTES] = {0};
	for (unsigned i = 0, at = 0; i < r->n_columns && at < PLACE_BYTES; i++) {
		const struct rp_order *o = &r->order[i];
		size_t len = parts[i].len - LENGTH, room = PLACE_BYTES - at;
		size_t n = o->kind == RP_ORDER_BYTES || len < o->width ? len : o->width;
		n = n < room ? n : room;
		if (n == 8)
			memcpy(bytes + at, parts[i].at + LENGTH, 8);
		else
			memcpy(bytes + at, parts[i].at + LENGTH, n);
		if (o->kind == RP_ORDER_SIGNED)
			bytes[at] ^= 0x80;
		at += o->width;
	}
	uint64_t half[2];
	memcpy(half, bytes, sizeof half);
	return (rp_key_place)be64toh(half[0]) << 64 | be64toh(half[1]);
}

void rp_ranges_add(struct rp_ranges *r, const struct rp_key_part *parts, uint64_t row_hash)
{
	rp_key_place place = place_of(r, parts), prefix = place >> (RP_PLACE_BITS - r->bits);
	struct rp_key_range *last = &r->all[r->last];
	const struct rp_key_range row = {prefix, 1, row_hash};
	if (__builtin_expect(r->last >= r->n || last->prefix != prefix, 0)) {
		if (!r->sealed) {
			put(r, &row);
			return;
		}
		last = find(r, prefix);
		if (last == NULL) {
			put_outside(r, &row, place, place);
			return;
		}
		r->last = (unsigned)(last - r->all);
	}
	last->count++;
	last->sum += row_hash;
}

void rp_ranges_merge(struct rp_ranges *into, const struct rp_ranges *from)
{
	while (into->bits > from->bits)
		coarsen(into);
	for (unsigned i = 0; i < from->n; i++) {
		struct rp_key_range range = from->all[i];
		range.prefix >>= from->bits - into->bits;
		put(into, &range);
	}
	if (from->outside.count > 0)
		put_outside(into, &from->outside, from->outside_from, from->outside_to);
}

static int in_order(const void *a, const void *b)
{
	const struct rp_key_range *x = a, *y = b;
	return x->prefix < y->prefix ? -1 : x->prefix > y->prefix;
}

void rp_ranges_fit(struct rp_ranges *r, unsigned most)
{
	r->most = most < r->most ? most : r->most;
	while (r->n > r->most && r->bits > 1)
		coarsen(r);
	struct rp_key_range sorted[RP_RANGES_MAX + 1];
	unsigned n = r->n;
	memcpy(sorted, r->all, n * sizeof sorted[0]);
	qsort(sorted, n, sizeof sorted[0], in_order);
	r->n = r->last = 0;
	memset(r->slot, 0, sizeof r->slot);
	for (unsigned i = 0; i < n; i++)
		rp_ranges_insert(r, &sorted[i]);
}

bool rp_ranges_suit(const struct rp_ranges *r, size_t key_columns, uint64_t rows, uint64_t sum)
{
	for (unsigned i = 0; i < r->n; i++) {
		rows -= r->all[i].count;
		sum -= r->all[i].sum;
	}
	return r->n_columns <= key_columns && rows == 0 && sum == 0;
}
