/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "verifier/manifest/key.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/secret.h"

/* Not rp_file_replace(): a key that is there already must never be written over, in no race either. */
static int write_new(const char *path, BIO *text, mode_t mode, struct rp_err **err)
{
	char *s = NULL;
	long len = BIO_get_mem_data(text, &s);
	rp_autoclose int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST) {
		rp_err_set(err, RP_ERR_CONFIG, "'%s' is there already, and a key is never written over",
			   path);
		return rp_err_hint(err, "choose another directory, or move the old key away; what it signed "
					"can be verified only as long as its public half is kept");
	}
	if (fd < 0)
		return rp_err_sys(err, errno, "create '%s'", path);
	if (rp_write_all(fd, s, (size_t)len, err) < 0 || fchmod(fd, mode) < 0 || fsync(fd) < 0) {
		rp_err_sys(err, errno, "write '%s'", path);
		(void)unlink(path);
		return -1;
	}
	return 0;
}

/* PBKDF2's rounds: a quarter of a second for us, and as long for each word that somebody tries. */
#define ROUNDS 600000
#define SALT   16

static int write_secret(BIO *to, EVP_PKEY *pkey, const struct rp_secret *passphrase)
{
	if (passphrase == NULL)
		return PEM_write_bio_PKCS8PrivateKey(to, pkey, NULL, NULL, 0, NULL, NULL);
	PKCS8_PRIV_KEY_INFO *open = EVP_PKEY2PKCS8(pkey);
	X509_SIG *sealed = open != NULL
				   ? PKCS8_encrypt(-1, EVP_aes_256_cbc(), rp_secret_text(passphrase),
						   (int)rp_secret_len(passphrase), NULL, SALT, ROUNDS, open)
				   : NULL;
	int r = sealed != NULL ? PEM_write_bio_PKCS8(to, sealed) : 0;
	X509_SIG_free(sealed);
	PKCS8_PRIV_KEY_INFO_free(open);
	return r;
}

/* The private half first: without it the public one is worth nothing. */
static int write_pair(EVP_PKEY *pkey, const struct rp_secret *passphrase, const char *key, const char *pub,
		      struct rp_err **err)
{
	BIO *secret = BIO_new(BIO_s_secmem()), *open_text = BIO_new(BIO_s_mem());
	int r = -1;
	if (secret == NULL || open_text == NULL || write_secret(secret, pkey, passphrase) != 1 ||
	    PEM_write_bio_PUBKEY(open_text, pkey) != 1) {
		rp_err_set(err, RP_ERR_NOMEM, "the new key cannot be written as PEM");
	} else if (write_new(key, secret, 0600, err) == 0) {
		r = write_new(pub, open_text, 0644, err);
		if (r < 0)
			(void)unlink(key); /* we have just made it */
	}
	BIO_free(secret);
	BIO_free(open_text);
	return r;
}

int rp_key_generate(const char *dir, enum rp_key_type type, const struct rp_secret *passphrase,
		    struct rp_err **err)
{
	rp_autobuf key = RP_BUF_INIT(PATH_MAX);
	rp_autobuf pub = RP_BUF_INIT(PATH_MAX);
	rp_buf_addf(&key, "%s/reprove.key", dir);
	rp_buf_addf(&pub, "%s/reprove.pub", dir);
	if (rp_buf_check(&key, err) < 0 || rp_buf_check(&pub, err) < 0 || rp_dir_make(dir, 0700, err) < 0)
		return rp_err_wrap(err, "make a key pair");
	rp_key_guard_memory();
	EVP_PKEY *pkey = type == RP_KEY_P256 ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")
					     : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	int r = pkey != NULL ? write_pair(pkey, passphrase, rp_buf_text(&key), rp_buf_text(&pub), err)
			     : rp_err_set(err, RP_ERR_IO, "OpenSSL has no random numbers");
	EVP_PKEY_free(pkey);
	ERR_clear_error();
	return r < 0 ? rp_err_wrap(err, "make a key pair") : 0;
}

int rp_key_public_pem(const struct rp_key *k, struct rp_buf *ret, struct rp_err **err)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	if (bio == NULL || PEM_write_bio_PUBKEY(bio, k->pkey) != 1) {
		BIO_free(bio);
		return rp_err_set(err, RP_ERR_NOMEM, "cannot write key %s as PEM", k->id);
	}
	long len = BIO_get_mem_data(bio, &text);
	rp_buf_add_mem(ret, text, (size_t)len);
	BIO_free(bio);
	return rp_buf_check(ret, err);
}
