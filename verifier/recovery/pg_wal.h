/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_PG_WAL_H
#define RP_RECOVERY_PG_WAL_H

#include <stdbool.h>
#include <stdint.h>

#include "verifier/recovery/pg_label.h"

struct rp_err;
struct rp_pg_log;
struct rp_run;

/* What of the log a recovery needs, put together in a data directory's pg_wal. */
struct rp_pg_wal {
	/* Told by the caller. */
	const char *tree;      /* the data directory; borrowed, as are log and run */
	struct rp_pg_log *log; /* NULL: what is in the tree is all there is */
	struct rp_run *run;
	uint64_t system, segment_bytes;
	uint64_t start;	  /* where replay begins */
	unsigned started; /* and on which timeline */
	uint64_t until;	  /* it stops here; 0: nobody knows beforehand */
	unsigned wanted;  /* timeline; 0: the newest that comes from there */

	/* Found out. */
	unsigned timeline;    /* the one that is followed */
	uint64_t first, last; /* numbers of segments */
	char last_name[RP_PG_SEGMENT_TEXT];
	char missing[RP_PG_SEGMENT_TEXT],
		beyond[RP_PG_SEGMENT_TEXT]; /* a hole: the segment that is missing, and a
								      * later one that is there; "": none */
};

/* RP_ERR_BACKUP: a segment is truncated, damaged at its head, or another server's; or the first one is missing. */
int rp_pg_wal_take(struct rp_pg_wal *w, struct rp_err **err);
/* Replay has ended at 'end', and was to go to the log's end: does it end there, or is it damaged in that place? The
 * segments are those in 'data' now. */
int rp_pg_wal_check_end(const struct rp_pg_wal *w, const char *data, uint64_t end, struct rp_err **err);

#endif
