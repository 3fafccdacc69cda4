/* SPDX-License-Identifier: MIT */
/* Which statements of a dump are not run, all of them by the exact text that the tools write, at the beginning of a
 * line at which a statement can begin, outside of routines:
 *
 *   - what is about the server and not about the database: the GTIDs that it has seen, where replication is to go on,
 *     whether the session is written to the binary log;
 *   - accounts, roles, plugins and servers, as --system brings them;
 *   - CREATE DATABASE, DROP DATABASE and USE of a dump made with --databases: what was in the one database goes into
 *     ours, whose name is another. Of several it is the wanted one, and what belongs to the others is not run, nor
 *     what belongs to the server's own;
 *   - the sandbox line, which old clients take for a command that they do not know: we ask for the sandbox ourselves.
 *
 * They become blanks, so that the client's line numbers are the dump's. No lexer is needed for it: the tools write
 * every newline within a value as \n, so that no row can hold a line that looks like one of these, and bodies of
 * routines, which can, stand between DELIMITER ;; and DELIMITER ; alone, which the client itself goes by. A line may
 * be a gigabyte and is never held; what it is, its beginning says. */
#include "verifier/recovery/my_filter.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "verifier/recovery/my_lines.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

#define SENTINEL_HEX  33
#define DATABASES_MAX 32 /* named in a complaint */
#define MESSAGE_SHOWN 300
#define TRAILER	      "-- Dump completed"

struct filter {
	struct rp_stream base;
	bool drained;			   /* below has ended */
	bool over;			   /* ... and it was whole */
	bool begun, titled, headed, ended; /* a dump; with comments; its settings; its trailer */
	bool body;			   /* between DELIMITER ;; and DELIMITER ; */
	bool open;			   /* inside of a statement */
	bool inside;			   /* of a line whose beginning was looked at already */
	bool dropping;			   /* the statement */
	bool comment;			   /* this line is one, or blank */
	char last;			   /* of this line so far, blanks apart */
	const char *wanted;		   /* NULL: the only one */
	bool asked;			   /* by name, and not by what was sealed */
	bool other;	    /* what comes belongs to another database, or to the server's own */
	bool refused;	    /* which of several is meant nobody has said */
	bool more;	    /* databases than there is room for names */
	size_t n_databases; /* that are not the server's own */
	char databases[DATABASES_MAX][RP_MY_NAME_MAX];
	char sentinel[SENTINEL_HEX];
	char add[SENTINEL_HEX + 16]; /* text of ours to give out at the end */
	size_t add_at, add_len;
	size_t at, ready, len; /* in[at..ready) may be given out, in[ready..len) is still to be looked at */
	char in[64 << 10];
};

