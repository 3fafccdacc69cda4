/* SPDX-License-Identifier: MIT */
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "verifier/recovery/unwrap.h"
#include "verifier/recovery/wrap_openssl.h"
#include "verifier/util/error.h"
#include "verifier/util/secret.h"

#define ITERATIONS 10000 /* openssl's own */
#define KEY_MAX	   (EVP_MAX_KEY_LENGTH + EVP_MAX_IV_LENGTH)
#define LOOK	   1024
#define SHORT	   64

int rp_openssl_key_of(struct rp_openssl_key *ret, const struct rp_unwrapping *how, struct rp_err **err)
{
	const char *cipher = how != NULL && how->openssl.cipher != NULL ? how->openssl.cipher : "aes-256-cbc";
	const char *digest = how != NULL && how->openssl.digest != NULL ? how->openssl.digest : "sha256";
	unsigned iterations =
		how != NULL && how->openssl.iterations > 0 ? how->openssl.iterations : ITERATIONS;
	*ret = (struct rp_openssl_key){.cipher = EVP_get_cipherbyname(cipher),
				       .digest = EVP_get_digestbyname(digest),
				       .iterations =
					       how != NULL && how->openssl.bytes_to_key ? 0 : iterations};
	if (ret->cipher == NULL || (EVP_CIPHER_get_flags(ret->cipher) & EVP_CIPH_FLAG_AEAD_CIPHER) != 0) {
		(void)rp_err_set(err, RP_ERR_USAGE, "'%s' is no cipher of 'openssl enc'", cipher);
		return rp_err_hint(err, "'openssl enc -list' lists them");
	}
	if (ret->digest == NULL) {
		(void)rp_err_set(err, RP_ERR_USAGE, "'%s' is no digest of openssl's", digest);
		return rp_err_hint(err, "'openssl list -digest-commands' lists them");
	}
	return 0;
}

/* Key and IV behind each other. Those of a cipher with a shorter key begin with the same bytes. */
static int derive(uint8_t *ret, const struct rp_openssl_key *k, const struct rp_secret *s,
		  const uint8_t salt[RP_SALT_LEN], struct rp_err **err)
{
	const char *text = rp_secret_text(s);
	int len = (int)rp_secret_len(s);
	int n_key = EVP_CIPHER_get_key_length(k->cipher);
	int r = k->iterations > 0 ? PKCS5_PBKDF2_HMAC(text, len, salt, RP_SALT_LEN, (int)k->iterations,
						      k->digest, KEY_MAX, ret)
				  : EVP_BytesToKey(k->cipher, k->digest, salt, (const uint8_t *)text, len, 1,
						   ret, ret + n_key);
	return r > 0 ? 0 : rp_err_set(err, RP_ERR_IO, "openssl-enc: cannot make a key of the password");
}

static int set_key(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher, const uint8_t *material,
		   struct rp_err **err)
{
	if (EVP_DecryptInit_ex(ctx, cipher, NULL, material, material + EVP_CIPHER_get_key_length(cipher)) ==
	    1)
		return 0;
	(void)rp_err_set(err, RP_ERR_USAGE, "openssl-enc: this machine's OpenSSL has no '%s'",
			 EVP_CIPHER_get0_name(cipher));
	return rp_err_hint(err, "ciphers of old are in its 'legacy' provider, which its configuration loads");
}

int rp_openssl_begin(EVP_CIPHER_CTX *ctx, const struct rp_openssl_key *key, const struct rp_secret *s,
		     const uint8_t salt[RP_SALT_LEN], struct rp_err **err)
{
	uint8_t material[KEY_MAX];
	int r = derive(material, key, s, salt, err) < 0 || set_key(ctx, key->cipher, material, err) < 0 ? -1
													: 0;
	OPENSSL_cleanse(material, sizeof material);
	return r;
}

/* No control characters but those of text. Chance makes 500 such bytes once in 10^24. */
static bool is_text(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len && i < 512; i++)
		if ((data[i] < 0x20 && (data[i] < '\b' || data[i] > '\r')) || data[i] == 0x7f)
			return false;
	return len > 0;
}

static bool is_known(const uint8_t *data, size_t len)
{
	static const struct {
		size_t at, len;
		const char *magic;
	} known[] = {{0, 5, "PGDMP"}, {257, 5, "ustar"}, {0, 8, "XBSTCK01"}};
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (len >= known[i].at + known[i].len &&
		    memcmp(data + known[i].at, known[i].magic, known[i].len) == 0)
			return true;
	for (const struct rp_wrapping *const *w = rp_wrappings; *w != NULL; w++)
		if ((*w)->bid(data, len) > 24) /* fewer bits come by chance */
			return true;
	return is_text(data, len);
}

