/* SPDX-License-Identifier: MIT */
#ifndef RP_COMMAND_VERIFY_H
#define RP_COMMAND_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "checks/check.h"
#include "verifier/command/notifying.h"
#include "verifier/command/options.h"
#include "verifier/command/signing.h"
#include "verifier/command/stamping.h"
#include "verifier/command/surroundings.h"
#include "verifier/command/unwrapping.h"
#include "verifier/config/target.h"
#include "verifier/config/trust_store.h"
#include "verifier/ledger/ledger.h"
#include "verifier/manifest/trust.h"
#include "verifier/recovery/wanted.h"
#include "verifier/result/result.h"

struct rp_err;
struct rp_run;

/* What 'verify' was asked for: the options as they were read. */
struct verify_options {
	const char *target, *manifest, *scratch, *reports, *tmpdir, *expect_manifest, *state, *waivers,
		*artifact, *config, *environment, *ledger, *metrics, *result_key, *database, *logs,
		*recover_to, *point, *at, *controls;
	const char **trust, **only, **skip, **smoke, **require;
	uint64_t jobs, min_sequence, max_drop;
	int64_t timeout_ms, max_age_ms, not_older_ms, rto_ms, rpo_ms, rpo_period_ms, due_ms;
	bool no_manifest, list_checks, keep, unboxed, show_values, json;
	struct unwrapping_options unwrapping;
	struct notifying_options notifying;
	struct signing_options signing;
	struct stamping_options stamping;
	bool selftest; /* 'selftest' was called, and not 'verify' */
};

/* A run's place in the ledger. */
struct recording {
	struct rp_ledger *ledger; /* NULL: none is kept */
	struct rp_key *key;
	const struct rp_command *command; /* whose options were asked for */
	char *point; /* which recovery point, as the ledger knows it again; NULL: no intent yet */
	uint64_t intent, retest_of;
	size_t earlier; /* attempts at the same point */
	bool recorded;
	bool unstamped; /* a stamp was asked for, and could not be had */
};

/* One verification under way. */
struct verifying {
	const struct verify_options *options;
	struct rp_run *run;
	struct rp_target target;
	struct rp_wanted wanted; /* of what the backup holds */
	struct rp_arena *memory; /* of the whole run; borrowed */
	struct rp_trust_store store;
	struct unwrapping unwrapping;
	struct notifying notifying;
	struct stamping stamping; /* of the ledger's entry */
	char *ratchet;		  /* owned; NULL: nothing is remembered of manifests that were verified */
	struct rp_trust trust;	  /* what the manifest was opened with */
	struct rp_evidence e;
	struct recording recording;
	struct surroundings around;
	struct rp_result *result;
	int64_t began_ms; /* rp_run_clock_ms() */
};

/* verify_options.c: the tables. */
extern const struct rp_option rp_verify_options[];
extern const struct rp_operand rp_verify_artifact;
extern const struct rp_example rp_verify_examples[];
extern const struct rp_section rp_verify_sections[];

/* 'verify', and with options->selftest 'selftest'. */
int rp_verify_run(const struct rp_call *call, struct rp_err **err);
/* Gather the evidence step by step, to the end or to where it cannot go on; then e.stopped_at and e.stopped say
 * so. Never fails: whatever happens is part of the result. */
void rp_verify_gather(struct verifying *v);
/* verify_choose.c. What --point and --at ask for; which backup it is to be, unless that is decided; and where --manifest
 * is a directory, the manifest in it that is of that backup. */
struct rp_pick;
int rp_verify_pick(const struct verify_options *o, struct rp_pick *ret, struct rp_err **err);
int rp_verify_choose(struct verifying *v, struct rp_err **err);
bool rp_verify_has_manifests(const struct verify_options *o);
int rp_verify_find_manifest(struct verifying *v, struct rp_err **err);
/* Give back the keys and the evidence. */
void rp_verifying_done(struct verifying *v);
/* What reports say of the run besides findings: versions and numbers, to be told while all connections are there;
 * and what the findings stand under. */
void rp_verify_about(struct verifying *v);
void rp_verify_provisos(struct verifying *v);

/* verify_ledger.c. Open the ledger and the key that signs in it, where one is to be kept: before any work. */
int rp_verify_ledger_open(struct verifying *v, const struct rp_command *command, struct rp_err **err);
/* A clock that stands before the ledger's last entry was set back: RP_ERR_IO. */
int rp_verify_ledger_clock(struct verifying *v, struct rp_err **err);
/* Before the artifact is opened: this run is meant to happen. Does nothing the second time. */
int rp_verify_intend(struct verifying *v, struct rp_err **err);
/* After the reports: how it ended. Then, where that was recorded, print where the ledger ends now. */
int rp_verify_record(struct verifying *v, struct rp_err **err);
void rp_verify_say_head(const struct verifying *v);
void rp_verify_ledger_done(struct verifying *v);

/* verify_notify.c. Those who want to be told that it begins; and how it ends. Whom it did not reach is told in the result
 * and on standard error, unless the result is final; true: the result has changed by that. Nobody is told the same status
 * twice. 'refused': before there was a result. */
void rp_verify_tell_start(struct verifying *v);
bool rp_verify_tell(struct verifying *v, enum rp_status status, bool is_final);
void rp_verify_tell_refused(struct verifying *v, const struct rp_err *why);

/* Where a state is kept from run to run: 'asked' (NULL: not said; "none": nowhere), else what systemd or the user's
 * session provides. *ret NULL: nowhere. */
int rp_state_directory(const char *asked, char **ret, struct rp_err **err);
/* A clock before the day this program was built was set back, and then nothing can be told of age and expiry:
 * RP_ERR_IO. */
int rp_clock_check(int64_t now_ms, int64_t built_ms, struct rp_err **err);

#endif
