/* SPDX-License-Identifier: MIT */
#ifndef RP_SURVEY_GUESS_H
#define RP_SURVEY_GUESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/survey/relation.h"
#include "verifier/survey/row.h"

struct rp_buf;

/* What was cut off or rounded away cannot be computed back, so nothing is proved. But such values look alike, and what
 * they look like can be said, as a guess. */

/* What an engine sees in a value. */
struct rp_glimpse {
	enum { RP_SEEN_NOTHING, RP_SEEN_TEXT, RP_SEEN_FLOAT, RP_SEEN_DOUBLE, RP_SEEN_MOMENT } as;
	double real;	   /* of the two numbers */
	size_t characters; /* of a text, and what its type allows; 0: no such limit */
	size_t most_characters, most_bytes;
	bool whole_second; /* of a moment whose type has fractions */
};
typedef void rp_glimpse_fn(const struct rp_column *c, const struct rp_field *value, struct rp_glimpse *ret);

/* Of all values of a column that are not NULL. {0} is none. */
struct rp_longest {
	uint64_t n; /* how many are that long */
	size_t length;
	bool shorter; /* and there are shorter ones */
};
struct rp_guess {
	uint64_t texts, numbers, moments;
	size_t most_characters, most_bytes;
	struct rp_longest bytes, characters;
	uint64_t rounded,
		exhausted; /* numbers: what printing leaves, and how many of them need every digit of it */
	bool single;
	uint64_t whole_seconds;
};
void rp_guess_add(struct rp_guess *g, const struct rp_glimpse *seen, size_t bytes);
/* changed: about how many rows have changed, of 'rows'; 0: not known. Appends nothing where nothing can be said. */
void rp_guess_tell(const struct rp_guess *g, uint64_t changed, uint64_t rows, struct rp_buf *out);

#endif
