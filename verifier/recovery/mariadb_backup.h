/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_MARIADB_BACKUP_H
#define RP_RECOVERY_MARIADB_BACKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/recovery/my_binlog.h"

struct rp_err;

/* What is known of backups that mariadb-backup makes: copies of a server's files, and small files of text that say what
 * they are. Since 11.1 these are called mariadb_backup_*, before xtrabackup_*. */

#define RP_MB_TEXT_MAX 256
#define RP_MB_STREAM   "XBSTCK01" /* what its streams begin with */

enum rp_mb_type { RP_MB_FULL, RP_MB_PREPARED, RP_MB_INCREMENTAL };

/* "checkpoints": from which to which position of InnoDB's log. */
struct rp_mb_checkpoints {
	enum rp_mb_type type;
	uint64_t from, to, last;
};
/* RP_ERR_BACKUP: it is none. Pure. */
int rp_mb_checkpoints_parse(const char *text, size_t len, struct rp_mb_checkpoints *ret, struct rp_err **err);

/* "info": who made it, of what. Text is "" where it is not said, or longer than there is room for. */
struct rp_mb_info {
	char tool[RP_MB_TEXT_MAX], tool_version[RP_MB_TEXT_MAX], server_version[RP_MB_TEXT_MAX];
	char ended[RP_MB_TEXT_MAX];	     /* by that machine's clock, in its own zone */
	bool partial, compressed, encrypted; /* what only that tool can undo */
};
/* Pure; what is not understood is left out. */
void rp_mb_info_parse(const char *text, size_t len, struct rp_mb_info *ret);

/* "binlog_info": where the binary log stood when the backup had ended. false: it says none. Pure. */
bool rp_mb_position_parse(const char *text, size_t len, struct rp_binlog_position *ret);

/* One of the backups in a directory: the full one, or what has changed since. */
struct rp_mb_link {
	const char *name; /* of its directory */
	size_t number;	  /* for whoever made the list */
	struct rp_mb_checkpoints at;
};
/* Put the links that lead to the newest end first, base first; *ret_n of them count. RP_ERR_BACKUP: the chain is
 * broken, with the places where it is; RP_ERR_USAGE: there is no full one at all. Pure. */
int rp_mb_chain(struct rp_mb_link *links, size_t n, size_t *ret_n, struct rp_err **err);

#endif
