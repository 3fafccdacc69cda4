/* SPDX-License-Identifier: MIT */
#include "verifier/command/ledger_trust.h"

#include "verifier/util/arena.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"

static int somebody_signs_results(const struct rp_trust_store *store, struct rp_err **err)
{
	for (size_t i = 0; i < store->n; i++) {
		if (store->trusted[i].roles & RP_SIGNS_RESULTS)
			return 0;
	}
	rp_err_set(err, RP_ERR_USAGE,
		   "no key is named that may sign results, and so nothing in a ledger counts");
	return rp_err_hint(err, "--trust STORE, where a key has the role 'result'; or --trust-result PUB");
}

int rp_ledger_trust(const struct ledger_trust_options *o, const char *command,
		    int (*then)(const void *ctx, const struct rp_trust *trust, struct rp_err **err),
		    const void *ctx, struct rp_err **err)
{
	rp_auto(rp_arena) memory = NULL;
	struct rp_trust_store store = {0};
	int status = rp_arena_new(&memory, err);

	if (status == 0)
		status = rp_trust_store_add_all(&store, memory, o->stores, RP_SIGNS_MANIFESTS, err);
	if (status == 0)
		status = rp_trust_store_add_all(&store, memory, o->result, RP_SIGNS_RESULTS, err);
	if (status == 0)
		status = rp_trust_store_add_all(&store, memory, o->review, RP_SIGNS_REVIEWS, err);
	if (status == 0)
		status = somebody_signs_results(&store, err);
	if (status == 0) {
		struct rp_trust trust = {.now_ms = rp_time_now_ms()};
		rp_trust_store_lend(&store, &trust);
		status = then(ctx, &trust, err);
	}
	rp_trust_store_done(&store);
	if (status < 0)
		rp_err_wrap(err, "%s", command);
	return status;
}
