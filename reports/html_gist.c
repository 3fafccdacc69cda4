/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "reports/html.h"
#include "verifier/util/buf.h"

/* The rest of the first screen: where it fails, what was not checked, what was proved. */

/* The first few rows that differ, by their keys: "lost id=17, id=18; changed id=42". */
#define KEYS_MAX 3U

static void row_keys(struct rp_buf *out, const struct rp_finding *f)
{
	static const char *const words[] = {
		[RP_LOST] = "lost", [RP_CHANGED] = "changed", [RP_GAINED] = "gained"};
	rp_autobuf text = RP_BUF_INIT(4U << 20);
	for (size_t change = RP_LOST; change <= RP_GAINED; change++) {
		size_t n = 0;
		for (size_t i = 0; i < f->n_rows; i++) {
			const struct rp_row_note *row = &f->rows[i];
			if (row->change != (enum rp_change)change || n++ >= KEYS_MAX)
				continue;
			if (n == 1)
				rp_buf_addf(&text, "%s%s", text.len > 0 ? "; " : "", words[change]);
			rp_buf_add(&text, n > 1 ? "," : "");
			for (size_t k = 0; k < row->n_key; k++)
				rp_buf_addf(&text, " %s%s%s", row->key[k].name,
					    *row->key[k].name != '\0' ? "=" : "", row->key[k].value);
		}
		if (n > KEYS_MAX)
			rp_buf_addf(&text, " and %zu more", n - KEYS_MAX);
	}
	if (text.len > 0 && !text.failed) {
		rp_buf_add(out, " <small>");
		rp_html_marked(out, rp_buf_text(&text), NULL);
		rp_buf_add(out, "</small>");
	}
}

/* "public.orders Content of rows: 2 rows lost"; f is the finding it is about, NULL: none. */
static void line(struct rp_buf *out, enum rp_verdict v, const char *topic, const struct rp_finding *f,
		 const char *text)
{
	rp_buf_addf(out, "<li class=\"%s\">", rp_html_verdict_class(v));
	rp_html_verdict_sign(out, v, 18);
	rp_buf_add(out, "<span>");
	if (f != NULL && *f->object != '\0') {
		rp_html_el(out, "code", f->object);
		rp_buf_add(out, " ");
	}
	rp_html_el(out, "b", topic);
	rp_buf_add(out, ": ");
	rp_html_marked(out, text, NULL);
	if (f != NULL)
		row_keys(out, f);
	rp_buf_add(out, "</span></li>\n");
}

/* Where it fails and what could not be told, before anybody scrolls. */
#define WORST_MAX 6U

static void worst(const struct rp_outline *o, enum rp_verdict verdict, size_t n, struct rp_buf *out)
{
	const struct rp_result *r = o->result;
	bool fails = verdict == RP_FAIL;
	size_t shown = 0;
	if (n == 0)
		return;
	rp_buf_addf(out,
		    "<section class=\"worst\" aria-labelledby=\"first-%s\">\n<h2 id=\"first-%s\">%s</h2>\n"
		    "<ul class=\"list\">\n",
		    fails ? "fails" : "open", fails ? "fails" : "open",
		    fails ? "What fails" : "What could not be told");
	for (int severity = RP_HIGH; severity >= RP_LOW; severity--) {
		for (size_t i = 0; i < r->findings.n && shown < WORST_MAX; i++) {
			const struct rp_finding *f = &r->findings.all[i];
			if (f->verdict != verdict || f->severity != (enum rp_severity)severity)
				continue;
			line(out, verdict, rp_words_topic(f->check), f,
			     f->message != NULL ? f->message : "no more is known");
			shown++;
		}
	}
	if (shown < n)
		rp_buf_addf(out, "<li><span><a href=\"#%s\">and %zu more</a></span></li>\n",
			    fails ? "fails" : "open", n - shown);
	rp_buf_add(out, "</ul>\n</section>\n");
}

static bool all_good(const struct rp_group *g)
{
	return g->count.pass > 0 && g->count.not_run == g->count.excused &&
	       g->count.fail + g->count.error + g->count.waived == 0;
}

static void looked_at(const struct rp_group *g, struct rp_buf *out)
{
	if (g->looked <= 1 && g->count.excused == 0)
		return;
	rp_buf_add(out, " <small>");
	rp_html_count(out, g->looked);
	rp_buf_add(out, "&nbsp;looked&nbsp;at");
	if (g->count.excused > 0)
		rp_buf_addf(out, "; not&nbsp;run:&nbsp;%zu, see what was not checked", g->count.excused);
	rp_buf_add(out, "</small>");
}

