/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/store_sets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/recovery/members.h"
#include "verifier/recovery/store.h"
#include "verifier/recovery/store_tree.h"
#include "verifier/util/beneath.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"

struct sets {
	struct rp_store base;
	int fd;
	struct rp_set_list of;
};

enum rp_sets rp_sets_of(const struct rp_store *s)
{
	return s != NULL && s->driver == &rp_store_sets ? ((const struct sets *)s)->of.kind : RP_SETS_NONE;
}

static void sets_close(struct rp_store *store)
{
	struct sets *s = (struct sets *)store;
	if (s == NULL)
		return;
	rp_sets_done(&s->of);
	if (s->fd >= 0)
		(void)close(s->fd);
	free(s->of.path);
	free(s);
}

static int sets_open(struct rp_store **ret, const char *uri, struct rp_run *run, struct rp_err **err)
{
	/* Links are followed: it is the name that the user gave. */
	rp_autoclose int fd = open(uri, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return rp_err_sys(err, errno, "open directory '%s'", uri);
	struct sets *s = calloc(1, sizeof *s);
	if (s == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	*s = (struct sets){.base = {.driver = &rp_store_sets, .run = run},
			   .fd = rp_take_fd(&fd),
			   .of.path = strdup(uri)};
	if (s->of.path == NULL)
		(void)rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (s->of.path == NULL || rp_sets_find(s->fd, &s->of, err) < 0) {
		sets_close(&s->base);
		return -1;
	}
	for (size_t n = strlen(s->of.path); n > 1 && s->of.path[n - 1] == '/'; n--)
		s->of.path[n - 1] = '\0';
	*ret = &s->base;
	return 0;
}

/* Whatever is wrong with it, the store of plain directories says it. */
static bool sets_claims(const char *uri)
{
	struct rp_store *s = NULL;
	if (sets_open(&s, uri, NULL, NULL) < 0)
		return false;
	bool any = ((struct sets *)s)->of.n > 0;
	sets_close(s);
	return any;
}

static int add_name(char **ret, const char *prefix, const char *name, struct rp_err **err)
{
	if (asprintf(ret, "%s/%s", prefix, name) >= 0)
		return 0;
	*ret = NULL;
	return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

static int make_room(struct rp_tree *to, size_t files, size_t empty, struct rp_err **err)
{
	struct rp_file *all = reallocarray(to->files, to->n_files + files + 1, sizeof *all);
	char **dirs = all != NULL ? reallocarray(to->empty, to->n_empty + empty + 1, sizeof *dirs) : NULL;
	to->files = all != NULL ? all : to->files;
	to->empty = dirs != NULL ? dirs : to->empty;
	return dirs != NULL ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

/* All below one directory of the store, under its name. Links are what tools make for people ("latest"). */
static int gather(struct sets *s, int root, const char *name, struct rp_tree *to, struct rp_err **err)
{
	rp_cleanup(rp_tree_done) struct rp_tree part = {0};
	rp_autoclose int fd = rp_sets_open(root, name, "", O_DIRECTORY);
	if (fd < 0)
		return rp_err_sys(err, errno, "open directory '%s/%s'", s->of.path, name);
	if (rp_tree_list(fd, true, &part, s->base.run, err) < 0 ||
	    make_room(to, part.n_files, part.n_empty, err) < 0)
		return -1;
	for (size_t i = 0; i < part.n_files; i++) {
		struct rp_file f = part.files[i];
		if (add_name(&f.name, name, part.files[i].name, err) < 0)
			return -1;
		to->files[to->n_files++] = f;
		to->size += f.size;
	}
	for (size_t i = 0; i < part.n_empty; i++)
		if (add_name(&to->empty[to->n_empty], name, part.empty[i], err) < 0)
			return -1;
		else
			to->n_empty++;
	return 0;
}

static int gather_one(int root, const char *name, struct rp_tree *to, struct rp_err **err)
{
	struct stat st;
	rp_autoclose int fd = rp_sets_open(root, name, "", 0);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0; /* of each there are two, and the tool says when it misses both */
	if (make_room(to, 1, 0, err) < 0)
		return -1;
	struct rp_file f = {.name = strdup(name), .size = (uint64_t)st.st_size};
	if (f.name == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	to->files[to->n_files++] = f;
	to->size += f.size;
	return 0;
}

static int gather_pgbackrest(struct sets *s, int root, const struct rp_set *set, struct rp_tree *to,
			     struct rp_err **err)
{
	static const char *const about[] = {"archive/%s/archive.info", "archive/%s/archive.info.copy",
					    "backup/%s/backup.info", "backup/%s/backup.info.copy"};
	char name[RP_BENEATH_MAX];
	for (size_t i = 0; i < sizeof about / sizeof about[0]; i++) {
		const char *from = strchr(about[i], '%');
		(void)snprintf(name, sizeof name, "%.*s%s%s", (int)(from - about[i]), about[i], set->server,
			       from + 2);
		if (gather_one(root, name, to, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < s->of.n; i++) {
		const struct rp_set *other = &s->of.all[i];
		if (strcmp(other->server, set->server) != 0 ||
		    !rp_pgbackrest_rests_upon(set->label, other->label))
			continue;
		(void)snprintf(name, sizeof name, "backup/%s/%s", other->server, other->label);
		if (gather(s, root, name, to, err) < 0)
			return -1;
	}
	return 0;
}

static int by_name(const void *va, const void *vb)
{
	const struct rp_file *a = va, *b = vb;
	return strcmp(a->name, b->name);
}

static int gather_all(struct sets *s, const struct rp_set *set, struct rp_tree *to, struct rp_err **err)
{
	char name[RP_BENEATH_MAX];
	if (s->of.kind == RP_SETS_PGBACKREST) {
		if (gather_pgbackrest(s, s->fd, set, to, err) < 0)
			return -1;
	} else {
		rp_autoclose int root = set->server[0] != '\0'
						? rp_sets_open(s->fd, set->server, "", O_DIRECTORY)
						: openat(s->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		(void)snprintf(name, sizeof name, "base/%s", set->label);
		if (root < 0)
			return rp_err_sys(err, errno, "open directory '%s/%s'", s->of.path, set->server);
		if (gather(s, root, name, to, err) < 0)
			return -1;
	}
	if (to->n_files > 1)
		qsort(to->files, to->n_files, sizeof *to->files, by_name);
	return 0;
}

static int give(struct sets *s, const struct rp_set *set, rp_point_fn *fn, void *ctx, struct rp_err **err)
{
	rp_autobuf id = RP_BUF_INIT(2 * RP_BENEATH_MAX), path = RP_BUF_INIT(2 * RP_BENEATH_MAX);
	rp_autoerr struct rp_err *why = NULL;
	rp_cleanup(rp_tree_done) struct rp_tree tree = {0};
	bool named = set->server[0] != '\0', below = named && s->of.kind == RP_SETS_BARMAN;
	rp_buf_addf(&id, "%s%s%s", set->server, named ? "/" : "", set->label);
	rp_buf_addf(&path, "%s%s%s", s->of.path, below ? "/" : "", below ? set->server : "");
	if (rp_buf_check(&id, err) < 0 || rp_buf_check(&path, err) < 0)
		return -1;
	struct rp_point p = {.id = id.s,
			     .path = path.s,
			     .taken_ms = (int64_t)set->when.tv_sec * 1000 + set->when.tv_nsec / 1000000,
			     .tree = true,
			     .aside = set->aside};
	if (set->aside == NULL && gather_all(s, set, &tree, &why) < 0) {
		enum rp_err_kind kind = rp_err_kind(why);
		if (kind != RP_ERR_IO && kind != RP_ERR_BACKUP)
			return rp_err_set(err, kind, "%s", rp_err_text(why));
		p.fault = strdup(rp_err_text(why));
		p.fault_kind = kind;
		if (p.fault == NULL)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	} else {
		p.files = tree.files;
		p.n_files = tree.n_files;
		p.empty = tree.empty;
		p.n_empty = tree.n_empty;
		p.size = tree.size;
	}
	int r = fn(ctx, &p, err);
	free(p.fault);
	return r;
}

static int sets_list(struct rp_store *store, rp_point_fn *fn, void *ctx, struct rp_err **err)
{
	struct sets *s = (struct sets *)store;
	int r = 0;
	for (size_t i = 0; i < s->of.n && r == 0; i++)
		r = rp_run_check(s->base.run, err) < 0 ? -1 : give(s, &s->of.all[i], fn, ctx, err);
	return r < 0 ? -1 : 0;
}

static int sets_read(struct rp_store *store, const struct rp_point *p, const struct rp_file *f,
		     struct rp_stream **ret, struct rp_err **err)
{
	const struct sets *s = (const struct sets *)store;
	/* "SERVER" of the id "SERVER/ID", where names are relative to it. */
	const char *slash = s->of.kind == RP_SETS_BARMAN ? strrchr(p->id, '/') : NULL;
	rp_autofree char *server = strndup(p->id, slash != NULL ? (size_t)(slash - p->id) : 0);
	struct stat st;
	if (server == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	rp_autoclose int fd = rp_sets_open(s->fd, server, f->name, 0);
	if (fd < 0 || fstat(fd, &st) < 0)
		return rp_err_sys(err, errno, "open '%s/%s'", p->path, f->name);
	if (!S_ISREG(st.st_mode))
		return rp_err_set(err, RP_ERR_IO, "'%s/%s' is not a regular file", p->path, f->name);
	return rp_stream_of_fd(ret, rp_take_fd(&fd), f->name, err);
}

static const char *const schemes[] = {NULL};

const struct rp_store_driver rp_store_sets = {
	.name = "repository",
	.schemes = schemes,
	.claims = sets_claims,
	.open = sets_open,
	.list = sets_list,
	.read = sets_read,
	.close = sets_close,
};
