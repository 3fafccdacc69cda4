/* SPDX-License-Identifier: MIT */
#include "verifier/command/surroundings.h"

#include <string.h>
#include <unistd.h>

#include "verifier/command/commands.h"
#include "verifier/command/verify.h"
#include "verifier/scratch/scratch.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/machine.h"
#include "verifier/util/parse.h"

#define CONDITIONS_MAX 8

/* ---- Restore time, and under which conditions ---- */

static const char *kept(struct verifying *v, const struct rp_buf *text)
{
	const char *copy = rp_arena_strdup(v->memory, rp_buf_text(text));

	v->around.failed = v->around.failed || !copy;
	return copy;
}

static void condition(struct verifying *v, const char *name, const char *value)
{
	struct rp_rto *r = &v->around.rto;
	struct rp_fact *all = (struct rp_fact *)(uintptr_t)r->conditions;

	if (value && r->n_conditions < CONDITIONS_MAX)
		all[r->n_conditions++] = (struct rp_fact){.name = name, .value = value};
}

static void tell_conditions(struct verifying *v)
{
	const struct rp_scratch *s = v->e.scratch;
	rp_autobuf cores = RP_BUF_INIT(64), room = RP_BUF_INIT(64), jobs = RP_BUF_INIT(64);
	char size[RP_TIME_TEXT];

	condition(v, "server",
		  v->target.scratch
			  ? "one that the user named"
			  : "private, started for this run; it does not wait for its disk (no fsync): "
			    "production restores more slowly");
	condition(v, "version", s->place.with.version ? s->place.with.version : NULL);
	condition(v, "box", s->box ? s->box : "none");
	rp_buf_addf(&jobs, "%u", rp_command_jobs(v->options->jobs));
	condition(v, "connections", kept(v, &jobs));
	rp_buf_addf(&cores, "%ld", sysconf(_SC_NPROCESSORS_ONLN));
	condition(v, "processors", kept(v, &cores));
	rp_size_format(rp_memory_size(), size);
	rp_buf_add(&room, size);
	condition(v, "memory", kept(v, &room));
	if (v->e.point) {
		rp_autobuf bytes = RP_BUF_INIT(64);
		rp_size_format(v->e.point->size, size);
		rp_buf_add(&bytes, size);
		condition(v, "backup", kept(v, &bytes));
	}
}

/* What stands between nothing and a database that answers. Verifying it is no part of that, and takes its own time. */
void rp_verify_conditions(struct verifying *v)
{
	static const char *const of[] = {"artifact", "scratch", "restore", "connect"};
	struct rp_rto *r = &v->around.rto;
	struct rp_part *parts = rp_arena_array(v->memory, v->result->n_phases + 1, sizeof(*parts));

	if (!v->e.scratch)
		return;
	*r = (struct rp_rto){.asked_ms = v->options->rto_ms,
			     .measured_ms = v->e.restored.format ? v->e.restored.ms : 0,
			     .parts = parts,
			     .conditions = rp_arena_array(v->memory, CONDITIONS_MAX, sizeof(*r->conditions))};
	v->around.failed = v->around.failed || !parts || !r->conditions;
	if (v->around.failed)
		return;
	for (size_t i = 0; i < v->result->n_phases; i++) {
		for (size_t k = 0; k < sizeof(of) / sizeof(*of); k++) {
			if (strcmp(v->result->phases[i].name, of[k]) == 0)
				parts[r->n_parts++] =
					(struct rp_part){.name = of[k], .ms = v->result->phases[i].ms};
		}
	}
	tell_conditions(v);
	v->around.objectives.rto = r;
}

/* ---- Who lets pass what, and who speaks ---- */

static bool is_used(const struct rp_result *r, const struct rp_waiver *w)
{
	for (size_t i = 0; i < r->findings.n; i++) {
		const struct rp_finding *f = &r->findings.all[i];
		if (f->verdict == RP_WAIVED && strcmp(f->check, w->check) == 0 &&
		    strcmp(f->object, w->object) == 0)
			return true;
	}
	return false;
}

