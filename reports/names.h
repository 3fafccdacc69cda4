/* SPDX-License-Identifier: MIT */
#ifndef RP_REPORTS_NAMES_H
#define RP_REPORTS_NAMES_H

#include <stddef.h>

#include "verifier/util/cleanup.h"

/* For this folder: names of which no two are equal. */
struct rp_names;
struct rp_names *rp_names_new(void);
void rp_names_free(struct rp_names *n);
RP_AUTO_CALLS(rp_names, rp_names_free)
/* 'name', cut to about max bytes, with " (2)" behind it if it was given before. Lives as long as n; NULL without
 * memory. */
const char *rp_names_unique(struct rp_names *n, const char *name, size_t max);

#endif
