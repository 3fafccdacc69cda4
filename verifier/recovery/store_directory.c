/* SPDX-License-Identifier: MIT */
/* Backups as files on this machine: one file, a directory that is one backup, or a directory of both kinds. */
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
#include "verifier/recovery/store_listing.h"
#include "verifier/recovery/store_tree.h"
#include "verifier/util/beneath.h"
#include "verifier/util/error.h"

struct directory {
	struct rp_store base;
	char *path;
	int fd; /* of the file or the directory, opened once: what its name means later is of no interest */
	bool single; /* path is one file */
	bool whole;  /* path is one directory that is one backup */
	const struct rp_mark *mark;
};

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

static int list_single(struct directory *d, struct rp_listing *l, struct rp_err **err)
{
	struct stat st;
	struct rp_listed *e;
	if (fstat(d->fd, &st) < 0)
		return rp_err_sys(err, errno, "stat '%s'", d->path);
	if (rp_listing_add(l, "", &st, &e, err) < 0)
		return -1;
	e->tree = !d->single;
	e->links_aside = d->mark != NULL && d->mark->links_aside;
	return 0;
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

static int fill_tree(struct directory *d, const struct rp_listed *e, struct rp_tree *tree, struct rp_point *p,
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

static int give(struct directory *d, const struct rp_listed *e, rp_point_fn *fn, void *ctx,
		struct rp_err **err)
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
static int date_trees(struct directory *d, struct rp_listing *l, struct rp_err **err)
{
	for (size_t i = 0; i < l->n; i++) {
		struct rp_listed *e = &l->all[i];
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
	rp_cleanup(rp_listing_done) struct rp_listing l = {.path = d->path, .run = d->base.run};
	bool one = d->single || d->whole;
	if ((one ? list_single(d, &l, err) : rp_listing_below(&l, d->fd, err)) < 0 ||
	    date_trees(d, &l, err) < 0)
		return -1;
	rp_listing_sort(&l);
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
