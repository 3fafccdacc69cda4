/* SPDX-License-Identifier: MIT */
/* Private copies of artifacts that are a directory, or a tar of one. */
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
#include "verifier/util/beneath.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/parse.h"

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

static int place_file(struct rp_artifact *a, const struct rp_file *f, int into, struct rp_err **err)
{
	rp_auto(rp_stream) from = NULL;
	if (rp_artifact_read_stored(a, f, &from, err) < 0)
		return -1;
	rp_autoclose int fd = rp_beneath_create(into, f->name);
	if (fd < 0)
		return rp_err_sys(err, errno, "create '%s'", f->name);
	return rp_copy_out(from, fd, err) < 0 ? rp_err_wrap(err, "'%s'", f->name) : 0;
}

static int place_files(struct rp_artifact *a, const char *path, struct rp_err **err)
{
	rp_autoclose int into = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (into < 0)
		return rp_err_sys(err, errno, "open '%s'", path);
	for (size_t i = 0; i < a->n_files; i++)
		if (place_file(a, &a->files[i], into, err) < 0)
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

int rp_artifact_place_tree(struct rp_artifact *a, const char *dir, char **ret_path, struct rp_err **err)
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
	if ((a->point->tree ? place_files(a, path, err) : place_members(a, path, err)) < 0) {
		(void)rp_tree_remove(path, NULL);
		return rp_err_wrap(err, "copy backup '%s' into the scratch", a->point->id);
	}
	*ret_path = rp_take(path);
	return 0;
}
