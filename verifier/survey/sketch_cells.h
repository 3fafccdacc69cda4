/* SPDX-License-Identifier: MIT */
#ifndef RP_SURVEY_SKETCH_CELLS_H
#define RP_SURVEY_SKETCH_CELLS_H

#include "verifier/survey/seed.h"
#include "verifier/survey/sketch.h"

/* A sketch's inside, for the three files that work on it: filling, peeling, reading and writing. */

#define RP_PARTITIONS  4u
#define RP_BUCKETS_MAX 64u
#define RP_CELLS_MAX   65536u /* 3 MB: more than a manifest should carry for one relation */

/* Count, hash and check are sums modulo 2^64, so that n equal rows are n times one row. Keys are combined by
 * exclusive or: a byte string of any length, its length with it. */
struct rp_cell {
	uint64_t count, hash, check;
	uint64_t key[4]; /* its 24 bytes, and its length as a number */
};
/* By key, what is lost before what is gained. For qsort(). */
int rp_sketch_item_order(const void *a, const void *b);
/* In a manifest: 24 bytes, and where there is a key its length and its bytes. */
size_t rp_cell_size(unsigned key_size);
uint8_t *rp_cell_put(uint8_t *at, const struct rp_cell *c, unsigned key_size);
void rp_cell_get(const uint8_t **at, struct rp_cell *c, unsigned key_size);
/* sign is 1 or -1 modulo 2^64; keys are their own inverse. */
static inline void rp_cell_combine(struct rp_cell *into, const struct rp_cell *from, uint64_t sign)
{
	into->count += sign * from->count;
	into->hash += sign * from->hash;
	into->check += sign * from->check;
	for (unsigned i = 0; i < 4; i++)
		into->key[i] ^= from->key[i];
}

struct rp_bucket {
	uint64_t count, sum;
};
struct rp_sketch {
	uint32_t part; /* cells in each of the four partitions */
	uint32_t n_buckets;
	unsigned key_size;
	unsigned widest; /* of the keys added so far */
	uint8_t salt[RP_SALT_LEN];
	uint64_t place_seed, check_seed;
	struct rp_bucket *buckets; /* behind the cells, in the same allocation */
	struct rp_cell cells[];
};

static inline uint32_t rp_sketch_count(const struct rp_sketch *s)
{
	return s->part * RP_PARTITIONS;
}
static inline uint32_t rp_sketch_buckets_for(uint32_t part)
{
	return part < RP_BUCKETS_MAX ? part : RP_BUCKETS_MAX;
}

/* Where a row goes: 16 bits per partition, and what its cells check it by. */
struct rp_place {
	uint64_t at, check;
};
/* Of the row hash and the key's 24 bytes. Its length need not be hashed: encoded keys of one relation are
 * prefix-free, so that zeroes behind them make no two alike. A length known beforehand is also twice as fast,
 * and so are loads that lie as the stores did. */
struct rp_place rp_sketch_place(const struct rp_sketch *s, const struct rp_key_bytes *key, uint64_t row_hash);

/* The top bits choose, so that two neighbours of a sketch are one cell of a sketch half as long. */
static inline uint32_t rp_sketch_cell(const struct rp_sketch *s, uint64_t at, unsigned partition)
{
	uint64_t choice = at >> (16 * partition) & 0xffff;
	return partition * s->part + (uint32_t)((choice * s->part) >> 16);
}

static inline void rp_key_lanes(const struct rp_key_bytes *key, uint64_t ret[4])
{
	memcpy(ret, key->bytes, RP_KEY_MAX);
	ret[3] = key->len;
}

#endif
