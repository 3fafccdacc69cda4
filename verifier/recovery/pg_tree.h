/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_PG_TREE_H
#define RP_RECOVERY_PG_TREE_H

#include <stddef.h>

struct rp_buf;
struct rp_err;
struct rp_run;
struct rp_scratch;

/* A PostgreSQL data directory that a stranger made. */

/* Its major version. RP_ERR_BACKUP: it is none. */
int rp_pg_tree_version(const char *tree, unsigned *ret, struct rp_err **err);
/* A small file in it, by a name relative to it: 1; 0: there is none of this name. Follows no link. */
int rp_pg_tree_read(const char *tree, const char *name, struct rp_buf *ret, struct rp_err **err);
/* Regular files and directories only, each file once, none that runs as its owner. */
int rp_pg_tree_check(const char *tree, struct rp_run *run, struct rp_err **err);
/* Remove what could steer a server: settings, signals, who may log in, what is left of slots and workers, where
 * tablespaces lay. Make the directories that a server wants to find and that are empty in a backup. */
int rp_pg_tree_clean(const char *tree, unsigned version, struct rp_err **err);
/* Are all of 'wanted' in pg_tblspc? RP_ERR_BACKUP names the one that is not. */
int rp_pg_tree_tablespaces(const char *tree, const unsigned *wanted, size_t n, struct rp_err **err);
/* Make it the scratch's data directory. Tablespaces come to lie beside it, and nowhere else, whatever path they had. */
int rp_pg_tree_move(struct rp_scratch *s, const char *tree, struct rp_err **err);

#endif
