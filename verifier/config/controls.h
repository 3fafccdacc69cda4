/* SPDX-License-Identifier: MIT */
#ifndef RP_CONFIG_CONTROLS_H
#define RP_CONFIG_CONTROLS_H

#include <stddef.h>

#include "verifier/result/record.h"

struct rp_arena;
struct rp_err;

/* Which controls a report is evidence in support of, where the list that is built in is not wanted, as YAML:
 *
 *     controls:
 *       - framework: Shop AG, policy BC-7
 *         id: BC-7.3
 *         asks: every quarter one backup of each system is restored and compared
 *
 * Read strictly: unknown keys, missing ones and an empty list are RP_ERR_CONFIG, with file and line where the library
 * tells it. All of it lives in 'memory'. */
int rp_controls_load(const struct rp_control_note **ret, size_t *ret_n, struct rp_arena *memory,
		     const char *path, struct rp_err **err);

#endif
