/* SPDX-License-Identifier: MIT */
/* bzip2, xz, zstd and lz4 through libarchive: one filter, enabled by its name, for more would start programs. What it
 * lets pass is looked for here: that nothing follows the end, and that an lz4 frame has one. */
#include <archive.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/recovery/members.h"
#include "verifier/recovery/unwrap.h"
#include "verifier/recovery/wrap_lz4.h"
#include "verifier/util/error.h"

#define CHUNK (256 << 10)

struct compression {
	const char *name;
	int (*enable)(struct archive *a);
};

struct unpacking {
	struct rp_stream base;
	const struct compression *how;
	struct archive *archive;
	const uint8_t *at; /* unpacked, and not yet given out; libarchive's */
	size_t left;
	uint64_t taken; /* bytes from below */
	bool opened, over, failed;
	bool below_ended;
	struct rp_err *below_failed;
	struct rp_lz4 frames; /* of lz4 */
	uint8_t in[CHUNK];
};

static la_ssize_t give_packed(struct archive *a, void *ctx, const void **ret)
{
	struct unpacking *u = ctx;
	*ret = u->in;
	ssize_t n = rp_stream_read(u->base.below, u->in, sizeof u->in, &u->below_failed);
	if (n < 0)
		archive_set_error(a, EIO, "it could not be read");
	u->below_ended = n == 0;
	u->taken += n > 0 ? (uint64_t)n : 0;
	if (n > 0 && u->how->enable == archive_read_support_filter_lz4)
		rp_lz4_walk(&u->frames, u->in, (size_t)n);
	return n;
}

static int truncated(const struct unpacking *u, struct rp_err **err)
{
	return rp_err_set(err, RP_ERR_BACKUP, "%s: truncated: the file ends before its data does",
			  u->how->name);
}

/* libarchive has one kind of error and a sentence. */
static int explain(const struct unpacking *u, struct rp_err **err)
{
	const char *said = archive_error_string(u->archive);
	const char *name = u->how->name;
	if (u->below_failed != NULL)
		return rp_err_again(err, u->below_failed);
	if (said == NULL)
		said = "bad data";
	if (archive_errno(u->archive) == ENOMEM || strstr(said, "too much memory") != NULL) {
		(void)rp_err_set(err, RP_ERR_IO,
				 "%s: more memory is needed to unpack it than is given to that (%s)", name,
				 said);
		return rp_err_hint(
			err, "take this layer off with --filter '%s -d ...', where you trust the backup",
			name);
	}
	/* Whatever else libarchive calls it: there was nothing more to read, and all of it was used up. */
	bool used_up = u->below_ended && archive_filter_bytes(u->archive, -1) >= (la_int64_t)u->taken;
	if (strcasestr(said, "truncated") != NULL || strstr(said, "No progress is possible") != NULL ||
	    used_up)
		return truncated(u, err);
	return rp_err_set(err, RP_ERR_BACKUP, "%s: damaged: %s", name, said);
}

/* Its end, as libarchive sees it. */
static int conclude(struct unpacking *u, struct rp_err **err)
{
	u->over = true;
	if (u->below_failed != NULL)
		return explain(u, err);
	if (u->how->enable == archive_read_support_filter_lz4) {
		if (u->frames.broken)
			return rp_err_set(err, RP_ERR_BACKUP,
					  "lz4: damaged: something that is no lz4 follows its end");
		if (!rp_lz4_ended(&u->frames))
			return truncated(u, err);
	}
	/* It stopped before the end of what it was given; or just there, and there is more. */
	uint8_t more;
	bool rest = archive_filter_bytes(u->archive, -1) < (la_int64_t)u->taken;
	ssize_t n = rest || u->below_ended ? 0 : rp_stream_read(u->base.below, &more, 1, err);
	if (n < 0)
		return -1;
	if (u->taken == 0)
		return truncated(u, err);
	if (rest || n > 0)
		return rp_err_set(err, RP_ERR_BACKUP, "%s: damaged: something that is no %s follows its end",
				  u->how->name, u->how->name);
	return 0;
}

static int open_it(struct unpacking *u, struct rp_err **err)
{
	struct archive_entry *entry;
	u->opened = true;
	/* libarchive looks for a layer within the layer by itself, where nobody bounds it. */
	if (archive_read_open(u->archive, u, NULL, give_packed, NULL) != ARCHIVE_OK)
		return explain(u, err);
	if (archive_filter_count(u->archive) > 2) {
		(void)rp_err_set(err, RP_ERR_IO, "%s: is packed with %s once more, which is refused",
				 u->how->name, u->how->name);
		return rp_err_hint(err, "take the outer one off with --filter '%s -dc'", u->how->name);
	}
	int r = archive_read_next_header(u->archive, &entry);
	if (r == ARCHIVE_EOF)
		return conclude(u, err);
	/* Not even its beginning is one: libarchive then reads it as it is. */
	if (r == ARCHIVE_OK && archive_filter_count(u->archive) < 2)
		return u->below_ended && u->taken < 16
			       ? truncated(u, err)
			       : rp_err_set(err, RP_ERR_BACKUP, "%s: damaged: bad header", u->how->name);
	return r == ARCHIVE_OK ? 0 : explain(u, err);
}

