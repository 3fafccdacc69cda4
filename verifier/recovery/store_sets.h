/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_STORE_SETS_H
#define RP_RECOVERY_STORE_SETS_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct rp_err;
struct rp_store;

/* Repositories: one directory in which a tool keeps many backups, the log that goes with them, and what it knows about
 * both. Each backup set is a recovery point of its own: id "STANZA/LABEL" (pgBackRest) or "SERVER/ID" (Barman; "ID"
 * where the directory is one server's), path the repository or server directory, and files, relative to that, those that
 * the set needs: without the log, of which a restore takes what it asks for. */
enum rp_sets { RP_SETS_NONE, RP_SETS_PGBACKREST, RP_SETS_BARMAN };
/* Which kind of repository this store is. */
enum rp_sets rp_sets_of(const struct rp_store *s);

/* Pure: "20261121-171045F", "20261121-171045F_20261121-171051I" (or D). */
bool rp_pgbackrest_is_label(const char *name);
/* Pure: does a restore of 'label' read what lies in the set 'other'? */
bool rp_pgbackrest_rests_upon(const char *label, const char *other);
/* The value of "KEY=..." in a Barman's backup.info; its length. Pure; NULL: it is not there. */
const char *rp_barman_value(const char *info, size_t len, const char *key, size_t *ret_len);
#define RP_BARMAN_INFO_MAX (64 << 10)

/* store_sets_find.c: the sets of a repository, newest first. */
struct rp_set {
	char *server, *label; /* server "": the directory itself is one server's */
	struct timespec when; /* it was finished */
	const char *aside;    /* why it is none; NULL: it is */
};
struct rp_set_list {
	enum rp_sets kind;
	char *path; /* for messages; owned */
	struct rp_set *all;
	size_t n;
};
int rp_sets_find(int fd, struct rp_set_list *l, struct rp_err **err);
void rp_sets_done(struct rp_set_list *l); /* but for path */
/* A file or directory "A/B" below fd (B "": A), never through a link. -1 with errno. */
int rp_sets_open(int fd, const char *a, const char *b, int flags);

#endif
