/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/my_replay_feed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "verifier/util/error.h"
#include "verifier/util/parse.h"

#define WORD	  16 /* bytes of chance */
#define LINE_MAX_ 512
#define MARK	  " end_log_pos "

struct feed {
	struct rp_stream base;
	char sentinel[2 * WORD + 1];
	char add[2 * WORD + 32];
	size_t add_len, added;
	bool drained;
	char line[LINE_MAX_]; /* the beginning of the one that is read */
	size_t len;
	uint32_t end;
	bool any;
};

/* "#261121 17:00:00 server id 7  end_log_pos 642 CRC32 0x..." stands before each event. */
static void look_at_line(struct feed *f)
{
	char digits[16] = "";
	uint64_t n;
	f->line[f->len < sizeof f->line ? f->len : sizeof f->line - 1] = '\0';
	const char *at = f->line[0] == '#' ? strstr(f->line, MARK) : NULL;
	f->len = 0;
	if (at == NULL)
		return;
	at += sizeof MARK - 1;
	size_t len = strspn(at, "0123456789");
	if (len == 0 || len >= sizeof digits)
		return;
	memcpy(digits, at, len);
	if (!rp_parse_u64(digits, 0, UINT32_MAX, &n) || n == 0)
		return;
	f->end = (uint32_t)n;
	f->any = true;
}

static void look(struct feed *f, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\n')
			look_at_line(f);
		else if (f->len < sizeof f->line - 1)
			f->line[f->len++] = s[i];
	}
}

static ssize_t feed_read(struct rp_stream *s, void *buf, size_t len, struct rp_err **err)
{
	struct feed *f = (struct feed *)s;
	if (!f->drained) {
		ssize_t n = rp_stream_read(f->base.below, buf, len, err);
		if (n != 0) {
			if (n > 0)
				look(f, buf, (size_t)n);
			return n;
		}
		f->drained = true;
	}
	size_t left = f->add_len - f->added;
	size_t n = left < len ? left : len;
	memcpy(buf, f->add + f->added, n);
	f->added += n;
	return (ssize_t)n;
}

static void feed_close(struct rp_stream *s)
{
	free(s);
}

static const struct rp_stream_ops ops = {.read = feed_read, .close = feed_close};

int rp_replay_feed_new(struct rp_stream **ret, struct rp_stream *below, struct rp_err **err)
{
	struct feed *f = calloc(1, sizeof *f);
	uint8_t chance[WORD];
	if (f == NULL || getrandom(chance, sizeof chance, 0) != sizeof chance) {
		free(f);
		rp_stream_close(below);
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory or chance");
	}
	f->base = (struct rp_stream){.ops = &ops, .below = below};
	for (size_t i = 0; i < sizeof chance; i++)
		(void)snprintf(f->sentinel + 2 * i, 3, "%02x", chance[i]);
	f->add_len = (size_t)snprintf(f->add, sizeof f->add, "\nselect '%s';\n", f->sentinel);
	*ret = &f->base;
	return 0;
}

const char *rp_replay_feed_sentinel(const struct rp_stream *feed)
{
	return ((const struct feed *)feed)->sentinel;
}

bool rp_replay_feed_whole(const struct rp_stream *feed, uint32_t *ret_end)
{
	const struct feed *f = (const struct feed *)feed;
	*ret_end = f->end;
	return f->drained && f->any && f->added == f->add_len;
}
