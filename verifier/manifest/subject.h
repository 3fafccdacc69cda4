/* SPDX-License-Identifier: MIT */
#ifndef RP_MANIFEST_SUBJECT_H
#define RP_MANIFEST_SUBJECT_H

#include <stddef.h>

struct json_t;
struct rp_arena;
struct rp_err;
struct rp_file;

/* The statement's subjects: the artifact's files with their digests. The set is what counts: names are
 * relative and each is there once, so that a verifier can tell missing and extra files. NULL: failed. Read, they are sorted by name. */
struct json_t *rp_subjects_write(const struct rp_file *files, size_t n, struct rp_err **err);
int rp_subjects_read(const struct json_t *list, struct rp_arena *memory, struct rp_file **ret, size_t *ret_n,
		     struct rp_err **err);

#endif
