/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_PGBACKREST_H
#define RP_RECOVERY_PGBACKREST_H

#include <stdbool.h>
#include <stddef.h>

#include "verifier/recovery/pg_recover.h"
#include "verifier/util/argv.h"

struct rp_artifact;
struct rp_buf;
struct rp_err;
struct rp_scratch;

/* Private to the files of this name: one backup set of a pgBackRest repository.
 *
 *     reprove-XXXXXX/tree-XXXXXX/    lent: all that pgbackrest can change
 *       backup/ archive/             our copy of the set, and of the log's file that is being fetched
 *       config                       all that it is told
 *       data/ tablespaces/           what it restores
 *       control/ log/ lock/ spool/ wal/
 *
 * The repository's own configuration is not read by anybody. */
struct rp_backrest {
	struct rp_artifact *a;
	struct rp_scratch *s;
	struct rp_buf *said;
	const char *program; /* its path */
	char *stanza;
	const char *label; /* within a->point->id */
	char *work;	   /* that directory */
};

/* pgbackrest_run.c: run it in the box. 'command' and what follows it, NULL-terminated. */
int rp_backrest_run(struct rp_backrest *b, const char *const command[], struct rp_err **err);
int rp_backrest_find_program(const char **ret, struct rp_err **err);
/* Write the configuration. */
int rp_backrest_configure(struct rp_backrest *b, struct rp_err **err);

/* pgbackrest_log.c: the log's files, out of the repository. b is borrowed. */
int rp_backrest_log(struct rp_pg_log **ret, struct rp_backrest *b, struct rp_err **err);
/* Is this the name of that file in a repository: "NAME-<sha1>[.gz]", or NAME itself for a history? Pure. */
bool rp_backrest_is_file(const char *entry, const char *name);

/* pgbackrest_info.c: what backup.info says of a set; pure. */
#define RP_BACKREST_INFO_MAX (4 << 20)
struct rp_backrest_info {
	char version[16];     /* of the server: "15" */
	char tool[24];	      /* of pgbackrest */
	char lsn_stop[24];    /* a restore must recover at least to there; "": not said */
	long long finished_s; /* 0: not said */
};
/* false: it says nothing of that label, or is no such file (it may be encrypted). */
bool rp_backrest_info_parse(const char *text, size_t len, const char *label, struct rp_backrest_info *ret);

#endif
