/* SPDX-License-Identifier: MIT */
#ifndef RP_SURVEY_CAUSES_H
#define RP_SURVEY_CAUSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/survey/guess.h"
#include "verifier/survey/suspicion.h"
#include "verifier/util/cleanup.h"

struct rp_buf;
struct rp_err;

/* Why columns differ, found out from the restored rows and the sealed sums. Rows are given to it once, and once more
 * where every column that differs is then explained: all of it undone, the rows must be the sealed ones, for a column's
 * sum alone does not know which row has which value. */
struct rp_causes;

/* sealed and found have the same columns and as many rows; differs: one for each; at_most: so many rows differ, UINT64_MAX:
 * nobody knows, and what would have happened to more did not. All of it is borrowed. */
int rp_causes_new(struct rp_causes **ret, const struct rp_relation *sealed, const struct rp_relation *found,
		  const bool *differs, uint64_t at_most, uint64_t seed, const struct rp_suspicion *list,
		  rp_glimpse_fn *glimpse, struct rp_err **err);
void rp_causes_free(struct rp_causes *c);
RP_AUTO_CALLS(rp_causes, rp_causes_free)

int rp_causes_row(void *causes, const uint8_t *row, size_t len, struct rp_err **err); /* an rp_row_fn */
bool rp_causes_explain_all(struct rp_causes *c);				      /* after the last row */
int rp_causes_row_again(void *causes, const uint8_t *row, size_t len, struct rp_err **err); /* an rp_row_fn */

/* Append what is known, for each column that has something to be said of it: "placed: every value is 1 hour later than
 * sealed". changed: about how many rows differ; 0: not known. */
void rp_causes_tell(struct rp_causes *c, uint64_t changed, struct rp_buf *out);

#endif
