/* SPDX-License-Identifier: MIT */
/* pg_dump --format=tar: a table of contents and a member for each table. A tar that somebody made of a directory dump is
 * none: members may be compressed, and in any order. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "verifier/recovery/members.h"
#include "verifier/recovery/pg_archive.h"
#include "verifier/scratch/scratch.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

#define TAR_BLOCK 512

/* Of its first member: "toc.dat", and what stands in pg_dump's own code for a mode and a user's number. */
#define NAME_AT	      0
#define MODE_AT	      100
#define SIZE_AT	      124
#define SIZE_LEN      12
#define SIZE_MAX_SAID (INT64_C(1) << 50)
static const char name[] = "toc.dat", mode[] = "0000600 0004000 ";

static int bid(struct rp_artifact *a, struct rp_err **err)
{
	const uint8_t *head;
	size_t len;
	if (!rp_artifact_is_tar(a))
		return 0;
	if (rp_artifact_head(a, &head, &len, err) < 0)
		return -1;
	if (len < TAR_BLOCK || memcmp(head + NAME_AT, name, sizeof name) != 0 ||
	    memcmp(head + MODE_AT, mode, sizeof mode - 1) != 0)
		return 0;
	return rp_pg_archive_bid(head + TAR_BLOCK, len - TAR_BLOCK, RP_PG_TAR) + (int)(8 * sizeof name);
}

static int tell(struct rp_artifact *a, struct rp_identity *ret, struct rp_position *ret_at,
		struct rp_err **err)
{
	struct rp_pg_archive head;
	if (rp_pg_archive_look(a, name, &head, err) < 0)
		return -1;
	return rp_pg_dump_tell(a, head.server, head.tool, head.database, head.made_ms, ret, ret_at, err);
}

/* Octal digits, and a blank or a zero behind them; from 8 GiB on, bytes behind a first one of 0x80. -1: neither. */
static off_t size_of(const uint8_t *at)
{
	off_t v = 0;
	if (at[0] != 0x80 && (at[0] < '0' || at[0] > '7'))
		return -1;
	for (int i = at[0] == 0x80; i < SIZE_LEN; i++) {
		unsigned digit = at[0] == 0x80 ? at[i] : at[i] - (unsigned)'0';
		if (at[0] != 0x80 && digit > 7)
			break;
		if (v > SIZE_MAX_SAID)
			return -1;
		v = v * (at[0] == 0x80 ? 256 : 8) + (off_t)digit;
	}
	return v;
}

/* pg_restore is content with a tar that is cut within its last member, or behind the last that it wants. */
static int check_end(const char *path, struct rp_err **err)
{
	static const uint8_t nothing[TAR_BLOCK];
	uint8_t block[TAR_BLOCK];
	rp_autoclose int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return rp_err_sys(err, errno, "open '%s'", path);
	off_t at = 0, size;
	while (pread(fd, block, sizeof block, at) == (ssize_t)sizeof block) {
		bool end = memcmp(block, nothing, sizeof block) == 0;
		if (end && pread(fd, block, sizeof block, at + TAR_BLOCK) == (ssize_t)sizeof block &&
		    memcmp(block, nothing, sizeof block) == 0)
			return 0;
		size = size_of(block + SIZE_AT);
		if (end || size < 0)
			break;
		at += TAR_BLOCK + (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
	}
	return rp_err_set(err, RP_ERR_BACKUP, "truncated or damaged: the tar's own end is not there");
}

static int restore_copy(struct rp_scratch *s, const char *path, struct rp_buf *said, struct rp_err **err)
{
	if (check_end(path, err) < 0 || rp_scratch_start(s, err) < 0)
		return -1;
	return rp_pg_restore(s, 1, path, NULL, said, err);
}

/* Its members are looked for by name, so it has to be seekable; several connections it does not allow. */
static int restore(struct rp_artifact *a, struct rp_scratch *s, struct rp_buf *said, struct rp_err **err)
{
	rp_autofree char *path = NULL;
	struct rp_pg_archive head;
	if (rp_pg_archive_look(a, name, &head, err) < 0 ||
	    rp_pg_archive_readable(a, &head, rp_pg_scratch_major(s), err) < 0 ||
	    rp_artifact_place(a, s->dir, &path, err) < 0)
		return -1;
	int r = restore_copy(s, path, said, err);
	(void)unlink(path);
	return r;
}

static const char *const dump[] = {"pg_dump", "--format=tar", "--no-password", "--snapshot={snapshot}", NULL};

const struct rp_format rp_format_pg_tar = {
	.name = "pg_dump tar",
	.engine = "postgresql",
	.bid = bid,
	.restore = restore,
	.tell = tell,
	.omits = rp_pg_dump_omits,
	.dump = dump,
	.dump_environment = rp_pg_dump_environment,
};
