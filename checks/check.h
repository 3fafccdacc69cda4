/* SPDX-License-Identifier: MIT */
#ifndef RP_CHECKS_CHECK_H
#define RP_CHECKS_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "verifier/config/target.h"
#include "verifier/engine/db.h"
#include "verifier/manifest/manifest.h"
#include "verifier/recovery/format.h"
#include "verifier/result/result.h"
#include "verifier/result/scope.h"
#include "verifier/scan/scan.h"
#include "verifier/survey/survey.h"

struct rp_err;

/* What a run has gathered, in the order it was gathered, and so what there is to look at. The command that
 * gathers it owns it; checks get it const and use it for reading. What the run did not get to is NULL. */
struct rp_evidence {
	const struct rp_target *target; /* always there; borrowed */
	struct rp_manifest *manifest;	/* NULL: --no-manifest, or not to be trusted */
	struct rp_store *store;
	struct rp_point *point;
	struct rp_artifact *artifact;
	struct rp_scratch *scratch;
	struct rp_restored restored;	   /* .format NULL: nothing was */
	struct rp_db *db;		   /* the restored database */
	struct rp_survey *found;	   /* what it is now */
	struct rp_differences differences; /* between the two surveys' objects, after re-parsing; empty: none,
					    * or there are no two surveys */
	const struct rp_record
		*record; /* what surrounds the run, as far as it is known before it ends; borrowed */
	const struct rp_scope
		*proved; /* what the last proof in the ledger looked at; NULL: there is none. One that could
					 * not be read has its entry's number and did not go through */
	const char *stopped_at; /* the question at which the gathering ended; NULL: it has everything */
	struct rp_err *stopped; /* why */
};
/* Compare the two surveys' objects; where only the text of a definition differs, ask the engine how the sealed
 * text prints on the restored server (rp_engine.reparse), and drop what then agrees. */
int rp_evidence_compare(struct rp_evidence *e, struct rp_err **err);
/* Give it all back, in reverse order (connections before the scratch they are to). The first answers
 * scratch.removed, so it comes before the reports; the second is for every way out and does what is left to
 * do. */
void rp_evidence_close(struct rp_evidence *e, struct rp_findings *to);
void rp_evidence_done(struct rp_evidence *e);

/* What a check cannot do without; having said so, it need not test for it. */
enum rp_need {
	RP_NEEDS_MANIFEST = 1 << 0,
	RP_NEEDS_ARTIFACT = 1 << 1,
	RP_NEEDS_RESTORE = 1 << 2, /* restored */
	RP_NEEDS_FOUND = 1 << 3,   /* db and found: it was restored whole and surveyed */
	RP_NEEDS_BOTH = RP_NEEDS_MANIFEST | RP_NEEDS_FOUND,
};

/* Most checks ask whether a fact of some objects is as it was sealed: they say which, the runner does the
 * rest. Drift passes with its reason; all that agree are one answer. */
struct rp_concern {
	const char *kind;	  /* NULL: any that no other check names for these facts */
	const char *const *facts; /* NULL-terminated; NULL: being there, the definition, and all facts that
				   * have no check of their own */
	bool (*agrees)(const char *expected, const char *found); /* asked when not equal; NULL: they differ */
	bool always; /* every such object has the fact: where one side lacks it, it could not be read there, and
		      * that is a not-run and no difference */
};

/* One question. A file in this folder that ends in one const object, and a line in registry.c. */
struct rp_check {
	const char *name;    /* "relation.digest": in configuration, JUnit and results, for ever */
	const char *summary; /* one line for --list-checks and the manual */
	enum rp_severity severity;
	unsigned needs; /* rp_need, or-ed */
	bool required;	/* 'verified' needs it: skipped or not run, the run is partial, a 2 */
	bool final;	/* no waiver covers it */
	const struct rp_concern *concern; /* set: the two below are NULL */
	/* How many things it will look at, told from the manifest alone, before it runs. NULL: one. */
	uint64_t (*expects)(const struct rp_survey *sealed);
	/* Answer. 0: asked; -1: could not tell, err says why, and answers given so far stand. Runs on the
	 * main thread. */
	int (*run)(const struct rp_evidence *e, struct rp_findings *to, struct rp_err **err);
};
/* registry.c; in the order they are asked and reported; NULL-terminated. */
extern const struct rp_check *const rp_checks[];

/* Ask every check, and the engine's own tests. The question at which the gathering stopped is answered by its
 * error, a check whose needs are unmet or that is skipped by 'not-run' and the reason, a check that fails by
 * that error; and the next one is asked. Where fewer things were looked at than expected, that is an
 * RP_ERROR; where none was expected, an excused 'not-run'. Waivers and excuses are applied at the end. All of
 * this is here and in no check. */
void rp_checks_run(const struct rp_evidence *e, struct rp_result *result);

/* Show that it would have failed: do the engine's damages to the restored copy, one after the other, and ask the checks
 * again. Each is an answer of 'selftest': a pass when the check that must find it does and did not before, an RP_ERROR
 * when it does not. After rp_checks_run(), while the scratch is up; closes e->db, whose locks would be in the way. */
#define RP_SELFTEST "selftest"
void rp_selftest_run(struct rp_evidence *e, struct rp_result *result);

/* The answer for one relation whose rows differ: how many, which, and by what cause. */
void rp_answer_rows(struct rp_findings *to, const struct rp_evidence *e, const struct rp_relation *sealed,
		    const struct rp_row_changes *changes);

#endif
