/* SPDX-License-Identifier: MIT */
#include "verifier/command/bundle.h"

#include <string.h>

/* Each step is a paragraph and what to type. docs/auditing.md is the same walk with its reasons, and a test types it. */
static const char signature[] =
	"## The list of digests is signed\n\n"
	"Ask for the result key's fingerprint by another way than this archive, and compare: it is the name of its file in\n"
	"`keys/`, the SHA-256 of the key's DER form.\n\n"
	"    openssl pkey -pubin -in keys/\001.pub -outform DER | sha256sum\n"
	"    openssl pkeyutl -verify -pubin -inkey keys/\001.pub -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig\n\n";

static const char always[] =
	"# Evidence of a restore test\n\n"
	"What is here was written by `reprove`. It can be checked without it, on a machine without a network, with `sha256sum`,\n"
	"`openssl`, `jq` and `base64`. What that proves is that nothing was changed and who signed it. That a restore took\n"
	"place is proved by doing it again: the report ends with the commands for that.\n\n"
	"## Nothing was changed\n\n"
	"    sha256sum -c SHA256SUMS\n\n";

static const char result[] =
	"## The result\n\n"
	"`result.json` is the record; `report.html`, the JUnit file and the summary are rendered from it and say nothing else.\n\n"
	"    jq '{target, verdict, status, startedAt, finishedAt, manifest, summary}' result.json\n"
	"    jq -r '.findings[] | select(.verdict == \"fail\") | [.check, .object, .message] | @tsv' result.json\n\n";

static const char recorded[] =
	"## The result is signed, and stands in a ledger\n\n"
	"`result.dsse.json` is the ledger's entry for it: a signed envelope (DSSE) around a statement (in-toto) that names\n"
	"`result.json` by its digest.\n\n"
	"    jq -r .payload result.dsse.json | base64 -d >statement\n"
	"    jq -r '.subject[0].digest.sha256' statement; sha256sum <result.json\n"
	"    { printf 'DSSEv1 28 application/vnd.in-toto+json %d ' \"$(wc -c <statement)\"; cat statement; } >pae\n"
	"    jq -r '.signatures[0].sig' result.dsse.json | base64 -d >sig\n"
	"    openssl pkeyutl -verify -pubin -inkey keys/\001.pub -rawin -in pae -sigfile sig\n\n";

static const char ledger[] =
	"## Nothing was left out\n\n"
	"Entries in `ledger/entries` are numbered and each holds the digest of the one before: a gap or a change shows. A run is\n"
	"entered before it opens a backup, so that one that was broken off shows, too.\n\n"
	"    for e in ledger/entries/*.json; do\n"
	"        jq -r .payload \"$e\" | base64 -d >statement\n"
	"        jq -r '[.predicate.number, .predicate.kind, .predicate.target // \"\", .predicate.says.verdict // \"\",\n"
	"            .predicate.previous] | @tsv' statement\n"
	"        sha256sum <statement\n"
	"    done\n\n"
	"Each SHA-256 is the last word of the line after it. That the end was not cut off shows a head that was kept elsewhere,\n"
	"LEDGER:NUMBER:SHA256: the SHA-256 of the entry of that number.\n\n";

static const char manifest[] =
	"## What there was to compare with\n\n"
	"`manifest.json` was signed when the backup was made: every schema object, and of every relation the number of rows and\n"
	"digests. Its name in the result is the SHA-256 of its payload.\n\n"
	"    jq -r .payload manifest.json | base64 -d >statement\n"
	"    sha256sum <statement; jq -r .manifest.sha256 result.json\n"
	"    { printf 'DSSEv1 28 application/vnd.in-toto+json %d ' \"$(wc -c <statement)\"; cat statement; } >pae\n"
	"    jq -r '.signatures[0].sig' manifest.json | base64 -d >sig\n"
	"    openssl pkeyutl -verify -pubin -inkey keys/\001.pub -rawin -in pae -sigfile sig\n"
	"    jq -r '.subject[] | [.name, .digest.sha256] | @tsv' statement    # the backup's own files\n\n";

/* The text with each byte 1 made a key's name. */
static void add(struct rp_buf *out, const char *text, const char *key)
{
	for (const char *at; (at = strchr(text, '\001')); text = at + 1) {
		rp_buf_add_mem(out, text, (size_t)(at - text));
		rp_buf_add(out, key);
	}
	rp_buf_add(out, text);
}

static const char *key_of(const struct rp_trust_store *trust, unsigned role, const char *signer)
{
	for (size_t i = 0; i < trust->n; i++) {
		const char *id = rp_key_id(trust->keys[i]);
		if ((trust->trusted[i].roles & role) && (!signer || strcmp(signer, id) == 0))
			return id;
	}
	return signer ? signer : "ID";
}

void rp_bundle_readme(const struct rp_bundle *b, struct rp_buf *out)
{
	const char *runner = key_of(b->trust, RP_SIGNS_RESULTS, b->key ? rp_key_id(b->key) : NULL);
	const char *sealer =
		key_of(b->trust, RP_SIGNS_MANIFESTS, b->result->n_signed_by ? b->result->signed_by[0] : NULL);

	rp_buf_add(out, always);
	if (b->key)
		add(out, signature, runner);
	rp_buf_add(out, result);
	if (b->ledger) {
		add(out, recorded, runner);
		rp_buf_add(out, ledger);
	}
	if (b->manifest)
		add(out, manifest, sealer);
	rp_buf_add(
		out,
		"`openssl pkeyutl` verifies Ed25519; a P-256 signature takes `openssl dgst -sha256 -verify KEY -signature\n"
		"sig pae`.\n");
}
