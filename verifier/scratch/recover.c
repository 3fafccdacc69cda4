/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "verifier/engine/engine.h"
#include "verifier/scratch/inside.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"
#include "verifier/util/run.h"

/* A server of our own that replays a log on what a physical restore brought. Nobody can ask it anything meanwhile: what
 * it has done is told by its files and its log, when it has ended. */

#define NAP_MS 50
#define START_MS                                                                                             \
	(180 * 1000) /* until it begins to replay; for the replay itself there is no bound but the run's */
#define SAID_MAX  (256 << 10)
#define SHOWN_MAX 600 /* of a message that a stranger's log may be in */

/* Its user may by now have put a link there: nothing is followed, and nothing overwritten. */
static int put_file(struct rp_scratch *s, const char *name, struct rp_err **err)
{
	const struct rp_scratch_user *as = &s->hosted->as;
	rp_autoclose int dir = open(s->place.data, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	rp_autoclose int fd =
		dir < 0 ? -1 : openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST)
		return 0;
	if (fd < 0 || (as->drop && fchown(fd, as->uid, as->gid) < 0))
		return rp_err_sys(err, errno, "create '%s' in '%s'", name, s->place.data);
	return 0;
}

static int tell(struct rp_scratch *s, const char *enough, int sig, struct rp_err **err)
{
	const struct rp_hosted *h = s->hosted;
	if (put_file(s, enough, err) < 0)
		return -1;
	int server = h->inside_fd >= 0 ? h->inside_fd : h->proc.pidfd;
	/* One that has ended meanwhile is met by whoever waits for it. */
	if (syscall(SYS_pidfd_send_signal, server, sig, NULL, 0) < 0 && errno != ESRCH)
		return rp_err_sys(err, errno, "signal the scratch server");
	return 0;
}

/* Up, or not any more: rp_server_check() tells the latter. */
static int wait_for_it(struct rp_scratch *s, const char *enough, int sig, struct rp_err **err)
{
	int64_t began = rp_run_clock_ms();
	bool told = false;
	for (;;) {
		if (rp_run_check(s->run, err) < 0 || rp_server_check(s, err) < 0)
			return -1;
		enum rp_stage stage = s->engine->hosting->stage(&s->place);
		if (stage == RP_STAGE_UP)
			return 0;
		if (stage == RP_STAGE_REPLAYING && !told && tell(s, enough, sig, err) < 0)
			return -1;
		told |= stage == RP_STAGE_REPLAYING;
		if (!told && rp_run_clock_ms() - began > START_MS)
			return rp_err_set(err, RP_ERR_ENGINE, "the scratch server does not begin to replay");
		struct pollfd ended = {.fd = s->hosted->proc.pidfd, .events = POLLIN};
		(void)poll(&ended, 1, NAP_MS);
	}
}

/* What it wrote to its log since 'from': the beginning, and where that is long, the end. */
static void hear_log(const struct rp_hosted *h, off_t from, struct rp_buf *said)
{
	rp_autoclose int fd = open(h->log, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	char piece[8192];
	ssize_t n;
	if (fd < 0 || fstat(fd, &st) < 0)
		return;
	if (st.st_size - from > (off_t)(said->max - said->len) - 1)
		from = st.st_size - (off_t)(said->max - said->len) + 1;
	while (from < st.st_size && (n = pread(fd, piece, sizeof piece, from)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			if (piece[i] == '\0')
				piece[i] = '?';
		rp_buf_add_mem(said, piece, (size_t)n);
		from += n;
	}
}

/* It has ended by itself. */
static int blame(struct rp_scratch *s, const char *log, struct rp_err **err)
{
	const struct rp_hosting *hosting = s->engine->hosting;
	size_t len;
	const char *at = hosting->complaint(log, &len);
	rp_autofree char *first = strndup(at, len < SHOWN_MAX ? len : SHOWN_MAX);
	rp_autobuf shown = RP_BUF_INIT(16 << 10);
	if (first == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	const char *hint = hosting->excuses(first);
	rp_buf_add_plain(&shown, first);
	rp_err_set(err, hint == NULL ? RP_ERR_BACKUP : RP_ERR_ENGINE,
		   "the server gave up when it replayed the log: %s", rp_buf_text(&shown));
	return hint != NULL ? rp_err_hint(err, "%s", hint) : -1;
}

static int run_it(struct rp_scratch *s, const char *enough, int sig, struct rp_buf *said, struct rp_err **err)
{
	const struct rp_hosting *hosting = s->engine->hosting;
	rp_autoargv argv = {0};
	struct stat before = {0};
	rp_autoerr struct rp_err *why = NULL;
	(void)stat(s->hosted->log, &before);
	if (hosting->configure(&s->place, err) < 0 || hosting->serve(&s->place, &argv, err) < 0 ||
	    rp_server_start(s, argv.v, err) < 0)
		return -1;
	int r = wait_for_it(s, enough, sig, &why);
	bool ended = s->hosted->proc.pid == 0 && rp_watch_killed(s->hosted->watch) == 0;
	rp_server_stop(s, r < 0);
	hear_log(s->hosted, before.st_size, said);
	if (r == 0)
		return 0;
	if (ended && rp_err_kind(why) == RP_ERR_ENGINE)
		return blame(s, rp_buf_text(said), err);
	rp_err_set(err, rp_err_kind(why), "%s", rp_err_text(why));
	return rp_err_hint_text(why) != NULL ? rp_err_hint(err, "%s", rp_err_hint_text(why)) : -1;
}

int rp_scratch_recover(struct rp_scratch *s, const char *const settings[], const char *enough, int sig,
		       struct rp_buf *said, struct rp_err **err)
{
	const char *const *before = s->place.besides;
	rp_autobuf log = RP_BUF_INIT(SAID_MAX);
	if (s->server != NULL || s->engine->hosting->stage == NULL)
		return rp_err_set(err, RP_ERR_USAGE, "a log is replayed on a private server");
	s->place.besides = settings;
	int r = run_it(s, enough, sig, &log, err);
	s->place.besides = before;
	rp_buf_add_mem(said, rp_buf_text(&log),
		       log.len < said->max - said->len ? log.len : said->max - said->len);
	return r < 0 ? rp_err_wrap(err, "recovery") : 0;
}
