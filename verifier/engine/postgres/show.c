/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "verifier/engine/postgres/conn.h"
#include "verifier/engine/postgres/encoding.h"
#include "verifier/util/buf.h"

/* Values in the send functions' form, written as people write them. The bytes come from a restored backup and may
 * be anything: every length is checked, and what is not what its type says is shown as hex. */

static uint64_t big_endian(const uint8_t *p, size_t len)
{
	uint64_t v = 0;
	while (len-- > 0)
		v = v << 8 | *p++;
	return v;
}

static int64_t whole(const struct rp_field *f)
{
	uint64_t v = big_endian(f->value, f->len);
	/* Sign-extend. */
	unsigned unused = (unsigned)(64 - 8 * f->len);
	return (int64_t)(v << unused) >> unused;
}

static bool show_int(const struct rp_field *f, struct rp_buf *out)
{
	if (f->len != 2 && f->len != 4 && f->len != 8)
		return false;
	rp_buf_addf(out, "%lld", (long long)whole(f));
	return true;
}

static bool show_oid(const struct rp_field *f, struct rp_buf *out)
{
	if (f->len != 4)
		return false;
	rp_buf_addf(out, "%llu", (unsigned long long)big_endian(f->value, 4));
	return true;
}

static bool show_bool(const struct rp_field *f, struct rp_buf *out)
{
	if (f->len != 1 || f->value[0] > 1)
		return false;
	rp_buf_add(out, f->value[0] == 1 ? "true" : "false");
	return true;
}

static bool show_float(const struct rp_field *f, struct rp_buf *out)
{
	double d;
	uint64_t bits = big_endian(f->value, f->len);
	if (f->len == 4) {
		uint32_t half = (uint32_t)bits;
		float small;
		memcpy(&small, &half, sizeof small);
		d = (double)small;
	} else if (f->len == 8) {
		memcpy(&d, &bits, sizeof d);
	} else {
		return false;
	}
	if (isnan(d))
		rp_buf_add(out, "NaN");
	else if (isinf(d))
		rp_buf_add(out, d < 0 ? "-Infinity" : "Infinity");
	else
		rp_buf_addf(out, f->len == 4 ? "%.9g" : "%.17g", d);
	return true;
}

static bool show_uuid(const struct rp_field *f, struct rp_buf *out)
{
	if (f->len != 16)
		return false;
	for (size_t i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			rp_buf_add(out, "-");
		rp_buf_add_hex(out, f->value + i, 1);
	}
	return true;
}

/* A report is no place for a document: what is longer is cut, and its length told. */
#define SHOWN_MAX 4096u

static void tell_length(const struct rp_field *f, size_t shown, struct rp_buf *out)
{
	if (shown < f->len)
		rp_buf_addf(out, "... (%zu bytes)", f->len);
}

static bool show_bytea(const struct rp_field *f, struct rp_buf *out)
{
	size_t shown = f->len < SHOWN_MAX / 2 ? f->len : SHOWN_MAX / 2;
	rp_buf_add(out, "\\x");
	rp_buf_add_hex(out, f->value, shown);
	tell_length(f, shown, out);
	return true;
}

/* Days since 2000-01-01 as a date of the Gregorian calendar, which PostgreSQL uses for all of time. */
static void show_day(int64_t days, struct rp_buf *out)
{
	/* Years begin in March here, so that a leap day is the last of one; eras have 400 years. */
	int64_t z = days + 730425; /* 0000-03-01 to 2000-01-01 */
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t of_era = z - era * 146097;
	int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month = (5 * of_year + 2) / 153; /* from March */
	int64_t day = of_year - (153 * month + 2) / 5 + 1;
	int64_t year = year_of_era + era * 400 + (month >= 10 ? 1 : 0);
	month = month < 10 ? month + 3 : month - 9;
	rp_buf_addf(out, "%04lld-%02d-%02d", (long long)(year > 0 ? year : 1 - year), (int)month, (int)day);
}

static bool before_christ(int64_t days)
{
	return days < -730119; /* 0001-01-01 */
}

