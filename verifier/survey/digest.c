/* SPDX-License-Identifier: MIT */
#include "verifier/survey/digest.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "verifier/survey/key.h"
#include "verifier/survey/ranges.h"
#include "verifier/survey/sample.h"
#include "verifier/survey/seed.h"
#include "verifier/survey/sketch.h"
#include "verifier/survey/strong.h"
#include "verifier/util/error.h"

/* A cell of a bigint's key takes 37 bytes in the manifest, one of two bigints 49. */
#define CELL_BYTES 40u
#define CELLS_STEP 64u /* so that a sketch can be folded four times */

uint64_t rp_method_seed(const struct rp_method *how)
{
	uint8_t base[RP_SHA256_LEN];
	rp_seed_base(RP_SEED_ROW, how->salt, base);
	return rp_le64_get(base);
}

struct rp_u128 rp_row_hash(const uint8_t *row, size_t len, uint64_t seed)
{
	XXH128_hash_t h = XXH3_128bits_withSeed(row, len, seed);
	return (struct rp_u128){.lo = h.low64, .hi = h.high64};
}

/* Each column has a seed of its own: a value moved to another column is another value. */
static uint64_t column_seed(uint64_t seed, size_t column)
{
	uint8_t number[8];
	rp_le64_put(number, column);
	return XXH3_64bits_withSeed(number, sizeof number, seed);
}

static uint32_t cells_for(uint32_t budget)
{
	uint32_t cells = budget / CELL_BYTES / CELLS_STEP * CELLS_STEP;
	return cells == 0 ? CELLS_STEP / 4 : cells < 16384 ? cells : 16384;
}

static int init_like(struct rp_tally *t, const struct rp_relation *like, struct rp_err **err)
{
	if (like->sketch == NULL)
		return 0;
	if (rp_sketch_new_like(&t->sketch, like->sketch, err) < 0 ||
	    (like->sample != NULL && rp_sample_new_like(&t->sample, like->sample, err) < 0))
		return -1;
	return like->ranges != NULL ? rp_ranges_new_like(&t->ranges, like->ranges, err) : 0;
}

static int init_sketch(struct rp_tally *t, const struct rp_method *how, const struct rp_relation *like,
		       struct rp_err **err)
{
	bool keyed = false;
	for (size_t i = 0; i < t->of->n_columns; i++)
		keyed |= t->of->columns[i].key > 0;
	if (like != NULL)
		return init_like(t, like, err);
	if (how->sketch_bytes == 0)
		return 0;
	unsigned key_size = keyed ? RP_KEY_MAX : 0;
	uint32_t cells = cells_for(how->sketch_bytes), width = rp_sample_width_for(cells);
	if (rp_sketch_new(&t->sketch, cells, key_size, how->salt, err) < 0 ||
	    (width > 0 && rp_sample_new(&t->sample, width, key_size, how->salt, err) < 0))
		return -1;
	return how->whole_keys ? rp_ranges_new(&t->ranges, t->of, rp_ranges_most_for(cells), err) : 0;
}

