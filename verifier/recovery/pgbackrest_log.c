/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/recovery/artifact.h"
#include "verifier/recovery/pgbackrest.h"
#include "verifier/recovery/stage.h"
#include "verifier/util/beneath.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/stream.h"

/* A repository's log may be larger than all its backups. So of it only the file that recovery asks for is copied to
 * where pgbackrest can see it, and pgbackrest makes the log's file of it: it knows how it is compressed and locked. */

#define PLACE_MAX   1024
#define SEGMENT_LEN 24 /* of a name */

struct log {
	struct rp_pg_log base;
	struct rp_backrest *of;
};

bool rp_backrest_is_file(const char *entry, const char *name)
{
	size_t n = strlen(name);
	if (strncmp(entry, name, n) != 0)
		return false;
	if (entry[n] == '\0')
		return true;
	const char *sum = entry + n + 1;
	if (entry[n] != '-' || strspn(sum, "0123456789abcdef") != 40)
		return false;
	static const char *const ends[] = {"", ".gz", ".lz4", ".bz2", ".zst", ".xz"};
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (strcmp(sum + 40, ends[i]) == 0)
			return true;
	return false;
}

/* A new file below the lent directory, for its user. */
static int create(int work, const char *name, struct rp_err **err)
{
	struct stat owner;
	if (fstat(work, &owner) < 0)
		return rp_err_sys(err, errno, "stat the place of the repository");
	rp_autoclose int fd = rp_beneath_create(work, name);
	if (fd < 0 || fchown(fd, owner.st_uid, owner.st_gid) < 0)
		return rp_err_sys(err, errno, "create '%s'", name);
	/* The directories above it may be new, too. */
	char part[PLACE_MAX];
	for (const char *slash = strchr(name, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		(void)snprintf(part, sizeof part, "%.*s", (int)(slash - name), name);
		rp_autoclose int dir = rp_beneath_open(work, part, O_RDONLY | O_DIRECTORY, 0);
		if (dir < 0 || fchown(dir, owner.st_uid, owner.st_gid) < 0)
			return rp_err_sys(err, errno, "make directory '%s'", part);
	}
	return rp_take_fd(&fd);
}

static int copy_one(int repository, int work, const char *name, struct rp_err **err)
{
	rp_auto(rp_stream) from = NULL;
	int source = rp_beneath_open(repository, name, O_RDONLY | O_NONBLOCK, 0);
	struct stat st;
	if (source < 0 || fstat(source, &st) < 0)
		return rp_err_sys(err, errno, "open '%s'", name);
	if (rp_stream_of_fd(&from, source, name, err) < 0)
		return -1;
	if (!S_ISREG(st.st_mode))
		return rp_err_set(err, RP_ERR_BACKUP, "'%s' is no regular file", name);
	rp_autoclose int fd = create(work, name, err);
	return fd < 0 ? -1 : rp_copy_out(from, fd, err);
}

/* "archive/STANZA/15-1/0000000100000000" for a file of the log, "archive/STANZA/15-1" for a history. */
static void place_of(char ret[PLACE_MAX], const char *stanza, const char *id, const char *name)
{
	bool segment = strlen(name) == SEGMENT_LEN;
	(void)snprintf(ret, PLACE_MAX, "archive/%s/%s%s%.16s", stanza, id, segment ? "/" : "",
		       segment ? name : "");
}

/* How many of this name were copied from one directory; their names go to 'copied'. */
static int copy_from(int repository, int work, const char *place, const char *name, struct rp_argv *copied,
		     struct rp_err **err)
{
	rp_autoclose int fd = rp_beneath_open(repository, place, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return errno == ENOENT ? 0 : rp_err_sys(err, errno, "list '%s'", place);
	DIR *dir = fdopendir(fd);
	if (dir == NULL)
		return rp_err_sys(err, errno, "list '%s'", place);
	(void)rp_take_fd(&fd);
	int r = 0;
	const struct dirent *e;
	while (r == 0 && (e = readdir(dir)) != NULL) {
		if (!rp_backrest_is_file(e->d_name, name))
			continue;
		rp_argv_addf(copied, "%s/%s", place, e->d_name);
		r = copied->failed ? rp_err_set(err, RP_ERR_NOMEM, "out of memory")
				   : copy_one(repository, work, copied->v[copied->n - 1], err);
	}
	(void)closedir(dir);
	return r;
}

/* "15-1": of all servers that the stanza has had. pgbackrest takes the one that this backup is of. */
static int list_ids(struct rp_backrest *b, int repository, struct rp_argv *ret, struct rp_err **err)
{
	char place[PLACE_MAX];
	(void)snprintf(place, sizeof place, "archive/%s", b->stanza);
	rp_autoclose int fd = rp_beneath_open(repository, place, O_RDONLY | O_DIRECTORY, 0);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (dir == NULL)
		return rp_err_sys(err, errno, "list '%s/%s'", b->a->point->path, place);
	(void)rp_take_fd(&fd);
	const struct dirent *e;
	while ((e = readdir(dir)) != NULL)
		if (strspn(e->d_name, "0123456789.-") == strlen(e->d_name) && e->d_name[0] != '.')
			rp_argv_add(ret, e->d_name);
	(void)closedir(dir);
	return ret->failed ? rp_err_set(err, RP_ERR_NOMEM, "out of memory") : 0;
}

static int copy_all(struct rp_backrest *b, int repository, int work, const char *name, struct rp_argv *copied,
		    struct rp_err **err)
{
	rp_cleanup(rp_argv_done) struct rp_argv ids = {0};
	char place[PLACE_MAX];
	if (list_ids(b, repository, &ids, err) < 0)
		return -1;
	for (size_t i = 0; i < ids.n; i++) {
		place_of(place, b->stanza, ids.v[i], name);
		if (copy_from(repository, work, place, name, copied, err) < 0)
			return -1;
	}
	return 0;
}

static int get(struct rp_backrest *b, int work, const char *name, const char *path, struct rp_err **err)
{
	rp_autobuf to = RP_BUF_INIT(PLACE_MAX), control = RP_BUF_INIT(PLACE_MAX);
	struct stat st;
	rp_buf_addf(&to, "%s/wal/%s", b->work, name);
	rp_buf_addf(&control, "--pg1-path=%s/control", b->work);
	if (rp_buf_check(&to, err) < 0 || rp_buf_check(&control, err) < 0)
		return -1;
	const char *const command[] = {"archive-get", name, rp_buf_text(&to), rp_buf_text(&control), NULL};
	if (rp_backrest_run(b, command, err) < 0)
		return rp_err_wrap(err, "'%s' of the log", name);
	rp_autoclose int wal = rp_beneath_open(work, "wal", O_RDONLY | O_DIRECTORY, 0);
	if (wal < 0 || fstatat(wal, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return rp_err_sys(err, errno, "look at '%s'", rp_buf_text(&to));
	if (!S_ISREG(st.st_mode))
		return rp_err_set(err, RP_ERR_BACKUP, "'%s' of the log came as no regular file", name);
	return renameat(wal, name, AT_FDCWD, path) < 0
		       ? rp_err_sys(err, errno, "move '%s' to '%s'", name, path)
		       : 1;
}

static int fetch(struct rp_pg_log *log, const char *name, const char *path, struct rp_err **err)
{
	struct rp_backrest *b = ((struct log *)log)->of;
	rp_cleanup(rp_argv_done) struct rp_argv copied = {0};
	rp_autoclose int repository = open(b->a->point->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rp_autoclose int work = open(b->work, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (repository < 0 || work < 0)
		return rp_err_sys(err, errno, "open '%s'", repository < 0 ? b->a->point->path : b->work);
	int r = copy_all(b, repository, work, name, &copied, err);
	if (r == 0 && copied.n > 0)
		r = get(b, work, name, path, err);
	for (size_t i = 0; i < copied.n; i++) {
		const char *leaf;
		rp_autoclose int parent = rp_beneath_parent(work, copied.v[i], false, &leaf);
		if (parent >= 0)
			(void)unlinkat(parent, leaf, 0);
	}
	return r;
}

/* The least name behind 'name' of the same timeline, in a directory of the archive or those below it. */
static void find_later(int parent, const char *place, unsigned depth, const char *name, char ret[])
{
	rp_autoclose int fd = rp_beneath_open(parent, place, O_RDONLY | O_DIRECTORY, 0);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (dir == NULL)
		return;
	(void)rp_take_fd(&fd);
	const struct dirent *e;
	while ((e = readdir(dir)) != NULL) {
		size_t n = strspn(e->d_name, "0123456789ABCDEF");
		if (depth == 0 && n == 16 && e->d_name[n] == '\0' && strncmp(e->d_name, name, 8) == 0 &&
		    strncmp(e->d_name, name, 16) >= 0)
			find_later(dirfd(dir), e->d_name, 1, name, ret);
		else if (depth == 1 && n == SEGMENT_LEN && e->d_name[n] == '-' &&
			 strncmp(e->d_name, name, SEGMENT_LEN) > 0 &&
			 (ret[0] == '\0' || strncmp(e->d_name, ret, SEGMENT_LEN) < 0))
			(void)snprintf(ret, SEGMENT_LEN + 1, "%.*s", SEGMENT_LEN, e->d_name);
	}
	(void)closedir(dir);
}

static int later(struct rp_pg_log *log, const char *name, char ret[], struct rp_err **err)
{
	struct rp_backrest *b = ((struct log *)log)->of;
	rp_cleanup(rp_argv_done) struct rp_argv ids = {0};
	rp_autoclose int repository = open(b->a->point->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ret[0] = '\0';
	if (repository < 0)
		return rp_err_sys(err, errno, "open '%s'", b->a->point->path);
	if (list_ids(b, repository, &ids, err) < 0)
		return -1;
	for (size_t i = 0; i < ids.n; i++) {
		char place[PLACE_MAX];
		(void)snprintf(place, sizeof place, "archive/%s/%s", b->stanza, ids.v[i]);
		find_later(repository, place, 0, name, ret);
	}
	return ret[0] != '\0';
}

static void close_log(struct rp_pg_log *log)
{
	free(log);
}

int rp_backrest_log(struct rp_pg_log **ret, struct rp_backrest *b, struct rp_err **err)
{
	struct log *l = malloc(sizeof *l);
	if (l == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	*l = (struct log){.base = {.fetch = fetch, .later = later, .close = close_log}, .of = b};
	*ret = &l->base;
	return 0;
}
