/* SPDX-License-Identifier: MIT */
#include <fnmatch.h>
#include <stdio.h>

#include "verifier/manifest/envelope.h"
#include "verifier/manifest/policy.h"
#include "verifier/manifest/stamp.h"
#include "verifier/util/arena.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"

/* Time stamps, as far as trust goes: which are believed, and what a policy asks for. What follows from that for a key is
 * in trust.c. */

struct rp_stamp_rule rp_policy_stamps(const struct rp_trust *trust, const char *target)
{
	struct rp_stamp_rule any = {.targets = NULL};
	for (size_t i = 0; i < trust->n_stamp_rules; i++) {
		const struct rp_stamp_rule *r = &trust->stamp_rules[i];
		if (target != NULL && fnmatch(r->targets, target, 0) == 0)
			return *r;
		any.old_keys |= target == NULL && r->old_keys;
	}
	return any;
}

static int keep(struct rp_arena *memory, const char *text, const char **ret, struct rp_err **err)
{
	*ret = rp_arena_strdup(memory, text);
	return *ret != NULL ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

/* 1: it holds. */
static int look_at(const struct rp_trust *trust, const struct rp_signature *s, struct rp_arena *memory,
		   struct rp_stamped *ret, struct rp_err **err)
{
	for (size_t i = 0; i < trust->n_authorities; i++) {
		rp_autoerr struct rp_err *why = NULL;
		struct rp_stamp_facts facts;
		if (rp_stamp_check(&facts, trust->authorities[i], s->stamp, s->stamp_len, s->sig, s->len,
				   &why) == 0) {
			*ret = (struct rp_stamped){.at_ms = facts.at_ms, .authority = i};
			return keep(memory, facts.by, &ret->by, err) < 0 ? -1 : 1;
		}
		if (rp_err_kind(why) != RP_ERR_TRUST)
			return rp_err_again(err, why);
		if (keep(memory, rp_err_text(why), &ret->fault, err) < 0)
			return -1;
	}
	return 0;
}

static bool has_any(const struct rp_envelope *e)
{
	for (size_t i = 0; i < e->n_signatures; i++)
		if (e->signatures[i].stamp != NULL)
			return true;
	return false;
}

int rp_policy_stamped(const struct rp_trust *trust, const struct rp_envelope *e, const struct rp_key *key,
		      struct rp_arena *memory, struct rp_stamped *ret, struct rp_err **err)
{
	char at[RP_TIME_TEXT], now[RP_TIME_TEXT], why[128];
	*ret = (struct rp_stamped){.at_ms = 0};
	if (!has_any(e)) /* each look at a signature hashes the whole payload */
		return 0;
	for (const struct rp_signature *s = rp_envelope_next(e, key, NULL); s != NULL;
	     s = rp_envelope_next(e, key, s)) {
		if (s->stamp == NULL)
			continue;
		if (trust->n_authorities == 0)
			return keep(memory, "no authority's stamps are trusted", &ret->fault, err);
		int r = look_at(trust, s, memory, ret, err);
		if (r < 0)
			return -1;
		if (r > 0 && ret->at_ms <= trust->now_ms + RP_CLOCK_SKEW_MS)
			return 0;
		if (r > 0) {
			rp_time_format(ret->at_ms, at);
			rp_time_format(trust->now_ms, now);
			(void)snprintf(why, sizeof why, "it is of %s, and here it is only %s", at, now);
			*ret = (struct rp_stamped){.at_ms = 0};
			if (keep(memory, why, &ret->fault, err) < 0)
				return -1;
		}
	}
	return 0;
}
