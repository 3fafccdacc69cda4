/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_TAR_H
#define RP_RECOVERY_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/util/stream.h"

struct rp_err;
struct rp_run;

/* Tar archives (ustar, pax, GNU), as a stranger may have made them. Read through libarchive with that one format and
 * no filter enabled: what is around a tar is taken off before, by our own wrappings. */

#define RP_TAR_ENTRIES_MAX 1000000

/* Does it begin with a tar's header? Pure. */
bool rp_tar_begins(const uint8_t *head, size_t len);

/* The members whose headers lie within the first bytes of a tar: what can be told without reading on. Names are as in
 * it but for a leading "./" and a trailing '/'. fn: 0: go on; other: enough. What is wrong with it is told when it is
 * unpacked. */
struct rp_tar_member {
	const char *name;
	bool directory;
	bool other;	     /* neither a file nor a directory */
	uint64_t size;	     /* as its header says */
	const uint8_t *data; /* within the head */
	size_t len;	     /* of its bytes that are */
	const uint8_t *sha256;
};
typedef int rp_tar_member_fn(void *ctx, const struct rp_tar_member *m);
void rp_tar_members(const uint8_t *head, size_t len, rp_tar_member_fn *fn, void *ctx);

/* The same of a whole tar, read from a stream up to so many bytes: data is the first RP_TAR_GLANCE of a member; with
 * sha256, of all its bytes, which then are read. What is wrong with it ends the list: *ret_whole says that nothing was,
 * and that nothing lay behind its end. -1: could not be read. */
#define RP_TAR_GLANCE 512
int rp_tar_scan(struct rp_stream *from, uint64_t most, bool hashed, rp_tar_member_fn *fn, void *ctx,
		bool *ret_whole, struct rp_run *run, struct rp_err **err);

/* Unpack all of 'from' into the directory 'into', which should be new and empty: files 0600, directories 0700, whatever
 * the tar says. Refused with RP_ERR_BACKUP that names 'title' and the member: links of both kinds, devices, names that
 * lead out or are there twice, an archive without members or without its end mark, and bytes behind that. More than
 * the disk has room for is RP_ERR_IO. Reads 'from' to its end. */
int rp_tar_unpack(struct rp_stream *from, const char *title, const char *into, struct rp_run *run,
		  struct rp_err **err);

#endif
