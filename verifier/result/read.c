/* SPDX-License-Identifier: MIT */
#include "verifier/result/read.h"

#include <string.h>

#include "verifier/result/result.h"
#include "verifier/util/parse.h"

int rp_read_bad(struct rp_reader *in, const char *name, const char *what)
{
	if (in->part == NULL)
		return rp_err_set(in->err, RP_ERR_IO, "'%s' %s", name, what);
	return rp_err_set(in->err, RP_ERR_IO, "%s[%zu]: '%s' %s", in->part, in->index, name, what);
}

int rp_read_only(struct rp_reader *in, const json_t *object, const char *const names[])
{
	if (!json_is_object(object))
		return rp_read_bad(in, in->part != NULL ? in->part : "result", "is not an object");
	for (void *at = json_object_iter((json_t *)(uintptr_t)object); at != NULL;
	     at = json_object_iter_next((json_t *)(uintptr_t)object, at)) {
		const char *const *name = names;
		while (*name != NULL && strcmp(*name, json_object_iter_key(at)) != 0)
			name++;
		if (*name == NULL)
			return rp_read_bad(in, json_object_iter_key(at), "is not known here");
	}
	return 0;
}

int rp_read_text(struct rp_reader *in, const json_t *object, const char *name, bool optional,
		 const char **ret)
{
	const json_t *v = json_object_get(object, name);
	if (v == NULL && optional)
		return 0;
	if (!json_is_string(v))
		return rp_read_bad(in, name, "is not a string");
	*ret = rp_arena_strdup(in->r->findings.memory, json_string_value(v));
	return *ret != NULL ? 0 : rp_err_set(in->err, RP_ERR_NOMEM, "out of memory");
}

int rp_read_boolean(struct rp_reader *in, const json_t *object, const char *name, bool optional, bool *ret)
{
	const json_t *v = json_object_get(object, name);
	if (v == NULL && optional)
		return 0;
	if (!json_is_boolean(v))
		return rp_read_bad(in, name, "is neither true nor false");
	*ret = json_is_true(v);
	return 0;
}

int rp_read_number(struct rp_reader *in, const json_t *object, const char *name, uint64_t max, uint64_t *ret)
{
	const json_t *v = json_object_get(object, name);
	if (!json_is_string(v) || !rp_parse_u64(json_string_value(v), 0, max, ret))
		return rp_read_bad(in, name, "is not a number in a string, or out of range");
	return 0;
}

int rp_read_moment(struct rp_reader *in, const json_t *object, const char *name, int64_t *ret)
{
	const json_t *v = json_object_get(object, name);
	if (json_is_null(v)) {
		*ret = 0;
		return 0;
	}
	if (!json_is_string(v) || !rp_time_parse(json_string_value(v), ret))
		return rp_read_bad(in, name, "is not a time as 2026-11-21T06:00:00.000Z");
	return 0;
}

int rp_read_word(struct rp_reader *in, const json_t *object, const char *name, const char *(*words)(unsigned),
		 unsigned n, unsigned *ret)
{
	const char *v = json_string_value(json_object_get(object, name));
	for (unsigned i = 0; v != NULL && i < n; i++) {
		if (strcmp(v, words(i)) == 0) {
			*ret = i;
			return 0;
		}
	}
	return rp_read_bad(in, name, "is none of the words it can be");
}

int rp_read_whole_number(struct rp_reader *in, const json_t *object, const char *name, json_int_t max,
			 json_int_t *ret)
{
	const json_t *v = json_object_get(object, name);
	if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > max)
		return rp_read_bad(in, name, "is not a whole number, or out of range");
	*ret = json_integer_value(v);
	return 0;
}