static int random_word(char ret[SENTINEL_HEX], struct rp_err **err)
{
	uint8_t bytes[(SENTINEL_HEX - 1) / 2];
	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
		return rp_err_sys(err, errno, "random numbers");
	for (size_t i = 0; i < sizeof bytes; i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

static int message(const char *s, size_t n, struct rp_err **err)
{
	rp_autofree char *text = strndup(s, n < MESSAGE_SHOWN ? n : MESSAGE_SHOWN);
	rp_autobuf shown = RP_BUF_INIT(8 * MESSAGE_SHOWN);
	rp_buf_add_plain(&shown, text != NULL ? text : "");
	(void)rp_err_set(err, RP_ERR_BACKUP, "a message of the tool that made it stands in it: %s",
			 rp_buf_text(&shown));
	return rp_err_hint(err, "see whether that tool failed, and keep its messages out of the dump (2>&1)");
}

static bool is_known(const struct filter *f, const char *name)
{
	for (size_t i = 0; i < f->n_databases; i++)
		if (strcmp(f->databases[i], name) == 0)
			return true;
	return false;
}

static void note(struct filter *f, const char name[RP_MY_NAME_MAX])
{
	if (is_known(f, name))
		return;
	if (f->n_databases < DATABASES_MAX)
		memcpy(f->databases[f->n_databases++], name, RP_MY_NAME_MAX);
	else
		f->more = true;
}

/* Where nobody has said which is meant, nothing is given out any more once there is a second one, and the rest is read
 * for further names alone. */
static int database(struct filter *f, const char *s, size_t n, struct rp_err **err)
{
	char name[RP_MY_NAME_MAX];
	if (!rp_my_line_database(s, n, name))
		return rp_err_set(err, RP_ERR_BACKUP,
				  "damaged: a line about a database names none that is possible");
	f->other = rp_my_is_servers_own(name);
	if (f->other)
		return 0;
	note(f, name);
	f->other = f->wanted != NULL && strcmp(f->wanted, name) != 0;
	f->refused = f->wanted == NULL && f->n_databases > 1;
	return 0;
}

static void add_names(const struct filter *f, struct rp_buf *to)
{
	for (size_t i = 0; i < f->n_databases; i++) {
		rp_buf_add(to, i > 0 ? ", '" : "'");
		rp_buf_add_plain(to, f->databases[i]);
		rp_buf_add(to, "'");
	}
	rp_buf_add(to, f->more ? ", ..." : "");
}

static int refuse(const struct filter *f, struct rp_err **err)
{
	rp_autobuf names = RP_BUF_INIT(8 * sizeof f->databases);
	add_names(f, &names);
	(void)rp_err_set(err, RP_ERR_USAGE, "it holds several databases: %s", rp_buf_text(&names));
	return rp_err_hint(err, "say which: --database NAME");
}

/* A dump of one database need not name it: then it is that one, whatever it was called. */
static bool lacks_wanted(const struct filter *f)
{
	return f->wanted != NULL && f->n_databases > 0 && !f->more && !is_known(f, f->wanted);
}

static int say_lacking(const struct filter *f, struct rp_err **err)
{
	rp_autobuf names = RP_BUF_INIT(8 * sizeof f->databases);
	rp_autobuf wanted = RP_BUF_INIT(8 * RP_MY_NAME_MAX);
	add_names(f, &names);
	rp_buf_add_plain(&wanted, f->wanted);
	return rp_err_set(err, f->asked ? RP_ERR_USAGE : RP_ERR_BACKUP, "it holds no database '%s', but %s",
			  rp_buf_text(&wanted), rp_buf_text(&names));
}

static int begin_dump(struct filter *f, bool titled, struct rp_err **err)
{
	if (f->begun && !f->ended)
		return rp_err_set(err, RP_ERR_BACKUP,
				  "truncated: a second dump begins before the first one has ended");
	f->begun = true;
	f->titled = titled;
	f->headed = !titled;
	f->ended = false;
	f->other = false;
	return 0;
}

/* The beginning of a line at which a statement may begin. */
static int begin_line(struct filter *f, enum rp_my_line is, const char *s, size_t n, struct rp_err **err)
{
	f->comment = is == RP_MY_TRAILER || is == RP_MY_COMMENT || is == RP_MY_BODY || is == RP_MY_SANDBOX;
	/* One of them belongs to the title before it. */
	if (is == RP_MY_HEADER && (f->headed || !f->begun))
		return begin_dump(f, false, err);
	f->headed = f->headed || is == RP_MY_HEADER;
	f->ended = f->ended || is == RP_MY_TRAILER || (is == RP_MY_FOOTER && !f->titled);
	f->body = is == RP_MY_BODY;
	/* What puts settings back comes behind the last database and belongs to none. */
	f->other = f->other && is != RP_MY_FOOTER;
	f->dropping = is == RP_MY_SANDBOX || is == RP_MY_SERVER || is == RP_MY_DATABASE;
	return is == RP_MY_DATABASE ? database(f, s, n, err) : 0;
}

static int look(struct filter *f, const char *s, size_t n, struct rp_err **err)
{
	enum rp_my_line is = rp_my_line_of(s, n);
	f->last = '\0';
	f->comment = is == RP_MY_BLANK;
	if (f->body) {
		f->comment = true;
		f->body = is != RP_MY_BODY_END;
		return 0;
	}
	/* These two stand wherever the tool was when it failed, or was started again. */
	if (is == RP_MY_MESSAGE)
		return message(s, n, err);
	if (is == RP_MY_TITLE) {
		f->comment = true;
		return begin_dump(f, true, err);
	}
	return f->open || is == RP_MY_BLANK ? 0 : begin_line(f, is, s, n, err);
}

static void keep_last(struct filter *f, const char *s, size_t n)
{
	while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t' || s[n - 1] == '\r'))
		n--;
	if (n > 0)
		f->last = s[n - 1];
}

/* A line, or as much of it as is there; 'whole': up to its end. */
static int piece(struct filter *f, char *s, size_t n, bool whole, struct rp_err **err)
{
	if (!f->inside && look(f, s, n, err) < 0)
		return -1;
	keep_last(f, s, n);
	if (f->dropping || f->other)
		memset(s, ' ', n);
	f->inside = !whole;
	if (!whole)
		return 0;
	if (!f->comment)
		f->open = f->last != ';';
	f->dropping = f->dropping && f->open;
	return 0;
}

/* Look at what is there, as far as it is lines; at all of it when it is a part of a line that fills the buffer. */
static int scan(struct filter *f, struct rp_err **err)
{
	while (f->ready < f->len) {
		char *s = f->in + f->ready, *nl = memchr(s, '\n', f->len - f->ready);
		size_t n = nl != NULL ? (size_t)(nl - s) : f->len - f->ready;
		if (nl == NULL && !f->inside && !f->drained && f->len < sizeof f->in)
			return 0;
		if (piece(f, s, n, nl != NULL, err) < 0)
			return -1;
		f->ready += nl != NULL ? n + 1 : n;
	}
	return 0;
}

static int finish(struct filter *f, struct rp_err **err)
{
	if (f->refused)
		return refuse(f, err);
	if (!f->ended)
		return rp_err_set(err, RP_ERR_BACKUP, "truncated %s: it ends without %s",
				  f->body				  ? "inside of a routine"
				  : f->open || (f->inside && !f->comment) ? "inside of a statement"
									  : "between two statements",
				  f->titled ? "'" TRAILER "'" : "the last of the settings that it puts back");
	if (lacks_wanted(f))
		return say_lacking(f, err);
	f->add_len = (size_t)snprintf(f->add, sizeof f->add, "\nselect '%s';\n", f->sentinel);
	f->over = true;
	return 0;
}

static int fill(struct filter *f, struct rp_err **err)
{
	memmove(f->in, f->in + f->ready, f->len - f->ready);
	f->len -= f->ready;
	f->at = f->ready = 0;
	ssize_t n = rp_stream_read(f->base.below, f->in + f->len, sizeof f->in - f->len, err);
	if (n < 0)
		return -1;
	f->len += (size_t)n;
	f->drained = n == 0;
	return 0;
}

static size_t give(const char *from, size_t n, void *buf, size_t len)
{
	n = n < len ? n : len;
	memcpy(buf, from, n);
	return n;
}

static ssize_t filter_read(struct rp_stream *s, void *buf, size_t len, struct rp_err **err)
{
	struct filter *f = (struct filter *)s;
	for (;;) {
		if (f->at < f->ready && !f->refused) {
			size_t n = give(f->in + f->at, f->ready - f->at, buf, len);
			f->at += n;
			return (ssize_t)n;
		}
		if (f->over) {
			size_t n = give(f->add + f->add_at, f->add_len - f->add_at, buf, len);
			f->add_at += n;
			return (ssize_t)n;
		}
		if (f->drained ? finish(f, err) < 0 : fill(f, err) < 0 || scan(f, err) < 0)
			return -1;
	}
}

static void filter_close(struct rp_stream *s)
{
	free(s);
}

int rp_my_filter_new(struct rp_stream **ret, struct rp_stream *below, const char *wanted, bool asked,
		     struct rp_err **err)
{
	static const struct rp_stream_ops ops = {.read = filter_read, .close = filter_close};
	struct filter *f = calloc(1, sizeof *f);
	if (f == NULL) {
		rp_stream_close(below);
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	f->base = (struct rp_stream){.ops = &ops, .below = below};
	f->wanted = wanted;
	f->asked = asked;
	if (random_word(f->sentinel, err) < 0) {
		rp_stream_close(&f->base);
		return -1;
	}
	*ret = &f->base;
	return 0;
}

const char *rp_my_filter_sentinel(const struct rp_stream *filter)
{
	return ((const struct filter *)filter)->sentinel;
}

bool rp_my_filter_whole(const struct rp_stream *filter)
{
	return ((const struct filter *)filter)->over;
}
