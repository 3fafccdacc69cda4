/* SPDX-License-Identifier: MIT */
#ifndef RP_CONFIG_TRUST_STORE_H
#define RP_CONFIG_TRUST_STORE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "verifier/manifest/trust.h"

struct rp_arena;
struct rp_buf;
struct rp_err;

/* Whom to believe what, as a file:
 *
 *     keys:
 *       - file: backup-2026.pub
 *         roles: [manifest]
 *         owner: backup team
 *         targets: shop*
 *         from: 2026-01-01
 *         until: 2027-02-01
 *     policies:
 *       - targets: shop
 *         signatures: 2
 *         max-age: 36h
 *         environment: production
 *         stamp: required
 *         old-keys: stamped
 *     stamps:
 *       - file: tsa-ca.pem
 *         owner: an authority
 *
 * The first policy whose pattern a target's name fits is the one that holds for it. */
struct rp_trust_policy {
	const char *targets; /* glob */
	unsigned signatures; /* 0: one */
	int64_t max_age_ms;  /* 0: any */
	const char *environment, *ledger;
};
struct rp_trust_store {
	struct rp_key **keys; /* owned: rp_trust_store_done() */
	struct rp_trusted_key *trusted;
	size_t n;
	const struct rp_trust_policy *policies;
	size_t n_policies;
	struct rp_authority **authorities; /* whose time stamps are believed; owned */
	size_t n_authorities;
	const struct rp_stamp_rule *stamp_rules; /* the policies', as far as stamps go */
	dev_t device;				 /* the file that all of them came from */
	ino_t inode;
};

/* path: such a file (one that is named twice is read once), or one public key in PEM, which then has the roles 'bare'. Added to what is there; all else is the
 * arena's. A store that everybody may change is refused. */
int rp_trust_store_add(struct rp_trust_store *to, struct rp_arena *memory, const char *path, unsigned bare,
		       struct rp_err **err);
/* The same for a list of paths, NULL-terminated or NULL. */
int rp_trust_store_add_all(struct rp_trust_store *to, struct rp_arena *memory, const char *const *paths,
			   unsigned bare, struct rp_err **err);
void rp_trust_store_done(struct rp_trust_store *s);
/* Keys, authorities and what is asked of stamps, for as long as the store lives. */
void rp_trust_store_lend(const struct rp_trust_store *s, struct rp_trust *to);
/* NULL: none says anything of this target. */
const struct rp_trust_policy *rp_trust_store_policy(const struct rp_trust_store *s, const char *target);
/* All of it as text, in order, for a digest: which keys in which roles, and the policies. */
void rp_trust_store_text(const struct rp_trust_store *s, struct rp_buf *out);

#endif
