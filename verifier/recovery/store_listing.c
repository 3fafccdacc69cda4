/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/store_listing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verifier/recovery/store_tree.h"
#include "verifier/util/beneath.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"

#define DEPTH_MAX   8	   /* of directories of backups: by host, by database, by year ... */
#define ENTRIES_MAX 200000 /* a quarter of a kilobyte each */

void rp_listing_done(struct rp_listing *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->all[i].name);
		rp_err_free(l->all[i].fault);
	}
	free(l->all);
}

static int list_below(struct rp_listing *l, int fd, const char *prefix, unsigned depth, struct rp_err **err);

int rp_listing_add(struct rp_listing *l, const char *name, const struct stat *st, struct rp_listed **ret,
		   struct rp_err **err)
{
	if (l->n == ENTRIES_MAX) {
		(void)rp_err_set(err, RP_ERR_IO, "'%s' has more than %d entries", l->path, ENTRIES_MAX);
		return rp_err_hint(err, "name the backup itself, or the directory that it lies in");
	}
	if (l->n == l->room) {
		size_t room = l->room > 0 ? l->room * 2 : 16;
		struct rp_listed *all = reallocarray(l->all, room, sizeof *all);
		if (all == NULL)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		l->all = all;
		l->room = room;
	}
	char *copy = strdup(name);
	if (copy == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	*ret = &l->all[l->n++];
	**ret = (struct rp_listed){.name = copy, .when = st->st_mtim, .size = (uint64_t)st->st_size};
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

/* One that cannot be entered is listed as such: who knows what is in it. */
static int list_directory(struct rp_listing *l, int fd, const char *entry, const char *name,
			  const struct stat *st, unsigned depth, struct rp_err **err)
{
	rp_autoclose int below = openat(fd, entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int errnum = errno;
	const struct rp_mark *mark = below >= 0 ? rp_tree_mark(below) : NULL;
	struct rp_listed *e;
	if (below >= 0 && mark == NULL && depth < DEPTH_MAX)
		return list_below(l, below, name, depth + 1, err);
	if (rp_listing_add(l, name, st, &e, err) < 0)
		return -1;
	e->tree = true;
	e->links_aside = mark != NULL && mark->links_aside;
	if (below < 0)
		(void)rp_err_sys(&e->fault, errnum, "open directory '%s/%s'", l->path, name);
	else if (mark == NULL)
		(void)rp_err_set(&e->fault, RP_ERR_IO, "it lies too deep to be looked into");
	return 0;
}

static int list_entry(struct rp_listing *l, int fd, const char *entry, const char *name, unsigned depth,
		      struct rp_err **err)
{
	struct stat st;
	struct rp_listed *e;
	if (rp_run_check(l->run, err) < 0)
		return -1;
	if (fstatat(fd, entry, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : rp_err_sys(err, errno, "look at '%s/%s'", l->path, name);
	if (S_ISDIR(st.st_mode))
		return list_directory(l, fd, entry, name, &st, depth, err);
	if (rp_listing_add(l, name, &st, &e, err) < 0)
		return -1;
	e->aside = kind_of(st.st_mode);
	if (e->aside == NULL && !rp_beneath_name(name))
		(void)rp_err_set(&e->fault, RP_ERR_IO,
				 "its name is too long, or has control characters in it");
	return 0;
}

/* Hidden ones are half-made. */
static int list_below(struct rp_listing *l, int fd, const char *prefix, unsigned depth, struct rp_err **err)
{
	rp_autoclose int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = own >= 0 ? fdopendir(own) : NULL;
	if (dir == NULL)
		return rp_err_sys(err, errno, "list '%s/%s'", l->path, prefix);
	(void)rp_take_fd(&own);
	int r = 0;
	while (r == 0) {
		errno = 0;
		const struct dirent *e = readdir(dir);
		if (e == NULL && errno != 0)
			r = rp_err_sys(err, errno, "list '%s/%s'", l->path, prefix);
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

int rp_listing_below(struct rp_listing *l, int fd, struct rp_err **err)
{
	return list_below(l, fd, "", 0, err);
}

static bool newer(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

static int newest_first(const void *va, const void *vb)
{
	const struct rp_listed *a = va, *b = vb;
	if (newer(&a->when, &b->when) || newer(&b->when, &a->when))
		return newer(&a->when, &b->when) ? -1 : 1;
	return strcmp(b->name, a->name);
}

void rp_listing_sort(struct rp_listing *l)
{
	if (l->n > 1)
		qsort(l->all, l->n, sizeof *l->all, newest_first);
}
