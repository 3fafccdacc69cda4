/* SPDX-License-Identifier: MIT */
#ifndef RP_LEDGER_INSIDE_H
#define RP_LEDGER_INSIDE_H

#include "verifier/ledger/ledger.h"

struct rp_envelope;

/* Private to this folder. */
struct rp_ledger {
	char *dir;
	char id[RP_LEDGER_ID];
};

/* Wait for it; closing the descriptor lets go. */
int rp_ledger_lock(const struct rp_ledger *l, int *ret, struct rp_err **err);
/* "DIR/entries/000000000012.json" */
int rp_ledger_path(const struct rp_ledger *l, const char *folder, uint64_t number, struct rp_buf *ret,
		   struct rp_err **err);
/* Of the files that there are, in ascending order; free(). */
int rp_ledger_numbers(const struct rp_ledger *l, uint64_t **ret, size_t *ret_n, struct rp_err **err);
int rp_ledger_ascending(const void *a, const void *b); /* of uint64_t, for bsearch() */
int rp_ledger_envelope(const struct rp_ledger *l, uint64_t number, struct rp_envelope **ret,
		       struct rp_err **err);

#endif
