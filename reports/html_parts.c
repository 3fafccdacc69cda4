/* SPDX-License-Identifier: MIT */
#include "reports/html.h"
#include "verifier/util/buf.h"
#include "verifier/util/parse.h"

void rp_html_section(struct rp_buf *out, const char *id, const char *title, const char *intro)
{
	rp_buf_addf(out, "<section id=\"%s\">\n<h2>%s</h2>\n", id, title);
	if (intro != NULL)
		rp_html_el(out, "p class=\"intro\"", intro);
}

void rp_html_section_end(struct rp_buf *out)
{
	rp_buf_add(out, "</section>\n");
}

void rp_html_facts(struct rp_buf *out, const char *caption)
{
	rp_buf_addf(out, "<table class=\"facts\">\n<caption class=\"hidden\">%s</caption>\n<tbody>\n",
		    caption);
}

void rp_html_facts_end(struct rp_buf *out)
{
	rp_html_table_end(out);
}

void rp_html_fact(struct rp_buf *out, const char *name, const char *value)
{
	if (value == NULL)
		return;
	rp_buf_add(out, "<tr>");
	rp_html_el(out, "th scope=\"row\"", name);
	rp_buf_add(out, "<td>");
	rp_html_marked(out, value, NULL);
	rp_buf_add(out, "</td></tr>\n");
}

void rp_html_fact_time(struct rp_buf *out, const char *name, int64_t ms)
{
	if (ms == 0)
		return;
	rp_buf_add(out, "<tr>");
	rp_html_el(out, "th scope=\"row\"", name);
	rp_buf_add(out, "<td>");
	rp_html_time(out, ms);
	rp_buf_add(out, "</td></tr>\n");
}

void rp_html_fact_length(struct rp_buf *out, const char *name, int64_t ms)
{
	char text[RP_TIME_TEXT];
	rp_words_length(ms, text);
	rp_html_fact(out, name, text);
}

void rp_html_fact_count(struct rp_buf *out, const char *name, uint64_t n)
{
	char text[RP_TIME_TEXT];
	rp_count_format(n, text);
	rp_html_fact(out, name, text);
}

void rp_html_table(struct rp_buf *out, const char *class, const char *caption, const char *const *columns)
{
	rp_buf_addf(out, "<table%s%s%s>\n<caption>%s</caption>\n<thead><tr>",
		    *class != '\0' ? " class=\"" : "", class, *class != '\0' ? "\"" : "", caption);
	for (; *columns != NULL; columns++) {
		bool number = **columns == '#';
		rp_buf_addf(out, "<th scope=\"col\"%s>%s</th>", number ? " class=\"n\"" : "",
			    *columns + number);
	}
	rp_buf_add(out, "</tr></thead>\n<tbody>\n");
}

void rp_html_table_end(struct rp_buf *out)
{
	rp_buf_add(out, "</tbody>\n</table>\n");
}

void rp_html_more(struct rp_buf *out, uint64_t n)
{
	if (n == 0)
		return;
	rp_buf_add(out, "<p class=\"note\">");
	rp_html_count(out, n);
	rp_buf_addf(out, " more %s in result.json.</p>\n", n == 1 ? "is" : "are");
}

void rp_html_state(struct rp_buf *out, enum rp_verdict v, const char *word)
{
	rp_buf_addf(out, "<span class=\"state %s\">", rp_html_verdict_class(v));
	rp_html_verdict_sign(out, v, 16);
	rp_buf_add(out, " ");
	rp_html_text(out, word);
	rp_buf_add(out, "</span>");
}
