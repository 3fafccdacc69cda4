/* SPDX-License-Identifier: MIT */
#include "verifier/util/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#include "verifier/util/error.h"

ssize_t rp_stream_read(struct rp_stream *s, void *buf, size_t len, struct rp_err **err)
{
	return s->ops->read(s, buf, len, err);
}

int rp_stream_drain(struct rp_stream *s, struct rp_err **err)
{
	uint8_t buf[64 << 10];
	ssize_t n;
	do
		n = rp_stream_read(s, buf, sizeof buf, err);
	while (n > 0);
	return (int)n;
}

void rp_stream_close(struct rp_stream *s)
{
	while (s != NULL) {
		struct rp_stream *below = s->below;
		s->ops->close(s);
		s = below;
	}
}

struct file_stream {
	struct rp_stream base;
	int fd;
	char *path;
};

static ssize_t file_read(struct rp_stream *s, void *buf, size_t len, struct rp_err **err)
{
	struct file_stream *f = (struct file_stream *)s;
	ssize_t n;
	do
		n = read(f->fd, buf, len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? rp_err_sys(err, errno, "read '%s'", f->path) : n;
}

static void file_close(struct rp_stream *s)
{
	struct file_stream *f = (struct file_stream *)s;
	(void)close(f->fd);
	free(f->path);
	free(f);
}

int rp_stream_of_fd(struct rp_stream **ret, int taken, const char *name, struct rp_err **err)
{
	static const struct rp_stream_ops ops = {.read = file_read, .close = file_close};
	rp_autoclose int fd = taken;
	struct file_stream *f = calloc(1, sizeof *f);
	char *copy = strdup(name);
	if (f == NULL || copy == NULL) {
		free(f);
		free(copy);
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	*f = (struct file_stream){.base.ops = &ops, .fd = rp_take_fd(&fd), .path = copy};
	*ret = &f->base;
	return 0;
}

int rp_stream_of_file(struct rp_stream **ret, const char *path, struct rp_err **err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return rp_err_sys(err, errno, "open '%s'", path);
	return rp_stream_of_fd(ret, fd, path, err);
}

struct memory_stream {
	struct rp_stream base;
	const uint8_t *at;
	size_t left;
};

static ssize_t memory_read(struct rp_stream *s, void *buf, size_t len, struct rp_err **err)
{
	(void)err;
	struct memory_stream *m = (struct memory_stream *)s;
	size_t n = len < m->left ? len : m->left;
	if (n > 0)
		memcpy(buf, m->at, n);
	m->at += n;
	m->left -= n;
	return (ssize_t)n;
}

static void memory_close(struct rp_stream *s)
{
	free(s);
}

int rp_stream_of_memory(struct rp_stream **ret, const void *data, size_t len, struct rp_err **err)
{
	static const struct rp_stream_ops ops = {.read = memory_read, .close = memory_close};
	struct memory_stream *m = malloc(sizeof *m);
	if (m == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	*m = (struct memory_stream){.base.ops = &ops, .at = data, .left = len};
	*ret = &m->base;
	return 0;
}
