/* SPDX-License-Identifier: MIT */
#ifndef RP_COMMAND_KEYS_H
#define RP_COMMAND_KEYS_H

#include <stddef.h>

#include "verifier/manifest/trust.h"

/* The keys that subcommands about the ledger are told of: whose results count, and whose reviews. */
struct keyring {
	struct rp_key **keys;
	struct rp_trusted_key *trusted;
	size_t n;
};
/* Lists of PEM files, NULL-terminated or NULL. keyring_done() also when it fails. */
int keyring_load(struct keyring *ret, const char **results, const char **reviews, struct rp_err **err);
/* Those that count for manifests. */
int keyring_load_manifests(struct keyring *ret, const char **manifests, struct rp_err **err);
void keyring_done(struct keyring *k);

#endif
