/* SPDX-License-Identifier: MIT */
#include "checks/answer.h"
#include "verifier/util/parse.h"

/* How much could have been lost: since the newest backup that is good, and between two of them. Only what a person
 * set can be missed. */

#define NEWEST "newest backup"
#define GAP    "largest gap"

static void answer_length(struct rp_findings *to, const char *object, int64_t is_ms, int64_t asked_ms,
			  const char *missed, const char *met)
{
	char is[RP_TIME_TEXT], asked[RP_TIME_TEXT];

	rp_length_format(is_ms, is);
	rp_length_format(asked_ms, asked);
	if (asked_ms && is_ms > asked_ms)
		rp_fail(to, object, asked, is, "%s", missed);
	else
		rp_answer(to, &(struct rp_finding){.object = object,
						   .verdict = RP_PASS,
						   .looked = 1,
						   .expected = asked_ms ? asked : NULL,
						   .found = is,
						   .message = asked_ms ? met : "no objective has been set"});
}

/* Asked for and not told is no answer; not asked for, it is nobody's loss. */
static void untold(struct rp_findings *to, const struct rp_evidence *e, const char *why)
{
	if (e->target->rpo_ms)
		rp_not_run(to, NEWEST, "%s", why);
	else
		rp_answer_excused(to, NEWEST, RP_BY_DAMAGE, 0, "%s; no objective has been set", why);
}

static int run(const struct rp_evidence *e, struct rp_findings *to, struct rp_err **err)
{
	const struct rp_objectives *o = e->record ? e->record->objectives : NULL;
	const struct rp_rpo *r = o ? o->rpo : NULL;

	(void)err;
	if (!r || r->untold) {
		untold(to, e, r ? r->untold : "nobody looked at the place where the backup lies");
		return 0;
	}
	answer_length(
		to, NEWEST, r->age_ms, e->target->rpo_ms,
		"when the run began, the newest good backup was older than the recovery point objective",
		"within the recovery point objective when the run began");
	if (r->gap_ms)
		answer_length(to, GAP, r->gap_ms, e->target->rpo_ms,
			      "two good backups lie further apart than the recovery point objective",
			      "no two good backups in the period lie further apart");
	else
		rp_answer_excused(
			to, GAP, RP_BY_DAMAGE, 0,
			"there is one good backup in the period, or one alone was named: gaps are told where "
			"ARTIFACT is the directory of them");
	return 0;
}

const struct rp_check rp_check_objective_rpo = {
	.name = "objective.rpo",
	.summary =
		"the newest good backup is no older, and no gap larger, than the recovery point objective allows",
	.severity = RP_MEDIUM,
	.run = run,
};
