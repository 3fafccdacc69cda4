/* SPDX-License-Identifier: MIT */
#include "verifier/survey/twins.h"

#include "verifier/survey/row.h"

int rp_twins_init(struct rp_twins *t, const struct rp_sample *difference, const struct rp_relation *r,
		  const struct rp_method *how, struct rp_err **err)
{
	*t = (struct rp_twins){.sample = difference, .of = r};
	return rp_key_maker_init(&t->key, r, how, rp_sample_key_size(difference), err);
}

int rp_twins_look(struct rp_twins *t, const uint8_t *row, size_t len, uint64_t row_hash,
		  struct rp_sketch_item *ret, struct rp_err **err)
{
	const uint8_t *at = row, *end = row + len;
	struct rp_key_bytes key;
	struct rp_field f;
	for (size_t i = 0; i < t->of->n_columns; i++) {
		const uint8_t *start = at;
		if (rp_row_next(&at, end, &f) <= 0)
			return 0;
		if (t->of->columns[i].key > 0)
			t->key.parts[t->of->columns[i].key - 1] =
				(struct rp_key_part){start, (size_t)(at - start)};
	}
	if (rp_key_make(&t->key, end, &key, err) < 0)
		return -1;
	return rp_sample_twin(t->sample, &key, row_hash, ret) ? 1 : 0;
}

void rp_twins_done(struct rp_twins *t)
{
	rp_key_maker_done(&t->key);
	*t = (struct rp_twins){0};
}
