/* SPDX-License-Identifier: MIT */
#ifndef RP_RESULT_TEXT_H
#define RP_RESULT_TEXT_H

#include <stddef.h>

#include "verifier/result/finding.h"

struct rp_buf;

/* For this folder: how text gets in and out. */

/* Append at most max bytes of s, bytes that are not UTF-8 as \xNN; what is cut off is counted behind it. */
void rp_text_add_utf8(struct rp_buf *b, const char *s, size_t max);
/* Append s, which is UTF-8, as a JSON string with its quotes; what a terminal would obey is escaped. */
void rp_text_add_json(struct rp_buf *b, const char *s);

/* A copy that lives as long as the collection; NULL for NULL, and NULL with to->failed set without memory. */
const char *rp_text_keep(struct rp_findings *to, const char *s);
/* Add a finding whose texts are kept already. */
void rp_findings_push(struct rp_findings *to, const struct rp_finding *f);
/* Room for one more; NULL with to->failed set, and the old list still good, without memory. */
void *rp_list_grow(struct rp_findings *to, void *list, size_t n, size_t *room, size_t size);

#endif
