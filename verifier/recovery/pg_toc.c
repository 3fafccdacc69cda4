/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/pg_toc.h"

#include <string.h>

#include "verifier/recovery/pg_dump.h"
#include "verifier/util/error.h"
#include "verifier/util/stream.h"

#define LINE_MAX_BLOB 128

/* Bytes of a stream, one after the other; 'bad' for ever once one is missing or makes no sense. */
struct reader {
	struct rp_stream *from;
	struct rp_err **err;
	uint8_t in[16 << 10];
	size_t at, len;
	unsigned int_size, version; /* 14 of 1.14 */
	bool bad, failed;	    /* failed: err says why */
};

static unsigned read_byte(struct reader *r)
{
	if (r->at == r->len && !r->bad) {
		ssize_t n = rp_stream_read(r->from, r->in, sizeof r->in, r->err);
		r->failed = n < 0;
		r->bad = n <= 0;
		r->len = n > 0 ? (size_t)n : 0;
		r->at = 0;
	}
	return r->bad ? 0 : r->in[r->at++];
}

/* A sign byte, then int_size bytes, the least first. */
static int64_t read_int(struct reader *r)
{
	unsigned negative = read_byte(r);
	uint64_t v = 0;
	for (unsigned i = 0; i < r->int_size; i++) {
		uint64_t byte = read_byte(r);
		if (i < 4)
			v |= byte << (8 * i);
		else if (byte != 0)
			r->bad = true;
	}
	return negative ? -(int64_t)v : (int64_t)v;
}

/* Its beginning; false: it is NULL. */
static bool read_text(struct reader *r, char *ret, size_t room)
{
	int64_t n = read_int(r);
	size_t kept = 0;
	for (int64_t i = 0; i < n && !r->bad; i++) {
		char c = (char)read_byte(r);
		if (kept + 1 < room)
			ret[kept++] = c;
	}
	if (room > 0)
		ret[kept] = '\0';
	return n >= 0 && !r->bad;
}

static void skip_texts(struct reader *r, unsigned n)
{
	while (n-- > 0)
		(void)read_text(r, NULL, 0);
}

static int damaged(const struct reader *r, struct rp_err **err)
{
	if (r->failed)
		return -1;
	return rp_err_set(err, RP_ERR_BACKUP, "its table of contents (toc.dat) is truncated or damaged");
}

static int read_header(struct reader *r, int64_t *ret_n, struct rp_err **err)
{
	static const char magic[] = "PGDMP";
	for (size_t i = 0; i < sizeof magic - 1; i++)
		r->bad |= read_byte(r) != (uint8_t)magic[i];
	unsigned major = read_byte(r);
	r->version = read_byte(r);
	(void)read_byte(r); /* revision */
	r->int_size = read_byte(r);
	(void)read_byte(r); /* size of an offset */
	unsigned is = read_byte(r);
	if (r->bad || major != 1 || r->int_size < 1 || r->int_size > 32 ||
	    (is != RP_PG_TAR && is != RP_PG_DIRECTORY))
		return damaged(r, err);
	if (r->version < 12)
		return rp_err_set(err, RP_ERR_ENGINE,
				  "it was made by a pg_dump before 9.0, which is not known here");
	if (r->version >= 15)
		(void)read_byte(r);
	else
		(void)read_int(r);
	for (int i = 0; i < 7; i++)
		(void)read_int(r);
	skip_texts(r, 3);
	*ret_n = read_int(r);
	return r->bad || *ret_n < 0 ? damaged(r, err) : 0;
}

/* pg_restore puts it behind the directory's name and opens it. */
static bool is_file_name(const char *name)
{
	size_t n = strlen(name);
	return n > 0 && n < RP_PG_FILE_MAX - sizeof ".zst" && name[0] != '.' &&
	       strspn(name, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.-") == n;
}

static int give(rp_pg_file_fn *fn, void *ctx, const char *name, const char *end, const char *by,
		struct rp_err **err)
{
	if (!is_file_name(name))
		return rp_err_set(err, RP_ERR_BACKUP,
				  "%s names '%.*s', which is no file of such a backup: it was tampered with",
				  by, RP_PG_FILE_MAX, name);
	return fn(ctx, name, end, err);
}

static int read_entry(struct reader *r, rp_pg_file_fn *fn, void *ctx, struct rp_err **err)
{
	char kind[RP_PG_TEXT_MAX], file[RP_PG_TEXT_MAX], copy[2];
	int64_t id = read_int(r);
	(void)read_int(r); /* has rows */
	skip_texts(r, 3);  /* two OIDs, tag */
	(void)read_text(r, kind, sizeof kind);
	(void)read_int(r); /* section */
	skip_texts(r, 2);  /* definition, how to drop it */
	(void)read_text(r, copy, sizeof copy);
	skip_texts(r, 2); /* schema, tablespace */
	if (r->version >= 14)
		skip_texts(r, 1); /* access method */
	if (r->version >= 16)
		(void)read_int(r); /* kind of relation */
	skip_texts(r, 2);	   /* owner, with OIDs */
	while (!r->bad && read_text(r, NULL, 0))
		; /* what it depends on */
	bool has = read_text(r, file, sizeof file);
	if (r->bad || id <= 0)
		return damaged(r, err);
	if (!has || file[0] == '\0')
		return 0;
	const char *end = strcmp(kind, "TABLE DATA") != 0 ? NULL : copy[0] != '\0' ? "\\.\n\n\n" : "\n\n";
	return give(fn, ctx, file, end, "toc.dat", err);
}

int rp_pg_toc_read(struct rp_stream *toc, rp_pg_file_fn *fn, void *ctx, struct rp_err **err)
{
	struct reader r = {.from = toc, .err = err};
	int64_t n = 0;
	if (read_header(&r, &n, err) < 0)
		return -1;
	for (int64_t i = 0; i < n; i++)
		if (read_entry(&r, fn, ctx, err) < 0)
			return -1;
	return 0;
}

static int read_blob(const char *line, rp_pg_file_fn *fn, void *ctx, struct rp_err **err)
{
	size_t digits = strspn(line, "0123456789");
	if (digits == 0 || digits > 10 || line[digits] != ' ')
		return rp_err_set(err, RP_ERR_BACKUP, "its list of large objects is damaged");
	return give(fn, ctx, line + digits + 1, NULL, "the list of large objects", err);
}

int rp_pg_blobs_read(struct rp_stream *list, rp_pg_file_fn *fn, void *ctx, struct rp_err **err)
{
	struct reader r = {.from = list, .err = err};
	char line[LINE_MAX_BLOB];
	size_t n = 0;
	for (;;) {
		unsigned c = read_byte(&r);
		if (r.failed)
			return -1;
		if (r.bad && n == 0)
			return 0;
		if (r.bad || c == '\0' || n == sizeof line - 1)
			return rp_err_set(err, RP_ERR_BACKUP,
					  "its list of large objects is truncated or damaged");
		line[n] = c == '\n' ? '\0' : (char)c;
		n++;
		if (c != '\n')
			continue;
		if (read_blob(line, fn, ctx, err) < 0)
			return -1;
		n = 0;
	}
}
