/* SPDX-License-Identifier: MIT */
#include "checks/answer.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"

/* The evidence has a manifest only when rp_manifest_open() let it through: what is left is to say whose it is. */
static int run(const struct rp_evidence *e, struct rp_findings *to, struct rp_err **err)
{
	const struct rp_manifest *m = e->manifest;
	rp_autobuf keys = RP_BUF_INIT(16u << 10);

	(void)err;
	for (size_t i = 0; i < m->n_signed_by; i++)
		rp_buf_addf(&keys, "%s%s", i ? ", " : "", m->signed_by[i]);
	/* Whether it is an old one shown again is part of the answer: what was not told must not read as a pass. */
	rp_answer_pass(to, "", m->n_signed_by, rp_buf_text(&keys),
		       "signed for target '%s' by %zu trusted key%s, %s", m->target, m->n_signed_by,
		       m->n_signed_by == 1 ? "" : "s",
		       m->replay ? "but it may be an old one: see what was not checked"
				 : "and no old one shown again");
	return 0;
}

const struct rp_check rp_check_manifest_trust = {
	.name = "manifest.trust",
	.summary = "the manifest is signed by a key that is trusted for this target",
	.severity = RP_HIGH,
	.needs = RP_NEEDS_MANIFEST,
	.required = true,
	.final = true,
	.run = run,
};
