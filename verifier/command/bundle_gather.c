/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reports/report.h"
#include "verifier/command/bundle.h"
#include "verifier/command/bundle_files.h"
#include "verifier/command/commands.h"
#include "verifier/manifest/envelope.h"
#include "verifier/manifest/manifest.h"
#include "verifier/manifest/stamp.h"
#include "verifier/util/arena.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/parse.h"

#define FILE_MAX    RP_MANIFEST_MAX
#define NAME_MAX_   512
#define AUTHORITIES "keys/stamps.pem"

static int add_file(struct rp_bundle_files *to, const char *name, const char *path, struct rp_err **err)
{
	rp_autobuf text = RP_BUF_INIT(FILE_MAX);

	return rp_file_read(path, &text, err) < 0 ? -1 : rp_bundle_add(to, name, &text, err);
}

/* ---- Signed by whom ---- */

static bool somebody_signed(const struct rp_bundle *b, const struct rp_envelope *e, unsigned role)
{
	for (size_t i = 0; i < b->trust->n; i++) {
		if ((b->trust->trusted[i].roles & role) && rp_envelope_signed_by(e, b->trust->keys[i]))
			return true;
	}
	return false;
}

/* The keys are there to check it with, or whoever opens the archive stands there without one. */
static int can_be_checked(const struct rp_bundle *b, const struct rp_envelope *e, unsigned role,
			  const char *what, const char *option, struct rp_err **err)
{
	if (somebody_signed(b, e, role))
		return 0;
	rp_err_set(err, RP_ERR_TRUST, "%s is signed by none of the keys that would go with it", what);
	return rp_err_hint(err, "name the public key, or a trust store that has it: %s PUB", option);
}

/* ---- Each kind of evidence ---- */

static int add_manifest(const struct rp_bundle *b, struct rp_bundle_files *to, struct rp_err **err)
{
	rp_autobuf bytes = RP_BUF_INIT(FILE_MAX);
	rp_auto(rp_envelope) e = NULL;
	uint8_t digest[RP_SHA256_LEN];
	char is[RP_SHA256_HEX];

	if (rp_file_read(b->manifest, &bytes, err) < 0)
		return -1;
	if (!b->result->manifest_sha256)
		return rp_err_set(err, RP_ERR_TRUST,
				  "'%s': this result is of a run that trusted no manifest, and has none",
				  b->manifest);
	if (rp_envelope_read(&e, rp_buf_text(&bytes), bytes.len, err) < 0)
		return rp_err_wrap(err, "manifest '%s'", b->manifest);
	rp_sha256(e->payload, e->payload_len, digest);
	rp_sha256_hex(digest, is);
	if (strcmp(is, b->result->manifest_sha256) != 0)
		return rp_err_set(err, RP_ERR_TRUST,
				  "the manifest '%s' is %s, and the result is about another one, %s",
				  b->manifest, is, b->result->manifest_sha256);
	if (can_be_checked(b, e, RP_SIGNS_MANIFESTS, "the manifest", "--trust", err) < 0)
		return -1;
	return rp_bundle_add(to, "manifest.json", &bytes, err);
}

/* Rendered anew: what is in the archive is what this result says, whatever lies beside it. */
static int add_reports(const struct rp_bundle *b, struct rp_bundle_files *to, struct rp_err **err)
{
	for (const struct rp_report *const *r = rp_reports; *r; r++) {
		rp_autobuf text = RP_BUF_INIT(RP_RESULT_MAX);
		rp_autofree char *name = (*r)->file ? rp_report_file(*r, b->result->target) : NULL;
		if (!(*r)->file || strcmp((*r)->name, "json") == 0)
			continue;
		if (!name)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		struct rp_rendering how = b->how ? *b->how : (struct rp_rendering){0};
		how.where = ".";
		how.color = false;
		(*r)->render(b->result, &how, &text);
		if (rp_bundle_add(to, name, &text, err) < 0)
			return -1;
	}
	return 0;
}

static int add_key(const struct rp_key *k, struct rp_bundle_files *to, struct rp_err **err)
{
	rp_autobuf pem = RP_BUF_INIT(1u << 16);
	char name[NAME_MAX_];

	(void)snprintf(name, sizeof(name), "keys/%s.pub", rp_key_id(k));
	return rp_key_public_pem(k, &pem, err) < 0 ? -1 : rp_bundle_add(to, name, &pem, err);
}

static int add_keys(const struct rp_bundle *b, struct rp_bundle_files *to, struct rp_err **err)
{
	rp_autobuf store = RP_BUF_INIT(1u << 20), authorities = RP_BUF_INIT(1u << 20);
	bool has_own = !b->key;

	for (size_t i = 0; i < b->trust->n; i++) {
		if (add_key(b->trust->keys[i], to, err) < 0)
			return -1;
		has_own |= b->key && strcmp(rp_key_id(b->key), rp_key_id(b->trust->keys[i])) == 0;
	}
	if (!has_own && add_key(b->key, to, err) < 0)
		return -1;
	for (size_t i = 0; i < b->trust->n_authorities; i++)
		rp_buf_add(&authorities, rp_authority_pem(b->trust->authorities[i]));
	if (authorities.len && rp_bundle_add(to, AUTHORITIES, &authorities, err) < 0)
		return -1;
	rp_trust_store_text(b->trust, &store);
	return store.len ? rp_bundle_add(to, "keys/trust.txt", &store, err) : 0;
}

