/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "verifier/notify/inside.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/secret.h"

#define PREFIX	 "whsec_"
#define MAC_LEN	 32
#define BODY_MAX (1u << 20)

/* The key's bytes, to be wiped. -1: 'whsec_' and no base64 behind it. */
static int key_of(const struct rp_secret *secret, unsigned char ret[RP_SECRET_MAX], struct rp_err **err)
{
	const char *text = rp_secret_text(secret);
	size_t len = rp_secret_len(secret), prefix = strlen(PREFIX);

	if (strncmp(text, PREFIX, prefix) != 0) {
		memcpy(ret, text, len);
		return (int)len;
	}
	/* EVP_DecodeBlock() writes what padding stands for, too. */
	int padding = text[len - 1] != '=' ? 0 : text[len - 2] != '=' ? 1 : 2;
	int n = EVP_DecodeBlock(ret, (const unsigned char *)text + prefix, (int)(len - prefix));
	if (n <= padding)
		return rp_err_set(err, RP_ERR_USAGE,
				  "the secret begins with '" PREFIX "' and is not base64 behind it");
	return n - padding;
}

int rp_webhook_sign(const struct rp_secret *secret, const char *id, int64_t seconds,
		    const struct rp_buf *body, char ret[RP_WEBHOOK_SIGNATURE], struct rp_err **err)
{
	unsigned char key[RP_SECRET_MAX], mac[MAC_LEN];
	rp_autobuf signed_text = RP_BUF_INIT(BODY_MAX);
	unsigned len = 0;

	rp_buf_addf(&signed_text, "%s.%" PRId64 ".", id, seconds);
	rp_buf_add_mem(&signed_text, rp_buf_text(body), body->len);
	if (rp_buf_check(&signed_text, err) < 0)
		return -1;
	int n = key_of(secret, key, err);
	const unsigned char *made =
		n < 0 ? NULL
		      : HMAC(EVP_sha256(), key, n, (const unsigned char *)rp_buf_text(&signed_text),
			     signed_text.len, mac, &len);
	OPENSSL_cleanse(key, sizeof(key));
	if (n < 0)
		return -1;
	if (!made)
		return rp_err_set(err, RP_ERR_IO, "HMAC-SHA-256 cannot be had");
	memcpy(ret, "v1,", 3);
	(void)EVP_EncodeBlock((unsigned char *)ret + 3, mac, (int)len);
	return 0;
}
