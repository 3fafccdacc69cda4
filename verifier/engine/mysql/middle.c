/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/mysql/literal.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"

/* The middle between two values of a key, whatever "between" is: of numbers, of days, of texts as numbers to some
 * base. */

static void add_number(struct rp_buf *to, uint64_t v, size_t len)
{
	uint8_t bytes[8];
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(v >> 8 * (len - 1 - i));
	rp_buf_add_mem(to, bytes, len);
}

static bool middle_whole(struct rp_buf *ret, const struct rp_field *from, const struct rp_field *to,
			 bool is_signed)
{
	uint64_t a = rp_my_whole(from), b = rp_my_whole(to);
	uint64_t half = (b - a) / 2; /* right for signed ones, too */
	if ((is_signed ? (int64_t)a >= (int64_t)b : a >= b) || half == 0)
		return false;
	add_number(ret, a + half, from->len);
	return true;
}

static bool middle_real(struct rp_buf *ret, const struct rp_field *from, const struct rp_field *to)
{
	double a = rp_my_real(from), b = rp_my_real(to), half = a / 2 + b / 2;
	uint64_t bits = 0;
	if (from->len == 4) {
		float small = (float)half;
		uint32_t four;
		memcpy(&four, &small, sizeof four);
		bits = four;
		half = (double)small;
	} else {
		memcpy(&bits, &half, sizeof bits);
	}
	if (!(half > a && half < b))
		return false;
	add_number(ret, bits, from->len);
	return true;
}

static bool middle_decimal(struct rp_buf *ret, const struct rp_field *from, const struct rp_field *to)
{
	char a[80] = "", b[80] = "";
	if (from->len >= sizeof a || to->len >= sizeof b)
		return false;
	memcpy(a, from->value, from->len);
	memcpy(b, to->value, to->len);
	long double x = strtold(a, NULL), y = strtold(b, NULL), half = x / 2 + y / 2;
	if (!(half > x && half < y))
		return false;
	rp_buf_addf(ret, "%.*Lf", y - x > 2 ? 0 : 12, half);
	return true;
}

/* As if all months had 32 days: in order is what it need be, and that is all. */
static uint64_t linear(const uint8_t *p, bool is_date)
{
	uint64_t day = (rp_my_big_endian(p, 2) * 13 + p[2]) * 32 + p[3];
	return is_date ? day : ((day * 24 + p[4]) * 60 + p[5]) * 60 + p[6];
}

static bool middle_moment(struct rp_buf *ret, const uint8_t *from, const uint8_t *to, bool is_date)
{
	uint64_t a = linear(from, is_date), b = linear(to, is_date);
	if (b < a + 2)
		return false;
	uint64_t v = a + (b - a) / 2, s = is_date ? 0 : v % 86400, day = is_date ? v : v / 86400;
	unsigned month = (unsigned)(day / 32 % 13), of_month = (unsigned)(day % 32);
	/* Where that is no day, one near it that is. */
	month = month == 0 ? 1 : month;
	of_month = of_month == 0 ? 1 : of_month > 28 ? 28 : of_month;
	add_number(ret, day / 32 / 13, 2);
	add_number(ret, (uint64_t)month << 8 | of_month, 2);
	if (!is_date) {
		add_number(ret, s / 3600 << 16 | s / 60 % 60 << 8 | s % 60, 3);
		add_number(ret, 0, 4);
	}
	return true;
}

/* Bytes as numbers to some base: those that two of them have in common, then WINDOW digits. */
#define WINDOW 7

struct digits {
	unsigned base, first; /* of what a byte is worth */
	bool fold;	      /* small letters as large ones */
};

static unsigned digit(const struct digits *d, const struct rp_field *f, size_t i)
{
	if (i >= f->len)
		return 0;
	unsigned c = f->value[i];
	if (d->fold && c >= 'a' && c <= 'z')
		c -= 'a' - 'A';
	return c < d->first ? 0 : c - d->first >= d->base ? d->base - 1 : c - d->first;
}

static uint64_t window(const struct digits *d, const struct rp_field *f, size_t from)
{
	uint64_t v = 0;
	for (size_t i = 0; i < WINDOW; i++)
		v = v * d->base + digit(d, f, from + i);
	return v;
}

