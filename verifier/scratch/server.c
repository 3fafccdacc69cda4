/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "verifier/engine/engine.h"
#include "verifier/scratch/inside.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"
#include "verifier/util/run.h"

#define UP_MS	(180 * 1000) /* a fresh server needs less than a second; one that recovers asks for patience */
#define NAP_MS	20
#define FAST_MS 20000 /* a checkpoint, and then its end */
#define QUIT_MS 7000

struct birth {
	int owner;
	int with_parent; /* the signal it gets when we end; 0: none, it is to be kept */
};

/* Between fork and exec: from here on a server runs, so from here on it can be found. Told to quit instead of
 * killed, it takes its children with it and leaves no shared memory in the kernel. */
static int record_birth(void *ctx)
{
	const struct birth *b = ctx;
	if (rp_mark_add_self(b->owner) < 0)
		return -1;
	return prctl(PR_SET_PDEATHSIG, b->with_parent);
}

/* The server's own process, which bubblewrap tells. One that is to be kept does not end with its box, so it is
 * recorded as well. */
static int record_inside(struct rp_scratch *s, struct rp_boxed *boxed, struct rp_err **err)
{
	struct rp_hosted *h = s->hosted;
	h->inside_fd = rp_boxed_inside(boxed, &h->inside);
	if (h->inside_fd < 0) {
		h->inside = 0; /* it has ended already; the log says why */
		return 0;
	}
	if (s->keep && rp_mark_add(h->owner, h->inside) < 0 && errno != ESRCH)
		return rp_err_sys(err, errno, "record the server's process");
	return 0;
}

