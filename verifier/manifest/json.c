/* SPDX-License-Identifier: MIT */
#include "verifier/manifest/json.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/memory.h"

const char *rp_shown(char to[RP_SHOWN], const char *text)
{
	char head[97];
	size_t len = strnlen(text, sizeof head - 1);
	memcpy(head, text, len);
	head[len] = '\0';
	/* At most six characters come out for one that goes in: it always fits. */
	rp_autobuf b = RP_BUF_INIT(16 * sizeof head);
	rp_buf_add_plain(&b, head);
	snprintf(to, RP_SHOWN, "%.*s%s", RP_SHOWN - 8, rp_buf_text(&b), text[len] != '\0' ? "..." : "");
	return to;
}

/* Before jansson allocates anything: an unsigned file of 256 MiB of brackets would make it ask for 20 GB. It
 * counts what may open a value, and may count too many in what is no JSON at all. */
static int measure(const uint8_t *p, size_t len, const struct rp_json_limits *limits, const char *what,
		   struct rp_err **err)
{
	size_t values = 0;
	unsigned depth = 0;
	bool quoted = false;
	for (size_t i = 0; i < len; i++) {
		if (quoted) {
			if (p[i] == '\\')
				i++;
			else if (p[i] == '"')
				quoted = false;
		} else if (p[i] == '"') {
			quoted = true;
		} else if (p[i] == '[' || p[i] == '{') {
			values++;
			if (++depth > limits->depth)
				return rp_err_set(err, RP_ERR_TRUST, "%s is nested more than %u deep", what,
						  limits->depth);
		} else if (p[i] == ']' || p[i] == '}') {
			depth -= depth > 0;
		} else if (p[i] == ',' && ++values > limits->values) {
			return rp_err_set(err, RP_ERR_TRUST, "%s has more than %zu values", what,
					  limits->values);
		}
	}
	return 0;
}

/* jansson's own text quotes the input; these do not. */
static const struct {
	enum json_error_code code;
	const char *text;
} complaints[] = {
	{json_error_premature_end_of_input, "ends in the middle"},
	{json_error_end_of_input_expected, "has something behind its end"},
	{json_error_duplicate_key, "has a field twice"},
	{json_error_invalid_utf8, "is not UTF-8"},
	{json_error_null_character, "has a NUL character in it"},
	{json_error_null_byte_in_key, "has a NUL character in it"},
	{json_error_numeric_overflow, "has a number that is too large"},
};

int rp_json_parse(json_t **ret, const void *bytes, size_t len, const struct rp_json_limits *limits,
		  const char *what, struct rp_err **err)
{
	if (measure(bytes, len, limits, what, err) < 0)
		return -1;
	json_error_t e = {0};
	json_set_alloc_funcs(rp_memory_alloc, free);
	rp_memory_forget();
	*ret = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &e);
	enum json_error_code code = json_error_code(&e);
	/* Asked first: where a buffer of jansson's cannot grow, it goes on with a text that is cut short. */
	if (rp_memory_failed() || (*ret == NULL && code == json_error_out_of_memory)) {
		json_decref(*ret);
		*ret = NULL;
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory while %s is read", what);
	}
	if (*ret != NULL)
		return 0;
	for (size_t i = 0; i < sizeof complaints / sizeof *complaints; i++)
		if (complaints[i].code == code)
			return rp_err_set(err, RP_ERR_TRUST, "%s %s (line %d, column %d)", what,
					  complaints[i].text, e.line, e.column);
	return rp_err_set(err, RP_ERR_TRUST, "%s is not JSON (line %d, column %d)", what, e.line, e.column);
}

static const char *type_name(json_type t)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object",   [JSON_ARRAY] = "an array", [JSON_STRING] = "a string",
		[JSON_INTEGER] = "an integer", [JSON_REAL] = "a number",  [JSON_TRUE] = "true",
		[JSON_FALSE] = "false",	       [JSON_NULL] = "null",
	};
	return names[t];
}

static int unknown_field(const json_t *object, const char *what, const struct rp_json_field *fields, size_t n,
			 struct rp_err **err)
{
	/* json_object_iter() takes no const, and changes nothing. */
	json_t *o = json_incref((json_t *)(uintptr_t)object);
	int r = 0;
	for (void *it = json_object_iter(o); it != NULL && r == 0; it = json_object_iter_next(o, it)) {
		const char *key = json_object_iter_key(it);
		size_t i = 0;
		while (i < n && strcmp(fields[i].name, key) != 0)
			i++;
		char shown[RP_SHOWN];
		if (i == n)
			r = rp_err_set(err, RP_ERR_TRUST,
				       "%s has a field '%s' that this version does not know", what,
				       rp_shown(shown, key));
	}
	json_decref(o);
	return r;
}

int rp_json_fields(const json_t *object, const char *what, const struct rp_json_field *fields, size_t n,
		   bool others_may, struct rp_err **err)
{
	if (!json_is_object(object))
		return rp_err_set(err, RP_ERR_TRUST, "%s is %s, expected an object", what,
				  type_name(json_typeof(object)));
	size_t there = 0;
	for (size_t i = 0; i < n; i++) {
		const json_t *v = *fields[i].to = json_object_get(object, fields[i].name);
		there += v != NULL;
		if (v == NULL && !fields[i].optional)
			return rp_err_set(err, RP_ERR_TRUST, "%s has no '%s'", what, fields[i].name);
		if (v != NULL && json_typeof(v) != fields[i].type)
			return rp_err_set(err, RP_ERR_TRUST, "'%s' of %s is %s, expected %s", fields[i].name,
					  what, type_name(json_typeof(v)), type_name(fields[i].type));
	}
	if (others_may || there == json_object_size(object))
		return 0;
	return unknown_field(object, what, fields, n, err);
}

static int add_text(const char *text, size_t len, void *to)
{
	rp_buf_add_mem(to, text, len);
	return ((struct rp_buf *)to)->failed ? -1 : 0;
}

/* It also fails by itself, for memory, in the middle of what it writes. */
int rp_json_add(struct rp_buf *ret, const json_t *json, size_t flags, struct rp_err **err)
{
	int dumped = json_dump_callback(json, add_text, ret, flags);
	if (rp_buf_check(ret, err) < 0)
		return -1;
	return dumped == 0 ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}
