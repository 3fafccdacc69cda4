/* SPDX-License-Identifier: MIT */
#ifndef RP_CONFIG_SMOKE_H
#define RP_CONFIG_SMOKE_H

#include <stddef.h>

#include "verifier/config/target.h"

struct rp_arena;
struct rp_err;

/* Read a file of smoke SQL: one statement, and what is expected of it in a first line that is a comment:
 *
 *     -- expect: no rows             (so it is when nothing is said)
 *     -- expect: value 42            the first cell of the first row, as text
 *     -- expect: at least 10         rows
 *
 * What ret points to lives as long as 'memory'. An expectation that cannot be read is RP_ERR_CONFIG: a question
 * whose answer is not known beforehand proves nothing. */
int rp_smoke_load(struct rp_smoke *ret, struct rp_arena *memory, const char *path, struct rp_err **err);
/* The same from text; 'name' is what reports call it. */
int rp_smoke_parse(struct rp_smoke *ret, struct rp_arena *memory, const char *name, const char *text,
		   struct rp_err **err);
#define RP_SMOKE_LIMIT_MS 60000u

#endif
