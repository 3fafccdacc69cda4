/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_MARIADB_BACKUP_TREE_H
#define RP_RECOVERY_MARIADB_BACKUP_TREE_H

#include <stdbool.h>

#include "verifier/engine/mysql/brought.h"
#include "verifier/recovery/mariadb_backup.h"

struct rp_err;

/* A copy of a backup as it lies in the scratch, or what the vendor's tool has unpacked there: a stranger's files, and
 * while they are looked at no link is followed. */

struct rp_mb_tree {
	struct rp_mb_checkpoints at;
	struct rp_mb_info info;
	struct rp_binlog_position position;
	bool has_position;
	struct rp_my_brought settings;
};

/* Is the directory 'name' in 'parent' (a descriptor) such a backup? By its file of checkpoints. */
bool rp_mb_tree_is(int parent, const char *name);
/* Read what it says of itself; then clean it: links, devices and tables that lie elsewhere are refused with the file's
 * name; files besides a server's data are removed (replication, settings, whatever is not known); its option file is
 * written anew, with what we have read of it and nothing else. */
int rp_mb_tree_settle(int parent, const char *name, struct rp_mb_tree *ret, struct rp_err **err);

#endif
