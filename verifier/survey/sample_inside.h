/* SPDX-License-Identifier: MIT */
#ifndef RP_SURVEY_SAMPLE_INSIDE_H
#define RP_SURVEY_SAMPLE_INSIDE_H

#include "verifier/survey/sample.h"
#include "verifier/survey/sketch_cells.h"

#define RP_SAMPLE_LEVELS 31u /* 30 bits choose one, and none of them the last */
/* A quarter of all keys has a place: what is denser, the sketch names whole. */
#define RP_SAMPLE_SKIPPED_BITS 2u

struct rp_sample {
	uint32_t width, levels;
	unsigned key_size;
	uint8_t salt[RP_SALT_LEN];
	uint64_t place_seed, check_seed;
	struct rp_cell cells[]; /* level by level; the last level holds what all behind it would */
};

static inline uint32_t rp_sample_count(const struct rp_sample *s)
{
	return s->width * s->levels;
}
int rp_sample_make(struct rp_sample **ret, uint32_t width, uint32_t levels, unsigned key_size,
		   const uint8_t salt[RP_SALT_LEN], struct rp_err **err);

#endif
