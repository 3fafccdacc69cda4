/* SPDX-License-Identifier: MIT */
#ifndef RP_TESTS_SURVEY_ROWS_H
#define RP_TESTS_SURVEY_ROWS_H

#include <string.h>

#include "verifier/survey/digest.h"
#include "verifier/survey/ranges.h"
#include "verifier/survey/sample.h"
#include "verifier/survey/sketch.h"
#include "verifier/util/error.h"

/* A relation of three columns, as most tests of the survey need one: id (its key), name, amount. */
#define N_COLUMNS 3

struct sample {
	struct rp_method how;
	struct rp_column columns[N_COLUMNS];
	struct rp_relation relation;
};

static inline void sample_init(struct sample *s, bool keyed)
{
	*s = (struct sample){.how = {.encoding = RP_ENCODING, .sketch_bytes = 10240, .whole_keys = true}};
	for (size_t i = 0; i < sizeof s->how.salt; i++)
		s->how.salt[i] = (uint8_t)(i * 7 + 1);
	static const char *const names[] = {"id", "name", "amount"};
	for (size_t i = 0; i < N_COLUMNS; i++)
		s->columns[i] = (struct rp_column){.name = names[i], .type = "t", .encoding = "binary"};
	s->columns[0].key = keyed ? 1 : 0;
	s->relation = (struct rp_relation){.name = "public.t", .columns = s->columns, .n_columns = N_COLUMNS};
}

static inline void sample_done(struct sample *s)
{
	rp_sketch_free(s->relation.sketch);
	rp_sample_free(s->relation.sample);
	rp_ranges_free(s->relation.ranges);
	free(s->relation.strong);
	s->relation.sketch = NULL;
	s->relation.sample = NULL;
	s->relation.ranges = NULL;
	s->relation.strong = NULL;
}

static inline void add_row(struct rp_tally *t, uint64_t id, const char *name, uint64_t amount)
{
	struct rp_row r = {0};
	rp_row_begin(&r);
	rp_row_add_u64(&r, id);
	rp_row_add_text(&r, name);
	rp_row_add_u64(&r, amount);
	assert_false(r.failed);
	assert_int_equal(rp_tally_row(t, r.bytes, r.len, NULL), 0);
	rp_row_done(&r);
}

static inline void tally_init(struct rp_tally *t, const struct sample *s, const struct rp_relation *like)
{
	rp_autoerr struct rp_err *err = NULL;
	if (rp_tally_init(t, &s->relation, &s->how, like, &err) < 0)
		fail_msg("%s", rp_err_text(err));
}

#endif
