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

/* trust_stamps.c: what is asked of stamps for this target. NULL, any target: what could be, and nothing that must. */
struct rp_stamp_rule rp_policy_stamps(const struct rp_trust *trust, const char *target);
/* The first stamp on a signature of this key that an authority of ours made. None is an answer; why what there is does
 * not hold is in ret->fault. */
int rp_policy_stamped(const struct rp_trust *trust, const struct rp_envelope *e, const struct rp_key *key,
		      struct rp_arena *memory, struct rp_stamped *ret, struct rp_err **err);

#endif
