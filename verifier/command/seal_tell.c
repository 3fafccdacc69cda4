/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "verifier/command/commands.h"
#include "verifier/command/seal.h"
#include "verifier/engine/db.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/parse.h"
#include "verifier/util/run.h"

#define SUMMARY_MAX	(16u << 20)
#define UNSURVEYED_SAID 50 /* relations that are named one by one */

static uint64_t count_rows(const struct rp_survey *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->n_relations; i++)
		n += s->relations[i].not_surveyed ? 0 : s->relations[i].rows;
	return n;
}

size_t rp_seal_unsurveyed(const struct rp_survey *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_relations; i++)
		n += s->relations[i].not_surveyed != NULL;
	return n;
}

/* Where the replay of a physical backup's log is to stop. */
static void tell_place(const struct rp_position *at, struct rp_buf *out)
{
	static const struct {
		const char *fact, *before;
	} places[] = {{"recovery_lsn", "stops before LSN "},
		      {"recovery_wal", ", in the log's file "},
		      {"binlog", "stops at the binary log's "},
		      {"gtid", ", GTID "},
		      {"recovery_refused", "not snapshot-bound: "}};

	if (!rp_position_physical(at))
		return;
	rp_buf_add(out, "  recovery  ");
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		const char *value = rp_position_fact(at, places[i].fact);
		if (!value)
			continue;
		rp_buf_add(out, places[i].before);
		rp_buf_add_plain(out, value);
	}
	rp_buf_add(out, "\n");
}

/* An object, or nothing for a seal that is not for physical backups. */
static json_t *place_for_scripts(const struct rp_position *at)
{
	static const char *const facts[] = {"recovery_by",     "recovery_lsn", "recovery_timeline",
					    "recovery_wal",    "binlog",       "gtid",
					    "recovery_refused"};
	json_t *all = rp_position_physical(at) ? json_object() : NULL;

	for (size_t i = 0; all && i < sizeof(facts) / sizeof(*facts); i++) {
		const char *value = rp_position_fact(at, facts[i]);
		if (value)
			json_object_set_new(all, facts[i], json_string(value));
	}
	return all;
}

static void summary_for_people(const struct sealing *s, struct rp_buf *out)
{
	char rows[RP_TIME_TEXT], took[RP_TIME_TEXT], size[RP_TIME_TEXT], digest[RP_SHA256_HEX];

	rp_count_format(count_rows(s->survey), rows);
	rp_length_format(rp_run_clock_ms() - s->began_ms, took);
	rp_buf_add(out, "sealed '");
	rp_buf_add_plain(out, s->target);
	rp_buf_addf(out, "': %zu relation%s, %s rows, %zu objects, in %s\n", s->survey->n_relations,
		    s->survey->n_relations == 1 ? "" : "s", rows, s->survey->n_objects, took);
	if (s->held_ms >= 0)
		rp_buf_addf(out, "  lock      writers were held up for %lld ms\n", (long long)s->held_ms);
	rp_buf_add(out, "  manifest  ");
	rp_buf_add_plain(out, s->options->manifest);
	rp_buf_addf(out, "\n  sha256    %s\n  key       %s\n", s->sha256, rp_key_id(s->key));
	if (s->made.n_files) {
		rp_size_format(rp_made_size(&s->made), size);
		rp_buf_add(out, "  backup    ");
		rp_buf_add_plain(out, s->options->backup);
		rp_buf_addf(out, " (%s, %s)\n", size,
			    s->survey->position.bound ? "of the same snapshot"
						      : "not proved to be of the same moment");
		if (s->made.n_files == 1) {
			rp_sha256_hex(s->made.files->sha256, digest);
			rp_buf_addf(out, "  sha256    %s\n", digest);
		} else {
			rp_buf_addf(out, "  files     %zu, the digest of each is in the manifest\n",
				    s->made.n_files);
		}
	} else {
		rp_buf_add(
			out,
			"  backup    none: no file is bound, the strong digests of the rows stand for it\n");
	}
	if (s->stamps > 0)
		rp_buf_add(out, "  stamped   by the authority that was asked\n");
	tell_place(&s->survey->position, out);
	for (size_t i = 0; i < s->survey->n_coverage; i++) {
		const struct rp_coverage *c = &s->survey->coverage[i];
		if (!c->reason || !c->count)
			continue;
		if (rp_engine_found_in_source(s->survey->identity.engine, c->what))
			rp_buf_add(out, "  source    ");
		else
			rp_buf_addf(out, "  left out  %llu x ", (unsigned long long)c->count);
		rp_buf_add_plain(out, c->what);
		rp_buf_add(out, ": ");
		rp_buf_add_plain(out, c->reason);
		rp_buf_add(out, "\n");
	}
}

