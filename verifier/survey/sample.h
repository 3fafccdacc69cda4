/* SPDX-License-Identifier: MIT */
#ifndef RP_SURVEY_SAMPLE_H
#define RP_SURVEY_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/survey/relation.h"
#include "verifier/survey/sketch.h"
#include "verifier/util/cleanup.h"

struct rp_buf;
struct rp_err;

/* Some of the rows that differ, named when they are too many for the sketch to name them all, however many they are:
 * level i holds one key in 2^(i + 3), chosen by a keyed hash, in a few cells that are never peeled. At whatever number of
 * differences there is a level in which about one falls into each cell, and a cell with one row in it says which: about
 * ten rows from eight cells a level. All versions of a key share one cell, so that a row is lost when its cell
 * holds it as sealed and nothing else. A changed row leaves both of its versions there, which nobody can tell apart by
 * the cell alone, but with the restored row at hand: see twins. */
struct rp_sample;

#define RP_SAMPLE_WIDTH_MAX 32u

/* Beside a sketch of so many cells, so that one budget is for all. 0: none. */
static inline uint32_t rp_sample_width_for(uint32_t cells)
{
	return cells / 32 < RP_SAMPLE_WIDTH_MAX ? cells / 32 : RP_SAMPLE_WIDTH_MAX;
}
/* width: cells a level; key_size as the sketch's. */
int rp_sample_new(struct rp_sample **ret, uint32_t width, unsigned key_size, const uint8_t salt[32],
		  struct rp_err **err);
int rp_sample_new_like(struct rp_sample **ret, const struct rp_sample *like, struct rp_err **err);
void rp_sample_free(struct rp_sample *s);
RP_AUTO_CALLS(rp_sample, rp_sample_free)
unsigned rp_sample_key_size(const struct rp_sample *s);

/* Hot, cannot fail. */
void rp_sample_add(struct rp_sample *s, const struct rp_key_bytes *key, uint64_t row_hash);
/* Equal shapes only, or -1. */
int rp_sample_merge(struct rp_sample *into, const struct rp_sample *from, struct rp_err **err);
int rp_sample_subtract(struct rp_sample *from, const struct rp_sample *what, struct rp_err **err);
/* Give back what it has no more use for. */
void rp_sample_trim(struct rp_sample **s);
/* No more levels than so many rows can fill, nor a wider key than the sketch's. */
void rp_sample_fit(struct rp_sample *s, uint64_t rows, unsigned key_size);
void rp_sample_shrink(struct rp_sample *s, uint32_t width);
size_t rp_sample_size(const struct rp_sample *s, uint32_t width); /* bytes in a manifest */

/* Rows that stand alone in a cell of what is left. Never 'complete', and no estimate; all is for free(). */
int rp_sample_decode(const struct rp_sample *difference, struct rp_sketch_items *ret, struct rp_err **err);
/* Whether there may be changed rows in it. */
bool rp_sample_has_twins(const struct rp_sample *difference);
/* Is this restored row all that its cell holds, but for one sealed row of the same key? Then that is ret. */
bool rp_sample_twin(const struct rp_sample *difference, const struct rp_key_bytes *key, uint64_t row_hash,
		    struct rp_sketch_item *ret);

void rp_sample_write(const struct rp_sample *s, struct rp_buf *out);
int rp_sample_read(struct rp_sample **ret, const char *text, size_t len, const uint8_t salt[32],
		   struct rp_err **err);

#endif
