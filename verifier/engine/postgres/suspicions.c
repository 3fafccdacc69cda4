/* SPDX-License-Identifier: MIT */
#include <endian.h>
#include <string.h>

#include "verifier/engine/postgres/conn.h"
#include "verifier/engine/postgres/encoding.h"
#include "verifier/util/buf.h"

/* What may have happened to a column, undone in the send functions' form. */

#define EPOCH_DAYS INT64_C(10957) /* from 1970 to 2000 */
#define EPOCH_US   (EPOCH_DAYS * 86400 * 1000000)

enum kind { TEXT, INTEGER, REAL, NUMERIC, DATE, MOMENT, OTHER };

/* What is none of these is text, or may have text inside: a domain, an enum, an array, a composite. */
static const struct {
	const char *type;
	enum kind kind;
} types[] = {
	{"smallint", INTEGER},
	{"integer", INTEGER},
	{"bigint", INTEGER},
	{"money", INTEGER},
	{"real", REAL},
	{"double precision", REAL},
	{"numeric", NUMERIC},
	{"date", DATE},
	{"timestamp without time zone", MOMENT},
	{"timestamp with time zone", MOMENT},
	{"time without time zone", OTHER},
	{"time with time zone", OTHER},
	{"interval", OTHER},
	{"oid", OTHER},
	{"xid", OTHER},
	{"boolean", OTHER},
	{"uuid", OTHER},
	{"inet", OTHER},
	{"cidr", OTHER},
};

static enum kind kind_of(const struct rp_column *c)
{
	for (size_t i = 0; rp_pg_is_binary(c) && c->type != NULL && i < sizeof types / sizeof types[0]; i++)
		if (rp_pg_is_type(c->type, types[i].type))
			return types[i].kind;
	return TEXT;
}

#define SUITS(name, is)                                                                                      \
	static bool name(const struct rp_column *c)                                                          \
	{                                                                                                    \
		return kind_of(c) == (is);                                                                   \
	}
SUITS(is_text, TEXT)
SUITS(is_integer, INTEGER)
SUITS(is_real, REAL)
SUITS(is_numeric, NUMERIC)
SUITS(is_date, DATE)
SUITS(is_moment, MOMENT)

static uint64_t big_endian(const uint8_t *p, size_t len)
{
	uint64_t v = 0;
	while (len-- > 0)
		v = v << 8 | *p++;
	return v;
}

static void put_number(uint64_t v, size_t len, struct rp_field *ret, struct rp_buf *room)
{
	/* Not byte by byte: whoever reads it next, as one number, would wait for all of them. Once a way and value. */
	uint64_t big = htobe64(v << (64 - 8 * len));
	rp_buf_add_mem(room, &big, len);
	*ret = (struct rp_field){(const uint8_t *)rp_buf_text(room), len};
}

/* Whole bytes of another length, or the two infinities, are left as they are. */
static bool undo_moment(const struct rp_column *c, unsigned way, const struct rp_field *found,
			struct rp_field *ret, struct rp_buf *room)
{
	(void)c;
	if (found->value == NULL || found->len != 8)
		return true;
	int64_t us = (int64_t)big_endian(found->value, 8);
	if (us > INT64_MAX - 2 * EPOCH_US || us == INT64_MIN)
		return true;
	put_number((uint64_t)(rp_time_undo(way, us + EPOCH_US) - EPOCH_US), 8, ret, room);
	return !room->failed;
}

static bool undo_date(const struct rp_column *c, unsigned way, const struct rp_field *found,
		      struct rp_field *ret, struct rp_buf *room)
{
	(void)c;
	if (found->value == NULL || found->len != 4)
		return true;
	int32_t days = (int32_t)big_endian(found->value, 4);
	if (days == INT32_MAX || days == INT32_MIN)
		return true;
	put_number((uint64_t)rp_date_undo(way, days), 4, ret, room);
	return !room->failed;
}

static bool undo_sign(const struct rp_column *c, unsigned way, const struct rp_field *found,
		      struct rp_field *ret, struct rp_buf *room)
{
	(void)c, (void)way;
	if (found->value != NULL && found->len > 0 && found->len <= 8)
		put_number(0 - big_endian(found->value, found->len), found->len, ret, room);
	return !room->failed;
}

