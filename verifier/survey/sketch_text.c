/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verifier/survey/sketch.h"
#include "verifier/survey/sketch_cells.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

/* The manifest's form: a header of eight bytes, the cells, the buckets, in base64. A cell has its key and the
 * key's length only where the relation has a key, and no more of the key than any row fills. */

#define VERSION 1
#define HEADER	8
#define BUCKET	16

static size_t cell_size(unsigned key_size)
{
	return 24 + (key_size > 0 ? 1 + (size_t)key_size : 0);
}

static size_t text_size(uint32_t cells, unsigned key_size)
{
	return HEADER + cells * cell_size(key_size) +
	       (size_t)rp_sketch_buckets_for(cells / RP_PARTITIONS) * BUCKET;
}

size_t rp_sketch_size(const struct rp_sketch *s, uint32_t cells)
{
	return (text_size(cells, s->key_size) + 2) / 3 * 4;
}

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void write_base64(const uint8_t *from, size_t len, struct rp_buf *out)
{
	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		uint32_t v = (uint32_t)from[i] << 16 | (n > 1 ? (uint32_t)from[i + 1] << 8 : 0) |
			     (n > 2 ? from[i + 2] : 0);
		char four[4] = {digits[v >> 18], digits[v >> 12 & 63], n > 1 ? digits[v >> 6 & 63] : '=',
				n > 2 ? digits[v & 63] : '='};
		rp_buf_add_mem(out, four, sizeof four);
	}
}

static int digit(char c)
{
	const char *at = c != '\0' ? strchr(digits, c) : NULL;
	return at != NULL ? (int)(at - digits) : -1;
}

/* One way of writing each value only: no blanks, padding where it belongs, no stray bits. How many bytes, or
 * -1. to has room for len / 4 * 3. */
static ssize_t read_base64(const char *text, size_t len, uint8_t *to)
{
	size_t n = 0;
	if (len % 4 != 0)
		return -1;
	for (size_t i = 0; i < len; i += 4) {
		bool last = i + 4 == len;
		unsigned pad = last && text[i + 3] == '=' ? text[i + 2] == '=' ? 2 : 1 : 0;
		uint32_t v = 0;
		for (unsigned k = 0; k < 4; k++) {
			int d = k < 4 - pad ? digit(text[i + k]) : 0;
			if (d < 0)
				return -1;
			v = v << 6 | (uint32_t)d;
		}
		if ((v & ((1u << (8 * pad)) - 1)) != 0)
			return -1;
		for (unsigned k = 0; k < 3 - pad; k++)
			to[n++] = (uint8_t)(v >> (16 - 8 * k));
	}
	return (ssize_t)n;
}

static uint8_t *put(uint8_t *at, uint64_t v)
{
	rp_le64_put(at, v);
	return at + 8;
}

static uint64_t get(const uint8_t **at)
{
	uint64_t v = rp_le64_get(*at);
	*at += 8;
	return v;
}

void rp_sketch_write(const struct rp_sketch *s, struct rp_buf *out)
{
	size_t len = text_size(rp_sketch_count(s), s->key_size);
	rp_autofree uint8_t *bytes = calloc(1, len);
	if (bytes == NULL) {
		out->failed = true;
		return;
	}
	uint64_t shape = (uint64_t)rp_sketch_count(s) << 32 | (uint64_t)s->key_size << 8 | VERSION;
	uint8_t *at = put(bytes, shape);
	for (uint32_t i = 0; i < rp_sketch_count(s); i++) {
		const struct rp_cell *c = &s->cells[i];
		at = put(put(put(at, c->count), c->hash), c->check);
		if (s->key_size == 0)
			continue;
		*at++ = (uint8_t)c->key[3];
		memcpy(at, c->key, s->key_size);
		at += s->key_size;
	}
	for (uint32_t i = 0; i < s->n_buckets; i++)
		at = put(put(at, s->buckets[i].count), s->buckets[i].sum);
	write_base64(bytes, len, out);
}

static void fill(struct rp_sketch *s, const uint8_t *at)
{
	for (uint32_t i = 0; i < rp_sketch_count(s); i++) {
		struct rp_cell *c = &s->cells[i];
		c->count = get(&at);
		c->hash = get(&at);
		c->check = get(&at);
		if (s->key_size == 0)
			continue;
		c->key[3] = *at++;
		memcpy(c->key, at, s->key_size);
		at += s->key_size;
	}
	for (uint32_t i = 0; i < s->n_buckets; i++) {
		s->buckets[i].count = get(&at);
		s->buckets[i].sum = get(&at);
	}
	s->widest = s->key_size;
}

int rp_sketch_read(struct rp_sketch **ret, const char *text, size_t len, const uint8_t salt[RP_SALT_LEN],
		   struct rp_err **err)
{
	const size_t most = (text_size(RP_CELLS_MAX, RP_KEY_MAX) + 2) / 3 * 4;
	if (len > most)
		return rp_err_set(err, RP_ERR_TRUST, "a sketch of %zu characters; %zu are the most", len,
				  most);
	rp_autofree uint8_t *bytes = malloc(len / 4 * 3 + 1);
	if (bytes == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	ssize_t n = read_base64(text, len, bytes);
	if (n < HEADER)
		return rp_err_set(err, RP_ERR_TRUST, "a sketch that is not base64, or has no header");
	uint64_t shape = rp_le64_get(bytes);
	uint32_t cells = (uint32_t)(shape >> 32), key_size = (uint32_t)shape >> 8;
	if ((shape & 0xff) != VERSION)
		return rp_err_set(err, RP_ERR_TRUST, "a sketch of version %u is not known to this version",
				  (unsigned)(shape & 0xff));
	if (cells == 0 || cells % RP_PARTITIONS != 0 || cells > RP_CELLS_MAX || key_size > RP_KEY_MAX)
		return rp_err_set(err, RP_ERR_TRUST, "a sketch of %u cells with keys of %u bytes", cells,
				  key_size);
	if ((size_t)n != text_size(cells, key_size))
		return rp_err_set(err, RP_ERR_TRUST, "a sketch of %u cells in %zd bytes; %zu are expected",
				  cells, n, text_size(cells, key_size));
	if (rp_sketch_new(ret, cells, key_size, salt, err) < 0)
		return -1;
	fill(*ret, bytes + HEADER);
	return 0;
}
