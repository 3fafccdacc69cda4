/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "reports/html.h"
#include "verifier/util/buf.h"

/* Answers in full: what was expected, what was found, which rows. */

static void expected_found(const struct rp_finding *f, struct rp_buf *out)
{
	if (f->expected == NULL && f->found == NULL)
		return;
	bool both = f->expected != NULL && f->found != NULL;
	rp_buf_add(out, both ? "<dl class=\"versus\">\n" : "<dl class=\"versus one\">\n");
	if (f->expected != NULL) {
		rp_buf_add(out, "<div><dt>Expected</dt><dd><pre>");
		rp_html_marked(out, f->expected, f->found);
		rp_buf_add(out, "</pre></dd></div>\n");
	}
	if (f->found != NULL) {
		rp_buf_add(out, "<div><dt>Found</dt><dd><pre>");
		rp_html_marked(out, f->found, f->expected);
		rp_buf_add(out, "</pre></dd></div>\n");
	}
	rp_buf_add(out, "</dl>\n");
}

static void pairs(const struct rp_fact *all, size_t n, struct rp_buf *out)
{
	for (size_t i = 0; i < n; i++) {
		rp_buf_add(out, i > 0 ? " <span class=\"pair\">" : "<span class=\"pair\">");
		if (*all[i].name != '\0') {
			rp_html_el(out, "i", all[i].name);
			rp_buf_add(out, " = ");
		}
		rp_html_marked(out, all[i].value, NULL);
		rp_buf_add(out, "</span>");
	}
	if (n == 0)
		rp_buf_add(out, "<em>without a key</em>");
}

/* Values that are masked one and all say nothing, and are not shown. */
static bool says_something(const struct rp_row_note *row)
{
	for (size_t i = 0; i < row->n_values; i++)
		if (strcmp(row->values[i].value, "***") != 0)
			return true;
	return false;
}

static void row_table(const struct rp_finding *f, struct rp_buf *out)
{
	static const struct {
		const char *word, *class;
	} looks[] = {[RP_LOST] = {"lost", "bad"},
		     [RP_CHANGED] = {"changed", "open"},
		     [RP_GAINED] = {"gained", "bad"}};
	bool values = false;
	size_t shown = 0;
	for (size_t i = 0; i < f->n_rows; i++)
		values |= says_something(&f->rows[i]);
	rp_buf_addf(out,
		    "<table class=\"rows stack\">\n<caption>Rows that differ</caption>\n<thead><tr><th "
		    "scope=\"col\">Row</th><th scope=\"col\">Key</th>%s</tr></thead>\n<tbody>\n",
		    values ? "<th scope=\"col\">Restored values</th>" : "");
	for (size_t change = RP_LOST; change <= RP_GAINED; change++) {
		for (size_t i = 0; i < f->n_rows && shown < RP_HTML_ROWS; i++) {
			const struct rp_row_note *row = &f->rows[i];
			if (row->change != (enum rp_change)change)
				continue;
			shown++;
			rp_buf_addf(out, "<tr><td class=\"%s\">%s</td><td>", looks[change].class,
				    looks[change].word);
			pairs(row->key, row->n_key, out);
			rp_buf_add(out, values ? "</td><td>" : "");
			if (values && row->values != NULL)
				pairs(row->values, row->n_values, out);
			rp_buf_add(out, "</td></tr>\n");
		}
	}
	rp_buf_add(out, "</tbody>\n</table>\n");
	if (shown < f->n_rows)
		rp_buf_addf(out, "<p class=\"note\">%zu more rows are named in result.json.</p>\n",
			    f->n_rows - shown);
	if (!f->rows_complete)
		rp_buf_add(out, "<p class=\"note\">Not all rows that differ could be named.</p>\n");
}

/* The hint of an error is a line of its own. */
static void message(const char *s, struct rp_buf *out)
{
	if (s != NULL) {
		rp_buf_add(out, "<p class=\"message\">");
		rp_html_marked(out, s, NULL);
		rp_buf_add(out, "</p>\n");
	}
}

static const char *cause_note(const struct rp_finding *f)
{
	switch (f->cause) {
	case RP_BY_FORMAT:
		return "The backup's format does not carry this, or not exactly.";
	case RP_BY_MOMENT:
		return "Survey and backup are not of one moment, so nothing can be concluded.";
	case RP_BY_VERSION:
		return "Explained by the change of server version.";
	case RP_BY_DAMAGE:
		break;
	}
	return NULL;
}

/* What the card is about: its object; the question when it is about the whole database; all the questions that
 * have this one answer. */
static void card_title(const struct rp_finding *f, size_t n, struct rp_buf *out)
{
	if (*f->object != '\0') {
		rp_html_el(out, "h3 class=\"object\"", f->object);
		return;
	}
	rp_buf_add(out, "<h3>");
	for (size_t i = 0; i < n; i++) {
		rp_buf_add(out, i > 0 ? ", " : "");
		rp_html_text(out, rp_words_topic(f[i].check));
	}
	rp_buf_add(out, "</h3>\n");
}

