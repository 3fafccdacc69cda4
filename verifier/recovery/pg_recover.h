/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_PG_RECOVER_H
#define RP_RECOVERY_PG_RECOVER_H

#include <stddef.h>

#include "verifier/util/cleanup.h"

struct rp_artifact;
struct rp_buf;
struct rp_err;
struct rp_run;
struct rp_scratch;
struct rp_unwrapping;

/* Recovery of a physical backup of PostgreSQL, whichever tool brought its files. There is no shell in the box, so a
 * restore_command could not run: what is needed of the log is put beside the files beforehand. */

/* Where archived log comes from. */
struct rp_pg_log {
	/* Put the archived file of this name ("000000010000000000000003", "00000002.history") at 'path', a new file, with
	 * its wrappings off: 1. 0: there is none of that name. RP_ERR_BACKUP: there is, and it is damaged. */
	int (*fetch)(struct rp_pg_log *log, const char *name, const char *path, struct rp_err **err);
	/* May be NULL: not known. Is there a later segment of the same timeline? Then this one is missing, and the log
	 * does not end before it. 1: yes, its name in ret (25 bytes). */
	int (*later)(struct rp_pg_log *log, const char *name, char ret[], struct rp_err **err);
	void (*close)(struct rp_pg_log *log); /* frees it */
};
void rp_pg_log_close(struct rp_pg_log *log); /* accepts NULL */
RP_AUTO_CALLS(rp_pg_log, rp_pg_log_close)

/* A directory: archived segments as they are, or each compressed by itself; Barman's folders of 256 as well. how: what
 * decryption may need; borrowed; NULL: nothing. */
int rp_pg_log_directory(struct rp_pg_log **ret, const char *path, const struct rp_unwrapping *how,
			struct rp_run *run, struct rp_err **err);

/* tree: a directory right below s->dir with a data directory as a backup's tool left it, tablespaces as directories
 * pg_tblspc/NUMBER, what it has of the log in pg_wal. It becomes the scratch's: cleaned of all that could steer a server,
 * recovered to what a->wanted asks for, with proof that this is where it stands, and started. log: NULL: no more than
 * what is there. */
int rp_pg_recover_tree(struct rp_artifact *a, struct rp_scratch *s, const char *tree, struct rp_pg_log *log,
		       struct rp_buf *said, struct rp_err **err);

#endif
