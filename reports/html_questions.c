/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "reports/html.h"
#include "verifier/util/buf.h"

/* Every question with what its answers amount to; and results by object, for those that pass. What does not pass has its
 * own sections, with more room. */

/* What all its answers amount to. */
static enum rp_verdict amounts_to(const struct rp_summary *c)
{
	return c->fail > 0		 ? RP_FAIL
	       : c->error > 0		 ? RP_ERROR
	       : c->not_run > c->excused ? RP_NOT_RUN
	       : c->waived > 0		 ? RP_WAIVED
	       : c->pass > 0		 ? RP_PASS
					 : RP_NOT_RUN;
}

static void some(struct rp_buf *out, size_t n, const char *class, const char *word)
{
	if (n == 0)
		return;
	rp_buf_addf(out, "<span class=\"some %s\">", class);
	rp_html_count(out, n);
	rp_buf_addf(out, " %s</span> ", word);
}

static void question(const struct rp_group *g, struct rp_buf *out)
{
	const struct rp_summary *c = &g->count;
	enum rp_verdict v = amounts_to(c);
	rp_buf_addf(out, "<tr><th scope=\"row\"><span class=\"%s\">", rp_html_verdict_class(v));
	rp_html_verdict_sign(out, v, 16);
	rp_buf_add(out, "</span> ");
	rp_html_text(out, rp_words_topic(g->check));
	if (rp_words_topic(g->check) != g->check) {
		rp_buf_add(out, " ");
		rp_html_el(out, "code", g->check);
	}
	rp_buf_addf(out, "</th><td>%s</td><td class=\"n\">", rp_severity_word(g->severity));
	rp_html_count(out, g->looked);
	rp_buf_add(out, "</td><td>");
	some(out, c->fail, "bad", "fail");
	some(out, c->error, "open", "could not be told");
	some(out, c->not_run - c->excused, "open", "not run");
	some(out, c->excused, "none", "excused");
	some(out, c->waived, "calm", "accepted");
	some(out, c->pass - c->drift, "plain", "pass");
	some(out, c->drift, "calm", "explained by the version");
	rp_buf_add(out, "</td></tr>\n");
}

static void pass(const struct rp_finding *f, struct rp_buf *out)
{
	bool same = f->expected != NULL && f->found != NULL && strcmp(f->expected, f->found) == 0;
	rp_buf_add(out, "<tr>");
	rp_html_el(out, "th scope=\"row\"", *f->object != '\0' ? f->object : "all that was looked at");
	rp_buf_add(out, "<td>");
	rp_html_el(out, "code", f->check);
	rp_buf_add(out, "</td><td>");
	rp_html_marked(out, f->expected != NULL ? f->expected : "", NULL);
	rp_buf_add(out, "</td><td>");
	rp_html_marked(out, same ? "the same" : f->found != NULL ? f->found : "", NULL);
	rp_buf_add(out, f->found != NULL && f->message != NULL ? ": " : "");
	rp_html_marked(out, f->message != NULL ? f->message : "", NULL);
	rp_buf_add(out, "</td></tr>\n");
}

static void passes(const struct rp_outline *o, struct rp_buf *out)
{
	static const char *const columns[] = {"Object", "Question", "Expected", "Found", NULL};
	const struct rp_result *r = o->result;
	size_t shown = 0, all = 0;
	rp_buf_add(out, "<details>\n<summary>Results by object that pass (");
	rp_html_count(out, o->count.pass);
	rp_buf_add(out, ")</summary>\n");
	rp_html_table(out, "by-object stack", "Answers that pass, with what was expected and found", columns);
	for (size_t i = 0; i < r->findings.n; i++) {
		const struct rp_finding *f = &r->findings.all[i];
		if (f->verdict != RP_PASS)
			continue;
		if (all++ >= RP_HTML_LINES || out->len > RP_HTML_BUDGET)
			continue;
		shown++;
		pass(f, out);
	}
	rp_html_table_end(out);
	rp_html_more(out, all - shown);
	rp_buf_add(out, "</details>\n");
}

void rp_html_questions(const struct rp_outline *o, struct rp_buf *out)
{
	static const char *const columns[] = {"Question", "Severity", "#Looked at", "Answers", NULL};
	if (o->n_groups == 0)
		return;
	rp_html_section(out, "questions", "All questions", NULL);
	rp_html_table(
		out, "questions stack",
		"Every question that was asked, how many things its passing answers are about, and its answers",
		columns);
	for (size_t i = 0; i < o->n_groups; i++)
		question(&o->groups[i], out);
	rp_html_table_end(out);
	if (o->count.pass > 0)
		passes(o, out);
	rp_html_section_end(out);
}
