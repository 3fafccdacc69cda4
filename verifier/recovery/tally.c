/* SPDX-License-Identifier: MIT */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/recovery/stage.h"
#include "verifier/util/error.h"

struct tally {
	struct rp_stream base;
	EVP_MD_CTX *hash;
	struct rp_layer *into; /* borrowed */
};

static ssize_t tally_read(struct rp_stream *s, void *buf, size_t len, struct rp_err **err)
{
	struct tally *t = (struct tally *)s;
	ssize_t n = rp_stream_read(s->below, buf, len, err);
	if (n < 0 || t->into->whole)
		return n;
	if (n == 0) {
		t->into->whole = EVP_DigestFinal_ex(t->hash, t->into->sha256, NULL) == 1;
		return t->into->whole ? 0 : rp_err_set(err, RP_ERR_NOMEM, "cannot compute SHA-256");
	}
	if (EVP_DigestUpdate(t->hash, buf, (size_t)n) != 1)
		return rp_err_set(err, RP_ERR_NOMEM, "cannot compute SHA-256");
	t->into->size += (uint64_t)n;
	return n;
}

static void tally_close(struct rp_stream *s)
{
	struct tally *t = (struct tally *)s;
	EVP_MD_CTX_free(t->hash);
	free(t);
}

int rp_tally_new(struct rp_stream **ret, struct rp_stream *below, struct rp_layer *into, struct rp_err **err)
{
	static const struct rp_stream_ops ops = {.read = tally_read, .close = tally_close};
	struct tally *t = calloc(1, sizeof *t);
	if (t == NULL || (t->hash = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestInit_ex(t->hash, EVP_sha256(), NULL) != 1) {
		if (t != NULL)
			EVP_MD_CTX_free(t->hash);
		free(t);
		rp_stream_close(below);
		return rp_err_set(err, RP_ERR_NOMEM, "cannot compute SHA-256");
	}
	t->base = (struct rp_stream){.ops = &ops, .below = below};
	t->into = into;
	into->stage = &t->base;
	*ret = &t->base;
	return 0;
}
