/* SPDX-License-Identifier: MIT */
#include "verifier/manifest/base64.h"

#include <openssl/evp.h>

#include "verifier/util/buf.h"

void rp_base64_add(struct rp_buf *to, const void *data, size_t len)
{
	enum { PIECE = 3 * 4096 };
	unsigned char text[PIECE / 3 * 4 + 1];
	const unsigned char *p = data;
	while (len > 0) {
		size_t n = len < PIECE ? len : PIECE;
		rp_buf_add_mem(to, text, (size_t)EVP_EncodeBlock(text, p, (int)n));
		p += n;
		len -= n;
	}
}

/* EVP_DecodeBlock() takes blanks at both ends, and padding in the middle for zeros. */
#define NOT 0xff
static const uint8_t values[256] = {
	[0 ... 255] = NOT,
	['A'] = 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
	['a'] = 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51,
	['0'] = 52, 53, 54, 55, 56, 57, 58, 59, 60, 61,
	['+'] = 62, ['/'] = 63,
};
