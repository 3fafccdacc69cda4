/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_MY_BINLOG_TARGET_H
#define RP_RECOVERY_MY_BINLOG_TARGET_H

#include "verifier/recovery/my_binlog.h"

struct rp_err;
struct rp_wanted;

#define RP_BINLOG_DOMAINS 64 /* that a target may name */

/* Where a replay is to stop. Always between two transactions. */
struct rp_binlog_target {
	enum rp_binlog_target_kind {
		RP_BINLOG_TO_END,
		RP_BINLOG_TO_POSITION,
		RP_BINLOG_TO_GTID, /* the last of each domain has been replayed, and nothing behind them */
		RP_BINLOG_TO_TIME, /* all that began up to then */
	} kind;
	bool sealed; /* it is where the survey was taken */
	struct rp_binlog_position at;
	struct rp_binlog_gtid gtids[RP_BINLOG_DOMAINS];
	size_t n_gtids;
	int64_t time_ms;
	char text[RP_BINLOG_GTID_MAX + 64]; /* for people */
};
/* w NULL: the end. RP_ERR_USAGE: the target is of no binary log, or nothing of one was sealed. Pure. */
int rp_binlog_target_of(const struct rp_wanted *w, struct rp_binlog_target *ret, struct rp_err **err);

/* The last transaction of each domain. */
struct rp_binlog_state {
	struct rp_binlog_gtid all[1024];
	size_t n;
};

/* Follows the logs of a server from a backup's position on, in their order, and proves that nothing is missing between
 * them, until the target is reached. Pure: nothing is read here. */
struct rp_binlog_track {
	const struct rp_binlog_target *target;	/* borrowed */
	const struct rp_binlog_position *start; /* borrowed */
	bool started, reached, open;		/* open: inside of a transaction */
	const char *name;			/* the log that is followed */
	char last_name[RP_BINLOG_NAME_MAX],
		next_name[RP_BINLOG_NAME_MAX]; /* the log before; "": it does not say */
	bool followed;			       /* there was a log before */
	uint64_t stop_at;		       /* in the log that was followed last */
	uint64_t groups;		       /* replayed */
	int64_t newest_ms;		       /* of what was seen */
	struct rp_binlog_state state;
	struct rp_binlog_gtid pending; /* of the open transaction */
	bool has_pending;
};
/* In this order: begin a log, each event (1: reached, stop), and unless it was reached its end. RP_ERR_BACKUP: a gap, a
 * log that is cut between two transactions or within one, a target that lies before the start or between no two
 * transactions. */
int rp_binlog_track_begin(struct rp_binlog_track *t, const char *name, struct rp_err **err);
int rp_binlog_track_event(struct rp_binlog_track *t, const struct rp_binlog_event *e, struct rp_err **err);
int rp_binlog_track_end(struct rp_binlog_track *t, uint64_t end, struct rp_err **err);
/* After the last log. RP_ERR_BACKUP: the target was not in them; says how far they go. */
int rp_binlog_track_done(const struct rp_binlog_track *t, struct rp_err **err);

#endif
