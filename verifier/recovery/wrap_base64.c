/* SPDX-License-Identifier: MIT */
/* The armour of 'openssl enc -a': lines of base64, or with -A one line. Known by what it begins with once it is taken
 * off, "Salted__"; other base64 is nobody's wrapping of a backup. */
#include <stdlib.h>
#include <string.h>

#include "verifier/recovery/members.h"
#include "verifier/recovery/unwrap.h"
#include "verifier/util/error.h"

#define CHUNK (64 << 10)

struct decoding {
	struct rp_stream base;
	uint8_t in[CHUNK];
	size_t at, len;
	uint8_t group[4]; /* values of the characters so far */
	unsigned have, padding;
	uint8_t out[3];
	size_t out_at, out_len;
	bool ended, failed;
};

static int base64_bid(const uint8_t *head, size_t len)
{
	static const char salted[] = "U2FsdGVkX1";
	return len >= sizeof salted - 1 && memcmp(head, salted, sizeof salted - 1) == 0 ? 80 : 0;
}

static int value_of(uint8_t c)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c != '\0' ? strchr(letters, c) : NULL;
	return at != NULL ? (int)(at - letters) : -1;
}

static int damaged(struct rp_err **err)
{
	return rp_err_set(err, RP_ERR_BACKUP, "base64: damaged: something that is no base64 stands in it");
}

static int add(struct decoding *d, uint8_t c, struct rp_err **err)
{
	int value = value_of(c);
	if (c == '\n' || c == '\r')
		return 0;
	if (c == '=' && d->have >= 2) {
		d->padding++;
		value = 0;
	} else if (value < 0 || d->padding > 0)
		return damaged(err);
	d->group[d->have++] = (uint8_t)value;
	if (d->have < sizeof d->group)
		return 0;
	const uint8_t *g = d->group;
	d->out[0] = (uint8_t)(g[0] << 2 | g[1] >> 4);
	d->out[1] = (uint8_t)((g[1] & 0xf) << 4 | g[2] >> 2);
	d->out[2] = (uint8_t)((g[2] & 3) << 6 | g[3]);
	d->out_at = 0;
	d->out_len = 3 - d->padding;
	/* Nothing but ends of lines may follow padding: it stays. */
	d->have = 0;
	return 0;
}

static int refill(struct decoding *d, struct rp_err **err)
{
	ssize_t n = rp_stream_read(d->base.below, d->in, sizeof d->in, err);
	if (n < 0)
		return -1;
	d->at = 0;
	d->len = (size_t)n;
	d->ended = n == 0;
	if (d->ended && d->have > 0)
		return rp_err_set(err, RP_ERR_BACKUP,
				  "base64: truncated: the file ends before its data does");
	return 0;
}

static ssize_t decoding_read(struct rp_stream *s, void *buf, size_t len, struct rp_err **err)
{
	struct decoding *d = (struct decoding *)s;
	uint8_t *to = buf;
	size_t n = 0;
	if (d->failed)
		return rp_err_set(err, RP_ERR_IO, "base64: read on after a failure");
	while (n < len && !(d->ended && d->out_at == d->out_len)) {
		int r = 0;
		if (d->out_at < d->out_len)
			to[n++] = d->out[d->out_at++];
		else if (d->at < d->len)
			r = add(d, d->in[d->at++], err);
		else if (n > 0)
			break;
		else
			r = refill(d, err);
		if (r < 0) {
			d->failed = true;
			return -1;
		}
	}
	return (ssize_t)n;
}

static void decoding_close(struct rp_stream *s)
{
	free(s);
}

static int base64_unwrap(struct rp_stream **ret, struct rp_stream *below, const struct rp_unwrapping *how,
			 struct rp_err **err)
{
	static const struct rp_stream_ops ops = {.read = decoding_read, .close = decoding_close};
	(void)how;
	struct decoding *d = calloc(1, sizeof *d);
	if (d == NULL) {
		rp_stream_close(below);
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	d->base = (struct rp_stream){.ops = &ops, .below = below};
	*ret = &d->base;
	return 0;
}

const struct rp_wrapping rp_wrapping_base64 = {
	.name = "base64",
	.bid = base64_bid,
	.unwrap = base64_unwrap,
};
