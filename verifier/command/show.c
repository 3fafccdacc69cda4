/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "verifier/command/commands.h"
#include "verifier/command/show.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/parse.h"

#define OUT_MAX (512u << 20)

struct show_options {
	const char *file;
	const char **trust;
	bool json, how, sigstore;
};

/* A key that is named by itself may have signed whatever is shown: that it is the right one to have is for a trust store
 * to say. */
#define EVERYTHING (RP_SIGNS_MANIFESTS | RP_SIGNS_RESULTS | RP_SIGNS_REVIEWS)

static const struct rp_option options[] = {
	{.name = "trust",
	 .type = RP_OPTION_FILES,
	 .value = "PUB",
	 .at = offsetof(struct show_options, trust),
	 .required = true,
	 .help = "A public key whose signature counts, or a trust store. May be given more than once; one of "
		 "them must have signed."},
	{.name = "json",
	 .type = RP_OPTION_FLAG,
	 .at = offsetof(struct show_options, json),
	 .help = "Print everything as JSON: the verified facts, and the survey as it was sealed."},
	{.name = "how",
	 .type = RP_OPTION_FLAG,
	 .at = offsetof(struct show_options, how),
	 .help = "Print the commands that check it by hand, with openssl, jq and coreutils: signatures, time stamps, "
		 "digests. A script for sh, with nothing to be filled in."},
	{.name = "sigstore",
	 .type = RP_OPTION_FLAG,
	 .at = offsetof(struct show_options, sigstore),
	 .help = "Print it as a Sigstore bundle (v0.3) with one signature, for tools that read those: @sigstore/verify, "
		 "cosign verify-blob-attestation --key PUB --bundle FILE --insecure-ignore-tlog."},
	{0},
};
static const struct rp_operand file = {
	.value = "FILE",
	.help = "A manifest; an entry of a ledger, or result.dsse.json.",
	.type = RP_OPTION_FILE,
	.at = offsetof(struct show_options, file),
	.required = true,
};
static const struct rp_example examples[] = {
	{"whose is it, and what does it cover", "reprove show --trust reprove.pub shop.manifest.json"},
	{"check it without reprove",
	 "reprove show --trust reprove.pub --how shop.manifest.json >check.sh; sh -eu check.sh"},
	{"who signed this result, and when was it stamped",
	 "reprove show --trust trust.yaml out/result.dsse.json"},
	{"how many rows had the largest relation",
	 "reprove show --trust reprove.pub --json shop.manifest.json | jq ."},
	{0},
};

static void relations(struct rp_buf *out, const struct rp_survey *s)
{
	rp_buf_addf(out, "\n%16s  %-32s  relation\n", "rows", "digest");
	for (size_t i = 0; i < s->n_relations; i++) {
		const struct rp_relation *r = &s->relations[i];
		char rows[RP_TIME_TEXT];

		rp_count_format(r->rows, rows);
		if (r->not_surveyed)
			rp_buf_addf(out, "%16s  %-32s  ", "-", "not surveyed");
		else
			rp_buf_addf(out, "%16s  %016llx%016llx  ", rows, (unsigned long long)r->digest.hi,
				    (unsigned long long)r->digest.lo);
		rp_buf_add_plain(out, r->name);
		if (r->not_surveyed) {
			rp_buf_add(out, ": ");
			rp_buf_add_plain(out, r->not_surveyed);
		}
		rp_buf_add(out, "\n");
	}
}

/* Objects come sorted by kind. */
static void objects(struct rp_buf *out, const struct rp_survey *s)
{
	rp_buf_addf(out, "\n%16s  kind\n", "objects");
	for (size_t i = 0, next; i < s->n_objects; i = next) {
		for (next = i + 1; next < s->n_objects && !strcmp(s->objects[i].kind, s->objects[next].kind);)
			next++;
		rp_buf_addf(out, "%16zu  ", next - i);
		rp_buf_add_plain(out, s->objects[i].kind);
		rp_buf_add(out, "\n");
	}
}

static void coverage(struct rp_buf *out, const struct rp_survey *s)
{
	bool any = false;

	for (size_t i = 0; i < s->n_coverage; i++) {
		const struct rp_coverage *c = &s->coverage[i];
		if (!c->reason || !c->count)
			continue;
		rp_buf_add(out, any ? "" : "\nnot in the survey:\n");
		any = true;
		rp_buf_addf(out, "%16llu  ", (unsigned long long)c->count);
		rp_buf_add_plain(out, c->what);
		rp_buf_add(out, ": ");
		rp_buf_add_plain(out, c->reason);
		rp_buf_add(out, "\n");
	}
}

/* What is shown need not be what a verification would be content with. */
static void enough(const struct shown *s, struct rp_buf *out)
{
	const struct rp_trust_policy *p = rp_trust_store_policy(s->store, s->manifest->target);

	if (p && p->signatures > s->n_signed_by)
		rp_buf_addf(out, "%-20s%zu, and the policy asks for %u: 'verify' will refuse it\n",
			    "signatures", s->n_signed_by, p->signatures);
}

