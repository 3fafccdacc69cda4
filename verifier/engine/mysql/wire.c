/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/wire.h"

#include <arpa/inet.h>
#include <endian.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/mysql/temporal.h"
#include "verifier/util/error.h"

#define PREFIX 4u
/* What a value takes of a row more than it takes of the packet, at most. Room for a whole row is made at once. */
#define WIDER 20u

static enum rp_my_wire integer(const MYSQL_FIELD *f, bool is_unsigned)
{
	static const struct {
		enum enum_field_types type;
		enum rp_my_wire with_sign, without;
	} all[] = {
		{MYSQL_TYPE_TINY, RP_MY_WIRE_I8, RP_MY_WIRE_U8},
		{MYSQL_TYPE_SHORT, RP_MY_WIRE_I16, RP_MY_WIRE_U16},
		{MYSQL_TYPE_INT24, RP_MY_WIRE_I32, RP_MY_WIRE_U32},
		{MYSQL_TYPE_LONG, RP_MY_WIRE_I32, RP_MY_WIRE_U32},
		{MYSQL_TYPE_LONGLONG, RP_MY_WIRE_64, RP_MY_WIRE_64},
		{MYSQL_TYPE_YEAR, RP_MY_WIRE_N, RP_MY_WIRE_U16},
	};
	if (((f->flags & UNSIGNED_FLAG) != 0) != is_unsigned)
		return RP_MY_WIRE_N;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (all[i].type == f->type)
			return is_unsigned ? all[i].without : all[i].with_sign;
	return RP_MY_WIRE_N;
}

/* MySQL's VECTOR and its JSON are numbers that are not in all versions of libmariadb's header. */
#define TYPE_VECTOR 242u
#define TYPE_JSON   245u

static bool is_bytes(unsigned type)
{
	return (type >= MYSQL_TYPE_TINY_BLOB && type <= MYSQL_TYPE_GEOMETRY) || type == MYSQL_TYPE_VARCHAR ||
	       type == MYSQL_TYPE_BIT || type == TYPE_VECTOR;
}

/* The types that have one form on the wire, and it is theirs alone. */
static const struct {
	enum rp_my_form form;
	unsigned type, other;
	enum rp_my_wire wire;
} plain[] = {
	{RP_MY_FLOAT, MYSQL_TYPE_FLOAT, MYSQL_TYPE_FLOAT, RP_MY_WIRE_FLOAT},
	{RP_MY_DOUBLE, MYSQL_TYPE_DOUBLE, MYSQL_TYPE_DOUBLE, RP_MY_WIRE_DOUBLE},
	{RP_MY_DECIMAL, MYSQL_TYPE_NEWDECIMAL, MYSQL_TYPE_NEWDECIMAL, RP_MY_WIRE_DECIMAL},
	{RP_MY_DATE, MYSQL_TYPE_DATE, MYSQL_TYPE_NEWDATE, RP_MY_WIRE_DATE},
	{RP_MY_TIME, MYSQL_TYPE_TIME, MYSQL_TYPE_TIME, RP_MY_WIRE_TIME},
	{RP_MY_DATETIME, MYSQL_TYPE_DATETIME, MYSQL_TYPE_TIMESTAMP, RP_MY_WIRE_DATETIME},
	{RP_MY_JSON, TYPE_JSON, TYPE_JSON, RP_MY_WIRE_BYTES},
	{RP_MY_UUID, MYSQL_TYPE_STRING, MYSQL_TYPE_STRING, RP_MY_WIRE_UUID},
	{RP_MY_INET4, MYSQL_TYPE_STRING, MYSQL_TYPE_STRING, RP_MY_WIRE_INET4},
	{RP_MY_INET6, MYSQL_TYPE_STRING, MYSQL_TYPE_STRING, RP_MY_WIRE_INET6},
};

enum rp_my_wire rp_my_wire_of(const MYSQL_FIELD *f, enum rp_my_form form)
{
	unsigned type = (unsigned)f->type;
	if (form == RP_MY_INT || form == RP_MY_UINT || form == RP_MY_NUMBER)
		return integer(f, form != RP_MY_INT);
	if (form == RP_MY_BYTES)
		return is_bytes(type) ? RP_MY_WIRE_BYTES : RP_MY_WIRE_N;
	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
		if (plain[i].form == form && (type == plain[i].type || type == plain[i].other))
			return plain[i].wire;
	return RP_MY_WIRE_N;
}

