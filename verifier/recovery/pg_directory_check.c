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

/* As it stands there, or compressed in one of the ways that pg_dump knows. */
static int find(struct check *c, const char *name, bool rows, struct rp_err **err)
{
	static const char *const suffixes[] = {"", ".gz", ".lz4", ".zst"};
	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
		char file[RP_PG_FILE_MAX];
		struct stat st;
		(void)snprintf(file, sizeof file, "%s%s", name, suffixes[i]);
		if (fstatat(c->dir, file, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (!S_ISREG(st.st_mode))
			return rp_err_set(err, RP_ERR_BACKUP, "'%s' is not a regular file", file);
		/* pg_restore takes it for a table without rows; even of that one pg_dump writes the end. */
		if (rows && st.st_size == 0)
			return rp_err_set(err, RP_ERR_BACKUP, "'%s' is empty: a table's rows are lost", file);
		return keep(c, file, err);
	}
	return rp_err_set(err, RP_ERR_BACKUP, "'%s' is missing, which its table of contents names", name);
}

static int find_object(void *ctx, const char *name, bool rows, struct rp_err **err)
{
	return find(ctx, name, rows, err);
}

static int read_file(struct check *c, const char *name, struct rp_stream **ret, struct rp_err **err)
{
	rp_autofree char *path = NULL;
	if (asprintf(&path, "%s/%s", c->path, name) < 0) {
		path = NULL;
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	return rp_stream_of_file(ret, path, err);
}

/* One that lists large objects, and then those in it. */
static int find_file(void *ctx, const char *name, bool rows, struct rp_err **err)
{
	struct check *c = ctx;
	size_t n = strlen(name);
	rp_auto(rp_stream) list = NULL;
	if (find(c, name, rows, err) < 0)
		return -1;
	if (strncmp(name, "blobs", 5) != 0 || n < 4 || strcmp(name + n - 4, ".toc") != 0)
		return 0;
	return read_file(c, name, &list, err) < 0 ? -1 : rp_pg_blobs_read(list, find_object, c, err);
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

int rp_pg_directory_check(const char *dir, struct rp_buf *said, struct rp_err **err)
{
	rp_auto(rp_stream) toc = NULL;
	struct check c = {.path = dir, .dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
	if (c.dir < 0)
		return rp_err_sys(err, errno, "open '%s'", dir);
	int r = read_file(&c, "toc.dat", &toc, err);
	r = r < 0 ? -1 : rp_pg_toc_read(toc, find_file, &c, err);
	r = r < 0 ? -1 : tell_others(&c, said, err);
	(void)close(c.dir);
	free(c.all);
	return r;
}
