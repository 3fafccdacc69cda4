/* SPDX-License-Identifier: MIT */
/* What is changed of a dump, all of it by place and exact text and none of it by pattern, for the rows and
 * function bodies of an honest dump may hold lines that look like anything:
 *
 *   - '\restrict T' as the first line that is neither blank nor a comment, and '\unrestrict T' as the last line
 *     that is not blank. psql would refuse the dump's own restriction within ours.
 *   - 'SET transaction_timeout = 0;' among the settings at the top, for servers before 17, which do not know it:
 *     a newer pg_dump writes it for an older server too.
 *   - what --clean puts between those settings and the first object. Our database is empty, there is nothing to
 *     drop, and without --if-exists every such line is an error.
 *   - with --create: CREATE DATABASE, and '\unrestrict T', '\connect NAME', '\restrict T', which lead from one
 *     section to the next. All sections go to the one database that we have made under that name.
 *   - 'SET default_tablespace = ts;' between two statements, anywhere: tablespaces are places on the other machine's
 *     disks, and there are none here.
 *
 * Dropped lines stay as empty ones. */
#include "verifier/recovery/psql_filter.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "verifier/recovery/psql_top.h"
#include "verifier/util/error.h"

#define LINE_MAX_TOP 8192 /* longer lines are not part of the top */
#define TAIL	     1024 /* bytes in which the last lines must be found */