/* THE place where servers are started. */
int rp_server_start(struct rp_scratch *s, char *const argv[], struct rp_err **err)
{
	struct rp_hosted *h = s->hosted;
	rp_autoclose int log = open(h->log, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (log < 0)
		return rp_err_sys(err, errno, "create '%s'", h->log);
	struct birth birth = {.owner = h->owner, .with_parent = s->keep ? 0 : s->engine->hosting->quit};
	const char *const reads[] = {s->place.settings, NULL};
	const struct rp_leave leave = {.reads = reads,
				       .writes = h->inner,
				       .serves = true,
				       .lasts = s->keep,
				       .file_max = s->engine->hosting->file_max};
	struct rp_program p = RP_PROGRAM_INIT;
	p.argv = argv;
	p.dir = h->inner;
	p.out = log;
	p.errors = log;
	p.as_user = h->as.drop;
	p.uid = h->as.uid;
	p.gid = h->as.gid;
	p.before = record_birth;
	p.ctx = &birth;
	rp_autoboxed boxed = {0};
	if (rp_box_put(&boxed, &h->box, &leave, &p, err) < 0 || rp_proc_start(&h->proc, &p, err) < 0)
		return -1;
	if (record_inside(s, &boxed, err) < 0)
		return -1;
	/* Without a namespace of its own it has to take its children with it, and its memory from the kernel. */
	bool inside = h->inside_fd >= 0;
	return rp_watch_start(&h->watch, s->dir, s->place.disk, inside ? h->inside_fd : h->proc.pidfd,
			      inside ? SIGKILL : s->engine->hosting->quit, err);
}

/* The end of the log as one line: its last few messages. */
static void add_log_tail(const struct rp_hosted *h, struct rp_buf *out)
{
	char text[2048];
	rp_autoclose int fd = open(h->log, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return;
	off_t from = st.st_size > (off_t)sizeof text - 1 ? st.st_size - (off_t)sizeof text + 1 : 0;
	ssize_t n = pread(fd, text, sizeof text - 1, from);
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\0'))
		n--;
	if (n <= 0)
		return;
	text[n] = '\0';
	/* The last six lines, from the start of a line. */
	char *at = text + n;
	for (int lines = 0; at > text && lines < 6; lines++)
		for (at--; at > text && at[-1] != '\n';)
			at--;
	for (char *p = at; *p != '\0'; p++)
		if (*p == '\n')
			*p = '|';
	rp_buf_add_plain(out, at);
}

/* How much more it would have taken is known only as long as it takes no more than what was sealed tells. */
static int tell_disk(const struct rp_scratch *s, struct rp_err **err)
{
	char left[RP_TIME_TEXT], had[RP_TIME_TEXT], lack[RP_TIME_TEXT];
	uint64_t remains = rp_watch_killed(s->hosted->watch);
	uint64_t taken = s->place.disk > remains ? s->place.disk - remains : 0;
	bool within = taken < s->expected;
	rp_size_format(remains, left);
	rp_size_format(s->place.disk, had);
	rp_size_format(within ? s->expected - taken : taken - s->expected, lack);
	rp_err_set(
		err, RP_ERR_IO,
		"the scratch server was stopped: the disk of '%s' had only %s left, and %s when it began; %s%s",
		s->dir, left, had,
		within ? "what the restore was still to take is missing, about "
		       : "the restore took more than was "
			 "to be expected, by ",
		lack);
	return rp_err_hint(err, "make room there, or name another directory with --tmpdir or $TMPDIR");
}

int rp_server_check(struct rp_scratch *s, struct rp_err **err)
{
	/* It may be ending still. */
	if (s->hosted != NULL && rp_watch_killed(s->hosted->watch) > 0)
		return tell_disk(s, err);
	if (s->hosted == NULL || s->hosted->proc.pid == 0 || !rp_proc_ended(&s->hosted->proc))
		return 0;
	/* A bubblewrap that ends too early leaves a child that waits for it for ever. */
	(void)kill(-s->hosted->proc.pid, SIGKILL);
	struct rp_run now = rp_run_unwinding(s->run, 1);
	int status = rp_proc_wait(&s->hosted->proc, &now, NULL);
	rp_autobuf tail = RP_BUF_INIT(16 << 10);
	add_log_tail(s->hosted, &tail);
	return rp_err_set(err, RP_ERR_ENGINE, "the scratch server has ended (%s): %s",
			  rp_proc_status_text(status < 0 ? 0 : status),
			  tail.len > 0 ? rp_buf_text(&tail) : "it wrote nothing to its log");
}

/* Sleep, but not through the server's end or ours. */
static void nap(const struct rp_scratch *s)
{
	struct pollfd ended = {.fd = s->hosted->proc.pidfd, .events = POLLIN};
	(void)poll(&ended, 1, NAP_MS);
}

int rp_server_wait(struct rp_scratch *s, const char *uri, struct rp_conn **ret, struct rp_err **err)
{
	int64_t until = rp_run_clock_ms() + UP_MS;
	for (;;) {
		if (rp_run_check(s->run, err) < 0 || rp_server_check(s, err) < 0)
			return -1;
		rp_autoerr struct rp_err *refused = NULL;
		if (s->engine->connect(ret, uri, s->run, &refused) == 0)
			return 0;
		/* Waiting does not help against what our own environment says. */
		if (rp_err_kind(refused) == RP_ERR_USAGE) {
			rp_err_set(err, RP_ERR_USAGE, "%s", rp_err_text(refused));
			return rp_err_hint_text(refused) ? rp_err_hint(err, "%s", rp_err_hint_text(refused))
							 : -1;
		}
		if (s->hosted->brought && s->engine->hosting->bars != NULL &&
		    s->engine->hosting->bars(rp_err_text(refused)))
			return rp_err_set(err, RP_ERR_BACKUP, "nobody can log in to what was restored: %s",
					  rp_err_text(refused));
		if (rp_run_clock_ms() > until) {
			rp_autobuf tail = RP_BUF_INIT(16 << 10);
			add_log_tail(s->hosted, &tail);
			return rp_err_set(err, RP_ERR_ENGINE,
					  "the scratch server does not answer: %s; its log: %s",
					  rp_err_text(refused), rp_buf_text(&tail));
		}
		nap(s);
	}
}

static bool ends_within(int pidfd, int ms)
{
	struct pollfd ended = {.fd = pidfd, .events = POLLIN};
	return poll(&ended, 1, ms) > 0;
}

/* The first process of its namespace takes all others with it, and what they had in the kernel. It is gone when
 * they are, and not before, so that nobody writes into what is removed. */
static void end_inside(struct rp_hosted *h)
{
	if (h->inside_fd < 0)
		return;
	if (syscall(SYS_pidfd_send_signal, h->inside_fd, SIGKILL, NULL, 0) == 0)
		(void)ends_within(h->inside_fd, QUIT_MS);
	h->inside = 0;
	(void)close(rp_take_fd(&h->inside_fd));
}

/* A scratch that is thrown away is not asked to stop: that would first write all its memory out. */
void rp_server_stop(struct rp_scratch *s, bool at_once)
{
	struct rp_hosted *h = s->hosted;
	/* A box that has ended may have left the server in it behind, on its way out. */
	if (h == NULL || (h->proc.pid == 0 && h->inside_fd < 0))
		return;
	rp_watch_stop(rp_take(h->watch));
	int server = h->inside_fd >= 0 ? h->inside_fd : h->proc.pidfd;
	if (!at_once && h->proc.pid != 0 &&
	    syscall(SYS_pidfd_send_signal, server, s->engine->hosting->stop, NULL, 0) == 0)
		(void)ends_within(h->proc.pidfd, FAST_MS);
	end_inside(h);
	rp_proc_stop(&h->proc, s->engine->hosting->quit, QUIT_MS);
	rp_autofree char *program = rp_program_name(&s->place.with, NULL);
	if (program != NULL)
		rp_reap_children(h->inner, program);
}
