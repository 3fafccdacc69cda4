/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_NORMAL_H
#define RP_ENGINE_MYSQL_NORMAL_H

#include <stdbool.h>
#include <stddef.h>

struct rp_buf;

/* Private to describe.c and its like: text as it is the same on every server of one vendor. All of it is
 * pure; whether there was memory is asked of the buffer. */

/* normal.c */

void rp_my_add_type(struct rp_buf *to, const char *type);
/* Options "name=value", in order. */
void rp_my_add_options(struct rp_buf *to, const char *options);
/* What a routine does: with or without the ';' and the blanks that stood behind it. */
void rp_my_add_body(struct rp_buf *to, const char *body);
/* Bytes that are no UTF-8, or would end a string, become \xNN. */
void rp_my_add_utf8(struct rp_buf *to, const char *bytes, size_t len);

/* Where the next piece of SQL (a name, a string, a word, one other character) ends; "" is an end of
 * itself. */
const char *rp_my_piece_end(const char *at);
/* Behind the quoted thing that begins here. */
const char *rp_my_quoted_end(const char *at);
bool rp_my_is_word(char c);
bool rp_my_is_quote(char c);

/* expression.c */

/* A default, a check, a view: without the name of the database that it is in. */
void rp_my_add_expression(struct rp_buf *to, const char *text, const char *database);
/* MySQL keeps some of them with a backslash before each quote and backslash. */
void rp_my_add_unescaped(struct rp_buf *to, const char *text);

#endif