static uint64_t little_endian(const uint8_t *p, size_t len)
{
	uint64_t v = 0;
	while (len-- > 0)
		v = v << 8 | p[len];
	return v;
}

static uint8_t *put_length(uint8_t *to, size_t len)
{
	uint32_t big = htonl((uint32_t)len);
	memcpy(to, &big, PREFIX);
	return to + PREFIX;
}

/* Of a constant size each: the compiler makes one instruction of such a copy, and of another one a loop that takes
 * longer than all the rest of a row. */
static uint8_t *put_8(uint8_t *to, uint64_t value)
{
	uint64_t big = htobe64(value);
	to = put_length(to, 8);
	memcpy(to, &big, 8);
	return to + 8;
}

static uint8_t *put_4(uint8_t *to, uint32_t value)
{
	uint32_t big = htobe32(value);
	to = put_length(to, 4);
	memcpy(to, &big, 4);
	return to + 4;
}

static uint16_t get_2(const uint8_t *p)
{
	uint16_t v;
	memcpy(&v, p, 2);
	return le16toh(v);
}

static uint32_t get_4(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, 4);
	return le32toh(v);
}

static uint64_t get_8(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, 8);
	return le64toh(v);
}

/* A length in front of a value. NULL: it runs past the end, or is none. */
static const uint8_t *take_length(const uint8_t *at, const uint8_t *end, size_t *ret)
{
	if (at == end)
		return NULL;
	unsigned first = *at++;
	size_t more = first < 251 ? 0 : first == 252 ? 2 : first == 253 ? 3 : first == 254 ? 8 : 99;
	if (more == 99 || more > (size_t)(end - at))
		return NULL;
	uint64_t len = more == 0 ? first : little_endian(at, more);
	at += more;
	if (len > (size_t)(end - at) || len > INT32_MAX)
		return NULL;
	*ret = (size_t)len;
	return at;
}

/* As the server prints it, but ZEROFILL's zeroes: they are of the type, not of the value. */
static uint8_t *put_decimal(uint8_t *to, const uint8_t *text, size_t len)
{
	uint8_t *at = to + PREFIX;
	const uint8_t *end = text + len;
	if (len > 0 && *text == '-')
		*at++ = *text++;
	while (end - text >= 2 && text[0] == '0' && text[1] >= '0' && text[1] <= '9')
		text++;
	bool point = false, digit = false;
	for (; text < end; text++) {
		bool is_point = *text == '.';
		if ((is_point && (point || !digit)) || (!is_point && (*text < '0' || *text > '9')))
			return NULL;
		point |= is_point;
		digit |= !is_point;
		*at++ = *text;
	}
	if (!digit)
		return NULL;
	(void)put_length(to, (size_t)(at - to) - PREFIX);
	return at;
}

static int hex_digit(uint8_t c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

static uint8_t *put_uuid(uint8_t *to, const uint8_t *text, size_t len)
{
	if (len != 36)
		return NULL;
	to = put_length(to, 16);
	for (size_t i = 0; i < len;) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (text[i++] != '-')
				return NULL;
			continue;
		}
		int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
		if (high < 0 || low < 0)
			return NULL;
		*to++ = (uint8_t)(high << 4 | low);
		i += 2;
	}
	return to;
}

static uint8_t *put_address(uint8_t *to, int family, const uint8_t *text, size_t len)
{
	char name[INET6_ADDRSTRLEN];
	size_t size = family == AF_INET ? 4 : 16;
	if (len >= sizeof name)
		return NULL;
	memcpy(name, text, len);
	name[len] = '\0';
	to = put_length(to, size);
	return strlen(name) == len && inet_pton(family, name, to) == 1 ? to + size : NULL;
}

static uint8_t *put_varying(uint8_t *to, enum rp_my_wire wire, const uint8_t *value, size_t len)
{
	uint64_t us = 0;
	if (wire == RP_MY_WIRE_DECIMAL)
		return put_decimal(to, value, len);
	if (wire == RP_MY_WIRE_UUID)
		return put_uuid(to, value, len);
	if (wire == RP_MY_WIRE_INET4 || wire == RP_MY_WIRE_INET6)
		return put_address(to, wire == RP_MY_WIRE_INET4 ? AF_INET : AF_INET6, value, len);
	if (wire == RP_MY_WIRE_TIME)
		return rp_my_time_of_wire(value, len, &us) ? put_8(to, us) : NULL;
	uint8_t *at = put_length(to, wire == RP_MY_WIRE_DATE ? RP_MY_DATE_LEN : RP_MY_DATETIME_LEN);
	return rp_my_moment_of_wire(at, value, len, wire == RP_MY_WIRE_DATE);
}

