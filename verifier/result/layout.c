/* SPDX-License-Identifier: MIT */
#include "verifier/result/layout.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "verifier/result/read.h"
#include "verifier/result/result.h"
#include "verifier/result/text.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/parse.h"

static const char *text_in(const void *s, const struct rp_layout_member *m)
{
	return *(const char *const *)(const void *)((const char *)s + m->at);
}
static int64_t length_in(const void *s, const struct rp_layout_member *m)
{
	return *(const int64_t *)(const void *)((const char *)s + m->at);
}
static uint64_t count_in(const void *s, const struct rp_layout_member *m)
{
	return *(const uint64_t *)(const void *)((const char *)s + m->at);
}
static bool flag_in(const void *s, const struct rp_layout_member *m)
{
	return *(const bool *)(const void *)((const char *)s + m->at);
}
static const char *part_in(const void *s, const struct rp_layout_member *m)
{
	return *(const char *const *)(const void *)((const char *)s + m->at);
}
static size_t n_in(const void *s, const struct rp_layout_member *m)
{
	return m->type == RP_MEMBER_OBJECT ? 1 : *(const size_t *)(const void *)((const char *)s + m->count);
}

static void *at(void *s, const struct rp_layout_member *m)
{
	return (char *)s + m->at;
}

#define LAST_MOMENT INT64_C(253402300799999) /* 9999-12-31 */

static bool is_left_out(const void *s, const struct rp_layout_member *m)
{
	switch (m->type) {
	case RP_MEMBER_NAME:
		return false;
	case RP_MEMBER_TEXT:
		return text_in(s, m) == NULL;
	case RP_MEMBER_LENGTH:
		return length_in(s, m) <= 0;
	case RP_MEMBER_MOMENT:
		return length_in(s, m) <= 0 || length_in(s, m) > LAST_MOMENT;
	case RP_MEMBER_COUNT:
		return false;
	case RP_MEMBER_ENTRY:
		return count_in(s, m) == 0;
	case RP_MEMBER_FLAG:
		return !flag_in(s, m);
	case RP_MEMBER_OBJECT:
	case RP_MEMBER_LIST:
		break;
	}
	return part_in(s, m) == NULL;
}

/* ---- Writing ---- */

static void list(struct rp_buf *b, const struct rp_layout_member *m, const void *from)
{
	const char *all = part_in(from, m);
	rp_buf_add(b, "[");
	for (size_t i = 0; i < n_in(from, m); i++) {
		rp_buf_add(b, i > 0 ? ",\n    {" : "\n    {");
		rp_layout_write(b, m->of, all + i * m->of->size, ", ");
		rp_buf_add(b, "}");
	}
	rp_buf_add(b, "]");
}

static void value(struct rp_buf *b, const struct rp_layout_member *m, const void *from)
{
	char moment[RP_TIME_TEXT];
	switch (m->type) {
	case RP_MEMBER_NAME:
	case RP_MEMBER_TEXT:
		rp_text_add_json(b, text_in(from, m) != NULL ? text_in(from, m) : "");
		break;
	case RP_MEMBER_LENGTH:
		rp_buf_addf(b, "\"%" PRId64 "\"", length_in(from, m));
		break;
	case RP_MEMBER_MOMENT:
		rp_time_format(length_in(from, m), moment);
		rp_text_add_json(b, moment);
		break;
	case RP_MEMBER_COUNT:
	case RP_MEMBER_ENTRY:
		rp_buf_addf(b, "\"%" PRIu64 "\"", count_in(from, m));
		break;
	case RP_MEMBER_FLAG:
		rp_buf_add(b, "true");
		break;
	case RP_MEMBER_OBJECT:
		rp_buf_add(b, "{");
		rp_layout_write(b, m->of, part_in(from, m), ", ");
		rp_buf_add(b, "}");
		break;
	case RP_MEMBER_LIST:
		list(b, m, from);
		break;
	}
}

void rp_layout_write(struct rp_buf *b, const struct rp_layout *s, const void *from, const char *between)
{
	bool first = true;
	for (const struct rp_layout_member *m = s->members; m->name != NULL; m++) {
		if (is_left_out(from, m))
			continue;
		rp_buf_addf(b, "%s\"%s\": ", first ? "" : between, m->name);
		value(b, m, from);
		first = false;
	}
}

/* ---- Copying ---- */