static bool undo_sign_of_real(const struct rp_column *c, unsigned way, const struct rp_field *found,
			      struct rp_field *ret, struct rp_buf *room)
{
	(void)c, (void)way;
	if (found->value != NULL && (found->len == 4 || found->len == 8))
		put_number(big_endian(found->value, found->len) ^ UINT64_C(1) << (8 * found->len - 1),
			   found->len, ret, room);
	return !room->failed;
}

/* numeric_send(): how many groups of digits, where the first stands, sign, digits behind the point, groups. */
#define NUMERIC_SIGN  4
#define NUMERIC_SCALE 6
#define NUMERIC_HEAD  8
#define MINUS	      0x40
#define SCALES	      20u

static bool put_numeric(const struct rp_field *found, size_t at, uint8_t high, uint8_t low,
			struct rp_field *ret, struct rp_buf *room)
{
	uint8_t head[NUMERIC_HEAD];
	memcpy(head, found->value, sizeof head);
	head[at] = high;
	head[at + 1] = low;
	rp_buf_add_mem(room, head, sizeof head);
	rp_buf_add_mem(room, found->value + NUMERIC_HEAD, found->len - NUMERIC_HEAD);
	*ret = (struct rp_field){(const uint8_t *)rp_buf_text(room), room->len};
	return !room->failed;
}

/* One that is not a number has a sign of its own, and 0 has none. */
static bool undo_sign_of_numeric(const struct rp_column *c, unsigned way, const struct rp_field *found,
				 struct rp_field *ret, struct rp_buf *room)
{
	(void)c, (void)way;
	if (found->value == NULL || found->len <= NUMERIC_HEAD || found->value[NUMERIC_SIGN] > MINUS)
		return true;
	return put_numeric(found, NUMERIC_SIGN, found->value[NUMERIC_SIGN] ^ MINUS, 0, ret, room);
}

static bool undo_scale(const struct rp_column *c, unsigned way, const struct rp_field *found,
		       struct rp_field *ret, struct rp_buf *room)
{
	(void)c;
	if (found->value == NULL || found->len < NUMERIC_HEAD || found->value[NUMERIC_SIGN] > MINUS ||
	    found->value[NUMERIC_SCALE + 1] == way)
		return true;
	return put_numeric(found, NUMERIC_SCALE, 0, (uint8_t)way, ret, room);
}

static void tell_sign(unsigned way, struct rp_buf *out)
{
	(void)way;
	rp_buf_add(out, "the numbers have the opposite sign");
}

static void tell_scale(unsigned way, struct rp_buf *out)
{
	rp_buf_addf(out, "the numbers are equal, but had %u digit%s behind the point", way,
		    way == 1 ? "" : "s");
}

/* The built-in types that are text: text, char(n), varchar(n). */
static bool is_text_oid(uint64_t oid)
{
	return oid == 25 || oid == 1042 || oid == 1043;
}

/* The texts in an array (of: its elements' type) or a composite (0: each has its type in front). false: it is none. */
static bool undo_parts(unsigned way, const struct rp_field *found, size_t head, uint64_t of, size_t *ret_n,
		       struct rp_buf *room)
{
	const uint8_t *at = found->value + head, *end = found->value + found->len;
	rp_buf_add_mem(room, found->value, head);
	for (*ret_n = 0; at < end; (*ret_n)++) {
		rp_autobuf inner = RP_BUF_INIT(room->max);
		struct rp_field part, was;
		uint64_t type = of;
		if (of == 0) {
			if (end - at < 4)
				return false;
			type = big_endian(at, 4);
			rp_buf_add_mem(room, at, 4);
			at += 4;
		}
		if (rp_row_next(&at, end, &part) <= 0)
			return false;
		was = part;
		if (is_text_oid(type) && !rp_text_undo(way, 0, &part, &was, &inner))
			return false;
		uint32_t len = was.value != NULL ? (uint32_t)was.len : UINT32_MAX;
		const uint8_t bytes[4] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
					  (uint8_t)len};
		rp_buf_add_mem(room, bytes, 4);
		if (was.value != NULL)
			rp_buf_add_mem(room, was.value, was.len);
	}
	return true;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);
	return len >= n && strcmp(text + len - n, end) == 0;
}