static void show_clock(int64_t us, struct rp_buf *out)
{
	int64_t s = us / 1000000;
	rp_buf_addf(out, "%02d:%02d:%02d", (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
	int fraction = (int)(us % 1000000), digits = 6;
	if (fraction == 0)
		return;
	for (; fraction % 10 == 0; digits--)
		fraction /= 10;
	rp_buf_addf(out, ".%0*d", digits, fraction);
}

static bool show_endless(int64_t v, int64_t min, int64_t max, struct rp_buf *out)
{
	if (v != min && v != max)
		return false;
	rp_buf_add(out, v == min ? "-infinity" : "infinity");
	return true;
}

static bool show_date(const struct rp_field *f, struct rp_buf *out)
{
	if (f->len != 4)
		return false;
	int64_t days = whole(f);
	if (show_endless(days, INT32_MIN, INT32_MAX, out))
		return true;
	show_day(days, out);
	rp_buf_add(out, before_christ(days) ? " BC" : "");
	return true;
}

static bool show_moment(const struct rp_field *f, const char *zone, struct rp_buf *out)
{
	if (f->len != 8)
		return false;
	int64_t us = whole(f);
	if (show_endless(us, INT64_MIN, INT64_MAX, out))
		return true;
	int64_t day_us = (int64_t)86400 * 1000000;
	int64_t days = us / day_us, rest = us % day_us;
	if (rest < 0) {
		rest += day_us;
		days--;
	}
	show_day(days, out);
	rp_buf_add(out, " ");
	show_clock(rest, out);
	rp_buf_add(out, zone);
	rp_buf_add(out, before_christ(days) ? " BC" : "");
	return true;
}

static bool show_timestamp(const struct rp_field *f, struct rp_buf *out)
{
	return show_moment(f, "", out);
}

static bool show_timestamptz(const struct rp_field *f, struct rp_buf *out)
{
	return show_moment(f, "+00", out);
}

static bool show_time(const struct rp_field *f, struct rp_buf *out)
{
	if (f->len != 8 || whole(f) < 0 || whole(f) > (int64_t)86400 * 1000000)
		return false;
	show_clock(whole(f), out);
	return true;
}

/* Digits to the base of 10,000: how many, the weight of the first, sign, digits behind the point, and them. */
static bool show_numeric(const struct rp_field *f, struct rp_buf *out)
{
	if (f->len < 8)
		return false;
	const uint8_t *p = f->value;
	int n = (int)big_endian(p, 2), weight = (int16_t)big_endian(p + 2, 2);
	unsigned sign = (unsigned)big_endian(p + 4, 2);
	int scale = (int)big_endian(p + 6, 2);
	if (sign == 0xC000 || sign == 0xD000 || sign == 0xF000) {
		rp_buf_add(out, sign == 0xC000 ? "NaN" : sign == 0xD000 ? "Infinity" : "-Infinity");
		return true;
	}
	if ((sign != 0 && sign != 0x4000) || f->len != 8 + 2 * (size_t)n)
		return false;
	rp_buf_add(out, sign == 0x4000 ? "-" : "");
	if (weight < 0)
		rp_buf_add(out, "0");
	for (int i = 0; i <= weight; i++)
		rp_buf_addf(out, i == 0 ? "%d" : "%04d", i < n ? (int)big_endian(p + 8 + 2 * i, 2) : 0);
	if (scale > 0)
		rp_buf_add(out, ".");
	for (int i = weight + 1, left = scale; left > 0; i++, left -= 4) {
		char four[8];
		(void)snprintf(four, sizeof four, "%04u",
			       i >= 0 && i < n ? (unsigned)big_endian(p + 8 + 2 * i, 2) % 10000 : 0);
		rp_buf_add_mem(out, four, left < 4 ? (size_t)left : 4);
	}
	return true;
}

static bool is_text(const struct rp_field *f)
{
	/* No control characters but those that text has, and UTF-8 by its form. What goes wrong here only shows:
	 * escaping is the business of who prints. */
	for (size_t i = 0; i < f->len; i++) {
		uint8_t b = f->value[i];
		size_t more = b < 0x80		      ? 0
			      : b >= 0xC2 && b < 0xE0 ? 1
			      : b >= 0xE0 && b < 0xF0 ? 2
			      : b >= 0xF0 && b < 0xF5 ? 3
						      : 9;
		if (more == 9 || f->len - i <= more || (b < 0x20 && strchr("\t\n\r", b) == NULL) || b == 0 ||
		    b == 0x7f)
			return false;
		for (; more > 0; more--)
			if ((f->value[++i] & 0xC0) != 0x80)
				return false;
	}
	return true;
}

static bool show_text(const struct rp_field *f, struct rp_buf *out)
{
	if (!is_text(f))
		return false;
	size_t shown = f->len < SHOWN_MAX ? f->len : SHOWN_MAX;
	while (shown < f->len && (f->value[shown] & 0xC0) == 0x80) /* not within a character */
		shown--;
	rp_buf_add_mem(out, f->value, shown);
	tell_length(f, shown, out);
	return true;
}

/* jsonb is its text behind a version. */
static bool show_jsonb(const struct rp_field *f, struct rp_buf *out)
{
	if (f->len < 1 || f->value[0] != 1)
		return false;
	return show_text(&(struct rp_field){f->value + 1, f->len - 1}, out);
}

/* By the type's name as format_type() prints it, without what is in brackets behind it. */
static const struct {
	const char *type;
	bool (*show)(const struct rp_field *f, struct rp_buf *out);
} types[] = {
	{"smallint", show_int},
	{"integer", show_int},
	{"bigint", show_int},
	{"oid", show_oid},
	{"xid", show_oid},
	{"boolean", show_bool},
	{"real", show_float},
	{"double precision", show_float},
	{"numeric", show_numeric},
	{"uuid", show_uuid},
	{"bytea", show_bytea},
	{"date", show_date},
	{"timestamp without time zone", show_timestamp},
	{"timestamp with time zone", show_timestamptz},
	{"time without time zone", show_time},
	{"jsonb", show_jsonb},
};

bool rp_pg_is_type(const char *printed, const char *name)
{
	while (*printed != '\0' || *name != '\0') {
		if (*printed == '(')
			printed += strcspn(printed, ")") + (strchr(printed, ')') != NULL ? 1 : 0);
		if (*printed != *name)
			return false;
		if (*printed == '\0')
			return true;
		printed++;
		name++;
	}
	return true;
}

void rp_pg_show(const struct rp_column *col, const struct rp_field *value, struct rp_buf *out)
{
	if (value->value == NULL) {
		rp_buf_add(out, "NULL");
		return;
	}
	bool binary = rp_pg_is_binary(col);
	for (size_t i = 0; binary && col->type != NULL && i < sizeof types / sizeof types[0]; i++)
		if (rp_pg_is_type(col->type, types[i].type)) {
			if (!types[i].show(value, out))
				(void)show_bytea(value, out);
			return;
		}
	if (!show_text(value, out))
		(void)show_bytea(value, out);
}
