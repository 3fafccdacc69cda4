/* SPDX-License-Identifier: MIT */
#ifndef RP_SURVEY_RANGES_INSIDE_H
#define RP_SURVEY_RANGES_INSIDE_H

#include "verifier/survey/ranges.h"

/* For the three files that work on it: filling, telling, reading and writing. */

#define RP_PLACE_BITS	128u
#define RP_RANGES_SLOTS 512u /* a power of two; half full at most */

struct rp_key_range {
	rp_key_place prefix; /* the first 'bits' bits of its keys' places, as a number */
	uint64_t count, sum;
};
struct rp_ranges {
	struct rp_order order[RP_RANGES_COLUMNS];
	unsigned n_columns;
	unsigned bits, most;
	bool sealed;   /* there are no others than these */
	unsigned last; /* the one that was added to last: keys mostly come in order */
	struct rp_key_range outside;
	rp_key_place outside_from, outside_to;
	unsigned n;
	uint16_t slot[RP_RANGES_SLOTS]; /* 1 + index, by the prefix's hash */
	struct rp_key_range all[];	/* room for one more than most */
};

/* Empty, with room for so many. NULL: no memory. */
struct rp_ranges *rp_ranges_make(unsigned most);
/* Put one in that is not there yet. */
void rp_ranges_insert(struct rp_ranges *r, const struct rp_key_range *range);

#endif
