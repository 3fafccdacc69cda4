/* SPDX-License-Identifier: MIT */
#include "verifier/manifest/manifest.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "verifier/manifest/envelope.h"
#include "verifier/manifest/policy.h"
#include "verifier/manifest/statement.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

int rp_manifest_sign(struct rp_buf *ret, const struct rp_manifest *m, struct rp_key *const keys[],
		     size_t n_keys, struct rp_err **err)
{
	rp_autobuf statement = RP_BUF_INIT(RP_MANIFEST_MAX);
	size_t before = ret->len;
	if (rp_statement_write(&statement, m, err) < 0 ||
	    rp_envelope_write(ret, statement.s, statement.len, keys, n_keys, err) < 0)
		return rp_err_wrap(err, "sign the manifest");
	if (ret->len - before > RP_MANIFEST_MAX) {
		rp_err_set(err, RP_ERR_CONFIG, "the manifest has %zu bytes, more than a verifier reads (%u)",
			   ret->len - before, RP_MANIFEST_MAX);
		return rp_err_hint(err, "smaller sketches, or none, make it smaller");
	}
	return 0;
}

/* From here to the end of the signatures, nobody looks into the payload. */
static int open_signed(struct rp_manifest *m, const void *bytes, size_t len, const struct rp_trust *trust,
		       struct rp_err **err)
{
	rp_auto(rp_envelope) e = NULL;
	if (rp_envelope_read(&e, bytes, len, err) < 0 || rp_policy_signatures(trust, e, m, err) < 0)
		return -1;
	uint8_t digest[RP_SHA256_LEN];
	rp_sha256(e->payload, e->payload_len, digest);
	rp_sha256_hex(digest, m->sha256);
	if (rp_statement_read(m, e->payload, e->payload_len, err) < 0) {
		if (err != NULL && rp_err_kind(*err) != RP_ERR_TRUST)
			return -1;
		return rp_err_hint(err,
				   "the signature holds, so that it was written this way: seal again, and "
				   "tell the maintainers");
	}
	return 0;
}

int rp_manifest_open(struct rp_manifest **ret, const void *bytes, size_t len, const struct rp_trust *trust,
		     struct rp_err **err)
{
	if (rp_policy_check(trust, err) < 0)
		return -1;
	if (len > RP_MANIFEST_MAX)
		return rp_err_set(err, RP_ERR_TRUST, "it has %zu bytes, expected at most %u", len,
				  RP_MANIFEST_MAX);
	rp_auto(rp_manifest) m = calloc(1, sizeof *m);
	if (m == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (rp_arena_new(&m->memory, err) < 0 || open_signed(m, bytes, len, trust, err) < 0 ||
	    rp_policy_content(trust, m, err) < 0 || rp_policy_replay(trust, m, err) < 0)
		return -1;
	*ret = rp_take(m);
	return 0;
}

static int read_whole(struct rp_buf *into, const char *path, struct rp_err **err)
{
	struct stat st;
	if (stat(path, &st) < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		rp_err_set(err, RP_ERR_TRUST, "there is no such file");
		return rp_err_hint(err,
				   "'reprove seal --manifest FILE' writes one when the backup is made; a "
				   "backup without one can only be tried: --no-manifest");
	}
	if (rp_file_read(path, into, err) < 0)
		return -1;
	if (into->len > 0)
		return 0;
	rp_err_set(err, RP_ERR_TRUST, "it is empty");
	return rp_err_hint(err, "get it again from where 'reprove seal' wrote it");
}

int rp_manifest_load(struct rp_manifest **ret, const char *path, const struct rp_trust *trust,
		     struct rp_err **err)
{
	/* One byte more than is allowed, so that too much is told as what it is. */
	rp_autobuf bytes = RP_BUF_INIT((size_t)RP_MANIFEST_MAX + 1);
	if (rp_policy_check(trust, err) < 0)
		return -1;
	if (read_whole(&bytes, path, err) < 0 || rp_manifest_open(ret, bytes.s, bytes.len, trust, err) < 0)
		return rp_err_wrap(err, "manifest '%s'", path);
	return 0;
}

void rp_manifest_free(struct rp_manifest *m)
{
	if (m == NULL)
		return;
	rp_survey_free(m->survey);
	rp_arena_free(m->memory);
	free(m);
}
