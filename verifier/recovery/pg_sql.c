/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/pg_sql.h"

#include <string.h>

static const char copy[] = "COPY ", from_stdin[] = " FROM stdin";
#define COPY_LEN  (sizeof copy - 1)
#define STDIN_LEN (sizeof from_stdin - 1)

static bool is_name(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
	       c == '$' || (unsigned char)c >= 0x80;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool rp_pg_sql_between(const struct rp_pg_sql *q)
{
	return q->fresh && q->state == RP_PG_SQL_PLAIN && !q->within;
}

static void end_statement(struct rp_pg_sql *q)
{
	bool rows = q->copy == COPY_LEN && q->stdin_ == STDIN_LEN;
	q->within = false;
	q->statements++;
	q->copy = q->stdin_ = 0;
	if (rows)
		q->state = RP_PG_SQL_TURN;
}

/* A character of a statement; how it begins and how it ends is what tells a COPY whose rows follow. */
static void of_statement(struct rp_pg_sql *q, char c)
{
	if (!q->within)
		q->copy = q->stdin_ = 0;
	bool begins = !q->within || (q->copy > 0 && q->copy < COPY_LEN);
	q->within = true;
	if (begins)
		q->copy = copy[q->copy] == c ? q->copy + 1 : 0;
	if (q->stdin_ < STDIN_LEN && from_stdin[q->stdin_] == c)
		q->stdin_++;
	else
		q->stdin_ = c == ' ' ? 1 : 0;
}

static void plain(struct rp_pg_sql *q, char c)
{
	char before = q->before;
	q->before = c;
	if (c == '\'' || c == '"') {
		of_statement(q, c);
		q->state = c == '"' ? RP_PG_SQL_NAME : RP_PG_SQL_LITERAL;
	} else if (c == '-' && before == '-') {
		q->state = RP_PG_SQL_REST;
	} else if (c == '\\') {
		q->state = RP_PG_SQL_REST;
	} else if (c == '$' && !is_name(before)) {
		of_statement(q, c);
		q->state = RP_PG_SQL_TAG;
		q->tag[0] = '$';
		q->tag_len = 1;
	} else if (c == ';') {
		end_statement(q);
	} else if (q->within || (!is_blank(c) && c != '-')) {
		of_statement(q, c);
	}
}

/* $1 is a parameter, and no tag begins with a digit. false: c is still to be looked at. */
static bool tag(struct rp_pg_sql *q, char c)
{
	bool fits = is_name(c) && q->tag_len < sizeof q->tag - 1 &&
		    (q->tag_len > 1 || c == '$' || !(c >= '0' && c <= '9'));
	q->state = fits ? RP_PG_SQL_TAG : RP_PG_SQL_PLAIN;
	if (!fits) {
		q->before = 'x';
		return false;
	}
	q->tag[q->tag_len++] = c;
	if (c == '$') {
		q->state = RP_PG_SQL_BODY;
		q->seen = 0;
	}
	return true;
}

static void body(struct rp_pg_sql *q, char c)
{
	if (q->tag[q->seen] == c)
		q->seen++;
	else
		q->seen = c == '$' ? 1 : 0;
	if (q->seen == q->tag_len) {
		q->state = RP_PG_SQL_PLAIN;
		q->before = '$';
	}
}

/* seen: 0 at the beginning of a row, 1 behind "\", 2 behind "\.", 3: this is a row like any other. */
static void rows(struct rp_pg_sql *q, char c)
{
	if (c == '\n') {
		if (q->seen == 2) {
			q->state = RP_PG_SQL_PLAIN;
			q->before = '\n';
		}
		q->seen = 0;
	} else if (q->seen < 2) {
		q->seen = c == "\\."[q->seen] ? q->seen + 1 : 3;
	} else if (c != '\r') {
		q->seen = 3;
	}
}

static void step(struct rp_pg_sql *q, char c)
{
	/* What is no part of a tag is something else. */
	if (q->state == RP_PG_SQL_TAG && tag(q, c)) {
		q->fresh = false;
		return;
	}
	switch (q->state) {
	case RP_PG_SQL_TAG:
	case RP_PG_SQL_PLAIN:
		plain(q, c);
		break;
	case RP_PG_SQL_LITERAL:
	case RP_PG_SQL_NAME:
		/* A doubled one ends it and begins it again. */
		if (c == (q->state == RP_PG_SQL_NAME ? '"' : '\'')) {
			q->state = RP_PG_SQL_PLAIN;
			q->before = c;
		}
		break;
	case RP_PG_SQL_BODY:
		body(q, c);
		break;
	case RP_PG_SQL_REST:
	case RP_PG_SQL_TURN:
		if (c == '\n') {
			q->state = q->state == RP_PG_SQL_TURN ? RP_PG_SQL_ROWS : RP_PG_SQL_PLAIN;
			q->before = '\n';
			q->seen = 0;
		}
		break;
	case RP_PG_SQL_ROWS:
		rows(q, c);
		break;
	}
	q->fresh = c == '\n';
}

/* Bytes that change nothing, found at the speed of memory: most of a dump are rows. */
static size_t leap(const struct rp_pg_sql *q, const char *s, size_t n)
{
	char until = q->state == RP_PG_SQL_LITERAL		  ? '\''
		     : q->state == RP_PG_SQL_NAME		  ? '"'
		     : q->state == RP_PG_SQL_REST		  ? '\n'
		     : q->state == RP_PG_SQL_ROWS && q->seen == 3 ? '\n'
		     : q->state == RP_PG_SQL_BODY && q->seen == 0 ? '$'
								  : '\0';
	if (until == '\0')
		return 0;
	const char *at = memchr(s, until, n);
	return at != NULL ? (size_t)(at - s) : n;
}

size_t rp_pg_sql_skip(struct rp_pg_sql *q, const char *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t far = leap(q, s + i, n - i);
		if (far > 0) {
			q->fresh = s[i + far - 1] == '\n';
			i += far;
			continue;
		}
		step(q, s[i++]);
		if (rp_pg_sql_between(q))
			return i;
	}
	return n;
}
