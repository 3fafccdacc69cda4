/* SPDX-License-Identifier: MIT */
#include "checks/check.h"

const struct rp_check rp_check_schema_objects = {
	.name = "schema.objects",
	.summary = "every schema object is there and defined as sealed, and there is no other",
	.severity = RP_HIGH,
	.required = true,
	.concern = &(const struct rp_concern){0},
};
