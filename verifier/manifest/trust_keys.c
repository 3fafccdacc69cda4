/* SPDX-License-Identifier: MIT */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "verifier/manifest/envelope.h"
#include "verifier/manifest/json.h"
#include "verifier/manifest/key.h"
#include "verifier/manifest/policy.h"
#include "verifier/util/arena.h"
#include "verifier/util/error.h"
#include "verifier/util/memory.h"
#include "verifier/util/parse.h"

/* Whether the word of one key counts. How many such words there have to be, and about what, is in trust.c. */

static const char *role_name(enum rp_role role)
{
	return role == RP_SIGNS_MANIFESTS ? "manifests" : role == RP_SIGNS_RESULTS ? "results" : "reviews";
}

const char *rp_policy_unfit(const struct rp_trusted_key *k, enum rp_role role, const char *target,
			    char ret[RP_REASON])
{
	char shown[RP_SHOWN];
	if ((k->roles & role) == 0)
		(void)snprintf(ret, RP_REASON, "which is not trusted to sign %s", role_name(role));
	else if (target != NULL && k->targets != NULL && fnmatch(k->targets, target, 0) != 0)
		(void)snprintf(ret, RP_REASON, "which is trusted for '%s' only", rp_shown(shown, k->targets));
	else
		return NULL;
	return ret;
}

const char *rp_policy_out_of_time(const struct rp_trusted_key *k, int64_t when_ms, char ret[RP_REASON])
{
	char at[RP_TIME_TEXT];
	if (k->from_ms != 0 && when_ms < k->from_ms) {
		rp_time_format(k->from_ms, at);
		(void)snprintf(ret, RP_REASON, "which is trusted from %s on", at);
	} else if (k->until_ms != 0 && when_ms >= k->until_ms) {
		rp_time_format(k->until_ms, at);
		(void)snprintf(ret, RP_REASON, "which was trusted until %s", at);
	} else if (k->revoked_ms != 0 && when_ms >= k->revoked_ms) {
		rp_time_format(k->revoked_ms, at);
		(void)snprintf(ret, RP_REASON, "which was revoked at %s", at);
	} else {
		return NULL;
	}
	return ret;
}

const char *rp_policy_silence(const struct rp_trust *trust, const struct rp_trusted_key *k,
			      const struct rp_said *said, const struct rp_stamped *st, char ret[RP_REASON])
{
	struct rp_stamp_rule rule = rp_policy_stamps(trust, said->target);
	char at[RP_TIME_TEXT], shown[RP_SHOWN];
	if (rp_policy_unfit(k, said->role, said->target, ret) != NULL ||
	    (said->when_ms != 0 && rp_policy_out_of_time(k, said->when_ms, ret) != NULL))
		return ret;
	const char *why = rp_policy_out_of_time(k, said->latest_ms, ret);
	if (why != NULL && (!rule.old_keys || st->at_ms == 0))
		return why;
	if (why == NULL && !(rule.required && said->stampable))
		return NULL;
	if (st->at_ms == 0) {
		(void)snprintf(ret, RP_REASON, "whose signature bears no time stamp%s%s",
			       st->fault != NULL ? " that counts: " : "",
			       st->fault != NULL ? rp_shown(shown, st->fault) : "");
		return ret;
	}
	if (rp_policy_out_of_time(k, st->at_ms, ret) == NULL)
		return NULL;
	rp_time_format(st->at_ms, at);
	size_t n = strlen(ret);
	(void)snprintf(ret + n, RP_REASON - n, ", and its stamp is of %s", at);
	return ret;
}

int rp_policy_order(const struct rp_said *said, struct rp_arena *memory, struct rp_stamped *st,
		    struct rp_err **err)
{
	char at[RP_TIME_TEXT], why[64];
	if (st->at_ms == 0 || st->at_ms >= said->when_ms - RP_CLOCK_SKEW_MS)
		return 0;
	rp_time_format(st->at_ms, at);
	(void)snprintf(why, sizeof why, "it is of %s, before that was made", at);
	*st = (struct rp_stamped){.fault = rp_arena_strdup(memory, why)};
	return st->fault != NULL ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

int rp_policy_hear(const struct rp_trust *trust, const struct rp_trusted_key *k, const struct rp_said *said,
		   const struct rp_envelope *e, struct rp_arena *memory, struct rp_stamped *st,
		   char reason[RP_REASON], const char **why, struct rp_err **err)
{
	*st = (struct rp_stamped){.at_ms = 0};
	/* A signature that could not be looked at is not one that does not fit. */
	if (!rp_envelope_signed_by(e, k->key))
		return rp_memory_failed() ? rp_err_set(err, RP_ERR_NOMEM, "out of memory") : 0;
	if (rp_policy_stamped(trust, e, k->key, memory, st, err) < 0 ||
	    rp_policy_order(said, memory, st, err) < 0)
		return -1;
	*why = rp_policy_silence(trust, k, said, st, reason);
	return 1;
}

bool rp_policy_counted(const char *const *ids, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(ids[i], id) == 0)
			return true;
	return false;
}

int rp_trust_signers(const struct rp_trust *trust, const struct rp_said *said, const struct rp_envelope *e,
		     struct rp_arena *memory, struct rp_signers *ret, struct rp_err **err)
{
	char reason[RP_REASON];
	const char **ids = rp_arena_array(memory, trust->n_keys + 1, sizeof *ids);
	struct rp_stamped *stamped = rp_arena_array(memory, trust->n_keys + 1, sizeof *stamped);
	if (ids == NULL || stamped == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	*ret = (struct rp_signers){.ids = ids, .stamped = stamped};
	rp_memory_forget();
	for (size_t i = 0; i < trust->n_keys; i++) {
		const struct rp_trusted_key *k = &trust->keys[i];
		const char *why = NULL;
		if (rp_policy_counted(ids, ret->n, k->key->id))
			continue;
		int r = rp_policy_hear(trust, k, said, e, memory, &stamped[ret->n], reason, &why, err);
		if (r < 0)
			return -1;
		const char *kept = r > 0 ? rp_arena_strdup(memory, why == NULL ? k->key->id : why) : NULL;
		if (r > 0 && kept == NULL)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		if (r > 0 && why == NULL)
			ids[ret->n++] = kept;
		else if (r > 0)
			ret->why = kept;
	}
	return 0;
}
