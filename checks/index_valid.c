/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "checks/check.h"

/* An index that has been made anew since the seal is no damage. */
static bool agrees(const char *expected, const char *found)
{
	(void)expected;
	return strcmp(found, "true") == 0;
}

const struct rp_check rp_check_index_valid = {
	.name = "index.valid",
	.summary = "indexes that were valid when sealed are valid",
	.severity = RP_HIGH,
	.concern =
		&(const struct rp_concern){
			.kind = "index",
			.facts = (const char *const[]){RP_FACT_VALID, NULL},
			.agrees = agrees,
			.always = true,
		},
};
