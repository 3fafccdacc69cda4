/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_MYDUMPER_PLAN_H
#define RP_RECOVERY_MYDUMPER_PLAN_H

#include <stdint.h>

#include "verifier/recovery/mydumper.h"
#include "verifier/util/argv.h"

struct rp_artifact;
struct rp_err;
struct rp_scratch;
struct rp_stream;

/* The files of one of mydumper's directories, wherever they lie: in the store, or unpacked from a tar. */
struct rp_mydumper_files {
	struct rp_artifact *a;
	char *tree; /* owned, removed in the end; NULL: in the store */
	struct rp_argv names;
};
int rp_mydumper_files_find(struct rp_mydumper_files *ret, struct rp_artifact *a, struct rp_scratch *s,
			   struct rp_err **err);
int rp_mydumper_files_open(const struct rp_mydumper_files *f, const char *name, struct rp_stream **ret,
			   struct rp_err **err);
/* How long it is as it is stored; 0: not known. */
uint64_t rp_mydumper_files_bytes(const struct rp_mydumper_files *f, const char *name);
void rp_mydumper_files_done(struct rp_mydumper_files *f);

/* What of it is restored, in this order. */
struct rp_mydumper_step {
	enum rp_mydumper_part part;
	const char *name; /* of the file; borrowed */
	size_t len;	  /* of what it is about, at the name's front: DB.NAME, or DB */
	uint64_t bytes;	  /* as it is stored */
};
struct rp_mydumper_plan {
	struct rp_mydumper_step *steps; /* owned */
	size_t n;
};
/* Choose the database, and prove that nothing is missing that mydumper itself has written down. */
int rp_mydumper_plan_make(struct rp_mydumper_plan *ret, const struct rp_mydumper_files *files,
			  struct rp_err **err);
void rp_mydumper_plan_done(struct rp_mydumper_plan *p);

#endif
