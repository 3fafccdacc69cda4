/* SPDX-License-Identifier: MIT */
#ifndef RP_UTIL_FD_H
#define RP_UTIL_FD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct rp_buf;
struct rp_err;

int rp_write_all(int fd, const void *data, size_t len, struct rp_err **err);
/* A new file 'PATH.reprove-XXXXXX', 0600, to become path: its descriptor, and its name to free. What killed runs
 * have left under such names is removed. */
int rp_file_beside(const char *path, char **ret_name, struct rp_err **err);
/* fsync, rename, fsync the directory. When it fails, unlink(name) is the caller's. */
int rp_file_publish(int fd, const char *name, const char *path, struct rp_err **err);
/* Replace path so that a crash leaves the old file or the whole new one. mode: of the new file (0644, 0600). */
int rp_file_replace(const char *path, const void *data, size_t len, mode_t mode, struct rp_err **err);
/* Read a regular file whole; more than into->max bytes is an error that names the limit. */
int rp_file_read(const char *path, struct rp_buf *into, struct rp_err **err);
/* Make a directory and those above it that are missing. One that is there already is fine. */
int rp_dir_make(const char *path, mode_t mode, struct rp_err **err);
/* Remove path and all beneath it without following a link out of it. Not there: fine. */
int rp_tree_remove(const char *path, struct rp_err **err);
/* Bytes beneath path, as stored; bytes that an ordinary user could still write on its file system. */
int rp_tree_size(const char *path, uint64_t *ret, struct rp_err **err);
int rp_disk_free(const char *path, uint64_t *ret, struct rp_err **err);
#endif
