/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_PG_ARCHIVE_H
#define RP_RECOVERY_PG_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/recovery/pg_dump.h"

/* What pg_dump writes when it is asked for an archive: the beginning of -Fc, and of toc.dat in -Fd and -Ft. Bytes of a
 * stranger; bounded, and nothing is allocated. */

struct rp_pg_archive {
	unsigned major, minor, revision; /* of the archive's format: 1.14.0 */
	unsigned format;		 /* RP_PG_CUSTOM, ... */
	int64_t made_ms;		 /* by the dumping machine's local clock, read as UTC; 0: not said */
	char database[RP_PG_TEXT_MAX];	 /* cut when longer */
	char server[RP_PG_TEXT_MAX], tool[RP_PG_TEXT_MAX]; /* versions */
};
enum { RP_PG_CUSTOM = 1, RP_PG_TAR = 3, RP_PG_DIRECTORY = 5 };
/* false: not one, or cut off within. */
bool rp_pg_archive_parse(const uint8_t *head, size_t len, struct rp_pg_archive *ret);
/* Bits recognised of an archive's first bytes; 0: none. */
int rp_pg_archive_bid(const uint8_t *head, size_t len, unsigned format);
/* The first major version of PostgreSQL whose pg_restore reads it; 0: none that is known. */
unsigned rp_pg_archive_needs(const struct rp_pg_archive *a);

/* The same of an artifact, or of the member of that name in it. RP_ERR_BACKUP: cut off, or it makes no sense. */
int rp_pg_archive_look(struct rp_artifact *a, const char *member, struct rp_pg_archive *ret,
		       struct rp_err **err);
/* Can the pg_restore of that major version (0: not known) read it? RP_ERR_ENGINE: no, and which could. And is it of the
 * database that was asked for (rp_pg_is_asked())? */
int rp_pg_archive_readable(const struct rp_artifact *a, const struct rp_pg_archive *head, unsigned server,
			   struct rp_err **err);

/* One number or text after the other, of bytes or of a stream; 'bad' for ever at the first that is missing or makes no
 * sense. */
struct rp_pg_reader {
	const uint8_t *at, *end;
	struct rp_stream *from; /* NULL: there is no more than at..end */
	struct rp_err **err;
	unsigned int_size;
	bool bad, failed; /* failed: reading did, and err says why */
	uint8_t in[16 << 10];
};
unsigned rp_pg_read_byte(struct rp_pg_reader *r);
int64_t rp_pg_read_int(struct rp_pg_reader *r);
/* Its beginning, when ret is not NULL; false: it is NULL. */
bool rp_pg_read_text(struct rp_pg_reader *r, char *ret, size_t room);
/* Up to the versions. false: it is none. */
bool rp_pg_read_header(struct rp_pg_reader *r, struct rp_pg_archive *ret);

#endif
