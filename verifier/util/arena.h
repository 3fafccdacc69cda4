/* SPDX-License-Identifier: MIT */
#ifndef RP_UTIL_ARENA_H
#define RP_UTIL_ARENA_H

#include <stddef.h>

#include "verifier/util/cleanup.h"

struct rp_err;

/* Thousands of small things with one life: given out one by one, freed all together. One thread. */
struct rp_arena;

int rp_arena_new(struct rp_arena **ret, struct rp_err **err);
void rp_arena_free(struct rp_arena *a);
RP_AUTO_CALLS(rp_arena, rp_arena_free)

/* Zeroed and aligned for anything; NULL when there is no memory. */
void *rp_arena_alloc(struct rp_arena *a, size_t size);
void *rp_arena_array(struct rp_arena *a, size_t n, size_t size); /* NULL when n * size overflows, too */
char *rp_arena_strdup(struct rp_arena *a, const char *s);	 /* NULL for NULL */
void *rp_arena_memdup(struct rp_arena *a, const void *data, size_t len);
#endif
