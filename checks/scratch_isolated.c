/* SPDX-License-Identifier: MIT */
#include "checks/answer.h"
#include "verifier/scratch/scratch.h"

/* Which box held is known since it was tried, and nothing was started outside of it: there is no looser way to start
 * a server or a tool. */
static int run(const struct rp_evidence *e, struct rp_findings *to, struct rp_err **err)
{
	const struct rp_scratch *s = e->scratch;

	(void)err;
	if (!s)
		rp_not_run(to, "", "nothing was started that a box could hold");
	else if (!s->box)
		rp_answer_excused(to, "", RP_BY_DAMAGE, 0, "there was no box, as allowed with --unboxed: %s",
				  s->why ? s->why : "");
	else if (e->target->scratch)
		rp_answer_excused(
			to, "", RP_BY_DAMAGE, 0,
			"the server is one that the user named, and in no box of ours; the login on it has "
			"no superuser rights, and the restore tools ran in a box (%s%s)",
			s->box, s->network ? ", with the network, which they need to reach it" : "");
	else
		rp_answer_pass(to, "", 1, s->box, "server and tools%s%s", s->why ? "; not better: " : "",
			       s->why ? s->why : "");
	return 0;
}

const struct rp_check rp_check_scratch_isolated = {
	.name = "scratch.isolated",
	.summary = "what was restored could not reach this machine: no program, no file, no network",
	.severity = RP_HIGH,
	.run = run,
};
