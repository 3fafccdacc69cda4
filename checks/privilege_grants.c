/* SPDX-License-Identifier: MIT */
#include "checks/check.h"

const struct rp_check rp_check_privilege_grants = {
	.name = "privilege.grants",
	.summary = "objects belong to whom they belonged, and may be used by those who could",
	.severity = RP_HIGH,
	.concern = &(
		const struct rp_concern){.facts = (const char *const[]){RP_FACT_OWNER, RP_FACT_GRANTS, NULL}},
};