static int random_word(char ret[RP_PSQL_OURS_HEX], struct rp_err **err)
{
	uint8_t bytes[(RP_PSQL_OURS_HEX - 1) / 2];
	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
		return rp_err_sys(err, errno, "random numbers");
	for (size_t i = 0; i < sizeof bytes; i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Cut the last line that is not blank off s[0..*n), if it is 'text'. */
static bool cut_last(const char *s, size_t *n, const char *text)
{
	size_t end = *n, len = strlen(text);
	while (end > 0 && is_space(s[end - 1]))
		end--;
	if (end < len || memcmp(s + end - len, text, len) != 0 || (end > len && s[end - len - 1] != '\n'))
		return false;
	*n = end - len;
	return true;
}

static int finish(struct rp_psql_filter *f, struct rp_err **err)
{
	const char *s = f->in + f->at;
	size_t n = f->len - f->at;
	char own[RP_PSQL_TOKEN_MAX + 16];
	(void)snprintf(own, sizeof own, "\\unrestrict %s", f->token);
	bool whole = f->token[0] == '\0' || cut_last(s, &n, own);
	size_t kept = n;
	whole = whole && cut_last(s, &n, "--") && cut_last(s, &n, RP_PSQL_TRAILER);
	if (!whole)
		return rp_err_set(err, RP_ERR_BACKUP,
				  "truncated: it ends without '" RP_PSQL_TRAILER "' and what follows that");
	f->len = f->at + kept;
	f->cut = true;
	return 0;
}

/* The end of line before ours: a dump that stops inside of a line must not swallow it. */
static void add_last(struct rp_psql_filter *f)
{
	char last[sizeof f->add];
	(void)snprintf(last, sizeof last, "\n\\unrestrict %s\n\\warn %s\n", f->ours, f->sentinel);
	rp_psql_add(f, last);
}

static int fill(struct rp_psql_filter *f, struct rp_err **err)
{
	memmove(f->in, f->in + f->at, f->len - f->at);
	f->len -= f->at;
	f->at = 0;
	ssize_t n = rp_stream_read(f->base.below, f->in + f->len, sizeof f->in - f->len, err);
	if (n < 0)
		return -1;
	/* psql would read on behind it as if nothing had been there. No text of PostgreSQL holds one. */
	if (n > 0 && memchr(f->in + f->len, '\0', (size_t)n) != NULL)
		return rp_err_set(err, RP_ERR_BACKUP,
				  "damaged: it holds a NUL byte, which no plain dump does");
	f->len += (size_t)n;
	f->drained = n == 0;
	return 0;
}

static bool has_line(const struct rp_psql_filter *f)
{
	return f->len > f->at && (f->drained || memchr(f->in + f->at, '\n', f->len - f->at) != NULL);
}

/* 'SET default_tablespace = ts;' as the line at in[at + from]. */
static bool is_place(const struct rp_psql_filter *f, size_t from, struct rp_line *ret)
{
	static const char place[] = "SET default_tablespace = ";
	*ret = rp_line_of(f->in + f->at + from, f->len - f->at - from);
	return rp_line_begins(ret, place) && ret->s[ret->n - 1] == ';' &&
	       !rp_line_is(ret, "SET default_tablespace = '';");
}

/* The next n bytes, or as many as come before such a line. */
static void body(struct rp_psql_filter *f, size_t n)
{
	struct rp_line l;
	while (f->ready < n) {
		if (!rp_pg_sql_between(&f->sql) || !is_place(f, f->ready, &l)) {
			f->ready += rp_pg_sql_skip(&f->sql, f->in + f->at + f->ready, n - f->ready);
			continue;
		}
		if (f->ready > 0)
			return;
		(void)rp_pg_sql_skip(&f->sql, l.s, l.all);
		rp_psql_drop(f, &l);
		f->displaced = true;
		return;
	}
}

/* A line within a statement goes the way of the statement. */
static void top(struct rp_psql_filter *f)
{
	size_t at = f->at;
	struct rp_line l = rp_line_of(f->in + at, f->len - at);
	if (rp_pg_sql_between(&f->sql))
		rp_psql_top_line(f);
	else if (f->phase == RP_PSQL_CLEAN)
		rp_psql_drop(f, &l);
	else
		f->ready = l.all;
	(void)rp_pg_sql_skip(&f->sql, f->in + at, f->at - at + f->ready);
}

/* Find something to give out, or reach the end. */
static int advance(struct rp_psql_filter *f, struct rp_err **err)
{
	size_t have = f->len - f->at;
	if (f->phase != RP_PSQL_BODY && has_line(f)) {
		top(f);
		return 0;
	}
	if (f->phase != RP_PSQL_BODY && (have >= LINE_MAX_TOP || f->drained)) {
		if (f->phase == RP_PSQL_FIRST)
			rp_psql_begin(f, &(struct rp_line){.s = "x", .n = 1});
		f->phase = RP_PSQL_BODY;
	}
	if (f->phase == RP_PSQL_BODY && f->cut && have == 0) {
		f->phase = RP_PSQL_END;
		add_last(f);
	} else if (f->phase == RP_PSQL_BODY && (f->cut || have > TAIL)) {
		body(f, f->cut ? have : have - TAIL);
	} else {
		return f->drained ? finish(f, err) : fill(f, err);
	}
	return 0;
}

static size_t give(const char *from, size_t *at, size_t n, void *buf, size_t len)
{
	n = n < len ? n : len;
	memcpy(buf, from + *at, n);
	*at += n;
	return n;
}

static ssize_t filter_read(struct rp_stream *s, void *buf, size_t len, struct rp_err **err)
{
	struct rp_psql_filter *f = (struct rp_psql_filter *)s;
	for (;;) {
		if (f->add_at < f->add_len)
			return (ssize_t)give(f->add, &f->add_at, f->add_len - f->add_at, buf, len);
		if (f->ready > 0) {
			size_t n = give(f->in, &f->at, f->ready, buf, len);
			f->ready -= n;
			return (ssize_t)n;
		}
		if (f->phase == RP_PSQL_END)
			return 0;
		if (advance(f, err) < 0)
			return -1;
	}
}

static void filter_close(struct rp_stream *s)
{
	free(s);
}

int rp_psql_filter_new(struct rp_stream **ret, struct rp_stream *below, unsigned server, struct rp_err **err)
{
	static const struct rp_stream_ops ops = {.read = filter_read, .close = filter_close};
	struct rp_psql_filter *f = calloc(1, sizeof *f);
	if (f == NULL) {
		rp_stream_close(below);
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	f->base = (struct rp_stream){.ops = &ops, .below = below};
	f->server = server;
	f->sql = (struct rp_pg_sql)RP_PG_SQL_INIT;
	if (random_word(f->ours, err) < 0 || random_word(f->sentinel, err) < 0) {
		rp_stream_close(&f->base);
		return -1;
	}
	*ret = &f->base;
	return 0;
}

const char *rp_psql_filter_sentinel(const struct rp_stream *filter)
{
	return ((const struct rp_psql_filter *)filter)->sentinel;
}

bool rp_psql_filter_displaced(const struct rp_stream *filter)
{
	return ((const struct rp_psql_filter *)filter)->displaced;
}

bool rp_psql_filter_whole(const struct rp_stream *filter)
{
	return ((const struct rp_psql_filter *)filter)->phase == RP_PSQL_END;
}
