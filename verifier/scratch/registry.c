/* SPDX-License-Identifier: MIT */
#include "verifier/scratch/inside.h"

const struct rp_scratch_kind *const rp_scratch_kinds[] = {
	&rp_scratch_private,
	&rp_scratch_named,
	NULL,
};