/* An array of what was not surveyed, with the reasons. */
static json_t *unsurveyed(const struct rp_survey *s)
{
	json_t *all = json_array();

	for (size_t i = 0; i < s->n_relations; i++) {
		if (s->relations[i].not_surveyed)
			json_array_append_new(all, json_pack("{s:s, s:s}", "relation", s->relations[i].name,
							     "reason", s->relations[i].not_surveyed));
	}
	return all;
}

static int summary_for_scripts(const struct sealing *s, struct rp_buf *out, struct rp_err **err)
{
	char at[RP_TIME_TEXT], rows[24], size[24], digest[RP_SHA256_HEX];
	json_t *backup = NULL;

	rp_time_format(s->sealed_ms, at);
	snprintf(rows, sizeof(rows), "%llu", (unsigned long long)count_rows(s->survey));
	if (s->made.n_files) {
		rp_sha256_hex(s->made.files->sha256, digest);
		snprintf(size, sizeof(size), "%llu", (unsigned long long)rp_made_size(&s->made));
		backup = json_pack("{s:s, s:s, s:I, s:s?}", "file", s->options->backup, "bytes", size,
				   "files", (json_int_t)s->made.n_files, "sha256",
				   s->made.n_files == 1 ? digest : NULL);
	}
	json_t *root =
		json_pack("{s:s, s:s, s:s, s:{s:s, s:s}, s:s, s:o?, s:I, s:s, s:I, s:o, s:I, s:o*}", "schema",
			  "reprove/seal/v1", "target", s->target, "sealedAt", at, "manifest", "file",
			  s->options->manifest, "sha256", s->sha256, "signedBy", rp_key_id(s->key), "backup",
			  backup, "relations", (json_int_t)s->survey->n_relations, "rows", rows, "objects",
			  (json_int_t)s->survey->n_objects, "notSurveyed", unsurveyed(s->survey), "heldMs",
			  (json_int_t)(s->held_ms > 0 ? s->held_ms : 0), "recovery",
			  place_for_scripts(&s->survey->position));
	rp_autofree char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
	json_decref(root);
	if (!text)
		return rp_err_set(err, RP_ERR_NOMEM, "seal: the summary cannot be written as JSON");
	rp_buf_add(out, text);
	rp_buf_add(out, "\n");
	return 0;
}

static void warn(const struct sealing *s)
{
	const struct rp_survey *v = s->survey;
	size_t said = 0, n = rp_seal_unsurveyed(v);

	for (size_t i = 0; i < v->n_relations && said < UNSURVEYED_SAID; i++) {
		if (v->relations[i].not_surveyed) {
			said++;
			rp_log(s->run, RP_LOG_WARNING, "not surveyed: %s: %s", v->relations[i].name,
			       v->relations[i].not_surveyed);
		}
	}
	if (n)
		rp_log(s->run, RP_LOG_WARNING,
		       "sealed, but %zu of %zu relations were not surveyed: this manifest can never verify "
		       "the whole",
		       n, v->n_relations);
	if (v->n_relations == 0)
		rp_log(s->run, RP_LOG_WARNING,
		       "there is no relation in this database: nothing can be verified by it");
	if (rp_position_fact(&v->position, "recovery_refused"))
		rp_log(s->run, RP_LOG_WARNING,
		       "not snapshot-bound, so that differing rows of a physical backup will prove nothing: %s",
		       rp_position_fact(&v->position, "recovery_refused"));
	if (!v->position.bound)
		rp_log(s->run, RP_LOG_WARNING,
		       "the survey is not of one moment: differences will prove nothing");
}

int rp_seal_tell(const struct sealing *s, struct rp_err **err)
{
	rp_autobuf out = RP_BUF_INIT(SUMMARY_MAX);

	rp_run_phase(s->run, NULL, 0, NULL);
	warn(s);
	if (!s->options->json)
		summary_for_people(s, &out);
	else if (summary_for_scripts(s, &out, err) < 0)
		return -1;
	/* Standard output is the backup's when it goes there. */
	if (s->options->backup && strcmp(s->options->backup, "-") == 0)
		return rp_write_all(STDERR_FILENO, rp_buf_text(&out), out.len, err);
	return rp_command_print(&out, err);
}
