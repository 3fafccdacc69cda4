/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "verifier/scan/workers.h"
#include "verifier/survey/sketch.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

#define SMALL 16u
#define LARGE 256u

/* n relations with a sketch of as many cells as 'cells' says, in turns. */
static struct rp_survey *survey_of(size_t n, const uint32_t *cells, size_t n_cells)
{
	struct rp_survey *s = NULL;
	uint8_t salt[32] = {7};
	assert_int_equal(rp_survey_new(&s, NULL), 0);
	for (size_t i = 0; i < n; i++) {
		char name[32];
		(void)snprintf(name, sizeof name, "t%05zu", i);
		struct rp_column column = {.name = "id", .type = "int", .encoding = "binary", .key = 1};
		const struct rp_relation r = {.name = name, .columns = &column, .n_columns = 1};
		assert_int_equal(rp_survey_add_relation(s, &r, NULL), 0);
	}
	assert_int_equal(rp_survey_finish(s, NULL), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(rp_sketch_new(&s->relations[i].sketch, cells[i % n_cells], 12, salt, NULL),
				 0);
	return s;
}

static size_t size_of(const struct rp_survey *s)
{
	size_t size = 0;
	for (size_t i = 0; i < s->n_relations; i++) {
		struct rp_buf text = RP_BUF_INIT(1 << 20);
		if (s->relations[i].sketch != NULL)
			rp_sketch_write(s->relations[i].sketch, &text);
		size += text.len;
		rp_buf_done(&text);
	}
	return size;
}

static void what_fits_stays_as_it_is(void **state)
{
	(void)state;
	rp_auto(rp_survey) s = survey_of(10, (const uint32_t[]){LARGE, SMALL}, 2);
	size_t size = size_of(s);
	assert_int_equal(rp_sketches_bound(s, size, NULL), 0);
	assert_int_equal(size_of(s), size);
	assert_int_equal(s->n_coverage, 0);
}

static void the_largest_give_first_and_are_listed(void **state)
{
	(void)state;
	rp_auto(rp_survey) s = survey_of(20, (const uint32_t[]){LARGE, SMALL}, 2);
	size_t most = size_of(s) / 2;
	assert_int_equal(rp_sketches_bound(s, most, NULL), 0);
	assert_in_range(size_of(s), most / 3, most);
	assert_int_equal(rp_sketch_cells(s->relations[0].sketch), 64);
	assert_int_equal(rp_sketch_cells(s->relations[1].sketch), SMALL);
	assert_int_equal(s->n_coverage, 1);
	assert_int_equal(s->coverage[0].count, 10);
	assert_non_null(strstr(s->coverage[0].reason, "t00000, t00002"));
	assert_non_null(strstr(s->coverage[0].reason, "and 2 more"));
}

static void where_nothing_fits_there_are_none(void **state)
{
	(void)state;
	rp_auto(rp_survey) s = survey_of(6, (const uint32_t[]){LARGE, SMALL}, 2);
	assert_int_equal(rp_sketches_bound(s, 100, NULL), 0);
	assert_int_equal(size_of(s), 0);
	assert_int_equal(s->coverage[0].count, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits_stays_as_it_is),
		cmocka_unit_test(the_largest_give_first_and_are_listed),
		cmocka_unit_test(where_nothing_fits_there_are_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
