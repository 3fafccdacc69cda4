/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "verifier/command/commands.h"
#include "verifier/config/trust_store.h"
#include "verifier/manifest/manifest.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"

#define OUT_MAX (512u << 20)

struct show_options {
	const char *file;
	const char **trust;
	bool json;
};

static const struct rp_option options[] = {
	{.name = "trust",
	 .type = RP_OPTION_FILES,
	 .value = "PUB",
	 .at = offsetof(struct show_options, trust),
	 .required = true,
	 .help = "A public key whose signature counts. May be given more than once; one of them must have "
		 "signed."},
	{.name = "json",
	 .type = RP_OPTION_FLAG,
	 .at = offsetof(struct show_options, json),
	 .help = "Print everything as JSON: the verified facts, and the survey as it was sealed."},
	{0},
};
static const struct rp_operand file = {
	.value = "FILE",
	.help = "The manifest.",
	.type = RP_OPTION_FILE,
	.at = offsetof(struct show_options, file),
	.required = true,
};
static const struct rp_example examples[] = {
	{"whose is it, and what does it cover", "reprove show --trust reprove.pub shop.manifest.json"},
	{"how many rows had the largest relation",
	 "reprove show --trust reprove.pub --json shop.manifest.json | jq ."},
	{0},
};

static void line(struct rp_buf *out, const char *name, const char *value)
{
	rp_buf_addf(out, "%-20s", name);
	rp_buf_add_plain(out, value ? value : "-");
	rp_buf_add(out, "\n");
}

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

/* Whose key it is, and between which days it counts. */
static void signer(struct rp_buf *out, const char *id, const struct rp_trust_store *store)
{
	line(out, "signed by", id);
	for (size_t i = 0; i < store->n; i++) {
		const struct rp_trusted_key *k = &store->trusted[i];
		char at[RP_TIME_TEXT];
		if (strcmp(rp_key_id(k->key), id) != 0)
			continue;
		if (k->owner)
			line(out, "  key of", k->owner);
		if (k->targets)
			line(out, "  trusted for", k->targets);
		if (k->from_ms) {
			rp_time_format(k->from_ms, at);
			line(out, "  trusted from", at);
		}
		if (k->until_ms) {
			rp_time_format(k->until_ms, at);
			line(out, "  trusted until", at);
		}
	}
}

static void for_people(struct rp_buf *out, const struct rp_manifest *m, const struct rp_trust_store *store)
{
	char text[RP_TIME_TEXT], digest[RP_SHA256_HEX], number[24];

	line(out, "target", m->target);
	if (m->environment)
		line(out, "environment", m->environment);
	rp_time_format(m->sealed_ms, text);
	line(out, "sealed at", text);
	snprintf(number, sizeof(number), "%llu", (unsigned long long)m->sequence);
	line(out, "sequence", number);
	line(out, "sha256", m->sha256);
	for (size_t i = 0; i < m->n_signed_by; i++)
		signer(out, m->signed_by[i], store);
	line(out, "written by", m->tool);
	line(out, "engine", m->survey->identity.engine);
	line(out, "version", m->survey->identity.version);
	line(out, "database", m->survey->identity.database);
	rp_time_format(m->survey->position.taken_ms, text);
	line(out, "survey of", text);
	line(out, "one moment", m->survey->position.bound ? "yes" : "no");
	for (size_t i = 0; i < m->survey->position.n_facts; i++)
		line(out, m->survey->position.facts[i].name, m->survey->position.facts[i].value);
	for (size_t i = 0; i < m->n_files; i++) {
		rp_size_format(m->files[i].size, text);
		rp_sha256_hex(m->files[i].sha256, digest);
		line(out, "file", m->files[i].name);
		line(out, "  size", text);
		line(out, "  sha256", digest);
	}
	if (m->n_files == 0)
		line(out, "file", "none: sealed without a backup");
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

static int for_scripts(struct rp_buf *out, const struct rp_manifest *m, struct rp_err **err)
{
	char at[RP_TIME_TEXT], sequence[24];
	json_t *survey = NULL;

	rp_time_format(m->sealed_ms, at);
	snprintf(sequence, sizeof(sequence), "%llu", (unsigned long long)m->sequence);
	if (rp_survey_to_json(m->survey, &survey, err) < 0)
		return -1;
	json_t *root = json_pack("{s:s, s:s, s:s?, s:s, s:s, s:s, s:o, s:o, s:o}", "schema",
				 "reprove/show/v1", "target", m->target, "environment", m->environment,
				 "sealedAt", at, "sequence", sequence, "sha256", m->sha256, "signedBy",
				 signers_of(m), "files", files_of(m), "survey", survey);
	rp_autofree char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
	json_decref(root);
	if (!text)
		return rp_err_set(err, RP_ERR_NOMEM, "the manifest cannot be written as JSON");
	rp_buf_add(out, text);
	rp_buf_add(out, "\n");
	return 0;
}

static int show(const struct show_options *o, struct rp_trust_store *store, struct rp_err **err)
{
	rp_auto(rp_arena) memory = NULL;
	rp_auto(rp_manifest) m = NULL;
	rp_autobuf out = RP_BUF_INIT(OUT_MAX);

	if (rp_arena_new(&memory, err) < 0 ||
	    rp_trust_store_add_all(store, memory, o->trust, RP_SIGNS_MANIFESTS, err) < 0)
		return -1;
	const struct rp_trust trust = {.keys = store->trusted,
				       .n_keys = store->n,
				       .threshold = 1,
				       .any_target = true,
				       .now_ms = rp_time_now_ms()};
	if (rp_manifest_load(&m, o->file, &trust, err) < 0)
		return -1;
	if (!o->json)
		for_people(&out, m, store);
	else if (for_scripts(&out, m, err) < 0)
		return -1;
	return rp_command_print(&out, err);
}

static int run(const struct rp_call *call, struct rp_err **err)
{
	struct rp_trust_store store = {0};
	int status = show(call->options, &store, err);

	rp_trust_store_done(&store);
	return status < 0 ? rp_err_wrap(err, "show") : status;
}

const struct rp_command rp_command_show = {
	.name = "show",
	.summary = "Check a manifest's signature and print what it says.",
	.about = "Nothing of the manifest is printed unless a trusted key has signed it. It says what was "
		 "sealed, not that a backup restores: that is reprove-verify(1).",
	.options = options,
	.operand = &file,
	.size = sizeof(struct show_options),
	.examples = examples,
	.run = run,
};
