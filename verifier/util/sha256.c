/* SPDX-License-Identifier: MIT */
#include "verifier/util/sha256.h"

/* SHA256() and all that is not called deprecated allocate, can fail, and would then leave no digest at all; these
 * cannot. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/sha.h>

void rp_sha256(const void *data, size_t len, uint8_t ret[RP_SHA256_LEN])
{
	SHA256_CTX at;
	(void)SHA256_Init(&at);
	(void)SHA256_Update(&at, data, len);
	(void)SHA256_Final(ret, &at);
}

void rp_sha256_hex(const uint8_t digest[RP_SHA256_LEN], char ret[RP_SHA256_HEX])
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < RP_SHA256_LEN; i++) {
		ret[2 * i] = digits[digest[i] >> 4];
		ret[2 * i + 1] = digits[digest[i] & 15];
	}
	ret[RP_SHA256_HEX - 1] = '\0';
}

bool rp_sha256_equal(const uint8_t a[RP_SHA256_LEN], const uint8_t b[RP_SHA256_LEN])
{
	return CRYPTO_memcmp(a, b, RP_SHA256_LEN) == 0;
}
