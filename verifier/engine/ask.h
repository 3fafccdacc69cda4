/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_ASK_H
#define RP_ENGINE_ASK_H

#include "verifier/engine/engine.h"

struct rp_run;

/* What both engines do about a user's question: put() asks it within run. Where our own clock ended it, that is said of
 * the question, and of nothing else. */
int rp_ask_in_time(struct rp_conn *conn, const struct rp_question *q,
		   int (*put)(struct rp_conn *conn, const struct rp_question *q, struct rp_run *run,
			      struct rp_reply *reply, struct rp_err **err),
		   struct rp_reply *ret, struct rp_err **err);

#endif
