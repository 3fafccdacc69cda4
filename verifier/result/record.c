/* SPDX-License-Identifier: MIT */
#include "verifier/result/record.h"

#include "verifier/result/layout.h"
#include "verifier/result/read.h"
#include "verifier/result/result.h"

/* Each part's members, in the order in which they are written. */
#define ONE(type_of, name_of, member, kind)                                                                  \
	{                                                                                                    \
		name_of, RP_MEMBER_##kind, offsetof(struct type_of, member), 0, NULL                         \
	}
#define PART(type_of, name_of, member, layout_of)                                                            \
	{                                                                                                    \
		name_of, RP_MEMBER_OBJECT, offsetof(struct type_of, member), 0, &(layout_of)                 \
	}
#define MANY(type_of, name_of, member, count, layout_of)                                                     \
	{                                                                                                    \
		name_of, RP_MEMBER_LIST, offsetof(struct type_of, member), offsetof(struct type_of, count),  \
			&(layout_of)                                                                         \
	}
#define LAYOUT(type_of, members)                                                                             \
	{                                                                                                    \
		sizeof(struct type_of), members                                                              \
	}
#define END                                                                                                  \
	{                                                                                                    \
		NULL, RP_MEMBER_TEXT, 0, 0, NULL                                                             \
	}

static const struct rp_layout_member fact_members[] = {ONE(rp_fact, "name", name, NAME),
						       ONE(rp_fact, "value", value, NAME), END};
static const struct rp_layout fact = LAYOUT(rp_fact, fact_members);

/* ---- objectives ---- */

static const struct rp_layout_member rpo_members[] = {
	ONE(rp_rpo, "askedMs", asked_ms, LENGTH),    ONE(rp_rpo, "at", at_ms, MOMENT),
	ONE(rp_rpo, "newest", newest, TEXT),	     ONE(rp_rpo, "newestAt", newest_ms, MOMENT),
	ONE(rp_rpo, "ageMs", age_ms, LENGTH),	     ONE(rp_rpo, "gapMs", gap_ms, LENGTH),
	ONE(rp_rpo, "gapFrom", gap_from_ms, MOMENT), ONE(rp_rpo, "gapTo", gap_to_ms, MOMENT),
	ONE(rp_rpo, "since", since_ms, MOMENT),	     ONE(rp_rpo, "points", points, COUNT),
	ONE(rp_rpo, "untold", untold, TEXT),	     END};
static const struct rp_layout rpo = LAYOUT(rp_rpo, rpo_members);

static const struct rp_layout_member part_members[] = {ONE(rp_part, "name", name, NAME),
						       ONE(rp_part, "ms", ms, LENGTH), END};
static const struct rp_layout part = LAYOUT(rp_part, part_members);

static const struct rp_layout_member rto_members[] = {
	ONE(rp_rto, "askedMs", asked_ms, LENGTH), ONE(rp_rto, "measuredMs", measured_ms, LENGTH),
	MANY(rp_rto, "parts", parts, n_parts, part),
	MANY(rp_rto, "conditions", conditions, n_conditions, fact), END};
static const struct rp_layout rto = LAYOUT(rp_rto, rto_members);

static const struct rp_layout_member due_members[] = {
	ONE(rp_due, "askedMs", asked_ms, LENGTH), ONE(rp_due, "provedAt", proved_ms, MOMENT),
	ONE(rp_due, "dueAt", due_ms, MOMENT), ONE(rp_due, "wasOverdue", was_overdue, FLAG), END};
static const struct rp_layout due = LAYOUT(rp_due, due_members);

static const struct rp_layout_member objectives_members[] = {PART(rp_objectives, "rpo", rpo, rpo),
							     PART(rp_objectives, "rto", rto, rto),
							     PART(rp_objectives, "due", due, due), END};
static const struct rp_layout objectives = LAYOUT(rp_objectives, objectives_members);

/* ---- population ---- */

static const struct rp_layout_member asked_members[] = {
	ONE(rp_asked_target, "name", name, NAME), ONE(rp_asked_target, "state", state, NAME),
	ONE(rp_asked_target, "provedAt", last_ms, MOMENT), ONE(rp_asked_target, "reason", reason, TEXT), END};
static const struct rp_layout asked = LAYOUT(rp_asked_target, asked_members);

static const struct rp_layout_member population_members[] = {
	ONE(rp_population, "source", source, NAME),
	ONE(rp_population, "at", at_ms, MOMENT),
	ONE(rp_population, "sha256", sha256, TEXT),
	ONE(rp_population, "points", points, COUNT),
	ONE(rp_population, "sealed", sealed, COUNT),
	ONE(rp_population, "unsealed", unsealed, COUNT),
	ONE(rp_population, "unreadable", unreadable, COUNT),
	ONE(rp_population, "untold", points_untold, TEXT),
	ONE(rp_population, "targets", targets, COUNT),
	ONE(rp_population, "tested", tested, COUNT),
	ONE(rp_population, "withoutRun", without_run, COUNT),
	ONE(rp_population, "excluded", excluded, COUNT),
	MANY(rp_population, "list", all, n_all, asked),
	END};
static const struct rp_layout population = LAYOUT(rp_population, population_members);

/* ---- history ---- */