/* Dimensions, whether there are NULLs, type of the elements | length and lower bound of each dimension | elements. */
static bool undo_array(unsigned way, const struct rp_field *found, struct rp_buf *room)
{
	size_t n = 0, dimensions = found->len >= 12 ? (size_t)big_endian(found->value, 4) : 7;
	if (dimensions > 6 || found->len < 12 + 8 * dimensions)
		return false;
	uint64_t of = big_endian(found->value + 8, 4);
	return is_text_oid(of) && undo_parts(way, found, 12 + 8 * dimensions, of, &n, room);
}

/* How many columns | type and value of each. No text begins with a zero byte. */
static bool undo_composite(unsigned way, const struct rp_field *found, struct rp_buf *room)
{
	size_t n = 0;
	return found->len >= 4 && found->value[0] == 0 && undo_parts(way, found, 4, 0, &n, room) &&
	       n == big_endian(found->value, 4);
}

static bool undo_text(const struct rp_column *c, unsigned way, const struct rp_field *found,
		      struct rp_field *ret, struct rp_buf *room)
{
	if (found->value != NULL && rp_pg_is_binary(c) && c->type != NULL) {
		if (ends_with(c->type, "[]") ? undo_array(way, found, room)
					     : undo_composite(way, found, room)) {
			if (room->len != found->len || memcmp(room->s, found->value, found->len) != 0)
				*ret = (struct rp_field){(const uint8_t *)rp_buf_text(room), room->len};
			return !room->failed;
		}
		rp_buf_reset(room);
	}
	return rp_text_undo(way, rp_type_limit(c->type), found, ret, room);
}

const struct rp_suspicion rp_pg_suspicions[] = {
	{RP_TIME_WAYS, is_moment, undo_moment, rp_time_tell},
	{RP_DATE_WAYS, is_date, undo_date, rp_date_tell},
	{RP_TEXT_WAYS, is_text, undo_text, rp_text_tell},
	{1, is_integer, undo_sign, tell_sign},
	{1, is_real, undo_sign_of_real, tell_sign},
	{1, is_numeric, undo_sign_of_numeric, tell_sign},
	{SCALES, is_numeric, undo_scale, tell_scale},
	{0},
};

static bool is_plain_text(const char *type)
{
	static const char *const names[] = {"text", "character", "character varying", "json", "bytea"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (rp_pg_is_type(type, names[i]))
			return true;
	return false;
}

static void glimpse_real(const struct rp_field *value, struct rp_glimpse *ret)
{
	uint64_t bits = big_endian(value->value, value->len);
	uint32_t low = (uint32_t)bits;
	float small;
	memcpy(&small, &low, sizeof small);
	memcpy(&ret->real, &bits, sizeof bits);
	ret->as = value->len == 4 ? RP_SEEN_FLOAT : RP_SEEN_DOUBLE;
	if (value->len == 4)
		ret->real = (double)small;
}

void rp_pg_glimpse(const struct rp_column *col, const struct rp_field *value, struct rp_glimpse *ret)
{
	enum kind kind = kind_of(col);
	if (kind == REAL && (value->len == 4 || value->len == 8)) {
		glimpse_real(value, ret);
	} else if (kind == MOMENT && value->len == 8 && strstr(col->type, "(0)") == NULL) {
		ret->as = RP_SEEN_MOMENT;
		ret->whole_second = (int64_t)big_endian(value->value, 8) % 1000000 == 0;
	} else if (kind == TEXT && rp_pg_is_binary(col) && col->type != NULL && is_plain_text(col->type)) {
		ret->as = RP_SEEN_TEXT;
		ret->most_characters = rp_type_limit(col->type);
		for (size_t i = 0; i < value->len; i++)
			ret->characters += (value->value[i] & 0xc0) != 0x80;
	}
}
