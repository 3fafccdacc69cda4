/* SPDX-License-Identifier: MIT */
#ifndef RP_REPORTS_HTML_H
#define RP_REPORTS_HTML_H

#include <stddef.h>
#include <stdint.h>

#include "reports/outline.h"

struct rp_buf;

/* For this folder: the parts of the HTML report. One file, no script, no network, nothing inline but the one
 * <style>: it is readable when a server's policy takes that away (Jenkins does), and on paper. Every status is
 * said by a word, a sign and a colour. Whatever comes from outside goes through rp_html_text(). */

/* What a page may hold, so that a browser still opens it; all of it is in result.json. */
#define RP_HTML_CARDS	  100U		/* answers shown in full, of each kind */
#define RP_HTML_LINES	  2000U		/* answers listed in a table */
#define RP_HTML_RELATIONS 12000U	/* relations whose rows are reconciled */
#define RP_HTML_ROWS	  100U		/* named rows of one answer */
#define RP_HTML_TEXT	  4096U		/* bytes of one text */
#define RP_HTML_BUDGET	  (6144U << 10) /* bytes after which only counts are added */

/* style.c. The text between <style> and </style>, and its hash for the page's policy. */
void rp_html_style(struct rp_buf *out);

/* html_text.c */
void rp_html_text(struct rp_buf *out, const char *s);
/* <name>s</name>; name may carry attributes: "td class=\"n\"". */
void rp_html_el(struct rp_buf *out, const char *name, const char *s);
/* At most RP_HTML_TEXT bytes; what differs from 'other' is marked. other may be NULL. */
void rp_html_marked(struct rp_buf *out, const char *s, const char *other);
void rp_html_count(struct rp_buf *out, uint64_t n);
void rp_html_time(struct rp_buf *out, int64_t ms);
/* A sign, drawn: what a verdict or a status looks like. size in pixels. */
void rp_html_verdict_sign(struct rp_buf *out, enum rp_verdict v, unsigned size);
void rp_html_status_sign(struct rp_buf *out, enum rp_status s, unsigned size);
const char *rp_html_verdict_class(enum rp_verdict v);
const char *rp_html_status_class(const struct rp_outline *o);

/* html_parts.c: pieces that every section is made of. What they are given is escaped; title, intro and caption are ours. */
void rp_html_section(struct rp_buf *out, const char *id, const char *title, const char *intro);
void rp_html_section_end(struct rp_buf *out);
/* A table of names and values, its caption for those who hear it. */
void rp_html_facts(struct rp_buf *out, const char *caption);
void rp_html_facts_end(struct rp_buf *out);
void rp_html_fact(struct rp_buf *out, const char *name, const char *value); /* value NULL: left out */
void rp_html_fact_time(struct rp_buf *out, const char *name, int64_t ms);
void rp_html_fact_length(struct rp_buf *out, const char *name, int64_t ms);
void rp_html_fact_count(struct rp_buf *out, const char *name, uint64_t n);
/* The head of a table; columns end with NULL, and one of numbers begins with '#'. */
void rp_html_table(struct rp_buf *out, const char *class, const char *caption, const char *const *columns);
void rp_html_table_end(struct rp_buf *out);
/* "N more are in result.json", unless n is 0. */
void rp_html_more(struct rp_buf *out, uint64_t n);
/* A sign and a word in the colour of v. */
void rp_html_state(struct rp_buf *out, enum rp_verdict v, const char *word);

/* html_sign_off.c: "not reviewed", or that it was. */
const char *rp_html_reviewed(const struct rp_outline *o);

/* The sections, in the order of the page; each writes nothing where there is nothing to say. */
void rp_html_first_screen(const struct rp_outline *o, struct rp_buf *out); /* html_first.c */
void rp_html_keys(const struct rp_outline *o, struct rp_buf *out);
void rp_html_gist(const struct rp_outline *o, struct rp_buf *out);
void rp_html_answers(const struct rp_outline *o, struct rp_buf *out);
void rp_html_population(const struct rp_outline *o, struct rp_buf *out);
void rp_html_sample(const struct rp_outline *o, struct rp_buf *out);
void rp_html_changes(const struct rp_outline *o, struct rp_buf *out);
void rp_html_reconcile(const struct rp_outline *o, struct rp_buf *out);
void rp_html_trust(const struct rp_outline *o, struct rp_buf *out);
void rp_html_questions(const struct rp_outline *o, struct rp_buf *out);
void rp_html_objectives(const struct rp_outline *o, struct rp_buf *out);
void rp_html_timings(const struct rp_outline *o, struct rp_buf *out);
void rp_html_history(const struct rp_outline *o, struct rp_buf *out);
void rp_html_waivers(const struct rp_outline *o, struct rp_buf *out);
void rp_html_coverage(const struct rp_outline *o, struct rp_buf *out);
void rp_html_controls(const struct rp_outline *o, struct rp_buf *out);
void rp_html_environment(const struct rp_outline *o, struct rp_buf *out);
void rp_html_again(const struct rp_outline *o, struct rp_buf *out);
void rp_html_sign_off(const struct rp_outline *o, struct rp_buf *out);

#endif
