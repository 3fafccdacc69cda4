/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/my_script.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "verifier/recovery/my_lines.h"
#include "verifier/util/error.h"

#define SENTINEL_HEX  33
#define DELIMITER_HEX 13 /* clients take 15 characters at most */
#define ADD_MAX	      512

struct script {
	struct rp_stream base;
	struct rp_my_script what;
	struct rp_stream *file; /* that is being read; NULL: the next is to be opened */
	size_t i;
	bool whole;
	bool open;     /* inside of a statement */
	bool inside;   /* of a line whose beginning was looked at already */
	bool any;      /* the file held something */
	bool drained;  /* the file has ended */
	bool dropping; /* this line */
	char sentinel[SENTINEL_HEX], delimiter[DELIMITER_HEX + 2];
	/* To be given out: of the buffer, then text of ours. */
	const char *give;
	size_t n_give, n_add, add_at;
	char add[ADD_MAX];
	size_t at, len; /* in[at..len) is still to be looked at */
	char in[64 << 10];
};

static int random_hex(char *ret, size_t room, struct rp_err **err)
{
	uint8_t bytes[16];
	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
		return rp_err_sys(err, errno, "random numbers");
	for (size_t i = 0; i < (room - 1) / 2; i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

static void add(struct script *s, const char *text)
{
	size_t n = strlen(text);
	if (s->n_add + n > sizeof s->add)
		return; /* all of it is ours, and fits */
	memcpy(s->add + s->n_add, text, n);
	s->n_add += n;
}

/* A statement of ours. */
static void add_statement(struct script *s, const char *text)
{
	add(s, text);
	add(s, "\n");
	add(s, s->delimiter);
	add(s, "\n");
}

/* What myloader loads rows with; and for code the server's own, for mydumper does not say what it was made with. */
static int begin_file(struct script *s, struct rp_err **err)
{
	const struct rp_my_script_file *f = &s->what.files[s->i];
	if (s->i == 0) {
		add(s, "DELIMITER ");
		add(s, s->delimiter);
		add(s, "\n");
	}
	add_statement(s, "SET NAMES binary");
	add_statement(s, f->code ? "SET SESSION SQL_MODE=DEFAULT"
				 : "SET SESSION SQL_MODE='NO_AUTO_VALUE_ON_ZERO'");
	add_statement(s, "SET SESSION FOREIGN_KEY_CHECKS=0, UNIQUE_CHECKS=0, TIME_ZONE=DEFAULT");
	s->open = s->inside = s->any = s->drained = s->dropping = false;
	s->at = s->len = 0;
	return s->what.open(s->what.ctx, s->i, &s->file, err);
}

static int end_file(struct script *s, struct rp_err **err)
{
	const struct rp_my_script_file *f = &s->what.files[s->i];
	char ours[SENTINEL_HEX + 64];
	if (!s->any && !f->may_be_empty)
		return rp_err_set(err, RP_ERR_BACKUP, "'%s' is empty", f->name);
	if (s->open || s->inside)
		return rp_err_set(err, RP_ERR_BACKUP, "truncated inside of a statement: '%s'", f->name);
	(void)snprintf(ours, sizeof ours, "select '%s:%zu'", s->sentinel, s->i);
	add_statement(s, ours);
	rp_stream_close(s->file);
	s->file = NULL;
	s->whole = ++s->i == s->what.n;
	return 0;
}

static int fill(struct script *s, struct rp_err **err)
{
	memmove(s->in, s->in + s->at, s->len - s->at);
	s->len -= s->at;
	s->at = 0;
	ssize_t n = rp_stream_read(s->file, s->in + s->len, sizeof s->in - s->len, err);
	if (n < 0)
		return rp_err_wrap(err, "'%s'", s->what.files[s->i].name);
	s->len += (size_t)n;
	s->any = s->any || n > 0;
	s->drained = n == 0;
	return 0;
}

/* A line whose end is there, or as much of one as the buffer holds. */
static void take(struct script *s, size_t n, bool whole)
{
	const char *line = s->in + s->at;
	if (!s->inside && !s->open) {
		enum rp_my_line is = rp_my_line_of(line, n);
		s->open = is != RP_MY_BLANK && is != RP_MY_COMMENT;
		s->dropping = is == RP_MY_DATABASE || is == RP_MY_SERVER;
	}
	/* mydumper's own blank, which keeps a ';' within a body from being taken for the statement's end. */
	bool blank =
		whole && s->open && s->what.files[s->i].code && n > 1 && memcmp(line + n - 2, "; ", 2) == 0;
	bool ends = whole && s->open && n > 0 && line[n - 1] == ';';
	s->give = line;
	s->n_give = s->dropping ? 0 : n - ends - blank;
	if (ends && !s->dropping) {
		add(s, "\n");
		add(s, s->delimiter);
	}
	if (whole)
		add(s, "\n");
	s->inside = !whole;
	s->open = s->open && !ends;
	s->at += n + whole;
}

/* 1: there is something to give out, or may be at the next call; 0: the end. */
static int step(struct script *s, struct rp_err **err)
{
	if (s->whole)
		return 0;
	if (s->file == NULL)
		return begin_file(s, err) < 0 ? -1 : 1;
	size_t n = s->len - s->at;
	const char *nl = memchr(s->in + s->at, '\n', n);
	if (nl != NULL)
		take(s, (size_t)(nl - s->in) - s->at, true);
	else if (n == sizeof s->in || (s->drained && n > 0))
		take(s, n > 2 ? n - 2 : n, false); /* ";" and "; " mean something at the end of a line */
	else if (s->drained)
		return end_file(s, err) < 0 ? -1 : 1;
	else
		return fill(s, err) < 0 ? -1 : 1;
	return 1;
}

static ssize_t script_read(struct rp_stream *base, void *buf, size_t len, struct rp_err **err)
{
	struct script *s = (struct script *)base;
	for (;;) {
		bool ours = s->n_give == 0;
		size_t n = ours ? s->n_add - s->add_at : s->n_give;
		n = n < len ? n : len;
		if (n > 0) {
			memcpy(buf, ours ? s->add + s->add_at : s->give, n);
			if (ours) {
				s->add_at += n;
			} else {
				s->give += n;
				s->n_give -= n;
			}
			return (ssize_t)n;
		}
		s->n_add = s->add_at = 0;
		int r = step(s, err);
		if (r <= 0)
			return r;
	}
}

static void script_close(struct rp_stream *base)
{
	struct script *s = (struct script *)base;
	rp_stream_close(s->file);
	free(s);
}

int rp_my_script_new(struct rp_stream **ret, const struct rp_my_script *script, struct rp_err **err)
{
	static const struct rp_stream_ops ops = {.read = script_read, .close = script_close};
	struct script *s = calloc(1, sizeof *s);
	if (s == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	s->base = (struct rp_stream){.ops = &ops};
	s->what = *script;
	s->whole = script->n == 0;
	s->delimiter[0] = '$';
	if (random_hex(s->sentinel, sizeof s->sentinel, err) < 0 ||
	    random_hex(s->delimiter + 1, DELIMITER_HEX, err) < 0) {
		rp_stream_close(&s->base);
		return -1;
	}
	*ret = &s->base;
	return 0;
}

const char *rp_my_script_sentinel(const struct rp_stream *s)
{
	return ((const struct script *)s)->sentinel;
}

bool rp_my_script_whole(const struct rp_stream *s)
{
	return ((const struct script *)s)->whole;
}
