/* SPDX-License-Identifier: MIT */
#include "reports/html.h"
#include "verifier/util/buf.h"

/* What somebody has decided to accept: nobody may find out by accident. */

static void line(const struct rp_waiver_note *w, struct rp_buf *out)
{
	rp_buf_add(out, "<tr><th scope=\"row\">");
	rp_html_el(out, "code", w->check);
	rp_buf_add(out, " ");
	rp_html_marked(out, w->object, NULL);
	rp_buf_add(out, "</th><td>");
	rp_html_marked(out, w->reason, NULL);
	rp_buf_add(out, "</td><td>");
	rp_html_marked(out, w->owner, NULL);
	rp_buf_add(out, "</td><td>");
	rp_html_time(out, w->until_ms);
	rp_buf_add(out, "</td><td>");
	if (w->expired)
		rp_html_state(out, RP_FAIL, "expired: it does not hold");
	else
		rp_html_state(out, w->used ? RP_WAIVED : RP_PASS, w->used ? "used" : "not needed");
	rp_buf_add(out, "</td></tr>\n");
}

void rp_html_waivers(const struct rp_outline *o, struct rp_buf *out)
{
	static const char *const columns[] = {"About", "Reason", "Owner", "Holds until", "In this run", NULL};
	const struct rp_record *r = &o->result->record;
	size_t shown = 0;
	rp_html_section(out, "waivers", "Exceptions and waivers", NULL);
	if (r->n_waivers == 0) {
		rp_html_el(
			out, "p",
			o->count.waived == 0
				? "None: no difference was accepted."
				: "See what was accepted, above: the reason, the owner and the end stand with each.");
	} else {
		rp_html_table(out, "waivers stack", "Differences that a person accepts, for a time", columns);
		for (; shown < r->n_waivers && shown < RP_HTML_LINES; shown++)
			line(&r->waivers[shown], out);
		rp_html_table_end(out);
		rp_html_more(out, r->n_waivers - shown);
	}
	rp_html_section_end(out);
}
