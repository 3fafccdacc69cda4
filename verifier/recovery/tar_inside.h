/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_TAR_INSIDE_H
#define RP_RECOVERY_TAR_INSIDE_H

#include <archive.h>
#include <archive_entry.h>
#include <stdint.h>

#include "verifier/recovery/tar.h"
#include "verifier/util/beneath.h"

/* Private to tar.c, tar_unpack.c and tar_scan.c: a tar that is read from a stream. */

#define RP_TAR_PIECE (64 << 10)

struct rp_untar {
	struct archive *archive;
	struct rp_stream *from; /* borrowed */
	struct rp_err *below;	/* why it could not be read */
	struct rp_run *run;
	const char *title, *into;
	int fd; /* of 'into' */
	uint64_t entries;
	int64_t pulled; /* bytes in all */
	size_t len;	/* of the last piece that was pulled */
	uint8_t buf[RP_TAR_PIECE];
};

void rp_untar_done(struct rp_untar *u);

/* NULL: no memory. That one format and no filter. */
struct archive *rp_tar_reader(void);
/* For archive_read_open(): ctx is the struct above. */
la_ssize_t rp_untar_pull(struct archive *a, void *ctx, const void **ret);
const char *rp_tar_name_of(struct archive_entry *e);
/* "./a//b/" is a/b, and "./" is "". What leads upwards or is absolute stays so. */
const char *rp_tar_plain(const char *name, char room[RP_BENEATH_MAX + 2]);
/* Why it goes no further, at or behind this member. Returns -1. */
int rp_untar_failed(struct rp_untar *u, const char *name, struct rp_err **err);
/* Is that which libarchive takes for the end, after a header was looked for at 'began', one? */
int rp_untar_at_its_end(struct rp_untar *u, int64_t began, const char *last, struct rp_err **err);

#endif
