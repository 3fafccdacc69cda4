/* SPDX-License-Identifier: MIT */
#ifndef RP_REPORTS_OUTLINE_H
#define RP_REPORTS_OUTLINE_H

#include <stddef.h>
#include <stdint.h>

#include "verifier/result/result.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/parse.h"

struct rp_buf;

/* For this folder: what every report needs to know before its first line. */

/* All answers to one question. */
struct rp_group {
	const char *check; /* borrowed from the result */
	enum rp_severity severity;
	struct rp_summary count;
	uint64_t looked; /* by what passes */
	const struct rp_finding *first;
};
struct rp_rendering;
struct rp_outline {
	const struct rp_result *result;
	const struct rp_rendering *how; /* set by whoever renders what needs it */
	struct rp_group *groups;	/* in the order they were asked */
	size_t n_groups;
	struct rp_summary count;
	enum rp_status status;
	const char *verdict;
	const char *missing[RP_REQUIRED_MAX];
	size_t n_missing;
};
/* NULL without memory. */
struct rp_outline *rp_outline_new(const struct rp_result *r);
void rp_outline_free(struct rp_outline *o);
RP_AUTO_CALLS(rp_outline, rp_outline_free)

/* An answer that keeps the run from being a 0, or would. */
static inline bool rp_is_trouble(const struct rp_finding *f)
{
	return f->verdict == RP_FAIL || f->verdict == RP_ERROR || (f->verdict == RP_NOT_RUN && !f->excused);
}

/* How long the restore took, as the objectives have it or else the phase of that name; 0: it was not restored. */
int64_t rp_restore_ms(const struct rp_result *r);

/* From i on, how many answers say the same: not run, about no object, for one reason. At least 1. A restore that
 * fails leaves a dozen of them, which are shown as one. */
size_t rp_same_from(const struct rp_result *r, size_t i);

/* words.c and topics.c: what the reports say, so that they all say the same. Plain text; the caller escapes it. */

/* Two or three words: "Verified", "Not what was sealed". */
const char *rp_words_title(const struct rp_outline *o);
/* The verdict in one sentence, and what must be said with it (waivers, drift, what is partial). */
void rp_words_verdict(const struct rp_outline *o, struct rp_buf *out);
void rp_words_remarks(const struct rp_outline *o, void (*each)(void *ctx, const char *sentence), void *ctx);
/* What a check asks, as a noun; its name for a check that is not known here: one need not come here to add one. */
const char *rp_words_topic(const char *check);
/* What it proves that all answers of a question pass, as a sentence; NULL: not known here. */
const char *rp_words_proved(const struct rp_outline *o, const struct rp_group *g);
/* "1 row", "2 rows"; noun takes an s. */
void rp_words_count(struct rp_buf *out, uint64_t n, const char *noun);
/* "21 Nov 2026, 06:00:12 UTC". */
void rp_words_time(struct rp_buf *out, int64_t ms);
/* A length of any size: "13.4 s", "24 h" (and not "24 h 00 min"), "6 days 23 h". */
void rp_words_length(int64_t ms, char ret[RP_TIME_TEXT]);
/* What 'about' says under a name; NULL: nothing. */
const char *rp_words_about(const struct rp_result *r, const char *name);
/* Of a proviso that tells of a class which no survey covers, what and why; NULL: it tells of something else. */
const char *rp_words_left_out(const char *proviso);

#endif
