/* SPDX-License-Identifier: MIT */
#include "verifier/manifest/authority.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/memory.h"
#include "verifier/util/sha256.h"

/* 112 bits: RSA from 2048 on, no SHA-1. The level of OpenSSL's own programs is lower. */
#define SECURITY_LEVEL 2

struct rp_authority {
	STACK_OF(X509) * certificates;
	char *pem, *owner;
	char id[RP_SHA256_HEX];
};

#define CERTIFICATES_MAX 100

static int read_certificates(struct rp_authority *a, const struct rp_buf *text, struct rp_err **err)
{
	BIO *bio = BIO_new_mem_buf(rp_buf_text(text), (int)text->len);
	BIO *out = BIO_new(BIO_s_mem());
	X509 *one = NULL;
	rp_memory_forget();
	int r = bio != NULL && out != NULL && a->certificates != NULL ? 0 : -1;
	while (r == 0 && (one = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		if (sk_X509_num(a->certificates) == CERTIFICATES_MAX || PEM_write_bio_X509(out, one) != 1 ||
		    sk_X509_push(a->certificates, one) <= 0) {
			X509_free(one);
			r = -1;
		}
	}
	char *pem = NULL;
	long len = out != NULL ? BIO_get_mem_data(out, &pem) : 0;
	a->pem = r == 0 ? strndup(len > 0 ? pem : "", (size_t)len) : NULL;
	BIO_free(bio);
	BIO_free(out);
	/* It always ends with "no start line". */
	bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	ERR_clear_error();
	/* A certificate whose key found no room is read all the same, and vouches for nothing. */
	if (a->pem == NULL || rp_memory_failed())
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory, or more than %d certificates",
				  CERTIFICATES_MAX);
	if (ended && sk_X509_num(a->certificates) > 0)
		return 0;
	rp_err_set(err, RP_ERR_CONFIG, "it does not hold certificates in PEM");
	return rp_err_hint(err, "it is the certificate that the authority's own was issued by ('-----BEGIN "
				"CERTIFICATE-----'), not the authority's key and not a stamp");
}

int rp_authority_load(struct rp_authority **ret, const char *path, const char *owner, struct rp_err **err)
{
	rp_auto(rp_authority) a = calloc(1, sizeof *a);
	rp_autobuf text = RP_BUF_INIT(1u << 20);
	uint8_t digest[RP_SHA256_LEN];
	if (a == NULL || (owner != NULL && (a->owner = strdup(owner)) == NULL))
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	a->certificates = sk_X509_new_null();
	if (rp_file_read(path, &text, err) < 0 || read_certificates(a, &text, err) < 0)
		return rp_err_wrap(err, "certificates of a time stamping authority, '%s'", path);
	rp_sha256(a->pem, strlen(a->pem), digest);
	rp_sha256_hex(digest, a->id);
	*ret = rp_take(a);
	return 0;
}

void rp_authority_free(struct rp_authority *a)
{
	if (a == NULL)
		return;
	sk_X509_pop_free(a->certificates, X509_free);
	free(a->pem);
	free(a->owner);
	free(a);
}

const char *rp_authority_pem(const struct rp_authority *a)
{
	return a->pem;
}

const char *rp_authority_id(const struct rp_authority *a)
{
	return a->id;
}

const char *rp_authority_owner(const struct rp_authority *a)
{
	return a->owner;
}

X509_STORE *rp_authority_store(const struct rp_authority *a, int64_t when_ms)
{
	X509_STORE *store = X509_STORE_new();
	X509_VERIFY_PARAM *how = store != NULL ? X509_STORE_get0_param(store) : NULL;
	if (how == NULL)
		return store;
	X509_VERIFY_PARAM_set_time(how, (time_t)(when_ms / 1000));
	X509_VERIFY_PARAM_set_auth_level(how, SECURITY_LEVEL);
	/* What the user names is the end of the chain, be it the root or the one below. */
	(void)X509_VERIFY_PARAM_set_flags(how, X509_V_FLAG_PARTIAL_CHAIN);
	for (int i = 0; i < sk_X509_num(a->certificates); i++)
		if (X509_STORE_add_cert(store, sk_X509_value(a->certificates, i)) != 1) {
			X509_STORE_free(store);
			return NULL;
		}
	return store;
}
