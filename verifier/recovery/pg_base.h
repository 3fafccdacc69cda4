/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_PG_BASE_H
#define RP_RECOVERY_PG_BASE_H

#include <stdbool.h>
#include <stddef.h>

struct rp_artifact;
struct rp_err;
struct rp_file;
struct rp_object;
struct rp_scratch;

/* What the parts of the format "pg_basebackup" know of each other. */

/* "base.tar", "16384.tar.zst": the name of one of its tars. ret_stem: "base", "16384". Pure. */
#define RP_PG_STEM_MAX 24
bool rp_pg_base_is_tar(const char *name, char ret_stem[RP_PG_STEM_MAX]);
/* Of a directory: the tar of this stem. NULL: there is none. */
const struct rp_file *rp_pg_base_tar(const struct rp_artifact *a, const char *stem);

/* pg_base_tell.c: the major version, without restoring anything: "15". 1; 0: it could not be found out. */
#define RP_PG_BASE_VERSION 8
int rp_pg_base_version(struct rp_artifact *a, char ret[RP_PG_BASE_VERSION], struct rp_err **err);

/* The files of 'tree' against the manifest that pg_basebackup has put beside them, where it has:
 * by PostgreSQL's own program, before anything is taken away: every file that is named in the backup's own manifest is
 * there and has its checksum, and no other one is. The log is not in it: its records are checked when they are
 * replayed. */
int rp_pg_base_check(struct rp_scratch *s, const char *tree, struct rp_err **err);

/* rp_format.empties, of every physical backup of PostgreSQL. */
const char *rp_pg_base_empties(const struct rp_object *sealed);

#endif
