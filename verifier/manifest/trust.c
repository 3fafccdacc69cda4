/* SPDX-License-Identifier: MIT */
#include "verifier/manifest/trust.h"

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
	char reason[RP_REASON], shown[RP_SHOWN];
	rp_autobuf expected = RP_BUF_INIT(SAYING_MAX);
	rp_autobuf found = RP_BUF_INIT(SAYING_MAX);
	for (size_t i = 0; i < trust->n_keys; i++) {
		const struct rp_trusted_key *k = &trust->keys[i];
		const char *why = NULL;
		struct rp_stamped st;
		if (rp_policy_unfit(k, said.role, said.target, reason) == NULL &&
		    rp_policy_out_of_time(k, said.latest_ms, reason) == NULL)
			add_names(&expected, k->key->id);
		if (rp_policy_counted(m->signed_by, m->n_signed_by, k->key->id))
			continue;
		int r = rp_policy_hear(trust, k, &said, e, m->memory, &st, reason, &why, err);
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
	char reason[RP_REASON];
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
		if (rp_policy_unfit(k, said.role, said.target, reason) != NULL ||
		    (!old_keys && rp_policy_out_of_time(k, said.latest_ms, reason) != NULL) ||
		    rp_policy_counted(ids, m->n_signed_by, k->key->id))
			continue;
		int r = rp_policy_hear(trust, k, &said, e, m->memory, &stamped[m->n_signed_by], reason, &why,
				       err);
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
		      const struct rp_stamped *st, char reason[RP_REASON])
{
	for (size_t i = 0; i < trust->n_keys; i++)
		if (strcmp(trust->keys[i].key->id, key_id) == 0 &&
		    rp_policy_silence(trust, &trust->keys[i], said, st, reason) == NULL)
			return true;
	return false;
}

/* Once more, with what the manifest says itself: a key may not have spoken before its time, nor, where any
 * target is shown, for one that is not its own. */
static int check_speakers(const struct rp_trust *trust, struct rp_manifest *m, struct rp_err **err)
{
	struct rp_said said = unread(trust);
	char reason[RP_REASON] = "", at[RP_TIME_TEXT];
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
		if (rp_policy_order(&said, m->memory, &stamped[n], err) < 0)
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
