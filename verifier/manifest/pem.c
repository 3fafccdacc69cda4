/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "verifier/manifest/key.h"
#include "verifier/util/error.h"
#include "verifier/util/secret.h"

static EVP_PKEY *decode_private(const unsigned char *der, long len)
{
	const unsigned char *p = der;
	EVP_PKEY *k = d2i_AutoPrivateKey(NULL, &p, len);
	if (k != NULL && p == der + len)
		return k;
	EVP_PKEY_free(k);
	return NULL;
}

static EVP_PKEY *decode_public(const unsigned char *der, long len)
{
	const unsigned char *p = der;
	EVP_PKEY *k = d2i_PUBKEY(NULL, &p, len);
	if (k != NULL && p == der + len)
		return k;
	EVP_PKEY_free(k);
	return NULL;
}

#define PUBLIC_HINT                                                                                          \
	"who verifies needs the public half alone: 'openssl pkey -in KEY -pubout -out PUB'; the private "    \
	"one "                                                                                               \
	"stays where seals are made"
#define OLD_HINT "'openssl pkcs8 -topk8 -in OLD -out NEW' encrypts it in a way that is still good"
#define PASSPHRASE_HINT                                                                                      \
	"--key-passphrase-file FILE hands it over, or -fd, -credential, -env in place of -file; for a key "  \
	"that "                                                                                              \
	"signs results --result-key-passphrase-file and so on"
#define RSA_HINT "'reprove keygen' makes a key that fits: Ed25519; ECDSA P-256 is read as well"

#define ENCRYPTED "ENCRYPTED PRIVATE KEY"

/* What people keep in PEM files, and what to tell them. */
static const struct pem_kind {
	const char *label;
	EVP_PKEY *(*decode)(const unsigned char *der, long len); /* NULL: not read here */
	bool secret;
	const char *is, *hint; /* for when it is not what was asked for */
} kinds[] = {
	{"PRIVATE KEY", decode_private, true, "a private key", PUBLIC_HINT},
	{"EC PRIVATE KEY", decode_private, true, "a private key", PUBLIC_HINT},
	{"PUBLIC KEY", decode_public, false, "a public key",
	 "seal with reprove.key, verify with reprove.pub"},
	{"RSA PRIVATE KEY", NULL, true, "an RSA key", RSA_HINT},
	{"RSA PUBLIC KEY", NULL, false, "an RSA key", RSA_HINT},
	{ENCRYPTED, NULL, true, "an encrypted private key", PUBLIC_HINT},
	{"OPENSSH PRIVATE KEY", NULL, true, "a key in OpenSSH's own form", RSA_HINT},
	{"CERTIFICATE", NULL, false, "a certificate",
	 "'openssl x509 -in FILE -pubkey -noout' prints its key"},
};

struct block {
	char *label, *header;
	unsigned char *der;
	long len;
};

static void block_done(struct block *b)
{
	OPENSSL_free(b->label);
	if (b->header != NULL)
		OPENSSL_free(b->header);
	if (b->der != NULL)
		OPENSSL_clear_free(b->der, (size_t)b->len);
	*b = (struct block){0};
}

/* The next block of the text that is not just a curve's name ("openssl ecparam -genkey" writes that first). */
static bool next_block(BIO *text, struct block *b)
{
	do {
		block_done(b);
		if (PEM_read_bio(text, &b->label, &b->header, &b->der, &b->len) != 1)
			return false;
	} while (strcmp(b->label, "EC PARAMETERS") == 0);
	return true;
}

static const struct pem_kind *find_kind(const char *label)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i].label, label) == 0)
			return &kinds[i];
	return NULL;
}

static int refuse(const struct pem_kind *kind, bool secret, struct rp_err **err)
{
	rp_err_set(err, RP_ERR_CONFIG, "is %s, expected a %s key", kind->is, secret ? "private" : "public");
	return rp_err_hint(err, "%s", kind->hint);
}

