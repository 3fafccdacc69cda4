/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verifier/command/show.h"
#include "verifier/manifest/key.h"
#include "verifier/manifest/stamp.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

/* How to check something signed without this program: every command, with nothing to be filled in. Keys and certificates
 * stand in it, so that it can be given to somebody who has the file and nothing else; what they are to be compared with
 * is that person's business. */

static void quote(struct rp_buf *out, const char *word)
{
	rp_buf_add(out, "'");
	for (const char *c = word; *c; c++) {
		if (*c == '\'')
			rp_buf_add(out, "'\\''");
		else
			rp_buf_add_mem(out, c, 1);
	}
	rp_buf_add(out, "'");
}

/* "jq -r FILTER FILE | base64 -d >NAME" */
static void extract(struct rp_buf *out, const char *filter, const char *file, const char *name)
{
	rp_buf_addf(out, "jq -r '%s' ", filter);
	quote(out, file);
	rp_buf_addf(out, " | base64 -d >%s\n", name);
}

static void here(struct rp_buf *out, const char *name, const char *pem)
{
	rp_buf_addf(out, "cat >%s <<'END'\n%sEND\n", name, pem);
}

static void what_was_signed(const struct shown *s, const char *file, struct rp_buf *out)
{
	const char *digest = s->manifest ? s->manifest->sha256 : s->entry.sha256;

	rp_buf_add(out, "# What was signed: the payload, with its type before it (DSSE).\n");
	extract(out, ".payload", file, "payload");
	rp_buf_addf(out,
		    "{ printf 'DSSEv1 %zu %s %%d ' \"$(wc -c <payload)\"; cat payload; } >pae\n"
		    "echo '%s  payload' | sha256sum -c\n",
		    strlen(RP_PAYLOAD_TYPE), RP_PAYLOAD_TYPE, digest);
}

static void comment(struct rp_buf *out, const char *before, const char *text)
{
	rp_buf_addf(out, "# %s", before);
	rp_buf_add_plain(out, text);
	rp_buf_add(out, "\n");
}

static int signature(const struct shown *s, size_t i, const char *file, struct rp_buf *out,
		     struct rp_err **err)
{
	const struct rp_trusted_key *k = rp_shown_key(s, s->signed_by[i]);
	const struct rp_signature *sig = rp_shown_signature(s, i);
	rp_autobuf pem = RP_BUF_INIT(4096);
	char filter[64], name[48];
	size_t n = i + 1;

	if (!k || !sig || rp_key_public_pem(k->key, &pem, err) < 0)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	size_t at = (size_t)(sig - s->e->signatures);
	rp_buf_addf(out, "\n# The signature of key %s\n", s->signed_by[i]);
	if (k->owner)
		comment(out, "of ", k->owner);
	(void)snprintf(name, sizeof(name), "key-%zu.pem", n);
	here(out, name, rp_buf_text(&pem));
	rp_buf_addf(out,
		    "[ \"$(openssl pkey -pubin -in key-%zu.pem -outform DER | sha256sum)\" = '%s  -' ]\n", n,
		    s->signed_by[i]);
	(void)snprintf(filter, sizeof(filter), ".signatures[%zu].sig", at);
	(void)snprintf(name, sizeof(name), "signature-%zu", n);
	extract(out, filter, file, name);
	rp_buf_addf(
		out,
		"openssl pkeyutl -verify -pubin -inkey key-%zu.pem -rawin%s%s -in pae -sigfile signature-%zu\n",
		n, k->key->digest ? " -digest " : "", k->key->digest ? "sha256" : "", n);
	return rp_buf_check(out, err);
}

/* At its own time: its certificate may have run out since. */
static void stamp(const struct shown *s, size_t i, const char *file, struct rp_buf *out)
{
	const struct rp_stamped *st = &s->stamped[i];
	const struct rp_signature *sig = rp_shown_signature(s, i);
	char filter[64], name[48];
	size_t n = i + 1;

	if (!st->at_ms || !sig)
		return;
	rp_buf_add(out, "\n# Its time stamp (RFC 3161), certificates as of its own time\n");
	comment(out, "by ", st->by);
	(void)snprintf(name, sizeof(name), "authority-%zu.pem", n);
	here(out, name, rp_authority_pem(s->trust.authorities[st->authority]));
	(void)snprintf(filter, sizeof(filter), ".signatures[%zu].stamp", (size_t)(sig - s->e->signatures));
	(void)snprintf(name, sizeof(name), "stamp-%zu.tsr", n);
	extract(out, filter, file, name);
	rp_buf_addf(out,
		    "openssl ts -verify -data signature-%zu -in stamp-%zu.tsr -CAfile authority-%zu.pem "
		    "-partial_chain -attime %lld\n"
		    "openssl ts -reply -in stamp-%zu.tsr -text | grep 'Time stamp:'\n",
		    n, n, n, (long long)(st->at_ms / 1000), n);
}

/* What it is about lies somewhere: the backup nobody knows where, the result mostly beside it. */
static void what_it_is_about(const struct shown *s, const char *file, struct rp_buf *out)
{
	if (s->manifest && s->manifest->n_files > 0) {
		rp_buf_add(
			out,
			"\n# The backup's files; where they are: sha256sum -c with this list\n"
			"jq -r '.subject[] | .digest.sha256 + \"  \" + .name' payload | tee files.sha256\n");
	} else if (s->entry.recorded.name) {
		char digest[RP_SHA256_HEX];
		rp_autobuf beside = RP_BUF_INIT(PATH_MAX);
		const char *slash = strrchr(file, '/');
		rp_sha256_hex(s->entry.recorded.sha256, digest);
		rp_buf_add_mem(&beside, file, slash ? (size_t)(slash - file) + 1 : 0);
		rp_buf_add(&beside, "result.json");
		bool there = !beside.failed && access(rp_buf_text(&beside), R_OK) == 0;
		rp_buf_addf(out, "\n# The result that it records\n%sprintf '%%s  %%s\\n' %s ",
			    there ? "" : "# ", digest);
		quote(out, there ? rp_buf_text(&beside) : "result.json");
		rp_buf_add(out, " | sha256sum -c\n");
	}
}

int rp_show_how(const struct shown *s, struct rp_buf *out, struct rp_err **err)
{
	rp_autofree char *file = realpath(s->path, NULL);

	if (!file)
		return rp_err_sys(err, errno, "'%s'", s->path);
	rp_buf_add(
		out,
		"# Checks by hand what 'reprove show' has checked, with openssl, jq and coreutils. Each line must\n"
		"# succeed: 'reprove show --how ... >check.sh', then 'sh -eu check.sh'.\n"
		"cd \"$(mktemp -d)\"\n\n");
	what_was_signed(s, file, out);
	for (size_t i = 0; i < s->n_signed_by; i++) {
		if (signature(s, i, file, out, err) < 0)
			return -1;
		stamp(s, i, file, out);
	}
	what_it_is_about(s, file, out);
	return rp_buf_check(out, err);
}
