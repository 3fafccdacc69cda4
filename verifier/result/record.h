/* SPDX-License-Identifier: MIT */
#ifndef RP_RESULT_RECORD_H
#define RP_RESULT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/survey/survey.h"

struct rp_result;

/* What a run is one of: what was asked of it, whom it is a sample of, what came before it, and who speaks. Each part
 * may be missing: NULL, and then no report says anything of it. Times and lengths are milliseconds, and 0 is 'not
 * known'. Texts that are NULL are left out. docs/result-format.md has the members by these names. */

/* How old the newest backup is that could be restored from. 'Good' is sealed, its manifest trusted and its files as
 * large as they were: their bytes were not looked at, but for those of the backup that was verified. */
struct rp_rpo {
	int64_t asked_ms; /* 0: nobody did */
	int64_t at_ms;	  /* the moment all of this is said of: the run's start */
	const char *newest;
	int64_t newest_ms, age_ms;
	int64_t gap_ms, gap_from_ms,
		gap_to_ms;  /* the largest one between good points; the last ends at at_ms */
	int64_t since_ms;   /* of the oldest good point */
	uint64_t points;    /* good ones */
	const char *untold; /* why this could not be told; NULL: it was */
};

/* How long it took to have the data back, under the conditions of a test. */
struct rp_part {
	const char *name; /* as in 'phases' */
	int64_t ms;
};
struct rp_rto {
	int64_t asked_ms;    /* 0: nobody did */
	int64_t measured_ms; /* 0: it was not restored */
	const struct rp_part *parts;
	size_t n_parts;
	const struct rp_fact *conditions; /* the settings and the machine that it ran under */
	size_t n_conditions;
};

struct rp_due {
	int64_t asked_ms; /* how often a proof is due; 0: nobody says */
	int64_t proved_ms,
		due_ms; /* the last proof before this run; and when the next one was due after it */
	bool was_overdue;
};

struct rp_objectives {
	const struct rp_rpo *rpo;
	const struct rp_rto *rto;
	const struct rp_due *due;
};

/* Whom this run is a sample of. */
struct rp_asked_target {
	const char *name;
	const char *state;  /* "proved", "failed", "untold", "overdue", "never run", "excluded" */
	int64_t last_ms;    /* its newest pass */
	const char *reason; /* of the exclusion */
};
struct rp_population {
	const char *source; /* of the list: a directory, a configuration */
	int64_t at_ms;
	const char *sha256; /* of the list of points: name, time and bytes of each, a line each */
	uint64_t points, sealed, unsealed, unreadable;
	const char *points_untold; /* why sealed ones could not be told from others */
	uint64_t targets, tested, without_run, excluded;
	const struct rp_asked_target *all; /* of the configuration, as they stand there */
	size_t n_all;
};

/* What the ledger knows of this target before this run. */
struct rp_past_run {
	uint64_t entry; /* of its result, or else of its intent */
	int64_t at_ms;
	const char *point, *verdict; /* "verified" ..., "abandoned", "under way" */
	int64_t restore_ms;
	uint64_t rows, bytes;
	bool open, reviewed;
	uint64_t retest_of, answered_by; /* entries; 0: none */
};
#define RP_PAST_RUNS_MAX 200
struct rp_past {
	uint64_t attempt;    /* at this recovery point, from 1 */
	const char *earlier; /* how those before ended: "failed, abandoned" */
	uint64_t retest_of;  /* the open failure of this point that a pass answers */
	uint64_t passed, failed, untold, abandoned, open, untold_in_a_row;
	const struct rp_past_run
		*runs; /* the newest RP_PAST_RUNS_MAX and all that are open, in their order */
	size_t n_runs;
	uint64_t unlisted; /* runs before those */
};

/* What is not as it was in the last run that ended. */
struct rp_change_note {
	const char *what; /* "checks", "relations", "configuration", "trust", "waivers", "rows", ... */
	const char *before, *after; /* digests, numbers or names */
	const char *says;
	bool narrower; /* less is looked at, or more is let pass, than last time */
};
struct rp_changes {
	uint64_t since; /* the entry of that run; 0: there was none, and nothing to compare with */
	int64_t since_ms;
	const struct rp_change_note *all;
	size_t n;
};

struct rp_waiver_note {
	const char *check, *object, *reason, *owner;
	int64_t until_ms;
	bool used, expired;
};

struct rp_place_in_ledger {
	const char *id;
	uint64_t entry;	      /* the intent of this run */
	const char *previous; /* SHA-256 of the entry before it */
	const char *head;     /* "ID:NUMBER:SHA256" once the intent was written */
};

/* Who speaks, and are they more than one. */
struct rp_speakers {
	const char *result_key;		/* key id; NULL: the result is not signed */
	const char *host, *sealed_host; /* as those machines call themselves */
	bool same_key, same_host;
	const char *review; /* "not reviewed": nobody can have, while it is written */
};

/* How long one thing took: "check" and its name, or "relation" and its name, which is reading its rows. */
struct rp_timing_note {
	const char *kind, *name;
	int64_t ms;
};

/* What a report is evidence in support of, by the user's own list. None: reports show the one that is built in. */
struct rp_control_note {
	const char *framework, *id, *asks;
};

struct rp_record {
	const struct rp_objectives *objectives;
	const struct rp_population *population;
	const struct rp_past *history;
	const struct rp_changes *changes;
	const struct rp_waiver_note *waivers;
	size_t n_waivers;
	const struct rp_place_in_ledger *ledger;
	const struct rp_speakers *speakers;
	const struct rp_timing_note *timings;
	size_t n_timings;
	const struct rp_control_note *controls;
	size_t n_controls;
	const struct rp_fact
		*options; /* that were given, each with the first 12 digits of its value's SHA-256 */
	size_t n_options;
};

/* Copy every part of 'from' that is there, with what it points to; a part that was there is replaced. Without memory
 * r->findings.failed is set. */
void rp_result_record(struct rp_result *r, const struct rp_record *from);

#endif
