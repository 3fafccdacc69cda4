/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_MEMBERS_H
#define RP_RECOVERY_MEMBERS_H

#include "verifier/recovery/artifact.h"
#include "verifier/recovery/format.h"
#include "verifier/recovery/store.h"

/* Every member of the three families: for registry.c, and for the file that ends in it. */

extern const struct rp_store_driver rp_store_directory, rp_store_sets;
/* whole: all of it is one recovery point. */
int rp_store_directory_open(struct rp_store **ret, const char *path, bool whole, struct rp_run *run,
			    struct rp_err **err);

extern const struct rp_wrapping rp_wrapping_gzip, rp_wrapping_bzip2, rp_wrapping_xz, rp_wrapping_zstd,
	rp_wrapping_lz4, rp_wrapping_openssl, rp_wrapping_base64, rp_wrapping_gpg, rp_wrapping_age;

extern const struct rp_format rp_format_pg_custom;
extern const struct rp_format rp_format_pg_plain;
extern const struct rp_format rp_format_pg_create;
extern const struct rp_format rp_format_pg_dumpall;
extern const struct rp_format rp_format_pg_dumpall_own;
extern const struct rp_format rp_format_pg_directory;
extern const struct rp_format rp_format_pg_tar;
extern const struct rp_format rp_format_pg_base;
extern const struct rp_format rp_format_mysqldump;
extern const struct rp_format rp_format_mariadb_backup;
extern const struct rp_format rp_format_mydumper;
extern const struct rp_format rp_format_pgbackrest;
extern const struct rp_format rp_format_barman;

#endif
