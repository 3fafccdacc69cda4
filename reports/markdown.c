/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "reports/outline.h"
#include "reports/parts.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/parse.h"

/* For the summary of a CI job: what a person reads before opening the report. Such a summary is dropped whole where it
 * grows beyond a megabyte (GitHub: 1024 KiB a step), so it is kept far below. */
#define BUDGET	    (200u << 10)
#define TROUBLE_MAX 50
#define ROWS_MAX    10

/* Text of a stranger, in a line: nothing of it is markup, and no line of it begins anything. */
static void add(struct rp_buf *out, const char *text)
{
	rp_autobuf plain = RP_BUF_INIT(1u << 20);
	rp_buf_add_plain(&plain, text);
	for (const char *s = rp_buf_text(&plain); *s != '\0'; s++) {
		if (*s == '\n' || *s == '\r')
			rp_buf_add(out, " ");
		else if (*s == '<')
			rp_buf_add(out, "&lt;");
		else if (*s == '&')
			rp_buf_add(out, "&amp;");
		else if (strchr("\\`*_{}[]()#+!|~>@:", *s) != NULL)
			rp_buf_addf(out, "\\%c", *s);
		else
			rp_buf_add_mem(out, s, 1);
	}
}

/* A summary of an older run that lies about must not be taken for this one's: the time is that of result.json, exactly. */
static void when(const struct rp_result *r, struct rp_buf *out)
{
	int64_t ms = r->finished_ms != 0 ? r->finished_ms : r->started_ms;
	char exact[RP_TIME_TEXT];
	rp_time_format(ms, exact);
	rp_buf_add(out, r->finished_ms != 0 ? "Finished " : "Not finished. Started ");
	rp_words_time(out, ms);
	rp_buf_addf(out, " (`%s`).\n\n", exact);
}

static void verdict(const struct rp_outline *o, struct rp_buf *out)
{
	static const char *const marks[] = {
		":white_check_mark:", ":x:", ":grey_question:", ":no_entry:", ":grey_question:"};
	rp_autobuf sentence = RP_BUF_INIT(64u << 10);
	rp_buf_addf(out, "## %s ", marks[o->status]);
	add(out, rp_words_title(o));
	rp_buf_add(out, ": ");
	add(out, o->result->target);
	rp_buf_add(out, "\n\n");
	rp_words_verdict(o, &sentence);
	add(out, rp_buf_text(&sentence));
	rp_buf_add(out, "\n\n");
	when(o->result, out);
}

static void remark(void *ctx, const char *sentence)
{
	rp_buf_add(ctx, "- ");
	add(ctx, sentence);
	rp_buf_add(ctx, "\n");
}

/* "3 h 44 min, objective (RPO) 24 h: met". */
static void against(struct rp_buf *out, int64_t is_ms, const char *what, int64_t asked_ms)
{
	char text[RP_TIME_TEXT];
	rp_words_length(is_ms, text);
	rp_buf_add(out, text);
	if (asked_ms <= 0)
		return;
	rp_words_length(asked_ms, text);
	rp_buf_addf(out, ", objective (%s) %s: %s", what, text, is_ms <= asked_ms ? "met" : "**missed**");
}

static void objectives(const struct rp_result *r, struct rp_buf *out)
{
	const struct rp_objectives *o = r->record.objectives;
	const struct rp_rpo *rpo = o != NULL ? o->rpo : NULL;
	int64_t took = rp_restore_ms(r);
	if (took > 0) {
		rp_buf_add(out, "Restored, under test conditions, in ");
		against(out, took, "RTO", o != NULL && o->rto != NULL ? o->rto->asked_ms : 0);
		rp_buf_add(out, ".\n\n");
	}
	if (rpo == NULL)
		return;
	rp_buf_add(out, "Age of the newest good backup: ");
	if (rpo->untold != NULL)
		add(out, rpo->untold);
	else
		against(out, rpo->age_ms, "RPO", rpo->asked_ms);
	rp_buf_add(out, ".\n\n");
}

static void numbers(const struct rp_outline *o, struct rp_buf *out)
{
	const struct rp_result *r = o->result;
	const char *backup = rp_words_about(r, "backup");
	rp_buf_add(
		out,
		"| passed | failed | could not tell | not asked | accepted |\n| --- | --- | --- | --- | --- |\n");
	rp_buf_addf(out, "| %zu | %zu | %zu | %zu | %zu |\n\n", o->count.pass, o->count.fail, o->count.error,
		    o->count.not_run, o->count.waived);
	if (backup != NULL) {
		rp_buf_add(out, "Backup: ");
		add(out, backup);
		rp_buf_add(out, "\n\n");
	}
	objectives(r, out);
}

static void rows(const struct rp_finding *f, struct rp_buf *out)
{
	static const char *const words[] = {
		[RP_LOST] = "lost", [RP_CHANGED] = "changed", [RP_GAINED] = "gained"};
	for (size_t i = 0; i < f->n_rows && i < ROWS_MAX; i++) {
		const struct rp_row_note *n = &f->rows[i];
		rp_buf_addf(out, "  - %s:%s", words[n->change], n->n_key == 0 ? " a row without a key" : "");
		for (size_t k = 0; k < n->n_key; k++) {
			rp_buf_add(out, " ");
			add(out, n->key[k].name);
			rp_buf_add(out, n->key[k].name[0] != '\0' ? " = " : "");
			add(out, n->key[k].value != NULL ? n->key[k].value : "NULL");
		}
		rp_buf_add(out, "\n");
	}
	if (f->n_rows > ROWS_MAX)
		rp_buf_addf(out, "  - and %zu more\n", f->n_rows - ROWS_MAX);
}

static void trouble(const struct rp_outline *o, struct rp_buf *out)
{
	const struct rp_findings *all = &o->result->findings;
	size_t n = 0;
	for (size_t i = 0; i < all->n; i++) {
		const struct rp_finding *f = &all->all[i];
		if (!rp_is_trouble(f) || n++ >= TROUBLE_MAX || out->len > BUDGET)
			continue;
		if (n == 1)
			rp_buf_add(out, "### What keeps it from being verified\n\n");
		rp_buf_addf(out, "- **%s** ", rp_verdict_word(f->verdict));
		add(out, f->check);
		rp_buf_add(out, " ");
		add(out, f->object);
		rp_buf_add(out, f->object[0] != '\0' ? ": " : "");
		add(out, f->message != NULL ? f->message : "");
		rp_buf_add(out, "\n");
		rows(f, out);
	}
	if (n > TROUBLE_MAX)
		rp_buf_addf(out, "- and %zu more, in the report\n", n - TROUBLE_MAX);
	rp_buf_add(out, n > 0 ? "\n" : "");
}

static void render(const struct rp_result *r, const struct rp_rendering *how, struct rp_buf *out)
{
	rp_auto(rp_outline) o = rp_outline_new(r);
	(void)how;
	if (o == NULL) {
		out->failed = true;
		return;
	}
	verdict(o, out);
	numbers(o, out);
	trouble(o, out);
	rp_words_remarks(o, remark, out);
	for (size_t i = 0; i < r->n_provisos && out->len < BUDGET; i++)
		remark(out, r->provisos[i]);
}

const struct rp_report rp_report_markdown = {.name = "markdown", .file = "summary-*.md", .render = render};
