/* SPDX-License-Identifier: MIT */
#ifndef RP_COMMAND_SURROUNDINGS_H
#define RP_COMMAND_SURROUNDINGS_H

#include "verifier/command/population.h"
#include "verifier/result/record.h"
#include "verifier/result/scope.h"
#include "verifier/util/sha256.h"

struct rp_err;
struct rp_fact;
struct rp_history;
struct verifying;

/* What surrounds a verification, while it is put together: from the ledger before the backup is opened, from the place
 * where the backup lies, and at the end. All texts are in the run's memory. */
#define CHANGES_MAX 16
struct surroundings {
	struct rp_record record; /* its parts point at those below that are known */
	struct rp_objectives objectives;
	struct rp_rpo rpo;
	struct rp_rto rto;
	struct rp_due due;
	struct rp_population population;
	struct rp_past past;
	struct rp_changes changes;
	struct rp_change_note change[CHANGES_MAX];
	struct rp_place_in_ledger ledger;
	struct rp_speakers speakers;
	struct rp_scope last, proved; /* what the last run that ended and the last proof looked at */
	bool has_last;
	bool failed; /* no memory */
};

/* verify_criteria.c: what counts as a pass, fixed before there is anything to pass or to fail: SHA-256 of all options with their
 * values and the texts of one's own questions, of whom to believe, of the waivers, of the checks there are. */
struct rp_criteria {
	char configuration[RP_SHA256_HEX], trust[RP_SHA256_HEX], waivers[RP_SHA256_HEX],
		checks[RP_SHA256_HEX];
};
int rp_verify_criteria(struct verifying *v, struct rp_criteria *ret, struct rp_err **err);
/* verify_past.c: what the ledger knows. says: what the intent will say; how: how earlier attempts at this point ended. */
int rp_verify_past(struct verifying *v, const struct rp_history *h, const char *how,
		   const struct rp_fact *says, size_t n, struct rp_err **err);
/* Which targets the configuration names, and what came of them. */
int rp_verify_targets(struct verifying *v, const struct rp_history *h, struct rp_err **err);
/* verify_points.c: what lies where the backup was taken from; how old the newest good one is. Never a reason to stop: what
 * could not be told is recorded so. */
int rp_verify_points(struct verifying *v, struct rp_err **err);
/* verify_around.c: how long the restore took, and under which conditions, while the scratch is there; and all that is known
 * when the last question was answered, which goes into the result. */
void rp_verify_conditions(struct verifying *v);
void rp_verify_around(struct verifying *v);

#endif
