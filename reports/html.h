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
#define RP_HTML_CARDS  300U	     /* answers shown in full, of each kind */
#define RP_HTML_LINES  2000U	     /* answers listed in a table */
#define RP_HTML_ROWS   100U	     /* named rows of one answer */
#define RP_HTML_TEXT   4096U	     /* bytes of one text */
#define RP_HTML_BUDGET (4500U << 10) /* bytes after which only counts are added */

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

/* html_first.c */
void rp_html_first_screen(const struct rp_outline *o, struct rp_buf *out);
/* html_answers.c: differences, what could not be told, what was accepted. */
void rp_html_answers(const struct rp_outline *o, struct rp_buf *out);
/* html_record.c: questions, timings, manifest, environment, how to do it again, signatures. */
void rp_html_questions(const struct rp_outline *o, struct rp_buf *out);
void rp_html_timings(const struct rp_outline *o, struct rp_buf *out);
void rp_html_manifest(const struct rp_outline *o, struct rp_buf *out);
void rp_html_selection(const struct rp_outline *o, struct rp_buf *out);
void rp_html_environment(const struct rp_outline *o, struct rp_buf *out);
void rp_html_again(const struct rp_outline *o, struct rp_buf *out);
/* html_controls.c */
void rp_html_controls(const struct rp_outline *o, struct rp_buf *out);
void rp_html_sign_off(const struct rp_outline *o, struct rp_buf *out);

#endif
