/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/recovery/tar_inside.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/parse.h"
#include "verifier/util/run.h"

#define KEPT_FREE (64U << 20) /* a disk that is full to the last byte stops others, too */

static int refuse(struct rp_untar *u, const char *name, const char *why, struct rp_err **err)
{
	return rp_err_set(err, RP_ERR_BACKUP, "'%s': member '%s' %s, which is refused", u->title, name, why);
}

static int has_room(struct rp_untar *u, const char *name, uint64_t size, struct rp_err **err)
{
	uint64_t room;
	if (rp_disk_free(u->into, &room, err) < 0)
		return -1;
	room = room > KEPT_FREE ? room - KEPT_FREE : 0;
	if (size <= room)
		return 0;
	char want[RP_TIME_TEXT], have[RP_TIME_TEXT], lack[RP_TIME_TEXT];
	rp_size_format(size, want);
	rp_size_format(room, have);
	rp_size_format(size - room, lack);
	return rp_err_set(
		err, RP_ERR_IO,
		"not enough disk to unpack '%s': its member '%s' takes %s, '%s' has %s, so %s are missing",
		u->title, name, want, u->into, have, lack);
}

static int could_not_create(struct rp_untar *u, const char *name, int errnum, struct rp_err **err)
{
	if (errnum == EEXIST)
		return refuse(u, name, "is there twice", err);
	if (errnum == ELOOP || errnum == ENOTDIR || errnum == ENAMETOOLONG)
		return refuse(u, name, errnum == ENAMETOOLONG ? "has too long a name" : "lies below a file",
			      err);
	return rp_err_sys(err, errnum, "'%s': unpack member '%s' into '%s'", u->title, name, u->into);
}

static int take_file(struct rp_untar *u, struct archive_entry *e, const char *name, struct rp_err **err)
{
	int64_t size = archive_entry_size(e);
	if (size < 0)
		return refuse(u, name, "has a negative size", err);
	if (has_room(u, name, (uint64_t)size, err) < 0)
		return -1;
	rp_autoclose int fd = rp_beneath_create(u->fd, name);
	if (fd < 0)
		return could_not_create(u, name, errno, err);
	uint8_t piece[RP_TAR_PIECE];
	la_ssize_t n;
	while ((n = archive_read_data(u->archive, piece, sizeof piece)) > 0)
		if (rp_run_check(u->run, err) < 0 || rp_write_all(fd, piece, (size_t)n, err) < 0)
			return rp_err_wrap(err, "'%s': unpack member '%s'", u->title, name);
	return n < 0 ? rp_untar_failed(u, name, err) : 0;
}

static int take_directory(struct rp_untar *u, const char *name, struct rp_err **err)
{
	const char *leaf;
	rp_autoclose int parent = rp_beneath_parent(u->fd, name, true, &leaf);
	if (parent < 0)
		return could_not_create(u, name, errno, err);
	struct stat st;
	if (mkdirat(parent, leaf, 0700) == 0)
		return 0;
	if (errno != EEXIST)
		return could_not_create(u, name, errno, err);
	/* A directory may be named again, once its files are there. */
	if (fstatat(parent, leaf, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
		return refuse(u, name, "is there twice", err);
	return 0;
}

static int take(struct rp_untar *u, struct archive_entry *e, const char *name, struct rp_err **err)
{
	if (++u->entries > RP_TAR_ENTRIES_MAX)
		return rp_err_set(err, RP_ERR_BACKUP, "'%s' has more than %d members, which is refused",
				  u->title, RP_TAR_ENTRIES_MAX);
	if (archive_entry_hardlink(e) != NULL || archive_entry_filetype(e) == AE_IFLNK)
		return refuse(u, name, "is a link", err);
	if (archive_entry_filetype(e) == AE_IFDIR && name[0] == '\0')
		return 0;
	if (!rp_beneath_name(name))
		return refuse(u, rp_tar_name_of(e),
			      "has a name that leads out of its directory or is no name", err);
	if (archive_entry_filetype(e) == AE_IFDIR)
		return take_directory(u, name, err);
	if (archive_entry_filetype(e) != AE_IFREG)
		return refuse(u, name, "is neither a file nor a directory", err);
	return take_file(u, e, name, err);
}

static int unpack_all(struct rp_untar *u, struct rp_err **err)
{
	struct archive_entry *e;
	char room[RP_BENEATH_MAX + 2], last[RP_BENEATH_MAX + 2] = "";
	for (;;) {
		int64_t began = archive_filter_bytes(u->archive, -1);
		int r = archive_read_next_header(u->archive, &e);
		if (r == ARCHIVE_EOF)
			return rp_untar_at_its_end(u, began, last, err);
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			return rp_untar_failed(u, last, err);
		const char *name = rp_tar_plain(rp_tar_name_of(e), room);
		if (rp_run_check(u->run, err) < 0 || take(u, e, name, err) < 0)
			return -1;
		memcpy(last, name, strlen(name) + 1);
	}
}

int rp_tar_unpack(struct rp_stream *from, const char *title, const char *into, struct rp_run *run,
		  struct rp_err **err)
{
	rp_cleanup(rp_untar_done) struct rp_untar u = {
		.from = from, .run = run, .title = title, .into = into, .fd = -1};
	u.archive = rp_tar_reader();
	if (u.archive == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	u.fd = open(into, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (u.fd < 0)
		return rp_err_sys(err, errno, "open '%s'", into);
	if (archive_read_open(u.archive, &u, NULL, rp_untar_pull, NULL) != ARCHIVE_OK)
		return rp_untar_failed(&u, "", err);
	return unpack_all(&u, err);
}
