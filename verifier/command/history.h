/* SPDX-License-Identifier: MIT */
#ifndef RP_COMMAND_HISTORY_H
#define RP_COMMAND_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "verifier/command/population.h"
#include "verifier/ledger/history.h"

struct rp_buf;
struct rp_err;

/* One target of the ledger, of the configuration, or of both. */
struct rp_shown_target {
	const char *name;
	const struct rp_target_history *history; /* NULL: there is nothing of it in this ledger */
	const struct rp_wanted_target *wanted;	 /* NULL: no configuration names it */
	int64_t due_ms;				 /* how often a proof is due; 0: not said */
	const char *state;			 /* rp_target_state() */
	bool overdue;
};

/* What 'history' shows, and how. */
struct rp_shown {
	struct rp_ledger *ledger;
	const struct rp_chain *chain;
	struct rp_history history;
	struct rp_wanted_targets wanted;
	const char *target; /* NULL: all */
	struct rp_shown_target
		*all; /* those that were asked for: the ledger's, then what only the configuration has */
	size_t n;
	int64_t now_ms;
	bool color;
};
void rp_history_text(const struct rp_shown *s, struct rp_buf *out);
int rp_history_json(const struct rp_shown *s, struct rp_buf *out, struct rp_err **err);

#endif
