/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/pg_wal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/recovery/pg_recover.h"
#include "verifier/recovery/pg_tree.h"
#include "verifier/util/beneath.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/parse.h"
#include "verifier/util/run.h"

#define HISTORY_MAX  (64U << 10)
#define TIMELINES    10000		  /* that anybody would look for */
#define SEGMENTS_MAX (UINT64_C(4) << 20)  /* 64 TB of log */
#define ROOM	     (UINT64_C(64) << 20) /* that a server needs besides */

/* The timelines that lead from where the backup was made to the one that is followed, with where each was left. */
struct chain {
	char text[HISTORY_MAX];
	struct rp_pg_step steps[RP_PG_STEPS_MAX];
	size_t n;
};

static int path_of(const struct rp_pg_wal *w, const char *name, char ret[4096], struct rp_err **err)
{
	if (snprintf(ret, 4096, "%s/pg_wal/%s", w->tree, name) < 4096)
		return 0;
	return rp_err_sys(err, ENAMETOOLONG, "'%s'", w->tree);
}

/* Make sure that this file of the log is in pg_wal: 1; 0: it is nowhere. */
static int have(struct rp_pg_wal *w, const char *name, struct rp_err **err)
{
	char path[4096];
	struct stat st;
	uint64_t room;
	if (path_of(w, name, path, err) < 0)
		return -1;
	if (lstat(path, &st) == 0)
		return 1;
	if (w->log == NULL)
		return 0;
	if (rp_run_check(w->run, err) < 0 || rp_disk_free(w->tree, &room, err) < 0)
		return -1;
	if (room < w->segment_bytes + ROOM) {
		char want[RP_TIME_TEXT], is[RP_TIME_TEXT];
		rp_size_format(w->segment_bytes + ROOM - room, want);
		rp_size_format(room, is);
		rp_err_set(
			err, RP_ERR_IO,
			"not enough disk for the log: from segment '%s' on, %s are left and at least %s are missing",
			name, is, want);
		return rp_err_hint(err, "make room there, or name another directory with $TMPDIR");
	}
	return w->log->fetch(w->log, name, path, err);
}

/* 1: read; 0: there is none. */
static int read_history(struct rp_pg_wal *w, unsigned timeline, struct chain *ret, struct rp_err **err)
{
	char name[64];
	rp_autobuf text = RP_BUF_INIT(HISTORY_MAX);
	(void)snprintf(name, sizeof name, "%08X.history", timeline);
	int there = have(w, name, err);
	if (there <= 0)
		return there;
	(void)snprintf(name, sizeof name, "pg_wal/%08X.history", timeline);
	if (rp_pg_tree_read(w->tree, name, &text, err) < 0)
		return -1;
	memcpy(ret->text, rp_buf_text(&text), text.len + 1);
	if (rp_pg_history_parse(ret->text, text.len, ret->steps, &ret->n, err) < 0)
		return rp_err_wrap(err, "'%s'", name);
	if (ret->n > 0 && ret->steps[ret->n - 1].timeline >= timeline)
		return rp_err_set(err, RP_ERR_BACKUP, "'%s' names timelines that come after it", name);
	return 1;
}

/* Did that timeline come from ours, and not before our start? */
static bool descends(const struct rp_pg_wal *w, const struct chain *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->steps[i].timeline == w->started)
			return c->steps[i].until >= w->start;
	return false;
}

/* One that a server would take for newer than what it is to follow, or that we have only looked at. */
static int forget_after(const struct rp_pg_wal *w, unsigned timeline, struct rp_err **err)
{
	char path[4096];
	if (path_of(w, "", path, err) < 0)
		return -1;
	DIR *dir = opendir(path);
	if (dir == NULL)
		return rp_err_sys(err, errno, "open '%s'", path);
	int r = 0;
	for (const struct dirent *e; r == 0 && (e = readdir(dir)) != NULL;) {
		unsigned of;
		if (rp_pg_is_history_name(e->d_name, &of) && of > timeline &&
		    unlinkat(dirfd(dir), e->d_name, 0) < 0)
			r = rp_err_sys(err, errno, "remove '%s/%s'", path, e->d_name);
	}
	(void)closedir(dir);
	return r;
}

