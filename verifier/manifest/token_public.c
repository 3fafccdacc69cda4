/* SPDX-License-Identifier: MIT */
#include "verifier/manifest/token.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/x509.h>

#include "verifier/util/error.h"

#define VALUE_MAX   (64u << 10)
#define POINT_P256  65 /* uncompressed */
#define POINT_ED    32
#define DER_OCTETS  0x04
#define DER_HEAD    2 /* of such a short value */
#define WANTED_HINT "'pkcs11-tool --keypairgen --key-type EC:prime256v1' makes one that fits"

void *rp_token_value(const struct rp_token_session *t, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
		     CK_ULONG *len)
{
	CK_ATTRIBUTE a = {.type = type};
	if (t->module->C_GetAttributeValue(t->session, object, &a, 1) != CKR_OK || a.ulValueLen == 0 ||
	    a.ulValueLen > VALUE_MAX)
		return NULL;
	a.pValue = malloc(a.ulValueLen);
	if (a.pValue != NULL && t->module->C_GetAttributeValue(t->session, object, &a, 1) == CKR_OK) {
		*len = a.ulValueLen;
		return a.pValue;
	}
	free(a.pValue);
	return NULL;
}

int rp_token_find(const struct rp_token_session *t, CK_ATTRIBUTE *like, CK_ULONG n, CK_OBJECT_HANDLE *ret,
		  CK_ULONG most, struct rp_err **err)
{
	CK_ULONG found = 0;
	CK_RV rv = t->module->C_FindObjectsInit(t->session, like, n);
	if (rv == CKR_OK) {
		rv = t->module->C_FindObjects(t->session, ret, most, &found);
		(void)t->module->C_FindObjectsFinal(t->session);
	}
	if (rv != CKR_OK)
		return rp_err_set(err, RP_ERR_IO, "look for its objects: %s", p11_kit_strerror(rv));
	return (int)found;
}

/* A point is an OCTET STRING by the standard, and bare on some tokens. */
static EVP_PKEY *of_point(CK_KEY_TYPE type, uint8_t *point, size_t len)
{
	if (len > DER_HEAD && point[0] == DER_OCTETS && point[1] == len - DER_HEAD) {
		point += DER_HEAD;
		len -= DER_HEAD;
	}
	if (type == CKK_EC_EDWARDS)
		return len == POINT_ED ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, point, len)
				       : NULL;
	char curve[] = "prime256v1";
	OSSL_PARAM params[] = {OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, sizeof curve - 1),
			       OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, len), OSSL_PARAM_END};
	EVP_PKEY_CTX *ctx = len == POINT_P256 ? EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL) : NULL;
	EVP_PKEY *k = NULL;
	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &k, EVP_PKEY_PUBLIC_KEY, params) != 1)
		k = NULL;
	EVP_PKEY_CTX_free(ctx);
	return k;
}

static EVP_PKEY *of_public_key(const struct rp_token_session *t, CK_OBJECT_HANDLE object, CK_KEY_TYPE type)
{
	CK_ULONG len = 0;
	rp_autofree void *point = rp_token_value(t, object, CKA_EC_POINT, &len);
	return point != NULL ? of_point(type, point, len) : NULL;
}

static EVP_PKEY *of_certificate(const struct rp_token_session *t, CK_OBJECT_HANDLE object)
{
	CK_ULONG len = 0;
	rp_autofree void *der = rp_token_value(t, object, CKA_VALUE, &len);
	const unsigned char *p = der;
	X509 *x = der != NULL ? d2i_X509(NULL, &p, (long)len) : NULL;
	EVP_PKEY *k = x != NULL ? X509_get_pubkey(x) : NULL;
	X509_free(x);
	return k;
}

int rp_token_public(const struct rp_token_session *t, EVP_PKEY **ret, struct rp_err **err)
{
	CK_ULONG id_len = 0, type_len = 0;
	rp_autofree void *id = rp_token_value(t, t->key, CKA_ID, &id_len);
	rp_autofree CK_KEY_TYPE *type = rp_token_value(t, t->key, CKA_KEY_TYPE, &type_len);
	if (type == NULL || type_len != sizeof *type || (*type != CKK_EC && *type != CKK_EC_EDWARDS)) {
		rp_err_set(err, RP_ERR_CONFIG, "is no key for Ed25519 or ECDSA P-256");
		return rp_err_hint(err, WANTED_HINT);
	}
	CK_OBJECT_CLASS classes[] = {CKO_PUBLIC_KEY, CKO_CERTIFICATE};
	for (size_t i = 0; i < 2 && *ret == NULL && id != NULL; i++) {
		CK_OBJECT_HANDLE found;
		CK_ATTRIBUTE like[] = {{CKA_CLASS, &classes[i], sizeof classes[i]}, {CKA_ID, id, id_len}};
		int n = rp_token_find(t, like, 2, &found, 1, err);
		if (n < 0)
			return -1;
		if (n > 0)
			*ret = classes[i] == CKO_PUBLIC_KEY ? of_public_key(t, found, *type)
							    : of_certificate(t, found);
	}
	ERR_clear_error();
	if (*ret != NULL)
		return 0;
	rp_err_set(err, RP_ERR_CONFIG, "has no public half beside it that is Ed25519 or ECDSA P-256");
	return rp_err_hint(err, "a public key or a certificate with the same CKA_ID has to be on the token");
}
