/* SPDX-License-Identifier: MIT */
#ifndef RP_SURVEY_BLOB_H
#define RP_SURVEY_BLOB_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "verifier/survey/seed.h"

struct rp_buf;
struct rp_err;

/* Bytes in a manifest: base64 of RFC 4648, one way of writing each value only. */

static inline size_t rp_blob_size(size_t bytes)
{
	return (bytes + 2) / 3 * 4;
}
void rp_blob_write(const uint8_t *from, size_t len, struct rp_buf *out);
/* How many bytes, or -1. 'to' has room for len / 4 * 3. */
ssize_t rp_blob_read(const char *text, size_t len, uint8_t *to);

/* One that begins with a header of eight bytes, the least of which is its version, 1: its bytes, of which there are at
 * least these, for the caller to free. most: characters; what: "a sketch", for complaints (RP_ERR_TRUST). */
#define RP_BLOB_VERSION 1
#define RP_BLOB_HEADER	8
int rp_blob_open(uint8_t **ret, size_t *ret_len, const char *what, const char *text, size_t len, size_t most,
		 struct rp_err **err);

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