static void for_people(const struct shown *s, struct rp_buf *out)
{
	const struct rp_manifest *m = s->manifest;
	char text[RP_TIME_TEXT], digest[RP_SHA256_HEX], number[24];

	rp_show_line(out, "target", m->target);
	if (m->environment)
		rp_show_line(out, "environment", m->environment);
	rp_time_format(m->sealed_ms, text);
	rp_show_line(out, "sealed at", text);
	if (m->host)
		rp_show_line(out, "sealed on", m->host);
	snprintf(number, sizeof(number), "%llu", (unsigned long long)m->sequence);
	rp_show_line(out, "sequence", number);
	rp_show_line(out, "sha256", m->sha256);
	rp_show_signers(s, out);
	enough(s, out);
	rp_show_line(out, "written by", m->tool);
	rp_show_line(out, "engine", m->survey->identity.engine);
	rp_show_line(out, "version", m->survey->identity.version);
	rp_show_line(out, "database", m->survey->identity.database);
	rp_time_format(m->survey->position.taken_ms, text);
	rp_show_line(out, "survey of", text);
	rp_show_line(out, "one moment", m->survey->position.bound ? "yes" : "no");
	for (size_t i = 0; i < m->survey->position.n_facts; i++)
		rp_show_line(out, m->survey->position.facts[i].name, m->survey->position.facts[i].value);
	for (size_t i = 0; i < m->n_files; i++) {
		rp_size_format(m->files[i].size, text);
		rp_sha256_hex(m->files[i].sha256, digest);
		rp_show_line(out, "file", m->files[i].name);
		rp_show_line(out, "  size", text);
		rp_show_line(out, "  sha256", digest);
	}
	if (m->n_files == 0)
		rp_show_line(out, "file", "none: sealed without a backup");
	relations(out, m->survey);
	objects(out, m->survey);
	coverage(out, m->survey);
}

static json_t *files_of(const struct rp_manifest *m)
{
	json_t *all = json_array();

	for (size_t i = 0; i < m->n_files; i++) {
		char digest[RP_SHA256_HEX], size[24];

		rp_sha256_hex(m->files[i].sha256, digest);
		snprintf(size, sizeof(size), "%llu", (unsigned long long)m->files[i].size);
		json_array_append_new(all, json_pack("{s:s, s:s, s:s}", "name", m->files[i].name, "bytes",
						     size, "sha256", digest));
	}
	return all;
}

static json_t *signers_of(const struct rp_manifest *m)
{
	json_t *all = json_array();

	for (size_t i = 0; i < m->n_signed_by; i++)
		json_array_append_new(all, json_string(m->signed_by[i]));
	return all;
}

static int for_scripts(const struct shown *s, struct rp_buf *out, struct rp_err **err)
{
	const struct rp_manifest *m = s->manifest;
	char at[RP_TIME_TEXT], sequence[24];
	json_t *survey = NULL;

	rp_time_format(m->sealed_ms, at);
	snprintf(sequence, sizeof(sequence), "%llu", (unsigned long long)m->sequence);
	if (rp_survey_to_json(m->survey, &survey, err) < 0)
		return -1;
	json_t *root = json_pack("{s:s, s:s, s:s?, s:s?, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "schema",
				 "reprove/show/v1", "target", m->target, "environment", m->environment,
				 "host", m->host, "sealedAt", at, "sequence", sequence, "sha256", m->sha256,
				 "signedBy", signers_of(m), "signatures", rp_show_signatures(s), "files",
				 files_of(m), "survey", survey);
	rp_autofree char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
	json_decref(root);
	if (!text)
		return rp_err_set(err, RP_ERR_NOMEM, "the manifest cannot be written as JSON");
	rp_buf_add(out, text);
	rp_buf_add(out, "\n");
	return 0;
}

/* ---- Which of the two it is, and whether it is to be believed. ---- */

static bool is_entry(const struct rp_envelope *e)
{
	static const char type[] = "\"" RP_LEDGER_PREDICATE "\"";

	/* A hint, as the name of a file would be: whichever it is read as, it must be that to the letter. */
	return e->payload_len <= RP_ENTRY_MAX && memmem(e->payload, e->payload_len, type, sizeof(type) - 1);
}

static int not_signed(const struct rp_signers *by, struct rp_err **err)
{
	rp_err_set(err, RP_ERR_TRUST, "it is signed by no trusted key that may speak so%s%s",
		   by->why ? ", but by one " : "", by->why ? by->why : "");
	return rp_err_hint(err,
			   "name the public half of the key with --trust: entries of a ledger are signed by "
			   "keys for results and for reviews");
}

