/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_WANTED_H
#define RP_RECOVERY_WANTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rp_err;
struct rp_survey;

/* Where a recovery that replays a log is to stop. */
enum rp_until_kind {
	RP_UNTIL_UNSAID,   /* at the sealed position where the manifest has one, else at the end of the log */
	RP_UNTIL_END,	   /* replay all there is */
	RP_UNTIL_SEALED,   /* where the survey was taken: the manifest's position */
	RP_UNTIL_TIME,	   /* time_ms */
	RP_UNTIL_POSITION, /* text: an LSN ("0/3000060"), FILE:POS of a binary log, a GTID */
	RP_UNTIL_NAME,	   /* text: a named restore point */
};
struct rp_until {
	enum rp_until_kind kind;
	const char *text; /* borrowed; NULL: the kind needs none */
	int64_t time_ms;  /* UTC */
};

/* "sealed", "end", "time:2026-11-21T06:00:00Z", "lsn:0/3000060", "name:before_upgrade", "binlog:FILE:POSITION",
 * "gtid:0-1-42". ret borrows from text. RP_ERR_USAGE. */
int rp_until_parse(const char *text, struct rp_until *ret, struct rp_err **err);

/* What is wanted of a recovery point, where it holds more than one database or more than one moment. Plain data,
 * borrowed from whoever made it. */
struct rp_wanted {
	const char *database; /* which of several; NULL: the sealed one, or the only one */
	const char *
		logs; /* a directory: archived WAL segments, binary logs; NULL: none besides the backup's own */
	struct rp_until until;
	const struct rp_survey *sealed; /* NULL: there is no manifest */
	unsigned jobs;			/* for what can be restored in parallel; 0: one per core */
};

/* How many connections or clients a restore uses side by side; at least 1. w may be NULL. */
unsigned rp_wanted_jobs(const struct rp_wanted *w);

/* Which database: what a person has asked for, else what was sealed. NULL: neither says, and it must be the only one.
 * w may be NULL. */
const char *rp_wanted_database(const struct rp_wanted *w, bool *ret_asked);

#endif
