/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "reports/html.h"
#include "reports/report.h"
#include "verifier/util/buf.h"

/* Lines for ink, and what is known of who has looked at this. */

static void item(struct rp_buf *out, enum rp_verdict v, const char *sentence)
{
	rp_buf_add(out, "<li>");
	rp_html_state(out, v, sentence);
	rp_buf_add(out, "</li>\n");
}

/* Nobody can have reviewed a result while it was written; who has since stands in the ledger. */
static void reviews(const struct rp_outline *o, struct rp_buf *out)
{
	static const char *const columns[] = {"Reviewed", "By key", "In these words", NULL};
	rp_html_table(out, "", "Reviews that are signed in the ledger", columns);
	for (size_t i = 0; i < o->how->n_reviews && i < RP_HTML_LINES; i++) {
		const struct rp_review *r = &o->how->reviews[i];
		rp_buf_add(out, "<tr><th scope=\"row\">");
		rp_html_time(out, r->at_ms);
		rp_buf_addf(out, " <small>entry %" PRIu64 "%s</small></th>", r->entry,
			    r->decision ? ", a decision" : "");
		rp_html_el(out, "td", r->key);
		rp_buf_add(out, "<td>");
		rp_html_marked(out, r->says, NULL);
		rp_buf_add(out, "</td></tr>\n");
	}
	rp_html_table_end(out);
}

static void standing(const struct rp_outline *o, struct rp_buf *out)
{
	const struct rp_speakers *s = o->result->record.speakers;
	rp_buf_add(out, "<ul class=\"list\">\n");
	item(out, o->how->n_reviews > 0 ? RP_PASS : RP_ERROR, rp_html_reviewed(o));
	if (s == NULL || s->result_key == NULL)
		item(out, RP_ERROR, "the result is not signed");
	if (s != NULL && s->same_key)
		item(out, RP_ERROR, "manifest and result were signed by the same key");
	if (s != NULL && s->same_host)
		item(out, RP_ERROR, "manifest and result were made on the same host");
	rp_buf_add(out, "</ul>\n");
}

const char *rp_html_reviewed(const struct rp_outline *o)
{
	const struct rp_speakers *s = o->result->record.speakers;
	if (o->how->n_reviews > 0)
		return "reviewed, see sign-off";
	return s != NULL && s->review != NULL ? s->review : "not reviewed";
}

void rp_html_sign_off(const struct rp_outline *o, struct rp_buf *out)
{
	static const char *const roles[] = {"Performed by", "Reviewed by", "Accepted by"};
	static const char *const columns[] = {"Role", "Name", "Signature", "Date", NULL};
	rp_html_section(
		out, "sign-off", "Sign-off",
		"This report is evidence about one backup at one time. What is signed here is signed by people; what "
		"keys have signed is under trust.");
	standing(o, out);
	if (o->how->n_reviews > 0)
		reviews(o, out);
	rp_html_table(out, "sign-off", "Signatures", columns);
	for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
		rp_buf_addf(out, "<tr><th scope=\"row\">%s</th><td></td><td></td><td></td></tr>\n", roles[i]);
	rp_html_table_end(out);
	rp_html_section_end(out);
}
