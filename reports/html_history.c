/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "reports/html.h"
#include "verifier/util/buf.h"
#include "verifier/util/parse.h"

/* Restore time and size over the runs before: two small pictures of columns on one time axis, newest at the right, and
 * the same numbers in a table. A run that was not a pass is drawn hollow, so that it shows without colour. */

#define DRAWN_MAX 40U
#define LISTED	  10U /* before anything is folded away */
#define STEP	  15U
#define COLUMN	  11U
#define HEIGHT	  72U

static bool is_pass(const char *verdict)
{
	return strcmp(verdict, "verified") == 0 || strcmp(verdict, "restorable") == 0;
}

static enum rp_verdict looks(const char *verdict)
{
	return is_pass(verdict)							     ? RP_PASS
	       : strcmp(verdict, "failed") == 0 || strcmp(verdict, "untrusted") == 0 ? RP_FAIL
										     : RP_ERROR;
}

/* One column: a run before this one, or this one. */
struct drawn {
	uint64_t value;
	bool pass, here;
};

/* The newest of those before, and this run behind them; how large its backup is, is not recorded as a number. */
static size_t series(const struct rp_outline *o, bool size, struct drawn ret[DRAWN_MAX + 1])
{
	const struct rp_past *p = o->result->record.history;
	size_t n = 0;
	for (size_t i = p->n_runs > DRAWN_MAX ? p->n_runs - DRAWN_MAX : 0; i < p->n_runs; i++) {
		const struct rp_past_run *r = &p->runs[i];
		ret[n++] = (struct drawn){.value = size		       ? r->bytes
						   : r->restore_ms > 0 ? (uint64_t)r->restore_ms
								       : 0,
					  .pass = is_pass(r->verdict)};
	}
	if (!size && rp_restore_ms(o->result) > 0)
		ret[n++] = (struct drawn){.value = (uint64_t)rp_restore_ms(o->result),
					  .pass = o->status == RP_VERIFIED,
					  .here = true};
	return n;
}

static void column(struct rp_buf *out, const struct drawn *d, size_t place, unsigned height)
{
	unsigned x = (unsigned)place * STEP + 1;
	if (height == 0)
		rp_buf_addf(out, "<circle cx=\"%u\" cy=\"%u\" r=\"2\" fill=\"currentColor\"/>",
			    x + COLUMN / 2, HEIGHT - 3);
	else if (d->pass)
		rp_buf_addf(out, "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" fill=\"%s\"/>", x,
			    HEIGHT - height, COLUMN, height, d->here ? "currentColor" : "#5b7db1");
	else
		rp_buf_addf(out,
			    "<rect x=\"%u.5\" y=\"%u.5\" width=\"%u\" height=\"%u\" fill=\"none\" "
			    "stroke=\"currentColor\" stroke-width=\"%u\"/>",
			    x, HEIGHT - height, COLUMN - 1, height > 1 ? height - 1 : 1, d->here ? 2U : 1U);
}

/* asked: a line across, 0: none. */
static void picture(const struct rp_outline *o, bool size, uint64_t asked, const char *title,
		    struct rp_buf *out)
{
	struct drawn all[DRAWN_MAX + 1];
	size_t n = series(o, size, all);
	uint64_t most = 0;
	char text[RP_TIME_TEXT];
	for (size_t i = 0; i < n; i++)
		most = all[i].value > most ? all[i].value : most;
	if (most == 0)
		return;
	/* A limit that is far above everything would press the columns flat: then only the words tell of it. */
	bool line = asked > 0 && asked <= most * 3;
	double scale = (double)(HEIGHT - 4) / (double)(line && asked > most ? asked : most);
	if (size)
		rp_size_format(most, text);
	else
		rp_words_length((int64_t)most, text);
	rp_buf_addf(out, "<figure><figcaption>%s; the highest is %s", title, text);
	if (asked > 0) {
		rp_words_length((int64_t)asked, text);
		rp_buf_addf(out,
			    line ? ", the dashed line the objective of %s"
				 : ", the objective of %s is far above",
			    text);
	}
	rp_buf_add(out, "</figcaption>");
	rp_buf_addf(
		out,
		"<svg width=\"%zu\" height=\"%u\" viewBox=\"0 0 %zu %u\" preserveAspectRatio=\"none\" aria-hidden=\"true\" "
		"focusable=\"false\"><rect x=\"0\" y=\"%u\" width=\"%zu\" height=\"1\" fill=\"#8a8f98\"/>",
		n * STEP, HEIGHT, n * STEP, HEIGHT, HEIGHT - 1, n * STEP);
	for (size_t i = 0; i < n; i++)
		column(out, &all[i], i, (unsigned)((double)all[i].value * scale));
	if (line)
		rp_buf_addf(
			out,
			"<path d=\"M0 %uh%zu\" stroke=\"currentColor\" stroke-width=\"1.5\" stroke-dasharray=\"5 4\"/>",
			HEIGHT - (unsigned)((double)asked * scale), n * STEP);
	rp_buf_add(out, "</svg></figure>\n");
}

