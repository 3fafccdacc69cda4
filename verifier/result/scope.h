/* SPDX-License-Identifier: MIT */
#ifndef RP_RESULT_SCOPE_H
#define RP_RESULT_SCOPE_H

#include "verifier/result/record.h"

struct rp_arena;
struct rp_buf;
struct rp_err;

/* What a run looked at, as its result says: small enough to be kept while the next run goes on, and to be compared with
 * what that one looked at. Whoever narrows a test until it passes leaves that trace. */
struct rp_scope_relation {
	const char *name;
	uint64_t rows; /* sealed */
};
struct rp_scope {
	uint64_t entry; /* in the ledger; 0: the run that is under way */
	int64_t at_ms;
	const char **checks; /* that were asked and not left out, by name */
	size_t n_checks;
	struct rp_scope_relation *relations; /* whose rows were counted, by name */
	size_t n_relations;
	uint64_t rows; /* of all of them */
	const struct rp_waiver_note *waivers;
	size_t n_waivers;
	const struct rp_fact *options; /* as in rp_record */
	size_t n_options;
	bool went_through; /* the restored database was surveyed: checks and relations mean something */
};

/* Copied into 'memory'. */
int rp_scope_of(struct rp_scope *ret, struct rp_arena *memory, const struct rp_result *r,
		struct rp_err **err);
/* Room for what rp_scope_changes() finds. */
#define RP_SCOPE_CHANGES_MAX 4
/* What of checks, relations, rows and waivers differs, with names; *ret_n of them. Texts are in 'memory'. */
int rp_scope_changes(struct rp_change_note ret[RP_SCOPE_CHANGES_MAX], size_t *ret_n, struct rp_arena *memory,
		     const struct rp_scope *before, const struct rp_scope *after, struct rp_err **err);

/* Which options are others, are new, or are gone, by name. */
void rp_scope_options(struct rp_buf *ret, const struct rp_scope *before, const struct rp_fact *now, size_t n);

#endif
