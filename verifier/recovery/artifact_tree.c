/* SPDX-License-Identifier: MIT */
/* Artifacts that are a directory, or a tar of one. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/recovery/artifact.h"
#include "verifier/recovery/stage.h"
#include "verifier/recovery/tar.h"
#include "verifier/util/arena.h"
#include "verifier/util/beneath.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/parse.h"

#define MEMBERS_MAX	 ((RP_HEAD_MAX / 512) + 1)
#define MORE_MEMBERS_MAX 20000 /* with what they begin with, ten megabytes */
#define MORE_BYTES_MAX	 (UINT64_C(1) << 30)

struct seen {
	struct rp_arena *memory;
	struct rp_tar_member *all;
	size_t n, max;
	bool copies; /* what they begin with does not stay where it is */
	bool failed;
};

static int see(void *ctx, const struct rp_tar_member *m)
{
	struct seen *s = ctx;
	if (s->n == s->max)
		return 1;
	struct rp_tar_member kept = *m;
	kept.name = rp_arena_strdup(s->memory, m->name);
	if (s->copies && m->len > 0)
		kept.data = rp_arena_memdup(s->memory, m->data, m->len);
	s->failed = kept.name == NULL || (m->len > 0 && kept.data == NULL);
	if (s->failed)
		return 1;
	s->all[s->n++] = kept;
	return 0;
}

int rp_artifact_see_members(struct rp_artifact *a, struct rp_err **err)
{
	const uint8_t *head;
	size_t len;
	/* What is wrong with the file is told to whom it concerns: whoever reads it. */
	if (rp_artifact_head(a, &head, &len, NULL) < 0 || !rp_tar_begins(head, len))
		return 0;
	struct seen s = {.memory = a->memory,
			 .max = MEMBERS_MAX,
			 .all = rp_arena_alloc(a->memory, MEMBERS_MAX * sizeof(struct rp_tar_member))};
	if (s.all != NULL)
		rp_tar_members(head, len, see, &s);
	if (s.all == NULL || s.failed)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	a->members = s.all;
	a->n_members = s.n;
	return 0;
}

/* A reading of its own, of which nothing is given out. */
static int open_again(struct rp_artifact *a, struct rp_stream **ret, struct rp_err **err)
{
	return a->store->driver->read(a->store, a->point, &a->point->files[0], ret, err);
}

