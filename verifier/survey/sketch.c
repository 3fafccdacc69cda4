/* SPDX-License-Identifier: MIT */
#include "verifier/survey/sketch.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "verifier/survey/sketch_cells.h"
#include "verifier/util/error.h"

_Static_assert(RP_KEY_MAX == 3 * sizeof(uint64_t), "a key is three lanes, and its length one");

bool rp_key_is_whole(const struct rp_key_bytes *k)
{
	return k->len > 0 && k->bytes[0] != RP_KEY_FINGERPRINT;
}

static void seed(struct rp_sketch *s, const uint8_t salt[RP_SALT_LEN])
{
	uint8_t base[RP_SHA256_LEN];
	rp_seed_base(RP_SEED_SKETCH, salt, base);
	memcpy(s->salt, salt, RP_SALT_LEN);
	s->place_seed = rp_le64_get(base);
	s->check_seed = rp_le64_get(base + 8);
}

int rp_sketch_new(struct rp_sketch **ret, uint32_t cells, unsigned key_size, const uint8_t salt[RP_SALT_LEN],
		  struct rp_err **err)
{
	if (cells == 0 || cells > RP_CELLS_MAX || key_size > RP_KEY_MAX)
		return rp_err_set(err, RP_ERR_CONFIG, "a sketch of %u cells with keys of %u bytes", cells,
				  key_size);
	uint32_t part = (cells + RP_PARTITIONS - 1) / RP_PARTITIONS, buckets = rp_sketch_buckets_for(part);
	size_t size = sizeof(struct rp_cell) * part * RP_PARTITIONS;
	struct rp_sketch *s = calloc(1, sizeof *s + size + buckets * sizeof(struct rp_bucket));
	if (s == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	s->part = part;
	s->n_buckets = buckets;
	s->buckets = (void *)(s->cells + (size_t)part * RP_PARTITIONS);
	s->key_size = key_size;
	seed(s, salt);
	*ret = s;
	return 0;
}

int rp_sketch_new_like(struct rp_sketch **ret, const struct rp_sketch *like, struct rp_err **err)
{
	return rp_sketch_new(ret, rp_sketch_count(like), like->key_size, like->salt, err);
}

void rp_sketch_free(struct rp_sketch *s)
{
	free(s);
}

unsigned rp_sketch_key_size(const struct rp_sketch *s)
{
	return s->key_size;
}

uint32_t rp_sketch_cells(const struct rp_sketch *s)
{
	return rp_sketch_count(s);
}

struct rp_place rp_sketch_place(const struct rp_sketch *s, const struct rp_key_bytes *key, uint64_t row_hash)
{
	uint64_t block[4] = {htole64(row_hash)};
	memcpy(block + 1, key->bytes, RP_KEY_MAX);
	return (struct rp_place){XXH3_64bits_withSeed(block, sizeof block, s->place_seed),
				 XXH3_64bits_withSeed(block, sizeof block, s->check_seed)};
}

void rp_sketch_add(struct rp_sketch *s, const struct rp_key_bytes *key, struct rp_u128 row_hash)
{
	uint64_t lanes[4];
	struct rp_place p = rp_sketch_place(s, key, row_hash.lo);
	rp_key_lanes(key, lanes);
	for (unsigned k = 0; k < RP_PARTITIONS; k++) {
		struct rp_cell *c = &s->cells[rp_sketch_cell(s, p.at, k)];
		c->count++;
		c->hash += row_hash.lo;
		c->check += p.check;
		for (unsigned i = 0; i < 4; i++)
			c->key[i] ^= lanes[i];
	}
	struct rp_bucket *b = &s->buckets[((row_hash.hi >> 32) * s->n_buckets) >> 32];
	b->count++;
	b->sum += row_hash.lo;
	if (key->len > s->widest)
		s->widest = key->len;
}

static int combine(struct rp_sketch *into, const struct rp_sketch *from, uint64_t sign, struct rp_err **err)
{
	if (into->part != from->part || into->key_size != from->key_size ||
	    memcmp(into->salt, from->salt, RP_SALT_LEN) != 0)
		return rp_err_set(
			err, RP_ERR_TRUST,
			"sketches of different shape: %u cells with keys of %u bytes, and %u with %u%s",
			rp_sketch_count(into), into->key_size, rp_sketch_count(from), from->key_size,
			memcmp(into->salt, from->salt, RP_SALT_LEN) != 0 ? ", of two salts" : "");
	for (uint32_t i = 0; i < rp_sketch_count(into); i++)
		rp_cell_combine(&into->cells[i], &from->cells[i], sign);
	for (uint32_t i = 0; i < into->n_buckets; i++) {
		into->buckets[i].count += sign * from->buckets[i].count;
		into->buckets[i].sum += sign * from->buckets[i].sum;
	}
	if (from->widest > into->widest)
		into->widest = from->widest;
	return 0;
}

int rp_sketch_merge(struct rp_sketch *into, const struct rp_sketch *from, struct rp_err **err)
{
	return combine(into, from, 1, err);
}

int rp_sketch_subtract(struct rp_sketch *from, const struct rp_sketch *what, struct rp_err **err)
{
	return combine(from, what, UINT64_MAX, err);
}

/* Add neighbours up: the sketch that the same rows would have made in half the cells. */
static void fold(struct rp_sketch *s)
{
	uint32_t n = rp_sketch_count(s);
	for (uint32_t i = 0; i < n; i += 2) {
		struct rp_cell c = s->cells[i];
		rp_cell_combine(&c, &s->cells[i + 1], 1);
		s->cells[i / 2] = c;
	}
	s->part /= 2;
	uint32_t buckets = rp_sketch_buckets_for(s->part);
	struct rp_bucket *to = (void *)(s->cells + rp_sketch_count(s)), *from = s->buckets;
	/* To the left, over what the cells have left free: forwards, as memmove() would. */
	for (uint32_t i = 0; i < buckets; i++) {
		to[i] = from[buckets < s->n_buckets ? 2 * i : i];
		if (buckets < s->n_buckets) {
			to[i].count += from[2 * i + 1].count;
			to[i].sum += from[2 * i + 1].sum;
		}
	}
	s->buckets = to;
	s->n_buckets = buckets;
}

/* What is enough, with 0.1 % failures, to name every row of a relation when all of them changed: two
 * differences each. Simulated; docs/digest-format.md has the table. */
static const struct {
	uint64_t rows;
	uint32_t cells;
} enough[] = {{0, 16}, {1, 32}, {5, 64}, {22, 128}, {RP_SKETCH_NAMES_ALL, 256}};

void rp_sketch_fit(struct rp_sketch *s, uint64_t rows)
{
	uint32_t want = UINT32_MAX;
	for (size_t i = 0; i < sizeof enough / sizeof enough[0] && want == UINT32_MAX; i++)
		if (rows <= enough[i].rows)
			want = enough[i].cells;
	while (s->part % 2 == 0 && rp_sketch_count(s) / 2 >= want)
		fold(s);
	/* An empty relation had no key to measure; what is gained there should still find room. */
	unsigned narrow = s->widest > RP_KEY_NARROW ? s->widest : RP_KEY_NARROW;
	if (s->key_size > narrow)
		s->key_size = narrow;
}

void rp_sketch_shrink(struct rp_sketch *s, uint32_t cells)
{
	while (s->part % 2 == 0 && rp_sketch_count(s) > cells)
		fold(s);
}

void rp_sketch_trim(struct rp_sketch **s)
{
	size_t cells = sizeof(struct rp_cell) * rp_sketch_count(*s);
	struct rp_sketch *less = realloc(*s, sizeof **s + cells + (*s)->n_buckets * sizeof(struct rp_bucket));
	*s = less != NULL ? less : *s;
	/* Right behind the cells, where folding has put them. */
	(*s)->buckets = (void *)((*s)->cells + rp_sketch_count(*s));
}
