/* SPDX-License-Identifier: MIT */
#ifndef RP_UTIL_PROGRESS_H
#define RP_UTIL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "verifier/util/run.h"

/* What people see on stderr while they wait: a bar that is redrawn on a terminal, a line every 30 seconds
 * elsewhere. Used by run.c, and by main() to choose how much is said. Any thread. */
struct rp_progress;

struct rp_progress *rp_progress_new(void); /* NULL: no memory */
void rp_progress_free(struct rp_progress *p);

/* Levels above 'most' are not said; quiet: no progress either. */
void rp_progress_choose(struct rp_progress *p, enum rp_level most, bool quiet);
bool rp_progress_wants(const struct rp_progress *p, enum rp_level level);

/* One line, already safe to print. p may be NULL. */
void rp_progress_say(struct rp_progress *p, enum rp_level level, const char *line);
/* NULL: no phase; what was drawn is taken away. */
void rp_progress_phase(struct rp_progress *p, const char *phase, uint64_t total, const char *unit);
void rp_progress_add(struct rp_progress *p, uint64_t done);
#endif
