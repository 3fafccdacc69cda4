/* SPDX-License-Identifier: MIT */
#include "verifier/util/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/util/error.h"

static bool reserve(struct rp_buf *b, size_t more)
{
	if (b->failed)
		return false;
	if (more > b->max || b->len > b->max - more) {
		b->failed = true;
		return false;
	}
	size_t need = b->len + more + 1;
	if (need <= b->cap)
		return true;
	size_t cap = b->cap != 0 ? b->cap : 64;
	while (cap < need)
		cap *= 2;
	char *s = realloc(b->s, cap);
	if (s == NULL) {
		b->failed = true;
		return false;
	}
	b->s = s;
	b->cap = cap;
	return true;
}

void rp_buf_add_mem(struct rp_buf *b, const void *data, size_t len)
{
	if (!reserve(b, len))
		return;
	if (len > 0)
		memcpy(b->s + b->len, data, len);
	b->len += len;
	b->s[b->len] = '\0';
}

void rp_buf_add(struct rp_buf *b, const char *s)
{
	rp_buf_add_mem(b, s, strlen(s));
}

void rp_buf_addf(struct rp_buf *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *s = NULL;
	int n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0) {
		b->failed = true;
		return;
	}
	rp_buf_add_mem(b, s, (size_t)n);
	free(s);
}

void rp_buf_add_hex(struct rp_buf *b, const void *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *p = data;
	for (size_t i = 0; i < len; i++)
		rp_buf_add_mem(b, (char[]){digits[p[i] >> 4], digits[p[i] & 15]}, 2);
}

/* The UTF-8 character at p, and how many bytes it takes; 0: these bytes are none (RFC 3629). */
static size_t character(const uint8_t *p, uint32_t *ret)
{
	static const struct {
		uint8_t mask, lead;
		uint32_t least;
	} forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
	for (size_t n = 0; n < 4; n++) {
		if ((p[0] & forms[n].mask) != forms[n].lead)
			continue;
		uint32_t c = p[0] & (uint8_t)~forms[n].mask;
		for (size_t i = 1; i <= n; i++) {
			if ((p[i] & 0xc0) != 0x80)
				return 0;
			c = c << 6 | (p[i] & 0x3f);
		}
		if (c < forms[n].least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
			return 0;
		*ret = c;
		return n + 1;
	}
	return 0;
}

/* What a reader would not see, or would see in another place: controls, marks and isolates of direction, the
 * byte order mark, what XML cannot hold. */
static bool is_hidden(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x61c || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff || c == 0xfffe ||
	       c == 0xffff;
}

/* A line that begins so is an order to the CI system that shows it ("::set-output", "##vso["): no text of a
 * stranger's may begin a line with it. */
static bool begins_order(const uint8_t *line)
{
	while (*line == ' ' || *line == '\t')
		line++;
	return (line[0] == ':' && line[1] == ':') || (line[0] == '#' && line[1] == '#');
}

static void add_safe(struct rp_buf *b, const char *s, bool lines, const char *(*replace)(uint32_t c))
{
	const uint8_t *p = (const uint8_t *)s;
	while (*p != '\0' && !b->failed) {
		uint32_t c = 0;
		size_t n = character(p, &c);
		const char *instead = n == 1 ? replace(c) : NULL;
		if (c == '\n' && instead == NULL && begins_order(p + 1))
			instead = "\\n";
		if (n == 0)
			rp_buf_addf(b, "\\x%02x", *p);
		else if (instead != NULL)
			rp_buf_add(b, instead);
		else if (is_hidden(c) && !(lines && (c == '\n' || c == '\t')))
			rp_buf_addf(b, "\\u{%x}", c);
		else
			rp_buf_add_mem(b, p, n);
		p += n != 0 ? n : 1;
	}
}

static const char *xml_entity(uint32_t c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static const char *plain_escape(uint32_t c)
{
	return c == '\n' ? "\\n" : c == '\t' ? "\\t" : c == '\r' ? "\\r" : NULL;
}

void rp_buf_add_xml(struct rp_buf *b, const char *s)
{
	add_safe(b, s, true, xml_entity);
}

void rp_buf_add_plain(struct rp_buf *b, const char *s)
{
	add_safe(b, s, false, plain_escape);
}

void rp_buf_add_ident(struct rp_buf *b, const char *s)
{
	rp_buf_add(b, "\"");
	for (; *s != '\0'; s++)
		rp_buf_add_mem(b, *s == '"' ? "\"\"" : s, *s == '"' ? 2 : 1);
	rp_buf_add(b, "\"");
}

int rp_buf_check(const struct rp_buf *b, struct rp_err **err)
{
	if (b->failed)
		return rp_err_set(err, RP_ERR_NOMEM,
				  "text of %zu bytes would pass its limit of %zu, or there is no memory",
				  b->len, b->max);
	return 0;
}

const char *rp_buf_text(const struct rp_buf *b)
{
	return b->s != NULL ? b->s : "";
}

char *rp_buf_take(struct rp_buf *b)
{
	char *s = NULL;
	if (!b->failed)
		s = b->s != NULL ? b->s : strdup("");
	if (s == b->s)
		b->s = NULL;
	rp_buf_done(b);
	return s;
}

void rp_buf_reset(struct rp_buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->s != NULL)
		b->s[0] = '\0';
}

void rp_buf_done(struct rp_buf *b)
{
	free(b->s);
	*b = (struct rp_buf){.max = b->max};
}
