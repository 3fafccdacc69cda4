/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_PG_GOAL_H
#define RP_RECOVERY_PG_GOAL_H

#include <stdbool.h>
#include <stdint.h>

#include "verifier/recovery/pg_label.h"
#include "verifier/recovery/wanted.h"
#include "verifier/util/parse.h"

struct rp_argv;
struct rp_err;

/* Where a recovery of PostgreSQL is to stop: how its server is told, and how it is known that it did. Pure. */
struct rp_pg_goal {
	enum rp_until_kind kind;
	uint64_t position; /* 0: it is none */
	bool inclusive;	   /* the record at that position is replayed, too */
	unsigned timeline; /* of the sealed position; 0: the newest */
	const char *name;  /* of a restore point; borrowed */
	char time[RP_TIME_TEXT];
	char text[160]; /* for people: "the sealed position 0/3000060" */
};

/* w: may be NULL. RP_ERR_USAGE: there is no such place in PostgreSQL's log, or none was sealed. */
int rp_pg_goal_decide(struct rp_pg_goal *ret, const struct rp_wanted *w, struct rp_err **err);
/* Append the server's settings for it, "name=value". */
void rp_pg_goal_settings(const struct rp_pg_goal *g, struct rp_argv *to);
/* Is this what the server writes into the history of its new timeline when it has stopped there? */
bool rp_pg_goal_reached(const struct rp_pg_goal *g, const struct rp_pg_step *step);

#endif