static void entry(const struct rp_past_run *r, struct rp_buf *out)
{
	char text[RP_TIME_TEXT];
	rp_buf_add(out, "<tr><th scope=\"row\">");
	rp_html_time(out, r->at_ms);
	rp_buf_add(out, " <small>");
	rp_html_marked(out, r->point, NULL);
	rp_buf_add(out, "</small></th><td>");
	rp_html_state(out, looks(r->verdict), r->verdict);
	if (r->answered_by != 0)
		rp_buf_addf(out, " <small>answered by #%" PRIu64 "</small>", r->answered_by);
	rp_buf_add(out, r->open ? " <small>still open</small>" : "");
	if (r->retest_of != 0)
		rp_buf_addf(out, " <small>answers #%" PRIu64 "</small>", r->retest_of);
	rp_buf_add(out, r->reviewed ? " <small>reviewed</small>" : "");
	rp_words_length(r->restore_ms, text);
	rp_buf_addf(out, "</td><td class=\"n\">%s</td>", r->restore_ms > 0 ? text : "&ndash;");
	rp_size_format(r->bytes, text);
	rp_buf_addf(out, "<td class=\"n\">%s</td><td class=\"n\">", r->bytes > 0 ? text : "&ndash;");
	if (r->rows > 0)
		rp_html_count(out, r->rows);
	else
		rp_buf_add(out, "&ndash;");
	rp_buf_add(out, "</td></tr>\n");
}

/* The newest first; runs are recorded oldest first. */
static void table(const struct rp_past *p, size_t from, size_t to, const char *caption, struct rp_buf *out)
{
	static const char *const columns[] = {
		"Run and recovery point", "Verdict", "#Restore", "#Size", "#Rows", NULL};
	rp_html_table(out, "counts", caption, columns);
	for (size_t i = to; i-- > from;)
		entry(&p->runs[i], out);
	rp_html_table_end(out);
}

static void counts(const struct rp_past *p, struct rp_buf *out)
{
	rp_autobuf says = RP_BUF_INIT(1024);
	rp_buf_addf(&says,
		    "Before this run: %" PRIu64 " passed, %" PRIu64 " failed (%" PRIu64
		    " still open), %" PRIu64 " could not tell, %" PRIu64 " abandoned.",
		    p->passed, p->failed, p->open, p->untold, p->abandoned);
	if (p->untold_in_a_row > 1)
		rp_buf_addf(&says, " The last %" PRIu64 " could not tell, one after the other.",
			    p->untold_in_a_row);
	rp_html_el(out, "p", rp_buf_text(&says));
}

void rp_html_history(const struct rp_outline *o, struct rp_buf *out)
{
	const struct rp_record *record = &o->result->record;
	const struct rp_past *p = record->history;
	int64_t rto = record->objectives != NULL && record->objectives->rto != NULL
			      ? record->objectives->rto->asked_ms
			      : 0;
	rp_html_section(out, "history", "History", NULL);
	if (p == NULL) {
		rp_html_el(out, "p", "No ledger was kept, so nothing is known of runs before this one.");
		rp_html_section_end(out);
		return;
	}
	counts(p, out);
	if (p->n_runs > 0) {
		size_t open = p->n_runs > LISTED ? p->n_runs - LISTED : 0;
		rp_buf_add(out, "<div class=\"pictures\">\n");
		picture(o, false, rto > 0 ? (uint64_t)rto : 0,
			rp_restore_ms(o->result) > 0
				? "Restore time of each run, this one at the right"
				: "Restore time of each run before, the newest at the right",
			out);
		picture(o, true, 0, "Size of the backup of each run before", out);
		rp_buf_add(
			out,
			"</div>\n<p class=\"note\">Filled: passed. Hollow: not. A dot: nothing was measured.</p>\n");
		table(p, open, p->n_runs, "Runs before this one, the newest first", out);
		if (open > 0) {
			rp_buf_addf(out, "<details>\n<summary>Older runs (%zu)</summary>\n", open);
			table(p, 0, open, "Runs before this one, continued", out);
			rp_buf_add(out, "</details>\n");
		}
	}
	if (p->unlisted > 0)
		rp_buf_addf(out, "<p class=\"note\">%" PRIu64 " older ones are in the ledger.</p>\n",
			    p->unlisted);
	rp_html_section_end(out);
}
