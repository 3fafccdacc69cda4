/* SPDX-License-Identifier: MIT */
#include "verifier/manifest/stamp.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/ts.h>
#include <openssl/x509_vfy.h>

#include "verifier/manifest/authority.h"
#include "verifier/manifest/json.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/memory.h"
#include "verifier/util/sha256.h"

static inline void drop_ctx(TS_VERIFY_CTX **ctx)
{
	TS_VERIFY_CTX_free(*ctx);
}

static inline void drop_resp(TS_RESP **r)
{
	TS_RESP_free(*r);
}

/* What OpenSSL has to say, the last of it: before come the attempts that led there. */
static int fail(struct rp_err **err, enum rp_err_kind kind, const char *what)
{
	const char *data = NULL;
	int flags = 0;
	unsigned long code = ERR_peek_last_error_all(NULL, NULL, NULL, &data, &flags);
	char shown[RP_SHOWN];
	if (rp_memory_failed()) {
		ERR_clear_error();
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	const char *reason = ERR_reason_error_string(code);
	if (code == 0 || reason == NULL)
		rp_err_set(err, kind, "%s", what);
	else if (data != NULL && (flags & ERR_TXT_STRING) != 0 && *data != '\0')
		rp_err_set(err, kind, "%s: %s (%s)", what, reason, rp_shown(shown, data));
	else
		rp_err_set(err, kind, "%s: %s", what, reason);
	ERR_clear_error();
	return -1;
}

static int read_reply(TS_RESP **ret, const void *bytes, size_t len, enum rp_err_kind kind,
		      struct rp_err **err)
{
	const unsigned char *p = bytes;
	rp_memory_forget();
	if (len == 0 || len > RP_STAMP_MAX)
		return rp_err_set(err, kind, "it has %zu bytes, expected 1 to %u", len, RP_STAMP_MAX);
	TS_RESP *r = d2i_TS_RESP(NULL, &p, (long)len);
	if (r != NULL && p == (const unsigned char *)bytes + len) {
		*ret = r;
		return 0;
	}
	TS_RESP_free(r);
	ERR_clear_error();
	if (rp_memory_failed())
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	return rp_err_set(err, kind, "it is no reply of a time stamping authority (RFC 3161)");
}

/* Of a granted reply. Fractions of a second are left out. */
static int time_of(TS_RESP *r, int64_t *ret, enum rp_err_kind kind, struct rp_err **err)
{
	TS_TST_INFO *info = TS_RESP_get_tst_info(r);
	struct tm tm = {0};
	if (info == NULL || ASN1_TIME_to_tm(TS_TST_INFO_get_time(info), &tm) != 1)
		return rp_err_set(err, kind, "it does not say any time");
	*ret = (int64_t)timegm(&tm) * 1000;
	return *ret > 0 ? 0 : rp_err_set(err, kind, "it is of a time before 1970");
}

/* The stamp chooses how to digest; it may not choose badly. */
static int check_digest(TS_RESP *r, enum rp_err_kind kind, struct rp_err **err)
{
	const ASN1_OBJECT *name = NULL;
	TS_TST_INFO *info = TS_RESP_get_tst_info(r);
	X509_ALGOR *algorithm =
		info != NULL ? TS_MSG_IMPRINT_get_algo(TS_TST_INFO_get_msg_imprint(info)) : NULL;
	if (algorithm == NULL)
		return rp_err_set(err, kind, "the authority did not grant it");
	X509_ALGOR_get0(&name, NULL, NULL, algorithm);
	int nid = OBJ_obj2nid(name);
	if (nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512)
		return 0;
	return rp_err_set(err, kind, "it digests with %s, expected SHA-256, SHA-384 or SHA-512",
			  nid != NID_undef ? OBJ_nid2sn(nid) : "something unknown");
}

/* ---- Asking. ---- */

struct rp_stamp_query {
	TS_REQ *request;
};

static bool set_imprint(TS_REQ *request, const void *signature, size_t len)
{
	uint8_t digest[RP_SHA256_LEN];
	TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
	X509_ALGOR *algorithm = X509_ALGOR_new();
	rp_sha256(signature, len, digest);
	bool ok = imprint != NULL && algorithm != NULL &&
		  X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) == 1 &&
		  TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1 &&
		  TS_MSG_IMPRINT_set_msg(imprint, digest, sizeof digest) == 1 &&
		  TS_REQ_set_msg_imprint(request, imprint) == 1;
	X509_ALGOR_free(algorithm);
	TS_MSG_IMPRINT_free(imprint);
	return ok;
}

