/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "reports/html.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/parse.h"

/* Where the time went: bars on one scale, each beside its number. The bars are for the eye only; what they show stands in
 * the cell before them. */

#define BAR_WIDTH     300U
#define SLOWEST_SHOWN 15U

/* A bar from 'from' to 'to' of 'all'; one of no length still shows. */
static void bar(struct rp_buf *out, int64_t from, int64_t to, int64_t all)
{
	double scale = all > 0 ? (double)BAR_WIDTH / (double)all : 0.0;
	unsigned x = (unsigned)((double)from * scale), end = (unsigned)((double)to * scale);
	unsigned width = end > x + 2 ? end - x : 2;
	x = x + width > BAR_WIDTH ? BAR_WIDTH - width : x;
	rp_buf_addf(
		out,
		"<td class=\"bar\"><svg width=\"%u\" height=\"14\" viewBox=\"0 0 %u 14\" preserveAspectRatio=\"none\" "
		"aria-hidden=\"true\" focusable=\"false\"><rect x=\"0\" y=\"6\" width=\"%u\" height=\"1\" "
		"fill=\"#8a8f98\"/><rect x=\"%u\" y=\"1\" width=\"%u\" height=\"11\" rx=\"1.5\" "
		"fill=\"#5b7db1\"/></svg></td>",
		BAR_WIDTH, BAR_WIDTH, BAR_WIDTH, x, width);
}

static void row(struct rp_buf *out, const char *name, int64_t ms, int64_t from, int64_t all)
{
	char text[RP_TIME_TEXT];
	rp_words_length(ms, text);
	rp_buf_add(out, "<tr>");
	rp_html_el(out, "th scope=\"row\"", name);
	rp_buf_addf(out, "<td class=\"n\">%s</td>", text);
	bar(out, from, from + ms, all);
	rp_buf_add(out, "</tr>\n");
}

/* One after the other, as they came: each bar begins where the one above it ends. */
static void phases(const struct rp_result *r, struct rp_buf *out)
{
	static const char *const columns[] = {"Phase", "#Took", "When in the run", NULL};
	int64_t all = 0, at = 0;
	for (size_t i = 0; i < r->n_phases; i++)
		if (__builtin_add_overflow(all, r->phases[i].ms, &all))
			return;
	rp_html_table(out, "timings", "Phases of the run, one after the other", columns);
	for (size_t i = 0; i < r->n_phases && i < RP_HTML_LINES; i++) {
		row(out, r->phases[i].name, r->phases[i].ms, at, all);
		at += r->phases[i].ms;
	}
	rp_html_table_end(out);
}

static int slowest_first(const void *a, const void *b)
{
	const struct rp_timing_note *const *x = a, *const *y = b;
	if ((*x)->ms != (*y)->ms)
		return (*x)->ms < (*y)->ms ? 1 : -1;
	return strcmp((*x)->name, (*y)->name);
}

static void slowest(const struct rp_record *r, const char *kind, const char *caption, const char *column,
		    struct rp_buf *out)
{
	const char *columns[] = {column, "#Took", "Against the slowest", NULL};
	rp_autofree const struct rp_timing_note **all = calloc(r->n_timings + 1, sizeof *all);
	size_t n = 0;
	if (all == NULL) {
		out->failed = true;
		return;
	}
	for (size_t i = 0; i < r->n_timings; i++)
		if (strcmp(r->timings[i].kind, kind) == 0)
			all[n++] = &r->timings[i];
	if (n == 0)
		return;
	qsort(all, n, sizeof *all, slowest_first);
	rp_html_table(out, "timings", caption, columns);
	for (size_t i = 0; i < n && i < SLOWEST_SHOWN; i++)
		row(out, all[i]->name, all[i]->ms, 0, all[0]->ms);
	rp_html_table_end(out);
	rp_html_more(out, n > SLOWEST_SHOWN ? n - SLOWEST_SHOWN : 0);
}

void rp_html_timings(const struct rp_outline *o, struct rp_buf *out)
{
	const struct rp_result *r = o->result;
	if (r->n_phases == 0)
		return;
	rp_html_section(
		out, "timings", "Timings",
		"Measured on the verifying machine under test conditions; a recovery in production has others.");
	phases(r, out);
	slowest(&r->record, "relation", "Reading the rows of each restored relation, the slowest first",
		"Relation", out);
	slowest(&r->record, "check", "Asking each question, the slowest first", "Question", out);
	rp_html_section_end(out);
}
