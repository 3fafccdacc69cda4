/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_CHOOSE_H
#define RP_RECOVERY_CHOOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/recovery/store.h"

struct rp_err;
struct rp_unwrapping;

/* Which of a store's recovery points is taken, and what there was to choose from: an auditor draws at random, and must be
 * able to see that nobody has chosen for him.
 *
 * Times are the store's: of a directory, when the newest of a backup's files was written. What a backup says of its own
 * time is of another machine's clock, often without its zone. */

/* What is asked for. Plain data, borrowed. */
struct rp_pick {
	const char *which; /* an id, "newest", "random", "random:SEED"; NULL: not said */
	bool by_time;	   /* the newest that is not after at_ms */
	int64_t at_ms;
	const char *
		position; /* "lsn:0/3000060", "binlog:FILE:POSITION": the newest that tells one not after it; NULL: no */
	const char *seed, *seed_by;   /* of "random" without one; NULL: one is drawn */
	const struct rp_file *sealed; /* where nothing else is said: the one that has these files */
	size_t n_sealed;
};
/* --at: a time or a position. ret borrows from text. RP_ERR_USAGE. */
int rp_pick_at(struct rp_pick *ret, const char *text, struct rp_err **err);

struct rp_candidate {
	char *id;
	int64_t taken_ms;
	uint64_t bytes;
	const char *aside; /* why it could not be chosen: static text; NULL: it could */
	bool chosen;
};
struct rp_choice {
	const char
		*method; /* "the only one", "newest", "by name", "by time", "by position", "by its manifest",
			     * "random" */
	char *seed;	 /* of "random", owned */
	const char *seed_by;	  /* "drawn by this program", "chosen by the operator" */
	struct rp_candidate *all; /* newest first */
	size_t n, room;
	bool by_default;   /* nothing was asked for, and no backup is the manifest's: the newest */
	size_t population; /* of those that could be chosen */
};
void rp_choice_done(struct rp_choice *c);

/* RP_ERR_USAGE: there is none of that name, or none that is so old; RP_ERR_IO: there is none at all. The choice is
 * filled in also then. how: what decryption may need, for positions; NULL: nothing. */
int rp_choose(struct rp_store *s, const struct rp_pick *pick, const struct rp_unwrapping *how,
	      struct rp_point **ret, struct rp_choice *ret_choice, struct rp_err **err);

/* Which of n does a seed choose? The first 16 hexadecimal digits of the seed's SHA-256, as a number, modulo n: of the
 * candidates by name in byte order, counted from 0. Anybody can repeat it with sha256sum. */
size_t rp_choose_by_seed(const char *seed, size_t n);

/* What lies beside backups and is none: manifests, keys, lists of digests, logs, by their content. Static text, NULL:
 * it may be a backup. One that cannot be read may be. */
const char *rp_point_beside(struct rp_store *s, const struct rp_point *p);
bool rp_point_is_manifest(struct rp_store *s, const struct rp_point *p);
/* How alike are its files and these? 0: other names; 1: the same names; 2: the same sizes, too. Both are sorted. */
unsigned rp_point_likeness(const struct rp_point *p, const struct rp_file *files, size_t n);

#endif
