/* SPDX-License-Identifier: MIT */
#ifndef RP_SURVEY_FIELDS_H
#define RP_SURVEY_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

struct rp_err;

/* A struct's members as a JSON object's: one table says it for writing and for reading, so that the two cannot
 * disagree. */
enum rp_field_kind {
	RP_FIELD_TEXT,	 /* const char * */
	RP_FIELD_U64,	 /* uint64_t, as a string: JSON's numbers are exact to 53 bits only */
	RP_FIELD_NUMBER, /* uint32_t or unsigned, as a number */
	RP_FIELD_BOOL,
	RP_FIELD_TIME,	 /* int64_t milliseconds, as RFC 3339 */
	RP_FIELD_HASH,	 /* uint8_t[32], in lower-case hexadecimal, like the two below */
	RP_FIELD_SUM64,	 /* uint64_t, 16 digits */
	RP_FIELD_SUM128, /* struct rp_u128, 32 digits, the high half first */
	RP_FIELD_OTHER,	 /* read and written elsewhere; here only known to be allowed */
};
struct rp_member {
	const char *name;
	enum rp_field_kind kind;
	size_t at;     /* offsetof() */
	bool optional; /* absent: NULL or 0, which are then not written another way */
	bool of_rows;  /* there when the rows were surveyed, and only then */
};
struct rp_shape {
	const struct rp_member *members;
	size_t n;
};
#define RP_SHAPE(members_)                                                                                   \
	{                                                                                                    \
		members_, sizeof(members_) / sizeof(members_)[0]                                             \
	}

/* Write 'from'. NULL with err when there is no memory, or text is not UTF-8. */
json_t *rp_shape_write(const struct rp_shape *shape, const void *from, bool rows, struct rp_err **err);
/* Strictly: an object with all of these members and no other, each of its type and in range, or RP_ERR_TRUST.
 * Text is borrowed from json. */
int rp_shape_read(const struct rp_shape *shape, void *into, const json_t *json, bool rows,
		  struct rp_err **err);

/* A text as JSON, and from it: no NUL inside. */
json_t *rp_text_write(const char *text, struct rp_err **err);
int rp_text_read(const char **ret, const json_t *json, const char *name, struct rp_err **err);
/* iterating does not change an object, but jansson's functions do not say so. */
static inline json_t *rp_json_unconst(const json_t *json)
{
	return (json_t *)(uintptr_t)json;
}

#endif