/* What little there is of a short file proves nothing; its padding is asked as well, unless it was cut. */
static bool judge(EVP_CIPHER_CTX *ctx, const uint8_t *data, size_t len, bool all, uint8_t *plain)
{
	int n = 0, more = 0;
	bool whole = all && len <= SHORT && len % (size_t)EVP_CIPHER_CTX_get_block_size(ctx) == 0;
	if (EVP_DecryptUpdate(ctx, plain, &n, data, len < LOOK ? (int)len : LOOK) != 1 ||
	    (whole && EVP_DecryptFinal_ex(ctx, plain + n, &more) != 1))
		return false;
	return (whole && n + more == 0) || is_known(plain, (size_t)(n + more));
}

static int try(const EVP_CIPHER *cipher, const uint8_t *material, const uint8_t *data, size_t len, bool all,
	       struct rp_err **err)
{
	uint8_t plain[LOOK + EVP_MAX_BLOCK_LENGTH] = {0};
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int r = ctx == NULL ? rp_err_set(err, RP_ERR_NOMEM, "out of memory")
			    : set_key(ctx, cipher, material, err);
	if (r == 0)
		r = judge(ctx, data, len, all, plain);
	EVP_CIPHER_CTX_free(ctx);
	OPENSSL_cleanse(plain, sizeof plain);
	ERR_clear_error();
	return r;
}

int rp_openssl_fits(const struct rp_openssl_key *key, const struct rp_secret *s,
		    const uint8_t salt[RP_SALT_LEN], const uint8_t *data, size_t len, bool all,
		    struct rp_err **err)
{
	uint8_t material[KEY_MAX];
	int r = derive(material, key, s, salt, err);
	if (r == 0)
		r = try(key->cipher, material, data, len, all, err);
	OPENSSL_cleanse(material, sizeof material);
	return r;
}

static const struct {
	unsigned iterations;
	const char *digest;
} derivations[] = {
	{ITERATIONS, "sha256"}, {0, "sha256"},		{0, "md5"},	      {0, "sha1"},
	{100000, "sha256"},	{600000, "sha256"},	{200000, "sha256"},   {20000, "sha256"},
	{1000, "sha256"},	{ITERATIONS, "sha512"}, {ITERATIONS, "sha1"}, {ITERATIONS, "md5"},
};
static const char *const ciphers[] = {"aes-256-cbc", "aes-128-cbc",  "aes-192-cbc",	 "aes-256-ctr",
				      "aes-128-ctr", "des-ede3-cbc", "camellia-256-cbc", "chacha20"};

static void name_options(const struct rp_openssl_key *not_this, const struct rp_openssl_key *k,
			 const char *cipher, const char *digest, char *ret, size_t size)
{
	char kdf[64] = "", with[64] = "";
	if (k->iterations != not_this->iterations || k->digest != not_this->digest) {
		if (k->iterations > 0)
			(void)snprintf(kdf, sizeof kdf, "--openssl-kdf pbkdf2:%u:%s", k->iterations, digest);
		else
			(void)snprintf(kdf, sizeof kdf, "--openssl-kdf bytes-to-key:%s", digest);
	}
	if (k->cipher != not_this->cipher)
		(void)snprintf(with, sizeof with, "--openssl-cipher %s", cipher);
	(void)snprintf(ret, size, "%s%s%s", kdf, kdf[0] != '\0' && with[0] != '\0' ? " " : "", with);
}

int rp_openssl_guess(const struct rp_openssl_key *not_this, const struct rp_secret *s,
		     const uint8_t salt[RP_SALT_LEN], const uint8_t *data, size_t len, bool all, char *ret,
		     size_t size, struct rp_err **err)
{
	if (len <= SHORT)
		return 0;
	for (size_t i = 0; i < sizeof derivations / sizeof derivations[0]; i++) {
		uint8_t material[KEY_MAX];
		for (size_t j = 0; j < sizeof ciphers / sizeof ciphers[0]; j++) {
			struct rp_openssl_key k = {.cipher = EVP_get_cipherbyname(ciphers[j]),
						   .digest = EVP_get_digestbyname(derivations[i].digest),
						   .iterations = derivations[i].iterations};
			if (k.cipher == NULL || k.digest == NULL)
				continue;
			/* PBKDF2 takes its time, and is the same for all ciphers. */
			if ((j == 0 || k.iterations == 0) && derive(material, &k, s, salt, err) < 0)
				return -1;
			if (try(k.cipher, material, data, len, all, NULL) != 1)
				continue;
			name_options(not_this, &k, ciphers[j], derivations[i].digest, ret, size);
			OPENSSL_cleanse(material, sizeof material);
			return 1;
		}
		OPENSSL_cleanse(material, sizeof material);
	}
	return 0;
}
