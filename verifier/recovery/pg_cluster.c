/* SPDX-License-Identifier: MIT */
/* What pg_dumpall writes:
 *
 *     -- PostgreSQL database cluster dump
 *     ... roles, settings, memberships, tablespaces
 *     -- Database "shop" dump
 *     [\connect shop]
 *     -- PostgreSQL database dump
 *     ... as pg_dump writes it, with --create unless there was a \connect
 *     -- PostgreSQL database dump complete
 *     --
 *     [\unrestrict TOKEN]
 *     -- Database ...
 *     -- PostgreSQL database cluster dump complete
 *
 * Between two databases there is nothing to be run: what stands there is refused. */
#include "verifier/recovery/pg_cluster.h"

#include <stdlib.h>
#include <string.h>

#include "verifier/recovery/pg_sql.h"
#include "verifier/recovery/sql_line.h"
#include "verifier/util/error.h"

#define LINE_MAX_MARK 8192 /* longer lines mark nothing */
#define TITLE	      "-- PostgreSQL database dump"
#define TRAILER	      "-- PostgreSQL database dump complete"
#define ALL_TRAILER   "-- PostgreSQL database cluster dump complete"

enum where {
	GLOBALS,  /* from the first line on */
	OUTSIDE,  /* between databases */
	DATABASE, /* in one */
	ENDING,	  /* behind its last line */
	BEHIND,	  /* behind the last line of all */
};

struct rp_pg_cluster {
	struct rp_stream *below;
	struct rp_pg_sql sql;
	enum where where;
	struct rp_pg_part part, told;
	unsigned long serial,
		given; /* of the part that was come to, and of the one that next() has told of */
	bool named;    /* a database's name was read, and its dump is to come */
	bool dashes;   /* ENDING: its "--" was there */
	char name[RP_PG_TEXT_MAX];
	uint64_t line;
	bool drained;
	char in[64 << 10];
	size_t at, len, ready; /* in[at..at+ready) is of the part */
};

struct part_stream {
	struct rp_stream base;
	struct rp_pg_cluster *cluster;
	unsigned long serial;
};

static int fill(struct rp_pg_cluster *c, struct rp_err **err)
{
	memmove(c->in, c->in + c->at, c->len - c->at);
	c->len -= c->at;
	c->at = 0;
	ssize_t n = rp_stream_read(c->below, c->in + c->len, sizeof c->in - c->len, err);
	if (n < 0)
		return -1;
	c->len += (size_t)n;
	c->drained = n == 0;
	return 0;
}

static int strange(const struct rp_pg_cluster *c, const char *what, struct rp_err **err)
{
	return rp_err_set(err, RP_ERR_BACKUP, "line %llu: %s", (unsigned long long)c->line, what);
}

/* '-- Database "shop" dump' */
static bool take_name(struct rp_pg_cluster *c, const struct rp_line *l)
{
	static const char before[] = "-- Database \"", behind[] = "\" dump";
	size_t b = sizeof before - 1, e = sizeof behind - 1;
	if (!rp_line_begins(l, before) || l->n <= b + e || memcmp(l->s + l->n - e, behind, e) != 0)
		return false;
	size_t n = l->n - b - e;
	n = n < sizeof c->name ? n : sizeof c->name - 1;
	memcpy(c->name, l->s + b, n);
	c->name[n] = '\0';
	c->named = true;
	return true;
}

static int begin_database(struct rp_pg_cluster *c, struct rp_err **err)
{
	if (!c->named)
		return strange(c, "a database begins without its name, as in dumps by a pg_dumpall before 12",
			       err);
	c->part = (struct rp_pg_part){.line = c->line};
	memcpy(c->part.name, c->name, sizeof c->name);
	c->where = DATABASE;
	c->named = false;
	c->serial++;
	return 1;
}

static int outside(struct rp_pg_cluster *c, const struct rp_line *l, struct rp_err **err)
{
	if (rp_line_is(l, TITLE))
		return begin_database(c, err);
	if (rp_line_is(l, ALL_TRAILER))
		c->where = BEHIND;
	else if (!take_name(c, l) && !rp_line_blank(l) && !rp_line_begins(l, "--") &&
		 !(c->named && rp_line_begins(l, "\\connect ")))
		return strange(c, "between two databases stands what no pg_dumpall writes", err);
	return 0;
}

