/* SPDX-License-Identifier: MIT */
#ifndef RP_SURVEY_BLOB_H
#define RP_SURVEY_BLOB_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "verifier/survey/seed.h"

struct rp_buf;

/* Bytes in a manifest: base64 of RFC 4648, one way of writing each value only. */

static inline size_t rp_blob_size(size_t bytes)
{
	return (bytes + 2) / 3 * 4;
}
void rp_blob_write(const uint8_t *from, size_t len, struct rp_buf *out);
/* How many bytes, or -1. 'to' has room for len / 4 * 3. */
ssize_t rp_blob_read(const char *text, size_t len, uint8_t *to);

static inline uint8_t *rp_put64(uint8_t *at, uint64_t v)
{
	rp_le64_put(at, v);
	return at + 8;
}
static inline uint64_t rp_get64(const uint8_t **at)
{
	uint64_t v = rp_le64_get(*at);
	*at += 8;
	return v;
}

#endif
