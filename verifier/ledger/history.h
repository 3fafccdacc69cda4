/* SPDX-License-Identifier: MIT */
#ifndef RP_LEDGER_HISTORY_H
#define RP_LEDGER_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/ledger/ledger.h"

/* What a ledger says of its targets. Pure; everything borrows from the chain, whose arena it uses. */

/* One attempt: an intent, and how it ended. */
struct rp_attempt {
	const struct rp_entry *intent; /* NULL: pruned */
	const struct rp_entry *result; /* NULL: there is none: it was abandoned, or is under way */
	const struct rp_entry *review; /* the last one of its result; NULL: not reviewed */
	bool abandoned; /* no result, and a later run of the same target has begun, or a day has passed */
	bool open;	/* it failed, and no later pass of the same point and no decision has answered it */
	uint64_t closed_by; /* the entry that answered it; 0: none, or none was needed */
};

struct rp_target_history {
	const char *target;
	struct rp_attempt *all; /* in the order of their beginning */
	size_t n;
	const struct rp_entry
		*last_pass; /* the newest verified result; NULL: none. 'restorable' is no proof */
	size_t passed, failed, untold, abandoned, open;
	size_t untold_in_a_row; /* at the end: nobody knows anything for that long */
};

struct rp_history {
	struct rp_target_history *all; /* by name */
	size_t n;
};

int rp_history_of(struct rp_history *ret, const struct rp_chain *c, int64_t now_ms, struct rp_err **err);
/* A run of this target begins: what has not ended before is abandoned, as it is for everybody who reads the ledger from then
 * on. */
void rp_history_begin(struct rp_history *h, const char *target);
/* NULL: there is nothing of this target. */
const struct rp_target_history *rp_history_target(const struct rp_history *h, const char *target);
/* Of this point: how many attempts there were before now, and a line that says how they ended ("failed, abandoned");
 * the number of the open failure of it that a pass would answer, 0: none. */
size_t rp_history_earlier(const struct rp_target_history *h, const char *point, struct rp_buf *ret_how,
			  uint64_t *ret_open);
/* Has this target no pass that is newer? The pass' time is the entry's; a pass from the future is none. */
bool rp_history_overdue(const struct rp_target_history *h, int64_t due_ms, int64_t now_ms);

#endif
