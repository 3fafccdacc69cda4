/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_PG_SQL_H
#define RP_RECOVERY_PG_SQL_H

#include <stdbool.h>
#include <stddef.h>

/* Where one is in the SQL that pg_dump and pg_dumpall write: what looks like the beginning of a section may be a
 * row, a part of a function's body or of somebody's name. All that people wrote stands in literals there (their
 * quotes and backslashes doubled), in dollar quotes, in quoted names or in the rows of a COPY; comments are the
 * tools' own. Pure; memory does not grow. */
struct rp_pg_sql {
	enum {
		RP_PG_SQL_PLAIN,   /* outside of all that follows */
		RP_PG_SQL_LITERAL, /* '...' */
		RP_PG_SQL_NAME,	   /* "..." */
		RP_PG_SQL_TAG,	   /* $... of a dollar quote's beginning */
		RP_PG_SQL_BODY,	   /* within a dollar quote */
		RP_PG_SQL_REST,	   /* to the end of the line: a comment, a command of psql's */
		RP_PG_SQL_TURN,	   /* behind COPY ... FROM stdin; to the end of the line */
		RP_PG_SQL_ROWS,	   /* until a line that is \. */
	} state;
	bool within;	      /* a statement has begun */
	size_t statements;    /* that have ended */
	size_t copy, stdin_;  /* how much of "COPY " and of " FROM stdin" was there */
	char before;	      /* the character before, of RP_PG_SQL_PLAIN */
	char tag[64];	      /* with its first '$' */
	size_t tag_len, seen; /* seen: of the tag that ends it; of "\." */
	bool fresh;	      /* at the beginning of a line */
};
#define RP_PG_SQL_INIT                                                                                       \
	{                                                                                                    \
		.fresh = true, .before = '\n'                                                                \
	}

/* Go on until a line begins between two statements, or to the end of s; how many bytes that were, at least one
 * unless n is 0. */
size_t rp_pg_sql_skip(struct rp_pg_sql *q, const char *s, size_t n);
/* At the beginning of a line, and between two statements? */
bool rp_pg_sql_between(const struct rp_pg_sql *q);

#endif
