/* SPDX-License-Identifier: MIT */
#ifndef RP_COMMAND_SHOW_H
#define RP_COMMAND_SHOW_H

#include <stdbool.h>
#include <stddef.h>

#include "verifier/config/trust_store.h"
#include "verifier/ledger/entry.h"
#include "verifier/manifest/envelope.h"
#include "verifier/manifest/manifest.h"

struct json_t;
struct rp_buf;
struct rp_err;

/* Something signed, after its signatures were found to hold: what the several ways of showing it work from. */
struct shown {
	const char *path;
	const struct rp_trust_store *store;
	struct rp_trust trust;
	struct rp_envelope *e;
	struct rp_manifest *manifest; /* NULL: it is an entry of a ledger */
	struct rp_entry entry;
	const char *const *signed_by; /* the trusted keys that have signed, and when that was stamped */
	const struct rp_stamped *stamped;
	size_t n_signed_by;
};

/* show_signers.c: the key of this id, as it is trusted. */
const struct rp_trusted_key *rp_shown_key(const struct shown *s, const char *id);
/* The signature of the i-th of signed_by: the stamped one, where one is. */
const struct rp_signature *rp_shown_signature(const struct shown *s, size_t i);
void rp_show_line(struct rp_buf *out, const char *name, const char *value);
void rp_show_signers(const struct shown *s, struct rp_buf *out);
struct json_t *rp_show_signatures(const struct shown *s); /* an object for each */

/* show_entry.c: an entry of a ledger, for people or for scripts. */
int rp_show_entry(const struct shown *s, bool json, struct rp_buf *out, struct rp_err **err);
/* show_how.c: the commands that check it with openssl, jq and sha256sum: a script for sh. */
int rp_show_how(const struct shown *s, struct rp_buf *out, struct rp_err **err);
/* show_sigstore.c: one signature of it as a bundle of Sigstore's. */
int rp_show_sigstore(const struct shown *s, struct rp_buf *out, struct rp_err **err);

#endif
