/* SPDX-License-Identifier: MIT */
#include "verifier/survey/strong.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "verifier/survey/seed.h"
#include "verifier/util/error.h"

#define LANES 1024
#define BYTES (LANES * 4)

struct rp_strong {
	uint32_t lanes[LANES];
	uint8_t base[RP_SHA256_LEN]; /* SHA-256(use, salt, relation): before every row */
	uint8_t stretched[BYTES];
	EVP_MD_CTX *md;
	EVP_CIPHER_CTX *cipher;
};

/* The relation's name is in it: rows moved to another relation are other rows. */
static int base_of(struct rp_strong *s, const uint8_t salt[RP_SALT_LEN], const char *relation)
{
	uint8_t use[RP_SHA256_LEN];
	rp_seed_base(RP_SEED_STRONG, salt, use);
	return EVP_DigestInit_ex(s->md, EVP_sha256(), NULL) == 1 &&
			       EVP_DigestUpdate(s->md, use, sizeof use) == 1 &&
			       EVP_DigestUpdate(s->md, relation, strlen(relation)) == 1 &&
			       EVP_DigestFinal_ex(s->md, s->base, NULL) == 1
		       ? 0
		       : -1;
}

int rp_strong_new(struct rp_strong **ret, const uint8_t salt[RP_SALT_LEN], const char *relation,
		  struct rp_err **err)
{
	struct rp_strong *s = calloc(1, sizeof *s);
	if (s == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	s->md = EVP_MD_CTX_new();
	s->cipher = EVP_CIPHER_CTX_new();
	if (s->md == NULL || s->cipher == NULL || base_of(s, salt, relation) < 0 ||
	    EVP_EncryptInit_ex(s->cipher, EVP_chacha20(), NULL, NULL, NULL) != 1) {
		rp_strong_free(s);
		return rp_err_set(err, RP_ERR_NOMEM, "SHA-256 and ChaCha20 cannot be had");
	}
	*ret = s;
	return 0;
}

void rp_strong_free(struct rp_strong *s)
{
	if (s == NULL)
		return;
	EVP_MD_CTX_free(s->md);
	EVP_CIPHER_CTX_free(s->cipher);
	free(s);
}

/* ChaCha20's own stream: what encrypting zeroes gives; key the row's hash, nonce and counter zero. */
static bool stretch(struct rp_strong *s, const uint8_t *row, size_t len)
{
	static const uint8_t zeroes[BYTES], start[16];
	uint8_t key[RP_SHA256_LEN];
	int n = 0;
	return EVP_DigestInit_ex2(s->md, NULL, NULL) == 1 &&
	       EVP_DigestUpdate(s->md, s->base, sizeof s->base) == 1 &&
	       EVP_DigestUpdate(s->md, row, len) == 1 && EVP_DigestFinal_ex(s->md, key, NULL) == 1 &&
	       EVP_EncryptInit_ex2(s->cipher, NULL, key, start, NULL) == 1 &&
	       EVP_EncryptUpdate(s->cipher, s->stretched, &n, zeroes, BYTES) == 1 && n == BYTES;
}

int rp_strong_add(struct rp_strong *s, const uint8_t *row, size_t len, struct rp_err **err)
{
	if (!stretch(s, row, len))
		return rp_err_set(err, RP_ERR_NOMEM, "the strong digest of a row failed");
	for (size_t i = 0; i < LANES; i++) {
		uint32_t lane;
		memcpy(&lane, s->stretched + 4 * i, sizeof lane);
		s->lanes[i] += le32toh(lane);
	}
	return 0;
}

void rp_strong_merge(struct rp_strong *into, const struct rp_strong *from)
{
	for (size_t i = 0; i < LANES; i++)
		into->lanes[i] += from->lanes[i];
}

void rp_strong_digest(const struct rp_strong *s, uint8_t ret[RP_STRONG_LEN])
{
	uint32_t state[LANES];
	for (size_t i = 0; i < LANES; i++)
		state[i] = htole32(s->lanes[i]);
	rp_sha256(state, sizeof state, ret);
}
