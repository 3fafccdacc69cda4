/* SPDX-License-Identifier: MIT */
#include "verifier/util/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

int rp_write_all(int fd, const void *data, size_t len, struct rp_err **err)
{
	const uint8_t *p = data;
	while (len > 0) {
		ssize_t n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return rp_err_sys(err, errno, "write");
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int rp_file_read(const char *path, struct rp_buf *into, struct rp_err **err)
{
	/* O_NONBLOCK: a fifo in the place of the file must not hold us up. */
	rp_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return rp_err_sys(err, errno, "open '%s'", path);
	struct stat st;
	if (fstat(fd, &st) < 0)
		return rp_err_sys(err, errno, "stat '%s'", path);
	if (!S_ISREG(st.st_mode))
		return rp_err_set(err, RP_ERR_IO, "'%s' is not a regular file", path);
	for (;;) {
		char chunk[64 << 10];
		ssize_t n = read(fd, chunk, sizeof chunk);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return rp_err_sys(err, errno, "read '%s'", path);
		if (n == 0)
			return 0;
		rp_buf_add_mem(into, chunk, (size_t)n);
		if (into->failed)
			return rp_err_set(err, RP_ERR_IO,
					  "'%s' is larger than %zu bytes, the most that is read", path,
					  into->max);
	}
}

int rp_dir_make(const char *path, mode_t mode, struct rp_err **err)
{
	rp_autofree char *p = strdup(path);
	if (p == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (char *at = p + 1;; at++) {
		char c = *at;
		if (c != '/' && c != '\0')
			continue;
		*at = '\0';
		if (mkdir(p, mode) < 0 && errno != EEXIST)
			return rp_err_sys(err, errno, "make directory '%s'", p);
		*at = c;
		if (c == '\0')
			break;
	}
	struct stat st;
	if (stat(path, &st) < 0)
		return rp_err_sys(err, errno, "stat '%s'", path);
	return S_ISDIR(st.st_mode) ? 0 : rp_err_sys(err, ENOTDIR, "make directory '%s'", path);
}

static void dir_closep(DIR **d)
{
	if (*d != NULL)
		(void)closedir(*d);
}

/* Next entry that is not "." or ".."; NULL with errno 0 at the end. */
static struct dirent *next_entry(DIR *d)
{
	struct dirent *e;
	do {
		errno = 0;
		e = readdir(d);
	} while (e != NULL && (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0));
	return e;
}

static DIR *open_directory_at(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	if (d == NULL && fd >= 0)
		(void)close(fd);
	return d;
}

static int remove_at(int at, const char *name, struct rp_err **err)
{
	if (unlinkat(at, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return rp_err_sys(err, errno, "remove '%s'", name);
	rp_cleanup(dir_closep) DIR *d = open_directory_at(at, name);
	if (d == NULL)
		return rp_err_sys(err, errno, "open directory '%s'", name);
	struct dirent *e;
	while ((e = next_entry(d)) != NULL)
		if (remove_at(dirfd(d), e->d_name, err) < 0)
			return rp_err_wrap(err, "in '%s'", name);
	if (errno != 0)
		return rp_err_sys(err, errno, "list '%s'", name);
	if (unlinkat(at, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return rp_err_sys(err, errno, "remove directory '%s'", name);
	return 0;
}

int rp_tree_remove(const char *path, struct rp_err **err)
{
	return remove_at(AT_FDCWD, path, err);
}

static int size_at(int at, const char *name, uint64_t *total, struct rp_err **err)
{
	struct stat st;
	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return rp_err_sys(err, errno, "stat '%s'", name);
	*total += (uint64_t)st.st_size;
	if (!S_ISDIR(st.st_mode))
		return 0;
	rp_cleanup(dir_closep) DIR *d = open_directory_at(at, name);
	if (d == NULL)
		return rp_err_sys(err, errno, "open directory '%s'", name);
	struct dirent *e;
	while ((e = next_entry(d)) != NULL)
		if (size_at(dirfd(d), e->d_name, total, err) < 0)
			return rp_err_wrap(err, "in '%s'", name);
	return errno == 0 ? 0 : rp_err_sys(err, errno, "list '%s'", name);
}

int rp_tree_size(const char *path, uint64_t *ret, struct rp_err **err)
{
	uint64_t total = 0;
	if (size_at(AT_FDCWD, path, &total, err) < 0)
		return -1;
	*ret = total;
	return 0;
}

int rp_disk_free(const char *path, uint64_t *ret, struct rp_err **err)
{
	struct statvfs v;
	if (statvfs(path, &v) < 0)
		return rp_err_sys(err, errno, "free space of '%s'", path);
	*ret = (uint64_t)v.f_bavail * v.f_frsize;
	return 0;
}
