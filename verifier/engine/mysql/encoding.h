/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_ENCODING_H
#define RP_ENGINE_MYSQL_ENCODING_H

#include <stdbool.h>
#include <stddef.h>

#include "verifier/survey/relation.h"

struct rp_buf;
struct rp_err;

/* How a value of each type becomes the bytes that are digested: rp_column.encoding. It follows from the type alone,
 * and neither from the session, the version nor the vendor's formatting: docs/digest-format.md has the words. */

/* The encoding's word for a type as information_schema.COLUMNS says it (DATA_TYPE in lower case, e.g. "bigint",
 * "timestamp", and COLUMN_TYPE, for "unsigned"); static text. NULL: a type that is not known, whose rows cannot be
 * surveyed. Pure. */
const char *rp_my_encoding_of(const char *data_type, const char *column_type);

/* What the words mean to us. */
enum rp_my_form {
	RP_MY_INT,    /* "int": 8 bytes, two's complement, big-endian */
	RP_MY_UINT,   /* "uint": 8 bytes, big-endian */
	RP_MY_FLOAT,  /* "float": 4 bytes of IEEE 754, big-endian */
	RP_MY_DOUBLE, /* "double": 8 of them */
	RP_MY_DECIMAL,
	RP_MY_DATE,
	RP_MY_TIME,
	RP_MY_DATETIME,
	RP_MY_BYTES,  /* "bytes": as stored */
	RP_MY_JSON,   /* "json": MySQL's text of it */
	RP_MY_NUMBER, /* "number": ENUM and SET that have an empty member, by number, as UINT */
	RP_MY_UUID,
	RP_MY_INET4,
	RP_MY_INET6,
	RP_MY_FORM_N /* none of these */
};
enum rp_my_form rp_my_form_of(const char *word); /* RP_MY_FORM_N: not a word of ours; accepts NULL. Pure. */

/* How the values of a form follow each other; dates are numbers to nobody who reads a part of one. Pure. */
struct rp_order rp_my_order(const char *word);

/* Append the select-list expression for one column; RP_ERR_OBJECT for an encoding that is none of ours. */
int rp_my_encode(struct rp_buf *sql, const struct rp_column *col, struct rp_err **err);

/* Walk over the members of a type "enum('a','it''s')" or "set(...)", as information_schema prints it, from *at on
 * (which begins at the type's first character). 1: *ret_len is the length of one with its quotes and escapes undone,
 * and ret has as much of it as cap allows; 0: there are no more; -1: not such a type. Pure. */
int rp_my_next_member(const char **at, char *ret, size_t cap, size_t *ret_len);

#endif
