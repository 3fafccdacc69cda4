/* SPDX-License-Identifier: MIT */
#include "reports/html.h"
#include "verifier/util/buf.h"
#include "verifier/util/parse.h"

/* What was asked for in time, and what was measured. */

static void pair(struct rp_buf *out, const char *name, int64_t asked_ms, int64_t is_ms, const char *note)
{
	char text[RP_TIME_TEXT];
	rp_buf_add(out, "<tr>");
	rp_html_el(out, "th scope=\"row\"", name);
	rp_words_length(asked_ms, text);
	rp_html_el(out, "td class=\"n\"", asked_ms > 0 ? text : "none set");
	rp_words_length(is_ms, text);
	rp_html_el(out, "td class=\"n\"", is_ms > 0 ? text : "\u2013");
	rp_buf_add(out, "<td>");
	if (asked_ms > 0 && is_ms > 0)
		rp_html_state(out, is_ms <= asked_ms ? RP_PASS : RP_FAIL,
			      is_ms <= asked_ms ? "met" : "missed");
	if (note != NULL) {
		rp_buf_add(out, " ");
		rp_html_marked(out, note, NULL);
	}
	rp_buf_add(out, "</td></tr>\n");
}

static void between(struct rp_buf *out, int64_t from_ms, int64_t to_ms)
{
	if (from_ms == 0 || to_ms == 0)
		return;
	rp_buf_add(out, "from ");
	rp_words_time(out, from_ms);
	rp_buf_add(out, " to ");
	rp_words_time(out, to_ms);
}

static void recovery_point(const struct rp_rpo *p, struct rp_buf *out)
{
	rp_autobuf gap = RP_BUF_INIT(1024), newest = RP_BUF_INIT(RP_FINDING_TEXT_MAX * 2U);
	between(&gap, p->gap_from_ms, p->gap_to_ms);
	if (p->newest != NULL)
		rp_buf_addf(&newest, "newest: %s", p->newest);
	pair(out, "Age of the newest good backup (RPO)", p->asked_ms, p->untold != NULL ? 0 : p->age_ms,
	     p->untold != NULL ? p->untold : rp_buf_text(&newest));
	if (p->untold == NULL && p->gap_ms > 0)
		pair(out, "Largest gap between good backups", p->asked_ms, p->gap_ms, rp_buf_text(&gap));
}

static void conditions(const struct rp_rto *t, struct rp_buf *out)
{
	static const char *const columns[] = {"Part or condition", "Took, or was", NULL};
	if (t->n_parts + t->n_conditions == 0)
		return;
	rp_html_table(out, "narrow", "What the restore time consists of, and what it was measured under",
		      columns);
	for (size_t i = 0; i < t->n_parts && i < RP_HTML_LINES; i++)
		rp_html_fact_length(out, t->parts[i].name, t->parts[i].ms);
	for (size_t i = 0; i < t->n_conditions && i < RP_HTML_LINES; i++)
		rp_html_fact(out, t->conditions[i].name, t->conditions[i].value);
	rp_html_table_end(out);
}

void rp_html_objectives(const struct rp_outline *o, struct rp_buf *out)
{
	static const char *const columns[] = {"Objective", "#Asked for, at most", "#Measured", "Outcome",
					      NULL};
	const struct rp_objectives *b = o->result->record.objectives;
	if (b == NULL)
		return;
	rp_html_section(
		out, "objectives", "Objectives",
		"Restore time is restore time under test conditions; a recovery in production has others.");
	rp_html_table(out, "objectives stack", "Objectives in time, and what was measured", columns);
	if (b->rpo != NULL)
		recovery_point(b->rpo, out);
	if (b->rto != NULL)
		pair(out, "Restore time under test conditions (RTO)", b->rto->asked_ms, b->rto->measured_ms,
		     NULL);
	if (b->due != NULL && b->due->asked_ms > 0)
		pair(out, "Time since the proof before this one", b->due->asked_ms,
		     b->due->proved_ms != 0 ? o->result->started_ms - b->due->proved_ms : 0,
		     b->due->proved_ms == 0 ? "there was none"
		     : b->due->was_overdue  ? "this run was overdue"
					    : NULL);
	rp_html_table_end(out);
	if (b->rpo != NULL && b->rpo->untold == NULL) {
		rp_autobuf says = RP_BUF_INIT(4096);
		rp_words_count(&says, b->rpo->points, "good backup");
		if (b->rpo->since_ms != 0) {
			rp_buf_add(&says, " since ");
			rp_words_time(&says, b->rpo->since_ms);
		}
		rp_buf_add(
			&says,
			". Good means: sealed, with a trusted manifest and files as large as they were. Only the bytes of "
			"the backup that was verified were looked at.");
		rp_html_el(out, "p class=\"note\"", rp_buf_text(&says));
	}
	if (b->rto != NULL)
		conditions(b->rto, out);
	rp_html_section_end(out);
}