/* PKCS#8 as "openssl pkcs8 -topk8" and keygen write it. */
static int decrypt(EVP_PKEY **ret, const struct block *b, const struct rp_secret *passphrase,
		   struct rp_err **err)
{
	const unsigned char *p = b->der;
	X509_SIG *sealed = d2i_X509_SIG(NULL, &p, b->len);
	if (sealed == NULL || p != b->der + b->len) {
		X509_SIG_free(sealed);
		return rp_err_set(err, RP_ERR_CONFIG, "is damaged: no encrypted key can be read from it");
	}
	ERR_clear_error();
	PKCS8_PRIV_KEY_INFO *open =
		PKCS8_decrypt(sealed, rp_secret_text(passphrase), (int)rp_secret_len(passphrase));
	X509_SIG_free(sealed);
	/* A wrong passphrase gives garbage, which one time in 256 looks like a text that was decrypted. */
	*ret = open != NULL ? EVP_PKCS82PKEY(open) : NULL;
	PKCS8_PRIV_KEY_INFO_free(open);
	if (*ret != NULL)
		return 0;
	rp_err_set(err, RP_ERR_CONFIG, "the passphrase is wrong, or the file is damaged");
	return rp_err_hint(err, "'openssl pkey -noout -in FILE' asks for it and tells whether it fits");
}

static int refuse_old(struct rp_err **err)
{
	rp_err_set(err, RP_ERR_CONFIG,
		   "is encrypted in the old way of PEM, which is quickly guessed, expected PKCS#8");
	return rp_err_hint(err, "%s", OLD_HINT);
}

static int decode(EVP_PKEY **ret, const struct block *b, bool secret, const struct rp_secret *passphrase,
		  struct rp_err **err)
{
	const struct pem_kind *kind = find_kind(b->label);
	if (kind == NULL)
		return rp_err_set(err, RP_ERR_CONFIG, "is PEM, but no key");
	if (kind->secret != secret)
		return refuse(kind, secret, err);
	/* The older way to encrypt says so in a header and not in the label. */
	if (strstr(b->header, "ENCRYPTED") != NULL)
		return refuse_old(err);
	bool encrypted = strcmp(kind->label, ENCRYPTED) == 0;
	if (encrypted && passphrase == NULL) {
		rp_err_set(err, RP_ERR_CONFIG, "is encrypted, and no passphrase is given");
		return rp_err_hint(err, "%s", PASSPHRASE_HINT);
	}
	if (encrypted)
		return decrypt(ret, b, passphrase, err);
	if (kind->decode == NULL)
		return refuse(kind, secret, err);
	if (passphrase != NULL) {
		rp_err_set(err, RP_ERR_CONFIG, "is not encrypted, and a passphrase for it is given");
		return rp_err_hint(err, "encrypt it: 'openssl pkcs8 -topk8 -in OLD -out NEW'; or leave the "
					"passphrase away");
	}
	*ret = kind->decode(b->der, b->len);
	return *ret != NULL ? 0 : rp_err_set(err, RP_ERR_CONFIG, "is damaged: no key can be read from it");
}

int rp_key_parse(EVP_PKEY **ret, const char *pem, size_t len, bool secret, const struct rp_secret *passphrase,
		 struct rp_err **err)
{
	*ret = NULL;
	BIO *text = BIO_new_mem_buf(pem, (int)len);
	struct block b = {0};
	int r = -1;
	if (text == NULL)
		rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	else if (next_block(text, &b))
		r = decode(ret, &b, secret, passphrase, err);
	else
		rp_err_set(err, RP_ERR_CONFIG, "is no PEM file, or a truncated one");
	if (r == 0 && next_block(text, &b)) {
		r = rp_err_set(err, RP_ERR_CONFIG, "holds more than one key");
		rp_err_hint(err, "one file for each key, and each named by itself");
		EVP_PKEY_free(*ret);
		*ret = NULL;
	}
	block_done(&b);
	BIO_free(text);
	ERR_clear_error();
	return r;
}
