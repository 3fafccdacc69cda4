/* SPDX-License-Identifier: MIT */
#include "reports/html.h"
#include "verifier/util/buf.h"
#include "verifier/util/parse.h"

/* How one backup was chosen, so that whoever reads it can choose again and come to the same one. */

static void candidate(const struct rp_selected *one, struct rp_buf *out)
{
	char size[RP_TIME_TEXT];
	rp_size_format(one->bytes, size);
	rp_buf_add(out, "<tr>");
	rp_html_el(out, "th scope=\"row\"", one->name);
	rp_buf_add(out, "<td>");
	rp_html_time(out, one->taken_ms);
	rp_buf_addf(out, "</td><td class=\"n\">%s</td><td>", size);
	if (one->chosen)
		rp_html_state(out, RP_PASS, "chosen");
	else if (one->aside != NULL)
		rp_html_text(out, one->aside);
	rp_buf_add(out, "</td></tr>\n");
}

static uint64_t eligible(const struct rp_selection *s)
{
	uint64_t n = 0;
	for (size_t i = 0; i < s->n; i++)
		n += s->all[i].aside == NULL;
	return n;
}

void rp_html_sample(const struct rp_outline *o, struct rp_buf *out)
{
	static const char *const columns[] = {"Entry", "Made", "#Size", "Chosen, or why it could not be",
					      NULL};
	const struct rp_selection *s = &o->result->selection;
	size_t shown = 0;
	rp_buf_add(out, "<h3>How the sample was chosen</h3>\n");
	if (s->method == NULL) {
		rp_html_el(out, "p",
			   "The backup was named by the person who started this run. Nothing was drawn.");
		return;
	}
	rp_html_facts(out, "How the sample was chosen");
	rp_html_fact(out, "Method", s->method);
	rp_html_fact(out, "Seed", s->seed);
	rp_html_fact(out, "Whose seed", s->seed_by);
	rp_html_fact_count(out, "Entries", s->n);
	rp_html_fact_count(out, "of them backups", eligible(s));
	rp_html_facts_end(out);
	if (s->n == 0)
		return;
	rp_buf_add(out, s->n > 12 ? "<details>\n<summary>All entries</summary>\n" : "");
	rp_html_table(out, "stack", "Entries to choose from, newest first", columns);
	for (; shown < s->n && shown < RP_HTML_LINES; shown++)
		candidate(&s->all[shown], out);
	rp_html_table_end(out);
	rp_html_more(out, s->n - shown);
	rp_buf_add(out, s->n > 12 ? "</details>\n" : "");
}
