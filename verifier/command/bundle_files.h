/* SPDX-License-Identifier: MIT */
#ifndef RP_COMMAND_BUNDLE_FILES_H
#define RP_COMMAND_BUNDLE_FILES_H

#include "verifier/util/buf.h"

struct rp_bundle;
struct rp_err;

/* What goes into a bundle, each file whole: the largest of them are of the order of a result.json. */
struct rp_bundle_file {
	char *name;
	struct rp_buf text;
};
struct rp_bundle_files {
	struct rp_bundle_file *all;
	size_t n, room;
};

/* Takes what 'text' holds over. */
int rp_bundle_add(struct rp_bundle_files *to, const char *name, struct rp_buf *text, struct rp_err **err);
/* All but the list of digests. What does not belong to this run is refused, and so is what nobody could check with the
 * keys that go with it: RP_ERR_TRUST. */
int rp_bundle_gather(const struct rp_bundle *b, struct rp_bundle_files *to, struct rp_err **err);
void rp_bundle_files_done(struct rp_bundle_files *f);

#endif
