/* SPDX-License-Identifier: MIT */
/* Backups as files on this machine: one file, a directory that is one backup, or a directory of both kinds. */
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
#include "verifier/recovery/store_tree.h"
#include "verifier/util/beneath.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"

#define DEPTH_MAX   8 /* of directories of backups: by host, by database, by year ... */
#define ENTRIES_MAX 1000000

struct directory {
	struct rp_store base;
	char *path;
	int fd; /* of the file or the directory, opened once: what its name means later is of no interest */
	bool single; /* path is one file */
	bool whole;  /* path is one directory that is one backup */
	const struct rp_mark *mark;
};

/* One that may be a backup; of a tree, no more than where it is. */
struct listed {
	char *name; /* relative; "": path itself */
	struct timespec when;
	uint64_t size;
	bool tree, links_aside;
	const char *aside;
	struct rp_err *fault;
};

struct listing {
	struct directory *of;
	struct listed *all;
	size_t n, room;
};

static void listing_done(struct listing *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->all[i].name);
		rp_err_free(l->all[i].fault);
	}
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

int rp_store_directory_open(struct rp_store **ret, const char *uri, bool whole, struct rp_run *run,
			    struct rp_err **err)
{
	/* Links are followed: it is the name that the user gave. O_NONBLOCK: a fifo must not hold us up. */
	rp_autoclose int fd = open(uri, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return rp_err_sys(err, errno, "open '%s'", uri);
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return rp_err_set(err, RP_ERR_IO, "'%s' is neither a file nor a directory", uri);
	struct directory *d = calloc(1, sizeof *d);
	char *path = strdup(uri);
	if (d == NULL || path == NULL) {
		free(d);
		free(path);
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	for (size_t n = strlen(path); n > 1 && path[n - 1] == '/'; n--)
		path[n - 1] = '\0';
	*d = (struct directory){.base = {.driver = &rp_store_directory, .run = run},
				.path = path,
				.fd = rp_take_fd(&fd),
				.single = S_ISREG(st.st_mode)};
	if (!d->single) {
		d->mark = rp_tree_mark(d->fd);
		d->whole = whole || d->mark != NULL;
	}
	*ret = &d->base;
	return 0;
}

static int directory_open(struct rp_store **ret, const char *uri, struct rp_run *run, struct rp_err **err)
{
	return rp_store_directory_open(ret, uri, false, run, err);
}

static int listing_add(struct listing *l, const char *name, const struct stat *st, struct listed **ret,
		       struct rp_err **err)
{
	if (l->n == ENTRIES_MAX)
		return rp_err_set(err, RP_ERR_IO, "'%s' has more than %d entries", l->of->path, ENTRIES_MAX);
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
	*ret = &l->all[l->n++];
	**ret = (struct listed){.name = copy, .when = st->st_mtim, .size = (uint64_t)st->st_size};
	return 0;
}

static const char *kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return NULL;
	case S_IFLNK:
		/* A link to the newest one would be that one a second time. */
		return "a symbolic link";
	case S_IFIFO:
		return "a named pipe";
	case S_IFSOCK:
		return "a socket";
	default:
		return "a device";
	}
}

static int list_below(struct listing *l, int fd, const char *prefix, unsigned depth, struct rp_err **err);