static int follow_wanted(struct rp_pg_wal *w, struct chain *c, struct rp_err **err)
{
	int there = read_history(w, w->wanted, c, err);
	if (there < 0)
		return -1;
	w->timeline = w->wanted;
	if (there == 0 && w->wanted != w->started)
		return rp_err_set(
			err, RP_ERR_BACKUP,
			"the log has no history of timeline %u, which the sealed position is on ('%08X.history')",
			w->wanted, w->wanted);
	if (w->wanted != w->started && !descends(w, c))
		return rp_err_set(
			err, RP_ERR_BACKUP,
			"the sealed position is on timeline %u, which does not come from timeline %u, on which "
			"the backup was made",
			w->wanted, w->started);
	return 0;
}

/* As a server does that is told "latest": it asks for one after the other. */
static int follow_newest(struct rp_pg_wal *w, struct chain *c, struct chain *probe, struct rp_err **err)
{
	w->timeline = w->started;
	if (read_history(w, w->started, c, err) < 0)
		return -1;
	for (unsigned next = w->started + 1; next < w->started + TIMELINES; next++) {
		int there = read_history(w, next, probe, err);
		if (there < 0)
			return -1;
		if (there == 0)
			break;
		if (!descends(w, probe))
			continue;
		*c = *probe;
		for (size_t i = 0; i < c->n; i++) /* its text is in it */
			c->steps[i].why = c->text + (c->steps[i].why - probe->text);
		w->timeline = next;
	}
	return 0;
}

static int read_head(const struct rp_pg_wal *w, const char *name, uint8_t head[RP_PG_SEGMENT_HEAD],
		     uint64_t *ret_size, struct rp_err **err)
{
	char path[4096];
	struct stat st;
	if (path_of(w, name, path, err) < 0)
		return -1;
	rp_autoclose int fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return rp_err_sys(err, errno, "open '%s'", path);
	memset(head, 0, RP_PG_SEGMENT_HEAD);
	if (pread(fd, head, RP_PG_SEGMENT_HEAD, 0) < 0)
		return rp_err_sys(err, errno, "read '%s'", path);
	*ret_size = (uint64_t)st.st_size;
	return 0;
}

/* Is it what its name says, of this server? *ret_fills: no record begins in it. */
static int check_segment(const struct rp_pg_wal *w, const char *name, uint64_t number, bool *ret_fills,
			 struct rp_err **err)
{
	uint8_t head[RP_PG_SEGMENT_HEAD];
	struct rp_pg_segment s;
	uint64_t size;
	if (read_head(w, name, head, &size, err) < 0)
		return -1;
	if (size != w->segment_bytes)
		return rp_err_set(err, RP_ERR_BACKUP, "segment '%s' of the log is %s: %llu bytes of %llu",
				  name, size < w->segment_bytes ? "truncated" : "damaged",
				  (unsigned long long)size, (unsigned long long)w->segment_bytes);
	if (!rp_pg_segment_parse(head, sizeof head, &s))
		return rp_err_set(err, RP_ERR_BACKUP,
				  "segment '%s' of the log is damaged: it does not begin as one", name);
	if (s.system != w->system)
		return rp_err_set(
			err, RP_ERR_BACKUP,
			"segment '%s' of the log is another server's: its system identifier is %llu, the "
			"backup's %llu",
			name, (unsigned long long)s.system, (unsigned long long)w->system);
	if (s.address != number * w->segment_bytes || s.bytes != w->segment_bytes)
		return rp_err_set(err, RP_ERR_BACKUP,
				  "segment '%s' of the log holds another one: was a file renamed?", name);
	*ret_fills = s.continues >= w->segment_bytes - w->segment_bytes / 100;
	return 0;
}

/* The segment of this number on the newest timeline that has it. */
static int have_segment(struct rp_pg_wal *w, const struct chain *c, uint64_t number,
			char ret[RP_PG_SEGMENT_TEXT], struct rp_err **err)
{
	for (size_t i = c->n + 1; i-- > 0;) {
		unsigned timeline = i == c->n ? w->timeline : c->steps[i].timeline;
		uint64_t from = i > 0 ? c->steps[i - 1].until / w->segment_bytes : 0;
		uint64_t to = i < c->n ? c->steps[i].until / w->segment_bytes : UINT64_MAX;
		if (number < from || number > to)
			continue;
		rp_pg_segment_name(timeline, number, w->segment_bytes, ret);
		int there = have(w, ret, err);
		if (there != 0)
			return there;
	}
	rp_pg_segment_name(w->timeline, number, w->segment_bytes, ret);
	return 0;
}

