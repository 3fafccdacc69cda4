/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_STORE_LISTING_H
#define RP_RECOVERY_STORE_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

struct rp_err;
struct rp_run;

/* Private to store_directory.c: what lies below a directory of backups. */

/* One that may be a backup; of a directory that is one, no more than where it is. */
struct rp_listed {
	char *name; /* relative; "": path itself */
	struct timespec when;
	uint64_t size;
	bool tree, links_aside;
	const char *aside;
	struct rp_err *fault;
};
struct rp_listing {
	const char *path; /* for messages; borrowed */
	struct rp_run *run;
	struct rp_listed *all;
	size_t n, room;
};
int rp_listing_add(struct rp_listing *l, const char *name, const struct stat *st, struct rp_listed **ret,
		   struct rp_err **err);
/* All below a directory, but for what is hidden. */
int rp_listing_below(struct rp_listing *l, int fd, struct rp_err **err);
void rp_listing_sort(struct rp_listing *l); /* newest first */
void rp_listing_done(struct rp_listing *l);

#endif
