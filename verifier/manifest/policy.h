/* SPDX-License-Identifier: MIT */
#ifndef RP_MANIFEST_POLICY_H
#define RP_MANIFEST_POLICY_H

#include "verifier/manifest/trust.h"

struct rp_arena;
struct rp_envelope;
struct rp_err;
struct rp_manifest;

/* The questions that rp_manifest_open() asks of a trust policy, in its order. A no is RP_ERR_TRUST; a policy
 * that makes no sense is RP_ERR_USAGE or RP_ERR_CONFIG; a clock that cannot be right is RP_ERR_IO, for then
 * nobody can tell what is too old. */

/* Clocks may differ by this much: what was made on another machine a moment ago is no sign of a clock set back. */
#define RP_CLOCK_SKEW_MS (5 * 60 * 1000)

int rp_policy_check(const struct rp_trust *trust, struct rp_err **err);
/* Have enough of those signed who may speak for this target? Their ids go into m. */
int rp_policy_signatures(const struct rp_trust *trust, const struct rp_envelope *e, struct rp_manifest *m,
			 struct rp_err **err);
/* Is what they said about the right target, and of the right time? Those who may not have said it leave
 * m->signed_by. */
int rp_policy_content(const struct rp_trust *trust, struct rp_manifest *m, struct rp_err **err);
/* Is it an old one shown again? What cannot be told goes into m->replay. */
int rp_policy_replay(const struct rp_trust *trust, struct rp_manifest *m, struct rp_err **err);

/* trust_keys.c, one key at a time. What is returned as text says why not, written to 'ret'; NULL: it may. */
#define RP_REASON (512 + 256)
/* Speak in a role for a target at all? No target: whatever target. */
const char *rp_policy_unfit(const struct rp_trusted_key *k, enum rp_role role, const char *target,
			    char ret[RP_REASON]);
/* Speak at a time? */
const char *rp_policy_out_of_time(const struct rp_trusted_key *k, int64_t when_ms, char ret[RP_REASON]);
/* Does the word of a key that has signed count? A stamp shows when it signed, and then that is when it must have been
 * good, where the policy wants it so. */
const char *rp_policy_silence(const struct rp_trust *trust, const struct rp_trusted_key *k,
			      const struct rp_said *said, const struct rp_stamped *st, char ret[RP_REASON]);
/* A stamp that is older than what it is about is none. */
int rp_policy_order(const struct rp_said *said, struct rp_arena *memory, struct rp_stamped *st,
		    struct rp_err **err);
/* 1: has signed, and *why says what speaks against it, NULL: nothing. 0: has not. */
int rp_policy_hear(const struct rp_trust *trust, const struct rp_trusted_key *k, const struct rp_said *said,
		   const struct rp_envelope *e, struct rp_arena *memory, struct rp_stamped *st,
		   char reason[RP_REASON], const char **why, struct rp_err **err);
/* Has this key been counted? Different keys are what counts, however often one is listed or has signed. */
bool rp_policy_counted(const char *const *ids, size_t n, const char *id);

/* trust_stamps.c: what is asked of stamps for this target. NULL, any target: what could be, and nothing that must. */
struct rp_stamp_rule rp_policy_stamps(const struct rp_trust *trust, const char *target);
/* The first stamp on a signature of this key that an authority of ours made. None is an answer; why what there is does
 * not hold is in ret->fault. */
int rp_policy_stamped(const struct rp_trust *trust, const struct rp_envelope *e, const struct rp_key *key,
		      struct rp_arena *memory, struct rp_stamped *ret, struct rp_err **err);

#endif
