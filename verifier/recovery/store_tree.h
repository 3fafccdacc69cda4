/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_STORE_TREE_H
#define RP_RECOVERY_STORE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/util/sha256.h"

struct rp_err;
struct rp_run;

/* Private to store_directory.c: directories that are one recovery point.
 *
 * store_marks.c: is it one? By files that only such a directory has, and what they begin with. */
struct rp_mark {
	const char *file;   /* a glob: in the directory, or "*" one level below */
	const char *begins; /* its first bytes; NULL: anything */
	const char *beside; /* a glob: what must lie in the directory, too; NULL: nothing */
	bool links_aside;   /* links are no part of it, and nothing that a restore needs */
};
/* fd: of the directory. NULL: it is none, or could not be looked at. */
const struct rp_mark *rp_tree_mark(int fd);

/* store_tree.c: what is in it. */
#define RP_TREE_FILES_MAX 1000000

struct rp_tree {
	struct rp_file *files; /* sorted by name */
	size_t n_files, room;
	char **empty; /* directories with nothing in them */
	size_t n_empty, room_empty;
	uint64_t size;
	int64_t newest_ms; /* of its files */
};
/* Regular files and directories only. A link is RP_ERR_BACKUP, but for those that PostgreSQL itself puts into a data
 * directory: "pg_tblspc/OID", of which the "PG_*" below is listed under that name, and "pg_wal". What cannot be looked
 * at is RP_ERR_IO. */
int rp_tree_list(int fd, bool links_aside, struct rp_tree *ret, struct rp_run *run, struct rp_err **err);
void rp_tree_done(struct rp_tree *t);
/* A file of it, for reading. -1 with errno. */
int rp_tree_open(int fd, const char *name);

#endif
