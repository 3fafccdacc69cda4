/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verifier/survey/blob.h"
#include "verifier/survey/ranges.h"
#include "verifier/survey/ranges_inside.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

/* The manifest's form: a header of eight bytes, two for each column, then the ranges in key order: as many bytes of
 * the prefix as it needs, count, sum. */

#define SUMS 16

static size_t prefix_size(unsigned bits)
{
	return (bits + 7) / 8;
}

static size_t text_size(unsigned columns, unsigned bits, unsigned n)
{
	return RP_BLOB_HEADER + 2 * (size_t)columns + n * (prefix_size(bits) + SUMS);
}

size_t rp_ranges_size(const struct rp_ranges *r, unsigned most)
{
	return rp_blob_size(text_size(r->n_columns, r->bits, r->n < most ? r->n : most));
}

void rp_ranges_write(const struct rp_ranges *r, struct rp_buf *out)
{
	size_t len = text_size(r->n_columns, r->bits, r->n), n = prefix_size(r->bits);
	rp_autofree uint8_t *bytes = calloc(1, len);
	if (bytes == NULL) {
		out->failed = true;
		return;
	}
	uint64_t shape = (uint64_t)r->n << 32 | (uint64_t)r->bits << 16 | (uint64_t)r->n_columns << 8 |
			 RP_BLOB_VERSION;
	uint8_t *at = rp_put64(bytes, shape);
	for (unsigned i = 0; i < r->n_columns; i++) {
		*at++ = r->order[i].kind;
		*at++ = r->order[i].width;
	}
	for (unsigned i = 0; i < r->n; i++) {
		rp_key_place place = r->all[i].prefix << (RP_PLACE_BITS - r->bits);
		for (size_t k = 0; k < n; k++)
			*at++ = (uint8_t)(place >> (RP_PLACE_BITS - 8 - 8 * k));
		at = rp_put64(rp_put64(at, r->all[i].count), r->all[i].sum);
	}
	rp_blob_write(bytes, len, out);
}

/* Columns that some relation could have, and no more bits than they give. */
static bool read_order(struct rp_ranges *r, const uint8_t *at, unsigned bits)
{
	unsigned room = 0;
	for (unsigned i = 0; i < r->n_columns; i++, at += 2) {
		struct rp_order o = {at[0], at[1]};
		bool text = o.kind == RP_ORDER_BYTES, last = i + 1 == r->n_columns;
		if (o.kind == RP_ORDER_NONE || o.kind > RP_ORDER_BYTES || (text && (o.width != 0 || !last)) ||
		    (!text && (o.width == 0 || o.width > 16)) || room >= RP_PLACE_BITS)
			return false;
		r->order[i] = o;
		room = text ? RP_PLACE_BITS : room + o.width * 8u;
	}
	return bits > 0 && bits <= (room < RP_PLACE_BITS ? room : RP_PLACE_BITS);
}

/* Each once, in order, and nothing behind its bits: the reader's table is then as the writer's was. */
static bool read_ranges(struct rp_ranges *r, unsigned n, const uint8_t *at)
{
	unsigned rest = RP_PLACE_BITS - r->bits;
	for (unsigned i = 0; i < n; i++) {
		rp_key_place place = 0;
		for (size_t k = 0; k < prefix_size(r->bits); k++)
			place |= (rp_key_place)*at++ << (RP_PLACE_BITS - 8 - 8 * k);
		struct rp_key_range range = {.prefix = place >> rest};
		range.count = rp_get64(&at);
		range.sum = rp_get64(&at);
		if (range.prefix << rest != place || range.count == 0 ||
		    (i > 0 && range.prefix <= r->all[i - 1].prefix))
			return false;
		rp_ranges_insert(r, &range);
	}
	return true;
}

int rp_ranges_read(struct rp_ranges **ret, const char *text, size_t len, struct rp_err **err)
{
	const size_t most = rp_blob_size(text_size(RP_RANGES_COLUMNS, RP_PLACE_BITS, RP_RANGES_MAX));
	rp_autofree uint8_t *bytes = NULL;
	size_t size = 0;
	if (rp_blob_open(&bytes, &size, "ranges", text, len, most, err) < 0)
		return -1;
	uint64_t shape = rp_le64_get(bytes);
	unsigned n = (unsigned)(shape >> 32), bits = (unsigned)(shape >> 16) & 0xffff;
	unsigned columns = (unsigned)(shape >> 8) & 0xff;
	rp_auto(rp_ranges) r = rp_ranges_make(n <= RP_RANGES_MAX ? n : 0);
	if (r == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	r->n_columns = columns;
	if (n > RP_RANGES_MAX || columns == 0 || columns > RP_RANGES_COLUMNS || bits > RP_PLACE_BITS ||
	    size != text_size(columns, bits, n) || !read_order(r, bytes + RP_BLOB_HEADER, bits))
		return rp_err_set(err, RP_ERR_TRUST, "%u ranges of %u columns and %u bits in %zu bytes", n,
				  columns, bits, size);
	r->bits = bits;
	if (!read_ranges(r, n, bytes + RP_BLOB_HEADER + 2 * (size_t)r->n_columns))
		return rp_err_set(err, RP_ERR_TRUST, "ranges that are empty, or not in order");
	*ret = rp_take(r);
	return 0;
}
