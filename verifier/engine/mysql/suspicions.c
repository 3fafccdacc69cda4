/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/encoding.h"
#include "verifier/engine/mysql/literal.h"
#include "verifier/engine/mysql/shown_text.h"
#include "verifier/engine/mysql/temporal.h"
#include "verifier/util/buf.h"

/* What may have happened to a column, undone in our encoding. */

#define SECOND_US INT64_C(1000000)
#define DAY_US	  (86400 * SECOND_US)

static bool is(const struct rp_column *c, enum rp_my_form form)
{
	return rp_my_form_of(c->encoding) == form;
}

static bool is_text(const struct rp_column *c)
{
	return is(c, RP_MY_BYTES) || is(c, RP_MY_JSON);
}

static bool is_moment(const struct rp_column *c)
{
	return is(c, RP_MY_DATETIME);
}

static bool is_date(const struct rp_column *c)
{
	return is(c, RP_MY_DATE);
}

static bool is_integer(const struct rp_column *c)
{
	return is(c, RP_MY_INT) || is(c, RP_MY_TIME);
}

static bool is_real(const struct rp_column *c)
{
	return is(c, RP_MY_FLOAT) || is(c, RP_MY_DOUBLE);
}

static bool is_decimal(const struct rp_column *c)
{
	return is(c, RP_MY_DECIMAL);
}

static uint64_t big_endian(const uint8_t *p, size_t len)
{
	uint64_t v = 0;
	while (len-- > 0)
		v = v << 8 | *p++;
	return v;
}

static bool put(struct rp_field *ret, const uint8_t *bytes, size_t len, struct rp_buf *room)
{
	rp_buf_add_mem(room, bytes, len);
	*ret = (struct rp_field){(const uint8_t *)rp_buf_text(room), len};
	return !room->failed;
}

static bool put_number(struct rp_field *ret, uint64_t v, size_t len, struct rp_buf *room)
{
	uint8_t bytes[8];
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(v >> 8 * (len - 1 - i));
	return put(ret, bytes, len, room);
}

static bool day_of(const uint8_t *p, int64_t *ret)
{
	return rp_days_of((int)big_endian(p, 2), p[2], p[3], ret);
}

static bool put_day(uint8_t *p, int64_t days)
{
	int year = 0;
	unsigned month = 0, day = 0;
	if (!rp_days_to(days, &year, &month, &day))
		return false;
	p[0] = (uint8_t)(year >> 8);
	p[1] = (uint8_t)year;
	p[2] = (uint8_t)month;
	p[3] = (uint8_t)day;
	return true;
}

/* What is no day (0000-00-00) has no day before it, and stays. */
static bool undo_date(const struct rp_column *c, unsigned way, const struct rp_field *found,
		      struct rp_field *ret, struct rp_buf *room)
{
	uint8_t was[RP_MY_DATE_LEN];
	int64_t days = 0;
	(void)c;
	if (found->value == NULL || found->len != RP_MY_DATE_LEN || !day_of(found->value, &days) ||
	    !put_day(was, rp_date_undo(way, days)))
		return true;
	return put(ret, was, sizeof was, room);
}

static bool undo_moment(const struct rp_column *c, unsigned way, const struct rp_field *found,
			struct rp_field *ret, struct rp_buf *room)
{
	uint8_t was[RP_MY_DATETIME_LEN];
	const uint8_t *p = found->value;
	int64_t days = 0;
	(void)c;
	if (p == NULL || found->len != RP_MY_DATETIME_LEN || !day_of(p, &days))
		return true;
	memcpy(was, p, sizeof was);
	int64_t us = rp_time_undo(way, days * DAY_US + ((p[4] * 60 + p[5]) * 60 + p[6]) * SECOND_US);
	int64_t of_day = (us % DAY_US + DAY_US) % DAY_US, second = of_day / SECOND_US;
	if (!put_day(was, (us - of_day) / DAY_US))
		return true;
	was[4] = (uint8_t)(second / 3600);
	was[5] = (uint8_t)(second / 60 % 60);
	was[6] = (uint8_t)(second % 60);
	return put(ret, was, sizeof was, room); /* microseconds as they were */
}

