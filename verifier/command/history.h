/* SPDX-License-Identifier: MIT */
#ifndef RP_COMMAND_HISTORY_H
#define RP_COMMAND_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "verifier/ledger/history.h"

struct rp_buf;
struct rp_err;

/* What 'history' shows, and how. */
struct rp_shown {
	struct rp_ledger *ledger;
	const struct rp_chain *chain;
	struct rp_history history;
	const char *target; /* NULL: all */
	int64_t due_ms;	    /* 0: not said */
	int64_t now_ms;
	bool color;
};
void rp_history_text(const struct rp_shown *s, struct rp_buf *out);
int rp_history_json(const struct rp_shown *s, struct rp_buf *out, struct rp_err **err);

#endif
