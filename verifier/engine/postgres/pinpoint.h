/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_POSTGRES_PINPOINT_H
#define RP_ENGINE_POSTGRES_PINPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/survey/survey.h"

struct rp_buf;
struct rp_conn;
struct rp_err;
struct rp_pg_conn;

/* Private to this folder: a moment at which recovery of a physical backup stops exactly. An ordinary snapshot has no
 * such place in the log: commits become visible in another order than they are logged, and one taken beside a restore
 * point was one to three transactions off in each of seven tries. */

#define RP_PG_LSN_TEXT 24

/* Where a recovery is to stop: before the first record that begins there or later. */
struct rp_pg_stop {
	char lsn[RP_PG_LSN_TEXT]; /* "0/3000060"; "": none could be had */
	char wal[32];		  /* the file that must be in the archive for that; "": not known */
	char timeline[12];	  /* "" with wal */
	const char *by;		  /* static: "logical slot", "paused standby", "share lock", "none" */
	char *refused;		  /* why there is none; owned */
	bool switched;		  /* the file is on its way to the archive */
};
void rp_pg_stop_free(struct rp_pg_stop *s); /* accepts NULL */

/* Pure: "0/3000060" as the number it is; false: it is no such thing. */
bool rp_pg_lsn_parse(const char *text, uint64_t *ret);
/* The name of the file that holds the byte at 'lsn'. Pure. */
void rp_pg_wal_name(uint32_t timeline, uint64_t lsn, uint64_t segment, char ret[32]);

/* rp_engine.pinpoint */
void rp_pg_pinpoint(struct rp_conn *leader);
/* hold.c: begin the leader's moment, as of a snapshot that another session has exported (NULL: as of now). */
int rp_pg_lead(struct rp_pg_conn *c, const char *snapshot, struct rp_err **err);
/* The same at a place in the log, which is c->stop then. *ret_held_ms: how long writers had to wait. */
int rp_pg_lead_pinpointed(struct rp_pg_conn *c, int64_t *ret_held_ms, struct rp_err **err);
/* Add what identify() tells of it; room for RP_PG_STOP_FACTS of them. How many it were. */
#define RP_PG_STOP_FACTS 5
size_t rp_pg_stop_facts(const struct rp_pg_stop *s, struct rp_fact *ret);
/* At the end: say so when the file that holds the place has not come to the archive. */
int rp_pg_await_archive(struct rp_pg_conn *c, struct rp_err **err);

/* Ways to find one: 1 found, and c has begun; 0 it cannot be had here, and why is appended; -1. */
int rp_pg_lead_by_slot(struct rp_pg_conn *c, struct rp_buf *why, struct rp_err **err);
int rp_pg_lead_by_lock(struct rp_pg_conn *c, struct rp_buf *why, int64_t *ret_held_ms, struct rp_err **err);

#endif
