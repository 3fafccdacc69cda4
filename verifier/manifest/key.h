/* SPDX-License-Identifier: MIT */
#ifndef RP_MANIFEST_KEY_H
#define RP_MANIFEST_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "verifier/manifest/trust.h"

/* What a key can do; for the envelope. trust.h says how one is had. */

struct rp_key {
	EVP_PKEY *pkey;
	const char *digest;	  /* hashed with before signing; NULL: pure Ed25519 hashes by itself */
	struct rp_signer *signer; /* owned; NULL: pkey has the private half, or nobody has it */
	char id[RP_SHA256_HEX];
};

/* A private half that is kept elsewhere: on a token, behind a program. What it gives is checked with the public half
 * before anybody uses it. */
struct rp_signer {
	const char *what; /* for messages */
	/* As rp_key_sign(); ECDSA's signatures also as two numbers of 32 bytes. */
	int (*sign)(struct rp_signer *s, const struct rp_key *k, const void *data, size_t data_len,
		    uint8_t *ret, size_t *len, struct rp_err **err);
	void (*free)(struct rp_signer *s);
};

#define RP_SIGNATURE_MAX 128 /* Ed25519: 64; P-256 in DER: at most 72 */

/* *len: room on entry, length on return. Needs a private key. */
int rp_key_sign(const struct rp_key *k, const void *data, size_t data_len, uint8_t *ret, size_t *len,
		struct rp_err **err);
bool rp_key_verify(const struct rp_key *k, const void *data, size_t data_len, const uint8_t *sig,
		   size_t sig_len);

/* Make a key of what OpenSSL has read; takes pkey over, also when it fails. Only the two algorithms pass, and
 * one key has one id however its file writes it. */
int rp_key_of(struct rp_key **ret, EVP_PKEY *pkey, struct rp_err **err);

/* The first key of a PEM text: private (secret) or public. Nothing may follow it. */
int rp_key_parse(EVP_PKEY **ret, const char *pem, size_t len, bool secret, const struct rp_secret *passphrase,
		 struct rp_err **err);

/* Before a private key comes into memory: from then on the process dumps no core. */
void rp_key_guard_memory(void);

#endif
