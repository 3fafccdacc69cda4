/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/my_logs.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/recovery/artifact.h"
#include "verifier/recovery/my_binlog_target.h"
#include "verifier/recovery/stage.h"
#include "verifier/recovery/unwrap.h"
#include "verifier/recovery/wanted.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/run.h"
#include "verifier/util/stream.h"

#define LOGS_MAX 100000
#define PIECE	 (64 << 10)

/* "mysql-bin.000042", or with what its wrapping adds: "mysql-bin.000042.gz". The files that a server writes beside them,
 * index and state, have no number. */
struct log {
	char *file;   /* as it is stored */
	size_t plain; /* so much of it is the log's own name */
	uint64_t number;
};

struct logs {
	struct log *all;
	size_t n, cap;
};

static void logs_done(struct logs *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->all[i].file);
	free(l->all);
}

/* What comes before the number in the name of the log that we begin with. */
static bool parse(const char *file, const char *like, struct log *ret)
{
	const char *dot = strrchr(like, '.');
	size_t base = dot != NULL ? (size_t)(dot - like) + 1 : 0;
	if (base == 0 || strncmp(file, like, base) != 0)
		return false;
	size_t digits = strspn(file + base, "0123456789");
	if (digits == 0 || digits > 18 || (file[base + digits] != '\0' && file[base + digits] != '.'))
		return false;
	ret->plain = base + digits;
	ret->number = strtoull(file + base, NULL, 10);
	return true;
}

static int add(struct logs *l, const char *file, const struct log *found, struct rp_err **err)
{
	if (l->n == LOGS_MAX)
		return rp_err_set(err, RP_ERR_USAGE, "there are more than %d binary logs", LOGS_MAX);
	if (l->n == l->cap) {
		size_t cap = l->cap > 0 ? l->cap * 2 : 64;
		struct log *all = reallocarray(l->all, cap, sizeof *all);
		if (all == NULL)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		l->all = all;
		l->cap = cap;
	}
	l->all[l->n] = *found;
	l->all[l->n].file = strdup(file);
	return l->all[l->n].file != NULL ? (l->n++, 0) : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

/* Of one that is there both plain and wrapped the plain one comes first, and counts. */
static int by_number(const void *a, const void *b)
{
	const struct log *x = a, *y = b;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return strcmp(x->file, y->file);
}

static int list(const char *from, const char *first, struct logs *ret, struct rp_err **err)
{
	struct log start, found;
	DIR *d = opendir(from);
	if (d == NULL)
		return rp_err_sys(err, errno, "open the directory of binary logs '%s'", from);
	int r = parse(first, first, &start)
			? 0
			: rp_err_set(err, RP_ERR_BACKUP, "'%s' names no binary log", first);
	for (struct dirent *e; r == 0 && (e = readdir(d)) != NULL;)
		if (parse(e->d_name, first, &found) && found.number >= start.number)
			r = add(ret, e->d_name, &found, err);
	(void)closedir(d);
	if (r == 0 && ret->n == 0)
		return rp_err_set(err, RP_ERR_BACKUP,
				  "the backup stands in the binary log '%s', and '%s' has neither it "
				  "nor a later one",
				  first, from);
	if (r == 0)
		qsort(ret->all, ret->n, sizeof *ret->all, by_number);
	return r;
}

static int copy(struct rp_stream *from, int fd, struct rp_run *run, struct rp_err **err)
{
	char buf[PIECE];
	ssize_t n;
	while ((n = rp_stream_read(from, buf, sizeof buf, err)) > 0)
		if (rp_run_check(run, err) < 0 || rp_write_all(fd, buf, (size_t)n, err) < 0)
			return -1;
	return (int)n;
}

static int copy_one(const struct rp_artifact *a, const struct log *l, const char *to, struct rp_run *run,
		    struct rp_err **err)
{
	struct stat st;
	rp_autobuf path = RP_BUF_INIT(8 << 10);
	struct rp_stream *stored = NULL;
	rp_auto(rp_stream) plain = NULL;
	rp_buf_addf(&path, "%s/%s", a->wanted->logs, l->file);
	if (rp_buf_check(&path, err) < 0)
		return -1;
	if (stat(rp_buf_text(&path), &st) < 0)
		return rp_err_sys(err, errno, "'%s'", rp_buf_text(&path));
	if (!S_ISREG(st.st_mode))
		return rp_err_set(err, RP_ERR_USAGE, "'%s' is not a regular file", rp_buf_text(&path));
	if (rp_stream_of_file(&stored, rp_buf_text(&path), err) < 0 ||
	    rp_unwrap(&plain, stored, (uint64_t)st.st_size, rp_artifact_unwrapping(a), NULL, err) < 0)
		return -1;
	rp_autoclose int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return rp_err_sys(err, errno, "create '%s'", to);
	return copy(plain, fd, run, err) < 0 ? rp_err_wrap(err, "'%s'", rp_buf_text(&path)) : 0;
}

static int follow_event(void *ctx, const struct rp_binlog_event *e, struct rp_err **err)
{
	return rp_binlog_track_event(ctx, e, err);
}

static int follow(const char *path, const char *name, struct rp_binlog_track *track, struct rp_err **err)
{
	rp_auto(rp_stream) bytes = NULL;
	uint64_t end = 0;
	if (rp_stream_of_file(&bytes, path, err) < 0 || rp_binlog_track_begin(track, name, err) < 0 ||
	    rp_binlog_walk(bytes, name, follow_event, track, &end, err) < 0)
		return -1;
	return track->reached ? 0 : rp_binlog_track_end(track, end, err) < 0 ? -1 : 0;
}

int rp_my_logs_copy(struct rp_artifact *a, const char *into, struct rp_binlog_track *track,
		    struct rp_argv *ret, struct rp_run *run, struct rp_err **err)
{
	rp_cleanup(logs_done) struct logs logs = {0};
	if (list(a->wanted->logs, track->start->file, &logs, err) < 0)
		return -1;
	for (size_t i = 0; i < logs.n && !track->reached; i++) {
		const struct log *l = &logs.all[i];
		if (i > 0 && l->number == logs.all[i - 1].number)
			continue;
		rp_autobuf to = RP_BUF_INIT(8 << 10);
		rp_buf_addf(&to, "%s/%.*s", into, (int)l->plain, l->file);
		if (rp_buf_check(&to, err) < 0)
			return -1;
		rp_argv_add(ret, rp_buf_text(&to));
		if (ret->failed)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		const char *path = ret->v[ret->n - 1];
		if (copy_one(a, l, path, run, err) < 0 ||
		    follow(path, strrchr(path, '/') + 1, track, err) < 0)
			return -1;
	}
	return rp_binlog_track_done(track, err);
}
