/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "checks/answer.h"

/* Each connection has read back where it is, see rp_db_open(). */
static int run(const struct rp_evidence *e, struct rp_findings *to, struct rp_err **err)
{
	unsigned n = rp_db_jobs(e->db);

	(void)err;
	rp_answer_pass(to, "", n, e->found->identity.version, "%u connection%s, at one moment", n,
		       n == 1 ? "" : "s");
	return 0;
}

const struct rp_check rp_check_scratch_connect = {
	.name = "scratch.connect",
	.summary = "the restored database takes connections and answers",
	.severity = RP_HIGH,
	.needs = RP_NEEDS_RESTORE | RP_NEEDS_FOUND,
	.run = run,
};
