/* SPDX-License-Identifier: MIT */
/* A million rows, a sketch of ten kilobytes: a hundred rows that differ are all named, whichever they are; of ten
 * thousand none is named wrongly, and their number is told. */
#include "tests/unit/cmocka_all.h"

#include <stdlib.h>

#include "tests/unit/survey_rows.h"
#include "verifier/survey/compare.h"

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define ROWS 100000u /* it is ten times slower, and no error of memory needs more */
#endif
#endif
#ifndef ROWS
#define ROWS 1000000u
#endif
#define SEEDS 20

enum fate { KEPT, LOST, CHANGED, GAINED, FATES };

static uint64_t random_of(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

/* fate[id] of every row of either side; rows that are gained have the odd ids. */
static void choose(uint8_t *fate, unsigned n, uint64_t seed)
{
	memset(fate, KEPT, 2 * ROWS);
	while (n > 0) {
		enum fate f = LOST + random_of(&seed) % (FATES - LOST);
		uint64_t id = random_of(&seed) % ROWS * 2 + (f == GAINED);
		if (fate[id] != KEPT)
			continue;
		fate[id] = (uint8_t)f;
		n--;
	}
}

static void add(struct rp_tally *t, struct rp_row *r, uint64_t id, uint64_t amount)
{
	rp_row_begin(r);
	rp_row_add_u64(r, id);
	rp_row_add_text(r, "a name");
	rp_row_add_u64(r, amount);
	assert_int_equal(rp_tally_row(t, r->bytes, r->len, NULL), 0);
}

static void take(struct sample *s, const struct rp_relation *like, const uint8_t *fate, uint64_t seed)
{
	struct rp_tally t;
	struct rp_row r = {0};
	sample_init(s, true);
	memcpy(s->how.salt, &seed, sizeof seed);
	tally_init(&t, s, like);
	for (uint64_t id = 0; id < 2 * ROWS; id++) {
		bool there = id % 2 == 0;
		if (like != NULL && (fate[id] == LOST || fate[id] == GAINED))
			there = fate[id] == GAINED;
		if (there)
			add(&t, &r, id, like != NULL && fate[id] == CHANGED ? id : id + 1);
	}
	rp_row_done(&r);
	rp_tally_store(&t, &s->relation);
}

static uint64_t id_of(const struct rp_row_change *c)
{
	uint64_t id = 0;
	assert_int_equal(c->key.len, 12);
	for (int i = 4; i < 12; i++)
		id = id << 8 | c->key.bytes[i];
	return id;
}

static void compare(uint8_t *fate, unsigned n, uint64_t seed, struct rp_row_changes *ret)
{
	struct sample sealed, found;
	choose(fate, n, seed);
	take(&sealed, NULL, fate, seed);
	take(&found, &sealed.relation, fate, seed);
	assert_int_equal(rp_compare_rows(ret, &sealed.relation, &found.relation, NULL), 0);
	sample_done(&sealed);
	sample_done(&found);
	assert_true(ret->differ);
	for (size_t i = 0; i < ret->n; i++) {
		static const uint8_t fates[] = {
			[RP_LOST] = LOST, [RP_CHANGED] = CHANGED, [RP_GAINED] = GAINED};
		uint64_t id = id_of(&ret->all[i]);
		assert_in_range(id, 0, 2 * ROWS - 1);
		assert_int_equal(fate[id], fates[ret->all[i].change]);
		fate[id] = KEPT; /* and none twice */
	}
}

static void a_hundred_of_a_million_are_all_named(void **state)
{
	uint8_t *fate = *state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct rp_row_changes c;
		compare(fate, 100, seed * 7919, &c);
		assert_true(c.complete);
		assert_int_equal(c.n, 100);
		rp_row_changes_done(&c);
	}
}

static void of_ten_thousand_none_is_named_wrongly_and_the_number_is_told(void **state)
{
	uint8_t *fate = *state;
	for (uint64_t seed = 1; seed <= 3; seed++) {
		struct rp_row_changes c;
		compare(fate, 10000, seed * 104729, &c);
		assert_false(c.complete);
		assert_int_equal(c.n, 0);
		/* A third of each kind. 64 buckets tell a number to about a fifth. */
		assert_in_range(c.estimate, 5000, 8500);
		assert_in_range(c.estimate_most, 10000, 17000);
		rp_row_changes_done(&c);
	}
}

static int setup(void **state)
{
	*state = malloc(2 * ROWS);
	return *state != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hundred_of_a_million_are_all_named),
		cmocka_unit_test(of_ten_thousand_none_is_named_wrongly_and_the_number_is_told),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
