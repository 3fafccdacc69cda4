/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_LITERAL_H
#define RP_ENGINE_MYSQL_LITERAL_H

#include <stdbool.h>

#include "verifier/engine/mysql/encoding.h"
#include "verifier/survey/relation.h"
#include "verifier/survey/row.h"

struct rp_buf;

/* Values of key columns as SQL. Pure. */

#define RP_MY_CHARSET_MAX 40

struct rp_my_key_column {
	const struct rp_column *column;
	enum rp_my_form form;
	bool is_bit, is_text;
	char charset[RP_MY_CHARSET_MAX]; /* of text */
};

/* Whether one can ask for the values from one on, and the order is then the one that ORDER BY has: not that of ENUM
 * and SET, which are sorted by number and compared as text. */
bool rp_my_key_is_ordered(const struct rp_column *c);
/* charset: as CHARSET() says it; borrowed no longer than the call. */
void rp_my_key_column(struct rp_my_key_column *ret, const struct rp_column *c, const char *charset);

/* Append the value. false: it is none of this type. */
bool rp_my_add_literal(struct rp_buf *sql, const struct rp_my_key_column *k, const struct rp_field *value);
/* middle.c: a value about half way from one to the other, encoded, which need not exist nor lie between them in the
 * column's order: whoever uses it asks the server. 'ret' is written anew. false: none is known. */
bool rp_my_middle(struct rp_buf *ret, const struct rp_my_key_column *k, const struct rp_field *from,
		  const struct rp_field *to);

/* Whether it is as long as such a value is. */
bool rp_my_is_value(const struct rp_my_key_column *k, const struct rp_field *f);
/* The number that bytes are, most significant first: at most eight of them. */
uint64_t rp_my_big_endian(const uint8_t *p, size_t len);
uint64_t rp_my_whole(const struct rp_field *f);
/* As the bytes of a float or double say. */
double rp_my_real(const struct rp_field *f);

#endif
