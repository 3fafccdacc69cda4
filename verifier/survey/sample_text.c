/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "verifier/survey/blob.h"
#include "verifier/survey/sample.h"
#include "verifier/survey/sample_inside.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

/* The manifest's form: a header of eight bytes and the cells, as a sketch has them. */

static size_t text_size(uint32_t cells, unsigned key_size)
{
	return RP_BLOB_HEADER + cells * rp_cell_size(key_size);
}

size_t rp_sample_size(const struct rp_sample *s, uint32_t width)
{
	uint32_t narrow = s->width;
	while (narrow > width && narrow % 2 == 0)
		narrow /= 2;
	return rp_blob_size(text_size(narrow * s->levels, s->key_size));
}

void rp_sample_write(const struct rp_sample *s, struct rp_buf *out)
{
	size_t len = text_size(rp_sample_count(s), s->key_size);
	rp_autofree uint8_t *bytes = calloc(1, len);
	if (bytes == NULL) {
		out->failed = true;
		return;
	}
	uint64_t shape = (uint64_t)s->levels << 32 | (uint64_t)s->width << 16 | (uint64_t)s->key_size << 8 |
			 RP_BLOB_VERSION;
	uint8_t *at = rp_put64(bytes, shape);
	for (uint32_t i = 0; i < rp_sample_count(s); i++)
		at = rp_cell_put(at, &s->cells[i], s->key_size);
	rp_blob_write(bytes, len, out);
}

int rp_sample_read(struct rp_sample **ret, const char *text, size_t len, const uint8_t salt[RP_SALT_LEN],
		   struct rp_err **err)
{
	const size_t most = rp_blob_size(text_size(RP_SAMPLE_WIDTH_MAX * RP_SAMPLE_LEVELS, RP_KEY_MAX));
	rp_autofree uint8_t *bytes = NULL;
	size_t n = 0;
	if (rp_blob_open(&bytes, &n, "a sample", text, len, most, err) < 0)
		return -1;
	uint64_t shape = rp_le64_get(bytes);
	uint32_t levels = (uint32_t)(shape >> 32), width = (uint32_t)(shape >> 16) & 0xffff;
	unsigned key_size = (unsigned)(shape >> 8) & 0xff;
	if (levels == 0 || levels > RP_SAMPLE_LEVELS || width == 0 || width > RP_SAMPLE_WIDTH_MAX ||
	    key_size > RP_KEY_MAX || n != text_size(levels * width, key_size))
		return rp_err_set(err, RP_ERR_TRUST,
				  "a sample of %u levels, %u cells in each, keys of %u bytes, in %zu bytes",
				  levels, width, key_size, n);
	if (rp_sample_make(ret, width, levels, key_size, salt, err) < 0)
		return -1;
	const uint8_t *at = bytes + RP_BLOB_HEADER;
	for (uint32_t i = 0; i < rp_sample_count(*ret); i++)
		rp_cell_get(&at, &(*ret)->cells[i], key_size);
	return 0;
}