static bool newer(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

/* One that cannot be entered is listed as such: who knows what is in it. */
static int list_directory(struct listing *l, int fd, const char *entry, const char *name,
			  const struct stat *st, unsigned depth, struct rp_err **err)
{
	rp_autoclose int below = openat(fd, entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int errnum = errno;
	const struct rp_mark *mark = below >= 0 ? rp_tree_mark(below) : NULL;
	struct listed *e;
	if (below >= 0 && mark == NULL && depth < DEPTH_MAX)
		return list_below(l, below, name, depth + 1, err);
	if (listing_add(l, name, st, &e, err) < 0)
		return -1;
	e->tree = true;
	e->links_aside = mark != NULL && mark->links_aside;
	if (below < 0)
		(void)rp_err_sys(&e->fault, errnum, "open directory '%s/%s'", l->of->path, name);
	else if (mark == NULL)
		(void)rp_err_set(&e->fault, RP_ERR_IO, "it lies too deep to be looked into");
	return 0;
}

static int list_entry(struct listing *l, int fd, const char *entry, const char *name, unsigned depth,
		      struct rp_err **err)
{
	struct stat st;
	struct listed *e;
	if (rp_run_check(l->of->base.run, err) < 0)
		return -1;
	if (fstatat(fd, entry, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : rp_err_sys(err, errno, "look at '%s/%s'", l->of->path, name);
	if (S_ISDIR(st.st_mode))
		return list_directory(l, fd, entry, name, &st, depth, err);
	if (listing_add(l, name, &st, &e, err) < 0)
		return -1;
	e->aside = kind_of(st.st_mode);
	if (e->aside == NULL && !rp_beneath_name(name))
		(void)rp_err_set(&e->fault, RP_ERR_IO,
				 "its name is too long, or has control characters in it");
	return 0;
}

/* Hidden ones are half-made. */
static int list_below(struct listing *l, int fd, const char *prefix, unsigned depth, struct rp_err **err)
{
	rp_autoclose int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = own >= 0 ? fdopendir(own) : NULL;
	if (dir == NULL)
		return rp_err_sys(err, errno, "list '%s/%s'", l->of->path, prefix);
	(void)rp_take_fd(&own);
	int r = 0;
	while (r == 0) {
		errno = 0;
		const struct dirent *e = readdir(dir);
		if (e == NULL && errno != 0)
			r = rp_err_sys(err, errno, "list '%s/%s'", l->of->path, prefix);
		if (e == NULL)
			break;
		if (e->d_name[0] == '.')
			continue;
		rp_autofree char *name = NULL;
		if (asprintf(&name, "%s%s%s", prefix, prefix[0] != '\0' ? "/" : "", e->d_name) < 0) {
			name = NULL;
			r = rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		} else {
			r = list_entry(l, fd, e->d_name, name, depth, err);
		}
	}
	(void)closedir(dir);
	return r;
}

static int list_single(struct listing *l, struct rp_err **err)
{
	struct directory *d = l->of;
	struct stat st;
	struct listed *e;
	if (fstat(d->fd, &st) < 0)
		return rp_err_sys(err, errno, "stat '%s'", d->path);
	if (listing_add(l, "", &st, &e, err) < 0)
		return -1;
	e->tree = !d->single;
	e->links_aside = d->mark != NULL && d->mark->links_aside;
	return 0;
}

static int newest_first(const void *va, const void *vb)
{
	const struct listed *a = va, *b = vb;
	if (newer(&a->when, &b->when) || newer(&b->when, &a->when))
		return newer(&a->when, &b->when) ? -1 : 1;
	return strcmp(b->name, a->name);
}

/* What is wrong with one of many must not hide the others: it is told of that one. */
static int put_aside(struct rp_point *p, struct rp_err *why, struct rp_err **err)
{
	enum rp_err_kind kind = rp_err_kind(why);
	if (kind != RP_ERR_IO && kind != RP_ERR_BACKUP)
		return rp_err_set(err, kind, "%s", rp_err_text(why));
	p->fault = strdup(rp_err_text(why));
	p->fault_kind = kind;
	return p->fault != NULL ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

static int fill_tree(struct directory *d, const struct listed *e, struct rp_tree *tree, struct rp_point *p,
		     struct rp_err **err)
{
	rp_autoerr struct rp_err *why = NULL;
	rp_autoclose int fd = e->name[0] == '\0' ? openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
						 : rp_beneath_open(d->fd, e->name, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		(void)rp_err_sys(&why, errno, "open directory '%s'", p->path);
	else if (rp_tree_list(fd, e->links_aside, tree, d->base.run, &why) == 0 && tree->n_files == 0)
		(void)rp_err_set(&why, RP_ERR_BACKUP, "there is no file in it");
	if (why != NULL)
		return put_aside(p, why, err);
	p->files = tree->files;
	p->n_files = tree->n_files;
	p->empty = tree->empty;
	p->n_empty = tree->n_empty;
	p->size = tree->size;
	p->taken_ms = tree->newest_ms;
	return 0;
}

static int give(struct directory *d, const struct listed *e, rp_point_fn *fn, void *ctx, struct rp_err **err)
{
	bool itself = e->name[0] == '\0';
	rp_autofree char *path = NULL, *id = strdup(itself ? d->path : e->name);
	const char *base = strrchr(id != NULL ? id : "", '/');
	if (id == NULL || asprintf(&path, "%s%s%s", d->path, itself ? "" : "/", e->name) < 0) {
		path = NULL;
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	rp_autofree char *name = strdup(base != NULL ? base + 1 : id);
	if (name == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	struct rp_file file = {.name = name, .size = e->size};
	struct rp_point p = {.id = id,
			     .path = path,
			     .taken_ms = (int64_t)e->when.tv_sec * 1000 + e->when.tv_nsec / 1000000,
			     .size = e->size,
			     .files = &file,
			     .n_files = 1,
			     .tree = e->tree,
			     .aside = e->aside};
	rp_cleanup(rp_tree_done) struct rp_tree tree = {0};
	if (e->fault != NULL || e->tree) {
		p.files = NULL;
		p.n_files = 0;
		p.size = 0;
		if ((e->fault != NULL ? put_aside(&p, e->fault, err) : fill_tree(d, e, &tree, &p, err)) < 0)
			return -1;
	}
	int r = fn(ctx, &p, err);
	free(p.fault);
	return r;
}

/* The newest file tells how new a tree is, and the directory itself does not: removing a file changes that. */
static int date_trees(struct listing *l, struct rp_err **err)
{
	struct directory *d = l->of;
	for (size_t i = 0; i < l->n; i++) {
		struct listed *e = &l->all[i];
		rp_cleanup(rp_tree_done) struct rp_tree tree = {0};
		struct rp_point p = {.path = e->name};
		if (!e->tree || e->fault != NULL || e->name[0] == '\0')
			continue;
		if (fill_tree(d, e, &tree, &p, err) < 0)
			return -1;
		free(p.fault);
		if (p.n_files > 0)
			e->when = (struct timespec){.tv_sec = p.taken_ms / 1000,
						    .tv_nsec = p.taken_ms % 1000 * 1000000};
	}
	return 0;
}

static int directory_list(struct rp_store *s, rp_point_fn *fn, void *ctx, struct rp_err **err)
{
	struct directory *d = (struct directory *)s;
	rp_cleanup(listing_done) struct listing l = {.of = d};
	bool one = d->single || d->whole;
	if ((one ? list_single(&l, err) : list_below(&l, d->fd, "", 0, err)) < 0 || date_trees(&l, err) < 0)
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

/* Below the directory that was opened, whatever links have come to lie there since it was listed. */
static int open_file(const struct directory *d, const struct rp_point *p, const struct rp_file *f)
{
	if (d->single)
		return fcntl(d->fd, F_DUPFD_CLOEXEC, 3);
	if (d->whole)
		return rp_tree_open(d->fd, f->name);
	if (!p->tree)
		return rp_beneath_open(d->fd, p->id, O_RDONLY | O_NONBLOCK, 0);
	rp_autoclose int tree = rp_beneath_open(d->fd, p->id, O_RDONLY | O_DIRECTORY, 0);
	return tree < 0 ? -1 : rp_tree_open(tree, f->name);
}

static int directory_read(struct rp_store *s, const struct rp_point *p, const struct rp_file *f,
			  struct rp_stream **ret, struct rp_err **err)
{
	static const struct rp_stream_ops ops = {.read = reader_read, .close = reader_close};
	const struct directory *d = (const struct directory *)s;
	rp_autofree char *name = NULL;
	if (asprintf(&name, "%s%s%s", p->path, p->tree ? "/" : "", p->tree ? f->name : "") < 0) {
		name = NULL;
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	rp_autoclose int fd = open_file(d, p, f);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return rp_err_sys(err, errno, "open '%s'", name);
	if (!S_ISREG(st.st_mode))
		return rp_err_set(err, RP_ERR_IO, "'%s' is not a regular file", name);
	struct reader *r = calloc(1, sizeof *r);
	if (r == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	*r = (struct reader){.base.ops = &ops, .fd = rp_take_fd(&fd), .name = rp_take(name)};
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
