/* SPDX-License-Identifier: MIT */
/* A million rows, a sketch of ten kilobytes: a hundred rows that differ are all named, whichever they are; of ten
 * thousand some are named and none wrongly, their number is told, and the ranges that they are in. */
#include "tests/unit/cmocka_all.h"

#include <stdlib.h>

#include "tests/unit/survey_rows.h"
#include "verifier/survey/compare.h"
#include "verifier/survey/twins.h"

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define ROWS 100000u /* it is ten times slower, and no error of memory needs more */
#endif
#endif
#ifndef ROWS
#define ROWS 1000000u
#endif
#define SALTS 2
#define SEEDS 10 /* of each salt: which rows differ */
/* Sums add up: a block in which nothing differs is read once a salt, and merged as a worker's part is. */
#define BLOCK  500u
#define BLOCKS (ROWS / BLOCK)

enum fate { KEPT, LOST, CHANGED, GAINED, FATES };

struct world {
	uint8_t *fate; /* of every id; rows that are gained have the odd ones */
	struct sample sealed;
	struct rp_tally whole[BLOCKS]; /* as sealed, in the sealed sketch's shape */
};

static uint64_t random_of(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

/* Among the ids from 'from' on, so many. */
static void choose(uint8_t *fate, unsigned n, uint64_t from, uint64_t many, uint64_t seed)
{
	memset(fate, KEPT, 2 * ROWS);
	while (n > 0) {
		enum fate f = LOST + random_of(&seed) % (FATES - LOST);
		uint64_t id = from + random_of(&seed) % (many / 2) * 2 + (f == GAINED);
		if (fate[id] != KEPT)
			continue;
		fate[id] = (uint8_t)f;
		n--;
	}
}

static void put_number(uint8_t *at, uint64_t v)
{
	for (int i = 7; i >= 0; i--, v >>= 8)
		at[i] = (uint8_t)v;
}

/* id, a name, an amount, as rp_row_add() would write them. */
#define ROW_LEN 34
static void make_row(uint8_t row[ROW_LEN], uint64_t id, uint64_t amount)
{
	static const uint8_t model[ROW_LEN] = {[3] = 8,	   [15] = 6,   [16] = 'a', [17] = ' ', [18] = 'n',
					       [19] = 'a', [20] = 'm', [21] = 'e', [25] = 8};
	memcpy(row, model, ROW_LEN);
	put_number(row + 4, id);
	put_number(row + 26, amount);
}

static bool is_there(const uint8_t *fate, uint64_t id)
{
	return fate[id] == GAINED || (id % 2 == 0 && fate[id] != LOST);
}

static void add_block(struct rp_tally *t, const uint8_t *fate, uint64_t block)
{
	uint8_t row[ROW_LEN];
	for (uint64_t id = 2 * block * BLOCK; id < 2 * (block + 1) * BLOCK; id++) {
		if (!is_there(fate, id))
			continue;
		make_row(row, id, fate[id] == CHANGED ? id : id + 1);
		assert_int_equal(rp_tally_row(t, row, sizeof row, NULL), 0);
	}
}

static bool is_kept(const uint8_t *fate, uint64_t block)
{
	static const uint8_t kept[2 * BLOCK];
	return memcmp(fate + 2 * block * BLOCK, kept, sizeof kept) == 0;
}

static void order_ids(struct sample *s)
{
	s->columns[0].order = (struct rp_order){RP_ORDER_UNSIGNED, 8};
}

/* Seal everything, and read each block once more in the sealed shape. */
static void seal(struct world *w, uint64_t salt)
{
	struct rp_tally t;
	sample_init(&w->sealed, true);
	order_ids(&w->sealed);
	memcpy(w->sealed.how.salt, &salt, sizeof salt);
	memset(w->fate, KEPT, 2 * ROWS);
	tally_init(&t, &w->sealed, NULL);
	for (uint64_t i = 0; i < BLOCKS; i++)
		add_block(&t, w->fate, i);
	rp_tally_store(&t, &w->sealed.relation);
	assert_non_null(w->sealed.relation.sample);
	assert_non_null(w->sealed.relation.ranges);
	for (uint64_t i = 0; i < BLOCKS; i++) {
		tally_init(&w->whole[i], &w->sealed, &w->sealed.relation);
		add_block(&w->whole[i], w->fate, i);
	}
}

static void unseal(struct world *w)
{
	for (size_t i = 0; i < BLOCKS; i++)
		rp_tally_done(&w->whole[i]);
	sample_done(&w->sealed);
}

static void take_found(struct world *w, struct sample *found)
{
	struct rp_tally t;
	sample_init(found, true);
	memcpy(found->how.salt, w->sealed.how.salt, sizeof found->how.salt);
	tally_init(&t, found, &w->sealed.relation);
	for (uint64_t i = 0; i < BLOCKS; i++) {
		if (is_kept(w->fate, i))
			rp_tally_merge(&t, &w->whole[i]);
		else
			add_block(&t, w->fate, i);
	}
	rp_tally_store(&t, &found->relation);
}

static uint64_t id_of(const struct rp_key_bytes *key)
{
	uint64_t id = 0;
	assert_int_equal(key->len, 12);
	for (int i = 4; i < 12; i++)
		id = id << 8 | key->bytes[i];
	return id;
}

static void is_named_rightly(uint8_t *fate, const struct rp_key_bytes *key, enum rp_change change)
{
	static const uint8_t fates[] = {[RP_LOST] = LOST, [RP_CHANGED] = CHANGED, [RP_GAINED] = GAINED};
	uint64_t id = id_of(key);
	assert_in_range(id, 0, 2 * ROWS - 1);
	assert_int_equal(fate[id], fates[change]);
	fate[id] = KEPT; /* and none twice */
}

static void compare(struct world *w, struct rp_row_changes *ret)
{
	struct sample found;
	take_found(w, &found);
	assert_int_equal(rp_compare_rows(ret, &w->sealed.relation, &found.relation, NULL), 0);
	sample_done(&found);
	assert_true(ret->differ);
	for (size_t i = 0; i < ret->n; i++)
		is_named_rightly(w->fate, &ret->all[i].key, ret->all[i].change);
}

/* As rp_rows_find() does with the restored rows. fate: as it was before the first were named. */
static size_t find_twins(struct world *w, const struct rp_row_changes *c, const uint8_t *fate)
{
	struct rp_twins twins;
	uint8_t row[ROW_LEN];
	size_t n = 0;
	if (c->sample == NULL)
		return 0;
	assert_int_equal(rp_twins_init(&twins, c->sample, &w->sealed.relation, &w->sealed.how, NULL), 0);
	for (uint64_t id = 0; id < 2 * ROWS; id++) {
		struct rp_sketch_item was;
		if (!is_there(fate, id))
			continue;
		make_row(row, id, fate[id] == CHANGED ? id : id + 1);
		uint64_t hash = rp_row_hash(row, sizeof row, rp_method_seed(&w->sealed.how)).lo;
		if (rp_twins_look(&twins, row, sizeof row, hash, &was, NULL) == 0)
			continue;
		is_named_rightly(w->fate, &was.key, RP_CHANGED);
		make_row(row, id, id + 1);
		assert_int_equal(was.row_hash,
				 rp_row_hash(row, sizeof row, rp_method_seed(&w->sealed.how)).lo);
		n++;
	}
	rp_twins_done(&twins);
	return n;
}

static void a_hundred_are_all_named(struct world *w, uint64_t seed)
{
	struct rp_row_changes c;
	choose(w->fate, 100, 0, 2 * ROWS, seed);
	compare(w, &c);
	assert_true(c.complete);
	assert_int_equal(c.n, 100);
	rp_row_changes_done(&c);
}

/* Among the restored rows are looked for, too, where 'before' is there. */
static void of_ten_thousand_some_are_named_and_none_wrongly(struct world *w, uint64_t seed, uint8_t *before)
{
	struct rp_row_changes c;
	choose(w->fate, 10000, 0, 2 * ROWS, seed);
	if (before != NULL)
		memcpy(before, w->fate, 2 * ROWS);
	compare(w, &c);
	assert_false(c.complete);
	/* A third of each kind, so that 13,333 rows stand on one side only: told to a twelfth, three times that here. */
	assert_in_range(c.estimate, 5000, 8333);
	assert_in_range(c.estimate_most, 10000, 16667);
	assert_in_range(c.n + (before != NULL ? find_twins(w, &c, before) : 0), 1, 40);
	assert_int_equal(c.ranges.ranges, c.ranges.of);
	assert_in_range(c.ranges.of, 32, 64);
	rp_row_changes_done(&c);
}

static void ten_thousand_in_one_place_are_said_to_be_there(struct world *w, uint64_t seed)
{
	struct rp_row_changes c;
	const uint64_t from = ROWS / 2, many = ROWS / 5;
	choose(w->fate, 10000, from, many, seed);
	compare(w, &c);
	assert_false(c.complete);
	assert_int_equal(c.ranges.n, 1);
	struct rp_bound low, high;
	assert_int_equal(rp_ranges_bounds(w->sealed.relation.ranges, &c.ranges.all[0], &low, &high), 1);
	struct rp_key_bytes first = {.len = 12}, last = {.len = 12};
	memcpy(first.bytes + 4, low.column[0].bytes, 8);
	memcpy(last.bytes + 4, high.column[0].bytes, 8);
	/* No farther off than a range is long: 2^15 ids where there are two million. */
	assert_in_range(id_of(&first), from - 32768, from);
	assert_in_range(id_of(&last), from + many - 1, from + many + 32768);
	rp_row_changes_done(&c);
}

static void differences_among_a_million_rows(void **state)
{
	struct world *w = *state;
	uint8_t *before = malloc(2 * ROWS);
	assert_non_null(before);
	for (uint64_t salt = 1; salt <= SALTS; salt++) {
		seal(w, salt * 7919);
		for (uint64_t seed = 1; seed <= SEEDS; seed++)
			a_hundred_are_all_named(w, salt * 104729 + seed * 7919);
		for (uint64_t seed = salt; seed <= SALTS; seed++)
			of_ten_thousand_some_are_named_and_none_wrongly(w, salt * 104729 + seed,
									salt + seed == 2 ? before : NULL);
		ten_thousand_in_one_place_are_said_to_be_there(w, salt);
		unseal(w);
	}
	free(before);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	*state = w;
	if (w != NULL)
		w->fate = malloc(2 * ROWS);
	return w != NULL && w->fate != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	struct world *w = *state;
	free(w->fate);
	free(w);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(differences_among_a_million_rows)};
	return cmocka_run_group_tests(tests, setup, teardown);
}
