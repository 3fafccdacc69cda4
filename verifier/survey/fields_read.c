/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/survey/fields.h"
#include "verifier/survey/relation.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"

#include <endian.h>

int rp_text_read(const char **ret, const json_t *json, const char *name, struct rp_err **err)
{
	if (!json_is_string(json))
		return rp_err_set(err, RP_ERR_TRUST, "'%s' is not a text", name);
	if (strlen(json_string_value(json)) != json_string_length(json))
		return rp_err_set(err, RP_ERR_TRUST, "'%s' has a NUL in it", name);
	*ret = json_string_value(json);
	return 0;
}

/* A number has one way of being written: no sign, no leading zero. */
static bool read_u64(const char *text, uint64_t *ret)
{
	return (text[0] != '0' || text[1] == '\0') && rp_parse_u64(text, 0, UINT64_MAX, ret);
}

/* So has a time: what it formats to again. */
static bool read_time(const char *text, int64_t *ret)
{
	char again[RP_TIME_TEXT];
	int64_t ms;
	if (!rp_time_parse(text, &ms))
		return false;
	rp_time_format(ms, again);
	if (strcmp(again, text) != 0)
		return false;
	*ret = ms;
	return true;
}

static bool read_sum(const char *text, uint64_t *ret, size_t n)
{
	uint8_t bytes[16];
	if (!rp_parse_hex(text, bytes, n * 8))
		return false;
	memcpy(ret, bytes, n * 8);
	for (size_t i = 0; i < n; i++)
		ret[i] = be64toh(ret[i]);
	return true;
}

static bool read_sum128(const char *text, struct rp_u128 *ret)
{
	uint64_t halves[2];
	if (!read_sum(text, halves, 2))
		return false;
	*ret = (struct rp_u128){.lo = halves[1], .hi = halves[0]};
	return true;
}

static int read_bare(const struct rp_member *m, void *at, const json_t *json, struct rp_err **err)
{
	if (m->kind == RP_FIELD_BOOL) {
		if (!json_is_boolean(json))
			return rp_err_set(err, RP_ERR_TRUST, "'%s' is not true or false", m->name);
		*(bool *)at = json_is_true(json);
		return 0;
	}
	json_int_t least = m->optional ? 1 : 0;
	if (!json_is_integer(json) || json_integer_value(json) < least ||
	    json_integer_value(json) > UINT32_MAX)
		return rp_err_set(err, RP_ERR_TRUST, "'%s' is not a number from %d to 4294967295", m->name,
				  (int)least);
	*(uint32_t *)at = (uint32_t)json_integer_value(json);
	return 0;
}

static int read_member(const struct rp_member *m, void *at, const json_t *json, struct rp_err **err)
{
	static const char *const what[] = {
		[RP_FIELD_U64] = "a whole number in a text", [RP_FIELD_TIME] = "a time",
		[RP_FIELD_HASH] = "64 hexadecimal digits",   [RP_FIELD_SUM64] = "16 hexadecimal digits",
		[RP_FIELD_SUM128] = "32 hexadecimal digits",
	};
	if (m->kind == RP_FIELD_BOOL || m->kind == RP_FIELD_NUMBER)
		return read_bare(m, at, json, err);
	const char *text;
	if (rp_text_read(&text, json, m->name, err) < 0)
		return -1;
	bool good = true;
	if (m->kind == RP_FIELD_TEXT)
		*(const char **)at = text;
	else if (m->kind == RP_FIELD_U64)
		good = read_u64(text, at);
	else if (m->kind == RP_FIELD_TIME)
		good = read_time(text, at);
	else if (m->kind == RP_FIELD_HASH)
		good = rp_parse_hex(text, at, 32);
	else if (m->kind == RP_FIELD_SUM64)
		good = read_sum(text, at, 1);
	else
		good = read_sum128(text, at);
	return good ? 0 : rp_err_set(err, RP_ERR_TRUST, "'%s' is not %s", m->name, what[m->kind]);
}

static int check_names(const struct rp_shape *shape, const json_t *json, struct rp_err **err)
{
	const char *name;
	json_t *value;
	if (!json_is_object(json))
		return rp_err_set(err, RP_ERR_TRUST, "not an object");
	json_object_foreach(rp_json_unconst(json), name, value)
	{
		size_t i = 0;
		while (i < shape->n && strcmp(shape->members[i].name, name) != 0)
			i++;
		if (i == shape->n)
			return rp_err_set(err, RP_ERR_TRUST, "unknown field '%s'", name);
	}
	return 0;
}

int rp_shape_read(const struct rp_shape *shape, void *into, const json_t *json, bool rows,
		  struct rp_err **err)
{
	if (check_names(shape, json, err) < 0)
		return -1;
	for (size_t i = 0; i < shape->n; i++) {
		const struct rp_member *m = &shape->members[i];
		const json_t *value = json_object_get(json, m->name);
		if (value != NULL && m->of_rows && !rows)
			return rp_err_set(err, RP_ERR_TRUST, "'%s' of rows that were not surveyed", m->name);
		if (value == NULL) {
			if (!m->optional && (rows || !m->of_rows))
				return rp_err_set(err, RP_ERR_TRUST, "'%s' is missing", m->name);
			continue;
		}
		if (m->kind != RP_FIELD_OTHER && read_member(m, (char *)into + m->at, value, err) < 0)
			return -1;
	}
	return 0;
}
