/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "reports/html.h"
#include "verifier/util/buf.h"
#include "verifier/util/parse.h"

/* Of what this run is a sample: who draws one has to show what it was drawn from, and that nothing is missing. */

/* The parts have to add up to the list, or the list is not what it says it is. */
static void reconciled(const struct rp_population *p, struct rp_buf *out)
{
	static const char *const columns[] = {"Recovery points in the store", "#Number", NULL};
	const struct {
		const char *name;
		uint64_t n;
	} parts[] = {{"sealed: their manifest is trusted", p->sealed},
		     {"not sealed: no manifest speaks for them", p->unsealed},
		     {"could not be chosen: not readable, or no backup", p->unreadable}};
	uint64_t sum = 0;
	rp_html_table(out, "narrow", "What the store holds", columns);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		sum += parts[i].n;
		rp_buf_addf(out, "<tr><th scope=\"row\">%s</th><td class=\"n\">", parts[i].name);
		rp_html_count(out, parts[i].n);
		rp_buf_add(out, "</td></tr>\n");
	}
	rp_buf_add(out, "<tr class=\"sum\"><th scope=\"row\">all</th><td class=\"n\">");
	rp_html_count(out, p->points);
	rp_buf_add(out, "</td></tr>\n");
	rp_html_table_end(out);
	rp_buf_add(out, "<p class=\"note\">");
	if (sum == p->points)
		rp_html_state(out, RP_PASS, "The parts add up to the list.");
	else if (p->points_untold != NULL)
		rp_html_state(out, RP_ERROR, "Sealed ones could not be told from others:");
	else
		rp_html_state(out, RP_ERROR, "The parts do not add up to the list.");
	if (p->points_untold != NULL) {
		rp_buf_add(out, " ");
		rp_html_marked(out, p->points_untold, NULL);
	}
	rp_buf_add(out, "</p>\n");
}

static enum rp_verdict looks(const char *state)
{
	return strcmp(state, "proved") == 0							? RP_PASS
	       : strcmp(state, "failed") == 0							? RP_FAIL
	       : strcmp(state, "excluded") == 0 || strcmp(state, "kept in another ledger") == 0 ? RP_NOT_RUN
												: RP_ERROR;
}

static void targets(const struct rp_population *p, struct rp_buf *out)
{
	static const char *const columns[] = {"Target", "State", "Last proof", "Why it is left out", NULL};
	size_t shown = 0;
	rp_autobuf says = RP_BUF_INIT(1024);
	if (p->targets == 0)
		return;
	rp_words_count(&says, p->targets, "target");
	rp_buf_addf(&says,
		    ": %" PRIu64 " proved in time, %" PRIu64 " without any run, %" PRIu64
		    " left out with a reason",
		    p->tested, p->without_run, p->excluded);
	rp_html_table(out, "stack", rp_buf_text(&says), columns);
	for (; shown < p->n_all && shown < RP_HTML_LINES; shown++) {
		const struct rp_asked_target *t = &p->all[shown];
		rp_buf_add(out, "<tr>");
		rp_html_el(out, "th scope=\"row\"", t->name);
		rp_buf_add(out, "<td>");
		rp_html_state(out, looks(t->state), t->state);
		rp_buf_add(out, "</td><td>");
		if (t->last_ms != 0)
			rp_html_time(out, t->last_ms);
		else
			rp_buf_add(out, "none");
		rp_buf_add(out, "</td><td>");
		rp_html_marked(out, t->reason != NULL ? t->reason : "", NULL);
		rp_buf_add(out, "</td></tr>\n");
	}
	rp_html_table_end(out);
	rp_html_more(out, p->n_all - shown);
}

void rp_html_population(const struct rp_outline *o, struct rp_buf *out)
{
	const struct rp_population *p = o->result->record.population;
	rp_html_section(
		out, "population", "Population and sample",
		"What there was to choose from, and how this backup came to be the one that was tested.");
	if (p == NULL) {
		rp_html_el(
			out, "p",
			o->result->selection.method != NULL
				? "Which points are sealed, and which other targets there are, was not looked at."
				: "One backup was given to this run. Which others there are was not looked at.");
	} else {
		rp_html_facts(out, "Population");
		rp_html_fact(out, "Source of the list", p->source);
		rp_html_fact_time(out, "As it was on", p->at_ms);
		rp_html_fact(out, "SHA-256 of the list", p->sha256);
		rp_html_facts_end(out);
		reconciled(p, out);
		targets(p, out);
	}
	rp_html_sample(o, out);
	rp_html_section_end(out);
}
