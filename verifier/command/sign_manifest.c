/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "verifier/command/commands.h"
#include "verifier/command/sign.h"
#include "verifier/manifest/envelope.h"
#include "verifier/manifest/manifest.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/parse.h"

/* What a trust store says of the key that is to sign: a signature that nobody counts is not made. */
static int may_sign(const struct rp_trust_store *store, const struct rp_key *key, struct rp_err **err)
{
	bool listed = false, may = false;

	for (size_t i = 0; i < store->n; i++) {
		const struct rp_trusted_key *t = &store->trusted[i];
		if (strcmp(rp_key_id(t->key), rp_key_id(key)) != 0)
			continue;
		listed = true;
		may = may || (t->roles & RP_SIGNS_MANIFESTS) != 0;
	}
	if (!listed || may)
		return 0;
	rp_err_set(err, RP_ERR_TRUST,
		   "key %s is not trusted to sign manifests: the trust store gives it another role",
		   rp_key_id(key));
	return rp_err_hint(err, "a key that signs results or reviews signs nothing else: use another one");
}

/* Opened as a verifier will. A signature without looking is worth nothing. */
static int look(const struct sign_options *o, const struct rp_trust_store *store, const struct rp_buf *bytes,
		struct rp_manifest **ret, struct rp_err **err)
{
	const struct rp_trust trust = {.keys = store->trusted,
				       .n_keys = store->n,
				       .threshold = 1,
				       .target = o->target,
				       .any_target = !o->target,
				       .now_ms = rp_time_now_ms()};

	return rp_manifest_open(ret, rp_buf_text(bytes), bytes->len, &trust, err);
}

static void tell_signers(const struct rp_manifest *m, const struct rp_trust_store *store,
			 const struct rp_key *key, struct rp_buf *out)
{
	const struct rp_trust_policy *p = rp_trust_store_policy(store, m->target);
	bool counted = false;

	for (size_t i = 0; i < m->n_signed_by; i++) {
		bool now = strcmp(m->signed_by[i], rp_key_id(key)) == 0;
		rp_buf_addf(out, "signed by    %s%s\n", m->signed_by[i], now ? ", now" : "");
		counted = counted || now;
	}
	if (!counted)
		rp_buf_addf(out, "signed by    %s, now; --trust does not count it\n", rp_key_id(key));
	if (p && p->signatures)
		rp_buf_addf(out, "signatures   %zu, and the policy asks for %u\n", m->n_signed_by,
			    p->signatures);
}

static void tell(const struct sign_options *o, const struct rp_manifest *m,
		 const struct rp_trust_store *store, const struct rp_key *key, struct rp_buf *out)
{
	char at[RP_TIME_TEXT];
	uint64_t rows = 0;

	for (size_t i = 0; i < m->survey->n_relations; i++)
		rows += m->survey->relations[i].rows;
	rp_time_format(m->sealed_ms, at);
	rp_buf_addf(out, "signed       %s\n", m->sha256);
	rp_buf_add(out, "target       ");
	rp_buf_add_plain(out, m->target);
	if (m->environment) {
		rp_buf_add(out, "\nenvironment  ");
		rp_buf_add_plain(out, m->environment);
	}
	rp_buf_addf(out, "\nsealed       %s\nholds        %zu relations, %" PRIu64 " rows; %zu files\n", at,
		    m->survey->n_relations, rows, m->n_files);
	tell_signers(m, store, key, out);
	rp_buf_add(out, "manifest     ");
	rp_buf_add_plain(out, o->manifest);
	rp_buf_add(out, "\n");
}

/* Opened before it is signed, and what was signed once more before it is written. */
static int add_signature(const struct rp_call *call, const struct rp_trust_store *store, struct rp_err **err)
{
	const struct sign_options *o = call->options;
	rp_auto(rp_key) key = NULL;
	rp_auto(rp_manifest) before = NULL;
	rp_auto(rp_manifest) after = NULL;
	rp_autobuf bytes = RP_BUF_INIT((size_t)RP_MANIFEST_MAX + 1);
	rp_autobuf signed_again = RP_BUF_INIT(RP_MANIFEST_MAX);
	rp_autobuf out = RP_BUF_INIT(1u << 16);

	struct stat st;

	if (stat(o->manifest, &st) < 0)
		return rp_err_sys(err, errno, "manifest '%s'", o->manifest);
	if (rp_signing_key(&key, "key", o->key, &o->signing, call->run, err) < 0 ||
	    may_sign(store, key, err) < 0)
		return -1;
	if (rp_file_read(o->manifest, &bytes, err) < 0 || look(o, store, &bytes, &before, err) < 0 ||
	    rp_envelope_cosign(&signed_again, rp_buf_text(&bytes), bytes.len, key, err) < 0 ||
	    look(o, store, &signed_again, &after, err) < 0 ||
	    rp_file_replace(o->manifest, rp_buf_text(&signed_again), signed_again.len, st.st_mode & 0777,
			    err) < 0)
		return rp_err_wrap(err, "manifest '%s'", o->manifest);
	tell(o, after, store, key, &out);
	return rp_command_print(&out, err);
}

int rp_sign_manifest(const struct rp_call *call, struct rp_err **err)
{
	const struct sign_options *o = call->options;
	rp_auto(rp_arena) memory = NULL;
	struct rp_trust_store store = {0};

	if (!o->key || !o->trust.stores)
		return rp_err_set(err, RP_ERR_USAGE, "--manifest needs --key KEY and --trust PUB");
	int done = rp_arena_new(&memory, err);
	if (done == 0)
		done = rp_trust_store_add_all(&store, memory, o->trust.stores, RP_SIGNS_MANIFESTS, err);
	if (done == 0)
		done = add_signature(call, &store, err);
	rp_trust_store_done(&store);
	return done;
}
