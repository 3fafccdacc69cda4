/* SPDX-License-Identifier: MIT */
#include "verifier/result/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "verifier/util/buf.h"

/* How many bytes the UTF-8 character at p takes; 0: these bytes are none (RFC 3629: no overlong forms, no
 * surrogates, nothing above 10ffff). p ends in a NUL, which continues nothing. */
static size_t character(const uint8_t *p)
{
	static const struct {
		uint8_t from, to, second_from, second_to, len;
	} forms[] = {
		{0x01, 0x7f, 0, 0, 1},	     {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
		{0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
	};
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		if (p[0] < forms[i].from || p[0] > forms[i].to)
			continue;
		if (forms[i].len > 1 && (p[1] < forms[i].second_from || p[1] > forms[i].second_to))
			return 0;
		for (size_t k = 2; k < forms[i].len; k++)
			if ((p[k] & 0xc0) != 0x80)
				return 0;
		return forms[i].len;
	}
	return 0;
}

void rp_text_add_utf8(struct rp_buf *b, const char *s, size_t max)
{
	const uint8_t *p = (const uint8_t *)s, *plain = p;
	size_t used = 0;
	while (*p != '\0') {
		size_t n = character(p);
		size_t takes = n != 0 ? n : 4;
		if (used + takes > max)
			break;
		used += takes;
		if (n == 0) {
			rp_buf_add_mem(b, plain, (size_t)(p - plain));
			rp_buf_addf(b, "\\x%02x", *p);
			plain = p + 1;
		}
		p += n != 0 ? n : 1;
	}
	rp_buf_add_mem(b, plain, (size_t)(p - plain));
	if (*p != '\0')
		rp_buf_addf(b, " [... %zu more bytes]", strlen((const char *)p));
}

/* Controls and what turns the direction of writing: a person who prints result.json to a terminal must not
 * have it obeyed. ret: the character. */
static bool is_hidden(const uint8_t *p, size_t len, unsigned *ret)
{
	unsigned c = len == 1	? p[0]
		     : len == 2 ? (p[0] & 0x1fU) << 6 | (p[1] & 0x3fU)
		     : len == 3 ? (p[0] & 0x0fU) << 12 | (p[1] & 0x3fU) << 6 | (p[2] & 0x3fU)
				: 'x'; /* none of the four-byte ones */
	*ret = c;
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x61c || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

void rp_text_add_json(struct rp_buf *b, const char *s)
{
	static const char short_form[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
					  ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\'};
	rp_buf_add(b, "\"");
	const uint8_t *p = (const uint8_t *)s, *plain = p;
	while (*p != '\0' && !b->failed) {
		size_t n = character(p);
		unsigned c;
		bool hidden = is_hidden(p, n, &c);
		const char *brief = c < sizeof short_form ? &short_form[c] : "";
		if (hidden || *brief != '\0') {
			rp_buf_add_mem(b, plain, (size_t)(p - plain));
			plain = p + n;
			if (*brief != '\0')
				rp_buf_add_mem(b, (char[]){'\\', *brief}, 2);
			else
				rp_buf_addf(b, "\\u%04x", c);
		}
		p += n != 0 ? n : 1;
	}
	rp_buf_add_mem(b, plain, (size_t)(p - plain));
	rp_buf_add(b, "\"");
}
