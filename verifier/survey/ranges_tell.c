/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verifier/survey/ranges.h"
#include "verifier/survey/ranges_inside.h"
#include "verifier/util/error.h"

/* From ranges that differ to what a person can look for. */

static rp_key_place first_of(const struct rp_ranges *r, unsigned i)
{
	return r->all[i].prefix << (RP_PLACE_BITS - r->bits);
}

static rp_key_place last_of(const struct rp_ranges *r, unsigned i)
{
	unsigned rest = RP_PLACE_BITS - r->bits;
	return first_of(r, i) | (((rp_key_place)1 << rest) - 1);
}

static bool same_shape(const struct rp_ranges *a, const struct rp_ranges *b)
{
	if (a->n != b->n || a->bits != b->bits || a->n_columns != b->n_columns)
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if (a->all[i].prefix != b->all[i].prefix)
			return false;
	return true;
}

int rp_ranges_compare(struct rp_range_changes *ret, const struct rp_ranges *sealed,
		      const struct rp_ranges *found, struct rp_err **err)
{
	*ret = (struct rp_range_changes){.of = sealed->n};
	if (!same_shape(sealed, found))
		return 0;
	ret->all = calloc((size_t)sealed->n + 1, sizeof *ret->all);
	if (ret->all == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	bool running = false;
	for (unsigned i = 0; i < sealed->n; i++) {
		const struct rp_key_range *was = &sealed->all[i], *is = &found->all[i];
		if (was->count == is->count && was->sum == is->sum) {
			running = false;
			continue;
		}
		if (!running)
			ret->all[ret->n++] = (struct rp_range_change){.from = first_of(sealed, i)};
		struct rp_range_change *c = &ret->all[ret->n - 1];
		c->to = last_of(sealed, i);
		c->sealed += was->count;
		c->found += is->count;
		ret->ranges++;
		running = true;
	}
	if (found->outside.count > 0)
		ret->all[ret->n++] = (struct rp_range_change){.from = found->outside_from,
							      .to = found->outside_to,
							      .found = found->outside.count,
							      .outside = true};
	return 0;
}

/* Of text: as far as its characters are whole. */
static size_t whole_characters(const uint8_t *bytes, size_t len)
{
	size_t start = len;
	while (start > 0 && len - start < 4 && (bytes[start - 1] & 0xc0) == 0x80)
		start--;
	if (start == 0 || bytes[start - 1] < 0xc0)
		return start == len ? len : start;
	unsigned want = bytes[start - 1] >= 0xf0 ? 3 : bytes[start - 1] >= 0xe0 ? 2 : 1;
	return len - start == want ? len : start - 1;
}

/* The beginning that all keys up to here share with the bound: the zeroes and ones behind it are ours. */
static void bound_text(uint8_t *bytes, size_t *len, size_t known, bool high)
{
	if (*len > known)
		*len = known;
	if (high && *len > 0 && bytes[*len - 1] >= 0x7f && bytes[*len - 1] < 0x80)
		bytes[*len - 1] = '~';
	while (!high && *len > 0 && bytes[*len - 1] == 0)
		(*len)--;
	*len = whole_characters(bytes, *len);
}

static void take_apart(const struct rp_ranges *r, rp_key_place place, bool high, bool exact,
		       struct rp_bound *ret)
{
	uint8_t bytes[16];
	*ret = (struct rp_bound){0};
	for (unsigned i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(place >> (RP_PLACE_BITS - 8 - 8 * i));
	for (unsigned i = 0, at = 0; i < r->n_columns && at < sizeof bytes; i++) {
		size_t room = sizeof bytes - at, known = (r->bits + 7) / 8;
		size_t n = r->order[i].kind == RP_ORDER_BYTES || r->order[i].width > room ? room
											  : r->order[i].width;
		memcpy(ret->column[i].bytes, bytes + at, n);
		ret->column[i].len = n;
		if (r->order[i].kind == RP_ORDER_SIGNED)
			ret->column[i].bytes[0] ^= 0x80;
		else if (r->order[i].kind == RP_ORDER_BYTES)
			bound_text(ret->column[i].bytes, &ret->column[i].len,
				   exact	? room
				   : known > at ? known - at
						: 0,
				   high && !exact);
		at += r->order[i].width;
	}
}

size_t rp_ranges_bounds(const struct rp_ranges *r, const struct rp_range_change *c, struct rp_bound *ret_from,
			struct rp_bound *ret_to)
{
	take_apart(r, c->from, false, c->outside, ret_from);
	take_apart(r, c->to, true, c->outside, ret_to);
	size_t n = 0;
	while (n < r->n_columns && ret_from->column[n].len > 0 &&
	       memcmp(&ret_from->column[n], &ret_to->column[n], sizeof ret_from->column[n]) == 0)
		n++;
	return n < r->n_columns ? n + 1 : n;
}
