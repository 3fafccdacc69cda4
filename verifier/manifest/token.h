/* SPDX-License-Identifier: MIT */
#ifndef RP_MANIFEST_TOKEN_H
#define RP_MANIFEST_TOKEN_H

#include <openssl/types.h>

#define CRYPTOKI_COMPAT
#include <p11-kit/p11-kit.h>
#include <p11-kit/pkcs11.h>
#include <p11-kit/uri.h>

#include "verifier/util/cleanup.h"

struct rp_err;

/* A token that is open, and the private key on it: for the length of one signature. */
struct rp_token_session {
	CK_FUNCTION_LIST *module;
	CK_SESSION_HANDLE session; /* CK_INVALID_HANDLE: none */
	CK_OBJECT_HANDLE key;
	CK_BBOOL each_time; /* the PIN is wanted for every single signature */
};

/* A value of an object's, with its length; free(). NULL: it has none. Keys and certificates are small. */
void *rp_token_value(const struct rp_token_session *t, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
		     CK_ULONG *len);
/* The first objects that fit, at most 'most'; how many these are. -1 with err. */
int rp_token_find(const struct rp_token_session *t, CK_ATTRIBUTE *like, CK_ULONG n, CK_OBJECT_HANDLE *ret,
		  CK_ULONG most, struct rp_err **err);
/* The public half of the session's key, from the key or the certificate beside it that have the same CKA_ID. */
int rp_token_public(const struct rp_token_session *t, EVP_PKEY **ret, struct rp_err **err);

#endif