static int look_for_hole(struct rp_pg_wal *w, const char *missing, struct rp_err **err)
{
	if (w->log == NULL || w->log->later == NULL)
		return 0;
	int there = w->log->later(w->log, missing, w->beyond, err);
	if (there > 0)
		memcpy(w->missing, missing, sizeof w->missing);
	return there < 0 ? -1 : 0;
}

static int take_segments(struct rp_pg_wal *w, const struct chain *c, struct rp_err **err)
{
	char name[RP_PG_SEGMENT_TEXT];
	w->first = w->start / w->segment_bytes;
	/* The record at which it stops has to be read, and may begin in the next one. */
	uint64_t enough = w->until != 0 ? w->until / w->segment_bytes + 1 : UINT64_MAX;
	for (uint64_t number = w->first; number <= enough && number - w->first < SEGMENTS_MAX; number++) {
		bool fills = false;
		int there = have_segment(w, c, number, name, err);
		if (there < 0)
			return -1;
		if (there == 0 && number == w->first) {
			rp_err_set(
				err, RP_ERR_BACKUP,
				"segment '%s' of the log, with which recovery begins, is neither in the backup nor in a "
				"log archive",
				name);
			return rp_err_hint(err, "name the directory of archived segments with --logs");
		}
		if (there == 0)
			return look_for_hole(w, name, err);
		if (check_segment(w, name, number, &fills, err) < 0)
			return -1;
		/* In one that a single record fills, nothing can end. */
		if (!fills) {
			w->last = number;
			memcpy(w->last_name, name, sizeof name);
		}
	}
	return 0;
}

int rp_pg_wal_take(struct rp_pg_wal *w, struct rp_err **err)
{
	struct chain *both = calloc(2, sizeof *both);
	if (both == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	int r = w->wanted != 0 ? follow_wanted(w, &both[0], err) : follow_newest(w, &both[0], &both[1], err);
	if (r == 0)
		r = forget_after(w, w->timeline, err);
	if (r == 0)
		r = take_segments(w, &both[0], err);
	free(both);
	return r;
}

static int read_page(const struct rp_pg_wal *w, const char *data, uint64_t end, uint8_t page[RP_PG_PAGE],
		     struct rp_err **err)
{
	char name[64];
	(void)snprintf(name, sizeof name, "pg_wal/%s", w->last_name);
	rp_autoclose int dir = open(data, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	rp_autoclose int fd = dir < 0 ? -1 : rp_beneath_open(dir, name, O_RDONLY | O_NONBLOCK, 0);
	off_t at = (off_t)(end % w->segment_bytes - end % RP_PG_PAGE);
	if (fd < 0 || pread(fd, page, RP_PG_PAGE, at) != RP_PG_PAGE)
		return rp_err_sys(err, errno, "read '%s'", name);
	return 0;
}

int rp_pg_wal_check_end(const struct rp_pg_wal *w, const char *data, uint64_t end, struct rp_err **err)
{
	char at[RP_PG_LSN_TEXT], name[RP_PG_SEGMENT_TEXT];
	uint8_t page[RP_PG_PAGE];
	rp_pg_place_format(end, at);
	if (end >= (w->last + 1) * w->segment_bytes)
		return 0;
	rp_pg_segment_name(w->timeline, end / w->segment_bytes, w->segment_bytes, name);
	if (end <= w->last * w->segment_bytes)
		return rp_err_set(
			err, RP_ERR_BACKUP,
			"the log is damaged at %s, in segment '%s': it goes on to segment '%s', and could be "
			"replayed no further",
			at, name, w->last_name);
	if (read_page(w, data, end, page, err) < 0)
		return -1;
	const char *why = rp_pg_log_beyond(page, end, (w->last + 1) * w->segment_bytes);
	if (why == NULL)
		return 0;
	return rp_err_set(err, RP_ERR_BACKUP, "segment '%s' of the log is damaged at %s: %s", w->last_name,
			  at, why);
}
