/* SPDX-License-Identifier: MIT */
#include "verifier/manifest/trust.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "verifier/manifest/envelope.h"
#include "verifier/manifest/json.h"
#include "verifier/manifest/key.h"
#include "verifier/manifest/manifest.h"
#include "verifier/manifest/policy.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/memory.h"
#include "verifier/util/parse.h"

#define SAYING_MAX 8192
#define REASON_MAX (RP_SHOWN + 256)

int rp_policy_check(const struct rp_trust *trust, struct rp_err **err)
{
	uint8_t digest[RP_SHA256_LEN];
	if (trust->n_keys == 0) {
		rp_err_set(err, RP_ERR_CONFIG, "no key is trusted to sign manifests");
		return rp_err_hint(err, "name the public half of the sealing key: --trust reprove.pub");
	}
	if (trust->threshold == 0)
		return rp_err_set(err, RP_ERR_CONFIG, "0 signatures needed, expected at least 1");
	if (trust->target == NULL && !trust->any_target) {
		rp_err_set(err, RP_ERR_USAGE, "no target is named");
		return rp_err_hint(err,
				   "--target NAME: what the manifest must be about is never taken from it");
	}
	if (trust->expect_sha256 != NULL && !rp_parse_hex(trust->expect_sha256, digest, sizeof digest))
		return rp_err_set(err, RP_ERR_USAGE,
				  "the expected manifest is named by 64 lower-case hexadecimal digits");
	return 0;
}

static const char *role_name(enum rp_role role)
{
	return role == RP_SIGNS_MANIFESTS ? "manifests" : role == RP_SIGNS_RESULTS ? "results" : "reviews";
}

/* Why a key may not speak in a role for a target at all; NULL: it may. No target: whatever target. */
static const char *unfit(const struct rp_trusted_key *k, enum rp_role role, const char *target,
			 char ret[REASON_MAX])
{
	char shown[RP_SHOWN];
	if ((k->roles & role) == 0)
		(void)snprintf(ret, REASON_MAX, "which is not trusted to sign %s", role_name(role));
	else if (target != NULL && k->targets != NULL && fnmatch(k->targets, target, 0) != 0)
		(void)snprintf(ret, REASON_MAX, "which is trusted for '%s' only",
			       rp_shown(shown, k->targets));
	else
		return NULL;
	return ret;
}

/* Why a key may not speak at a time; NULL: it may. */
static const char *out_of_time(const struct rp_trusted_key *k, int64_t when_ms, char ret[REASON_MAX])
{
	char at[RP_TIME_TEXT];
	if (k->from_ms != 0 && when_ms < k->from_ms) {
		rp_time_format(k->from_ms, at);
		(void)snprintf(ret, REASON_MAX, "which is trusted from %s on", at);
	} else if (k->until_ms != 0 && when_ms >= k->until_ms) {
		rp_time_format(k->until_ms, at);
		(void)snprintf(ret, REASON_MAX, "which was trusted until %s", at);
	} else if (k->revoked_ms != 0 && when_ms >= k->revoked_ms) {
		rp_time_format(k->revoked_ms, at);
		(void)snprintf(ret, REASON_MAX, "which was revoked at %s", at);
	} else {
		return NULL;
	}
	return ret;
}

/* Why the word of a key that has signed does not count; NULL: it does. A stamp shows when it signed, and then that is
 * when it must have been good, where the policy wants it so. */
static const char *silence(const struct rp_trust *trust, const struct rp_trusted_key *k,
			   const struct rp_said *said, const struct rp_stamped *st, char ret[REASON_MAX])
{
	struct rp_stamp_rule rule = rp_policy_stamps(trust, said->target);
	char at[RP_TIME_TEXT], shown[RP_SHOWN];
	if (unfit(k, said->role, said->target, ret) != NULL ||
	    (said->when_ms != 0 && out_of_time(k, said->when_ms, ret) != NULL))
		return ret;
	const char *why = out_of_time(k, said->latest_ms, ret);
	if (why != NULL && (!rule.old_keys || st->at_ms == 0))
		return why;
	if (why == NULL && !(rule.required && said->stampable))
		return NULL;
	if (st->at_ms == 0) {
		(void)snprintf(ret, REASON_MAX, "whose signature bears no time stamp%s%s",
			       st->fault != NULL ? " that counts: " : "",
			       st->fault != NULL ? rp_shown(shown, st->fault) : "");
		return ret;
	}
	if (out_of_time(k, st->at_ms, ret) == NULL)
		return NULL;
	rp_time_format(st->at_ms, at);
	size_t n = strlen(ret);
	(void)snprintf(ret + n, REASON_MAX - n, ", and its stamp is of %s", at);
	return ret;
}

