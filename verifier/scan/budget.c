/* SPDX-License-Identifier: MIT */
#include "verifier/scan/workers.h"
#include "verifier/survey/ranges.h"
#include "verifier/survey/sample.h"
#include "verifier/survey/sketch.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

/* Ten kilobytes a relation are nothing for twenty of them, and a gigabyte for a hundred thousand. */

#define CELLS_LEAST 16u
#define CELLS_MOST  16384u
#define NAMES_SHOWN 8u

static uint32_t cells_within(const struct rp_sketch *k, uint32_t cells)
{
	return rp_sketch_cells(k) < cells ? rp_sketch_cells(k) : cells;
}

/* A relation's, with what goes with it. */
static size_t size_of(const struct rp_relation *r, uint32_t cells)
{
	if (r->sketch == NULL)
		return 0;
	size_t size = rp_sketch_size(r->sketch, cells_within(r->sketch, cells));
	if (r->sample != NULL && rp_sample_width_for(cells) > 0)
		size += rp_sample_size(r->sample, rp_sample_width_for(cells));
	return r->ranges != NULL ? size + rp_ranges_size(r->ranges, rp_ranges_most_for(cells)) : size;
}

/* What all of them take when none has more than so many cells. */
static size_t size_with(const struct rp_survey *s, uint32_t cells)
{
	size_t size = 0;
	for (size_t i = 0; i < s->n_relations; i++)
		size += size_of(&s->relations[i], cells);
	return size;
}

/* Who has most gives most: all get the same, or what they need where that is less. Where even the least is too much
 * nobody has any. */
static int shrink(struct rp_relation *r, uint32_t cells)
{
	uint32_t before = r->sketch != NULL ? rp_sketch_cells(r->sketch) : 0;
	if (before <= cells)
		return 0;
	if (cells < CELLS_LEAST)
		rp_sketch_free(rp_take(r->sketch));
	else
		rp_sketch_shrink(r->sketch, cells);
	if (r->sketch == NULL || rp_sample_width_for(cells) == 0)
		rp_sample_free(rp_take(r->sample));
	if (r->sketch == NULL)
		rp_ranges_free(rp_take(r->ranges));
	if (r->sample != NULL)
		rp_sample_shrink(r->sample, rp_sample_width_for(cells));
	if (r->sketch != NULL)
		rp_sketch_trim(&r->sketch);
	if (r->sample != NULL)
		rp_sample_trim(&r->sample);
	if (r->ranges != NULL)
		rp_ranges_fit(r->ranges, rp_ranges_most_for(cells));
	return 1;
}

int rp_sketches_bound(struct rp_survey *s, size_t most, struct rp_err **err)
{
	uint32_t cells = CELLS_MOST;
	while (cells >= CELLS_LEAST && size_with(s, cells) > most)
		cells /= 2;
	rp_autobuf why = RP_BUF_INIT(64u << 10);
	rp_buf_add(
		&why,
		"fewer of them than asked for, so that the sketches of all relations fit into the manifest: ");
	uint64_t n = 0;
	for (size_t i = 0; i < s->n_relations; i++) {
		if (shrink(&s->relations[i], cells) == 0)
			continue;
		if (n++ < NAMES_SHOWN) {
			rp_buf_add(&why, n > 1 ? ", " : "");
			rp_buf_add_plain(&why, s->relations[i].name);
		}
	}
	if (n == 0)
		return 0;
	if (n > NAMES_SHOWN)
		rp_buf_addf(&why, " and %llu more", (unsigned long long)(n - NAMES_SHOWN));
	if (rp_buf_check(&why, err) < 0)
		return -1;
	const struct rp_coverage less = {
		.what = "rows that can be named", .count = n, .reason = rp_buf_text(&why)};
	return rp_survey_add_coverage(s, &less, err);
}
