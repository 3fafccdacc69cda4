/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "reports/html.h"
#include "verifier/util/buf.h"
#include "verifier/util/parse.h"
#include "verifier/util/sha256.h"

/* The record behind the verdict: what an auditor reads after the first screen. */

static void number(struct rp_buf *out, size_t n, const char *class)
{
	rp_buf_addf(out, "<td class=\"n%s%s\">", n > 0 && *class != '\0' ? " " : "", n > 0 ? class : "");
	if (n == 0)
		rp_buf_add(out, "<span class=\"zero\">0</span>");
	else
		rp_html_count(out, n);
	rp_buf_add(out, "</td>");
}

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

static void question(const struct rp_group *g, struct rp_buf *out)
{
	enum rp_verdict v = amounts_to(&g->count);
	rp_buf_addf(out, "<tr><th scope=\"row\"><span class=\"%s\">", rp_html_verdict_class(v));
	rp_html_verdict_sign(out, v, 16);
	rp_buf_add(out, "</span> ");
	rp_html_text(out, rp_words_topic(g->check));
	if (rp_words_topic(g->check) != g->check) {
		rp_buf_add(out, " <code>");
		rp_html_text(out, g->check);
		rp_buf_add(out, "</code>");
	}
	rp_buf_addf(out, "</th><td>%s</td><td class=\"n\">", rp_severity_word(g->severity));
	rp_html_count(out, g->looked);
	rp_buf_add(out, "</td>");
	number(out, g->count.pass, "");
	number(out, g->count.fail, "bad");
	number(out, g->count.error, "open");
	number(out, g->count.not_run, "open");
	number(out, g->count.waived, "calm");
	number(out, g->count.drift, "calm");
	rp_buf_add(out, "</tr>\n");
}

static void passes(const struct rp_outline *o, struct rp_buf *out)
{
	const struct rp_result *r = o->result;
	size_t shown = 0, all = 0;
	rp_buf_addf(
		out,
		"<details>\n<summary>Every answer that passes (%zu)</summary>\n<table>\n<caption "
		"class=\"hidden\">Answers that pass</caption>\n<thead><tr><th scope=\"col\">Question</th><th "
		"scope=\"col\">About</th><th scope=\"col\">Answer</th><th scope=\"col\" class=\"n\">Looked "
		"at</th></tr></thead>\n<tbody>\n",
		o->count.pass);
	for (size_t i = 0; i < r->findings.n; i++) {
		const struct rp_finding *f = &r->findings.all[i];
		if (f->verdict != RP_PASS)
			continue;
		if (all++ >= RP_HTML_LINES || out->len > RP_HTML_BUDGET)
			continue;
		shown++;
		rp_buf_add(out, "<tr>");
		rp_html_el(out, "th scope=\"row\"", f->check);
		rp_html_el(out, "td", *f->object != '\0' ? f->object : "all that was looked at");
		rp_buf_add(out, "<td>");
		rp_html_marked(out, f->found != NULL ? f->found : "", NULL);
		rp_buf_add(out, f->found != NULL && f->message != NULL ? ": " : "");
		rp_html_marked(out, f->message != NULL ? f->message : "", NULL);
		rp_buf_add(out, "</td><td class=\"n\">");
		rp_html_count(out, f->looked);
		rp_buf_add(out, "</td></tr>\n");
	}
	rp_buf_add(out, "</tbody>\n</table>\n");
	if (shown < all)
		rp_buf_addf(out, "<p class=\"note\">%zu more are in result.json.</p>\n", all - shown);
	rp_buf_add(out, "</details>\n");
}

