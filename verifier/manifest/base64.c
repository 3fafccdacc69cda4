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

/* What a character stands for; 64: none. EVP_DecodeBlock() is no help: it takes blanks at both ends, and
 * padding in the middle for zeros. */
static unsigned digit(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - (unsigned)'A';
	if (c >= 'a' && c <= 'z')
		return c - (unsigned)'a' + 26;
	if (c >= '0' && c <= '9')
		return c - (unsigned)'0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : 64;
}

bool rp_base64_size(const char *text, size_t len, size_t *ret)
{
	if (len % 4 != 0)
		return false;
	*ret = len / 4 * 3;
	if (len > 0)
		*ret -= (size_t)(text[len - 1] == '=') + (size_t)(text[len - 2] == '=');
	return true;
}

/* 2 to 4 digits to 1 to 3 bytes. */
static bool decode_group(const uint8_t *p, size_t n_digits, uint8_t *ret)
{
	uint32_t bits = 0;
	for (size_t i = 0; i < 4; i++) {
		unsigned d = i < n_digits ? digit(p[i]) : 0;
		if (d > 63)
			return false;
		bits = bits << 6 | d;
	}
	for (size_t i = 0; i < 3; i++) {
		uint8_t byte = (uint8_t)(bits >> (16 - 8 * i));
		if (i < n_digits - 1)
			ret[i] = byte;
		else if (byte != 0)
			return false;
	}
	return true;
}

bool rp_base64_decode(const char *text, size_t len, uint8_t *ret)
{
	size_t size = 0;
	if (!rp_base64_size(text, len, &size))
		return false;
	const uint8_t *p = (const uint8_t *)text;
	for (; size >= 3; size -= 3, p += 4, ret += 3)
		if (!decode_group(p, 4, ret))
			return false;
	return size == 0 || decode_group(p, size + 1, ret);
}
