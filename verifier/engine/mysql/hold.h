/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_HOLD_H
#define RP_ENGINE_MYSQL_HOLD_H

#include <stdbool.h>
#include <stddef.h>

#include "verifier/engine/mysql/admit.h"
#include "verifier/survey/survey.h"

struct rp_err;
struct rp_my_conn;
struct rp_my_positions;

/* The moment that hold() made. It belongs to the leader (rp_my_conn.seen) and ends with it. */
struct rp_my_moment {
	bool bound; /* all rows are of one moment */
	/* Where the source's own log stands at this moment, as the header of a dump says it: "binlog" is
	 * "FILE:POSITION", "gtid" a set without blanks. Values are owned. */
	struct rp_fact facts[2];
	size_t n_facts;
	struct rp_my_positions
		*before; /* where counters stood before the guest was let in (catalog.h); owned */
	/* Private to hold.c and moment.c. */
	struct rp_my_conn *kept; /* keeps locked, until guest and survey are done, what no snapshot keeps */
	bool keeps_tables;
	struct rp_my_entry entry; /* lets the guest in */
};

/* Guest and survey are done: let go of what was kept locked. -1: it was let go of before, and they may have seen
 * different moments. Does nothing when there was no hold, or nothing was kept. */
int rp_my_moment_end(struct rp_my_conn *leader, struct rp_err **err);
void rp_my_moment_free(struct rp_my_moment *m); /* accepts NULL */

#endif
