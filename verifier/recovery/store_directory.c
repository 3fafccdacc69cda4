/* SPDX-License-Identifier: MIT */
/* Backups as files on this machine: one file, or a directory with one backup a file. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/recovery/members.h"
#include "verifier/recovery/store.h"
#include "verifier/util/error.h"

struct directory {
	struct rp_store base;
	char *path;
	int fd; /* of the file or the directory, opened once: what its name means later is of no interest */
	bool single; /* path is one file */
};

struct listed {
	char *name;
	struct stat st;
};

struct listing {
	struct listed *all;
	size_t n, room;
};

static void listing_done(struct listing *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->all[i].name);
	free(l->all);
}

static void directory_close(struct rp_store *s)
{
	struct directory *d = (struct directory *)s;
	if (d == NULL)
		return;
	if (d->fd >= 0)
		(void)close(d->fd);
	free(d->path);
	free(d);
}

static int directory_open(struct rp_store **ret, const char *uri, struct rp_run *run, struct rp_err **err)
{
	/* Links are followed: it is the name that the user gave. O_NONBLOCK: a fifo must not hold us up. */
	rp_autoclose int fd = open(uri, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return rp_err_sys(err, errno, "open '%s'", uri);
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return rp_err_set(err, RP_ERR_IO, "'%s' is neither a file nor a directory", uri);
	if (S_ISDIR(st.st_mode) && faccessat(fd, "toc.dat", F_OK, 0) == 0) {
		(void)rp_err_set(err, RP_ERR_IO,
				 "'%s' is a pg_dump of the directory format, which is not "
				 "supported yet",
				 uri);
		return rp_err_hint(err, "make it with 'pg_dump --format=custom'");
	}
	struct directory *d = calloc(1, sizeof *d);
	char *path = strdup(uri);
	if (d == NULL || path == NULL) {
		free(d);
		free(path);
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	*d = (struct directory){.base = {.driver = &rp_store_directory, .run = run},
				.path = path,
				.fd = rp_take_fd(&fd),
				.single = S_ISREG(st.st_mode)};
	*ret = &d->base;
	return 0;
}

static int listing_add(struct listing *l, const char *name, const struct stat *st, struct rp_err **err)
{
	if (l->n == l->room) {
		size_t room = l->room > 0 ? l->room * 2 : 16;
		struct listed *all = reallocarray(l->all, room, sizeof *all);
		if (all == NULL)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		l->all = all;
		l->room = room;
	}
	char *copy = strdup(name);
	if (copy == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	l->all[l->n++] = (struct listed){.name = copy, .st = *st};
	return 0;
}

/* Regular files only: a link to the newest one would be that one a second time. Hidden ones are half-made. */
static int list_entries(struct directory *d, struct listing *l, struct rp_err **err)
{
	rp_autoclose int fd = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (dir == NULL)
		return rp_err_sys(err, errno, "list '%s'", d->path);
	(void)rp_take_fd(&fd);
	int r = 0;
	for (;;) {
		errno = 0;
		const struct dirent *e = readdir(dir);
		struct stat st;
		if (e == NULL && errno != 0)
			r = rp_err_sys(err, errno, "list '%s'", d->path);
		if (e == NULL || r < 0)
			break;
		if (e->d_name[0] == '.' || fstatat(d->fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		r = listing_add(l, e->d_name, &st, err);
	}
	(void)closedir(dir);
	return r;
}

static int newest_first(const void *va, const void *vb)
{
	const struct listed *a = va, *b = vb;
	const struct timespec *x = &a->st.st_mtim, *y = &b->st.st_mtim;
	if (x->tv_sec != y->tv_sec)
		return x->tv_sec > y->tv_sec ? -1 : 1;
	if (x->tv_nsec != y->tv_nsec)
		return x->tv_nsec > y->tv_nsec ? -1 : 1;
	return strcmp(b->name, a->name);
}

static int list_single(struct directory *d, struct listing *l, struct rp_err **err)
{
	struct stat st;
	if (fstat(d->fd, &st) < 0)
		return rp_err_sys(err, errno, "stat '%s'", d->path);
	const char *slash = strrchr(d->path, '/');
	return listing_add(l, slash != NULL ? slash + 1 : d->path, &st, err);
}

static int give(struct directory *d, struct listed *e, rp_point_fn *fn, void *ctx, struct rp_err **err)
{
	rp_autofree char *path = NULL;
	if (asprintf(&path, "%s%s%s", d->path, d->single ? "" : "/", d->single ? "" : e->name) < 0) {
		path = NULL;
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	struct rp_file file = {.name = e->name, .size = (uint64_t)e->st.st_size};
	struct rp_point p = {.id = d->single ? d->path : e->name,
			     .path = path,
			     .taken_ms =
				     (int64_t)e->st.st_mtim.tv_sec * 1000 + e->st.st_mtim.tv_nsec / 1000000,
			     .size = file.size,
			     .files = &file,
			     .n_files = 1};
	return fn(ctx, &p, err);
}

static int directory_list(struct rp_store *s, rp_point_fn *fn, void *ctx, struct rp_err **err)
{
	struct directory *d = (struct directory *)s;
	rp_cleanup(listing_done) struct listing l = {0};
	if ((d->single ? list_single(d, &l, err) : list_entries(d, &l, err)) < 0)
		return -1;
	if (l.n > 1)
		qsort(l.all, l.n, sizeof *l.all, newest_first);
	int r = 0;
	for (size_t i = 0; i < l.n && r == 0; i++)
		r = give(d, &l.all[i], fn, ctx, err);
	return r < 0 ? -1 : 0;
}

/* Reads at an offset of its own, so that two readers of one descriptor do not meet. */
struct reader {
	struct rp_stream base;
	int fd;
	off_t at;
	char *name;
};

static ssize_t reader_read(struct rp_stream *s, void *buf, size_t len, struct rp_err **err)
{
	struct reader *r = (struct reader *)s;
	ssize_t n;
	do
		n = pread(r->fd, buf, len, r->at);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return rp_err_sys(err, errno, "read '%s'", r->name);
	r->at += n;
	return n;
}

static void reader_close(struct rp_stream *s)
{
	struct reader *r = (struct reader *)s;
	(void)close(r->fd);
	free(r->name);
	free(r);
}

static int directory_read(struct rp_store *s, const struct rp_point *p, const struct rp_file *f,
			  struct rp_stream **ret, struct rp_err **err)
{
	static const struct rp_stream_ops ops = {.read = reader_read, .close = reader_close};
	const struct directory *d = (const struct directory *)s;
	rp_autoclose int fd =
		d->single ? fcntl(d->fd, F_DUPFD_CLOEXEC, 3)
			  : openat(d->fd, f->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return rp_err_sys(err, errno, "open '%s'", p->path);
	if (!S_ISREG(st.st_mode))
		return rp_err_set(err, RP_ERR_IO, "'%s' is not a regular file", p->path);
	struct reader *r = calloc(1, sizeof *r);
	char *name = strdup(p->path);
	if (r == NULL || name == NULL) {
		free(r);
		free(name);
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	*r = (struct reader){.base.ops = &ops, .fd = rp_take_fd(&fd), .name = name};
	(void)posix_fadvise(r->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	*ret = &r->base;
	return 0;
}

static const char *const schemes[] = {"", NULL};

const struct rp_store_driver rp_store_directory = {
	.name = "directory",
	.schemes = schemes,
	.open = directory_open,
	.list = directory_list,
	.read = directory_read,
	.close = directory_close,
};
