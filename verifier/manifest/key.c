/* SPDX-License-Identifier: MIT */
#include "verifier/manifest/key.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "verifier/util/error.h"
#include "verifier/util/memory.h"

#define P256_NUMBER 32 /* bytes */

#define WANTED	    "expected Ed25519 or ECDSA P-256"
#define WANTED_HINT "'reprove keygen' makes a key that fits"

/* The id is a digest of the key's DER form, and a point can be written in three ways: choose one, or one key
 * could count as two. */
static int settle_form(EVP_PKEY *pkey)
{
	return EVP_PKEY_set_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
					      OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) == 1 &&
	       EVP_PKEY_set_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_ENCODING,
					      OSSL_PKEY_EC_ENCODING_GROUP) == 1;
}

static int choose_algorithm(struct rp_key *k, struct rp_err **err)
{
	if (EVP_PKEY_is_a(k->pkey, "ED25519"))
		return 0;
	char curve[64] = "";
	if (!EVP_PKEY_is_a(k->pkey, "EC")) {
		const char *name = EVP_PKEY_get0_type_name(k->pkey);
		rp_err_set(err, RP_ERR_CONFIG, "is a key for %s, " WANTED,
			   name != NULL ? name : "something else");
		return rp_err_hint(err, WANTED_HINT);
	}
	if (EVP_PKEY_get_group_name(k->pkey, curve, sizeof curve, NULL) != 1 ||
	    strcmp(curve, "prime256v1") != 0) {
		rp_err_set(err, RP_ERR_CONFIG, "is an ECDSA key on the curve '%s', " WANTED, curve);
		return rp_err_hint(err, WANTED_HINT);
	}
	k->digest = "SHA256";
	return settle_form(k->pkey) ? 0
				    : rp_err_set(err, RP_ERR_CONFIG, "is an ECDSA key in an unknown form");
}

static int name_key(struct rp_key *k, struct rp_err **err)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(k->pkey, &der);
	if (len <= 0)
		return rp_err_set(err, RP_ERR_CONFIG, "has no public half");
	uint8_t digest[RP_SHA256_LEN];
	rp_sha256(der, (size_t)len, digest);
	rp_sha256_hex(digest, k->id);
	OPENSSL_free(der);
	return 0;
}

int rp_key_of(struct rp_key **ret, EVP_PKEY *pkey, struct rp_err **err)
{
	rp_auto(rp_key) k = calloc(1, sizeof *k);
	if (k == NULL) {
		EVP_PKEY_free(pkey);
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	k->pkey = pkey;
	if (choose_algorithm(k, err) < 0 || name_key(k, err) < 0) {
		ERR_clear_error();
		return -1;
	}
	*ret = rp_take(k);
	return 0;
}

void rp_key_free(struct rp_key *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_free(k->pkey); /* clears the private half */
	if (k->signer != NULL)
		k->signer->free(k->signer);
	free(k);
}

const char *rp_key_id(const struct rp_key *k)
{
	return k->id;
}

static inline void drop_ctx(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}

bool rp_key_verify(const struct rp_key *k, const void *data, size_t data_len, const uint8_t *sig,
		   size_t sig_len)
{
	rp_cleanup(drop_ctx) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL &&
		  EVP_DigestVerifyInit_ex(ctx, NULL, k->digest, NULL, NULL, k->pkey, NULL) == 1 &&
		  EVP_DigestVerify(ctx, sig, sig_len, data, data_len) == 1; /* 0 and below are all a no */
	ERR_clear_error();
	return ok;
}

/* Tokens and some services give ECDSA's two numbers as they are. */
static bool numbers_to_der(const struct rp_key *k, uint8_t *sig, size_t *len)
{
	BIGNUM *r = BN_bin2bn(sig, P256_NUMBER, NULL);
	BIGNUM *s = BN_bin2bn(sig + P256_NUMBER, P256_NUMBER, NULL);
	ECDSA_SIG *both = ECDSA_SIG_new();
	bool ok = k->digest != NULL && *len == 2 * (size_t)P256_NUMBER && r != NULL && s != NULL &&
		  both != NULL && ECDSA_SIG_set0(both, r, s) == 1;
	if (ok) {
		int n = i2d_ECDSA_SIG(both, &sig);
		*len = n > 0 ? (size_t)n : 0;
	} else {
		BN_free(r);
		BN_free(s);
	}
	ECDSA_SIG_free(both);
	return ok && *len > 0;
}

static int sign_elsewhere(const struct rp_key *k, const void *data, size_t data_len, uint8_t *ret,
			  size_t *len, struct rp_err **err)
{
	uint8_t came[RP_SIGNATURE_MAX] = {0};
	size_t n = sizeof came;
	if (k->signer->sign(k->signer, k, data, data_len, came, &n, err) < 0)
		return rp_err_wrap(err, "sign with key %.12s...", k->id);
	size_t bytes = n;
	rp_memory_forget();
	if (rp_key_verify(k, data, data_len, came, n) ||
	    (numbers_to_der(k, came, &n) && rp_key_verify(k, data, data_len, came, n))) {
		memcpy(ret, came, n);
		*len = n;
		return 0;
	}
	if (rp_memory_failed())
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	rp_err_set(err, RP_ERR_CONFIG,
		   "what %s gave (%zu bytes) is no signature of key %s over what it was given, expected "
		   "%s",
		   k->signer->what, bytes, k->id,
		   k->digest != NULL ? "ECDSA P-256 with SHA-256" : "pure Ed25519, 64 bytes");
	return rp_err_hint(err, "it signs with another key, or hashes in another way; nothing was signed");
}

int rp_key_sign(const struct rp_key *k, const void *data, size_t data_len, uint8_t *ret, size_t *len,
		struct rp_err **err)
{
	if (k->signer != NULL)
		return sign_elsewhere(k, data, data_len, ret, len, err);
	rp_memory_forget();
	rp_cleanup(drop_ctx) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL &&
		  EVP_DigestSignInit_ex(ctx, NULL, k->digest, NULL, NULL, k->pkey, NULL) == 1 &&
		  EVP_DigestSign(ctx, ret, len, data, data_len) == 1;
	ERR_clear_error();
	/* A signature spoilt by a hardware fault can give the key away, and is of no use to anybody. */
	ok = ok && rp_key_verify(k, data, data_len, ret, *len);
	if (!ok && rp_memory_failed())
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (!ok)
		return rp_err_set(err, RP_ERR_CONFIG, "key %s cannot sign", k->id);
	return 0;
}

int rp_key_try(const struct rp_key *k, struct rp_err **err)
{
	/* No envelope begins like this: whoever gets hold of the signature has nothing. */
	static const char text[] = "reprove asks whether this key can sign\n";
	uint8_t sig[RP_SIGNATURE_MAX];
	size_t len = sizeof sig;
	return rp_key_sign(k, text, sizeof text - 1, sig, &len, err);
}