static const void *keep_parts(struct rp_findings *memory, const struct rp_layout_member *m, const void *from)
{
	const char *all = part_in(from, m);
	size_t n = n_in(from, m);
	char *kept = memory->failed ? NULL : rp_arena_array(memory->memory, n != 0 ? n : 1, m->of->size);
	if (kept == NULL) {
		memory->failed = true;
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		rp_layout_keep(memory, m->of, kept + i * m->of->size, all + i * m->of->size);
	return kept;
}

void rp_layout_keep(struct rp_findings *memory, const struct rp_layout *s, void *to, const void *from)
{
	for (const struct rp_layout_member *m = s->members; m->name != NULL; m++) {
		if (is_left_out(from, m))
			continue;
		if (m->type == RP_MEMBER_NAME || m->type == RP_MEMBER_TEXT) {
			const char *text = text_in(from, m);
			*(const char **)at(to, m) = rp_text_keep(memory, text != NULL ? text : "");
		} else if (m->type == RP_MEMBER_FLAG) {
			*(bool *)at(to, m) = true;
		} else if (m->type != RP_MEMBER_OBJECT && m->type != RP_MEMBER_LIST) {
			memcpy(at(to, m), (const char *)from + m->at, sizeof(int64_t));
		} else {
			const void *kept = keep_parts(memory, m, from);
			*(const void **)at(to, m) = kept;
			if (m->type == RP_MEMBER_LIST)
				*(size_t *)(void *)((char *)to + m->count) = kept != NULL ? n_in(from, m) : 0;
		}
	}
}

/* ---- Reading ---- */

static int read_list(struct rp_reader *in, const struct rp_layout_member *m, const json_t *v, void *to)
{
	size_t n = json_array_size(v);
	if (!json_is_array(v))
		return rp_read_bad(in, m->name, "is not a list");
	char *all = rp_arena_array(in->r->findings.memory, n != 0 ? n : 1, m->of->size);
	if (all == NULL)
		return rp_err_set(in->err, RP_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < n; i++) {
		in->part = m->name;
		in->index = i;
		if (rp_layout_read(in, m->of, json_array_get(v, i), all + i * m->of->size) < 0)
			return -1;
	}
	*(const void **)at(to, m) = all;
	*(size_t *)(void *)((char *)to + m->count) = n;
	return 0;
}

static int read_object(struct rp_reader *in, const struct rp_layout_member *m, const json_t *v, void *to)
{
	void *one = rp_arena_alloc(in->r->findings.memory, m->of->size);
	if (one == NULL)
		return rp_err_set(in->err, RP_ERR_NOMEM, "out of memory");
	in->part = m->name;
	in->index = 0;
	*(const void **)at(to, m) = one;
	return rp_layout_read(in, m->of, v, one);
}

static int read_member(struct rp_reader *in, const struct rp_layout_member *m, const json_t *object, void *to)
{
	const json_t *v = json_object_get(object, m->name);
	uint64_t number = 0;
	bool flag = false;
	if (v == NULL && m->type != RP_MEMBER_COUNT && m->type != RP_MEMBER_NAME)
		return 0;
	switch (m->type) {
	case RP_MEMBER_NAME:
	case RP_MEMBER_TEXT:
		return rp_read_text(in, object, m->name, false, at(to, m));
	case RP_MEMBER_MOMENT:
		return rp_read_moment(in, object, m->name, at(to, m));
	case RP_MEMBER_LENGTH:
		if (rp_read_number(in, object, m->name, INT64_MAX, &number) < 0)
			return -1;
		*(int64_t *)at(to, m) = (int64_t)number;
		return 0;
	case RP_MEMBER_COUNT:
	case RP_MEMBER_ENTRY:
		return rp_read_number(in, object, m->name, UINT64_MAX, at(to, m));
	case RP_MEMBER_FLAG:
		if (rp_read_boolean(in, object, m->name, false, &flag) < 0)
			return -1;
		*(bool *)at(to, m) = flag;
		return 0;
	case RP_MEMBER_OBJECT:
		return read_object(in, m, v, to);
	case RP_MEMBER_LIST:
		break;
	}
	return read_list(in, m, v, to);
}

static bool is_member(const struct rp_layout *s, const char *name)
{
	for (const struct rp_layout_member *m = s->members; m->name != NULL; m++)
		if (strcmp(m->name, name) == 0)
			return true;
	return false;
}

int rp_layout_read(struct rp_reader *in, const struct rp_layout *s, const json_t *object, void *to)
{
	if (!json_is_object(object))
		return rp_read_bad(in, in->part, "is not an object");
	for (void *i = json_object_iter((json_t *)(uintptr_t)object); i != NULL;
	     i = json_object_iter_next((json_t *)(uintptr_t)object, i))
		if (!is_member(s, json_object_iter_key(i)))
			return rp_read_bad(in, json_object_iter_key(i), "is not known here");
	return rp_layout_read_some(in, s, object, to);
}

int rp_layout_read_some(struct rp_reader *in, const struct rp_layout *s, const json_t *object, void *to)
{
	const char *part = in->part;
	size_t index = in->index;
	for (const struct rp_layout_member *m = s->members; m->name != NULL; m++) {
		in->part = part;
		in->index = index;
		if (read_member(in, m, object, to) < 0)
			return -1;
	}
	in->part = part;
	in->index = index;
	return 0;
}