static void tell_waivers(struct verifying *v)
{
	const struct rp_target *t = &v->target;
	struct rp_waiver_note *all = rp_arena_array(v->memory, t->n_waivers + 1, sizeof(*all));

	v->around.failed = v->around.failed || !all;
	if (!all || t->n_waivers == 0)
		return;
	for (size_t i = 0; i < t->n_waivers; i++)
		all[i] = (struct rp_waiver_note){.check = t->waivers[i].check,
						 .object = t->waivers[i].object,
						 .reason = t->waivers[i].reason,
						 .owner = t->waivers[i].owner,
						 .until_ms = t->waivers[i].until_ms,
						 .used = is_used(v->result, &t->waivers[i]),
						 .expired = t->waivers[i].until_ms <= v->result->started_ms};
	v->around.record.waivers = all;
	v->around.record.n_waivers = t->n_waivers;
}

static void tell_speakers(struct verifying *v)
{
	struct rp_speakers *s = &v->around.speakers;
	const struct rp_manifest *m = v->e.manifest;
	const char *key = v->recording.key ? rp_key_id(v->recording.key) : NULL;
	char host[RP_HOST_NAME];

	rp_host_name(host);
	*s = (struct rp_speakers){.result_key = key,
				  .host = *host ? rp_arena_strdup(v->memory, host) : NULL,
				  .sealed_host = m ? m->host : NULL,
				  .same_host = *host && m && m->host && strcmp(m->host, host) == 0,
				  .review = "not reviewed"};
	v->around.failed = v->around.failed || (*host && !s->host);
	for (size_t i = 0; key && m && i < m->n_signed_by; i++)
		s->same_key = s->same_key || strcmp(m->signed_by[i], key) == 0;
	v->around.record.speakers = s;
}

/* ---- What is not as it was ---- */

static int compare(struct verifying *v, struct rp_err **err)
{
	struct surroundings *s = &v->around;
	struct rp_change_note found[RP_SCOPE_CHANGES_MAX];
	struct rp_scope now;
	size_t n = 0;

	if (!s->has_last)
		return 0;
	rp_result_record(v->result,
			 &(struct rp_record){.waivers = s->record.waivers, .n_waivers = s->record.n_waivers});
	if (rp_scope_of(&now, v->memory, v->result, err) < 0 ||
	    rp_scope_changes(found, &n, v->memory, &s->last, &now, err) < 0)
		return -1;
	for (size_t i = 0; i < n && s->changes.n < CHANGES_MAX; i++)
		s->change[s->changes.n++] = found[i];
	return 0;
}

/* On the first screen, because whoever reads no further must have read this. */
static void warn(struct verifying *v)
{
	const struct rp_changes *c = &v->around.changes;

	for (size_t i = 0; i < c->n; i++) {
		if (c->all[i].narrower)
			rp_result_proviso(
				v->result,
				"less is proved than in the last run that ended with an answer (entry %llu): %s: %s",
				(unsigned long long)c->since, c->all[i].what, c->all[i].says);
	}
	if (v->around.past.untold_in_a_row >= 3)
		rp_result_proviso(v->result, "nothing could be told %llu times in a row before this run",
				  (unsigned long long)v->around.past.untold_in_a_row);
}

void rp_verify_around(struct verifying *v)
{
	struct surroundings *s = &v->around;
	rp_autoerr struct rp_err *err = NULL;

	tell_waivers(v);
	tell_speakers(v);
	if (compare(v, &err) < 0)
		s->failed = true;
	if (s->objectives.rpo || s->objectives.rto || s->objectives.due)
		s->record.objectives = &s->objectives;
	warn(v);
	rp_result_record(v->result, &s->record);
	v->result->findings.failed = v->result->findings.failed || s->failed;
}
