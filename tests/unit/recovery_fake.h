/* SPDX-License-Identifier: MIT */
#ifndef RP_TESTS_UNIT_RECOVERY_FAKE_H
#define RP_TESTS_UNIT_RECOVERY_FAKE_H

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "verifier/recovery/artifact.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"

/* A directory of its own for each test, and what the tests of recovery/ put there. */

static struct rp_run quiet = {.cancel_fd = -1};
static char place[64];

static inline int in_a_directory(void **state)
{
	(void)state;
	(void)snprintf(place, sizeof place, "/tmp/rp-recovery-XXXXXX");
	return mkdtemp(place) != NULL && chdir(place) == 0 ? 0 : -1;
}

static inline int remove_it(void **state)
{
	(void)state;
	char command[128];
	(void)snprintf(command, sizeof command, "%s", place);
	if (chdir("/") != 0)
		return -1;
	const char *const names[] = {"backup", "other", "a", "b", "link", "out"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		(void)snprintf(command, sizeof command, "%s/%s", place, names[i]);
		(void)unlink(command);
	}
	return rmdir(place); /* fails when something was left behind */
}

static inline void write_file(const char *name, const void *data, size_t len)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0 && write(fd, data, len) == (ssize_t)len);
	(void)close(fd);
}

/* One gzip member; the caller frees. */
static inline unsigned char *gzip_of(const void *data, size_t len, size_t *ret_len)
{
	z_stream z = {0};
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	size_t room = deflateBound(&z, len) + 64;
	unsigned char *out = malloc(room);
	assert_non_null(out);
	z.next_in = (unsigned char *)(uintptr_t)data;
	z.avail_in = (unsigned)len;
	z.next_out = out;
	z.avail_out = (unsigned)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	*ret_len = room - z.avail_out;
	(void)deflateEnd(&z);
	return out;
}

struct opened {
	struct rp_store *store;
	struct rp_point *point;
	struct rp_artifact *artifact;
};

static inline void open_backup(struct opened *o, const char *path)
{
	struct rp_err *err = NULL;
	*o = (struct opened){0};
	assert_int_equal(rp_store_open(&o->store, path, &quiet, &err), 0);
	assert_int_equal(rp_store_choose(o->store, "newest", &o->point, NULL, &err), 0);
	assert_int_equal(rp_artifact_open(&o->artifact, o->store, o->point, NULL, &err), 0);
}

static inline void close_backup(struct opened *o)
{
	rp_artifact_free(o->artifact);
	rp_point_free(o->point);
	rp_store_close(o->store);
}

/* All of a stream in small odd pieces; -1 when it fails. */
static inline int read_all(struct rp_stream *s, struct rp_buf *into, struct rp_err **err)
{
	char piece[777];
	ssize_t n;
	while ((n = rp_stream_read(s, piece, sizeof piece, err)) > 0)
		rp_buf_add_mem(into, piece, (size_t)n);
	return (int)n;
}

#endif