static bool is_beyond_ascii(const struct rp_field *f, size_t i)
{
	return i < f->len && f->value[i] >= 0x80;
}

static bool middle_window(struct rp_buf *ret, const struct digits *d, const struct rp_field *from,
			  const struct rp_field *to)
{
	size_t common = 0;
	uint8_t end[WINDOW];
	while (common < from->len && common < to->len && from->value[common] == to->value[common])
		common++;
	if (d->first > 0 && (is_beyond_ascii(from, common) || is_beyond_ascii(to, common)))
		while (common > 0 && from->value[common - 1] >= 0x80) /* not within a character */
			common--;
	uint64_t a = window(d, from, common), b = window(d, to, common), v = a + (b - a) / 2;
	if (b < a + 2)
		return false;
	for (size_t i = WINDOW; i-- > 0; v /= d->base)
		end[i] = (uint8_t)(v % d->base + d->first);
	rp_buf_add_mem(ret, from->value, common);
	rp_buf_add_mem(ret, end, WINDOW);
	return true;
}

static const struct digits binary = {.base = 256};

/* Character sets in which a byte of ASCII may be part of another character, or takes more than a byte. */
static bool is_ascii_inside(const char *charset)
{
	static const char *const others[] = {"ucs2", "utf16", "utf32", "gb", "big5",
					     "sjis", "cp932", "ujis",  "euc"};
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (strncmp(charset, others[i], strlen(others[i])) == 0)
			return false;
	return true;
}

static bool middle_bytes(struct rp_buf *ret, const struct rp_my_key_column *k, const struct rp_field *from,
			 const struct rp_field *to)
{
	static const struct digits text = {.base = 95, .first = ' '};
	static const struct digits folded = {.base = 95, .first = ' ', .fold = true};
	if (!k->is_text)
		return middle_window(ret, &binary, from, to);
	return is_ascii_inside(k->charset) &&
	       (middle_window(ret, &text, from, to) || middle_window(ret, &folded, from, to));
}

/* MariaDB sorts UUIDs by their last group first, but those whose version says that they begin with the time. */
static const uint8_t by_group[16] = {10, 11, 12, 13, 14, 15, 8, 9, 6, 7, 4, 5, 0, 1, 2, 3};

static bool middle_fixed(struct rp_buf *ret, const struct rp_field *from, const struct rp_field *to,
			 bool is_uuid)
{
	bool turn = is_uuid && from->value[6] >> 4 < 6;
	uint8_t a[16] = {0}, b[16] = {0}, sum[16] = {0};
	rp_autobuf half = RP_BUF_INIT(64);
	for (size_t i = 0; i < from->len; i++) {
		a[i] = from->value[turn ? by_group[i] : i];
		b[i] = to->value[turn ? by_group[i] : i];
	}
	if (!middle_window(&half, &binary, &(struct rp_field){a, from->len},
			   &(struct rp_field){b, from->len}) ||
	    half.failed)
		return false;
	for (size_t i = 0; i < from->len; i++)
		sum[turn ? by_group[i] : i] = i < half.len ? (uint8_t)half.s[i] : 0;
	rp_buf_add_mem(ret, sum, from->len);
	return true;
}

bool rp_my_middle(struct rp_buf *ret, const struct rp_my_key_column *k, const struct rp_field *from,
		  const struct rp_field *to)
{
	rp_buf_reset(ret);
	if (!rp_my_is_value(k, from) || !rp_my_is_value(k, to))
		return false;
	if (k->is_bit || k->form == RP_MY_INT || k->form == RP_MY_UINT || k->form == RP_MY_TIME)
		return middle_whole(ret, from, to, k->form == RP_MY_INT || k->form == RP_MY_TIME);
	if (k->form == RP_MY_FLOAT || k->form == RP_MY_DOUBLE)
		return middle_real(ret, from, to);
	if (k->form == RP_MY_DECIMAL)
		return middle_decimal(ret, from, to);
	if (k->form == RP_MY_DATE || k->form == RP_MY_DATETIME)
		return middle_moment(ret, from->value, to->value, k->form == RP_MY_DATE);
	if (k->form == RP_MY_BYTES)
		return middle_bytes(ret, k, from, to);
	return middle_fixed(ret, from, to, k->form == RP_MY_UUID);
}