static void card(const struct rp_finding *f, size_t n, struct rp_buf *out)
{
	rp_buf_addf(out, "<article class=\"card %s\">\n<header><p class=\"tag\">",
		    rp_html_verdict_class(f->verdict));
	rp_html_verdict_sign(out, f->verdict, 18);
	rp_buf_addf(out, " <b>%s</b> <span class=\"check\">",
		    f->verdict == RP_NOT_RUN ? "not run" : rp_verdict_word(f->verdict));
	for (size_t i = 0; i < n; i++) {
		rp_buf_add(out, i > 0 ? ", " : "");
		rp_html_text(out, f[i].check);
	}
	rp_buf_add(out, "</span></p>\n");
	card_title(f, n, out);
	rp_buf_add(out, "</header>\n");
	message(f->message, out);
	if (cause_note(f) != NULL)
		rp_html_el(out, "p class=\"note\"", cause_note(f));
	expected_found(f, out);
	if (f->n_rows > 0)
		row_table(f, out);
	rp_buf_add(out, "</article>\n");
}

/* Answers of which a section is made. */
struct pick {
	const char *id, *title, *intro;
	bool (*is)(const struct rp_finding *f);
};

static bool is_fail(const struct rp_finding *f)
{
	return f->verdict == RP_FAIL;
}
static bool is_open(const struct rp_finding *f)
{
	return f->verdict == RP_ERROR || (f->verdict == RP_NOT_RUN && !f->excused);
}
static bool is_waived(const struct rp_finding *f)
{
	return f->verdict == RP_WAIVED;
}
static bool is_drift(const struct rp_finding *f)
{
	return f->verdict == RP_PASS && f->cause == RP_BY_VERSION;
}

static const struct pick picks[] = {
	{"fails", "What fails", "What was expected, and what was found instead.", is_fail},
	{"open", "What could not be told",
	 "These questions have no answer. A run with an open question is never a proof.", is_open},
	{"accepted", "Accepted differences", "They would fail. A person accepts them, for the reason given.",
	 is_waived},
	{"drift", "Explained by the server's version",
	 "Sealed on one version and restored on another, these are written differently and mean the same.",
	 is_drift},
};

static void brief(const struct rp_finding *f, struct rp_buf *out)
{
	rp_buf_add(out, "<tr>");
	rp_html_el(out, "th scope=\"row\"", *f->object != '\0' ? f->object : "all");
	rp_buf_add(out, "<td>");
	rp_html_el(out, "code", f->check);
	rp_buf_add(out, "</td><td>");
	rp_html_marked(out, f->message != NULL ? f->message : "", NULL);
	rp_buf_add(out, "</td></tr>\n");
}

static void begin_brief(struct rp_buf *out)
{
	static const char *const columns[] = {"Object", "Question", "Answer", NULL};
	rp_buf_add(out, "<details open>\n<summary>More of these, in few words</summary>\n");
	rp_html_table(out, "", "More of these, in few words; all of each is in result.json", columns);
}

/* High severity first: what matters most is read first. The first in full, then many in few words, then a number. */
static void cards(const struct rp_result *r, const struct pick *p, size_t n, struct rp_buf *out)
{
	size_t shown = 0;
	bool in_brief = false;
	for (int severity = RP_HIGH; severity >= RP_LOW; severity--) {
		for (size_t i = 0, same; i < r->findings.n; i += same) {
			const struct rp_finding *f = &r->findings.all[i];
			same = rp_same_from(r, i);
			if (!p->is(f) || f->severity != (enum rp_severity)severity ||
			    shown >= RP_HTML_CARDS + RP_HTML_LINES || out->len > RP_HTML_BUDGET)
				continue;
			if (shown >= RP_HTML_CARDS && !in_brief)
				begin_brief(out);
			in_brief |= shown >= RP_HTML_CARDS;
			if (in_brief)
				brief(f, out);
			else
				card(f, same, out);
			shown += same;
		}
	}
	if (in_brief) {
		rp_html_table_end(out);
		rp_buf_add(out, "</details>\n");
	}
	rp_html_more(out, n > shown ? n - shown : 0);
}

void rp_html_answers(const struct rp_outline *o, struct rp_buf *out)
{
	const struct rp_result *r = o->result;
	for (size_t k = 0; k < sizeof picks / sizeof picks[0]; k++) {
		size_t n = 0;
		for (size_t i = 0; i < r->findings.n; i++)
			n += picks[k].is(&r->findings.all[i]);
		if (n == 0)
			continue;
		rp_buf_addf(out, "<section id=\"%s\" class=\"answers\">\n<h2>%s <span class=\"n\">",
			    picks[k].id, picks[k].title);
		rp_html_count(out, n);
		rp_buf_addf(out, "</span></h2>\n<p class=\"intro\">%s</p>\n", picks[k].intro);
		cards(r, &picks[k], n, out);
		rp_buf_add(out, "</section>\n");
	}
}
