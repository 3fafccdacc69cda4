/* SPDX-License-Identifier: MIT */
#include "checks/answer.h"

/* A restore that ended early is an error and never gets here. */
static int run(const struct rp_evidence *e, struct rp_findings *to, struct rp_err **err)
{
	const char *said = e->restored.said;

	(void)err;
	if (said && *said)
		rp_answer_pass(to, "", 1, e->restored.format->name, "restored whole; its tool said: %.2000s",
			       said);
	else
		rp_answer_pass(to, "", 1, e->restored.format->name, "restored whole, without a complaint");
	return 0;
}

const struct rp_check rp_check_restore_complete = {
	.name = "restore.complete",
	.summary = "the backup was restored to its end without an error",
	.severity = RP_HIGH,
	.needs = RP_NEEDS_RESTORE,
	.required = true,
	.final = true,
	.run = run,
};
