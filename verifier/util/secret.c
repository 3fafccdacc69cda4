/* SPDX-License-Identifier: MIT */
#include "verifier/util/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/util/error.h"
#include "verifier/util/parse.h"

/* Lies at the beginning of a page of its own. One byte more than a secret can have shows that it is too long, and
 * one is for the end of its line. */
struct rp_secret {
	size_t len;
	char text[RP_SECRET_MAX + 2];
};

void rp_secret_free(struct rp_secret *s)
{
	if (s == NULL)
		return;
	explicit_bzero(s, sizeof *s);
	(void)munmap(s, sizeof *s);
}

static int make(struct rp_secret **ret, struct rp_err **err)
{
	void *page = mmap(NULL, sizeof **ret, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	/* An ordinary user may have too little of locked memory, and some machines none; a backup is proved all
	 * the same. */
	(void)mlock(page, sizeof **ret);
	(void)madvise(page, sizeof **ret, MADV_DONTDUMP);
	(void)madvise(page, sizeof **ret, MADV_WIPEONFORK);
	*ret = page;
	return 0;
}

static int keep_first_line(struct rp_secret *s, size_t n, struct rp_err **err)
{
	const char *end = memchr(s->text, '\n', n);
	s->len = end != NULL ? (size_t)(end - s->text) : n;
	if (s->len > RP_SECRET_MAX)
		return rp_err_set(err, RP_ERR_USAGE, "is longer than %d bytes", RP_SECRET_MAX);
	if (s->len == 0)
		return rp_err_set(err, RP_ERR_USAGE, "is empty");
	if (memchr(s->text, '\0', s->len) != NULL)
		return rp_err_set(err, RP_ERR_USAGE, "has a zero byte in it");
	explicit_bzero(s->text + s->len, sizeof s->text - s->len);
	return 0;
}

int rp_secret_of_fd(struct rp_secret **ret, int fd, struct rp_err **err)
{
	rp_auto(rp_secret) s = NULL;
	if (make(&s, err) < 0)
		return -1;
	size_t n = 0;
	for (ssize_t got = 1; got != 0 && n < sizeof s->text;) {
		got = read(fd, s->text + n, sizeof s->text - n);
		if (got < 0 && errno != EINTR)
			return rp_err_sys(err, errno, "read");
		n += got > 0 ? (size_t)got : 0;
	}
	if (keep_first_line(s, n, err) < 0)
		return -1;
	*ret = rp_take(s);
	return 0;
}

int rp_secret_of_descriptor(struct rp_secret **ret, const char *number, struct rp_err **err)
{
	uint64_t fd;
	if (!rp_parse_u64(number, 0, INT_MAX, &fd))
		return rp_err_set(err, RP_ERR_USAGE, "'%s' is no descriptor's number", number);
	return rp_secret_of_fd(ret, (int)fd, err) < 0 ? rp_err_wrap(err, "descriptor %s", number) : 0;
}

static int open_private(const char *path, struct rp_err **err)
{
	rp_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return rp_err_set(err, RP_ERR_USAGE, "%s", strerrordesc_np(errno));
	if (!S_ISREG(st.st_mode))
		return rp_err_set(err, RP_ERR_USAGE, "is not a regular file");
	if ((st.st_mode & 077) != 0) {
		(void)rp_err_set(err, RP_ERR_USAGE,
				 "others may read or change it: its mode is %04o, expected 0600",
				 (unsigned)st.st_mode & 07777U);
		return rp_err_hint(err,
				   "chmod 600 '%s'; where its mode is not yours to choose, hand it over as a "
				   "descriptor by the option that ends with -fd: --passphrase-fd 3 3<'%s'",
				   path, path);
	}
	return rp_take_fd(&fd);
}

int rp_secret_of_file(struct rp_secret **ret, const char *path, struct rp_err **err)
{
	rp_autoclose int fd = open_private(path, err);
	return fd < 0 || rp_secret_of_fd(ret, fd, err) < 0 ? rp_err_wrap(err, "password file '%s'", path) : 0;
}

int rp_secret_of_credential(struct rp_secret **ret, const char *name, struct rp_err **err)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	rp_autofree char *path = NULL;
	if (dir == NULL || dir[0] != '/') {
		(void)rp_err_set(err, RP_ERR_USAGE, "credential '%s': CREDENTIALS_DIRECTORY is not set",
				 name);
		return rp_err_hint(err, "systemd sets it for a unit with LoadCredential=%s:PATH", name);
	}
	if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL)
		return rp_err_set(err, RP_ERR_USAGE, "credential '%s' is no name", name);
	if (asprintf(&path, "%s/%s", dir, name) < 0) {
		path = NULL;
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	rp_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return rp_err_set(err, RP_ERR_USAGE, "credential '%s': %s", name, strerrordesc_np(errno));
	return rp_secret_of_fd(ret, fd, err) < 0 ? rp_err_wrap(err, "credential '%s'", name) : 0;
}

int rp_secret_of_variable(struct rp_secret **ret, const char *name, struct rp_err **err)
{
	char *value = getenv(name);
	if (value == NULL)
		return rp_err_set(err, RP_ERR_USAGE, "environment variable '%s' is not set", name);
	rp_auto(rp_secret) s = NULL;
	if (make(&s, err) < 0)
		return -1;
	size_t n = strnlen(value, sizeof s->text);
	memcpy(s->text, value, n);
	/* Where it lay /proc would still show it. */
	explicit_bzero(value, strlen(value));
	(void)unsetenv(name);
	if (keep_first_line(s, n, err) < 0)
		return rp_err_wrap(err, "environment variable '%s'", name);
	*ret = rp_take(s);
	return 0;
}

const char *rp_secret_text(const struct rp_secret *s)
{
	return s->text;
}

size_t rp_secret_len(const struct rp_secret *s)
{
	return s->len;
}

int rp_secret_pipe(const struct rp_secret *s, struct rp_err **err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return rp_err_sys(err, errno, "pipe");
	rp_autoclose int rd = ends[0];
	rp_autoclose int wr = ends[1];
	/* A pipe holds more than the longest of them: neither write waits. */
	if (write(wr, s->text, s->len) != (ssize_t)s->len || write(wr, "\n", 1) != 1)
		return rp_err_sys(err, errno, "pipe");
	return rp_take_fd(&rd);
}