int rp_artifact_see_more(struct rp_artifact *a, struct rp_err **err)
{
	rp_auto(rp_stream) top = NULL;
	struct rp_stream *stored = NULL;
	bool whole;
	struct seen s = {.memory = a->memory, .max = MORE_MEMBERS_MAX, .copies = true};
	if (!rp_artifact_is_tar(a))
		return 0;
	s.all = rp_arena_array(a->memory, MORE_MEMBERS_MAX, sizeof(struct rp_tar_member));
	if (s.all == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (open_again(a, &stored, err) < 0 ||
	    rp_unwrap(&top, stored, a->point->size, rp_artifact_unwrapping(a), NULL, err) < 0 ||
	    rp_tar_scan(top, MORE_BYTES_MAX, false, see, &s, &whole, a->store->run, err) < 0)
		return rp_err_wrap(err, "look into backup '%s'", a->point->id);
	if (s.failed)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (s.n >= a->n_members) {
		a->members = s.all;
		a->n_members = s.n;
	}
	return 0;
}

bool rp_artifact_is_tar(const struct rp_artifact *a)
{
	return a->n_members > 0;
}

static int compare_names(const void *name, const void *file)
{
	return strcmp(name, ((const struct rp_file *)file)->name);
}

const struct rp_file *rp_artifact_file(const struct rp_artifact *a, const char *name)
{
	return bsearch(name, a->files, a->n_files, sizeof *a->files, compare_names);
}

const char *rp_artifact_name(const struct rp_artifact *a, size_t i)
{
	if (rp_artifact_is_tar(a))
		return i < a->n_members ? a->members[i].name : NULL;
	return i < a->n_files ? a->files[i].name : NULL;
}

/* Do all names lie below the first 'len' bytes of this one, which end before a '/', or are a directory above? */
static bool is_top(const struct rp_artifact *a, const char *path, size_t len)
{
	for (size_t i = 0; i < a->n_members; i++) {
		const struct rp_tar_member *m = &a->members[i];
		size_t n = strlen(m->name);
		bool above = m->directory && n <= len && strncmp(path, m->name, n) == 0 &&
			     (path[n] == '/' || n == len);
		if (!above && !(n > len && strncmp(m->name, path, len) == 0 && m->name[len] == '/'))
			return false;
	}
	return true;
}

static const struct rp_tar_member *member(const struct rp_artifact *a, const char *name)
{
	size_t len = strlen(name);
	for (size_t i = 0; i < a->n_members; i++) {
		const char *m = a->members[i].name;
		size_t n = strlen(m);
		if (n < len || strcmp(m + n - len, name) != 0)
			continue;
		if (n == len || (n > len + 1 && m[n - len - 1] == '/' && is_top(a, m, n - len - 1)))
			return &a->members[i];
	}
	return NULL;
}

bool rp_artifact_has(const struct rp_artifact *a, const char *name)
{
	if (rp_artifact_is_tar(a))
		return member(a, name) != NULL;
	return a->point->tree && rp_artifact_file(a, name) != NULL;
}

static size_t copy_bytes(uint8_t *to, size_t room, const uint8_t *from, size_t len)
{
	size_t n = len < room ? len : room;
	if (n > 0)
		memcpy(to, from, n);
	return n;
}

/* What is wrong with its bytes is told when they are read in earnest. */
static int look_into_file(struct rp_artifact *a, const struct rp_file *f, uint8_t *buf, size_t room,
			  size_t *ret_len, struct rp_err **err)
{
	rp_autoerr struct rp_err *damage = NULL;
	rp_auto(rp_stream) top = NULL;
	struct rp_stream *stored = NULL;
	const struct rp_file *listed = &a->point->files[f - a->files];
	if (a->store->driver->read(a->store, a->point, listed, &stored, err) < 0)
		return -1;
	if (rp_unwrap(&top, stored, listed->size, rp_artifact_unwrapping(a), NULL, &damage) < 0)
		return rp_err_kind(damage) == RP_ERR_NOMEM ? rp_err_set(err, RP_ERR_NOMEM, "out of memory")
							   : 0;
	while (*ret_len < room) {
		ssize_t n = rp_stream_read(top, buf + *ret_len, room - *ret_len, NULL);
		if (n <= 0)
			break;
		*ret_len += (size_t)n;
	}
	return 0;
}

int rp_artifact_look(struct rp_artifact *a, const char *name, uint8_t *buf, size_t room, size_t *ret_len,
		     struct rp_err **err)
{
	*ret_len = 0;
	if (rp_artifact_is_tar(a)) {
		const struct rp_tar_member *m = member(a, name);
		*ret_len = m != NULL ? copy_bytes(buf, room, m->data, m->len) : 0;
		return 0;
	}
	const struct rp_file *f = a->point->tree ? rp_artifact_file(a, name) : NULL;
	return f != NULL ? look_into_file(a, f, buf, room, ret_len, err) : 0;
}

static int has_room(const struct rp_artifact *a, const char *dir, struct rp_err **err)
{
	uint64_t room;
	if (rp_disk_free(dir, &room, err) < 0)
		return -1;
	if (a->point->size <= room)
		return 0;
	char want[RP_TIME_TEXT], have[RP_TIME_TEXT], lack[RP_TIME_TEXT];
	rp_size_format(a->point->size, want);
	rp_size_format(room, have);
	rp_size_format(a->point->size - room, lack);
	return rp_err_set(err, RP_ERR_IO,
			  "not enough disk for a copy of '%s': it takes %s, '%s' has %s, so %s are missing",
			  a->point->id, want, dir, have, lack);
}

static int place_file(struct rp_artifact *a, const struct rp_file *f, bool unwrapped, int into,
		      struct rp_err **err)
{
	rp_auto(rp_stream) from = NULL;
	if ((unwrapped ? rp_artifact_read : rp_artifact_read_stored)(a, f, &from, err) < 0)
		return -1;
	rp_autoclose int fd = rp_beneath_create(into, f->name);
	if (fd < 0)
		return rp_err_sys(err, errno, "create '%s'", f->name);
	return rp_copy_out(from, fd, err) < 0 ? rp_err_wrap(err, "'%s'", f->name) : 0;
}

static int place_files(struct rp_artifact *a, const char *path, bool unwrapped, struct rp_err **err)
{
	rp_autoclose int into = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (into < 0)
		return rp_err_sys(err, errno, "open '%s'", path);
	for (size_t i = 0; i < a->n_files; i++)
		if (place_file(a, &a->files[i], unwrapped, into, err) < 0)
			return -1;
	for (size_t i = 0; i < a->point->n_empty; i++) {
		const char *leaf;
		rp_autoclose int parent = rp_beneath_parent(into, a->point->empty[i], true, &leaf);
		if (parent < 0 || (mkdirat(parent, leaf, 0700) < 0 && errno != EEXIST))
			return rp_err_sys(err, errno, "create directory '%s'", a->point->empty[i]);
	}
	return 0;
}

/* Its name, if a directory holds one entry and that is a directory; else NULL. */
static char *only_directory(const char *path)
{
	DIR *dir = opendir(path);
	char *only = NULL;
	size_t n = 0;
	const struct dirent *e;
	while (dir != NULL && n < 2 && (e = readdir(dir)) != NULL) {
		struct stat st;
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (n++ == 0 && fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISDIR(st.st_mode))
			only = strdup(e->d_name);
	}
	if (dir != NULL)
		(void)closedir(dir);
	if (n == 1)
		return only;
	free(only);
	return NULL;
}

/* "tar czf x.tgz /backups/2026/shop": what is around the backup itself is of no interest. */
static int take_tops_off(const char *path, struct rp_err **err)
{
	for (;;) {
		rp_autofree char *only = only_directory(path), *below = NULL, *beside = NULL;
		if (only == NULL)
			return 0;
		if (asprintf(&below, "%s/%s", path, only) < 0)
			below = NULL;
		if (asprintf(&beside, "%s.top", path) < 0)
			beside = NULL;
		if (below == NULL || beside == NULL)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		if (rename(below, beside) < 0 || rmdir(path) < 0 || rename(beside, path) < 0)
			return rp_err_sys(err, errno, "take '%s' out of its directory", below);
	}
}

static int place_members(struct rp_artifact *a, const char *path, struct rp_err **err)
{
	rp_auto(rp_stream) from = NULL;
	if (rp_artifact_read(a, &a->files[0], &from, err) < 0 ||
	    rp_tar_unpack(from, a->point->id, path, a->store->run, err) < 0)
		return -1;
	return take_tops_off(path, err);
}

int rp_artifact_place_tree(struct rp_artifact *a, const char *dir, bool unwrapped, char **ret_path,
			   struct rp_err **err)
{
	rp_autofree char *path = NULL;
	if (!a->point->tree && !rp_artifact_is_tar(a))
		return rp_err_set(err, RP_ERR_USAGE, "'%s' is neither a directory nor a tar of one",
				  a->point->id);
	if (has_room(a, dir, err) < 0)
		return -1;
	if (asprintf(&path, "%s/artifact.XXXXXX", dir) < 0) {
		path = NULL;
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	if (mkdtemp(path) == NULL) /* 0700 */
		return rp_err_sys(err, errno, "make '%s'", path);
	if ((a->point->tree ? place_files(a, path, unwrapped, err) : place_members(a, path, err)) < 0) {
		(void)rp_tree_remove(path, NULL);
		return rp_err_wrap(err, "copy backup '%s' into the scratch", a->point->id);
	}
	*ret_path = rp_take(path);
	return 0;
}

void rp_files_free(struct rp_file *files, size_t n)
{
	for (size_t i = 0; files != NULL && i < n; i++)
		rp_file_done(&files[i]);
	free(files);
}

int rp_artifact_layers(struct rp_artifact *a, struct rp_layers *ret, struct rp_err **err)
{
	rp_auto(rp_stream) stored = NULL;
	*ret = (struct rp_layers){0};
	if (a->wrapped[0] == NULL || a->point->tree)
		return 0;
	if (rp_artifact_read_stored(a, &a->files[0], &stored, err) < 0)
		return -1;
	return rp_unwrap_layers(rp_take(stored), a->point->size, rp_artifact_unwrapping(a), ret, err);
}

struct listed_members {
	struct rp_file *all;
	size_t n, room;
	size_t top; /* SIZE_MAX: none was seen yet */
	bool failed, other;
};

/* How far two names have their directories in common. */
static size_t common_top(const char *a, size_t top, const char *b)
{
	size_t common = 0;
	for (size_t i = 0; i < top && a[i] == b[i]; i++)
		if (a[i] == '/')
			common = i + 1;
	return common;
}

static int list_member(void *ctx, const struct rp_tar_member *m)
{
	struct listed_members *l = ctx;
	l->other = l->other || m->other;
	if (m->directory)
		return 0;
	if (l->n == l->room) {
		size_t room = l->room > 0 ? l->room * 2 : 64;
		struct rp_file *all = reallocarray(l->all, room, sizeof *all);
		l->failed = all == NULL;
		if (l->failed)
			return 1;
		l->all = all;
		l->room = room;
	}
	struct rp_file f = {.name = strdup(m->name), .size = m->size, .digested = m->sha256 != NULL};
	l->failed = f.name == NULL;
	if (l->failed)
		return 1;
	if (m->sha256 != NULL)
		memcpy(f.sha256, m->sha256, sizeof f.sha256);
	const char *slash = strrchr(f.name, '/');
	size_t own = slash != NULL ? (size_t)(slash - f.name) + 1 : 0;
	l->top = l->n == 0 ? own : common_top(f.name, own < l->top ? own : l->top, l->all[0].name);
	l->all[l->n++] = f;
	return l->n < RP_TAR_ENTRIES_MAX ? 0 : 1;
}

/* One that cannot be unpacked is not what was sealed, and is told of elsewhere. */
int rp_artifact_members(struct rp_artifact *a, struct rp_file **ret, size_t *ret_n, size_t *ret_top,
			struct rp_err **err)
{
	rp_auto(rp_stream) top = NULL;
	struct listed_members l = {0};
	bool whole = false;
	*ret = NULL;
	*ret_n = *ret_top = 0;
	if (!rp_artifact_is_tar(a))
		return 0;
	if (rp_artifact_read(a, &a->files[0], &top, err) < 0)
		return -1;
	int r = rp_tar_scan(top, UINT64_MAX, true, list_member, &l, &whole, a->store->run, err);
	if (r == 0 && l.failed)
		r = rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (r < 0 || !whole || l.other) {
		rp_files_free(l.all, l.n);
		return r;
	}
	*ret = l.all;
	*ret_n = l.n;
	*ret_top = l.top;
	return 0;
}

struct taken {
	struct rp_point *point;
};

static int take_it(void *ctx, const struct rp_point *p, struct rp_err **err)
{
	struct taken *t = ctx;
	return rp_point_copy(&t->point, p, err) < 0 ? -1 : 1;
}

int rp_artifact_digests(const char *path, struct rp_file **ret, size_t *ret_n, struct rp_run *run,
			struct rp_err **err)
{
	rp_auto(rp_store) store = NULL;
	struct taken taken = {0};
	if (rp_store_open_whole(&store, path, run, err) < 0)
		return -1;
	int r = store->driver->list(store, take_it, &taken, err);
	rp_auto(rp_point) point = taken.point;
	rp_auto(rp_artifact) a = NULL;
	if (r < 0 || rp_artifact_open(&a, store, point, NULL, err) < 0 || rp_artifact_finish(a, err) < 0)
		return -1;
	*ret = rp_take(a->files);
	*ret_n = a->n_files;
	a->n_files = 0;
	return 0;
}
