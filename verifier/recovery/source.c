/* SPDX-License-Identifier: MIT */
#include <openssl/evp.h>
#include <string.h>

#include "verifier/recovery/stage.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"

struct source_stream {
	struct rp_stream base;
	struct rp_source *source;
	unsigned serial;
};

void rp_source_forget(struct rp_source *s)
{
	if (s->below != NULL)
		--*s->n_open;
	rp_stream_close(rp_take(s->below));
	EVP_MD_CTX_free(s->hash);
	s->hash = NULL;
}

int rp_source_begin(struct rp_source *s, struct rp_stream *below, struct rp_err **err)
{
	rp_source_forget(s);
	s->below = below;
	++*s->n_open;
	s->size = 0;
	s->serial++;
	s->read_on = false;
	s->hash = EVP_MD_CTX_new();
	if (s->hash == NULL || EVP_DigestInit_ex(s->hash, EVP_sha256(), NULL) != 1) {
		rp_source_forget(s);
		return rp_err_set(err, RP_ERR_NOMEM, "cannot compute SHA-256");
	}
	return 0;
}

/* The end of the file: its digest is known, or must be the one that is known. */
static int conclude(struct rp_source *s, struct rp_err **err)
{
	uint8_t digest[RP_SHA256_LEN];
	if (EVP_DigestFinal_ex(s->hash, digest, NULL) != 1)
		return rp_err_set(err, RP_ERR_NOMEM, "cannot compute SHA-256");
	rp_source_forget(s);
	struct rp_file *f = s->file;
	if (f->digested && (f->size != s->size || !rp_sha256_equal(f->sha256, digest)))
		return rp_err_set(err, RP_ERR_BACKUP, "'%s' changed while it was read", f->name);
	memcpy(f->sha256, digest, sizeof digest);
	f->size = s->size;
	f->digested = true;
	return 0;
}

static ssize_t source_take(struct rp_source *s, void *buf, size_t len, struct rp_err **err)
{
	if (s->below == NULL)
		return 0;
	if (rp_run_check(s->run, err) < 0)
		return -1;
	ssize_t n = rp_stream_read(s->below, buf, len, err);
	if (n < 0)
		return -1;
	if (n == 0)
		return conclude(s, err);
	if (EVP_DigestUpdate(s->hash, buf, (size_t)n) != 1)
		return rp_err_set(err, RP_ERR_NOMEM, "cannot compute SHA-256");
	s->size += (uint64_t)n;
	rp_run_advance(s->run, (uint64_t)n);
	return n;
}

static ssize_t source_read(struct rp_stream *stream, void *buf, size_t len, struct rp_err **err)
{
	struct source_stream *me = (struct source_stream *)stream;
	if (me->serial != me->source->serial)
		return rp_err_set(err, RP_ERR_IO, "'%s' is being read from its start again",
				  me->source->file->name);
	return source_take(me->source, buf, len, err);
}

static void source_close(struct rp_stream *stream)
{
	struct source_stream *me = (struct source_stream *)stream;
	if (me->serial == me->source->serial)
		me->source->read_on = false;
	free(me);
}

int rp_source_stream(struct rp_source *s, struct rp_stream **ret, struct rp_err **err)
{
	static const struct rp_stream_ops ops = {.read = source_read, .close = source_close};
	struct source_stream *me = malloc(sizeof *me);
	if (me == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	*me = (struct source_stream){.base.ops = &ops, .source = s, .serial = s->serial};
	s->read_on = true;
	*ret = &me->base;
	return 0;
}

int rp_source_drain(struct rp_source *s, struct rp_err **err)
{
	uint8_t buf[64 << 10];
	while (s->below != NULL)
		if (source_take(s, buf, sizeof buf, err) < 0)
			return -1;
	return 0;
}
