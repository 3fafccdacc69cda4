/* SPDX-License-Identifier: MIT */
#ifndef RP_COMMAND_BUNDLE_H
#define RP_COMMAND_BUNDLE_H

#include <stdbool.h>

#include "verifier/config/trust_store.h"
#include "verifier/ledger/ledger.h"
#include "verifier/result/result.h"
#include "verifier/util/buf.h"

struct rp_err;

/* All that a run leaves for whoever has to believe it, in one archive that can be checked with stock tools. The same
 * things give the same bytes: names are sorted, times are the result's, owners are nobody. A manifest of another run, a
 * ledger that does not check or does not have this result, a signature without its key: RP_ERR_TRUST. */
struct rp_bundle {
	const struct rp_result *result;
	const struct rp_rendering *how;	    /* NULL: its reports show the record alone */
	const char *result_file;	    /* result.json */
	const char *manifest, *config;	    /* NULL: not given */
	const char *const *logs;	    /* files to go with it; NULL-terminated, NULL: none */
	struct rp_ledger *ledger;	    /* in which it is recorded; NULL: not given */
	const struct rp_trust_store *trust; /* whose keys go with it */
	struct rp_key *key;		    /* signs the list of digests; NULL: nobody does */
};
/* path ends in .tar, .tar.gz or .tar.zst, which says how it is packed. */
int rp_bundle_write(const struct rp_bundle *b, const char *path, struct rp_err **err);

/* bundle_readme.c: how to check it all, for whoever opens it. stamped: a signature in it carries a time stamp, whose
 * authority is known. */
void rp_bundle_readme(const struct rp_bundle *b, bool stamped, struct rp_buf *out);

#endif
