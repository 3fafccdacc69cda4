/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "reports/html.h"
#include "verifier/util/buf.h"

/* What was looked at and what was not: the second is what a reader cannot find out alone. */

static void looked(const struct rp_outline *o, struct rp_buf *out)
{
	static const char *const columns[] = {"Question", "#Looked at", NULL};
	size_t n = 0;
	for (size_t i = 0; i < o->n_groups; i++)
		n += o->groups[i].looked > 0;
	if (n == 0) {
		rp_html_el(out, "p", "Nothing was looked at.");
		return;
	}
	rp_html_table(out, "narrow", "What passing answers are about", columns);
	for (size_t i = 0; i < o->n_groups; i++) {
		const struct rp_group *g = &o->groups[i];
		if (g->looked == 0)
			continue;
		rp_buf_add(out, "<tr>");
		rp_html_el(out, "th scope=\"row\"", rp_words_topic(g->check));
		rp_buf_add(out, "<td class=\"n\">");
		rp_html_count(out, g->looked);
		rp_buf_add(out, "</td></tr>\n");
	}
	rp_html_table_end(out);
}

/* "views without rows (3): they have none" */
static void class_left_out(struct rp_buf *out, const char *says)
{
	const char *colon = strstr(says, ": ");
	rp_autobuf what = RP_BUF_INIT(RP_FINDING_TEXT_MAX * 2U);
	rp_buf_add_mem(&what, says, colon != NULL ? (size_t)(colon - says) : strlen(says));
	rp_html_fact(out, rp_buf_text(&what), colon != NULL ? colon + 2 : "");
}

static size_t count_left_out(const struct rp_result *r)
{
	size_t n = 0;
	for (size_t i = 0; i < r->n_provisos; i++)
		n += rp_words_left_out(r->provisos[i]) != NULL;
	for (size_t i = 0; i < r->findings.n; i++)
		n += r->findings.all[i].verdict == RP_NOT_RUN && r->findings.all[i].excused;
	for (size_t i = 0; r->record.population != NULL && i < r->record.population->n_all; i++)
		n += r->record.population->all[i].reason != NULL;
	return n;
}

static void not_looked(const struct rp_outline *o, struct rp_buf *out)
{
	static const char *const columns[] = {"Left out", "Why", NULL};
	const struct rp_result *r = o->result;
	const struct rp_population *p = r->record.population;
	size_t n = count_left_out(r), shown = 0;
	if (n == 0) {
		rp_html_el(out, "p", "Nothing that the survey knows of was left out.");
		return;
	}
	rp_html_table(out, "", "What was left out, and why that is no obstacle", columns);
	for (size_t i = 0; i < r->n_provisos && shown < RP_HTML_LINES; i++) {
		const char *says = rp_words_left_out(r->provisos[i]);
		if (says != NULL) {
			class_left_out(out, says);
			shown++;
		}
	}
	for (size_t i = 0; p != NULL && i < p->n_all && shown < RP_HTML_LINES; i++) {
		if (p->all[i].reason != NULL) {
			rp_html_fact(out, p->all[i].name, p->all[i].reason);
			shown++;
		}
	}
	for (size_t i = 0; i < r->findings.n && shown < RP_HTML_LINES; i++) {
		const struct rp_finding *f = &r->findings.all[i];
		rp_autobuf what = RP_BUF_INIT(RP_FINDING_TEXT_MAX * 2U);
		if (f->verdict != RP_NOT_RUN || !f->excused)
			continue;
		rp_buf_addf(&what, "%s%s%s", rp_words_topic(f->check), *f->object != '\0' ? ": " : "",
			    f->object);
		rp_html_fact(out, rp_buf_text(&what), f->message != NULL ? f->message : "not run");
		shown++;
	}
	rp_html_table_end(out);
	rp_html_more(out, n - shown);
}

void rp_html_coverage(const struct rp_outline *o, struct rp_buf *out)
{
	rp_html_section(out, "coverage", "Coverage", NULL);
	looked(o, out);
	not_looked(o, out);
	rp_html_section_end(out);
}
