/* SPDX-License-Identifier: MIT */
#ifndef RP_RESULT_RESULT_H
#define RP_RESULT_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/result/finding.h"
#include "verifier/result/record.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

struct rp_buf;

/* The recorded result of one verification: the master from which every report is rendered, today or in a
 * year, on a machine without a database. Its JSON (result.json, schema "reprove/result/v1") is documented and
 * stable. */

/* The program's exit status, and the verdict on the whole run. */
enum rp_status {
	RP_VERIFIED = 0,     /* everything asked was answered, and all of it passes */
	RP_FAILED = 1,	     /* not what was sealed, or the backup cannot be restored */
	RP_INCONCLUSIVE = 2, /* could not tell; nothing was checked */
	RP_UNTRUSTED = 3,    /* manifest not trusted */
	RP_USED_WRONGLY = 4, /* options or configuration */
};

struct rp_phase {
	const char *name; /* "artifact", "restore", "survey", "checks" */
	int64_t ms;
};

/* Which of several backups was taken, and how that was decided. */
struct rp_selected {
	const char *name;
	int64_t taken_ms;
	uint64_t bytes;
	const char *aside; /* why it could not be chosen; NULL: it could */
	bool chosen;
};
struct rp_selection {
	const char *method;	    /* NULL: there was nothing to choose */
	const char *seed, *seed_by; /* NULL: none was needed */
	struct rp_selected *all;    /* newest first */
	size_t n, room;
};

struct rp_result {
	const char *target;
	int64_t started_ms;    /* UTC, milliseconds since 1970; rp_result_new() takes the clock's */
	int64_t finished_ms;   /* 0: has not finished, which is never a 0. Set before reports are written */
	bool without_manifest; /* asked for with --no-manifest: the best verdict is then 'restorable' */
	const char *manifest_sha256; /* NULL: without a manifest, or none could be read */
	int64_t sealed_ms;
	const char *const *signed_by; /* key ids */
	size_t n_signed_by;
	struct rp_findings findings;
	struct rp_phase *phases;
	size_t n_phases;
	struct rp_fact *about; /* versions, recovery point, population, seed: printed as they are */
	size_t n_about;
	const char **provisos; /* what all findings stand under, on every first screen: "not in a box" */
	size_t n_provisos;
	struct rp_selection selection;
	struct rp_record record; /* rp_result_record() */
	size_t room_phases, room_about, room_provisos, room_timings;
	enum rp_status refused; /* set by rp_result_refuse(); RP_VERIFIED: the run went all the way */
};

int rp_result_new(struct rp_result **ret, const char *target, struct rp_err **err);
void rp_result_free(struct rp_result *r);
RP_AUTO_CALLS(rp_result, rp_result_free)

/* Copies. 'about' is printed as it is; names that reports know and use where they fit are in
 * docs/result-format.md ("host", "backup", "source version", "scratch version", ...). */
void rp_result_about(struct rp_result *r, const char *name, const char *value);
void rp_result_phase(struct rp_result *r, const char *name, int64_t ms);
/* kind and name as in struct rp_timing_note. */
void rp_result_timing(struct rp_result *r, const char *kind, const char *name, int64_t ms);
void rp_result_proviso(struct rp_result *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The way first, then each that there was to choose from. */
void rp_result_selection(struct rp_result *r, const char *method, const char *seed, const char *seed_by);
void rp_result_candidate(struct rp_result *r, const struct rp_selected *candidate);
void rp_result_signed(struct rp_result *r, const char *manifest_sha256, int64_t sealed_ms,
		      const char *const *key_ids, size_t n);

/* The run could not go on: err becomes the answer to 'question', its kind the least the status can be.
 * Reports are still written: a run that stopped is a result too. */
void rp_result_refuse(struct rp_result *r, const char *question, const struct rp_err *err);

/* From what is recorded alone, so that a report made in a year says the same: 4 > 3 > 1 > 2 > 0. No finding
 * at all is a 2, and so is a run that did not finish or lacks a member of the required set. */
enum rp_status rp_result_status(const struct rp_result *r);
enum rp_status rp_status_of_error(enum rp_err_kind kind);
/* "verified", "restorable" (a 0 without a manifest), "failed", "inconclusive", "untrusted". */
const char *rp_result_verdict(const struct rp_result *r);

/* The members of the required set that nothing was proved about, in their order. Returns how many. */
#define RP_REQUIRED_MAX 6
size_t rp_result_missing(const struct rp_result *r, const char *ret[RP_REQUIRED_MAX]);

/* What result.json counts. Drift is part of pass, excused part of not_run. */
struct rp_summary {
	size_t pass, fail, not_run, error, waived, drift, excused;
};
struct rp_summary rp_result_summary(const struct rp_result *r);

/* The most that is written and read. */
#define RP_RESULT_MAX (256U << 20)
int rp_result_write(const struct rp_result *r, struct rp_buf *json, struct rp_err **err);
/* Strict; bounded; for 'reprove report' and the ledger. */
int rp_result_read(struct rp_result **ret, const char *json, size_t len, struct rp_err **err);

#endif
