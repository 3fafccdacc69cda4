/* SPDX-License-Identifier: MIT */
#include "checks/check.h"

const struct rp_check rp_check_collation_version = {
	.name = "collation.version",
	.summary = "collations sort as they did when sealed: the same version of what defines them",
	.severity = RP_MEDIUM,
	.concern = &(const struct rp_concern){.facts = (const char *const[]){RP_FACT_VERSION, NULL}},
};