static void proved(const struct rp_outline *o, struct rp_buf *out)
{
	size_t n = 0;
	rp_buf_add(out, "<section aria-labelledby=\"proved\">\n<h2 id=\"proved\">What was proved</h2>\n");
	for (size_t i = 0; i < o->n_groups; i++) {
		const struct rp_group *g = &o->groups[i];
		const char *sentence = rp_words_proved(o, g);
		if (!all_good(g))
			continue;
		rp_buf_add(out,
			   n++ == 0 ? "<ul class=\"list\">\n<li class=\"good\">" : "<li class=\"good\">");
		rp_html_verdict_sign(out, RP_PASS, 18);
		rp_buf_add(out, "<span>");
		rp_html_text(out, sentence != NULL ? sentence : g->check);
		looked_at(g, out);
		rp_buf_add(out, "</span></li>\n");
	}
	rp_buf_add(out, n > 0 ? "</ul>\n" : "<p>Nothing.</p>\n");
	rp_buf_add(out, "</section>\n");
}

/* The most of these that belong on a first screen; the rest is below. */
#define UNCHECKED_MAX 12U

static void unchecked(const struct rp_outline *o, struct rp_buf *out)
{
	const struct rp_result *r = o->result;
	size_t n = 0;
	rp_buf_add(out,
		   "<section aria-labelledby=\"unchecked\">\n<h2 id=\"unchecked\">What was not checked</h2>\n"
		   "<ul class=\"list\">\n");
	if (r->without_manifest)
		line(out, RP_NOT_RUN, "Comparison with the source", NULL,
		     "there was no manifest, so no object and no row was compared with what it was.");
	for (size_t i = 0; i < r->n_provisos; i++) {
		const char *left_out = rp_words_left_out(r->provisos[i]);
		line(out, left_out != NULL ? RP_NOT_RUN : RP_ERROR,
		     left_out != NULL ? "Not compared" : "Condition", NULL,
		     left_out != NULL ? left_out : r->provisos[i]);
	}
	for (size_t i = 0, same; i < r->findings.n; i += same) {
		const struct rp_finding *f = &r->findings.all[i];
		same = rp_same_from(r, i);
		if (f->verdict != RP_NOT_RUN || n++ >= UNCHECKED_MAX)
			continue;
		rp_autobuf topics = RP_BUF_INIT(16U << 20);
		for (size_t k = 0; k < same; k++)
			rp_buf_addf(&topics, "%s%s", k > 0 ? ", " : "", rp_words_topic(f[k].check));
		line(out, RP_NOT_RUN, rp_buf_text(&topics), f, f->message != NULL ? f->message : "not run");
	}
	if (n > UNCHECKED_MAX)
		rp_buf_addf(out, "<li><span><a href=\"#open\">%zu more, below</a></span></li>\n",
			    n - UNCHECKED_MAX);
	if (n == 0 && r->findings.n > 0 && o->n_missing > 0) {
		rp_autobuf topics = RP_BUF_INIT(1U << 20);
		for (size_t k = 0; k < o->n_missing; k++)
			rp_buf_addf(&topics, "%s%s", k > 0 ? ", " : "", rp_words_topic(o->missing[k]));
		line(out, RP_NOT_RUN, "Nothing was proved about", NULL, rp_buf_text(&topics));
		n++;
	}
	if (n == 0 && r->findings.n == 0)
		rp_buf_add(out, "<li><span>Everything: no question was asked.</span></li>\n");
	else if (n == 0 && !r->without_manifest)
		rp_buf_add(out, "<li><span>Every question of this run was asked.</span></li>\n");
	rp_buf_add(out, "</ul>\n</section>\n");
}

void rp_html_gist(const struct rp_outline *o, struct rp_buf *out)
{
	worst(o, RP_FAIL, o->count.fail, out);
	worst(o, RP_ERROR, o->count.error, out);
	/* What was not checked comes before what was: on a telephone, and to those who hear the page, too. */
	rp_buf_add(out, "<div class=\"halves\">\n");
	unchecked(o, out);
	proved(o, out);
	rp_buf_add(out, "</div>\n");
}