static int open_entry(struct shown *s, struct rp_arena *memory, struct rp_err **err)
{
	struct rp_entry *e = &s->entry;
	struct rp_signers by;

	/* Read before it is believed, for its kind says who may have signed it; shown only afterwards. */
	if (rp_entry_read(e, memory, s->e->payload, s->e->payload_len, err) < 0)
		return -1;
	const struct rp_said said = {.role = rp_entry_role(e->kind),
				     .target = e->target,
				     .when_ms = e->at_ms,
				     .latest_ms = e->at_ms,
				     .stampable = e->kind == RP_ENTRY_RESULT};
	if (rp_trust_signers(&s->trust, &said, s->e, memory, &by, err) < 0)
		return -1;
	s->signed_by = by.ids;
	s->stamped = by.stamped;
	s->n_signed_by = by.n;
	return by.n > 0 ? 0 : not_signed(&by, err);
}

static int open_manifest(struct shown *s, const struct rp_buf *bytes, struct rp_err **err)
{
	if (rp_manifest_open(&s->manifest, bytes->s, bytes->len, &s->trust, err) < 0)
		return -1;
	s->signed_by = s->manifest->signed_by;
	s->stamped = s->manifest->stamped;
	s->n_signed_by = s->manifest->n_signed_by;
	return 0;
}

static int open_file(struct shown *s, struct rp_arena *memory, struct rp_err **err)
{
	rp_autobuf bytes = RP_BUF_INIT((size_t)RP_MANIFEST_MAX + 1);
	rp_autoerr struct rp_err *why = NULL;
	int r = rp_file_read(s->path, &bytes, &why);

	if (r < 0 && rp_err_kind(why) == RP_ERR_NOMEM)
		return rp_err_again(err, why);
	/* What cannot be read is told as a manifest that cannot. */
	if (r < 0 || bytes.len == 0)
		return rp_manifest_load(&s->manifest, s->path, &s->trust, err) < 0
			       ? -1
			       : rp_err_set(err, RP_ERR_IO, "'%s' was changed while it was read", s->path);
	if (rp_envelope_read(&s->e, bytes.s, bytes.len, err) < 0)
		return rp_err_wrap(err, "manifest '%s'", s->path);
	if (!is_entry(s->e))
		return open_manifest(s, &bytes, err) < 0 ? rp_err_wrap(err, "manifest '%s'", s->path) : 0;
	return open_entry(s, memory, err) < 0 ? rp_err_wrap(err, "entry of a ledger '%s'", s->path) : 0;
}

static int render(const struct shown *s, const struct show_options *o, struct rp_buf *out,
		  struct rp_err **err)
{
	if (o->how)
		return rp_show_how(s, out, err);
	if (o->sigstore)
		return rp_show_sigstore(s, out, err);
	if (!s->manifest)
		return rp_show_entry(s, o->json, out, err);
	if (o->json)
		return for_scripts(s, out, err);
	for_people(s, out);
	return 0;
}

static int show(struct shown *s, const struct show_options *o, struct rp_trust_store *store,
		struct rp_err **err)
{
	rp_auto(rp_arena) memory = NULL;
	rp_autobuf out = RP_BUF_INIT(OUT_MAX);

	if ((o->json && o->how) || (o->json && o->sigstore) || (o->how && o->sigstore))
		return rp_err_set(err, RP_ERR_USAGE, "--json, --how and --sigstore do not go together");
	if (rp_arena_new(&memory, err) < 0 ||
	    rp_trust_store_add_all(store, memory, o->trust, EVERYTHING, err) < 0)
		return -1;
	s->trust = (struct rp_trust){.threshold = 1, .any_target = true, .now_ms = rp_time_now_ms()};
	rp_trust_store_lend(store, &s->trust);
	if (open_file(s, memory, err) < 0 || render(s, o, &out, err) < 0)
		return -1;
	return rp_command_print(&out, err);
}

static int run(const struct rp_call *call, struct rp_err **err)
{
	const struct show_options *o = call->options;
	struct rp_trust_store store = {0};
	struct shown s = {.path = o->file, .store = &store};
	int status = show(&s, o, &store, err);

	rp_manifest_free(s.manifest);
	rp_envelope_free(s.e);
	rp_trust_store_done(&store);
	return status < 0 ? rp_err_wrap(err, "show") : status;
}

const struct rp_command rp_command_show = {
	.name = "show",
	.summary = "Check the signatures of a manifest or of a ledger's entry, and print what it says.",
	.about =
		"Nothing is printed unless a trusted key has signed it. Prints what is signed, by which key, since when "
		"that is trusted, and when an authority stamped it; --how prints how to check all of that without this "
		"program. It says what was sealed, not that a backup restores: that is reprove-verify(1).",
	.options = options,
	.operand = &file,
	.size = sizeof(struct show_options),
	.examples = examples,
	.run = run,
};
