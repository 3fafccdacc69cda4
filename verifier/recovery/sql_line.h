/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_SQL_LINE_H
#define RP_RECOVERY_SQL_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Private to this folder: lines of a dump that is SQL, as they lie in a buffer. */

/* A line of the input: s[0..n), without its end of line; 'all' with it. */
struct rp_line {
	const char *s;
	size_t n, all;
};

static inline bool rp_line_begins(const struct rp_line *l, const char *with)
{
	size_t n = strlen(with);
	return l->n >= n && memcmp(l->s, with, n) == 0;
}

static inline bool rp_line_is(const struct rp_line *l, const char *text)
{
	return l->n == strlen(text) && rp_line_begins(l, text);
}

static inline struct rp_line rp_line_of(const char *s, size_t n)
{
	const char *end = memchr(s, '\n', n);
	struct rp_line l = {.s = s, .n = end != NULL ? (size_t)(end - s) : n};
	l.all = end != NULL ? l.n + 1 : l.n;
	if (l.n > 0 && s[l.n - 1] == '\r')
		l.n--;
	return l;
}

static inline bool rp_line_blank(const struct rp_line *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->s[i] != ' ' && l->s[i] != '\t' && l->s[i] != '\r')
			return false;
	return true;
}

#endif