/* A stamp cannot be older than what it is about. */
static int check_order(const struct rp_said *said, struct rp_arena *memory, struct rp_stamped *st,
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

/* 1: has signed, and *why says what speaks against it, NULL: nothing. 0: has not. */
static int hear(const struct rp_trust *trust, const struct rp_trusted_key *k, const struct rp_said *said,
		const struct rp_envelope *e, struct rp_arena *memory, struct rp_stamped *st,
		char reason[REASON_MAX], const char **why, struct rp_err **err)
{
	*st = (struct rp_stamped){.at_ms = 0};
	/* A signature that could not be looked at is not one that does not fit. */
	if (!rp_envelope_signed_by(e, k->key))
		return rp_memory_failed() ? rp_err_set(err, RP_ERR_NOMEM, "out of memory") : 0;
	if (rp_policy_stamped(trust, e, k->key, memory, st, err) < 0 ||
	    check_order(said, memory, st, err) < 0)
		return -1;
	*why = silence(trust, k, said, st, reason);
	return 1;
}

/* Has this key been counted? Different keys are what counts, however often one is listed or has signed. */
static bool is_counted(const char *const *ids, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(ids[i], id) == 0)
			return true;
	return false;
}

int rp_trust_signers(const struct rp_trust *trust, const struct rp_said *said, const struct rp_envelope *e,
		     struct rp_arena *memory, struct rp_signers *ret, struct rp_err **err)
{
	char reason[REASON_MAX];
	const char **ids = rp_arena_array(memory, trust->n_keys + 1, sizeof *ids);
	struct rp_stamped *stamped = rp_arena_array(memory, trust->n_keys + 1, sizeof *stamped);
	if (ids == NULL || stamped == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	*ret = (struct rp_signers){.ids = ids, .stamped = stamped};
	rp_memory_forget();
	for (size_t i = 0; i < trust->n_keys; i++) {
		const struct rp_trusted_key *k = &trust->keys[i];
		const char *why = NULL;
		if (is_counted(ids, ret->n, k->key->id))
			continue;
		int r = hear(trust, k, said, e, memory, &stamped[ret->n], reason, &why, err);
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

static void add_names(struct rp_buf *to, const char *name)
{
	rp_buf_addf(to, "%s%s", to->len > 0 ? ", " : "", name);
}

/* What is known of a manifest before anybody has looked into it. */
static struct rp_said unread(const struct rp_trust *trust)
{
	return (struct rp_said){.role = RP_SIGNS_MANIFESTS,
				.target = trust->target,
				.latest_ms = trust->now_ms,
				.stampable = true};
}

static int silenced(const char *id, const char *why, struct rp_err **err)
{
	rp_err_set(err, RP_ERR_TRUST, "it is signed by key %s, %s", id, why);
	return rp_err_hint(err,
			   strstr(why, "stamp") != NULL
				   ? "'reprove stamp' adds a time stamp to what is there; the authority's "
				     "certificate is named in the trust store"
				   : "have it sealed with a key that may, or change what this key is "
				     "trusted for");
}

/* Why is it not enough? Tells apart what needs different things done: a key that may not, a file that was
 * changed, a key nobody told us of. */
static int refuse(const struct rp_trust *trust, const struct rp_envelope *e, const struct rp_manifest *m,
		  struct rp_err **err)
{
	const struct rp_said said = unread(trust);
	char reason[REASON_MAX], shown[RP_SHOWN];
	rp_autobuf expected = RP_BUF_INIT(SAYING_MAX);
	rp_autobuf found = RP_BUF_INIT(SAYING_MAX);
	for (size_t i = 0; i < trust->n_keys; i++) {
		const struct rp_trusted_key *k = &trust->keys[i];
		const char *why = NULL;
		struct rp_stamped st;
		if (unfit(k, said.role, said.target, reason) == NULL &&
		    out_of_time(k, said.latest_ms, reason) == NULL)
			add_names(&expected, k->key->id);
		if (is_counted(m->signed_by, m->n_signed_by, k->key->id))
			continue;
		int r = hear(trust, k, &said, e, m->memory, &st, reason, &why, err);
		if (r < 0)
			return -1;
		if (r > 0 && why != NULL)
			return silenced(k->key->id, why, err);
	}
	if (m->n_signed_by > 0) {
		rp_err_set(err, RP_ERR_TRUST, "signatures of trusted keys: %zu, expected at least %u of %s",
			   m->n_signed_by, trust->threshold, rp_buf_text(&expected));
		return rp_err_hint(err, "have it signed by the others too");
	}
	for (size_t i = 0; i < e->n_signatures; i++) {
		const char *keyid = e->signatures[i].keyid;
		if (strlen(keyid) == RP_SHA256_HEX - 1 && strstr(rp_buf_text(&expected), keyid) != NULL) {
			rp_err_set(err, RP_ERR_TRUST,
				   "the signature of key %s does not fit: it was changed after it was signed",
				   rp_shown(shown, keyid));
			return rp_err_hint(err,
					   "it was damaged or edited: get it again from where 'reprove seal' "
					   "wrote it");
		}
		add_names(&found, *keyid != '\0' ? rp_shown(shown, keyid) : "a key without a name");
	}
	rp_err_set(err, RP_ERR_TRUST, "it is signed by no trusted key: expected %s, found %s",
		   expected.len > 0 ? rp_buf_text(&expected) : "none, for none may", rp_buf_text(&found));
	return rp_err_hint(err,
			   "if another key sealed it, and you know whose: name its public half with --trust");
}

int rp_policy_signatures(const struct rp_trust *trust, const struct rp_envelope *e, struct rp_manifest *m,
			 struct rp_err **err)
{
	const struct rp_said said = unread(trust);
	bool old_keys = rp_policy_stamps(trust, trust->target).old_keys;
	char reason[REASON_MAX];
	const char **ids = rp_arena_array(m->memory, trust->n_keys, sizeof *ids);
	struct rp_stamped *stamped = rp_arena_array(m->memory, trust->n_keys, sizeof *stamped);
	if (ids == NULL || stamped == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	m->signed_by = ids;
	m->stamped = stamped;
	rp_memory_forget();
	for (size_t i = 0; i < trust->n_keys; i++) {
		const struct rp_trusted_key *k = &trust->keys[i];
		const char *why = NULL;
		/* Each look at a signature hashes the whole payload: none is had where nothing hangs on it. */
		if (unfit(k, said.role, said.target, reason) != NULL ||
		    (!old_keys && out_of_time(k, said.latest_ms, reason) != NULL) ||
		    is_counted(ids, m->n_signed_by, k->key->id))
			continue;
		int r = hear(trust, k, &said, e, m->memory, &stamped[m->n_signed_by], reason, &why, err);
		if (r < 0)
			return -1;
		if (r == 0 || why != NULL)
			continue;
		ids[m->n_signed_by] = rp_arena_strdup(m->memory, k->key->id);
		if (ids[m->n_signed_by++] == NULL)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	if (m->n_signed_by >= trust->threshold)
		return 0;
	return refuse(trust, e, m, err);
}

/* May this key speak for what the manifest says it is about, both when that was sealed and now? */
static bool may_speak(const struct rp_trust *trust, const struct rp_said *said, const char *key_id,
		      const struct rp_stamped *st, char reason[REASON_MAX])
{
	for (size_t i = 0; i < trust->n_keys; i++)
		if (strcmp(trust->keys[i].key->id, key_id) == 0 &&
		    silence(trust, &trust->keys[i], said, st, reason) == NULL)
			return true;
	return false;
}

/* Once more, with what the manifest says itself: a key may not have spoken before its time, nor, where any
 * target is shown, for one that is not its own. */
static int check_speakers(const struct rp_trust *trust, struct rp_manifest *m, struct rp_err **err)
{
	struct rp_said said = unread(trust);
	char reason[REASON_MAX] = "", at[RP_TIME_TEXT];
	const char *silent = "";
	size_t n = 0;
	const char **ids = rp_arena_array(m->memory, m->n_signed_by, sizeof *ids);
	struct rp_stamped *stamped = rp_arena_array(m->memory, m->n_signed_by, sizeof *stamped);
	if (ids == NULL || stamped == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	said.target = m->target;
	said.when_ms = m->sealed_ms;
	for (size_t i = 0; i < m->n_signed_by; i++) {
		stamped[n] = m->stamped[i];
		if (check_order(&said, m->memory, &stamped[n], err) < 0)
			return -1;
		if (may_speak(trust, &said, m->signed_by[i], &stamped[n], reason))
			ids[n++] = m->signed_by[i];
		else
			silent = m->signed_by[i];
	}
	m->signed_by = ids;
	m->stamped = stamped;
	m->n_signed_by = n;
	if (n >= trust->threshold)
		return 0;
	rp_time_format(m->sealed_ms, at);
	rp_err_set(err, RP_ERR_TRUST, "it was sealed at %s by key %s, %s", at, silent, reason);
	return rp_err_hint(err, "have it sealed with a key that may, or change what this key is trusted for");
}

static int check_subject(const struct rp_trust *trust, const struct rp_manifest *m, struct rp_err **err)
{
	char found[RP_SHOWN], expected[RP_SHOWN];
	if (trust->target != NULL && strcmp(trust->target, m->target) != 0) {
		rp_err_set(err, RP_ERR_TRUST, "it is about the target '%s', expected '%s'",
			   rp_shown(found, m->target), rp_shown(expected, trust->target));
		return rp_err_hint(err,
				   "give the manifest that was sealed for this target; 'reprove show' says "
				   "what one is about");
	}
	if (trust->environment == NULL ||
	    (m->environment != NULL && strcmp(trust->environment, m->environment) == 0))
		return 0;
	rp_err_set(err, RP_ERR_TRUST, "it is about the environment '%s', expected '%s'",
		   m->environment != NULL ? rp_shown(found, m->environment) : "",
		   rp_shown(expected, trust->environment));
	return rp_err_hint(err, "give the manifest that was sealed there; seal with the environment named");
}

static int check_age(const struct rp_trust *trust, const struct rp_manifest *m, struct rp_err **err)
{
	char sealed[RP_TIME_TEXT], other[RP_TIME_TEXT], age[RP_TIME_TEXT];
	rp_time_format(m->sealed_ms, sealed);
	if (m->sealed_ms > trust->now_ms + RP_CLOCK_SKEW_MS) {
		rp_time_format(trust->now_ms, other);
		rp_err_set(err, RP_ERR_IO, "it was sealed at %s, and here it is only %s", sealed, other);
		return rp_err_hint(err,
				   "a clock is wrong, here or where it was sealed: set it, then try again");
	}
	if (trust->max_age_ms != 0 && trust->now_ms - m->sealed_ms > trust->max_age_ms) {
		rp_length_format(trust->now_ms - m->sealed_ms, age);
		rp_length_format(trust->max_age_ms, other);
		rp_err_set(err, RP_ERR_TRUST, "it was sealed at %s, %s ago, expected at most %s", sealed, age,
			   other);
		return rp_err_hint(err, "seal and back up again; or somebody shows an old one");
	}
	if (trust->not_older_than_ms != 0 && m->sealed_ms < trust->not_older_than_ms) {
		rp_time_format(trust->not_older_than_ms, other);
		return rp_err_set(err, RP_ERR_TRUST, "it was sealed at %s, expected not before %s", sealed,
				  other);
	}
	return 0;
}

int rp_policy_content(const struct rp_trust *trust, struct rp_manifest *m, struct rp_err **err)
{
	if (check_subject(trust, m, err) < 0 || check_speakers(trust, m, err) < 0 ||
	    check_age(trust, m, err) < 0)
		return -1;
	if (trust->expect_sha256 != NULL && strcmp(trust->expect_sha256, m->sha256) != 0) {
		rp_err_set(err, RP_ERR_TRUST, "it is manifest %s, expected %s", m->sha256,
			   trust->expect_sha256);
		return rp_err_hint(err, "this one is signed well, but it is another one");
	}
	if (m->sequence < trust->min_sequence)
		return rp_err_set(err, RP_ERR_TRUST, "its sequence is %llu, expected at least %llu",
				  (unsigned long long)m->sequence, (unsigned long long)trust->min_sequence);
	return 0;
}
