/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/encoding.h"
#include "verifier/engine/mysql/literal.h"
#include "verifier/engine/mysql/shown_text.h"
#include "verifier/engine/mysql/temporal.h"
#include "verifier/util/buf.h"

/* Encoded values as people write them. The bytes come from a restored backup and may be anything: every length is
 * looked at, and what is not what its column says is shown as hex. */

/* A report is no place for a document: what is longer is cut, and its length told. */
#define SHOWN_MAX 2048u

static uint64_t big_endian(const uint8_t *p, size_t len)
{
	uint64_t v = 0;
	while (len-- > 0)
		v = v << 8 | *p++;
	return v;
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool show_hex(const char *type, const struct rp_field *f, struct rp_buf *out)
{
	(void)type;
	size_t shown = f->len < SHOWN_MAX ? f->len : SHOWN_MAX;
	rp_buf_add(out, "0x");
	rp_buf_add_hex(out, f->value, shown);
	if (shown < f->len)
		rp_buf_addf(out, "... (%zu bytes)", f->len);
	return true;
}

static bool show_int(const char *type, const struct rp_field *f, struct rp_buf *out)
{
	(void)type;
	if (f->len != 8)
		return false;
	rp_buf_addf(out, "%lld", (long long)(int64_t)big_endian(f->value, 8));
	return true;
}

static bool show_uint(const char *type, const struct rp_field *f, struct rp_buf *out)
{
	if (f->len != 8)
		return false;
	rp_buf_addf(out, begins(type, "year") ? "%04llu" : "%llu",
		    (unsigned long long)big_endian(f->value, 8));
	return true;
}

/* With as many digits as tell it from its neighbours. */
static bool show_real(const char *type, const struct rp_field *f, struct rp_buf *out)
{
	char text[40] = "";
	(void)type;
	if (f->len != 4 && f->len != 8)
		return false;
	double d = rp_my_real(f);
	if (!isfinite(d))
		return false;
	for (int digits = f->len == 4 ? 6 : 15; digits <= 17; digits++) {
		(void)snprintf(text, sizeof text, "%.*g", digits, d);
		double read = f->len == 4 ? (double)strtof(text, NULL) : strtod(text, NULL);
		if (!(read < d) && !(read > d))
			break;
	}
	rp_buf_add(out, text);
	return true;
}

static bool show_decimal(const char *type, const struct rp_field *f, struct rp_buf *out)
{
	(void)type;
	if (f->len == 0 || f->len > 100)
		return false;
	for (size_t i = 0; i < f->len; i++)
		if (strchr("0123456789.-", f->value[i]) == NULL || f->value[i] == '\0')
			return false;
	rp_buf_add_mem(out, f->value, f->len);
	return true;
}

static void add_fraction(struct rp_buf *out, unsigned us)
{
	int digits = 6;
	if (us == 0)
		return;
	for (; us % 10 == 0; digits--)
		us /= 10;
	rp_buf_addf(out, ".%0*u", digits, us);
}

static bool show_date(const char *type, const struct rp_field *f, struct rp_buf *out)
{
	(void)type;
	if (f->len != RP_MY_DATE_LEN)
		return false;
	rp_buf_addf(out, "%04u-%02u-%02u", (unsigned)big_endian(f->value, 2), f->value[2], f->value[3]);
	return true;
}

static bool show_datetime(const char *type, const struct rp_field *f, struct rp_buf *out)
{
	const uint8_t *p = f->value;
	if (f->len != RP_MY_DATETIME_LEN)
		return false;
	(void)show_date(type, &(struct rp_field){p, RP_MY_DATE_LEN}, out);
	rp_buf_addf(out, " %02u:%02u:%02u", p[4], p[5], p[6]);
	add_fraction(out, (unsigned)big_endian(p + 7, 4));
	rp_buf_add(out, begins(type, "timestamp") ? "+00" : "");
	return true;
}

static bool show_time(const char *type, const struct rp_field *f, struct rp_buf *out)
{
	(void)type;
	if (f->len != 8)
		return false;
	uint64_t v = big_endian(f->value, 8);
	bool negative = (int64_t)v < 0;
	uint64_t us = negative ? 0 - v : v, s = us / 1000000;
	rp_buf_addf(out, "%s%02llu:%02u:%02u", negative ? "-" : "", (unsigned long long)(s / 3600),
		    (unsigned)(s / 60 % 60), (unsigned)(s % 60));
	add_fraction(out, (unsigned)(us % 1000000));
	return true;
}

static bool show_bits(const char *type, const struct rp_field *f, struct rp_buf *out)
{
	unsigned long bits = begins(type, "bit(") ? strtoul(type + 4, NULL, 10) : 8 * f->len;
	if (bits == 0 || bits > 64 || f->len != (bits + 7) / 8)
		return false;
	uint64_t v = big_endian(f->value, f->len);
	rp_buf_add(out, "b'");
	while (bits-- > 0)
		rp_buf_add(out, (v >> bits & 1) != 0 ? "1" : "0");
	rp_buf_add(out, "'");
	return true;
}

/* Member number n, from 1 on, or nothing of the type. */
static bool add_member(const char *type, uint64_t n, struct rp_buf *out)
{
	char member[1024];
	size_t len = 0;
	for (uint64_t i = 1; rp_my_next_member(&type, member, sizeof member, &len) > 0; i++) {
		if (i != n)
			continue;
		rp_buf_add_mem(out, member, len < sizeof member ? len : sizeof member);
		return true;
	}
	return false;
}

/* ENUM and SET by number: what is empty is told apart by it. */
static bool show_number(const char *type, const struct rp_field *f, struct rp_buf *out)
{
	if (f->len != 8)
		return false;
	uint64_t v = big_endian(f->value, 8);
	if (begins(type, "enum")) {
		if (v != 0)
			(void)add_member(type, v, out);
	} else {
		const char *between = "";
		for (unsigned bit = 0; bit < 64; bit++) {
			if ((v >> bit & 1) == 0)
				continue;
			rp_buf_add(out, between);
			(void)add_member(type, bit + 1, out);
			between = ",";
		}
	}
	rp_buf_addf(out, " (number %llu)", (unsigned long long)v);
	return true;
}

static bool show_uuid(const char *type, const struct rp_field *f, struct rp_buf *out)
{
	(void)type;
	if (f->len != 16)
		return false;
	for (size_t i = 0; i < 16; i++) {
		rp_buf_add(out, i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "");
		rp_buf_add_hex(out, f->value + i, 1);
	}
	return true;
}

static bool show_address(const char *type, const struct rp_field *f, struct rp_buf *out)
{
	char name[INET6_ADDRSTRLEN];
	(void)type;
	if (f->len != 4 && f->len != 16)
		return false;
	rp_buf_add(out, inet_ntop(f->len == 4 ? AF_INET : AF_INET6, f->value, name, sizeof name));
	return true;
}

static double little_double(const uint8_t *p)
{
	uint8_t bytes[8];
	for (size_t i = 0; i < 8; i++)
		bytes[i] = p[7 - i];
	return rp_my_real(&(struct rp_field){bytes, 8});
}

/* Its system and then, for a point, where it is. */
static bool show_point(const char *type, const struct rp_field *f, struct rp_buf *out)
{
	static const uint8_t head[] = {1, 1, 0, 0, 0}; /* the lowest byte first, point */
	const uint8_t *p = f->value;
	if (f->len != 25 || memcmp(p + 4, head, sizeof head) != 0)
		return show_hex(type, f, out);
	rp_buf_addf(out, "POINT(%.15g %.15g)", little_double(p + 9), little_double(p + 17));
	uint32_t system = (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
	if (system != 0)
		rp_buf_addf(out, " of SRID %u", system);
	return true;
}

static bool show_json(const char *type, const struct rp_field *f, struct rp_buf *out)
{
	(void)type;
	return rp_my_show_text("utf8mb4", f, out);
}

/* Of those that are bytes: how each looks. */
static bool show_bytes(const char *type, const struct rp_field *f, struct rp_buf *out)
{
	char charset[RP_MY_CHARSET_MAX];
	if (begins(type, "bit"))
		return show_bits(type, f, out);
	if (begins(type, "point") || begins(type, "geometry"))
		return show_point(type, f, out);
	return rp_my_charset_in(type, charset) && rp_my_show_text(charset, f, out);
}

static bool (*const by_form[RP_MY_FORM_N])(const char *type, const struct rp_field *f, struct rp_buf *out) = {
	[RP_MY_INT] = show_int,	      [RP_MY_UINT] = show_uint,		[RP_MY_FLOAT] = show_real,
	[RP_MY_DOUBLE] = show_real,   [RP_MY_DECIMAL] = show_decimal,	[RP_MY_DATE] = show_date,
	[RP_MY_TIME] = show_time,     [RP_MY_DATETIME] = show_datetime, [RP_MY_BYTES] = show_bytes,
	[RP_MY_JSON] = show_json,     [RP_MY_NUMBER] = show_number,	[RP_MY_UUID] = show_uuid,
	[RP_MY_INET4] = show_address, [RP_MY_INET6] = show_address,
};

void rp_my_show(const struct rp_column *col, const struct rp_field *value, struct rp_buf *out)
{
	enum rp_my_form form = rp_my_form_of(col->encoding);
	const char *type = col->type != NULL ? col->type : "";
	if (value->value == NULL) {
		rp_buf_add(out, "NULL");
		return;
	}
	if (form == RP_MY_FORM_N || !by_form[form](type, value, out))
		(void)show_hex(type, value, out);
}
