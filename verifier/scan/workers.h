/* SPDX-License-Identifier: MIT */
#ifndef RP_SCAN_WORKERS_H
#define RP_SCAN_WORKERS_H

#include "verifier/scan/scan.h"

/* Private to scan/: read the rows of every relation of 's' that has no not_surveyed, one thread a connection,
 * and write sums or a reason into it. like: the survey whose sketches they will be subtracted from; NULL:
 * none. s is finished and its method set. */
int rp_scan_rows(struct rp_db *db, struct rp_survey *s, const struct rp_survey *like, struct rp_err **err);

/* Make sketches smaller, the largest first, until all of them take no more than so many bytes in the manifest; those
 * that got less are a line of the coverage. */
int rp_sketches_bound(struct rp_survey *s, size_t most, struct rp_err **err);

#endif
