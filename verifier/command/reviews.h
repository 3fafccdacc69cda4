/* SPDX-License-Identifier: MIT */
#ifndef RP_COMMAND_REVIEWS_H
#define RP_COMMAND_REVIEWS_H

#include <stddef.h>

#include "reports/report.h"
#include "verifier/command/ledger_trust.h"

struct rp_arena;
struct rp_err;

/* The reviews and decisions about the result in this file, which the ledger must hold byte for byte, by keys that may sign
 * such. A ledger that does not hold together is RP_ERR_TRUST. */
int rp_reviews_of(const char *result_file, const char *ledger, const struct ledger_trust_options *who,
		  struct rp_arena *memory, const struct rp_review **ret, size_t *ret_n, struct rp_err **err);

#endif
