/* SPDX-License-Identifier: MIT */
#include "verifier/survey/blob.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void rp_blob_write(const uint8_t *from, size_t len, struct rp_buf *out)
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

/* No blanks, padding where it belongs, no stray bits. */
ssize_t rp_blob_read(const char *text, size_t len, uint8_t *to)
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

int rp_blob_open(uint8_t **ret, size_t *ret_len, const char *what, const char *text, size_t len, size_t most,
		 struct rp_err **err)
{
	if (len > most)
		return rp_err_set(err, RP_ERR_TRUST, "%s of %zu characters; %zu are the most", what, len,
				  most);
	rp_autofree uint8_t *bytes = malloc(len / 4 * 3 + 1);
	if (bytes == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	ssize_t n = rp_blob_read(text, len, bytes);
	if (n < RP_BLOB_HEADER)
		return rp_err_set(err, RP_ERR_TRUST, "%s not in base64, or without a header", what);
	if (bytes[0] != RP_BLOB_VERSION)
		return rp_err_set(err, RP_ERR_TRUST, "%s of version %u, not known to this version", what,
				  bytes[0]);
	*ret_len = (size_t)n;
	*ret = rp_take(bytes);
	return 0;
}
