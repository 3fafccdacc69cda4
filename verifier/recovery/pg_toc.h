/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_PG_TOC_H
#define RP_RECOVERY_PG_TOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rp_buf;
struct rp_err;
struct rp_stream;

/* The table of contents of a directory dump (toc.dat), and that the directory holds what it names. */

#define RP_PG_FILE_MAX 64 /* "3456.dat.zst"; longer names are no pg_dump's */

/* A file that the contents name, as it stands there: its compressed form ends in ".gz" and the like. end: what a table's
 * rows end with, even when there are none; NULL: it holds no rows. Returns -1 to stop. */
typedef int rp_pg_file_fn(void *ctx, const char *name, const char *end, struct rp_err **err);
/* The header and all entries of a toc.dat. RP_ERR_BACKUP: it is none, is cut off, or names what cannot be a file of such
 * a backup ("../x"). */
int rp_pg_toc_read(struct rp_stream *toc, rp_pg_file_fn *fn, void *ctx, struct rp_err **err);
/* The same for a list of large objects (blobs.toc): "OID NAME" a line. */
int rp_pg_blobs_read(struct rp_stream *list, rp_pg_file_fn *fn, void *ctx, struct rp_err **err);

/* Is all there that toc.dat names, in a directory of ours? What it does not name is told in 'said'. deep: what is
 * compressed is read to its end, too, for pg_restore is content with less of some kinds. */
int rp_pg_directory_check(const char *dir, bool deep, struct rp_buf *said, struct rp_err **err);

#endif
