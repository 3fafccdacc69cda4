/* SPDX-License-Identifier: MIT */
/* What 'openssl enc' writes: "Salted__", eight bytes of salt, and nothing that tells cipher, key derivation, or
 * whether it is whole. So a password is known to be right by what comes out; the last block by its padding. */
#include "verifier/recovery/wrap_openssl.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/recovery/members.h"
#include "verifier/recovery/unwrap.h"
#include "verifier/util/error.h"
#include "verifier/util/secret.h"

#define CHUNK  (64 << 10)
#define BEFORE (sizeof magic - 1 + RP_SALT_LEN)

static const char magic[] = "Salted__";

struct opening {
	struct rp_stream base;
	const struct rp_unwrapping *how; /* NULL: nothing was said */
	EVP_CIPHER_CTX *ctx;		 /* NULL: not begun */
	uint64_t encrypted;		 /* bytes so far */
	unsigned block;
	bool below_ended, over, failed;
	uint8_t in[CHUNK];
	size_t len;
	uint8_t out[CHUNK + EVP_MAX_BLOCK_LENGTH];
	size_t at, have;
};

static int openssl_bid(const uint8_t *head, size_t len)
{
	return len >= sizeof magic - 1 && memcmp(head, magic, sizeof magic - 1) == 0 ? 64 : 0;
}

static int fill(struct opening *o, struct rp_err **err)
{
	while (o->len < sizeof o->in && !o->below_ended) {
		ssize_t n = rp_stream_read(o->base.below, o->in + o->len, sizeof o->in - o->len, err);
		if (n < 0)
			return -1;
		o->below_ended = n == 0;
		o->len += (size_t)n;
	}
	return 0;
}

/* None of them fits. Which options would have made one fit is worth a second. */
static int refuse(const struct opening *o, const struct rp_openssl_key *key, struct rp_err **err)
{
	const uint8_t *salt = o->in + sizeof magic - 1;
	for (size_t i = 0; i < o->how->n_passwords; i++) {
		char options[128];
		int r = rp_openssl_guess(key, o->how->passwords[i], salt, o->in + BEFORE, o->len - BEFORE,
					 o->below_ended, options, sizeof options, err);
		if (r < 0)
			return -1;
		if (r == 0)
			continue;
		(void)rp_err_set(err, RP_ERR_USAGE,
				 "openssl-enc: the password fits, but it was encrypted in another way: %s",
				 options);
		return rp_err_hint(err, "say %s", options);
	}
	(void)rp_err_set(err, RP_ERR_LOCKED,
			 "openssl-enc: the password does not fit%s, or the first bytes are damaged",
			 o->how->n_passwords > 1 ? ", nor does any other that was given" : "");
	return rp_err_hint(
		err, "a wrong password and an unusual key derivation look the same: 'openssl enc' was told "
		     "what --openssl-kdf and --openssl-cipher are for");
}

static int choose_password(struct opening *o, const struct rp_openssl_key *key, const struct rp_secret **ret,
			   struct rp_err **err)
{
	const uint8_t *salt = o->in + sizeof magic - 1;
	for (size_t i = 0; i < o->how->n_passwords; i++) {
		int r = rp_openssl_fits(key, o->how->passwords[i], salt, o->in + BEFORE, o->len - BEFORE,
					o->below_ended, err);
		if (r < 0)
			return -1;
		*ret = o->how->passwords[i];
		if (r == 1)
			return 0;
	}
	return refuse(o, key, err);
}

static int truncated(struct rp_err **err)
{
	return rp_err_set(err, RP_ERR_BACKUP, "openssl-enc: truncated: the file ends before its data does");
}

static int begin(struct opening *o, struct rp_err **err)
{
	struct rp_openssl_key key;
	const struct rp_secret *password = NULL;
	if (fill(o, err) < 0 || rp_openssl_key_of(&key, o->how, err) < 0)
		return -1;
	o->block = (unsigned)EVP_CIPHER_get_block_size(key.cipher);
	if (o->how == NULL || o->how->n_passwords == 0) {
		(void)rp_err_set(err, RP_ERR_USAGE, "openssl-enc: a password is needed, and there is none");
		return rp_err_hint(err, "--passphrase-file FILE names a file that has it");
	}
	if (o->len < BEFORE + (o->block > 1 ? o->block : 0))
		return truncated(err);
	if (choose_password(o, &key, &password, err) < 0)
		return -1;
	o->ctx = EVP_CIPHER_CTX_new();
	if (o->ctx == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (rp_openssl_begin(o->ctx, &key, password, o->in + sizeof magic - 1, err) < 0)
		return -1;
	o->len -= BEFORE;
	memmove(o->in, o->in + BEFORE, o->len);
	return 0;
}

static int finish(struct opening *o, struct rp_err **err)
{
	int n = 0;
	o->over = true;
	if (o->encrypted % o->block != 0)
		return truncated(err);
	if (EVP_DecryptFinal_ex(o->ctx, o->out, &n) != 1) {
		ERR_clear_error();
		return rp_err_set(
			err, RP_ERR_BACKUP,
			"openssl-enc: damaged: its last block is not the one that was encrypted: it was "
			"changed, or the file was truncated just there");
	}
	o->have = (size_t)n;
	return 0;
}

static int advance(struct opening *o, struct rp_err **err)
{
	int n = 0;
	if (o->ctx == NULL && begin(o, err) < 0)
		return -1;
	if (o->len == 0 && !o->below_ended) {
		ssize_t got = rp_stream_read(o->base.below, o->in, sizeof o->in, err);
		if (got < 0)
			return -1;
		o->below_ended = got == 0;
		o->len = (size_t)got;
	}
	o->at = o->have = 0;
	if (o->len == 0)
		return finish(o, err);
	if (EVP_DecryptUpdate(o->ctx, o->out, &n, o->in, (int)o->len) != 1)
		return rp_err_set(err, RP_ERR_IO, "openssl-enc: cannot decrypt");
	o->encrypted += o->len;
	o->len = 0;
	o->have = (size_t)n;
	return 0;
}

static ssize_t opening_read(struct rp_stream *s, void *buf, size_t len, struct rp_err **err)
{
	struct opening *o = (struct opening *)s;
	if (o->failed)
		return rp_err_set(err, RP_ERR_IO, "openssl-enc: read on after a failure");
	while (o->at == o->have && !o->over)
		if (advance(o, err) < 0) {
			o->failed = true;
			return -1;
		}
	size_t n = o->have - o->at < len ? o->have - o->at : len;
	memcpy(buf, o->out + o->at, n);
	o->at += n;
	return (ssize_t)n;
}

static void opening_close(struct rp_stream *s)
{
	struct opening *o = (struct opening *)s;
	EVP_CIPHER_CTX_free(o->ctx);
	OPENSSL_cleanse(o->out, sizeof o->out);
	free(o);
}

static int openssl_unwrap(struct rp_stream **ret, struct rp_stream *below, const struct rp_unwrapping *how,
			  struct rp_err **err)
{
	static const struct rp_stream_ops ops = {.read = opening_read, .close = opening_close};
	struct opening *o = calloc(1, sizeof *o);
	if (o == NULL) {
		rp_stream_close(below);
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	o->base = (struct rp_stream){.ops = &ops, .below = below};
	o->how = how;
	*ret = &o->base;
	return 0;
}

const struct rp_wrapping rp_wrapping_openssl = {
	.name = "openssl-enc",
	.bid = openssl_bid,
	.unwrap = openssl_unwrap,
};
