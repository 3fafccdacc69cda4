/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/members.h"

#include "verifier/util/error.h"

const struct rp_store_driver *const rp_store_drivers[] = {
	&rp_store_sets, /* claims some of the directories */
	&rp_store_directory,
	NULL,
};

const struct rp_wrapping *const rp_wrappings[] = {
	&rp_wrapping_gzip,    &rp_wrapping_bzip2,  &rp_wrapping_xz,  &rp_wrapping_zstd, &rp_wrapping_lz4,
	&rp_wrapping_openssl, &rp_wrapping_base64, &rp_wrapping_gpg, &rp_wrapping_age,	NULL,
};

const struct rp_format *const rp_formats[] = {
	&rp_format_pg_custom,	   &rp_format_pg_plain,
	&rp_format_pg_create,	   &rp_format_pg_dumpall,
	&rp_format_pg_dumpall_own, &rp_format_pg_directory,
	&rp_format_pg_tar,	   &rp_format_pg_base,
	&rp_format_mysqldump,	   &rp_format_mariadb_backup,
	&rp_format_mydumper,	   &rp_format_pgbackrest,
	&rp_format_barman,	   NULL,
};
