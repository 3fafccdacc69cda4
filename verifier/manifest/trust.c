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
#define REASON_MAX (RP_SHOWN + 64)

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

/* Why a key may not speak for a target at a time; NULL: it may. No target: whatever target. */
static const char *fault(const struct rp_trusted_key *k, enum rp_role role, const char *target,
			 int64_t when_ms, char ret[REASON_MAX])
{
	char at[RP_TIME_TEXT], shown[RP_SHOWN];
	if ((k->roles & role) == 0) {
		snprintf(ret, REASON_MAX, "which is not trusted to sign %s", role_name(role));
	} else if (target != NULL && k->targets != NULL && fnmatch(k->targets, target, 0) != 0) {
		snprintf(ret, REASON_MAX, "which is trusted for '%s' only", rp_shown(shown, k->targets));
	} else if (k->from_ms != 0 && when_ms < k->from_ms) {
		rp_time_format(k->from_ms, at);
		snprintf(ret, REASON_MAX, "which is trusted from %s on", at);
	} else if (k->until_ms != 0 && when_ms >= k->until_ms) {
		rp_time_format(k->until_ms, at);
		snprintf(ret, REASON_MAX, "which was trusted until %s", at);
	} else if (k->revoked_ms != 0 && when_ms >= k->revoked_ms) {
		rp_time_format(k->revoked_ms, at);
		snprintf(ret, REASON_MAX, "which was revoked at %s", at);
	} else {
		return NULL;
	}
	return ret;
}

int rp_trust_signers(const struct rp_trust *trust, enum rp_role role, const char *target, int64_t when_ms,
		     const struct rp_envelope *e, struct rp_arena *memory, const char *const **ret,
		     size_t *ret_n, struct rp_err **err)
{
	char reason[REASON_MAX];
	const char **ids = rp_arena_array(memory, trust->n_keys + 1, sizeof *ids);
	size_t n = 0;
	if (ids == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	rp_memory_forget();
	for (size_t i = 0; i < trust->n_keys; i++) {
		const struct rp_key *key = trust->keys[i].key;
		if (fault(&trust->keys[i], role, target, when_ms, reason) != NULL ||
		    !rp_envelope_signed_by(e, key))
			continue;
		ids[n] = rp_arena_strdup(memory, key->id);
		if (ids[n++] == NULL)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	/* A signature that could not be looked at is not one that does not fit. */
	if (rp_memory_failed())
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	*ret = ids;
	*ret_n = n;
	return 0;
}

static bool signed_by(const struct rp_manifest *m, const struct rp_key *key)
{
	for (size_t i = 0; i < m->n_signed_by; i++)
		if (strcmp(m->signed_by[i], key->id) == 0)
			return true;
	return false;
}

static void add_names(struct rp_buf *to, const char *name)
{
	rp_buf_addf(to, "%s%s", to->len > 0 ? ", " : "", name);
}

/* Why is it not enough? Tells apart what needs different things done: a key that may not, a file that was
 * changed, a key nobody told us of. */
static int refuse(const struct rp_trust *trust, const struct rp_envelope *e, const struct rp_manifest *m,
		  struct rp_err **err)
{
	char reason[REASON_MAX], shown[RP_SHOWN];
	rp_autobuf expected = RP_BUF_INIT(SAYING_MAX);
	rp_autobuf found = RP_BUF_INIT(SAYING_MAX);
	for (size_t i = 0; i < trust->n_keys; i++) {
		const struct rp_key *key = trust->keys[i].key;
		if (fault(&trust->keys[i], RP_SIGNS_MANIFESTS, trust->target, trust->now_ms, reason) ==
		    NULL) {
			add_names(&expected, key->id);
		} else if (!signed_by(m, key) && rp_envelope_signed_by(e, key)) {
			rp_err_set(err, RP_ERR_TRUST, "it is signed by key %s, %s", key->id, reason);
			return rp_err_hint(err,
					   "have it sealed with a key that may, or change what this key is "
					   "trusted for");
		}
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
	char reason[REASON_MAX];
	const char **ids = rp_arena_array(m->memory, trust->n_keys, sizeof *ids);
	if (ids == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	m->signed_by = ids;
	rp_memory_forget();
	for (size_t i = 0; i < trust->n_keys; i++) {
		const struct rp_key *key = trust->keys[i].key;
		/* Different keys are what counts, however often one is listed or has signed. */
		if (fault(&trust->keys[i], RP_SIGNS_MANIFESTS, trust->target, trust->now_ms, reason) !=
			    NULL ||
		    signed_by(m, key) || !rp_envelope_signed_by(e, key))
			continue;
		ids[m->n_signed_by] = rp_arena_strdup(m->memory, key->id);
		if (ids[m->n_signed_by++] == NULL)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	if (m->n_signed_by >= trust->threshold)
		return 0;
	if (rp_memory_failed()) /* then nothing is said of the signatures */
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	return refuse(trust, e, m, err);
}

/* May this key speak for what the manifest says it is about, both when that was sealed and now? */
static bool may_speak(const struct rp_trust *trust, const struct rp_manifest *m, const char *key_id,
		      char reason[REASON_MAX])
{
	for (size_t i = 0; i < trust->n_keys; i++)
		if (strcmp(trust->keys[i].key->id, key_id) == 0 &&
		    fault(&trust->keys[i], RP_SIGNS_MANIFESTS, m->target, m->sealed_ms, reason) == NULL &&
		    fault(&trust->keys[i], RP_SIGNS_MANIFESTS, m->target, trust->now_ms, reason) == NULL)
			return true;
	return false;
}

/* Once more, with what the manifest says itself: a key may not have spoken before its time, nor, where any
 * target is shown, for one that is not its own. */
static int check_speakers(const struct rp_trust *trust, struct rp_manifest *m, struct rp_err **err)
{
	char reason[REASON_MAX] = "", at[RP_TIME_TEXT];
	const char *silent = "";
	size_t n = 0;
	const char **ids = rp_arena_array(m->memory, m->n_signed_by, sizeof *ids);
	if (ids == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < m->n_signed_by; i++) {
		if (may_speak(trust, m, m->signed_by[i], reason))
			ids[n++] = m->signed_by[i];
		else
			silent = m->signed_by[i];
	}
	m->signed_by = ids;
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
