/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_PG_LABEL_H
#define RP_RECOVERY_PG_LABEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rp_err;

/* The small files of a PostgreSQL data directory that say where its log begins and goes, and the heads of the log's own
 * segments. All of it is pure: bytes of a stranger in, bounded, nothing allocated. Errors are RP_ERR_BACKUP. */

#define RP_PG_SMALL_MAX (256U << 10) /* no honest file of them is larger */

/* "0/4002F28". false: it is none. */
bool rp_pg_place_parse(const char *text, size_t len, uint64_t *ret);
#define RP_PG_LSN_TEXT 24
void rp_pg_place_format(uint64_t lsn, char ret[RP_PG_LSN_TEXT]);

/* backup_label: where recovery has to begin. */
struct rp_pg_label {
	uint64_t start; /* the position, in the log */
	unsigned timeline;
	int64_t began_ms; /* 0: not told, or by a clock that is not UTC */
	bool incremental; /* it is of no use without the backup that it rests upon */
};
int rp_pg_label_parse(const char *text, size_t len, struct rp_pg_label *ret, struct rp_err **err);

/* tablespace_map: the numbers of the tablespaces that the backup has. The paths beside them are another machine's. */
int rp_pg_map_parse(const char *text, size_t len, unsigned *ret, size_t room, size_t *ret_n,
		    struct rp_err **err);

/* What pg_controldata prints. */
struct rp_pg_control {
	uint64_t system; /* identifier */
	uint64_t redo;	 /* of the last checkpoint */
	unsigned timeline;
	uint64_t segment_bytes;
	unsigned prepared; /* max_prepared_transactions must not be below it */
	bool shut_down;	   /* cleanly: nothing has to be replayed */
	bool checksums;
};
int rp_pg_control_parse(const char *text, struct rp_pg_control *ret, struct rp_err **err);

/* A line of a timeline's history: which one was left, where, and why. */
struct rp_pg_step {
	unsigned timeline;
	uint64_t until;
	const char *why; /* borrowed from the text */
	size_t why_len;
};
#define RP_PG_STEPS_MAX 1024
int rp_pg_history_parse(const char *text, size_t len, struct rp_pg_step *ret, size_t *ret_n,
			struct rp_err **err);

/* "000000010000000000000003" */
#define RP_PG_SEGMENT_TEXT 25
void rp_pg_segment_name(unsigned timeline, uint64_t number, uint64_t segment_bytes,
			char ret[RP_PG_SEGMENT_TEXT]);
bool rp_pg_is_segment_name(const char *name);
bool rp_pg_is_history_name(const char *name, unsigned *ret_timeline);

/* The head of a segment. */
struct rp_pg_segment {
	unsigned timeline;
	uint64_t address, system;
	uint32_t bytes;	    /* of a whole segment */
	uint32_t continues; /* bytes of a record that began in an earlier segment */
};
#define RP_PG_SEGMENT_HEAD 40
bool rp_pg_segment_parse(const uint8_t *head, size_t len, struct rp_pg_segment *ret);

/* Replay ended at 'end'; 'page' is the page of the log that this is in (or that begins there), of a segment that ends at
 * 'segment_end'. NULL: that is how a log ends that was written no further. Else, what follows instead; static text. */
#define RP_PG_PAGE 8192
const char *rp_pg_log_beyond(const uint8_t page[RP_PG_PAGE], uint64_t end, uint64_t segment_end);

#endif
