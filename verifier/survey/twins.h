/* SPDX-License-Identifier: MIT */
#ifndef RP_SURVEY_TWINS_H
#define RP_SURVEY_TWINS_H

#include <stddef.h>
#include <stdint.h>

#include "verifier/survey/key.h"
#include "verifier/survey/sample.h"

/* Which of the restored rows are the found halves of changed rows that a sample holds. */
struct rp_twins {
	const struct rp_sample *sample; /* what is left of it; borrowed, as is the relation */
	const struct rp_relation *of;
	struct rp_key_maker key;
};

int rp_twins_init(struct rp_twins *t, const struct rp_sample *difference, const struct rp_relation *r,
		  const struct rp_method *how, struct rp_err **err);
/* 1: it is one, and ret the row that was sealed in its place; 0: it is not. */
int rp_twins_look(struct rp_twins *t, const uint8_t *row, size_t len, uint64_t row_hash,
		  struct rp_sketch_item *ret, struct rp_err **err);
void rp_twins_done(struct rp_twins *t);

#endif
