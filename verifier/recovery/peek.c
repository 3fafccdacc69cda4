/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/recovery/stage.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"

struct peek {
	struct rp_stream base;
	uint8_t head[RP_HEAD_MAX];
	size_t len, at;
	struct rp_err *failure;
	uint64_t out, most; /* most 0: no limit */
};

static int within_limit(struct peek *p, size_t n, struct rp_err **err)
{
	p->out += n;
	if (p->most == 0 || p->out <= p->most)
		return 0;
	char most[RP_TIME_TEXT];
	rp_size_format(p->most, most);
	(void)rp_err_set(err, RP_ERR_IO, "unpacks to more than %s, which is refused", most);
	return rp_err_hint(
		err, "this is more than there is room for, than a thousand times its size, and than three "
		     "times the sealed database; --tmpdir on a larger disk allows more");
}

static ssize_t peek_read(struct rp_stream *s, void *buf, size_t len, struct rp_err **err)
{
	struct peek *p = (struct peek *)s;
	if (p->at < p->len) {
		size_t n = p->len - p->at < len ? p->len - p->at : len;
		memcpy(buf, p->head + p->at, n);
		p->at += n;
		return within_limit(p, n, err) < 0 ? -1 : (ssize_t)n;
	}
	if (p->failure != NULL)
		return rp_err_again(err, p->failure);
	ssize_t n = rp_stream_read(s->below, buf, len, err);
	return n < 0 || within_limit(p, (size_t)n, err) < 0 ? -1 : n;
}

static void peek_close(struct rp_stream *s)
{
	struct peek *p = (struct peek *)s;
	rp_err_free(p->failure);
	free(p);
}

int rp_peek_new(struct rp_stream **ret, struct rp_stream *below, uint64_t most, struct rp_err **err)
{
	static const struct rp_stream_ops ops = {.read = peek_read, .close = peek_close};
	struct peek *p = calloc(1, sizeof *p);
	if (p == NULL) {
		rp_stream_close(below);
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	p->base = (struct rp_stream){.ops = &ops, .below = below};
	p->most = most;
	ssize_t n = 1;
	while (p->len < sizeof p->head && n > 0) {
		n = rp_stream_read(below, p->head + p->len, sizeof p->head - p->len, &p->failure);
		if (n > 0)
			p->len += (size_t)n;
	}
	*ret = &p->base;
	return 0;
}

void rp_peek_head(const struct rp_stream *peek, const uint8_t **ret, size_t *ret_len)
{
	const struct peek *p = (const struct peek *)peek;
	*ret = p->head;
	*ret_len = p->len;
}

const struct rp_err *rp_peek_failure(const struct rp_stream *peek)
{
	return ((const struct peek *)peek)->failure;
}
