/* SPDX-License-Identifier: MIT */
#ifndef RP_COMMAND_POINTS_H
#define RP_COMMAND_POINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/manifest/trust.h"

struct rp_arena;
struct rp_artifact;
struct rp_buf;
struct rp_err;
struct rp_point;
struct rp_run;
struct rp_store;

/* For 'points': what lies in a place, and what is known of it. */

/* points_seals.c. A manifest that lies there, and the files that it is of. */
struct seal {
	const char *name;
	const char *target;	     /* NULL: nobody looked at its signature */
	int64_t sealed_ms, taken_ms; /* when it was signed, and its survey taken */
	const struct rp_file *files;
	size_t n_files;
};
struct seals {
	struct rp_store *store;	      /* borrowed */
	const struct rp_trust *trust; /* NULL: signatures are not looked at */
	struct rp_arena *memory;
	struct seal *all;
	size_t n, room, refused;
	int64_t until_ms; /* rp_run_clock_ms() at which no more are opened; 0: all are */
	size_t unopened;
	const char *refusal; /* of the first that was refused */
};
/* All manifests among a store's entries; adds to what is there. */
int seals_gather(struct seals *s, struct rp_err **err);
/* The one that is of this backup, by names, sizes and, where a is given, digests. *ret_how: what was compared; or, where
 * none is of it, what speaks against the one that comes nearest, NULL: none does. */
const struct seal *seals_of(const struct seals *s, const struct rp_point *p, struct rp_artifact *a,
			    const char **ret_how, struct rp_err **err);

/* One entry of the list. Texts live as long as the listing's memory; NULL: not known. */
struct row {
	const char *name;
	int64_t taken_ms;
	uint64_t bytes;
	size_t files;
	const char *format, *engine, *wrapped, *server, *tool, *database, *position;
	const char *sealed, *target, *how; /* by which manifest, of what, and what was compared */
	const char *aside;		   /* it is no backup: what it is */
	const char *note;		   /* what is wrong with it */
	bool unseen;			   /* it could not be looked at */
};
struct listing_of {
	const char *place;
	struct row *all;
	size_t n, room;
	const char *refusal; /* of manifests that lie there */
	size_t refused;
};
/* points_print.c */
void points_for_people(const struct listing_of *l, struct rp_buf *out);
int points_for_scripts(const struct listing_of *l, struct rp_buf *out, struct rp_err **err);

#endif
