/* SPDX-License-Identifier: MIT */
#include "checks/answer.h"
#include "verifier/util/parse.h"

static int run(const struct rp_evidence *e, struct rp_findings *to, struct rp_err **err)
{
	char took[RP_TIME_TEXT], allowed[RP_TIME_TEXT];
	int64_t objective = e->target->rto_ms;

	(void)err;
	rp_length_format(e->restored.ms, took);
	rp_length_format(objective, allowed);
	if (objective && e->restored.ms > objective)
		rp_fail(to, "", allowed, took,
			"under the conditions of this test, the restore took longer than the recovery time objective");
	else
		rp_answer(to, &(struct rp_finding){
				      .object = "",
				      .verdict = RP_PASS,
				      .looked = 1,
				      .expected = objective ? allowed : NULL,
				      .found = took,
				      .message = objective ? "within the recovery time objective"
							   : "no objective has been set",
			      });
	return 0;
}

const struct rp_check rp_check_restore_time = {
	.name = "restore.time",
	.summary = "the restore took no longer than the recovery time objective allows",
	.severity = RP_MEDIUM,
	.needs = RP_NEEDS_RESTORE,
	.run = run,
};
