/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verifier/survey/blob.h"
#include "verifier/survey/sketch.h"
#include "verifier/survey/sketch_cells.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

/* The manifest's form: a header of eight bytes, the cells, the buckets, in base64. A cell has its key and the
 * key's length only where the relation has a key, and no more of the key than any row fills. */

#define BUCKET 16

size_t rp_cell_size(unsigned key_size)
{
	return 24 + (key_size > 0 ? 1 + (size_t)key_size : 0);
}

uint8_t *rp_cell_put(uint8_t *at, const struct rp_cell *c, unsigned key_size)
{
	at = rp_put64(rp_put64(rp_put64(at, c->count), c->hash), c->check);
	if (key_size == 0)
		return at;
	*at++ = (uint8_t)c->key[3];
	memcpy(at, c->key, key_size);
	return at + key_size;
}

void rp_cell_get(const uint8_t **at, struct rp_cell *c, unsigned key_size)
{
	c->count = rp_get64(at);
	c->hash = rp_get64(at);
	c->check = rp_get64(at);
	if (key_size == 0)
		return;
	c->key[3] = *(*at)++;
	memcpy(c->key, *at, key_size);
	*at += key_size;
}

static size_t text_size(uint32_t cells, unsigned key_size)
{
	return RP_BLOB_HEADER + cells * rp_cell_size(key_size) +
	       (size_t)rp_sketch_buckets_for(cells / RP_PARTITIONS) * BUCKET;
}

size_t rp_sketch_size(const struct rp_sketch *s, uint32_t cells)
{
	return rp_blob_size(text_size(cells, s->key_size));
}

void rp_sketch_write(const struct rp_sketch *s, struct rp_buf *out)
{
	size_t len = text_size(rp_sketch_count(s), s->key_size);
	rp_autofree uint8_t *bytes = calloc(1, len);
	if (bytes == NULL) {
		out->failed = true;
		return;
	}
	uint64_t shape = (uint64_t)rp_sketch_count(s) << 32 | (uint64_t)s->key_size << 8 | RP_BLOB_VERSION;
	uint8_t *at = rp_put64(bytes, shape);
	for (uint32_t i = 0; i < rp_sketch_count(s); i++)
		at = rp_cell_put(at, &s->cells[i], s->key_size);
	for (uint32_t i = 0; i < s->n_buckets; i++)
		at = rp_put64(rp_put64(at, s->buckets[i].count), s->buckets[i].sum);
	rp_blob_write(bytes, len, out);
}

static void fill(struct rp_sketch *s, const uint8_t *at)
{
	for (uint32_t i = 0; i < rp_sketch_count(s); i++)
		rp_cell_get(&at, &s->cells[i], s->key_size);
	for (uint32_t i = 0; i < s->n_buckets; i++) {
		s->buckets[i].count = rp_get64(&at);
		s->buckets[i].sum = rp_get64(&at);
	}
	s->widest = s->key_size;
}

int rp_sketch_read(struct rp_sketch **ret, const char *text, size_t len, const uint8_t salt[RP_SALT_LEN],
		   struct rp_err **err)
{
	const size_t most = rp_blob_size(text_size(RP_CELLS_MAX, RP_KEY_MAX));
	rp_autofree uint8_t *bytes = NULL;
	size_t n = 0;
	if (rp_blob_open(&bytes, &n, "a sketch", text, len, most, err) < 0)
		return -1;
	uint64_t shape = rp_le64_get(bytes);
	uint32_t cells = (uint32_t)(shape >> 32), key_size = (uint32_t)shape >> 8;
	if (cells == 0 || cells % RP_PARTITIONS != 0 || cells > RP_CELLS_MAX || key_size > RP_KEY_MAX)
		return rp_err_set(err, RP_ERR_TRUST, "a sketch of %u cells with keys of %u bytes", cells,
				  key_size);
	if (n != text_size(cells, key_size))
		return rp_err_set(err, RP_ERR_TRUST, "a sketch of %u cells in %zu bytes; %zu are expected",
				  cells, n, text_size(cells, key_size));
	if (rp_sketch_new(ret, cells, key_size, salt, err) < 0)
		return -1;
	fill(*ret, bytes + RP_BLOB_HEADER);
	return 0;
}
