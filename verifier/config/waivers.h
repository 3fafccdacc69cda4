/* SPDX-License-Identifier: MIT */
#ifndef RP_CONFIG_WAIVERS_H
#define RP_CONFIG_WAIVERS_H

#include <stddef.h>
#include <stdint.h>

#include "verifier/config/target.h"

struct rp_arena;
struct rp_err;

/* Failures that a person accepts, written down as YAML:
 *
 *     waivers:
 *       - check: relation.digest
 *         object: measurements
 *         reason: mysqldump cuts FLOAT to six digits; the values are estimates anyway
 *         owner: dba@example.org
 *         until: 2027-03-31
 *
 * Read strictly: unknown keys, missing ones, aliases and ends more than a year after now_ms are RP_ERR_CONFIG, with
 * file and line where the library tells it. Whether there is such a check is the caller's to ask. All of it lives in
 * 'memory'. */
int rp_waivers_load(const struct rp_waiver **ret, size_t *ret_n, struct rp_arena *memory, const char *path,
		    int64_t now_ms, struct rp_err **err);

#endif
