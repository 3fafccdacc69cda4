/* SPDX-License-Identifier: MIT */
#include "checks/answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/recovery/artifact.h"
#include "verifier/scratch/scratch.h"
#include "verifier/util/cleanup.h"

static char *text(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));
static char *text(const char *fmt, va_list ap)
{
	char *s = NULL;

	return vasprintf(&s, fmt, ap) < 0 ? NULL : s;
}

void rp_answer_excused(struct rp_findings *to, const char *object, enum rp_cause cause, uint64_t looked,
		       const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	rp_autofree char *message = text(fmt, ap);
	va_end(ap);
	rp_answer(to, &(struct rp_finding){
			      .object = object,
			      .verdict = RP_NOT_RUN,
			      .cause = cause,
			      .looked = looked,
			      .excused = true,
			      .message = message,
		      });
}

void rp_answer_pass(struct rp_findings *to, const char *object, uint64_t looked, const char *value,
		    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	rp_autofree char *message = text(fmt, ap);
	va_end(ap);
	rp_answer(to, &(struct rp_finding){
			      .object = object,
			      .verdict = RP_PASS,
			      .looked = looked,
			      .found = value,
			      .message = message,
		      });
}

const struct rp_survey *rp_evidence_sealed(const struct rp_evidence *e)
{
	return e->manifest ? e->manifest->survey : NULL;
}

const struct rp_engine *rp_evidence_engine(const struct rp_evidence *e)
{
	if (e->db)
		return rp_db_engine(e->db);
	return e->scratch ? e->scratch->engine : NULL;
}

const char *rp_evidence_omits(const struct rp_evidence *e, const struct rp_object *sealed, const char *fact)
{
	const struct rp_format *f = e->restored.format;

	return f && f->omits && sealed ? f->omits(sealed, fact) : NULL;
}

const char *rp_evidence_resets(const struct rp_evidence *e, const struct rp_difference *d)
{
	const struct rp_format *f = e->restored.format;

	return f && f->resets && d->fact && d->sealed && d->got ? f->resets(d->sealed, d->fact, d->got)
								: NULL;
}

bool rp_evidence_rights_lack(const struct rp_evidence *e, const struct rp_difference *d)
{
	static const char *const kinds[] = {"large objects", "default privileges", "system object"};
	const struct rp_object *o = d->sealed ? d->sealed : d->found;

	if (d->fact || !e->scratch || e->scratch->faithful)
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(o->kind, kinds[i]) == 0)
			return true;
	}
	return false;
}

bool rp_evidence_servers_own(const struct rp_evidence *e, const struct rp_difference *d)
{
	return d->change == RP_GAINED && !d->fact && e->scratch && !e->scratch->faithful &&
	       rp_evidence_omits(e, d->found, NULL);
}

const char *rp_evidence_loses(const struct rp_evidence *e, const struct rp_relation *sealed,
			      const bool *columns)
{
	const struct rp_format *f = e->restored.format;
	const char *why = NULL;

	if (!f || !f->loses || !columns)
		return NULL;
	for (size_t i = 0; i < sealed->n_columns; i++) {
		if (!columns[i])
			continue;
		why = f->loses(&sealed->columns[i]);
		if (!why)
			return NULL;
	}
	return why;
}

const char *rp_evidence_lacks(const struct rp_evidence *e, const struct rp_relation *sealed,
			      const struct rp_relation *found)
{
	const struct rp_format *f = e->restored.format;

	return f && f->lacks && found && found->rows == 0 && sealed->rows > 0 ? f->lacks(sealed) : NULL;
}

const char *rp_evidence_empties(const struct rp_evidence *e, const struct rp_relation *sealed,
				const struct rp_relation *found)
{
	const struct rp_format *f = e->restored.format;
	const struct rp_survey *s = rp_evidence_sealed(e);

	if (!f || !f->empties || !s || !found || found->rows > 0 || sealed->rows == 0)
		return NULL;
	for (size_t i = 0; i < s->n_objects; i++) {
		const char *why =
			strcmp(s->objects[i].name, sealed->name) == 0 ? f->empties(&s->objects[i]) : NULL;
		if (why)
			return why;
	}
	return NULL;
}

const char *rp_evidence_elsewhere(const struct rp_evidence *e)
{
	const struct rp_format *f = e->restored.format;

	/* A dump is of the snapshot that was sealed. Files of a server, copied while it writes, are of no moment by
	 * themselves: where the replay of its log stopped is what they are of. */
	if (f && f->physical && !(e->artifact && e->artifact->exact))
		return "the backup was not restored to the moment that was sealed, so nothing can be concluded";
	return NULL;
}

const char *rp_evidence_apart(const struct rp_evidence *e)
{
	const struct rp_survey *sealed = rp_evidence_sealed(e);

	if (sealed && !sealed->position.bound)
		return "the survey was not of one moment, so nothing can be concluded";
	return rp_evidence_elsewhere(e);
}

uint64_t rp_relations_expected(const struct rp_survey *sealed)
{
	return sealed->n_relations;
}

/* Was the object of this name left out by the format, so that its rows cannot be here either? */
static const char *left_out(const struct rp_evidence *e, const char *name)
{
	for (size_t i = 0; i < e->differences.n; i++) {
		const struct rp_difference *d = &e->differences.all[i];

		if (d->change == RP_LOST && !d->fact && strcmp(d->sealed->name, name) == 0) {
			const char *why = rp_evidence_omits(e, d->sealed, NULL);
			if (why)
				return why;
		}
	}
	return NULL;
}

const struct rp_relation *rp_relation_found(const struct rp_evidence *e, struct rp_findings *to,
					    const struct rp_relation *sealed)
{
	const struct rp_relation *found = rp_survey_relation(e->found, sealed->name);
	const char *why;

	if (sealed->not_surveyed) {
		rp_not_run(to, sealed->name, "not surveyed at the seal: %s", sealed->not_surveyed);
		return NULL;
	}
	if (!found) {
		why = left_out(e, sealed->name);
		if (why)
			rp_answer_excused(to, sealed->name, RP_BY_FORMAT, 0, "not in such a backup: %s", why);
		else
			rp_fail(to, sealed->name, NULL, NULL, "the relation is gone, with %llu row%s",
				(unsigned long long)sealed->rows, sealed->rows == 1 ? "" : "s");
		return NULL;
	}
	if (found->not_surveyed) {
		rp_not_run(to, sealed->name, "its restored rows could not be read: %s", found->not_surveyed);
		return NULL;
	}
	return found;
}
