/* SPDX-License-Identifier: MIT */
#include "reports/outline.h"

#include <stdlib.h>
#include <string.h>

/* A recorded result may come from anywhere: the number of different questions is bounded, or finding each one's
 * group would take the square of what a hostile file holds. */
#define GROUPS_MAX 500U

static struct rp_group *group_of(struct rp_outline *o, const struct rp_finding *f)
{
	/* Answers to one question mostly come together. */
	for (size_t i = o->n_groups; i-- > 0;)
		if (strcmp(o->groups[i].check, f->check) == 0)
			return &o->groups[i];
	struct rp_group *g = &o->groups[o->n_groups];
	if (o->n_groups == GROUPS_MAX)
		return g;
	o->n_groups++;
	*g = (struct rp_group){.check = f->check, .severity = f->severity, .first = f};
	return g;
}

static void count(struct rp_group *g, const struct rp_finding *f)
{
	g->count.pass += f->verdict == RP_PASS;
	g->count.fail += f->verdict == RP_FAIL;
	g->count.not_run += f->verdict == RP_NOT_RUN;
	g->count.error += f->verdict == RP_ERROR;
	g->count.waived += f->verdict == RP_WAIVED;
	g->count.drift += f->verdict == RP_PASS && f->cause == RP_BY_VERSION;
	g->count.excused += f->verdict == RP_NOT_RUN && f->excused;
	if (f->verdict == RP_PASS && __builtin_add_overflow(g->looked, f->looked, &g->looked))
		g->looked = UINT64_MAX;
}

struct rp_outline *rp_outline_new(const struct rp_result *r)
{
	rp_auto(rp_outline) o = calloc(1, sizeof *o);
	/* One more than may be: what the last of too many questions is counted in, and nobody shows. */
	if (o == NULL || (o->groups = calloc(GROUPS_MAX + 1, sizeof *o->groups)) == NULL)
		return NULL;
	o->result = r;
	o->count = rp_result_summary(r);
	o->status = rp_result_status(r);
	o->verdict = rp_result_verdict(r);
	o->n_missing = rp_result_missing(r, o->missing);
	for (size_t i = 0; i < r->findings.n; i++)
		count(group_of(o, &r->findings.all[i]), &r->findings.all[i]);
	return rp_take(o);
}

void rp_outline_free(struct rp_outline *o)
{
	if (o != NULL)
		free(o->groups);
	free(o);
}

static bool says_the_same(const struct rp_finding *a, const struct rp_finding *b)
{
	return a->verdict == RP_NOT_RUN && b->verdict == RP_NOT_RUN && a->excused == b->excused &&
	       a->cause == b->cause && *a->object == '\0' && *b->object == '\0' && a->message != NULL &&
	       b->message != NULL && strcmp(a->message, b->message) == 0;
}

size_t rp_same_from(const struct rp_result *r, size_t i)
{
	size_t n = 1;
	while (i + n < r->findings.n && says_the_same(&r->findings.all[i], &r->findings.all[i + n]))
		n++;
	return n;
}

int64_t rp_restore_ms(const struct rp_result *r)
{
	const struct rp_rto *rto = r->record.objectives != NULL ? r->record.objectives->rto : NULL;
	int64_t ms = rto != NULL ? rto->measured_ms : 0;
	for (size_t i = 0; rto == NULL && i < r->n_phases; i++)
		if (strcmp(r->phases[i].name, "restore") == 0)
			ms = r->phases[i].ms;
	return ms > 0 ? ms : 0;
}
