/* SPDX-License-Identifier: MIT */
#ifndef RP_COMMAND_POPULATION_H
#define RP_COMMAND_POPULATION_H

#include <stddef.h>
#include <stdint.h>

struct rp_arena;
struct rp_err;
struct rp_history;
struct rp_target_history;

/* The targets of a configuration: who should have been tested. */
struct rp_wanted_target {
	const char *name;
	int64_t due_ms;	       /* how often a proof is due; 0: nobody says */
	const char *excluded;  /* why none is; NULL: it is not excluded */
	const char *elsewhere; /* the ledger that its runs are in, which is another one; NULL: this one */
};
struct rp_wanted_targets {
	const char *path; /* of the configuration; NULL: there is none */
	struct rp_wanted_target *all;
	size_t n;
};

/* path: --config; NULL: $REPROVE_CONFIG, and where that is not set nothing is filled in. */
int rp_wanted_targets_load(struct rp_wanted_targets *ret, struct rp_arena *memory, const char *path,
			   const char *ledger, struct rp_err **err);
/* NULL: there is none of this name. */
const struct rp_wanted_target *rp_wanted_target(const struct rp_wanted_targets *w, const char *name);

/* "proved", "failed", "untold", "overdue", "never run", "excluded" or "kept in another ledger": the first that holds of
 * excluded, elsewhere, never run, failed, overdue, proved. w: NULL where the configuration does not name it; t: NULL where the
 * ledger does not. */
const char *rp_target_state(const struct rp_wanted_target *w, const struct rp_target_history *t,
			    int64_t due_ms, int64_t now_ms);

#endif
