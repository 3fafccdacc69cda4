/* SPDX-License-Identifier: MIT */
#include "verifier/survey/sample.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "verifier/survey/sample_inside.h"
#include "verifier/survey/seed.h"
#include "verifier/util/error.h"

int rp_sample_make(struct rp_sample **ret, uint32_t width, uint32_t levels, unsigned key_size,
		   const uint8_t salt[RP_SALT_LEN], struct rp_err **err)
{
	uint8_t base[RP_SHA256_LEN];
	struct rp_sample *s = calloc(1, sizeof *s + sizeof(struct rp_cell) * width * levels);
	if (s == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	s->width = width;
	s->levels = levels;
	s->key_size = key_size;
	rp_seed_base(RP_SEED_SAMPLE, salt, base);
	memcpy(s->salt, salt, RP_SALT_LEN);
	s->place_seed = rp_le64_get(base);
	s->check_seed = rp_le64_get(base + 8);
	*ret = s;
	return 0;
}

int rp_sample_new(struct rp_sample **ret, uint32_t width, unsigned key_size, const uint8_t salt[RP_SALT_LEN],
		  struct rp_err **err)
{
	uint32_t narrow = width < RP_SAMPLE_WIDTH_MAX ? width : RP_SAMPLE_WIDTH_MAX;
	return rp_sample_make(ret, narrow, RP_SAMPLE_LEVELS, key_size, salt, err);
}

int rp_sample_new_like(struct rp_sample **ret, const struct rp_sample *like, struct rp_err **err)
{
	return rp_sample_make(ret, like->width, like->levels, like->key_size, like->salt, err);
}

void rp_sample_free(struct rp_sample *s)
{
	free(s);
}

unsigned rp_sample_key_size(const struct rp_sample *s)
{
	return s->key_size;
}

/* The cell of a key, or of a row where there is none; NULL: most have no place. */
static const struct rp_cell *cell_of(const struct rp_sample *s, const struct rp_key_bytes *key,
				     uint64_t row_hash)
{
	uint64_t own = htole64(row_hash);
	uint64_t at = s->key_size > 0 ? XXH3_64bits_withSeed(key->bytes, RP_KEY_MAX, s->place_seed)
				      : XXH3_64bits_withSeed(&own, sizeof own, s->place_seed);
	if ((at & ((1u << RP_SAMPLE_SKIPPED_BITS) - 1)) != 0)
		return NULL;
	/* The low half chooses the level, the high half the cell. */
	uint32_t low = (uint32_t)at >> RP_SAMPLE_SKIPPED_BITS | 1u << 31;
	uint32_t level = (uint32_t)__builtin_ctz(low);
	level = level < s->levels ? level : s->levels - 1;
	return &s->cells[level * s->width + (uint32_t)(((at >> 32) * s->width) >> 32)];
}

static uint64_t check_of(const struct rp_sample *s, const struct rp_key_bytes *key, uint64_t row_hash)
{
	uint64_t block[4] = {htole64(row_hash)};
	memcpy(block + 1, key->bytes, RP_KEY_MAX);
	return XXH3_64bits_withSeed(block, sizeof block, s->check_seed);
}

void rp_sample_add(struct rp_sample *s, const struct rp_key_bytes *key, uint64_t row_hash)
{
	const struct rp_cell *at = cell_of(s, key, row_hash);
	if (at == NULL)
		return;
	struct rp_cell row = {1, row_hash, check_of(s, key, row_hash), {0}};
	rp_key_lanes(key, row.key);
	rp_cell_combine(&s->cells[at - s->cells], &row, 1);
}

static int combine(struct rp_sample *into, const struct rp_sample *from, uint64_t sign, struct rp_err **err)
{
	if (into->width != from->width || into->levels != from->levels || into->key_size != from->key_size ||
	    memcmp(into->salt, from->salt, RP_SALT_LEN) != 0)
		return rp_err_set(err, RP_ERR_TRUST, "samples of different shape");
	for (uint32_t i = 0; i < rp_sample_count(into); i++)
		rp_cell_combine(&into->cells[i], &from->cells[i], sign);
	return 0;
}

int rp_sample_merge(struct rp_sample *into, const struct rp_sample *from, struct rp_err **err)
{
	return combine(into, from, 1, err);
}

int rp_sample_subtract(struct rp_sample *from, const struct rp_sample *what, struct rp_err **err)
{
	return combine(from, what, UINT64_MAX, err);
}

void rp_sample_fit(struct rp_sample *s, uint64_t rows, unsigned key_size)
{
	uint32_t levels = 1;
	while (levels < s->levels && rows >> (levels + RP_SAMPLE_SKIPPED_BITS) > s->width)
		levels++;
	struct rp_cell *last = &s->cells[(size_t)(levels - 1) * s->width];
	for (uint32_t i = levels * s->width; i < rp_sample_count(s); i++)
		rp_cell_combine(&last[i % s->width], &s->cells[i], 1);
	s->levels = levels;
	s->key_size = key_size < s->key_size ? key_size : s->key_size;
}

void rp_sample_shrink(struct rp_sample *s, uint32_t width)
{
	for (; s->width > width && s->width % 2 == 0; s->width /= 2)
		for (uint32_t i = 0; i < rp_sample_count(s); i += 2) {
			struct rp_cell c = s->cells[i];
			rp_cell_combine(&c, &s->cells[i + 1], 1);
			s->cells[i / 2] = c;
		}
}

void rp_sample_trim(struct rp_sample **s)
{
	struct rp_sample *less = realloc(*s, sizeof **s + sizeof(struct rp_cell) * rp_sample_count(*s));
	*s = less != NULL ? less : *s;
}

/* Twins: a key's sealed and found version; the key has cancelled itself out, and so has the count. */
static bool holds_twins(const struct rp_cell *c)
{
	return c->count == 0 && (c->key[0] | c->key[1] | c->key[2] | c->key[3]) == 0 &&
	       (c->hash | c->check) != 0;
}

bool rp_sample_has_twins(const struct rp_sample *s)
{
	for (uint32_t i = 0; i < rp_sample_count(s) && s->key_size > 0; i++)
		if (holds_twins(&s->cells[i]))
			return true;
	return false;
}

bool rp_sample_twin(const struct rp_sample *s, const struct rp_key_bytes *key, uint64_t row_hash,
		    struct rp_sketch_item *ret)
{
	const struct rp_cell *c = cell_of(s, key, row_hash);
	if (c == NULL || s->key_size == 0 || !holds_twins(c))
		return false;
	*ret = (struct rp_sketch_item){.key = *key, .row_hash = c->hash + row_hash, .sign = 1};
	return c->check + check_of(s, key, row_hash) == check_of(s, key, ret->row_hash);
}

/* One row, and by its own hash in the place that it has: by accident, once in 2^64 cells. */
static bool holds_one(const struct rp_sample *s, const struct rp_cell *c, struct rp_sketch_item *ret)
{
	if ((c->count != 1 && c->count != UINT64_MAX) || c->key[3] > s->key_size)
		return false;
	*ret = (struct rp_sketch_item){.row_hash = c->hash * c->count, .sign = c->count == 1 ? 1 : -1};
	memcpy(ret->key.bytes, c->key, RP_KEY_MAX);
	ret->key.len = (uint8_t)c->key[3];
	for (size_t i = ret->key.len; i < RP_KEY_MAX; i++)
		if (ret->key.bytes[i] != 0)
			return false;
	return (s->key_size == 0 || ret->key.len > 0) && cell_of(s, &ret->key, ret->row_hash) == c &&
	       check_of(s, &ret->key, ret->row_hash) * c->count == c->check;
}

int rp_sample_decode(const struct rp_sample *s, struct rp_sketch_items *ret, struct rp_err **err)
{
	*ret = (struct rp_sketch_items){.all = calloc(rp_sample_count(s), sizeof *ret->all)};
	if (ret->all == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (uint32_t i = 0; i < rp_sample_count(s); i++)
		ret->n += holds_one(s, &s->cells[i], &ret->all[ret->n]) ? 1 : 0;
	qsort(ret->all, ret->n, sizeof *ret->all, rp_sketch_item_order);
	return 0;
}
