/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "checks/check.h"

/* A constraint that has been proved since the seal is no damage. */
static bool agrees(const char *expected, const char *found)
{
	(void)expected;
	return strcmp(found, "true") == 0;
}

const struct rp_check rp_check_constraint_valid = {
	.name = "constraint.valid",
	.summary = "constraints that were valid when sealed are valid",
	.severity = RP_HIGH,
	.concern =
		&(const struct rp_concern){
			.facts = (const char *const[]){RP_FACT_VALID, NULL},
			.agrees = agrees,
			.always = true,
		},
};
