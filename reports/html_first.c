/* SPDX-License-Identifier: MIT */
#include "reports/html.h"
#include "verifier/util/buf.h"

/* The first screen answers, before anybody scrolls: is it good, what does that rest on, what does it not cover,
 * how long did it take. */

static void remark(void *ctx, const char *sentence)
{
	rp_html_el(ctx, "li", sentence);
}

static void verdict(const struct rp_outline *o, struct rp_buf *out)
{
	rp_autobuf sentence = RP_BUF_INIT(RP_FINDING_TEXT_MAX * 2U);
	rp_words_verdict(o, &sentence);
	rp_buf_addf(out, "<section class=\"verdict %s\" aria-labelledby=\"verdict\">\n<p class=\"stamp\">",
		    rp_html_status_class(o));
	rp_html_status_sign(out, o->status, 34);
	rp_buf_add(out, " <strong>");
	rp_html_text(out, rp_words_title(o));
	rp_buf_add(out, "</strong></p>\n<h1 id=\"verdict\">");
	rp_html_text(out, rp_buf_text(&sentence));
	rp_buf_add(out, "</h1>\n<ul class=\"remarks\">\n");
	rp_words_remarks(o, remark, out);
	rp_buf_add(out, "</ul>\n</section>\n");
}

static void tally(struct rp_buf *out, enum rp_verdict v, size_t n, const char *word)
{
	rp_buf_addf(out, "<li class=\"%s\">", n > 0 ? rp_html_verdict_class(v) : "none");
	rp_html_verdict_sign(out, v, 18);
	rp_buf_add(out, " <b>");
	rp_html_count(out, n);
	rp_buf_addf(out, "</b> %s</li>\n", word);
}

static void tallies(const struct rp_outline *o, struct rp_buf *out)
{
	const struct rp_summary *c = &o->count;
	rp_buf_add(out, "<ul class=\"tallies\">\n");
	tally(out, RP_PASS, c->pass, "pass");
	tally(out, RP_FAIL, c->fail, "fail");
	tally(out, RP_ERROR, c->error, "could not be told");
	tally(out, RP_NOT_RUN, c->not_run, "not run");
	tally(out, RP_WAIVED, c->waived, "accepted");
	rp_buf_add(out, "</ul>\n");
}

void rp_html_first_screen(const struct rp_outline *o, struct rp_buf *out)
{
	verdict(o, out);
	rp_html_keys(o, out);
	tallies(o, out);
	rp_html_gist(o, out);
}
