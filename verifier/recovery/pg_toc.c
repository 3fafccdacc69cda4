/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/pg_toc.h"

#include <string.h>

#include "verifier/recovery/pg_archive.h"
#include "verifier/util/error.h"

#define LINE_MAX_BLOB 128

static void skip_texts(struct rp_pg_reader *r, unsigned n)
{
	while (n-- > 0)
		(void)rp_pg_read_text(r, NULL, 0);
}

static int damaged(const struct rp_pg_reader *r, struct rp_err **err)
{
	if (r->failed)
		return -1;
	return rp_err_set(err, RP_ERR_BACKUP, "its table of contents (toc.dat) is truncated or damaged");
}

static int read_head(struct rp_pg_reader *r, unsigned *ret_version, int64_t *ret_n, struct rp_err **err)
{
	struct rp_pg_archive head;
	if (!rp_pg_read_header(r, &head) || head.major != 1 ||
	    (head.format != RP_PG_TAR && head.format != RP_PG_DIRECTORY))
		return damaged(r, err);
	if (head.minor < 12)
		return rp_err_set(err, RP_ERR_ENGINE,
				  "it was made by a pg_dump before 9.0, which is not known here");
	*ret_version = head.minor;
	*ret_n = rp_pg_read_int(r);
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

static int read_entry(struct rp_pg_reader *r, unsigned version, rp_pg_file_fn *fn, void *ctx,
		      struct rp_err **err)
{
	char kind[RP_PG_TEXT_MAX], file[RP_PG_TEXT_MAX], copy[2];
	int64_t id = rp_pg_read_int(r);
	(void)rp_pg_read_int(r); /* has rows */
	skip_texts(r, 3);	 /* two OIDs, tag */
	(void)rp_pg_read_text(r, kind, sizeof kind);
	(void)rp_pg_read_int(r); /* section */
	skip_texts(r, 2);	 /* definition, how to drop it */
	(void)rp_pg_read_text(r, copy, sizeof copy);
	skip_texts(r, 2); /* schema, tablespace */
	if (version >= 14)
		skip_texts(r, 1); /* access method */
	if (version >= 16)
		(void)rp_pg_read_int(r); /* kind of relation */
	skip_texts(r, 2);		 /* owner, with OIDs */
	while (!r->bad && rp_pg_read_text(r, NULL, 0))
		; /* what it depends on */
	bool has = rp_pg_read_text(r, file, sizeof file);
	if (r->bad || id <= 0)
		return damaged(r, err);
	if (!has || file[0] == '\0')
		return 0;
	const char *end = strcmp(kind, "TABLE DATA") != 0 ? NULL : copy[0] != '\0' ? "\\.\n\n\n" : "\n\n";
	return give(fn, ctx, file, end, "toc.dat", err);
}

int rp_pg_toc_read(struct rp_stream *toc, rp_pg_file_fn *fn, void *ctx, struct rp_err **err)
{
	struct rp_pg_reader r = {.from = toc, .err = err};
	unsigned version = 0;
	int64_t n = 0;
	if (read_head(&r, &version, &n, err) < 0)
		return -1;
	for (int64_t i = 0; i < n; i++)
		if (read_entry(&r, version, fn, ctx, err) < 0)
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
	struct rp_pg_reader r = {.from = list, .err = err};
	char line[LINE_MAX_BLOB];
	size_t n = 0;
	for (;;) {
		unsigned c = rp_pg_read_byte(&r);
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
