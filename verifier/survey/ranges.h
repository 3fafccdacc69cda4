/* SPDX-License-Identifier: MIT */
#ifndef RP_SURVEY_RANGES_H
#define RP_SURVEY_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/survey/relation.h"
#include "verifier/util/cleanup.h"

struct rp_buf;
struct rp_err;
struct rp_key_part;

/* Where in a relation the rows differ, when they are too many to be named: up to 64 ranges of its key, each with the
 * number of its rows and the sum of their hashes. A range is all keys that begin with the same bits, as many bits as
 * leave no more ranges than that; so which ranges there are follows from the keys alone, whoever read them in
 * whichever order. Needs a key whose bytes have an order, and that may be carried in the open. */
struct rp_ranges;

#define RP_RANGES_MAX	  256u
#define RP_RANGES_COLUMNS 4u /* of a key; what is behind them orders nothing */

/* Where a key stands: its first columns' bytes, so changed that larger ones come later. */
__extension__ typedef unsigned __int128 rp_key_place;

/* Beside a sketch of so many cells. */
static inline unsigned rp_ranges_most_for(uint32_t cells)
{
	return cells / 4 < RP_RANGES_MAX ? cells / 4 : RP_RANGES_MAX;
}
/* *ret stays NULL where the key has no order. */
int rp_ranges_new(struct rp_ranges **ret, const struct rp_relation *r, unsigned most, struct rp_err **err);
/* The same ranges, empty, and none but these: what falls into none of them is counted apart. */
int rp_ranges_new_like(struct rp_ranges **ret, const struct rp_ranges *like, struct rp_err **err);
void rp_ranges_free(struct rp_ranges *r);
RP_AUTO_CALLS(rp_ranges, rp_ranges_free)

/* Hot, cannot fail. parts: the row's encoded key columns, of which it looks at the first. */
void rp_ranges_add(struct rp_ranges *r, const struct rp_key_part *parts, uint64_t row_hash);
void rp_ranges_merge(struct rp_ranges *into, const struct rp_ranges *from);
/* In key order, and no more than so many. */
void rp_ranges_fit(struct rp_ranges *r, unsigned most);
size_t rp_ranges_size(const struct rp_ranges *r, unsigned most); /* bytes in a manifest, at most */
/* Can they be a relation's with so many key columns, rows, and that sum of hashes? */
bool rp_ranges_suit(const struct rp_ranges *r, size_t key_columns, uint64_t rows, uint64_t sum);

/* A run of ranges whose rows are not those that were sealed. */
struct rp_range_change {
	rp_key_place from, to;	/* both belong to it */
	uint64_t sealed, found; /* rows */
	bool outside;		/* where no row was sealed */
};
struct rp_range_changes {
	struct rp_range_change *all; /* free(); in key order, what is outside last */
	size_t n, ranges, of;	     /* runs; ranges in them, of so many sealed */
};
/* found made like sealed, else nothing is told. */
int rp_ranges_compare(struct rp_range_changes *ret, const struct rp_ranges *sealed,
		      const struct rp_ranges *found, struct rp_err **err);

/* A bound as values of the key's columns: how many there are to be shown, the last of which is where the two differ. */
struct rp_bound {
	struct {
		uint8_t bytes[16];
		size_t len;
	} column[RP_RANGES_COLUMNS];
};
size_t rp_ranges_bounds(const struct rp_ranges *r, const struct rp_range_change *c, struct rp_bound *ret_from,
			struct rp_bound *ret_to);

/* The manifest's form: base64 of version, shape and ranges. Reading bounds everything first. */
void rp_ranges_write(const struct rp_ranges *r, struct rp_buf *out);
int rp_ranges_read(struct rp_ranges **ret, const char *text, size_t len, struct rp_err **err);

#endif
