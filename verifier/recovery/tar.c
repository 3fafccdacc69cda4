/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/util/beneath.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/parse.h"
#include "verifier/util/run.h"
#include "verifier/util/sha256.h"

#define BLOCK	  512
#define END_MARK  (2 * BLOCK) /* of zeros */
#define PIECE	  (64 << 10)
#define KEPT_FREE (64u << 20) /* a disk that is full to the last byte stops others, too */

struct untar {
	struct archive *archive;
	struct rp_stream *from; /* borrowed */
	struct rp_err *below;	/* why it could not be read */
	struct rp_run *run;
	const char *title, *into;
	int fd; /* of 'into' */
	uint64_t entries;
	int64_t pulled; /* bytes in all */
	size_t len;	/* of the last piece that was pulled */
	uint8_t buf[PIECE];
};

static void untar_done(struct untar *u)
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
static const char *name_of(struct archive_entry *e)
{
	const char *name = archive_entry_pathname(e);
	if (name == NULL)
		name = archive_entry_pathname_utf8(e);
	return name != NULL ? name : "";
}

/* "./a//b/" is a/b, and "./" is "". What leads upwards or is absolute stays so. */
static const char *plain(const char *name, char room[RP_BENEATH_MAX + 2])
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

static struct archive *reader(void)
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
	struct archive *a = reader();
	struct archive_entry *e;
	int r = a != NULL ? archive_read_open_memory(a, head, len) : ARCHIVE_FATAL;
	while (r == ARCHIVE_OK) {
		char room[RP_BENEATH_MAX + 2];
		r = archive_read_next_header(a, &e);
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			break;
		struct rp_tar_member m = {.name = plain(name_of(e), room),
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

static la_ssize_t pull(struct archive *a, void *ctx, const void **ret)
{
	struct untar *u = ctx;
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

static int refuse(struct untar *u, const char *name, const char *why, struct rp_err **err)
{
	return rp_err_set(err, RP_ERR_BACKUP, "'%s': member '%s' %s, which is refused", u->title, name, why);
}

/* What the stream below said is the reason; else it is what libarchive makes of the bytes. */
static int failed(struct untar *u, const char *name, struct rp_err **err)
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

static int has_room(struct untar *u, const char *name, uint64_t size, struct rp_err **err)
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

static int create_failed(struct untar *u, const char *name, int errnum, struct rp_err **err)
{
	if (errnum == EEXIST)
		return refuse(u, name, "is there twice", err);
	if (errnum == ELOOP || errnum == ENOTDIR || errnum == ENAMETOOLONG)
		return refuse(u, name, errnum == ENAMETOOLONG ? "has too long a name" : "lies below a file",
			      err);
	return rp_err_sys(err, errnum, "'%s': unpack member '%s' into '%s'", u->title, name, u->into);
}

static int take_file(struct untar *u, struct archive_entry *e, const char *name, struct rp_err **err)
{
	int64_t size = archive_entry_size(e);
	if (size < 0)
		return refuse(u, name, "has a negative size", err);
	if (has_room(u, name, (uint64_t)size, err) < 0)
		return -1;
	rp_autoclose int fd = rp_beneath_create(u->fd, name);
	if (fd < 0)
		return create_failed(u, name, errno, err);
	uint8_t piece[PIECE];
	la_ssize_t n;
	while ((n = archive_read_data(u->archive, piece, sizeof piece)) > 0)
		if (rp_run_check(u->run, err) < 0 || rp_write_all(fd, piece, (size_t)n, err) < 0)
			return rp_err_wrap(err, "'%s': unpack member '%s'", u->title, name);
	return n < 0 ? failed(u, name, err) : 0;
}

static int take_directory(struct untar *u, const char *name, struct rp_err **err)
{
	const char *leaf;
	rp_autoclose int parent = rp_beneath_parent(u->fd, name, true, &leaf);
	if (parent < 0)
		return create_failed(u, name, errno, err);
	struct stat st;
	if (mkdirat(parent, leaf, 0700) == 0)
		return 0;
	if (errno != EEXIST)
		return create_failed(u, name, errno, err);
	/* A directory may be named again, once its files are there. */
	if (fstatat(parent, leaf, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
		return refuse(u, name, "is there twice", err);
	return 0;
}

static int take(struct untar *u, struct archive_entry *e, const char *name, struct rp_err **err)
{
	if (++u->entries > RP_TAR_ENTRIES_MAX)
		return rp_err_set(err, RP_ERR_BACKUP, "'%s' has more than %d members, which is refused",
				  u->title, RP_TAR_ENTRIES_MAX);
	if (archive_entry_hardlink(e) != NULL || archive_entry_filetype(e) == AE_IFLNK)
		return refuse(u, name, "is a link", err);
	if (archive_entry_filetype(e) == AE_IFDIR && name[0] == '\0')
		return 0;
	if (!rp_beneath_name(name))
		return refuse(u, name_of(e), "has a name that leads out of its directory or is no name", err);
	if (archive_entry_filetype(e) == AE_IFDIR)
		return take_directory(u, name, err);
	if (archive_entry_filetype(e) != AE_IFREG)
		return refuse(u, name, "is neither a file nor a directory", err);
	return take_file(u, e, name, err);
}

/* What libarchive has not used of the last piece, then the rest of the stream. */
static int only_zeros(struct untar *u, const char *last, struct rp_err **err)
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
	}
	return n < 0 ? failed(u, last, err) : 0;
}

/* libarchive takes the end of the stream for the end of the archive, so that one that was cut between two members
 * would pass; and it reads no further than the mark, where another archive may have been appended. */
static int at_its_end(struct untar *u, int64_t began, const char *last, struct rp_err **err)
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

static int unpack_all(struct untar *u, struct rp_err **err)
{
	struct archive_entry *e;
	char room[RP_BENEATH_MAX + 2], last[RP_BENEATH_MAX + 2] = "";
	for (;;) {
		int64_t began = archive_filter_bytes(u->archive, -1);
		int r = archive_read_next_header(u->archive, &e);
		if (r == ARCHIVE_EOF)
			return at_its_end(u, began, last, err);
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			return failed(u, last, err);
		const char *name = plain(name_of(e), room);
		if (rp_run_check(u->run, err) < 0 || take(u, e, name, err) < 0)
			return -1;
		memcpy(last, name, strlen(name) + 1);
	}
}

int rp_tar_unpack(struct rp_stream *from, const char *title, const char *into, struct rp_run *run,
		  struct rp_err **err)
{
	rp_cleanup(untar_done) struct untar u = {
		.from = from, .run = run, .title = title, .into = into, .fd = -1};
	u.archive = reader();
	if (u.archive == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	u.fd = open(into, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (u.fd < 0)
		return rp_err_sys(err, errno, "open '%s'", into);
	if (archive_read_open(u.archive, &u, NULL, pull, NULL) != ARCHIVE_OK)
		return failed(&u, "", err);
	return unpack_all(&u, err);
}

struct scan {
	struct untar u;
	EVP_MD_CTX *hash;
	uint8_t data[RP_TAR_GLANCE], sha256[RP_SHA256_LEN], piece[PIECE];
};

static void scan_done(struct scan *s)
{
	untar_done(&s->u);
	EVP_MD_CTX_free(s->hash);
}

/* false: what is wrong with it is not told here. */
static bool scan_data(struct scan *s, struct rp_tar_member *m, bool hashed)
{
	la_ssize_t n = 1;
	if (hashed && EVP_DigestInit_ex(s->hash, EVP_sha256(), NULL) != 1)
		return false;
	while (n > 0 && (hashed || m->len < sizeof s->data)) {
		n = archive_read_data(s->u.archive, s->piece,
				      hashed ? sizeof s->piece : sizeof s->data - m->len);
		if (n < 0 || rp_run_check(s->u.run, NULL) < 0)
			return false;
		size_t room = sizeof s->data - m->len, kept = (size_t)n < room ? (size_t)n : room;
		memcpy(s->data + m->len, s->piece, kept);
		m->len += kept;
		if (hashed && EVP_DigestUpdate(s->hash, s->piece, (size_t)n) != 1)
			return false;
	}
	m->data = s->data;
	m->sha256 = s->sha256;
	return !hashed || EVP_DigestFinal_ex(s->hash, s->sha256, NULL) == 1;
}

static bool scan_members(struct scan *s, uint64_t most, bool hashed, rp_tar_member_fn *fn, void *ctx)
{
	struct archive_entry *e;
	while (archive_filter_bytes(s->u.archive, -1) < (int64_t)most) {
		char room[RP_BENEATH_MAX + 2];
		int64_t began = archive_filter_bytes(s->u.archive, -1);
		int r = rp_run_check(s->u.run, NULL) < 0 ? ARCHIVE_FATAL
							 : archive_read_next_header(s->u.archive, &e);
		if (r == ARCHIVE_EOF)
			return at_its_end(&s->u, began, "", NULL) == 0;
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			return false;
		bool link = archive_entry_hardlink(e) != NULL;
		struct rp_tar_member m = {.name = plain(name_of(e), room),
					  .directory = !link && archive_entry_filetype(e) == AE_IFDIR,
					  .other = link || (archive_entry_filetype(e) != AE_IFDIR &&
							    archive_entry_filetype(e) != AE_IFREG),
					  .size = archive_entry_size(e) > 0 ? (uint64_t)archive_entry_size(e)
									    : 0};
		s->u.entries++;
		if (!m.directory && !m.other && !scan_data(s, &m, hashed))
			return false;
		if (m.name[0] != '\0' && fn(ctx, &m) != 0)
			return false;
	}
	return false;
}

int rp_tar_scan(struct rp_stream *from, uint64_t most, bool hashed, rp_tar_member_fn *fn, void *ctx,
		bool *ret_whole, struct rp_run *run, struct rp_err **err)
{
	rp_cleanup(scan_done) struct scan s = {
		.u = {.from = from, .run = run, .title = "", .into = "", .fd = -1}};
	s.u.archive = reader();
	s.hash = EVP_MD_CTX_new();
	if (s.u.archive == NULL || s.hash == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	*ret_whole = archive_read_open(s.u.archive, &s.u, NULL, pull, NULL) == ARCHIVE_OK &&
		     scan_members(&s, most < INT64_MAX ? most : INT64_MAX, hashed, fn, ctx);
	if (rp_run_check(run, err) < 0)
		return -1;
	if (s.u.below != NULL && rp_err_kind(s.u.below) != RP_ERR_BACKUP)
		return rp_err_again(err, s.u.below);
	return 0;
}