struct cursor {
	const uint8_t *at, *end;
	uint8_t *to;
};

/* What has the same size in every row. */
static inline bool take_fixed(struct cursor *c, enum rp_my_wire wire)
{
	static const uint8_t sizes[RP_MY_WIRE_BYTES] = {
		[RP_MY_WIRE_I8] = 1,  [RP_MY_WIRE_U8] = 1,    [RP_MY_WIRE_I16] = 2,
		[RP_MY_WIRE_U16] = 2, [RP_MY_WIRE_I32] = 4,   [RP_MY_WIRE_U32] = 4,
		[RP_MY_WIRE_64] = 8,  [RP_MY_WIRE_FLOAT] = 4, [RP_MY_WIRE_DOUBLE] = 8,
	};
	const uint8_t *p = c->at;
	if ((size_t)(c->end - p) < sizes[wire])
		return false;
	c->at += sizes[wire];
	if (wire == RP_MY_WIRE_64 || wire == RP_MY_WIRE_DOUBLE)
		c->to = put_8(c->to, get_8(p));
	else if (wire == RP_MY_WIRE_FLOAT)
		c->to = put_4(c->to, get_4(p));
	else if (wire == RP_MY_WIRE_I32)
		c->to = put_8(c->to, (uint64_t)(int64_t)(int32_t)get_4(p));
	else if (wire == RP_MY_WIRE_U32)
		c->to = put_8(c->to, get_4(p));
	else if (wire == RP_MY_WIRE_I16)
		c->to = put_8(c->to, (uint64_t)(int64_t)(int16_t)get_2(p));
	else if (wire == RP_MY_WIRE_U16)
		c->to = put_8(c->to, get_2(p));
	else if (wire == RP_MY_WIRE_I8)
		c->to = put_8(c->to, (uint64_t)(int64_t)(int8_t)*p);
	else
		c->to = put_8(c->to, *p);
	return true;
}

static bool take_value(struct cursor *c, enum rp_my_wire wire)
{
	size_t len = 0;
	if (wire < RP_MY_WIRE_BYTES)
		return take_fixed(c, wire);
	c->at = take_length(c->at, c->end, &len);
	if (c->at == NULL)
		return false;
	if (wire == RP_MY_WIRE_BYTES) {
		c->to = put_length(c->to, len);
		memcpy(c->to, c->at, len);
		c->to += len;
	} else {
		c->to = put_varying(c->to, wire, c->at, len);
	}
	c->at += len;
	return c->to != NULL;
}

static int make_room(struct rp_my_line *line, size_t need, struct rp_err **err)
{
	if (need <= line->cap)
		return 0;
	uint8_t *bytes = realloc(line->bytes, need * 2);
	if (bytes == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory for a row of %zu bytes", need);
	line->bytes = bytes;
	line->cap = need * 2;
	return 0;
}

int rp_my_wire_row(struct rp_my_line *ret, const enum rp_my_wire *columns, size_t n, const uint8_t *packet,
		   size_t len, struct rp_err **err)
{
	size_t nulls = (n + 9) / 8; /* a bit a column behind the first byte, the first two unused */
	if (make_room(ret, len + n * WIDER, err) < 0)
		return -1;
	if (len < 1 + nulls || packet[0] != 0)
		return rp_err_set(err, RP_ERR_ENGINE, "the server sent a row that is none");
	struct cursor c = {.at = packet + 1 + nulls, .end = packet + len, .to = ret->bytes};
	for (size_t i = 0; i < n; i++) {
		if ((packet[1 + (i + 2) / 8] >> ((i + 2) % 8) & 1) != 0) {
			memset(c.to, 0xff, PREFIX);
			c.to += PREFIX;
		} else if (!take_value(&c, columns[i])) {
			return rp_err_set(err, RP_ERR_ENGINE,
					  "the server sent a row whose column %zu is malformed", i + 1);
		}
	}
	if (c.at != c.end)
		return rp_err_set(err, RP_ERR_ENGINE,
				  "the server sent a row that goes on behind its last column");
	ret->len = (size_t)(c.to - ret->bytes);
	return 0;
}
