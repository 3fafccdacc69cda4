/* SPDX-License-Identifier: MIT */
#ifndef RP_COMMAND_BUNDLE_H
#define RP_COMMAND_BUNDLE_H

#include "verifier/config/trust_store.h"
#include "verifier/ledger/ledger.h"
#include "verifier/result/result.h"
#include "verifier/util/buf.h"

struct rp_err;

/* All that a run leaves for whoever has to believe it, in one archive that can be checked with stock tools. The same
 * things give the same bytes: names are sorted, times are the result's, owners are nobody. */
struct rp_bundle {
	const struct rp_result *result;
	const char *result_file;	    /* result.json, and result.dsse.json beside it */
	const char *manifest, *config;	    /* NULL: not given */
	struct rp_ledger *ledger;	    /* NULL: not given */
	const struct rp_trust_store *trust; /* whose keys go with it */
	struct rp_key *key;		    /* signs the list of digests; NULL: nobody does */
};
/* path ends in .tar, .tar.gz or .tar.zst, which says how it is packed. */
int rp_bundle_write(const struct rp_bundle *b, const char *path, struct rp_err **err);

/* bundle_readme.c: how to check it all, for whoever opens it. */
void rp_bundle_readme(const struct rp_bundle *b, struct rp_buf *out);

#endif