/* Two of one name would be one: the number tells them apart and keeps their order. */
static int add_logs(const struct rp_bundle *b, struct rp_bundle_files *to, struct rp_err **err)
{
	for (size_t i = 0; b->logs && b->logs[i]; i++) {
		rp_autofree char *copy = strdup(b->logs[i]);
		rp_autobuf name = RP_BUF_INIT(NAME_MAX_);
		if (!copy)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		rp_buf_addf(&name, "logs/%zu-", i + 1);
		rp_buf_add_plain(&name, basename(copy));
		if (rp_buf_check(&name, err) < 0 || add_file(to, rp_buf_text(&name), b->logs[i], err) < 0)
			return -1;
	}
	return 0;
}

/* ---- The ledger, and this result's entry in it ---- */

static int entry_file(const struct rp_bundle *b, uint64_t number, char name[NAME_MAX_], struct rp_buf *path,
		      struct rp_err **err)
{
	(void)snprintf(name, NAME_MAX_, "ledger/entries/%012" PRIu64 ".json", number);
	rp_buf_reset(path);
	rp_buf_addf(path, "%s/%s", rp_ledger_dir(b->ledger), name + strlen("ledger/"));
	return rp_buf_check(path, err);
}

static int add_entries(const struct rp_bundle *b, const struct rp_chain *c, struct rp_bundle_files *to,
		       struct rp_err **err)
{
	rp_autobuf path = RP_BUF_INIT(PATH_MAX);
	char name[NAME_MAX_];

	rp_buf_addf(&path, "%s/ledger.json", rp_ledger_dir(b->ledger));
	if (rp_buf_check(&path, err) < 0 || add_file(to, "ledger/ledger.json", rp_buf_text(&path), err) < 0)
		return -1;
	/* Pruned ones have left their digests in a later entry. */
	for (size_t i = 0; i < c->n; i++) {
		if (entry_file(b, c->all[i].number, name, &path, err) < 0 ||
		    add_file(to, name, rp_buf_text(&path), err) < 0)
			return -1;
	}
	return 0;
}

/* The entry that records these very bytes; what lies beside them may be of another run. */
static const struct rp_entry *entry_of(const struct rp_chain *c, const struct rp_buf *json)
{
	uint8_t digest[RP_SHA256_LEN];

	rp_sha256(rp_buf_text(json), json->len, digest);
	for (size_t i = c->n; i-- > 0;) {
		const struct rp_entry *e = &c->all[i];
		if (e->kind == RP_ENTRY_RESULT && e->recorded.name &&
		    rp_sha256_equal(e->recorded.sha256, digest))
			return e;
	}
	return NULL;
}

static int add_ledger(const struct rp_bundle *b, const struct rp_buf *json, struct rp_bundle_files *to,
		      struct rp_err **err)
{
	struct rp_trust trust = {.now_ms = rp_time_now_ms()};
	rp_auto(rp_chain) chain = NULL;
	rp_autobuf path = RP_BUF_INIT(PATH_MAX);
	char name[NAME_MAX_];

	rp_trust_store_lend(b->trust, &trust);
	if (rp_ledger_read(b->ledger, &trust, NULL, false, &chain, err) < 0)
		return -1;
	if (chain->n_faults > 0) {
		rp_err_set(err, RP_ERR_TRUST, "the ledger does not check (entry %" PRIu64 ": %s)",
			   chain->faults[0].number, chain->faults[0].says);
		return rp_err_hint(err, "who signs in it is said by --trust-result PUB, or by a trust store; "
					"'reprove history --check' lists all that is wrong");
	}
	const struct rp_entry *e = entry_of(chain, json);
	if (!e) {
		rp_err_set(err, RP_ERR_TRUST, "the ledger '%s' has no entry that records '%s'",
			   rp_ledger_dir(b->ledger), b->result_file);
		return rp_err_hint(err,
				   "it was changed, or its run was recorded in another ledger, or not at "
				   "all; results/ in the ledger has those that were");
	}
	if (entry_file(b, e->number, name, &path, err) < 0 ||
	    add_file(to, "result.dsse.json", rp_buf_text(&path), err) < 0)
		return -1;
	return add_entries(b, chain, to, err);
}

/* An envelope is written by this program: base64 and hexadecimal, where no quotation mark can be anybody's. */
static bool has_stamps(const struct rp_bundle_files *f)
{
	for (size_t i = 0; i < f->n; i++) {
		const char *name = f->all[i].name;
		if ((strcmp(name, "manifest.json") == 0 || strcmp(name, "result.dsse.json") == 0) &&
		    strstr(rp_buf_text(&f->all[i].text), "\"stamp\""))
			return true;
	}
	return false;
}

int rp_bundle_gather(const struct rp_bundle *b, struct rp_bundle_files *to, struct rp_err **err)
{
	rp_autobuf readme = RP_BUF_INIT(1u << 20), config = RP_BUF_INIT(1u << 20);
	rp_autobuf json = RP_BUF_INIT(RP_RESULT_MAX);

	if (rp_file_read(b->result_file, &json, err) < 0 ||
	    (b->ledger && add_ledger(b, &json, to, err) < 0) ||
	    rp_bundle_add(to, "result.json", &json, err) < 0 || add_reports(b, to, err) < 0 ||
	    add_keys(b, to, err) < 0 || (b->manifest && add_manifest(b, to, err) < 0) ||
	    add_logs(b, to, err) < 0)
		return -1;
	if (b->config && (rp_doctor_config(&config, b->config, err) < 0 ||
			  rp_bundle_add(to, "configuration.txt", &config, err) < 0))
		return -1;
	rp_bundle_readme(b, b->trust->n_authorities > 0 && has_stamps(to), &readme);
	return rp_bundle_add(to, "README.md", &readme, err);
}
