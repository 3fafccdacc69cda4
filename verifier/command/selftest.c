/* SPDX-License-Identifier: MIT */
#include "verifier/command/commands.h"
#include "verifier/command/verify.h"

/* A verification that ends with damages. */

static int run(const struct rp_call *call, struct rp_err **err)
{
	struct verify_options o = *(const struct verify_options *)call->options;
	struct rp_call with = *call;

	o.selftest = true;
	with.options = &o;
	return rp_verify_run(&with, err);
}

static const struct rp_example examples[] = {
	{"show that damage to this backup would be found, and write it into the reports",
	 "reprove selftest --target shop --manifest shop.manifest.json --trust reprove.pub --reports out "
	 "shop.dump"},
	{0},
};
static const struct rp_section sections[] = {
	{"WHAT HAPPENS",
	 "The backup is verified as 'reprove verify' does it. Then, while the private server is still up, damages are done "
	 "to the restored copy, one at a time, and taken back: a row lost, a value changed, an index or a trigger gone, a "
	 "grant too many. Each time the survey is taken again (of the one relation whose rows were touched) and the same "
	 "checks are asked. Each damage is an answer of the check 'selftest': it passes when the check that must find it "
	 "did; it is an error, and the run a 2, when that check saw nothing. What there is nothing of in this database (no "
	 "view, no trigger) is listed and not tried.\n\n"
	 "Nothing but the scratch is touched, and nothing is committed there. It needs the private server: not with "
	 "--scratch."},
	{0},
};

const struct rp_command rp_command_selftest = {
	.name = "selftest",
	.summary = "Verify a backup, then damage the restored copy on purpose and show that it is found.",
	.about = "For whoever asks how you know that it would have failed. Takes the options of 'verify'.",
	.options = rp_verify_options,
	.operand = &rp_verify_artifact,
	.size = sizeof(struct verify_options),
	.examples = examples,
	.sections = sections,
	.run = run,
};
