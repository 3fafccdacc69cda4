/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/tar.h"

#include <errno.h>
#include <string.h>

#include "verifier/recovery/tar_inside.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

#define BLOCK	 512
#define END_MARK (2 * BLOCK) /* of zeros */

void rp_untar_done(struct rp_untar *u)
{
	(void)archive_read_free(u->archive);
	rp_err_free(u->below);
	rp_closep(&u->fd);
}

bool rp_tar_begins(const uint8_t *head, size_t len)
{
	if (len < BLOCK || memcmp(head + 257, "ustar", 5) != 0 || head[0] == '\0')
		return false;
	unsigned sum = 0, told = 0;
	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= 148 && i < 156 ? ' ' : head[i];
	for (size_t i = 148; i < 156; i++)
		if (head[i] >= '0' && head[i] <= '7')
			told = told * 8 + (unsigned)(head[i] - '0');
	return told == sum;
}

/* Names in a pax header are UTF-8, which the C locale cannot say: then they are asked for as they are. */
const char *rp_tar_name_of(struct archive_entry *e)
{
	const char *name = archive_entry_pathname(e);
	if (name == NULL)
		name = archive_entry_pathname_utf8(e);
	return name != NULL ? name : "";
}

const char *rp_tar_plain(const char *name, char room[RP_BENEATH_MAX + 2])
{
	size_t len = 0;
	while (name[0] == '.' && name[1] == '/')
		for (name += 2; name[0] == '/';)
			name++;
	if (strcmp(name, ".") == 0)
		name++;
	for (; name[0] != '\0' && len <= RP_BENEATH_MAX; name++)
		if (name[0] != '/' || name[1] != '/')
			room[len++] = name[0];
	if (len > 1 && room[len - 1] == '/')
		len--;
	room[len] = '\0';
	return room;
}

struct archive *rp_tar_reader(void)
{
	struct archive *a = archive_read_new();
	if (a != NULL && archive_read_support_format_tar(a) != ARCHIVE_OK) {
		(void)archive_read_free(a);
		return NULL;
	}
	return a;
}

void rp_tar_members(const uint8_t *head, size_t len, rp_tar_member_fn *fn, void *ctx)
{
	struct archive *a = rp_tar_reader();
	struct archive_entry *e;
	int r = a != NULL ? archive_read_open_memory(a, head, len) : ARCHIVE_FATAL;
	while (r == ARCHIVE_OK) {
		char room[RP_BENEATH_MAX + 2];
		r = archive_read_next_header(a, &e);
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			break;
		struct rp_tar_member m = {.name = rp_tar_plain(rp_tar_name_of(e), room),
					  .directory = archive_entry_filetype(e) == AE_IFDIR,
					  .size = archive_entry_size(e) > 0 ? (uint64_t)archive_entry_size(e)
									    : 0};
		int64_t at = archive_filter_bytes(a, -1), size = archive_entry_size(e);
		if (at >= 0 && size > 0 && (uint64_t)at < len) {
			m.data = head + at;
			m.len = (uint64_t)size < len - (size_t)at ? (size_t)size : len - (size_t)at;
		}
		r = ARCHIVE_OK;
		if (m.name[0] != '\0' && fn(ctx, &m) != 0)
			break;
	}
	(void)archive_read_free(a);
}

la_ssize_t rp_untar_pull(struct archive *a, void *ctx, const void **ret)
{
	struct rp_untar *u = ctx;
	ssize_t n = 1;
	/* Whole pieces, so that what libarchive has and has not used is in the last one. */
	for (u->len = 0; u->len < sizeof u->buf && n > 0; u->len += n > 0 ? (size_t)n : 0)
		n = rp_stream_read(u->from, u->buf + u->len, sizeof u->buf - u->len, &u->below);
	u->pulled += (int64_t)u->len;
	*ret = u->buf;
	if (n < 0)
		archive_set_error(a, EIO, "cannot be read");
	return n < 0 ? -1 : (la_ssize_t)u->len;
}

/* What the stream below said is the reason; else it is what libarchive makes of the bytes. */
int rp_untar_failed(struct rp_untar *u, const char *name, struct rp_err **err)
{
	if (u->below != NULL)
		return rp_err_set(err, rp_err_kind(u->below), "'%s': %s", u->title, rp_err_text(u->below));
	const char *why = archive_error_string(u->archive);
	bool cut = why != NULL && strncmp(why, "Truncated", 9) == 0;
	if (archive_errno(u->archive) == ENOMEM)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (name[0] == '\0')
		return rp_err_set(err, RP_ERR_BACKUP, "'%s' is %s: it begins with no member of a tar archive",
				  u->title, cut ? "truncated" : "damaged");
	return rp_err_set(err, RP_ERR_BACKUP, "'%s' is %s as a tar archive, at or behind its member '%s'",
			  u->title, cut ? "truncated" : "damaged", name);
}

/* What libarchive has not used of the last piece, then the rest of the stream. */
static int only_zeros(struct rp_untar *u, const char *last, struct rp_err **err)
{
	uint64_t unused = (uint64_t)(u->pulled - archive_filter_bytes(u->archive, -1));
	size_t from = unused < u->len ? u->len - (size_t)unused : 0;
	ssize_t n = (ssize_t)u->len;
	while (n > 0) {
		for (size_t i = from; i < (size_t)n; i++)
			if (u->buf[i] != 0)
				return rp_err_set(
					err, RP_ERR_BACKUP,
					"'%s' goes on behind the mark that ends a tar archive, which is "
					"refused: are several archives one behind the other in it?",
					u->title);
		from = 0;
		n = rp_stream_read(u->from, u->buf, sizeof u->buf, &u->below);
		u->pulled += n > 0 ? n : 0;
	}
	if (n < 0)
		return rp_untar_failed(u, last, err);
	if (u->pulled % BLOCK == 0)
		return 0;
	return rp_err_set(err, RP_ERR_BACKUP,
			  "'%s' is truncated: it does not end at the end of a block of %d bytes", u->title,
			  BLOCK);
}

/* libarchive takes the end of the stream for the end of the archive, so that one that was cut between two members
 * would pass; and it reads no further than the mark, where another archive may have been appended. */
int rp_untar_at_its_end(struct rp_untar *u, int64_t began, const char *last, struct rp_err **err)
{
	if (u->entries == 0)
		return rp_err_set(err, RP_ERR_BACKUP, "'%s' is a tar archive without any member", u->title);
	if (archive_filter_bytes(u->archive, -1) - began < END_MARK)
		return rp_err_set(
			err, RP_ERR_BACKUP,
			"'%s' is truncated: it ends behind its member '%s', without the mark that ends a "
			"tar archive",
			u->title, last);
	return only_zeros(u, last, err);
}
