/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "verifier/survey/fields.h"
#include "verifier/survey/relation.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"
#include "verifier/util/sha256.h"

json_t *rp_text_write(const char *text, struct rp_err **err)
{
	json_t *r = json_string(text);
	if (r != NULL)
		return r;
	json_t *unchecked = json_string_nocheck(text);
	if (unchecked != NULL)
		rp_err_set(err, RP_ERR_ENGINE, "'%s' is not UTF-8", text);
	else
		rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	json_decref(unchecked);
	return NULL;
}

/* A time that cannot be read again is not written. */
static json_t *write_time(int64_t ms, struct rp_err **err)
{
	char text[RP_TIME_TEXT];
	int64_t again;
	rp_time_format(ms, text);
	if (!rp_time_parse(text, &again) || again != ms) {
		rp_err_set(err, RP_ERR_ENGINE, "%" PRId64 " ms is no time of day", ms);
		return NULL;
	}
	return rp_text_write(text, err);
}

static json_t *write_member(const struct rp_member *m, const void *at, struct rp_err **err)
{
	char text[RP_SHA256_HEX];
	switch (m->kind) {
	case RP_FIELD_TEXT:
		return rp_text_write(*(const char *const *)at, err);
	case RP_FIELD_U64:
		(void)snprintf(text, sizeof text, "%" PRIu64, *(const uint64_t *)at);
		break;
	case RP_FIELD_NUMBER:
		return json_integer(*(const uint32_t *)at);
	case RP_FIELD_BOOL:
		return json_boolean(*(const bool *)at);
	case RP_FIELD_TIME:
		return write_time(*(const int64_t *)at, err);
	case RP_FIELD_HASH:
		rp_sha256_hex(at, text);
		break;
	case RP_FIELD_SUM64:
		(void)snprintf(text, sizeof text, "%016" PRIx64, *(const uint64_t *)at);
		break;
	case RP_FIELD_SUM128:
		(void)snprintf(text, sizeof text, "%016" PRIx64 "%016" PRIx64,
			       ((const struct rp_u128 *)at)->hi, ((const struct rp_u128 *)at)->lo);
		break;
	case RP_FIELD_OTHER:
	default:
		return NULL;
	}
	return json_string(text);
}

static bool is_absent(const struct rp_member *m, const void *at)
{
	if (m->kind == RP_FIELD_TEXT)
		return *(const char *const *)at == NULL;
	return m->kind == RP_FIELD_NUMBER && *(const uint32_t *)at == 0;
}

json_t *rp_shape_write(const struct rp_shape *shape, const void *from, bool rows, struct rp_err **err)
{
	json_t *r = json_object();
	for (size_t i = 0; r != NULL && i < shape->n; i++) {
		const struct rp_member *m = &shape->members[i];
		const void *at = (const char *)from + m->at;
		if (m->kind == RP_FIELD_OTHER || (m->of_rows && !rows) || (m->optional && is_absent(m, at)))
			continue;
		if (json_object_set_new(r, m->name, write_member(m, at, err)) < 0) {
			json_decref(r);
			r = NULL;
		}
	}
	if (r == NULL)
		rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	return r;
}
