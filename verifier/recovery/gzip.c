/* SPDX-License-Identifier: MIT */
/* gzip by zlib itself, and not through libarchive, which accepts a wrong checksum, a wrong length and whatever
 * follows the last member. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "verifier/recovery/members.h"
#include "verifier/recovery/unwrap.h"
#include "verifier/util/error.h"

#define MAGIC_LEN 3

struct gunzip {
	struct rp_stream base;
	z_stream z;
	bool inside; /* of a member */
	bool end;    /* of what is below */
	bool failed; /* sticky: what follows a fault means nothing */
	uint8_t in[64 << 10];
};

static int gzip_bid(const uint8_t *head, size_t len)
{
	static const uint8_t magic[MAGIC_LEN] = {0x1f, 0x8b, 8};
	/* The three upper bits of the flags are reserved, and zero. */
	return len > MAGIC_LEN && memcmp(head, magic, MAGIC_LEN) == 0 && (head[3] & 0xe0) == 0 ? 27 : 0;
}

static int refill(struct gunzip *g, struct rp_err **err)
{
	ssize_t n = rp_stream_read(g->base.below, g->in, sizeof g->in, err);
	if (n < 0)
		return -1;
	g->end = n == 0;
	g->z.next_in = g->in;
	g->z.avail_in = (unsigned)n;
	return 0;
}

static int damaged(const struct gunzip *g, struct rp_err **err)
{
	return rp_err_set(err, RP_ERR_BACKUP, "gzip: damaged: %s", g->z.msg != NULL ? g->z.msg : "bad data");
}

/* Between two members: the end, or another one, and nothing else. */
static int next_member(struct gunzip *g, struct rp_err **err)
{
	if (g->z.avail_in == 0 && refill(g, err) < 0)
		return -1;
	if (g->z.avail_in == 0)
		return 0;
	if (g->z.next_in[0] != 0x1f)
		return rp_err_set(err, RP_ERR_BACKUP,
				  "gzip: damaged: something that is no gzip follows its end");
	if (inflateReset(&g->z) != Z_OK)
		return damaged(g, err);
	g->inside = true;
	return 0;
}

static int step(struct gunzip *g, struct rp_err **err)
{
	if (g->z.avail_in == 0 && refill(g, err) < 0)
		return -1;
	if (g->z.avail_in == 0)
		return rp_err_set(err, RP_ERR_BACKUP, "gzip: truncated: the file ends before its data does");
	/* In gzip mode zlib compares CRC-32 and length with the trailer before it says Z_STREAM_END. */
	int r = inflate(&g->z, Z_NO_FLUSH);
	if (r == Z_STREAM_END)
		g->inside = false;
	else if (r == Z_MEM_ERROR)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	else if (r != Z_OK && r != Z_BUF_ERROR)
		return damaged(g, err);
	return 0;
}

static ssize_t gunzip_read(struct rp_stream *s, void *buf, size_t len, struct rp_err **err)
{
	struct gunzip *g = (struct gunzip *)s;
	if (g->failed)
		return rp_err_set(err, RP_ERR_IO, "gzip: read on after a failure");
	unsigned room = len < (1U << 30) ? (unsigned)len : 1U << 30;
	g->z.next_out = buf;
	g->z.avail_out = room;
	while (g->z.avail_out == room && !(g->end && !g->inside))
		if ((g->inside ? step(g, err) : next_member(g, err)) < 0) {
			g->failed = true;
			return -1;
		}
	return (ssize_t)(room - g->z.avail_out);
}

static void gunzip_close(struct rp_stream *s)
{
	struct gunzip *g = (struct gunzip *)s;
	(void)inflateEnd(&g->z);
	free(g);
}

static int gzip_unwrap(struct rp_stream **ret, struct rp_stream *below, const struct rp_unwrapping *how,
		       struct rp_err **err)
{
	static const struct rp_stream_ops ops = {.read = gunzip_read, .close = gunzip_close};
	(void)how;
	struct gunzip *g = calloc(1, sizeof *g);
	if (g == NULL || inflateInit2(&g->z, 16 + MAX_WBITS) != Z_OK) {
		free(g);
		rp_stream_close(below);
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	g->base = (struct rp_stream){.ops = &ops, .below = below};
	g->inside = true;
	*ret = &g->base;
	return 0;
}

const struct rp_wrapping rp_wrapping_gzip = {
	.name = "gzip",
	.heavy = true,
	.bid = gzip_bid,
	.unwrap = gzip_unwrap,
};
