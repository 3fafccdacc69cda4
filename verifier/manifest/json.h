/* SPDX-License-Identifier: MIT */
#ifndef RP_MANIFEST_JSON_H
#define RP_MANIFEST_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "verifier/util/cleanup.h"

struct rp_err;

/* Strict reading of JSON that somebody else wrote. Every failure is RP_ERR_TRUST and none shows the text that
 * was not understood: at this point nobody has vouched for it. */

struct rp_json_limits {
	unsigned depth; /* of brackets within brackets */
	size_t values;	/* jansson needs up to 100 bytes for a value that takes two in the file */
};
/* One value and nothing behind it; no field twice; UTF-8. what: "the envelope". */
int rp_json_parse(json_t **ret, const void *bytes, size_t len, const struct rp_json_limits *limits,
		  const char *what, struct rp_err **err);

/* A member of an object and where its value goes: borrowed; NULL when it is optional and not there. */
struct rp_json_field {
	const char *name;
	json_type type;
	bool optional;
	const json_t **to;
};
/* Take all fields out of an object. Members that no field names are an error unless others_may. */
int rp_json_fields(const json_t *object, const char *what, const struct rp_json_field *fields, size_t n,
		   bool others_may, struct rp_err **err);

/* Append it as text; flags: jansson's. */
struct rp_buf;
int rp_json_add(struct rp_buf *ret, const json_t *json, size_t flags, struct rp_err **err);

/* A stranger's text for a message: printable, and no longer than a line has room for. */
#define RP_SHOWN 512
const char *rp_shown(char to[RP_SHOWN], const char *text);

static inline void rp_json_drop(json_t **j)
{
	json_decref(*j);
	*j = NULL;
}
#define rp_autojson rp_cleanup(rp_json_drop) json_t *

#endif
