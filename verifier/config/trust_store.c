/* SPDX-License-Identifier: MIT */
#include "verifier/config/trust_store.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "verifier/config/trust_store_file.h"
#include "verifier/manifest/stamp.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

const char *rp_roles_clash(unsigned of)
{
	if ((of & RP_SIGNS_MANIFESTS) && of != RP_SIGNS_MANIFESTS)
		return "signs manifests, and may have no other role";
	if ((of & RP_SIGNS_RESULTS) && (of & RP_SIGNS_REVIEWS))
		return "signs results, and may not review them";
	return NULL;
}

/* The same of one key that is listed in two rows, under two files' names. Keys that are named by themselves have the
 * one role that they are named for, and whoever names one key for two is told so by its signatures. */
static int keep_apart(const struct rp_trust_store *s, struct rp_err **err)
{
	for (size_t i = 0; i < s->n; i++) {
		for (size_t j = 0; j < i; j++) {
			const struct rp_trusted_key *a = &s->trusted[i], *b = &s->trusted[j];
			const char *why = rp_roles_clash(a->roles | b->roles);
			if (!why || (a->bare && b->bare) || strcmp(rp_key_id(a->key), rp_key_id(b->key)) != 0)
				continue;
			return rp_err_set(err, RP_ERR_CONFIG, "key %s is listed twice, and %s",
					  rp_key_id(a->key), why);
		}
	}
	return 0;
}

/* A key is revoked, and not the row that it stands in: a second row, or the key named by itself, does not bring it back. */
static void share_revocations(struct rp_trust_store *s)
{
	for (size_t i = 0; i < s->n; i++) {
		for (size_t j = 0; j < i; j++) {
			struct rp_trusted_key *a = &s->trusted[i], *b = &s->trusted[j];
			if (strcmp(rp_key_id(a->key), rp_key_id(b->key)) != 0)
				continue;
			int64_t first = !a->revoked_ms || (b->revoked_ms && b->revoked_ms < a->revoked_ms)
						? b->revoked_ms
						: a->revoked_ms;
			a->revoked_ms = b->revoked_ms = first;
		}
	}
}

int rp_trust_store_room(struct rp_trust_store *to, size_t more, struct rp_err **err)
{
	struct rp_key **keys = reallocarray(to->keys, to->n + more, sizeof(struct rp_key *));

	if (keys)
		to->keys = keys;
	struct rp_trusted_key *trusted = reallocarray(to->trusted, to->n + more, sizeof(*trusted));
	if (trusted)
		to->trusted = trusted;
	return keys && trusted ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

int rp_trust_guarded(const char *path, struct rp_err **err)
{
	struct stat st;

	if (stat(path, &st) < 0 || !(st.st_mode & S_IWOTH))
		return 0;
	rp_err_set(err, RP_ERR_CONFIG, "'%s' says whom to believe, and can be changed by everybody", path);
	return rp_err_hint(err, "chmod o-w '%s'", path);
}

static int add_bare(struct rp_trust_store *to, const char *path, unsigned bare, struct rp_err **err)
{
	if (rp_trust_guarded(path, err) < 0 || rp_trust_store_room(to, 1, err) < 0 ||
	    rp_key_load_public(&to->keys[to->n], path, err) < 0)
		return -1;
	to->trusted[to->n] = (struct rp_trusted_key){.key = to->keys[to->n], .roles = bare, .bare = true};
	to->n++;
	return 0;
}

/* A key in PEM, or else a store. What cannot be read is left to whoever reads it as a key, and says why. */
static bool is_store(const char *path)
{
	rp_autobuf text = RP_BUF_INIT(1u << 20);

	return rp_file_read(path, &text, NULL) == 0 && strstr(rp_buf_text(&text), "keys:") &&
	       !strstr(rp_buf_text(&text), "-----BEGIN");
}

int rp_trust_store_add(struct rp_trust_store *to, struct rp_arena *memory, const char *path, unsigned bare,
		       struct rp_err **err)
{
	if (!is_store(path)) {
		if (add_bare(to, path, bare, err) < 0)
			return -1;
	} else if (rp_trust_guarded(path, err) < 0 || rp_trust_store_file(to, memory, path, err) < 0) {
		return -1;
	}
	if (keep_apart(to, err) < 0)
		return rp_err_wrap(err, "'%s'", path);
	share_revocations(to);
	return 0;
}

int rp_trust_store_add_all(struct rp_trust_store *to, struct rp_arena *memory, const char *const *paths,
			   unsigned bare, struct rp_err **err)
{
	for (; paths && *paths; paths++) {
		if (rp_trust_store_add(to, memory, *paths, bare, err) < 0)
			return -1;
	}
	return 0;
}

void rp_trust_store_done(struct rp_trust_store *s)
{
	for (size_t i = 0; i < s->n; i++)
		rp_key_free(s->keys[i]);
	for (size_t i = 0; i < s->n_authorities; i++)
		rp_authority_free(s->authorities[i]);
	free(s->authorities);
	free(s->keys);
	free(s->trusted);
	*s = (struct rp_trust_store){0};
}

void rp_trust_store_lend(const struct rp_trust_store *s, struct rp_trust *to)
{
	to->keys = s->trusted;
	to->n_keys = s->n;
	to->authorities = (const struct rp_authority *const *)s->authorities;
	to->n_authorities = s->n_authorities;
	to->stamp_rules = s->stamp_rules;
	to->n_stamp_rules = s->n_policies;
}

const struct rp_trust_policy *rp_trust_store_policy(const struct rp_trust_store *s, const char *target)
{
	for (size_t i = 0; i < s->n_policies; i++) {
		if (fnmatch(s->policies[i].targets, target, 0) == 0)
			return &s->policies[i];
	}
	return NULL;
}

void rp_trust_store_text(const struct rp_trust_store *s, struct rp_buf *out)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct rp_trusted_key *k = &s->trusted[i];
		rp_buf_addf(out,
			    "key %s roles %u from %" PRId64 " until %" PRId64 " revoked %" PRId64
			    " targets %s\n",
			    rp_key_id(k->key), k->roles, k->from_ms, k->until_ms, k->revoked_ms,
			    k->targets ? k->targets : "");
	}
	for (size_t i = 0; i < s->n_policies; i++) {
		const struct rp_trust_policy *p = &s->policies[i];
		rp_buf_addf(out, "policy %s signatures %u max-age %" PRId64 " environment %s ledger %s\n",
			    p->targets, p->signatures, p->max_age_ms, p->environment ? p->environment : "",
			    p->ledger ? p->ledger : "");
		if (s->stamp_rules[i].required || s->stamp_rules[i].old_keys)
			rp_buf_addf(out, "policy %s stamp %d old-keys %d\n", p->targets,
				    s->stamp_rules[i].required, s->stamp_rules[i].old_keys);
	}
	for (size_t i = 0; i < s->n_authorities; i++)
		rp_buf_addf(out, "stamps %s\n", rp_authority_id(s->authorities[i]));
}
