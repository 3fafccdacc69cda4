/* SPDX-License-Identifier: MIT */
#include "verifier/util/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/util/cleanup.h"

static bool part_is_plain(const char *part, size_t len)
{
	return len > 0 && !(len == 1 && part[0] == '.') && !(len == 2 && part[0] == '.' && part[1] == '.');
}

bool rp_beneath_name(const char *name)
{
	size_t len = strlen(name);
	if (len == 0 || len > RP_BENEATH_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
			return false;
	for (;;) {
		size_t n = strcspn(name, "/");
		if (!part_is_plain(name, n))
			return false;
		if (name[n] == '\0')
			return true;
		name += n + 1;
	}
}

static int step_down(int fd, const char *part, bool make)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int next = openat(fd, part, flags);
	if (next >= 0 || errno != ENOENT || !make)
		return next;
	if (mkdirat(fd, part, 0700) < 0 && errno != EEXIST)
		return -1;
	return openat(fd, part, flags);
}

int rp_beneath_parent(int dirfd, const char *name, bool make, const char **ret_leaf)
{
	if (!rp_beneath_name(name)) {
		errno = EINVAL;
		return -1;
	}
	rp_autoclose int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *slash;
	while (fd >= 0 && (slash = strchr(name, '/')) != NULL) {
		char part[RP_BENEATH_MAX + 1];
		memcpy(part, name, (size_t)(slash - name));
		part[slash - name] = '\0';
		int next = step_down(fd, part, make);
		rp_closep(&fd);
		fd = next;
		name = slash + 1;
	}
	*ret_leaf = name;
	return rp_take_fd(&fd);
}

int rp_beneath_open(int dirfd, const char *name, int flags, mode_t mode)
{
	const char *leaf;
	rp_autoclose int parent = rp_beneath_parent(dirfd, name, false, &leaf);
	return parent < 0 ? -1 : openat(parent, leaf, flags | O_CLOEXEC | O_NOFOLLOW, mode);
}

int rp_beneath_create(int dirfd, const char *name)
{
	const char *leaf;
	rp_autoclose int parent = rp_beneath_parent(dirfd, name, true, &leaf);
	return parent < 0 ? -1
			  : openat(parent, leaf, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
}
