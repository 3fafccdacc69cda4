/* SPDX-License-Identifier: MIT */
#ifndef RP_TESTS_STAMP_AUTHORITY_H
#define RP_TESTS_STAMP_AUTHORITY_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>

#include "verifier/util/buf.h"

/* A time stamping authority in memory, whose clock and certificates say what a test wants them to. */
struct tsa {
	EVP_PKEY *root_key, *key;
	X509 *root, *certificate;
	int64_t now_ms;
	const EVP_MD *digest; /* that it takes questions in */
};

static inline EVP_PKEY *tsa_key(bool rsa)
{
	return rsa ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048)
		   : EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
}

static inline void tsa_extend(X509 *to, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	X509_add_ext(to, e, -1);
	X509_EXTENSION_free(e);
}

/* issuer NULL: its own. usage: of an authority's certificate; NULL: it issues others. */
static inline X509 *tsa_certificate(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key,
				    int64_t from_ms, int64_t until_ms, const char *usage)
{
	X509 *c = X509_new();
	X509_NAME *subject = X509_get_subject_name(c);
	X509_set_version(c, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(c), issuer == NULL ? 1 : 2);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(c, issuer != NULL ? X509_get_subject_name(issuer) : subject);
	ASN1_TIME_set(X509_getm_notBefore(c), (time_t)(from_ms / 1000));
	ASN1_TIME_set(X509_getm_notAfter(c), (time_t)(until_ms / 1000));
	X509_set_pubkey(c, key);
	if (usage == NULL) {
		tsa_extend(c, NID_basic_constraints, "critical,CA:TRUE");
		tsa_extend(c, NID_key_usage, "critical,keyCertSign");
	} else {
		tsa_extend(c, NID_ext_key_usage, usage);
	}
	X509_sign(c, issuer_key != NULL ? issuer_key : key, EVP_sha256());
	return c;
}

#define TSA_USAGE "critical,timeStamping"

static inline void tsa_open(struct tsa *t, bool rsa, int64_t from_ms, int64_t until_ms)
{
	*t = (struct tsa){
		.root_key = tsa_key(rsa), .key = tsa_key(rsa), .now_ms = from_ms, .digest = EVP_sha256()};
	t->root = tsa_certificate("A root", t->root_key, NULL, NULL, from_ms, until_ms, NULL);
	t->certificate =
		tsa_certificate("An authority", t->key, t->root, t->root_key, from_ms, until_ms, TSA_USAGE);
}

static inline void tsa_close(struct tsa *t)
{
	EVP_PKEY_free(t->root_key);
	EVP_PKEY_free(t->key);
	X509_free(t->root);
	X509_free(t->certificate);
}

static inline ASN1_INTEGER *tsa_serial(TS_RESP_CTX *ctx, void *data)
{
	ASN1_INTEGER *n = ASN1_INTEGER_new();
	(void)ctx;
	(void)data;
	ASN1_INTEGER_set(n, 7);
	return n;
}

static inline int tsa_time(TS_RESP_CTX *ctx, void *data, long *sec, long *usec)
{
	(void)ctx;
	*sec = (long)(((struct tsa *)data)->now_ms / 1000);
	*usec = 0;
	return 1;
}

/* Answer a question in DER. */
static inline void tsa_answer(struct tsa *t, const struct rp_buf *query, struct rp_buf *ret)
{
	TS_RESP_CTX *ctx = TS_RESP_CTX_new();
	ASN1_OBJECT *policy = OBJ_txt2obj("1.2.3.4.1", 1);
	BIO *in = BIO_new_mem_buf(query->s, (int)query->len);
	unsigned char *der = NULL;
	TS_RESP_CTX_set_signer_cert(ctx, t->certificate);
	TS_RESP_CTX_set_signer_key(ctx, t->key);
	TS_RESP_CTX_set_signer_digest(ctx, EVP_sha256());
	TS_RESP_CTX_set_ess_cert_id_digest(ctx, EVP_sha256());
	TS_RESP_CTX_set_def_policy(ctx, policy);
	TS_RESP_CTX_add_md(ctx, t->digest);
	TS_RESP_CTX_set_serial_cb(ctx, tsa_serial, t);
	TS_RESP_CTX_set_time_cb(ctx, tsa_time, t);
	TS_RESP_CTX_add_flags(ctx, TS_TSA_NAME);
	TS_RESP *r = TS_RESP_create_response(ctx, in);
	int len = i2d_TS_RESP(r, &der);
	rp_buf_reset(ret);
	rp_buf_add_mem(ret, der, (size_t)len);
	OPENSSL_free(der);
	TS_RESP_free(r);
	BIO_free(in);
	ASN1_OBJECT_free(policy);
	TS_RESP_CTX_free(ctx);
}

static inline void tsa_root_write(const struct tsa *t, const char *path)
{
	BIO *out = BIO_new_file(path, "w");
	PEM_write_bio_X509(out, t->root);
	BIO_free(out);
}

#endif