void rp_html_questions(const struct rp_outline *o, struct rp_buf *out)
{
	if (o->n_groups == 0)
		return;
	rp_buf_add(out,
		   "<section id=\"questions\">\n<h2>All questions</h2>\n<div class=\"wide\"><table>\n"
		   "<caption>Every question that was asked, how many things it looked at, and its answers"
		   "</caption>\n<thead><tr><th scope=\"col\">Question</th><th scope=\"col\">Severity</th>"
		   "<th scope=\"col\" class=\"n\">Looked at</th><th scope=\"col\" class=\"n\">Pass</th>"
		   "<th scope=\"col\" class=\"n\">Fail</th><th scope=\"col\" class=\"n\">Error</th>"
		   "<th scope=\"col\" class=\"n\">Not run</th><th scope=\"col\" class=\"n\">Accepted</th>"
		   "<th scope=\"col\" class=\"n\">Drift</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < o->n_groups; i++)
		question(&o->groups[i], out);
	rp_buf_add(out, "</tbody>\n</table></div>\n");
	if (o->count.pass > 0)
		passes(o, out);
	rp_buf_add(out, "</section>\n");
}

void rp_html_timings(const struct rp_outline *o, struct rp_buf *out)
{
	const struct rp_result *r = o->result;
	int64_t longest = 1;
	if (r->n_phases == 0)
		return;
	for (size_t i = 0; i < r->n_phases; i++)
		longest = r->phases[i].ms > longest ? r->phases[i].ms : longest;
	rp_buf_add(
		out,
		"<section id=\"timings\">\n<h2>Timings</h2>\n<p class=\"intro\">Measured on the verifying "
		"machine under test conditions; a recovery in production has others.</p>\n<table "
		"class=\"timings\">\n<caption class=\"hidden\">Phases of the run</caption>\n<thead><tr><th "
		"scope=\"col\">Phase</th><th scope=\"col\" class=\"n\">Took</th><th scope=\"col\"><span "
		"class=\"hidden\">Share, drawn</span></th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < r->n_phases; i++) {
		char text[RP_TIME_TEXT];
		int64_t ms = r->phases[i].ms;
		/* In thousandths of the longest; a phase of no length still shows. */
		unsigned width =
			(unsigned)((ms > INT64_MAX / 1000 ? 1000 : ms * 1000 / longest) * 3 / 10 + 2);
		rp_length_format(ms, text);
		rp_buf_add(out, "<tr>");
		rp_html_el(out, "th scope=\"row\"", r->phases[i].name);
		rp_buf_addf(out,
			    "<td class=\"n\">%s</td><td class=\"bar\"><svg width=\"302\" height=\"12\" "
			    "viewBox=\"0 0 302 12\" preserveAspectRatio=\"none\" aria-hidden=\"true\" "
			    "focusable=\"false\">"
			    "<rect x=\"0\" y=\"1\" width=\"%u\" height=\"10\" rx=\"1.5\" "
			    "fill=\"#5b7db1\"/></svg></td></tr>\n",
			    text, width);
	}
	rp_buf_add(out, "</tbody>\n</table>\n</section>\n");
}

static void entry(struct rp_buf *out, const char *name, const char *value)
{
	rp_buf_add(out, "<tr>");
	rp_html_el(out, "th scope=\"row\"", name);
	rp_html_el(out, "td", value);
	rp_buf_add(out, "</tr>\n");
}

static void entry_time(struct rp_buf *out, const char *name, int64_t ms)
{
	rp_buf_addf(out, "<tr><th scope=\"row\">%s</th><td>", name);
	rp_html_time(out, ms);
	rp_buf_add(out, "</td></tr>\n");
}

void rp_html_manifest(const struct rp_outline *o, struct rp_buf *out)
{
	const struct rp_result *r = o->result;
	rp_buf_add(out, "<section id=\"manifest\">\n<h2>Manifest</h2>\n");
	if (r->manifest_sha256 == NULL) {
		rp_html_el(out, "p",
			   r->without_manifest ? "This run was made without a manifest. Nothing says what "
						 "the database was when it "
						 "was backed up, so nothing could be compared."
					       : "No manifest was accepted, so nothing could be compared.");
		rp_buf_add(out, "</section>\n");
		return;
	}
	rp_buf_add(
		out,
		"<p class=\"intro\">The signed record, made at backup time, of what the database was.</p>\n"
		"<table class=\"facts\">\n<caption class=\"hidden\">The manifest</caption>\n<tbody>\n");
	entry_time(out, "Sealed", r->sealed_ms);
	entry(out, "SHA-256 of what was signed", r->manifest_sha256);
	for (size_t i = 0; i < r->n_signed_by; i++)
		entry(out, "Signed by key", r->signed_by[i]);
	if (r->started_ms > r->sealed_ms) {
		char text[RP_TIME_TEXT];
		rp_length_format(r->started_ms - r->sealed_ms, text);
		entry(out, "Age when verified", text);
	}
	rp_buf_add(out, "</tbody>\n</table>\n</section>\n");
}

/* Who draws a sample has to show what it was drawn from. */
void rp_html_selection(const struct rp_outline *o, struct rp_buf *out)
{
	const struct rp_selection *s = &o->result->selection;
	if (s->method == NULL || s->n == 0)
		return;
	rp_buf_add(
		out,
		"<section id=\"selection\">\n<h2>Backups to choose from</h2>\n<p class=\"intro\">Newest first; chosen: ");
	rp_html_text(out, s->method);
	if (s->seed != NULL) {
		rp_buf_add(out, ", seed ");
		rp_html_text(out, s->seed);
		rp_buf_add(out, ", ");
		rp_html_text(out, s->seed_by);
	}
	rp_buf_add(
		out,
		".</p>\n<table class=\"facts\">\n<caption class=\"hidden\">All that there were</caption>\n<tbody>\n");
	for (size_t i = 0; i < s->n && i < RP_HTML_LINES; i++) {
		const struct rp_selected *one = &s->all[i];
		char text[RP_TIME_TEXT], size[RP_TIME_TEXT];
		rp_autobuf line = RP_BUF_INIT(RP_FINDING_TEXT_MAX);
		rp_time_format(one->taken_ms, text);
		rp_size_format(one->bytes, size);
		rp_buf_addf(&line, "%s, %s%s%s%s", text, size, one->aside != NULL ? "; no backup but " : "",
			    one->aside != NULL ? one->aside : "", one->chosen ? "; chosen" : "");
		entry(out, one->name, rp_buf_text(&line));
	}
	rp_buf_add(out, "</tbody>\n</table>\n");
	if (s->n > RP_HTML_LINES) {
		rp_autobuf more = RP_BUF_INIT(RP_FINDING_TEXT_MAX);
		rp_buf_addf(&more, "%zu more are in result.json.", s->n - RP_HTML_LINES);
		rp_html_el(out, "p", rp_buf_text(&more));
	}
	rp_buf_add(out, "</section>\n");
}

void rp_html_environment(const struct rp_outline *o, struct rp_buf *out)
{
	const struct rp_result *r = o->result;
	rp_buf_add(out,
		   "<section id=\"environment\">\n<h2>Environment</h2>\n<table class=\"facts\">\n<caption "
		   "class=\"hidden\">Where and with what this was done</caption>\n<tbody>\n");
	entry_time(out, "Started", r->started_ms);
	if (r->finished_ms != 0)
		entry_time(out, "Finished", r->finished_ms);
	else
		entry(out, "Finished", "has not finished");
	for (size_t i = 0; i < r->n_about && i < RP_HTML_LINES; i++)
		entry(out, r->about[i].name, r->about[i].value);
	rp_buf_add(out, "</tbody>\n</table>\n</section>\n");
}

/* In single quotes where a shell would take it apart. */
static void shell_word(struct rp_buf *out, const char *s)
{
	static const char harmless[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/+:@%=,";
	rp_autobuf quoted = RP_BUF_INIT(RP_FINDING_TEXT_MAX * 8U);
	if (*s != '\0' && s[strspn(s, harmless)] == '\0') {
		rp_html_text(out, s);
		return;
	}
	rp_buf_add(&quoted, "'");
	for (; *s != '\0'; s++)
		rp_buf_add_mem(&quoted, *s == '\'' ? "'\\''" : s, *s == '\'' ? 4 : 1);
	rp_buf_add(&quoted, "'");
	rp_html_text(out, rp_buf_text(&quoted));
}

void rp_html_again(const struct rp_outline *o, struct rp_buf *out)
{
	const struct rp_result *r = o->result;
	rp_buf_add(out,
		   "<section id=\"again\">\n<h2>Doing it again</h2>\n<p class=\"intro\">Anyone who has the "
		   "backup can repeat this and must come to the same verdict.</p>\n<pre class=\"shell\">");
	if (!r->without_manifest) {
		rp_buf_add(
			out,
			"jq -r .payload <var>MANIFEST</var> | base64 -d | sha256sum   <span class=\"hush\"># ");
		rp_html_text(out,
			     r->manifest_sha256 != NULL ? r->manifest_sha256 : "no manifest was accepted");
		rp_buf_add(out, "</span>\nreprove show --trust <var>PUBLIC_KEY</var> <var>MANIFEST</var>\n");
	}
	rp_buf_add(out, "reprove verify --target ");
	shell_word(out, r->target);
	rp_buf_add(out, r->without_manifest
				? " --no-manifest"
				: " --manifest <var>MANIFEST</var> --trust <var>PUBLIC_KEY</var>");
	rp_buf_add(out, " --reports again <var>BACKUP</var>");
	rp_buf_addf(out, "   <span class=\"hush\"># exit status %d</span>\n</pre>\n</section>\n",
		    (int)o->status);
}

void rp_html_sign_off(const struct rp_outline *o, struct rp_buf *out)
{
	static const char *const roles[] = {"Performed by", "Reviewed by", "Accepted by"};
	(void)o;
	rp_buf_add(out,
		   "<section id=\"sign-off\" class=\"sign-off\">\n<h2>Sign-off</h2>\n<p class=\"intro\">This "
		   "report "
		   "is evidence about one backup at one time. It has not been reviewed until somebody signs "
		   "here.</p>\n<table>\n<caption class=\"hidden\">Signatures</caption>\n<thead><tr><th "
		   "scope=\"col\">Role</th><th scope=\"col\">Name</th><th scope=\"col\">Signature</th><th "
		   "scope=\"col\">Date</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
		rp_buf_addf(out, "<tr><th scope=\"row\">%s</th><td></td><td></td><td></td></tr>\n", roles[i]);
	rp_buf_add(out, "</tbody>\n</table>\n</section>\n");
}
