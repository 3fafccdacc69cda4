/* SPDX-License-Identifier: MIT */
#ifndef RP_RESULT_FINDING_H
#define RP_RESULT_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/survey/survey.h"
#include "verifier/util/arena.h"

struct rp_err;

/* A finding is one answer: what was asked, of which object, the verdict, what was expected and what was
 * found. Plain text and data, ready for result.json; nobody needs a database to render it. A finding is never
 * a failure of the program. */

enum rp_verdict {
	RP_PASS,
	RP_FAIL,
	RP_NOT_RUN, /* could not be asked; message says why. Makes the run a 2 unless excused */
	RP_ERROR,   /* was asked and could not be told. Makes the run a 2 */
	RP_WAIVED,  /* would fail, and a person accepts it. Set by rp_checks_run() alone */
};
enum rp_severity { RP_LOW, RP_MEDIUM, RP_HIGH }; /* orders reports; never changes the exit status */

/* What a difference comes from. Only the first is damage. */
enum rp_cause {
	RP_BY_DAMAGE,
	RP_BY_VERSION, /* version drift: passes, and is listed */
	RP_BY_FORMAT,  /* lossy by the dump format: fails until a person waives it */
	RP_BY_MOMENT,  /* survey and backup are not of one moment: RP_ERROR, for nothing can be concluded */
};

/* One named row. */
struct rp_row_note {
	enum rp_change change;
	const struct rp_fact *key;    /* {"id", "17"}; where only a fingerprint is known {"", "fp:..."} */
	const struct rp_fact *values; /* restored ones, masked unless asked for; NULL: none */
	size_t n_key, n_values;
};

struct rp_finding {
	const char *check; /* set by the collection, see rp_ask() */
	enum rp_severity severity;
	const char *object; /* qualified name; "" when the question is about the whole database */
	enum rp_verdict verdict;
	enum rp_cause cause;
	uint64_t looked; /* how many things it is about; a pass about none is turned into a not-run */
	bool excused;	 /* not-run, and that does not make the run a 2. Set by rp_checks_run() alone */
	const char *expected, *found, *message; /* NULL: nothing to say */
	const struct rp_row_note *rows;
	size_t n_rows;
	bool rows_complete;
};

/* All findings of a run, in the order they came. Owns what it holds; all of it is made UTF-8 at the door. One
 * thread. {0} is an empty one. */
struct rp_findings {
	struct rp_finding *all;
	size_t n, room;
	size_t text_kept;  /* bytes */
	const char *asked; /* the name that goes with what is added next */
	enum rp_severity severity;
	struct rp_arena *memory;
	bool failed; /* no memory: sticky, asked once at the end of the run, which is then a 2 */
};

/* From here on, answers belong to this question. The runner calls it before each check. */
void rp_ask(struct rp_findings *to, const char *check, enum rp_severity severity);

/* What one text and one finding may take; what is beyond is cut and the cut is told. A hostile backup must not
 * choose how large a report gets. */
#define RP_FINDING_TEXT_MAX (16U << 10)
#define RP_FINDING_ROWS_MAX 10000U
/* What all of them may take at full length: 32 MB of text that is escaped six times as long still fit
 * RP_RESULT_MAX. Beyond it every answer is kept, in few words and without its rows. */
#define RP_FINDINGS_MAX	       (32U << 20)
#define RP_FINDING_TEXT_LITTLE 256U

/* Add an answer; f is copied whole. A pass that looked at nothing becomes a not-run. */
void rp_answer(struct rp_findings *to, const struct rp_finding *f);
/* The common ones. */
void rp_pass(struct rp_findings *to, const char *object, uint64_t looked);
void rp_fail(struct rp_findings *to, const char *object, const char *expected, const char *found,
	     const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void rp_not_run(struct rp_findings *to, const char *object, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* An error that ended a question becomes its answer: RP_FAIL when the backup is at fault or the manifest not
 * to be trusted (RP_ERR_BACKUP, RP_ERR_TRUST), else RP_ERROR. Text and hint are the error's. */
void rp_answer_error(struct rp_findings *to, const char *object, const struct rp_err *err);

/* Text that lives as long as the collection, for the one who changes an answer that was given (the runner, with
 * a waiver's reason). NULL, and 'failed' is set, when there is no memory. */
const char *rp_findings_text(struct rp_findings *to, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The words of result.json and every report: "not-run", "high", "damage". */
const char *rp_verdict_word(enum rp_verdict v);
const char *rp_severity_word(enum rp_severity s);
const char *rp_cause_word(enum rp_cause c);

void rp_findings_done(struct rp_findings *f);

#endif
