/* SPDX-License-Identifier: MIT */
#include "reports/html.h"
#include "verifier/util/buf.h"

/* Lines for ink, and what is known of who has looked at this. */

static void warn(struct rp_buf *out, const char *sentence)
{
	rp_buf_add(out, "<li>");
	rp_html_state(out, RP_ERROR, sentence);
	rp_buf_add(out, "</li>\n");
}

static void standing(const struct rp_result *r, struct rp_buf *out)
{
	const struct rp_speakers *s = r->record.speakers;
	rp_buf_add(out, "<ul class=\"list\">\n");
	warn(out, s != NULL && s->review != NULL ? s->review : "not reviewed");
	if (s == NULL || s->result_key == NULL)
		warn(out, "the result is not signed");
	if (s != NULL && s->same_key)
		warn(out, "manifest and result were signed by the same key");
	if (s != NULL && s->same_host)
		warn(out, "manifest and result were made on the same host");
	rp_buf_add(out, "</ul>\n");
}

void rp_html_sign_off(const struct rp_outline *o, struct rp_buf *out)
{
	static const char *const roles[] = {"Performed by", "Reviewed by", "Accepted by"};
	static const char *const columns[] = {"Role", "Name", "Signature", "Date", NULL};
	rp_html_section(
		out, "sign-off", "Sign-off",
		"This report is evidence about one backup at one time. What is signed here is signed by people; what "
		"keys have signed is under trust.");
	standing(o->result, out);
	rp_html_table(out, "sign-off", "Signatures", columns);
	for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
		rp_buf_addf(out, "<tr><th scope=\"row\">%s</th><td></td><td></td><td></td></tr>\n", roles[i]);
	rp_html_table_end(out);
	rp_html_section_end(out);
}
