/* SPDX-License-Identifier: MIT */
#include "reports/html.h"

#include <string.h>

#include "reports/parts.h"
#include "verifier/util/buf.h"
#include "verifier/util/sha256.h"

static void add_base64(struct rp_buf *out, const uint8_t *data, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i;
		uint32_t v = (uint32_t)data[i] << 16 | (left > 1 ? (uint32_t)data[i + 1] << 8 : 0) |
			     (left > 2 ? data[i + 2] : 0U);
		rp_buf_add_mem(out,
			       (char[]){digits[v >> 18], digits[v >> 12 & 63],
					left > 1 ? digits[v >> 6 & 63] : '=',
					left > 2 ? digits[v & 63] : '='},
			       4);
	}
}

/* A second wall behind the escaping of names: only the one style whose hash stands here has an effect, no script,
 * no frame, no form, no image from anywhere. */
static void head(const struct rp_outline *o, struct rp_buf *out)
{
	uint8_t digest[RP_SHA256_LEN];
	rp_autobuf style = RP_BUF_INIT(1U << 20);
	rp_html_style(&style);
	rp_sha256(rp_buf_text(&style), style.len, digest);
	rp_buf_add(out,
		   "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta "
		   "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-");
	add_base64(out, digest, sizeof digest);
	rp_buf_add(out, "'; base-uri 'none'; form-action 'none'\">\n<meta name=\"viewport\" "
			"content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" "
			"content=\"no-referrer\">\n<title>");
	rp_html_text(out, o->result->target);
	rp_buf_add(out, ": ");
	rp_html_text(out, rp_words_title(o));
	rp_buf_add(out, " (reprove)</title>\n<style>");
	rp_buf_add(out, rp_buf_text(&style));
	rp_buf_add(out, "</style>\n</head>\n");
	out->failed |= style.failed;
}

static void contents(const struct rp_outline *o, struct rp_buf *out)
{
	const struct rp_summary *c = &o->count;
	const struct {
		const char *id, *title;
		bool is;
	} parts[] = {
		{"fails", "What fails", c->fail > 0},
		{"open", "What could not be told", c->error + c->not_run > c->excused},
		{"accepted", "Accepted differences", c->waived > 0},
		{"population", "Population and sample", true},
		{"changes", "Changes", true},
		{"reconciliation", "Reconciliation", true},
		{"trust", "Trust", true},
		{"questions", "All questions", o->n_groups > 0},
		{"objectives", "Objectives", o->result->record.objectives != NULL},
		{"timings", "Timings", o->result->n_phases > 0},
		{"history", "History", true},
		{"waivers", "Waivers", true},
		{"coverage", "Coverage", true},
		{"controls", "What this is evidence for", true},
		{"environment", "Environment", true},
		{"again", "Doing it again", true},
		{"sign-off", "Sign-off", true},
	};
	rp_buf_add(out, "<nav class=\"contents\" aria-label=\"Contents\"><ul>\n");
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (parts[i].is)
			rp_buf_addf(out, "<li><a href=\"#%s\">%s</a></li>\n", parts[i].id, parts[i].title);
	rp_buf_add(out, "</ul></nav>\n");
}

/* Binds this page to the record it shows. */
static void foot(const struct rp_outline *o, struct rp_buf *out)
{
	rp_autobuf json = RP_BUF_INIT(RP_RESULT_MAX);
	rp_buf_add(out, "<footer class=\"foot\">\n<p>Rendered from <code>result.json</code>");
	if (rp_result_write(o->result, &json, NULL) == 0) {
		uint8_t digest[RP_SHA256_LEN];
		rp_sha256(json.s, json.len, digest);
		rp_buf_add(out, ", SHA-256 <code>");
		rp_buf_add_hex(out, digest, sizeof digest);
		rp_buf_add(out, "</code>");
	}
	rp_buf_add(
		out,
		". That record is the master; this page can be made from it again with <code>reprove report"
		"</code>.</p>\n<p>A report says what was asked of one backup and what the answers were. It "
		"carries names and keys from the database: treat it as you treat the "
		"backup.</p>\n</footer>\n");
}

/* What fails comes before everything: whoever is called at night works from it. */
static void (*const sections[])(const struct rp_outline *o, struct rp_buf *out) = {
	rp_html_answers,   rp_html_population, rp_html_changes,	    rp_html_reconcile, rp_html_trust,
	rp_html_questions, rp_html_objectives, rp_html_timings,	    rp_html_history,   rp_html_waivers,
	rp_html_coverage,  rp_html_controls,   rp_html_environment, rp_html_again,     rp_html_sign_off,
};

static void render(const struct rp_result *r, const struct rp_rendering *how, struct rp_buf *out)
{
	rp_auto(rp_outline) o = rp_outline_new(r);
	if (o == NULL) {
		out->failed = true;
		return;
	}
	o->how = how;
	head(o, out);
	rp_buf_add(out,
		   "<body>\n<a class=\"skip\" href=\"#verdict\">Skip to the verdict</a>\n<div "
		   "class=\"page\">\n<header "
		   "class=\"mast\"><p><b>reprove</b> <span>Restore verification report</span></p><p><span>");
	rp_html_time(out, r->finished_ms != 0 ? r->finished_ms : r->started_ms);
	rp_buf_add(out, "</span></p></header>\n<main>\n");
	rp_html_first_screen(o, out);
	contents(o, out);
	for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
		sections[i](o, out);
	rp_buf_add(out, "</main>\n");
	foot(o, out);
	rp_buf_add(out, "</div>\n</body>\n</html>\n");
}

const struct rp_report rp_report_html = {.name = "html", .file = "report.html", .render = render};
