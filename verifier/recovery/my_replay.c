/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/my_replay.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/recovery/artifact.h"
#include "verifier/recovery/my_binlog_target.h"
#include "verifier/recovery/my_client.h"
#include "verifier/recovery/my_logs.h"
#include "verifier/recovery/my_replay_feed.h"
#include "verifier/recovery/wanted.h"
#include "verifier/scratch/scratch.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

#define READER	 "mariadb-binlog"
#define RESULT	 "replay.sql"
#define SAID_MAX (1 << 20)

#define rp_autoargv rp_cleanup(rp_argv_done) struct rp_argv

/* What a replay has on this machine: the logs, and what was made of them. */
struct replay {
	char *dir;
	struct rp_argv logs;
	struct rp_binlog_target target;
	struct rp_binlog_track track;
};

static void replay_free(struct replay *r)
{
	if (r == NULL)
		return;
	if (r->dir != NULL)
		(void)rp_tree_remove(r->dir, NULL);
	free(r->dir);
	rp_argv_done(&r->logs);
	free(r);
}
RP_AUTO_CALLS(replay, replay_free)

/* Written by a tool: looked at by its descriptor alone. */
static int open_result(const struct replay *r, struct rp_stream **ret, struct rp_err **err)
{
	rp_autoclose int dir = open(r->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	rp_autoclose int fd =
		dir >= 0 ? openat(dir, RESULT, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1;
	struct stat st;
	char path[64];
	if (fd < 0 || fstat(fd, &st) < 0)
		return rp_err_sys(err, errno, "open '%s/" RESULT "'", r->dir);
	if (!S_ISREG(st.st_mode))
		return rp_err_set(err, RP_ERR_BACKUP, "'%s/" RESULT "' is no file", r->dir);
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return rp_stream_of_file(ret, path, err);
}

static int read_logs(struct rp_scratch *s, struct replay *r, struct rp_err **err)
{
	rp_autoargv argv = {0};
	rp_autobuf heard = RP_BUF_INIT(SAID_MAX);
	rp_argv_add(&argv, READER);
	rp_argv_add(&argv, "--no-defaults");
	rp_argv_add(&argv, "--verify-binlog-checksum");
	rp_argv_addf(&argv, "--start-position=%" PRIu64, r->track.start->at);
	rp_argv_addf(&argv, "--stop-position=%" PRIu64, r->track.stop_at);
	rp_argv_addf(&argv, "--result-file=%s/" RESULT, r->dir);
	for (size_t i = 0; i < r->logs.n; i++)
		rp_argv_add(&argv, r->logs.v[i]);
	if (argv.failed)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	return rp_scratch_lend(s, r->dir, err) < 0
		       ? -1
		       : rp_scratch_work(s, (const char *const *)argv.v, r->dir, NULL, &heard, err);
}

static int run_it(struct rp_scratch *s, struct replay *r, struct rp_buf *said, struct rp_err **err)
{
	struct rp_stream *bytes = NULL;
	rp_auto(rp_stream) feed = NULL;
	uint32_t end = 0;
	if (open_result(r, &bytes, err) < 0 || rp_replay_feed_new(&feed, bytes, err) < 0)
		return -1;
	struct rp_my_fed fed = {.sentinel = rp_replay_feed_sentinel(feed)};
	if (rp_my_client_feed(s, feed, &fed, said, err) < 0)
		return -1;
	if (!rp_replay_feed_whole(feed, &end) || (fed.seen == 0 && !fed.drowned))
		return rp_err_set(err, RP_ERR_BACKUP, "the client stopped before the end of the binary log");
	if (fed.seen == 0)
		return rp_err_set(err, RP_ERR_ENGINE,
				  "the client said so much that its last words are not known");
	return end == (uint32_t)r->track.stop_at
		       ? 0
		       : rp_err_set(err, RP_ERR_BACKUP,
				    "the binary log was replayed to %" PRIu32 ", and not to %" PRIu64, end,
				    r->track.stop_at);
}

static void tell(const struct replay *r, struct rp_buf *said)
{
	const struct rp_binlog_track *t = &r->track;
	const char *last = strrchr(r->logs.v[r->logs.n - 1], '/') + 1;
	rp_buf_addf(said,
		    "%sreplayed the binary log from %s:%" PRIu64 " to %s:%" PRIu64 " (%" PRIu64
		    " transactions)",
		    said->len > 0 ? "; " : "", t->start->file, t->start->at, last, t->stop_at, t->groups);
	rp_buf_addf(said, "; target: %s", r->target.text);
}

/* Where nothing is to be replayed it may stand there already. */
static bool is_there(const struct rp_binlog_position *from, const struct rp_binlog_target *to)
{
	return to->kind == RP_BINLOG_TO_POSITION && from->at == to->at.at &&
	       strcmp(from->file, to->at.file) == 0;
}

static int replay(struct rp_artifact *a, struct rp_scratch *s, struct replay *r,
		  const struct rp_binlog_position *from, struct rp_buf *said, struct rp_err **err)
{
	r->track.target = &r->target;
	r->track.start = from;
	if (asprintf(&r->dir, "%s/logs", s->dir) < 0) {
		r->dir = NULL;
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	if (mkdir(r->dir, 0700) < 0)
		return rp_err_sys(err, errno, "create '%s'", r->dir);
	if (rp_my_logs_copy(a, r->dir, &r->track, &r->logs, s->run, err) < 0)
		return -1;
	if (r->logs.n == 1 && r->track.stop_at == from->at)
		return 0;
	return read_logs(s, r, err) < 0 ? -1 : run_it(s, r, said, err);
}

int rp_my_replay(struct rp_artifact *a, struct rp_scratch *s, const struct rp_binlog_position *from,
		 struct rp_buf *said, struct rp_err **err)
{
	const struct rp_wanted *w = a->wanted;
	rp_auto(replay) r = calloc(1, sizeof *r);
	bool asked = w != NULL &&
		     (w->logs != NULL || (w->until.kind != RP_UNTIL_UNSAID && w->until.kind != RP_UNTIL_END));
	if (r == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (rp_binlog_target_of(w, &r->target, err) < 0)
		return -1;
	if (from != NULL && is_there(from, &r->target)) {
		a->exact = r->target.sealed;
		return 0;
	}
	if (!asked)
		return 0;
	if (w->logs == NULL) {
		(void)rp_err_set(err, RP_ERR_USAGE,
				 "no binary logs were named, and the backup alone does not stand at %s",
				 r->target.text);
		return rp_err_hint(err, "name their directory with --logs");
	}
	if (from == NULL) {
		(void)rp_err_set(err, RP_ERR_BACKUP,
				 "it does not say where the binary log stood when it was made");
		return rp_err_hint(err, "the server must have written one (log_bin)");
	}
	if (replay(a, s, r, from, said, err) < 0)
		return rp_err_wrap(err, "replay the binary log");
	a->exact = r->target.sealed && r->track.reached;
	tell(r, said);
	return 0;
}
