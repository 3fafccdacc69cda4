/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/recovery/pg_label.h"
#include "verifier/recovery/pg_recover.h"
#include "verifier/recovery/unwrap.h"
#include "verifier/util/beneath.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/run.h"
#include "verifier/util/stream.h"

/* A log archive that is a directory, as archive_command, pg_receivewal or Barman fill it. */

#define SEGMENT_MAX (UINT64_C(1) << 30) /* no server can be built with larger ones */
#define PIECE	    (64 << 10)

struct archive {
	struct rp_pg_log base;
	struct rp_run *run;
	const struct rp_unwrapping *how; /* borrowed */
	char *path;
	int fd;
};

static struct archive *of(struct rp_pg_log *log)
{
	return (struct archive *)(void *)log;
}

/* How archiving commands name what they have compressed; what it is, its content says. A segment that was still being
 * received counts where there is no whole one. */
static const char *const endings[] = {
	"",	    ".gz",	   ".zst",	  ".lz4",	  ".xz",	  ".bz2",
	".partial", ".gz.partial", ".partial.gz", ".zst.partial", ".lz4.partial", NULL};

static int open_one(const struct archive *a, const char *name, char ret_name[64])
{
	for (const char *const *ending = endings; *ending != NULL; ending++)
		for (int folded = 0; folded < 2; folded++) {
			/* Barman keeps 256 of them in a folder, named by the first 16 letters. */
			(void)snprintf(ret_name, 64, "%.*s%s%s%s", folded ? 16 : 0, name, folded ? "/" : "",
				       name, *ending);
			int fd = rp_beneath_open(a->fd, ret_name, O_RDONLY | O_NONBLOCK, 0);
			struct stat st;
			if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
				return fd;
			if (fd >= 0) {
				(void)close(fd);
				errno = EINVAL;
			}
			if (errno != ENOENT && errno != ENOTDIR)
				return -1;
		}
	errno = ENOENT;
	return -1;
}

static int copy(struct archive *a, struct rp_stream *from, int to, struct rp_err **err)
{
	uint8_t piece[PIECE];
	ssize_t n;
	uint64_t all = 0;
	while ((n = rp_stream_read(from, piece, sizeof piece, err)) > 0) {
		all += (uint64_t)n;
		if (all > SEGMENT_MAX)
			return rp_err_set(err, RP_ERR_BACKUP, "it is larger than any segment can be");
		if (rp_run_check(a->run, err) < 0 || rp_write_all(to, piece, (size_t)n, err) < 0)
			return -1;
	}
	return n < 0 ? -1 : 0;
}

static int fetch(struct rp_pg_log *log, const char *name, const char *path, struct rp_err **err)
{
	struct archive *a = of(log);
	char stored[64], again[64];
	rp_auto(rp_stream) file = NULL;
	rp_auto(rp_stream) plain = NULL;
	rp_autoclose int from = open_one(a, name, stored);
	if (from < 0)
		return errno == ENOENT ? 0 : rp_err_sys(err, errno, "open '%s/%s'", a->path, stored);
	/* The very file that was looked at, by whatever name it goes now. */
	(void)snprintf(again, sizeof again, "/proc/self/fd/%d", from);
	rp_autoclose int to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return rp_err_sys(err, errno, "create '%s'", path);
	/* How large it becomes is bounded by us: segments of zeros shrink to almost nothing. */
	if (rp_stream_of_file(&file, again, err) < 0 ||
	    rp_unwrap(&plain, rp_take(file), 0, a->how, NULL, err) < 0 || copy(a, plain, to, err) < 0)
		return rp_err_wrap(err, "log archive: '%s/%s'", a->path, stored);
	return 1;
}

/* The name of a segment at the beginning of a file's name. */
static bool names_segment(const char *file, char ret[RP_PG_SEGMENT_TEXT])
{
	(void)snprintf(ret, RP_PG_SEGMENT_TEXT, "%.*s", RP_PG_SEGMENT_TEXT - 1, file);
	return rp_pg_is_segment_name(ret);
}

static int search(const struct archive *a, const char *below, const char *name, char *ret,
		  struct rp_err **err)
{
	rp_autoclose int fd = openat(a->fd, below, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (dir == NULL)
		return rp_err_sys(err, errno, "open '%s/%s'", a->path, below);
	(void)rp_take_fd(&fd);
	int r = 0;
	for (const struct dirent *e; r >= 0 && (e = readdir(dir)) != NULL;) {
		char found[RP_PG_SEGMENT_TEXT];
		/* Backup histories are named after the segment that they begin in. */
		if (names_segment(e->d_name, found) && strstr(e->d_name, ".backup") == NULL &&
		    strncmp(found, name, 8) == 0 && strcmp(found, name) > 0 &&
		    (ret[0] == '\0' || strcmp(found, ret) < 0))
			memcpy(ret, found, sizeof found);
		else if (strcmp(below, ".") == 0 && strlen(e->d_name) == 16 &&
			 strncmp(e->d_name, name, 8) == 0 && strncmp(e->d_name, name, 16) >= 0 &&
			 e->d_type == DT_DIR)
			r = search(a, e->d_name, name, ret, err);
	}
	(void)closedir(dir);
	return r;
}

static int later(struct rp_pg_log *log, const char *name, char ret[], struct rp_err **err)
{
	ret[0] = '\0';
	if (search(of(log), ".", name, ret, err) < 0)
		return -1;
	return ret[0] != '\0';
}

static void archive_close(struct rp_pg_log *log)
{
	struct archive *a = of(log);
	rp_closep(&a->fd);
	free(a->path);
	free(a);
}

void rp_pg_log_close(struct rp_pg_log *log)
{
	if (log != NULL)
		log->close(log);
}

int rp_pg_log_directory(struct rp_pg_log **ret, const char *path, const struct rp_unwrapping *how,
			struct rp_run *run, struct rp_err **err)
{
	struct archive *a = calloc(1, sizeof *a);
	if (a == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	*a = (struct archive){.base = {.fetch = fetch, .later = later, .close = archive_close},
			      .run = run,
			      .how = how,
			      .path = strdup(path)};
	/* What the user names may be a link; what lies in it may not. */
	a->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (a->fd < 0 || a->path == NULL) {
		int saved = errno;
		archive_close(&a->base);
		return rp_err_sys(err, saved, "log archive '%s'", path);
	}
	*ret = &a->base;
	return 0;
}