/* A line between statements. 1: it is of the part that was come to; 0: of none. */
static int mark(struct rp_pg_cluster *c, const struct rp_line *l, struct rp_err **err)
{
	switch (c->where) {
	case GLOBALS:
		if (rp_line_is(l, TITLE) || rp_line_is(l, ALL_TRAILER) || take_name(c, l)) {
			c->where = OUTSIDE;
			return outside(c, l, err);
		}
		return 1;
	case OUTSIDE:
		return outside(c, l, err);
	case DATABASE:
		if (rp_line_is(l, TRAILER)) {
			c->where = ENDING;
			c->dashes = false;
		}
		return 1;
	case ENDING: {
		bool dashes = rp_line_is(l, "--");
		if (rp_line_blank(l) || rp_line_begins(l, "\\unrestrict ") || (dashes && !c->dashes)) {
			c->dashes |= dashes;
			return 1;
		}
		c->where = OUTSIDE;
		return outside(c, l, err);
	}
	case BEHIND:
		if (!rp_line_blank(l) && !rp_line_is(l, "--"))
			return strange(c, "it goes on behind its end", err);
		return 0;
	}
	return 0;
}

static bool has_line(const struct rp_pg_cluster *c)
{
	size_t have = c->len - c->at;
	return have >= LINE_MAX_MARK || memchr(c->in + c->at, '\n', have) != NULL || (c->drained && have > 0);
}

/* Of what is in the buffer: how much is of the part that was come to, or is passed over. */
static int look(struct rp_pg_cluster *c, struct rp_err **err)
{
	size_t n = c->len - c->at;
	int of_part = c->where == GLOBALS || c->where == DATABASE;
	if (rp_pg_sql_between(&c->sql)) {
		struct rp_line l = rp_line_of(c->in + c->at, n);
		of_part = mark(c, &l, err);
		n = l.all;
	}
	if (of_part < 0)
		return -1;
	n = rp_pg_sql_skip(&c->sql, c->in + c->at, n);
	for (size_t i = 0; i < n; i++)
		c->line += c->in[c->at + i] == '\n';
	if (of_part > 0)
		c->ready = n;
	else
		c->at += n;
	return 0;
}

/* Come to something that is of a part. 1: there is some; 0: the end. */
static int advance(struct rp_pg_cluster *c, struct rp_err **err)
{
	while (c->ready == 0) {
		bool can = rp_pg_sql_between(&c->sql) ? has_line(c) : c->len > c->at;
		if (!can && c->drained)
			return 0;
		if ((can ? look(c, err) : fill(c, err)) < 0)
			return -1;
	}
	return 1;
}

int rp_pg_cluster_next(struct rp_pg_cluster *c, const struct rp_pg_part **ret, struct rp_err **err)
{
	int there = 1;
	while (c->serial == c->given && (there = advance(c, err)) > 0 && c->serial == c->given) {
		c->at += c->ready;
		c->ready = 0;
	}
	if (there < 0)
		return -1;
	if (there == 0 && c->where != BEHIND)
		return rp_err_set(err, RP_ERR_BACKUP, "truncated: it ends without '" ALL_TRAILER "'");
	c->given = c->serial;
	c->told = c->part;
	*ret = &c->told;
	return there;
}

static ssize_t part_read(struct rp_stream *s, void *buf, size_t len, struct rp_err **err)
{
	struct part_stream *me = (struct part_stream *)s;
	struct rp_pg_cluster *c = me->cluster;
	int there = c->serial == me->serial ? advance(c, err) : 0;
	if (there <= 0 || c->serial != me->serial)
		return there < 0 ? -1 : 0;
	size_t n = c->ready < len ? c->ready : len;
	memcpy(buf, c->in + c->at, n);
	c->at += n;
	c->ready -= n;
	return (ssize_t)n;
}

static void part_close(struct rp_stream *s)
{
	free(s);
}

int rp_pg_cluster_read(struct rp_pg_cluster *c, struct rp_stream **ret, struct rp_err **err)
{
	static const struct rp_stream_ops ops = {.read = part_read, .close = part_close};
	struct part_stream *me = calloc(1, sizeof *me);
	if (me == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	*me = (struct part_stream){.base.ops = &ops, .cluster = c, .serial = c->given};
	*ret = &me->base;
	return 0;
}

int rp_pg_cluster_new(struct rp_pg_cluster **ret, struct rp_stream *below, struct rp_err **err)
{
	struct rp_pg_cluster *c = calloc(1, sizeof *c);
	if (c == NULL) {
		rp_stream_close(below);
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	c->below = below;
	c->sql = (struct rp_pg_sql)RP_PG_SQL_INIT;
	c->line = 1;
	c->serial = 1;
	c->part = (struct rp_pg_part){.globals = true, .line = 1};
	*ret = c;
	return 0;
}

void rp_pg_cluster_free(struct rp_pg_cluster *c)
{
	if (c == NULL)
		return;
	rp_stream_close(c->below);
	free(c);
}
