/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_MARIADB_BACKUP_PREPARE_H
#define RP_RECOVERY_MARIADB_BACKUP_PREPARE_H

#include "verifier/recovery/mariadb_backup_tree.h"

struct rp_artifact;
struct rp_buf;
struct rp_err;
struct rp_scratch;

/* From a backup to a data directory in s->place.data: unpacked into the scratch, cleaned, made consistent by the
 * vendor's own tool in the box, each incremental backup put on the one before. *ret: what the last of them says of
 * itself. */
int rp_mb_prepare(struct rp_artifact *a, struct rp_scratch *s, struct rp_mb_tree *ret, struct rp_buf *said,
		  struct rp_err **err);

#endif
