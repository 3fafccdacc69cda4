/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/store_tree.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/util/beneath.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"

#define DEPTH_MAX 32

struct walk {
	struct rp_tree *tree;
	bool links_aside;
	bool (*wanted)(const char *name); /* of a directory behind a link; NULL: all */
	struct rp_run *run;
	unsigned depth;
};

static bool is_number(const char *s)
{
	return s[0] != '\0' && s[strspn(s, "0123456789")] == '\0';
}

/* "000000010000000A0000003F", with whatever a tool has put behind it, and the histories of timelines. */
static bool is_log(const char *name)
{
	size_t n = strspn(name, "0123456789ABCDEF");
	return n == 24 || (n == 8 && strncmp(name + 8, ".history", 8) == 0);
}

static bool is_version_directory(const char *name)
{
	return strncmp(name, "PG_", 3) == 0 && isdigit((unsigned char)name[3]);
}

/* The two places where PostgreSQL itself has links. Behind them lies a directory that somebody else may have chosen:
 * of that we take what a server puts there and nothing else. */
static bool (*behind(const char *name))(const char *)
{
	if (strcmp(name, "pg_wal") == 0)
		return is_log;
	if (strncmp(name, "pg_tblspc/", 10) == 0 && is_number(name + 10))
		return is_version_directory;
	return NULL;
}

