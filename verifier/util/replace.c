/* SPDX-License-Identifier: MIT */
/* Files that are replaced whole: written beside, then renamed. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

/* PATH.reprove-XXXXXX is locked with flock() from its making to its renaming. The kernel lets go when a process
 * ends, however it ends: one that can be locked belongs to nobody, and whoever writes PATH next removes it. */
#define MIDDLE	  ".reprove-"
#define RANDOM	  6
#define NEW_TRIES 20

static void dir_closep(DIR **d)
{
	if (*d != NULL)
		(void)closedir(*d);
}

static bool is_beside(const char *name, const char *base)
{
	size_t n = strlen(base), m = sizeof MIDDLE - 1;
	if (strncmp(name, base, n) != 0 || strncmp(name + n, MIDDLE, m) != 0 ||
	    strlen(name) != n + m + RANDOM)
		return false;
	for (const char *p = name + n + m; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p))
			return false;
	return true;
}

static void remove_if_abandoned(int at, const char *name)
{
	rp_autoclose int fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid())
		return;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		(void)unlinkat(at, name, 0);
}

/* What cannot be removed, or not even seen, does not keep us from writing. */
static void remove_abandoned(const char *path)
{
	rp_autofree char *for_dir = strdup(path);
	rp_autofree char *for_base = strdup(path);
	rp_cleanup(dir_closep) DIR *d = for_dir != NULL ? opendir(dirname(for_dir)) : NULL;
	if (d == NULL || for_base == NULL)
		return;
	const char *base = basename(for_base);
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		if (is_beside(e->d_name, base))
			remove_if_abandoned(dirfd(d), e->d_name);
}

/* Between its making and its locking another run may take it for abandoned: then it is gone, or locked, and
 * another is made. Where there are no locks nobody removes anything either. */
static bool is_ours(int fd)
{
	struct stat st;
	bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
	return locked && fstat(fd, &st) == 0 && st.st_nlink > 0;
}

int rp_file_beside(const char *path, char **ret_name, struct rp_err **err)
{
	remove_abandoned(path);
	for (int i = 0; i < NEW_TRIES; i++) {
		rp_autofree char *name = NULL;
		if (asprintf(&name, "%s" MIDDLE "XXXXXX", path) < 0) {
			name = NULL;
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		}
		rp_autoclose int fd = mkostemp(name, O_CLOEXEC); /* 0600 */
		if (fd < 0)
			return rp_err_sys(err, errno, "create a file beside '%s'", path);
		if (is_ours(fd)) {
			*ret_name = rp_take(name);
			return rp_take_fd(&fd);
		}
		(void)unlink(name);
	}
	return rp_err_set(err, RP_ERR_IO, "create a file beside '%s': others remove it every time", path);
}

static int sync_directory_of(const char *path, struct rp_err **err)
{
	rp_autofree char *copy = strdup(path);
	if (copy == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	const char *dir = dirname(copy);
	rp_autoclose int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return rp_err_sys(err, errno, "sync directory '%s'", dir);
	return 0;
}

int rp_file_publish(int fd, const char *name, const char *path, struct rp_err **err)
{
	if (fsync(fd) < 0)
		return rp_err_sys(err, errno, "write '%s': fsync", path);
	if (rename(name, path) < 0)
		return rp_err_sys(err, errno, "rename to '%s'", path);
	return sync_directory_of(path, err);
}

static int write_new_file(int fd, const void *data, size_t len, mode_t mode, struct rp_err **err)
{
	if (fchmod(fd, mode) < 0)
		return rp_err_sys(err, errno, "change mode");
	return rp_write_all(fd, data, len, err);
}

int rp_file_replace(const char *path, const void *data, size_t len, mode_t mode, struct rp_err **err)
{
	rp_autofree char *name = NULL;
	rp_autoclose int fd = rp_file_beside(path, &name, err);
	if (fd < 0)
		return -1;
	if (write_new_file(fd, data, len, mode, err) < 0) {
		(void)unlink(name);
		return rp_err_wrap(err, "write '%s'", path);
	}
	if (rp_file_publish(fd, name, path, err) < 0) {
		(void)unlink(name); /* not there any more where it was renamed */
		return -1;
	}
	return 0;
}