static const struct rp_layout_member run_members[] = {ONE(rp_past_run, "entry", entry, ENTRY),
						      ONE(rp_past_run, "at", at_ms, MOMENT),
						      ONE(rp_past_run, "point", point, NAME),
						      ONE(rp_past_run, "verdict", verdict, NAME),
						      ONE(rp_past_run, "restoreMs", restore_ms, LENGTH),
						      ONE(rp_past_run, "rows", rows, ENTRY),
						      ONE(rp_past_run, "bytes", bytes, ENTRY),
						      ONE(rp_past_run, "open", open, FLAG),
						      ONE(rp_past_run, "reviewed", reviewed, FLAG),
						      ONE(rp_past_run, "retestOf", retest_of, ENTRY),
						      ONE(rp_past_run, "answeredBy", answered_by, ENTRY),
						      END};
static const struct rp_layout run = LAYOUT(rp_past_run, run_members);

static const struct rp_layout_member past_members[] = {ONE(rp_past, "attempt", attempt, ENTRY),
						       ONE(rp_past, "earlier", earlier, TEXT),
						       ONE(rp_past, "retestOf", retest_of, ENTRY),
						       ONE(rp_past, "passed", passed, COUNT),
						       ONE(rp_past, "failed", failed, COUNT),
						       ONE(rp_past, "untold", untold, COUNT),
						       ONE(rp_past, "abandoned", abandoned, COUNT),
						       ONE(rp_past, "open", open, COUNT),
						       ONE(rp_past, "untoldInARow", untold_in_a_row, COUNT),
						       ONE(rp_past, "unlisted", unlisted, ENTRY),
						       MANY(rp_past, "runs", runs, n_runs, run),
						       END};
static const struct rp_layout past = LAYOUT(rp_past, past_members);

/* ---- changes, waivers, ledger, speakers ---- */

static const struct rp_layout_member change_members[] = {
	ONE(rp_change_note, "what", what, NAME),	 ONE(rp_change_note, "before", before, TEXT),
	ONE(rp_change_note, "after", after, TEXT),	 ONE(rp_change_note, "says", says, TEXT),
	ONE(rp_change_note, "narrower", narrower, FLAG), END};
static const struct rp_layout change = LAYOUT(rp_change_note, change_members);

static const struct rp_layout_member changes_members[] = {ONE(rp_changes, "since", since, ENTRY),
							  ONE(rp_changes, "sinceAt", since_ms, MOMENT),
							  MANY(rp_changes, "list", all, n, change), END};
static const struct rp_layout changes = LAYOUT(rp_changes, changes_members);

static const struct rp_layout_member waiver_members[] = {
	ONE(rp_waiver_note, "check", check, NAME),	ONE(rp_waiver_note, "object", object, NAME),
	ONE(rp_waiver_note, "reason", reason, NAME),	ONE(rp_waiver_note, "owner", owner, NAME),
	ONE(rp_waiver_note, "until", until_ms, MOMENT), ONE(rp_waiver_note, "used", used, FLAG),
	ONE(rp_waiver_note, "expired", expired, FLAG),	END};
static const struct rp_layout waiver = LAYOUT(rp_waiver_note, waiver_members);

static const struct rp_layout_member ledger_members[] = {ONE(rp_place_in_ledger, "id", id, NAME),
							 ONE(rp_place_in_ledger, "entry", entry, ENTRY),
							 ONE(rp_place_in_ledger, "previous", previous, TEXT),
							 ONE(rp_place_in_ledger, "head", head, TEXT), END};
static const struct rp_layout ledger = LAYOUT(rp_place_in_ledger, ledger_members);

static const struct rp_layout_member speakers_members[] = {ONE(rp_speakers, "resultKey", result_key, TEXT),
							   ONE(rp_speakers, "host", host, TEXT),
							   ONE(rp_speakers, "sealedOn", sealed_host, TEXT),
							   ONE(rp_speakers, "sameKey", same_key, FLAG),
							   ONE(rp_speakers, "sameHost", same_host, FLAG),
							   ONE(rp_speakers, "review", review, NAME),
							   END};
static const struct rp_layout speakers = LAYOUT(rp_speakers, speakers_members);

static const struct rp_layout_member timing_members[] = {ONE(rp_timing_note, "kind", kind, NAME),
							 ONE(rp_timing_note, "name", name, NAME),
							 ONE(rp_timing_note, "ms", ms, LENGTH), END};
static const struct rp_layout timing = LAYOUT(rp_timing_note, timing_members);

static const struct rp_layout_member control_members[] = {ONE(rp_control_note, "framework", framework, NAME),
							  ONE(rp_control_note, "id", id, NAME),
							  ONE(rp_control_note, "asks", asks, NAME), END};
static const struct rp_layout control = LAYOUT(rp_control_note, control_members);

static const struct rp_layout_member record_members[] = {
	PART(rp_record, "objectives", objectives, objectives),
	PART(rp_record, "population", population, population),
	PART(rp_record, "history", history, past),
	PART(rp_record, "changes", changes, changes),
	MANY(rp_record, "waivers", waivers, n_waivers, waiver),
	PART(rp_record, "ledger", ledger, ledger),
	PART(rp_record, "speakers", speakers, speakers),
	MANY(rp_record, "timings", timings, n_timings, timing),
	MANY(rp_record, "controls", controls, n_controls, control),
	MANY(rp_record, "options", options, n_options, fact),
	END};
const struct rp_layout rp_record_layout = LAYOUT(rp_record, record_members);

void rp_result_record(struct rp_result *r, const struct rp_record *from)
{
	rp_layout_keep(&r->findings, &rp_record_layout, &r->record, from);
}