static int grow(void *array, size_t *room, size_t n, size_t each, struct rp_err **err)
{
	if (n < *room)
		return 0;
	void **all = array;
	size_t more = *room > 0 ? *room * 2 : 16;
	void *grown = reallocarray(*all, more, each);
	if (grown == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	*all = grown;
	*room = more;
	return 0;
}

static int add_file(struct rp_tree *t, const char *name, const struct stat *st, struct rp_err **err)
{
	if (t->n_files == RP_TREE_FILES_MAX)
		return rp_err_set(err, RP_ERR_IO, "it has more than %d files", RP_TREE_FILES_MAX);
	if (grow(&t->files, &t->room, t->n_files, sizeof *t->files, err) < 0)
		return -1;
	struct rp_file f = {.name = strdup(name), .size = (uint64_t)st->st_size};
	if (f.name == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	t->files[t->n_files++] = f;
	t->size += f.size;
	int64_t ms = (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
	if (ms > t->newest_ms)
		t->newest_ms = ms;
	return 0;
}

static int add_empty(struct rp_tree *t, const char *name, struct rp_err **err)
{
	if (t->n_empty == RP_TREE_FILES_MAX)
		return rp_err_set(err, RP_ERR_IO, "it has more than %d directories", RP_TREE_FILES_MAX);
	if (grow(&t->empty, &t->room_empty, t->n_empty, sizeof *t->empty, err) < 0)
		return -1;
	t->empty[t->n_empty] = strdup(name);
	if (t->empty[t->n_empty] == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	t->n_empty++;
	return 0;
}

static int walk(struct walk w, int fd, const char *prefix, struct rp_err **err);

static int enter(struct walk w, int fd, const char *entry, const char *name, int flags, struct rp_err **err)
{
	if (++w.depth > DEPTH_MAX)
		return rp_err_set(err, RP_ERR_BACKUP, "'%s' lies more than %d directories deep", name,
				  DEPTH_MAX);
	rp_autoclose int below = openat(fd, entry, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
	if (below < 0 && flags == 0 && (errno == ENOENT || errno == ENOTDIR))
		return rp_err_set(err, RP_ERR_BACKUP, "'%s' is a link to a directory that is not there",
				  name);
	if (below < 0)
		return rp_err_sys(err, errno, "open directory '%s'", name);
	return walk(w, below, name, err);
}

static int take_link(struct walk w, int fd, const char *entry, const char *name, struct rp_err **err)
{
	if (w.links_aside)
		return 0;
	w.wanted = behind(name);
	if (w.wanted == NULL)
		return rp_err_set(err, RP_ERR_BACKUP, "'%s' is a symbolic link, which is refused in a backup",
				  name);
	return enter(w, fd, entry, name, 0, err);
}

static int take(struct walk w, int fd, const char *entry, const char *name, struct rp_err **err)
{
	struct stat st;
	bool (*wanted)(const char *) = rp_take(w.wanted);
	if (wanted != NULL && !wanted(entry))
		return 0;
	if (!rp_beneath_name(name))
		return rp_err_set(err, RP_ERR_BACKUP, "'%s' is no name for a file of a backup", name);
	if (rp_run_check(w.run, err) < 0)
		return -1;
	if (fstatat(fd, entry, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return rp_err_sys(err, errno, "look at '%s'", name);
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		return add_file(w.tree, name, &st, err);
	case S_IFDIR:
		return enter(w, fd, entry, name, O_NOFOLLOW, err);
	case S_IFLNK:
		return take_link(w, fd, entry, name, err);
	default:
		return rp_err_set(err, RP_ERR_BACKUP,
				  "'%s' is neither a file nor a directory, which is refused in a backup",
				  name);
	}
}

static int take_all(struct walk w, int fd, DIR *dir, const char *prefix, struct rp_err **err)
{
	bool any = false;
	for (;;) {
		errno = 0;
		const struct dirent *e = readdir(dir);
		if (e == NULL && errno != 0)
			return rp_err_sys(err, errno, "list directory '%s'", prefix);
		if (e == NULL)
			return any || prefix[0] == '\0' ? 0 : add_empty(w.tree, prefix, err);
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		rp_autofree char *name = NULL;
		any = true;
		if (asprintf(&name, "%s%s%s", prefix, prefix[0] != '\0' ? "/" : "", e->d_name) < 0) {
			name = NULL;
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		}
		if (take(w, fd, e->d_name, name, err) < 0)
			return -1;
	}
}

static int walk(struct walk w, int fd, const char *prefix, struct rp_err **err)
{
	rp_autoclose int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = own >= 0 ? fdopendir(own) : NULL;
	if (dir == NULL)
		return rp_err_sys(err, errno, "list directory '%s'", prefix);
	(void)rp_take_fd(&own);
	int r = take_all(w, fd, dir, prefix, err);
	(void)closedir(dir);
	return r;
}

static int by_name(const void *va, const void *vb)
{
	const struct rp_file *a = va, *b = vb;
	return strcmp(a->name, b->name);
}

int rp_tree_list(int fd, bool links_aside, struct rp_tree *ret, struct rp_run *run, struct rp_err **err)
{
	*ret = (struct rp_tree){0};
	if (walk((struct walk){.tree = ret, .links_aside = links_aside, .run = run}, fd, "", err) < 0)
		return -1;
	if (ret->n_files > 1)
		qsort(ret->files, ret->n_files, sizeof *ret->files, by_name);
	return 0;
}

void rp_tree_done(struct rp_tree *t)
{
	for (size_t i = 0; i < t->n_files; i++)
		rp_file_done(&t->files[i]);
	for (size_t i = 0; i < t->n_empty; i++)
		free(t->empty[i]);
	free(t->files);
	free(t->empty);
	*t = (struct rp_tree){0};
}

/* "pg_tblspc/16400" of "pg_tblspc/16400/PG_15_202209061/5/112"; 0: there is no such place in it. */
static size_t linked_part(const char *name)
{
	if (strncmp(name, "pg_wal/", 7) == 0)
		return 6;
	if (strncmp(name, "pg_tblspc/", 10) != 0)
		return 0;
	size_t digits = strspn(name + 10, "0123456789");
	return digits > 0 && name[10 + digits] == '/' ? 10 + digits : 0;
}

int rp_tree_open(int fd, const char *name)
{
	const int flags = O_RDONLY | O_NONBLOCK;
	size_t n = linked_part(name);
	int file = rp_beneath_open(fd, name, flags, 0);
	if (file >= 0 || n == 0 || (errno != ELOOP && errno != ENOTDIR))
		return file;
	char link[64];
	if (n >= sizeof link)
		return -1;
	memcpy(link, name, n);
	link[n] = '\0';
	const char *leaf;
	rp_autoclose int parent = rp_beneath_parent(fd, link, false, &leaf);
	rp_autoclose int below = parent < 0 ? -1 : openat(parent, leaf, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return below < 0 ? -1 : rp_beneath_open(below, name + n + 1, flags, 0);
}
