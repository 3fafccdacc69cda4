/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/recovery/pg_dump.h"
#include "verifier/recovery/pg_toc.h"
#include "verifier/recovery/unwrap.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/stream.h"

#define FILES_MAX 10000000
#define SAID	  5 /* files that are named one by one */

struct name {
	char s[RP_PG_FILE_MAX];
};

struct check {
	const char *path;
	int dir;
	struct name *all; /* of files that were named and are there */
	size_t n, room;
	bool deep;
};

static int keep(struct check *c, const char *name, struct rp_err **err)
{
	if (c->n == c->room) {
		size_t room = c->room > 0 ? c->room * 2 : 64;
		struct name *all = room <= FILES_MAX * 2 ? reallocarray(c->all, room, sizeof *all) : NULL;
		if (all == NULL)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory for the names of files");
		c->all = all;
		c->room = room;
	}
	(void)snprintf(c->all[c->n++].s, sizeof c->all->s, "%s", name);
	return 0;
}

static int open_file(const struct check *c, const char *name, struct rp_stream **ret, struct rp_err **err)
{
	rp_autofree char *path = NULL;
	if (asprintf(&path, "%s/%s", c->path, name) < 0) {
		path = NULL;
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	return rp_stream_of_file(ret, path, err);
}

/* The last bytes of a file that is not compressed. */
static bool ends_with(const struct check *c, const char *file, off_t size, const char *end)
{
	char last[16];
	size_t n = strlen(end);
	rp_autoclose int fd = openat(c->dir, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 && size >= (off_t)n && pread(fd, last, n, size - (off_t)n) == (ssize_t)n &&
	       memcmp(last, end, n) == 0;
}

/* The same of one that is, which is read for it. */
static int unpack(const struct check *c, const char *file, off_t size, const char *end, struct rp_err **err)
{
	struct rp_stream *stored = NULL;
	rp_auto(rp_stream) from = NULL;
	char chunk[64 << 10], last[16] = "";
	size_t n = end != NULL ? strlen(end) : 0;
	ssize_t got;
	if (open_file(c, file, &stored, err) < 0 ||
	    rp_unwrap(&from, stored, (uint64_t)size, NULL, NULL, err) < 0)
		return -1;
	while ((got = rp_stream_read(from, chunk, sizeof chunk, err)) > 0) {
		size_t fresh = (size_t)got < n ? (size_t)got : n;
		memmove(last, last + fresh, n - fresh);
		memcpy(last + n - fresh, chunk + got - fresh, fresh);
	}
	if (got < 0)
		return -1;
	return n == 0 || memcmp(last, end, n) == 0 ? 0 : rp_err_set(err, RP_ERR_BACKUP, "truncated");
}

static int check_file(const struct check *c, const char *file, bool packed, const char *end,
		      struct rp_err **err)
{
	struct stat st;
	if (fstatat(c->dir, file, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return rp_err_sys(err, errno, "'%s'", file);
	if (!S_ISREG(st.st_mode))
		return rp_err_set(err, RP_ERR_BACKUP, "'%s' is not a regular file", file);
	/* pg_restore takes it for a table without rows; even of that one pg_dump writes the end. */
	if (end != NULL && st.st_size == 0)
		return rp_err_set(err, RP_ERR_BACKUP, "'%s' is empty: a table's rows are lost", file);
	if (!packed && end != NULL && !ends_with(c, file, st.st_size, end))
		return rp_err_set(err, RP_ERR_BACKUP, "'%s' is truncated: a table's rows are lost", file);
	if (packed && c->deep && unpack(c, file, st.st_size, end, err) < 0)
		return rp_err_wrap(err, "'%s'", file);
	return 0;
}

/* As it stands there, or compressed in one of the ways that pg_dump knows. */
static int find(void *ctx, const char *name, const char *end, struct rp_err **err)
{
	static const char *const suffixes[] = {"", ".gz", ".lz4", ".zst"};
	struct check *c = ctx;
	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
		char file[RP_PG_FILE_MAX];
		(void)snprintf(file, sizeof file, "%s%s", name, suffixes[i]);
		if (faccessat(c->dir, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return check_file(c, file, i > 0, end, err) < 0 ? -1 : keep(c, file, err);
	}
	return rp_err_set(err, RP_ERR_BACKUP, "'%s' is missing, which its table of contents names", name);
}

/* One that lists large objects, and then those in it. */
static int find_file(void *ctx, const char *name, const char *end, struct rp_err **err)
{
	struct check *c = ctx;
	size_t n = strlen(name);
	rp_auto(rp_stream) list = NULL;
	if (find(c, name, end, err) < 0)
		return -1;
	if (strncmp(name, "blobs", 5) != 0 || n < 4 || strcmp(name + n - 4, ".toc") != 0)
		return 0;
	return open_file(c, name, &list, err) < 0 ? -1 : rp_pg_blobs_read(list, find, c, err);
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* pg_restore does not touch them; whoever compares with what was sealed asks about each. */
static int tell_others(struct check *c, struct rp_buf *said, struct rp_err **err)
{
	rp_autoclose int fd = fcntl(c->dir, F_DUPFD_CLOEXEC, 3);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	if (d == NULL)
		return rp_err_sys(err, errno, "list '%s'", c->path);
	(void)rp_take_fd(&fd);
	size_t others = 0;
	if (c->n > 1)
		qsort(c->all, c->n, sizeof *c->all, compare);
	for (const struct dirent *e; (e = readdir(d)) != NULL;) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
		    strcmp(e->d_name, "toc.dat") == 0 ||
		    (c->n > 0 && bsearch(e->d_name, c->all, c->n, sizeof *c->all, compare) != NULL))
			continue;
		if (others++ < SAID)
			rp_buf_addf(said,
				    "'%s' is no part of the dump: its table of contents does not name it\n",
				    e->d_name);
	}
	(void)closedir(d);
	if (others > SAID)
		rp_buf_addf(said, "and %zu more\n", others - SAID);
	return 0;
}

int rp_pg_directory_check(const char *dir, bool deep, struct rp_buf *said, struct rp_err **err)
{
	rp_auto(rp_stream) toc = NULL;
	struct check c = {.path = dir, .deep = deep, .dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
	if (c.dir < 0)
		return rp_err_sys(err, errno, "open '%s'", dir);
	int r = open_file(&c, "toc.dat", &toc, err);
	r = r < 0 ? -1 : rp_pg_toc_read(toc, find_file, &c, err);
	r = r < 0 ? -1 : tell_others(&c, said, err);
	(void)close(c.dir);
	free(c.all);
	return r;
}
