/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verifier/command/verify.h"
#include "verifier/engine/db.h"
#include "verifier/recovery/artifact.h"
#include "verifier/recovery/store.h"
#include "verifier/scratch/scratch.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/parse.h"

#define TEXT_MAX     4096
#define LEFT_OUT_MAX 30	 /* classes that are told one by one */
#define TIMINGS_MAX  100 /* relations whose time is told */

static void about(struct verifying *v, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void about(struct verifying *v, const char *name, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	rp_result_about(v->result, name, text);
}

static void about_manifest(struct verifying *v)
{
	const struct rp_manifest *m = v->e.manifest;
	char at[RP_TIME_TEXT];

	if (!m)
		return;
	rp_time_format(m->survey->position.taken_ms, at);
	about(v, "sealed database", "%s", m->survey->identity.database);
	about(v, "sealed on", "%s %s", m->survey->identity.engine, m->survey->identity.version);
	about(v, "survey taken", "%s", at);
	for (size_t i = 0; i < m->n_signed_by; i++) {
		if (m->stamped[i].at_ms == 0)
			continue;
		rp_time_format(m->stamped[i].at_ms, at);
		about(v, "signature stamped", "%s by %s", at, m->stamped[i].by);
	}
	for (size_t i = 0; i < m->survey->position.n_facts; i++)
		about(v, m->survey->position.facts[i].name, "%s", m->survey->position.facts[i].value);
}

static void about_artifact(struct verifying *v)
{
	const struct rp_evidence *e = &v->e;
	char size[RP_TIME_TEXT];
	char digest[RP_SHA256_HEX];

	if (!e->point)
		return;
	rp_size_format(e->point->size, size);
	about(v, "backup", "%s (%s)", e->point->id, size);
	for (size_t i = 0; e->artifact && i < e->artifact->n_files && i < 10; i++) {
		if (!e->artifact->files[i].digested)
			continue;
		rp_sha256_hex(e->artifact->files[i].sha256, digest);
		about(v, "backup's SHA-256", "%s", digest);
	}
	rp_autobuf format = RP_BUF_INIT(4096);
	if (e->restored.format)
		rp_buf_add(&format, e->restored.format->name);
	for (size_t i = 0; e->restored.format && e->artifact && e->artifact->wrapped[i]; i++)
		rp_buf_addf(&format, ", %s", e->artifact->wrapped[i]);
	if (e->restored.format)
		about(v, "format", "%s", rp_buf_text(&format));
}

static void about_scratch(struct verifying *v)
{
	const struct rp_scratch *s = v->e.scratch;

	if (!s)
		return;
	about(v, "restored to", "%s",
	      v->target.scratch ? "a server named by the user"
				: "a private server, started for this run; it does not wait for its disk, so "
				  "that production restores more slowly");
	if (s->place.with.bindir)
		about(v, "server and tools", "%s in %s", s->place.with.version ? s->place.with.version : "",
		      s->place.with.bindir);
	about(v, "box", "%s%s%s%s", s->box ? s->box : "none", s->why ? " (" : "", s->why ? s->why : "",
	      s->why ? ")" : "");
	if (v->e.db)
		about(v, "connections", "%u", rp_db_jobs(v->e.db));
}

static void about_found(struct verifying *v)
{
	const struct rp_survey *f = v->e.found;
	char text[RP_TIME_TEXT];
	uint64_t rows = 0;

	if (!f)
		return;
	for (size_t i = 0; i < f->n_relations; i++)
		rows += f->relations[i].rows;
	about(v, "restored on", "%s %s", f->identity.engine, f->identity.version);
	about(v, "objects found", "%zu", f->n_objects);
	about(v, "relations found", "%zu", f->n_relations);
	rp_count_format(rows, text);
	about(v, "rows found", "%s", text);
}

static int longest_first(const void *a, const void *b)
{
	const struct rp_relation *const *x = a, *const *y = b;

	if ((*x)->read_ms != (*y)->read_ms)
		return (*x)->read_ms < (*y)->read_ms ? 1 : -1;
	return strcmp((*x)->name, (*y)->name);
}

/* Those that took longest: what they leave out is little of the whole. */
static void timings(struct verifying *v)
{
	const struct rp_survey *f = v->e.found;
	const struct rp_relation **all =
		f ? rp_arena_array(v->memory, f->n_relations + 1, sizeof(*all)) : NULL;

	if (!all)
		return;
	for (size_t i = 0; i < f->n_relations; i++)
		all[i] = &f->relations[i];
	qsort(all, f->n_relations, sizeof(*all), longest_first);
	for (size_t i = 0; i < f->n_relations && i < TIMINGS_MAX; i++)
		rp_result_timing(v->result, "relation", all[i]->name, all[i]->read_ms);
}

/* What is of a class that no survey covers is said where it is read first, and is no finding. */
static void provisos_of_coverage(struct verifying *v)
{
	const struct rp_survey *s = v->e.manifest ? v->e.manifest->survey : v->e.found;
	unsigned told = 0, untold = 0;

	for (size_t i = 0; s && i < s->n_coverage; i++) {
		const struct rp_coverage *c = &s->coverage[i];
		if (!c->reason || c->count == 0)
			continue;
		if (told++ < LEFT_OUT_MAX && rp_engine_found_in_source(s->identity.engine, c->what))
			rp_result_proviso(v->result, "the source had this itself when it was sealed: %s: %s",
					  c->what, c->reason);
		else if (told <= LEFT_OUT_MAX)
			rp_result_proviso(v->result, "not compared: %s (%llu): %s", c->what,
					  (unsigned long long)c->count, c->reason);
		else
			untold++;
	}
	if (untold)
		rp_result_proviso(v->result,
				  "not compared: %u more classes of things, listed in the manifest", untold);
}

static void provisos_of_scratch(struct verifying *v)
{
	const struct rp_scratch *s = v->e.scratch;

	if (!s)
		return;
	if (!s->box)
		rp_result_proviso(v->result,
				  "the restore was not in a box: a hostile backup could have reached this "
				  "machine%s%s",
				  s->why ? ": " : "", s->why ? s->why : "");
	if (v->target.scratch)
		rp_result_proviso(
			v->result,
			"the restored database was on a server that the user named: what that server "
			"says is believed");
	if (!s->faithful && !s->lacks)
		rp_result_proviso(v->result,
				  "the restore had no superuser rights on the server that was named: owners "
				  "and grants may not have come back");
	for (const char *at = s->lacks; at && *at;) {
		size_t len = strcspn(at, "\n");
		if (len)
			rp_result_proviso(v->result, "%.*s", (int)len, at);
		at += len + (at[len] == '\n');
	}
	if (s->keep)
		rp_result_proviso(v->result, "the restored database was left up, as asked for");
}

/* An emptied source is sealed, backed up and restored without a fault. */
static bool is_empty(const struct rp_manifest *m)
{
	for (size_t i = 0; m && i < m->survey->n_relations; i++) {
		if (m->survey->relations[i].rows > 0 || m->survey->relations[i].not_surveyed)
			return false;
	}
	return m && m->survey->n_relations > 0;
}

void rp_verify_about(struct verifying *v)
{
	char host[HOST_NAME_MAX + 1] = "";

	if (gethostname(host, sizeof(host) - 1) == 0 && *host)
		about(v, "host", "%s", host);
	about(v, "reprove", "%s", RP_VERSION);
	about_manifest(v);
	about_artifact(v);
	about_scratch(v);
	about_found(v);
	timings(v);
}

void rp_verify_provisos(struct verifying *v)
{
	const struct rp_evidence *e = &v->e;

	if (v->options->no_manifest)
		rp_result_proviso(
			v->result,
			"there was no manifest: nothing was compared with the source, and this is no proof "
			"of what the backup holds");
	if (e->manifest && e->manifest->n_files == 0 && !(e->artifact && e->artifact->exact))
		rp_result_proviso(
			v->result,
			"the manifest was sealed without a backup: what changed between the seal and the "
			"backup looks like damage");
	if (v->wanted.logs && e->restored.format && !e->restored.format->physical)
		rp_result_proviso(
			v->result,
			"the log in '%s' was left alone: a dump (%s) is of the moment at which it was made",
			v->wanted.logs, e->restored.format->name);
	if (e->manifest && e->manifest->replay)
		rp_result_proviso(v->result,
				  "whether this is an old manifest shown again could not be told: %s",
				  e->manifest->replay);
	if (is_empty(e->manifest))
		rp_result_proviso(
			v->result,
			"every relation was empty when it was sealed: that none of them has rows is all "
			"that is proved of rows");
	provisos_of_scratch(v);
	provisos_of_coverage(v);
}
