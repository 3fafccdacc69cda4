/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verifier/survey/suspicion.h"
#include "verifier/util/buf.h"

/* One character of UTF-8. How many bytes it has; 0: these are none. */
static size_t decode(const uint8_t *p, size_t left, uint32_t *ret)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	if (n > left || (p[0] >= 0x80 && p[0] < 0xc0) || p[0] >= 0xf8)
		return 0;
	uint32_t c = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3fu);
	}
	*ret = c;
	return c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0 : n;
}

static bool is_utf8(const uint8_t *p, size_t len)
{
	uint32_t c = 0;
	while (len > 0) {
		size_t n = decode(p, len, &c);
		if (n == 0)
			return false;
		p += n;
		len -= n;
	}
	return true;
}

/* Windows-1252 has these where Latin-1 has control characters; MySQL's "latin1" is that. Where it has none, Latin-1's
 * own are taken, so that no character stands for two bytes and both sets are undone at once. */
static const uint16_t windows[32] = {0x20ac, 0,	     0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
				     0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,	     0x017d, 0,
				     0,	     0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
				     0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,	     0x017e, 0x0178};

/* The byte that was taken for this character; -1: none. */
static int byte_of(uint32_t c)
{
	if (c <= 0xff)
		return (int)c;
	for (unsigned i = 0; i < 32; i++)
		if (windows[i] == c)
			return (int)(0x80 + i);
	return -1;
}

static void put(struct rp_field *ret, const struct rp_buf *room)
{
	ret->value = (const uint8_t *)rp_buf_text(room);
	ret->len = room->len;
}

static void once(size_t limit, const struct rp_field *in, struct rp_field *ret, struct rp_buf *room)
{
	(void)limit;
	size_t ascii = 0;
	while (ascii < in->len && in->value[ascii] < 0x80)
		ascii++;
	if (ascii == in->len)
		return;
	rp_buf_add_mem(room, in->value, ascii);
	for (size_t i = ascii; i < in->len;) {
		size_t from = i;
		while (i < in->len && in->value[i] < 0x80)
			i++;
		rp_buf_add_mem(room, in->value + from, i - from);
		if (i == in->len)
			break;
		uint32_t c = 0;
		size_t n = decode(in->value + i, in->len - i, &c);
		int byte = n > 0 ? byte_of(c) : -1;
		if (byte < 0)
			return;
		char one = (char)byte;
		rp_buf_add_mem(room, &one, 1);
		i += n;
	}
	/* What was a text of a few accents only was never encoded twice. */
	if (!room->failed && is_utf8((const uint8_t *)rp_buf_text(room), room->len))
		put(ret, room);
}

static void strip(struct rp_field *ret, uint8_t filler)
{
	while (ret->len > 0 && ret->value[ret->len - 1] == filler)
		ret->len--;
}

static void without_blanks(size_t limit, const struct rp_field *in, struct rp_field *ret, struct rp_buf *room)
{
	(void)limit, (void)in, (void)room;
	strip(ret, ' ');
}

static void without_zeroes(size_t limit, const struct rp_field *in, struct rp_field *ret, struct rp_buf *room)
{
	(void)limit, (void)in, (void)room;
	strip(ret, '\0');
}

#define FILLED_MAX 65535u

static void filled(size_t limit, const struct rp_field *in, struct rp_field *ret, struct rp_buf *room)
{
	size_t characters = 0;
	for (size_t i = 0; i < in->len; i++)
		characters += (in->value[i] & 0xc0) != 0x80;
	if (limit > FILLED_MAX || characters >= limit)
		return;
	rp_buf_add_mem(room, in->value, in->len);
	for (; characters < limit; characters++)
		rp_buf_add(room, " ");
	put(ret, room);
}

/* Drop each 'first' that stands before a 'second'. */
static void drop(const struct rp_field *in, char first, char second, struct rp_field *ret,
		 struct rp_buf *room)
{
	size_t from = 0;
	for (size_t i = 0; i + 1 < in->len; i++) {
		if (in->value[i] != (uint8_t)first || in->value[i + 1] != (uint8_t)second)
			continue;
		rp_buf_add_mem(room, in->value + from, i - from);
		from = ++i;
	}
	if (from == 0)
		return;
	rp_buf_add_mem(room, in->value + from, in->len - from);
	put(ret, room);
}

static void without_returns(size_t limit, const struct rp_field *in, struct rp_field *ret,
			    struct rp_buf *room)
{
	(void)limit;
	drop(in, '\r', '\n', ret, room);
}

static void without_backslashes(size_t limit, const struct rp_field *in, struct rp_field *ret,
				struct rp_buf *room)
{
	(void)limit;
	drop(in, '\\', '\\', ret, room);
}

static void with_returns(size_t limit, const struct rp_field *in, struct rp_field *ret, struct rp_buf *room)
{
	(void)limit;
	size_t from = 0;
	for (size_t i = 0; i < in->len; i++) {
		if (in->value[i] != '\n' || (i > 0 && in->value[i - 1] == '\r'))
			continue;
		rp_buf_add_mem(room, in->value + from, i - from);
		rp_buf_add(room, "\r");
		from = i;
	}
	if (room->len == 0)
		return;
	rp_buf_add_mem(room, in->value + from, in->len - from);
	put(ret, room);
}

static void without_mark(size_t limit, const struct rp_field *in, struct rp_field *ret, struct rp_buf *room)
{
	(void)limit, (void)room;
	if (in->len >= 3 && memcmp(in->value, "\xef\xbb\xbf", 3) == 0)
		*ret = (struct rp_field){in->value + 3, in->len - 3};
}

static void empty_to_null(size_t limit, const struct rp_field *in, struct rp_field *ret, struct rp_buf *room)
{
	(void)limit, (void)room;
	if (in->len == 0)
		ret->value = NULL;
}

static const struct {
	void (*undo)(size_t limit, const struct rp_field *in, struct rp_field *ret, struct rp_buf *room);
	const char *says;
} texts[RP_TEXT_WAYS] = {
	{once, "the texts were taken for Latin-1 (Windows-1252) and encoded as UTF-8 once more"},
	{without_blanks, "blanks were added at the end of the texts"},
	{without_zeroes, "zero bytes were added at the end of the values"},
	{filled, "the texts have lost the blanks that filled them up to the length of their type"},
	{without_returns, "line ends are CRLF where they were LF"},
	{with_returns, "line ends are LF where they were CRLF"},
	{without_mark, "a byte order mark was put in front of the texts"},
	{without_backslashes, "the backslashes in the texts were doubled"},
	{empty_to_null, "an empty text stands where NULL was"},
	{NULL, "NULL stands where an empty text was"},
};

bool rp_text_undo(unsigned way, size_t limit, const struct rp_field *found, struct rp_field *ret,
		  struct rp_buf *room)
{
	*ret = *found;
	if (texts[way].undo == NULL) {
		if (found->value == NULL)
			*ret = (struct rp_field){(const uint8_t *)"", 0};
		return true;
	}
	if (found->value != NULL)
		texts[way].undo(limit, found, ret, room);
	return !room->failed;
}

void rp_text_tell(unsigned way, struct rp_buf *out)
{
	rp_buf_add(out, texts[way].says);
}

size_t rp_type_limit(const char *type)
{
	const char *open = type != NULL ? strchr(type, '(') : NULL;
	return open != NULL && open[1] >= '0' && open[1] <= '9' ? strtoul(open + 1, NULL, 10) : 0;
}