static bool undo_text(const struct rp_column *c, unsigned way, const struct rp_field *found,
		      struct rp_field *ret, struct rp_buf *room)
{
	return rp_text_undo(way, rp_type_limit(c->type), found, ret, room);
}

static bool undo_sign(const struct rp_column *c, unsigned way, const struct rp_field *found,
		      struct rp_field *ret, struct rp_buf *room)
{
	(void)c, (void)way;
	if (found->value == NULL || found->len != 8)
		return true;
	return put_number(ret, 0 - big_endian(found->value, 8), 8, room);
}

static bool undo_sign_of_real(const struct rp_column *c, unsigned way, const struct rp_field *found,
			      struct rp_field *ret, struct rp_buf *room)
{
	(void)c, (void)way;
	if (found->value == NULL || (found->len != 4 && found->len != 8))
		return true;
	uint64_t sign = UINT64_C(1) << (8 * found->len - 1);
	return put_number(ret, big_endian(found->value, found->len) ^ sign, found->len, room);
}

static bool is_zero(const struct rp_field *f)
{
	for (size_t i = 0; i < f->len; i++)
		if (f->value[i] >= '1' && f->value[i] <= '9')
			return false;
	return true;
}

static bool undo_sign_of_decimal(const struct rp_column *c, unsigned way, const struct rp_field *found,
				 struct rp_field *ret, struct rp_buf *room)
{
	(void)c, (void)way;
	if (found->value == NULL || is_zero(found))
		return true;
	if (found->value[0] == '-')
		return put(ret, found->value + 1, found->len - 1, room);
	rp_buf_add(room, "-");
	rp_buf_add_mem(room, found->value, found->len);
	*ret = (struct rp_field){(const uint8_t *)rp_buf_text(room), room->len};
	return !room->failed;
}

static void tell_sign(unsigned way, struct rp_buf *out)
{
	(void)way;
	rp_buf_add(out, "the numbers have the opposite sign");
}

const struct rp_suspicion rp_my_suspicions[] = {
	{RP_TIME_WAYS, is_moment, undo_moment, rp_time_tell},
	{RP_DATE_WAYS, is_date, undo_date, rp_date_tell},
	{RP_TEXT_WAYS, is_text, undo_text, rp_text_tell},
	{1, is_integer, undo_sign, tell_sign},
	{1, is_real, undo_sign_of_real, tell_sign},
	{1, is_decimal, undo_sign_of_decimal, tell_sign},
	{0},
};

/* How many bytes each of them can hold, where its name says it. */
static size_t most_bytes(const char *type)
{
	static const struct {
		const char *name;
		size_t most;
	} kinds[] = {{"tiny", 255}, {"text", 65535}, {"blob", 65535}, {"medium", (1u << 24) - 1}};
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strncmp(type, kinds[i].name, strlen(kinds[i].name)) == 0)
			return kinds[i].most;
	return 0;
}

static bool is_string(const char *type)
{
	static const char *const no[] = {"enum", "set", "bit", "geometry", "point", "vector"};
	for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
		if (strncmp(type, no[i], strlen(no[i])) == 0)
			return false;
	return true;
}

void rp_my_glimpse(const struct rp_column *col, const struct rp_field *value, struct rp_glimpse *ret)
{
	char charset[RP_MY_CHARSET_MAX];
	const char *type = col->type != NULL ? col->type : "";
	if (is_real(col) && (value->len == 4 || value->len == 8)) {
		ret->as = value->len == 4 ? RP_SEEN_FLOAT : RP_SEEN_DOUBLE;
		ret->real = rp_my_real(value);
	} else if (is_moment(col) && value->len == RP_MY_DATETIME_LEN && rp_type_limit(type) > 0) {
		ret->as = RP_SEEN_MOMENT;
		ret->whole_second = big_endian(value->value + 7, 4) == 0;
	} else if (is(col, RP_MY_BYTES) && is_string(type)) {
		bool utf8 = rp_my_charset_in(type, charset) && strncmp(charset, "utf8", 4) == 0;
		ret->as = RP_SEEN_TEXT;
		ret->most_bytes = most_bytes(type);
		ret->most_characters = rp_type_limit(type);
		for (size_t i = 0; i < value->len; i++)
			ret->characters += !utf8 || (value->value[i] & 0xc0) != 0x80;
	}
}