static bool set_nonce(TS_REQ *request)
{
	BIGNUM *random = BN_new();
	ASN1_INTEGER *nonce = NULL;
	bool ok = random != NULL && BN_rand(random, 64, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
		  (nonce = BN_to_ASN1_INTEGER(random, NULL)) != NULL && TS_REQ_set_nonce(request, nonce) == 1;
	ASN1_INTEGER_free(nonce);
	BN_free(random);
	return ok;
}

int rp_stamp_query_new(struct rp_stamp_query **ret, const void *signature, size_t len, struct rp_err **err)
{
	rp_auto(rp_stamp_query) q = calloc(1, sizeof *q);
	if (q != NULL)
		q->request = TS_REQ_new();
	if (q == NULL || q->request == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	/* With its certificates: who checks it in ten years has no other place to get them from. */
	if (TS_REQ_set_version(q->request, 1) != 1 || !set_imprint(q->request, signature, len) ||
	    !set_nonce(q->request) || TS_REQ_set_cert_req(q->request, 1) != 1) {
		ERR_clear_error();
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	*ret = rp_take(q);
	return 0;
}

void rp_stamp_query_free(struct rp_stamp_query *q)
{
	if (q == NULL)
		return;
	TS_REQ_free(q->request);
	free(q);
}

int rp_stamp_query_write(const struct rp_stamp_query *q, struct rp_buf *ret, struct rp_err **err)
{
	unsigned char *der = NULL;
	int len = i2d_TS_REQ(q->request, &der);
	if (len <= 0)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	rp_buf_add_mem(ret, der, (size_t)len);
	OPENSSL_free(der);
	return rp_buf_check(ret, err);
}

#define ANSWERS (TS_VFY_VERSION | TS_VFY_IMPRINT | TS_VFY_NONCE)

int rp_stamp_query_answer(const struct rp_stamp_query *q, const void *reply, size_t len,
			  const struct rp_authority *a, struct rp_err **err)
{
	rp_cleanup(drop_resp) TS_RESP *r = NULL;
	int64_t at_ms = 0;
	if (read_reply(&r, reply, len, RP_ERR_IO, err) < 0)
		return -1;
	rp_cleanup(drop_ctx) TS_VERIFY_CTX *ctx = TS_REQ_to_TS_VERIFY_CTX(q->request, NULL);
	if (ctx == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (a == NULL) {
		TS_VERIFY_CTX_set_flags(ctx, ANSWERS);
		if (TS_RESP_verify_response(ctx, r) != 1)
			return fail(err, RP_ERR_IO, "it does not answer what was asked");
		return 0;
	}
	if (check_digest(r, RP_ERR_IO, err) < 0 || time_of(r, &at_ms, RP_ERR_IO, err) < 0)
		return -1;
	X509_STORE *store = rp_authority_store(a, at_ms);
	if (store == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	TS_VERIFY_CTX_set_store(ctx, store);
	TS_VERIFY_CTX_set_flags(ctx, ANSWERS | TS_VFY_SIGNER | TS_VFY_SIGNATURE);
	if (TS_RESP_verify_response(ctx, r) != 1)
		return fail(err, RP_ERR_IO, "it does not answer what was asked, or is by another authority");
	return 0;
}

/* ---- Checking. ---- */

/* The certificate that signed it; borrowed. Only of a stamp that was verified. */
static void name_signer(TS_RESP *r, char ret[RP_STAMPED_BY_MAX])
{
	STACK_OF(X509) *signers = PKCS7_get0_signers(TS_RESP_get_token(r), NULL, 0);
	BIO *text = BIO_new(BIO_s_mem());
	char *s = NULL;
	*ret = '\0';
	if (text != NULL && sk_X509_num(signers) > 0 &&
	    X509_NAME_print_ex(text, X509_get_subject_name(sk_X509_value(signers, 0)), 0, XN_FLAG_RFC2253) >=
		    0) {
		long len = BIO_get_mem_data(text, &s);
		size_t n = len > 0 ? (size_t)len : 0;
		if (n >= RP_STAMPED_BY_MAX)
			n = RP_STAMPED_BY_MAX - 1;
		if (n > 0)
			memcpy(ret, s, n);
		ret[n] = '\0';
	}
	BIO_free(text);
	sk_X509_free(signers);
}

int rp_stamp_check(struct rp_stamp_facts *ret, const struct rp_authority *a, const void *stamp, size_t len,
		   const void *signature, size_t signature_len, struct rp_err **err)
{
	rp_cleanup(drop_resp) TS_RESP *r = NULL;
	*ret = (struct rp_stamp_facts){0};
	if (read_reply(&r, stamp, len, RP_ERR_TRUST, err) < 0 || check_digest(r, RP_ERR_TRUST, err) < 0 ||
	    time_of(r, &ret->at_ms, RP_ERR_TRUST, err) < 0)
		return -1;
	rp_cleanup(drop_ctx) TS_VERIFY_CTX *ctx = TS_VERIFY_CTX_new();
	X509_STORE *store = rp_authority_store(a, ret->at_ms);
	BIO *data = BIO_new_mem_buf(signature, (int)signature_len);
	if (ctx == NULL || store == NULL || data == NULL) {
		X509_STORE_free(store);
		BIO_free(data);
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	/* Both are the context's from here on. */
	TS_VERIFY_CTX_set_store(ctx, store);
	TS_VERIFY_CTX_set_data(ctx, data);
	TS_VERIFY_CTX_set_flags(ctx, TS_VFY_VERSION | TS_VFY_SIGNER | TS_VFY_SIGNATURE | TS_VFY_DATA);
	if (TS_RESP_verify_response(ctx, r) != 1)
		return fail(err, RP_ERR_TRUST, "it does not hold");
	name_signer(r, ret->by);
	ERR_clear_error();
	return 0;
}
