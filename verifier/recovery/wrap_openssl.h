/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_WRAP_OPENSSL_H
#define RP_RECOVERY_WRAP_OPENSSL_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rp_err;
struct rp_secret;
struct rp_unwrapping;

/* How 'openssl enc' makes a key of a password. The file has the salt, and nothing that says how. */
#define RP_SALT_LEN 8
struct rp_openssl_key {
	const EVP_CIPHER *cipher;
	const EVP_MD *digest;
	unsigned iterations; /* of PBKDF2; 0: EVP_BytesToKey() */
};

/* What was said, or openssl's own defaults. RP_ERR_USAGE: there is no such cipher or digest. */
int rp_openssl_key_of(struct rp_openssl_key *ret, const struct rp_unwrapping *how, struct rp_err **err);
/* Begin to decrypt. */
int rp_openssl_begin(EVP_CIPHER_CTX *ctx, const struct rp_openssl_key *key, const struct rp_secret *s,
		     const uint8_t salt[RP_SALT_LEN], struct rp_err **err);
/* Would that password do, going by what the first bytes become? all: there are no others. There is no other way: what
 * was encrypted like that has no check of its own. -1: could not tell. */
int rp_openssl_fits(const struct rp_openssl_key *key, const struct rp_secret *s,
		    const uint8_t salt[RP_SALT_LEN], const uint8_t *data, size_t len, bool all,
		    struct rp_err **err);
/* With which other cipher or key derivation it would; 1 and the options that say so, 0: none that is common. */
int rp_openssl_guess(const struct rp_openssl_key *not_this, const struct rp_secret *s,
		     const uint8_t salt[RP_SALT_LEN], const uint8_t *data, size_t len, bool all, char *ret,
		     size_t size, struct rp_err **err);

#endif