static int refill(struct unpacking *u, struct rp_err **err)
{
	const void *block;
	la_int64_t offset;
	if (!u->opened && open_it(u, err) < 0)
		return -1;
	while (u->left == 0 && !u->over) {
		int r = archive_read_data_block(u->archive, &block, &u->left, &offset);
		u->at = block;
		if (r == ARCHIVE_EOF) {
			u->left = 0;
			return conclude(u, err);
		}
		if (r != ARCHIVE_OK)
			return explain(u, err);
	}
	return 0;
}

static ssize_t unpacking_read(struct rp_stream *s, void *buf, size_t len, struct rp_err **err)
{
	struct unpacking *u = (struct unpacking *)s;
	if (u->failed)
		return rp_err_set(err, RP_ERR_IO, "%s: read on after a failure", u->how->name);
	if (u->left == 0 && refill(u, err) < 0) {
		u->failed = true;
		return -1;
	}
	size_t n = len < u->left ? len : u->left;
	if (n == 0)
		return 0;
	memcpy(buf, u->at, n);
	u->at += n;
	u->left -= n;
	return (ssize_t)n;
}

static void unpacking_close(struct rp_stream *s)
{
	struct unpacking *u = (struct unpacking *)s;
	(void)archive_read_free(u->archive);
	rp_err_free(u->below_failed);
	free(u);
}

static int unpack(struct rp_stream **ret, struct rp_stream *below, const struct compression *how,
		  struct rp_err **err)
{
	static const struct rp_stream_ops ops = {.read = unpacking_read, .close = unpacking_close};
	struct unpacking *u = calloc(1, sizeof *u);
	struct archive *a = u != NULL ? archive_read_new() : NULL;
	if (a == NULL) {
		free(u);
		rp_stream_close(below);
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	u->base = (struct rp_stream){.ops = &ops, .below = below};
	u->how = how;
	u->archive = a;
	/* ARCHIVE_WARN: this libarchive was built without the library and would start a program. */
	if (how->enable(a) != ARCHIVE_OK || archive_read_support_format_raw(a) != ARCHIVE_OK ||
	    archive_read_support_format_empty(a) != ARCHIVE_OK) {
		rp_stream_close(&u->base);
		return rp_err_set(err, RP_ERR_IO, "%s: this libarchive cannot unpack it", how->name);
	}
	*ret = &u->base;
	return 0;
}

static int bid_bzip2(const uint8_t *head, size_t len)
{
	static const uint8_t block[] = {0x31, 0x41, 0x59, 0x26, 0x53, 0x59};
	static const uint8_t end[] = {0x17, 0x72, 0x45, 0x38, 0x50, 0x90};
	if (len < 4 || memcmp(head, "BZh", 3) != 0 || head[3] < '1' || head[3] > '9')
		return 0;
	if (len < 4 + sizeof block)
		return 29;
	return memcmp(head + 4, block, sizeof block) == 0 || memcmp(head + 4, end, sizeof end) == 0 ? 77 : 0;
}

static int bid_xz(const uint8_t *head, size_t len)
{
	static const uint8_t magic[] = {0xfd, '7', 'z', 'X', 'Z', 0};
	return len >= sizeof magic && memcmp(head, magic, sizeof magic) == 0 ? 48 : 0;
}

/* pzstd puts a frame that is to be skipped in front of each of its own. */
static int bid_zstd(const uint8_t *head, size_t len)
{
	static const uint8_t magic[] = {0x28, 0xb5, 0x2f, 0xfd};
	static const uint8_t skipped[] = {0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0};
	const size_t before = sizeof skipped + 4;
	if (len >= before + sizeof magic && memcmp(head, skipped, sizeof skipped) == 0)
		head += before;
	return len >= sizeof magic && memcmp(head, magic, sizeof magic) == 0 ? 32 : 0;
}

static int bid_lz4(const uint8_t *head, size_t len)
{
	static const uint8_t magic[] = {0x04, 0x22, 0x4d, 0x18};
	return len >= sizeof magic && memcmp(head, magic, sizeof magic) == 0 ? 32 : 0;
}

#define COMPRESSION(name_)                                                                                   \
	static int unwrap_##name_(struct rp_stream **ret, struct rp_stream *below,                           \
				  const struct rp_unwrapping *how, struct rp_err **err)                      \
	{                                                                                                    \
		static const struct compression c = {#name_, archive_read_support_filter_##name_};           \
		(void)how;                                                                                   \
		return unpack(ret, below, &c, err);                                                          \
	}                                                                                                    \
	const struct rp_wrapping rp_wrapping_##name_ = {                                                     \
		.name = #name_, .heavy = true, .bid = bid_##name_, .unwrap = unwrap_##name_}

COMPRESSION(bzip2);
COMPRESSION(xz);
COMPRESSION(zstd);
COMPRESSION(lz4);
