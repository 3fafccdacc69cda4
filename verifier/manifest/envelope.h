/* SPDX-License-Identifier: MIT */
#ifndef RP_MANIFEST_ENVELOPE_H
#define RP_MANIFEST_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/manifest/trust.h"
#include "verifier/util/cleanup.h"

struct rp_buf;
struct rp_err;

/* DSSE v1: a payload, its type, and signatures over both (the "pre-authentication encoding", PAE). It knows
 * nothing of what the payload says and nothing of whom to trust. */

#define RP_PAYLOAD_TYPE "application/vnd.in-toto+json"

struct rp_signature {
	const char *keyid; /* a hint that nobody signed: orders attempts and explains failures, no more */
	const uint8_t *sig;
	size_t len;
	const uint8_t *
		stamp; /* RFC 3161, over sig; NULL: none. Nobody signed it: it has to hold by itself (stamp.h) */
	size_t stamp_len;
};

struct rp_envelope {
	uint8_t *pae; /* what was signed; the payload is its tail, so that there is one copy of it */
	size_t pae_len;
	const uint8_t *payload;
	size_t payload_len;
	const struct rp_signature *signatures;
	size_t n_signatures;
	struct rp_arena *memory;
};
#define RP_SIGNATURES_MAX 32 /* each is tried with each key, over the whole payload */

/* Split, and look at nothing but the frame. The payload is not to be believed, parsed or shown before
 * rp_envelope_signed_by() has said yes. */
int rp_envelope_read(struct rp_envelope **ret, const void *bytes, size_t len, struct rp_err **err);
bool rp_envelope_signed_by(const struct rp_envelope *e, const struct rp_key *key);
/* The next signature of this key behind 'after' (NULL: the first), those that name the key before the others. NULL:
 * there is none. An ECDSA signature can be made over into another that holds, so one key may have several. */
const struct rp_signature *rp_envelope_next(const struct rp_envelope *e, const struct rp_key *key,
					    const struct rp_signature *after);
void rp_envelope_free(struct rp_envelope *e);
RP_AUTO_CALLS(rp_envelope, rp_envelope_free)

/* Have each signature that bears no stamp stamped: 'ask' adds the reply to what it is given. *ret is the envelope with
 * the stamps, its payload and signatures unchanged; *ret_n says how many were added. */
typedef int rp_stamp_ask(void *ctx, const void *signature, size_t len, struct rp_buf *ret,
			 struct rp_err **err);
int rp_envelope_stamp(struct rp_buf *ret, size_t *ret_n, const void *bytes, size_t len, rp_stamp_ask *ask,
		      void *ctx, struct rp_err **err);

int rp_envelope_write(struct rp_buf *ret, const void *payload, size_t len, struct rp_key *const keys[],
		      size_t n_keys, struct rp_err **err);
/* cosign.c: the same envelope with one more signature. What it says is not looked at: open it first. */
int rp_envelope_cosign(struct rp_buf *ret, const void *bytes, size_t len, const struct rp_key *key,
		       struct rp_err **err);

#endif
