/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/engine/engine.h"
#include "verifier/scratch/inside.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
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

/* THE place where servers are started. The box goes here. */
int rp_server_start(struct rp_scratch *s, char *const argv[], struct rp_err **err)
{
	struct rp_hosted *h = s->hosted;
	rp_autoclose int log = open(h->log, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (log < 0)
		return rp_err_sys(err, errno, "create '%s'", h->log);
	struct birth birth = {.owner = h->owner, .with_parent = s->keep ? 0 : s->engine->hosting->quit};
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
	return rp_proc_start(&h->proc, &p, err);
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

int rp_server_check(struct rp_scratch *s, struct rp_err **err)
{
	if (s->hosted == NULL || s->hosted->proc.pid == 0 || !rp_proc_ended(&s->hosted->proc))
		return 0;
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

/* A scratch that is thrown away is not asked for a fast shutdown: that would first write all its memory out. */
void rp_server_stop(struct rp_scratch *s, bool at_once)
{
	struct rp_hosted *h = s->hosted;
	if (h == NULL || h->proc.pid == 0)
		return;
	struct pollfd ended = {.fd = h->proc.pidfd, .events = POLLIN};
	if (!at_once && kill(h->proc.pid, SIGINT) == 0)
		(void)poll(&ended, 1, FAST_MS);
	rp_proc_stop(&h->proc, s->engine->hosting->quit, QUIT_MS);
	rp_reap_children(h->inner, s->engine->hosting->program);
}
