/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "reports/html.h"
#include "verifier/util/buf.h"
#include "verifier/util/parse.h"

/* What is not as it was in the run before: a test that is made easier until it passes has to show. */

static void attempts(const struct rp_past *p, struct rp_buf *out)
{
	rp_autobuf says = RP_BUF_INIT(RP_FINDING_TEXT_MAX * 2U);
	if (p->attempt <= 1)
		return;
	rp_buf_addf(&says, "This is attempt %" PRIu64 " at this recovery point; earlier: %s.", p->attempt,
		    p->earlier != NULL ? p->earlier : "not known");
	if (p->retest_of != 0)
		rp_buf_addf(&says, " A pass answers the open failure in entry %" PRIu64 " of the ledger.",
			    p->retest_of);
	rp_html_el(out, "p class=\"strong\"", rp_buf_text(&says));
}

/* Of a digest its beginning will do to see that it is another; all of it is in result.json. */
static void cell(struct rp_buf *out, const char *s)
{
	rp_buf_add(out, "<td>");
	if (s != NULL && strlen(s) == 64 && strspn(s, "0123456789abcdef") == 64)
		rp_buf_addf(out, "%.16s&hellip;", s);
	else
		rp_html_marked(out, s != NULL ? s : "", NULL);
	rp_buf_add(out, "</td>");
}

static void change(const struct rp_change_note *c, struct rp_buf *out)
{
	rp_buf_add(out, "<tr>");
	rp_html_el(out, "th scope=\"row\"", c->what);
	cell(out, c->before);
	cell(out, c->after);
	rp_buf_add(out, "<td>");
	if (c->narrower)
		rp_html_state(out, RP_ERROR, "asks less than before");
	rp_buf_add(out, c->narrower && c->says != NULL ? ": " : "");
	rp_html_marked(out, c->says != NULL ? c->says : "", NULL);
	rp_buf_add(out, "</td></tr>\n");
}

static void all(const struct rp_changes *c, struct rp_buf *out)
{
	static const char *const columns[] = {"What", "Before", "Now", "What it means", NULL};
	size_t shown = 0;
	if (c->n == 0) {
		rp_html_el(out, "p", "Scope and criteria are those of that run.");
		return;
	}
	rp_html_table(out, "changes stack", "Changes in scope and criteria; what asks less comes first",
		      columns);
	for (int narrower = 1; narrower >= 0; narrower--)
		for (size_t i = 0; i < c->n && shown < RP_HTML_LINES; i++)
			if (c->all[i].narrower == (narrower == 1)) {
				change(&c->all[i], out);
				shown++;
			}
	rp_html_table_end(out);
	rp_html_more(out, c->n - shown);
}

void rp_html_changes(const struct rp_outline *o, struct rp_buf *out)
{
	const struct rp_changes *c = o->result->record.changes;
	rp_html_section(out, "changes", "Changed since the last run", NULL);
	if (o->result->record.history != NULL)
		attempts(o->result->record.history, out);
	if (c == NULL) {
		rp_html_el(
			out, "p",
			"There was no ledger to compare with, so what changed in scope or criteria cannot be told.");
	} else if (c->since == 0) {
		rp_html_el(out, "p", "No earlier run of this target is on record.");
	} else {
		rp_buf_addf(out, "<p class=\"intro\">Compared with entry %" PRIu64 " of the ledger, ",
			    c->since);
		rp_html_time(out, c->since_ms);
		rp_buf_add(out, ".</p>\n");
		all(c, out);
	}
	rp_html_section_end(out);
}
