/* SPDX-License-Identifier: MIT */
#include "verifier/engine/ask.h"

#include <stdlib.h>

#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"

/* Our clock runs on after the server's, for a server that does not look at its own. */
#define GRACE_MS 5000

int rp_ask_in_time(struct rp_conn *conn, const struct rp_question *q,
		   int (*put)(struct rp_conn *conn, const struct rp_question *q, struct rp_run *run,
			      struct rp_reply *reply, struct rp_err **err),
		   struct rp_reply *ret, struct rp_err **err)
{
	struct rp_run run = *conn->run;
	int64_t ends = (rp_run_clock_ms() + q->limit_ms + GRACE_MS) * 1000000;
	bool ours = q->limit_ms > 0 && (run.deadline_ns == 0 || ends < run.deadline_ns);
	if (ours)
		run.deadline_ns = ends;
	struct rp_reply reply = {0};
	rp_autoerr struct rp_err *why = NULL;
	if (put(conn, q, &run, &reply, &why) == 0) {
		*ret = reply;
		return 0;
	}
	free(reply.first);
	/* Nothing has happened to conn; whatever the question did, it can go on. */
	enum rp_err_kind kind = rp_err_kind(why);
	bool late = kind == RP_ERR_TIMEOUT && ours;
	rp_err_set(err, late ? RP_ERR_OBJECT : kind, "%s",
		   late ? "no answer in the time allowed for it" : rp_err_text(why));
	return rp_err_hint_text(why) != NULL ? rp_err_hint(err, "%s", rp_err_hint_text(why)) : -1;
}