int rp_tally_init(struct rp_tally *t, const struct rp_relation *r, const struct rp_method *how,
		  const struct rp_relation *like, struct rp_err **err)
{
	*t = (struct rp_tally){
		.of = r, .n_columns = r->n_columns, .seed = rp_method_seed(how), .as_sealed = like != NULL};
	if (how->encoding != RP_ENCODING)
		return rp_err_set(err, RP_ERR_TRUST, "row encoding %u is not known to this version",
				  how->encoding);
	t->columns = calloc(r->n_columns + 1, sizeof *t->columns);
	t->key = calloc(1, sizeof *t->key);
	t->strong_digest = how->strong ? calloc(1, RP_STRONG_LEN) : NULL;
	if (t->columns == NULL || t->key == NULL || (how->strong && t->strong_digest == NULL)) {
		rp_tally_done(t);
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	rp_column_sums_seed(t->columns, r->n_columns, t->seed);
	for (size_t i = 0; i < r->n_columns; i++)
		t->columns[i].key = r->columns[i].key;
	if (init_sketch(t, how, like, err) < 0 ||
	    rp_key_maker_init(t->key, r, how, t->sketch != NULL ? rp_sketch_key_size(t->sketch) : 0, err) <
		    0 ||
	    (how->strong && rp_strong_new(&t->strong, how->salt, r->name, err) < 0)) {
		rp_tally_done(t);
		return -1;
	}
	return 0;
}

void rp_tally_done(struct rp_tally *t)
{
	free(t->columns);
	rp_sketch_free(t->sketch);
	rp_sample_free(t->sample);
	rp_ranges_free(t->ranges);
	rp_strong_free(t->strong);
	free(t->strong_digest);
	if (t->key != NULL)
		rp_key_maker_done(t->key);
	free(t->key);
	*t = (struct rp_tally){0};
}

/* Take the first n values of a row out of the column sums again. */
static __attribute__((noinline)) size_t take_back(struct rp_column_sum *sums, const uint8_t *row,
						  const uint8_t *end, size_t n)
{
	struct rp_field f;
	size_t i = 0;
	for (; i < n && rp_row_next(&row, end, &f) > 0; i++) {
		if (f.value == NULL)
			sums[i].nulls--;
		else
			sums[i].sum -= XXH3_64bits_withSeed(f.value, f.len, sums[i].seed);
	}
	return i;
}

bool rp_column_sums_take(struct rp_column_sum *sums, size_t n, const uint8_t *row, size_t len)
{
	return take_back(sums, row, row + len, n) == n;
}

void rp_column_sums_seed(struct rp_column_sum *sums, size_t n, uint64_t seed)
{
	for (size_t i = 0; i < n; i++)
		sums[i].seed = column_seed(seed, i);
}

static __attribute__((noinline)) int not_a_row(struct rp_tally *t, const uint8_t *row, size_t len,
					       size_t good, struct rp_err **err)
{
	(void)take_back(t->columns, row, row + len, good);
	return rp_err_set(err, RP_ERR_ENGINE, "'%s': row %llu: %zu bytes that are not %zu columns",
			  t->of->name, (unsigned long long)t->rows + 1, len, t->n_columns);
}

/* Every call in here that can be is inlined: once a row, once a value. */
__attribute__((flatten)) int rp_tally_row(void *tally, const uint8_t *row, size_t len, struct rp_err **err)
{
	struct rp_tally *t = tally;
	const uint8_t *at = row, *end = row + len;
	struct rp_key_part *parts = t->key->parts;
	struct rp_field f;
	for (size_t i = 0; i < t->n_columns; i++) {
		struct rp_column_sum *c = &t->columns[i];
		const uint8_t *start = at;
		if (__builtin_expect(rp_row_next(&at, end, &f) <= 0, 0))
			return not_a_row(t, row, len, i, err);
		if (f.value != NULL)
			c->sum += XXH3_64bits_withSeed(f.value, f.len, c->seed);
		else
			c->nulls++;
		if (c->key > 0)
			parts[c->key - 1] = (struct rp_key_part){start, (size_t)(at - start)};
	}
	if (__builtin_expect(at != end, 0))
		return not_a_row(t, row, len, t->n_columns, err);

	struct rp_u128 h = rp_row_hash(row, len, t->seed);
	struct rp_key_bytes key;
	if (__builtin_expect((t->sketch != NULL && rp_key_make(t->key, end, &key, err) < 0) ||
				     (t->strong != NULL && rp_strong_add(t->strong, row, len, err) < 0),
			     0)) {
		(void)take_back(t->columns, row, end, t->n_columns);
		return -1;
	}
	if (t->sketch != NULL)
		rp_sketch_add(t->sketch, &key, h);
	if (t->sample != NULL)
		rp_sample_add(t->sample, &key, h.lo);
	if (t->ranges != NULL)
		rp_ranges_add(t->ranges, parts, h.lo);
	rp_u128_add(&t->sum, h);
	t->rows++;
	return 0;
}

void rp_tally_merge(struct rp_tally *into, const struct rp_tally *from)
{
	into->rows += from->rows;
	rp_u128_add(&into->sum, from->sum);
	for (size_t i = 0; i < into->n_columns && i < from->n_columns; i++) {
		into->columns[i].sum += from->columns[i].sum;
		into->columns[i].nulls += from->columns[i].nulls;
	}
	/* Two tallies of one relation have one shape. Were it otherwise: what does not hold all rows is worse
	 * than nothing, which is noticed. */
	if (into->sketch != NULL &&
	    (from->sketch == NULL || rp_sketch_merge(into->sketch, from->sketch, NULL) < 0))
		rp_sketch_free(rp_take(into->sketch));
	if (into->sample != NULL &&
	    (from->sample == NULL || rp_sample_merge(into->sample, from->sample, NULL) < 0))
		rp_sample_free(rp_take(into->sample));
	if (into->ranges != NULL && from->ranges == NULL)
		rp_ranges_free(rp_take(into->ranges));
	else if (into->ranges != NULL)
		rp_ranges_merge(into->ranges, from->ranges);
	if (into->strong != NULL && from->strong == NULL)
		rp_strong_free(rp_take(into->strong));
	else if (into->strong != NULL)
		rp_strong_merge(into->strong, from->strong);
}

/* What a small relation's sketch names whole needs neither sample nor ranges. */
static void fit(struct rp_tally *t)
{
	rp_sketch_fit(t->sketch, t->rows);
	if (t->rows <= RP_SKETCH_NAMES_ALL) {
		rp_sample_free(rp_take(t->sample));
		rp_ranges_free(rp_take(t->ranges));
	}
	if (t->sample != NULL)
		rp_sample_fit(t->sample, t->rows, rp_sketch_key_size(t->sketch));
	if (t->ranges != NULL)
		rp_ranges_fit(t->ranges, RP_RANGES_MAX);
	rp_sketch_trim(&t->sketch);
	if (t->sample != NULL)
		rp_sample_trim(&t->sample);
}

void rp_tally_store(struct rp_tally *t, struct rp_relation *r)
{
	r->rows = t->rows;
	r->digest = t->sum;
	for (size_t i = 0; i < r->n_columns && i < t->n_columns; i++) {
		r->columns[i].digest = t->columns[i].sum;
		r->columns[i].nulls = t->columns[i].nulls;
	}
	if (t->sketch != NULL && !t->as_sealed)
		fit(t);
	rp_sketch_free(r->sketch);
	rp_sample_free(r->sample);
	rp_ranges_free(r->ranges);
	r->sketch = rp_take(t->sketch);
	r->sample = rp_take(t->sample);
	r->ranges = rp_take(t->ranges);
	free(r->strong);
	r->strong = t->strong != NULL ? rp_take(t->strong_digest) : NULL;
	if (r->strong != NULL)
		rp_strong_digest(t->strong, r->strong);
	rp_tally_done(t);
}
