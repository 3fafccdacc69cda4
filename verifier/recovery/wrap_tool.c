/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/wrap_tool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"
#include "verifier/util/secret.h"

#define SAID_MAX (16 << 10)
#define GRACE_MS 1000

static struct rp_run *run_of(const struct rp_tool *t)
{
	static struct rp_run never = {.cancel_fd = -1};
	return t->how->run != NULL ? t->how->run : &never;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(rp_take_fd(fd));
}

const struct rp_secret *rp_tool_password(const struct rp_tool *t)
{
	return t->attempt < t->how->n_passwords ? t->how->passwords[t->attempt] : NULL;
}

int rp_tool_lend(struct rp_tool *t, struct rp_err **err)
{
	t->pass = rp_secret_pipe(rp_tool_password(t), err);
	return t->pass;
}

/* Typed before anybody asks: it waits in the terminal as it would in a pipe. */
int rp_tool_type(struct rp_tool *t, struct rp_err **err)
{
	const struct rp_secret *s = rp_tool_password(t);
	t->terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (t->terminal < 0 || grantpt(t->terminal) < 0 || unlockpt(t->terminal) < 0 ||
	    ptsname_r(t->terminal, t->slave, sizeof t->slave) != 0)
		return rp_err_sys(err, errno, "a terminal for '%s' to ask on", t->kind->name);
	size_t len = rp_secret_len(s);
	if (write(t->terminal, rp_secret_text(s), len) != (ssize_t)len || write(t->terminal, "\n", 1) != 1)
		return rp_err_sys(err, errno, "type on the terminal of '%s'", t->kind->name);
	t->leave.terminal = true;
	return 0;
}

/* In the child. A session has one terminal; only who leads no group may begin a session, and only its leader gets the
 * terminal that it opens. */
static int before(void *ctx)
{
	const struct rp_tool *t = ctx;
	if (t->terminal >= 0) {
		if (setpgid(0, getpgid(getppid())) < 0 || setsid() < 0)
			return -1;
		int fd = open(t->slave, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			return -1;
	}
	/* Where bubblewrap is set-user-ID it must be able to become what it is. */
	if (t->kind->boxed && t->box.level != RP_BOX_NAMESPACES)
		return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return 0;
}

static int make_pipe(int *ours, int *theirs, bool we_write, struct rp_err **err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return rp_err_sys(err, errno, "pipe");
	*ours = ends[we_write];
	*theirs = ends[!we_write];
	return fcntl(*ours, F_SETFL, O_NONBLOCK) < 0 ? rp_err_sys(err, errno, "pipe") : 0;
}

static int choose_box(struct rp_tool *t, struct rp_err **err)
{
	if (!t->kind->boxed || t->box.reads.n > 0)
		return 0;
	return rp_box_for_tool(&t->box, t->argv.v[0], &t->leave, run_of(t), err);
}

static int execute(struct rp_tool *t, struct rp_err **err)
{
	rp_autoclose int in = -1;
	rp_autoclose int out = -1;
	rp_autoclose int errors = -1;
	struct rp_program p = RP_PROGRAM_INIT;
	rp_autoboxed boxed = {0};
	if (make_pipe(&t->to, &in, true, err) < 0 || make_pipe(&t->from, &out, false, err) < 0 ||
	    make_pipe(&t->errors, &errors, false, err) < 0)
		return -1;
	p.argv = t->argv.v;
	p.in = in;
	p.out = out;
	p.errors = errors;
	p.pass = t->pass;
	p.before = before;
	p.ctx = t;
	if (!t->kind->boxed)
		p.env = environ;
	else
		p.dir = "/";
	if (t->kind->boxed && rp_box_put(&boxed, &t->box, &t->leave, &p, err) < 0)
		return -1;
	return rp_proc_start(&t->proc, &p, err);
}

static void stop(struct rp_tool *t)
{
	rp_proc_stop(&t->proc, SIGTERM, GRACE_MS);
	close_fd(&t->to);
	close_fd(&t->from);
	close_fd(&t->errors);
	close_fd(&t->pass);
	close_fd(&t->terminal);
	rp_argv_done(&t->argv);
	rp_argv_done(&t->reads);
	t->argv = t->reads = (struct rp_argv){0};
}

/* From below, and kept as long as there is room. */
static int fetch(struct rp_tool *t, struct rp_err **err)
{
	ssize_t n = rp_stream_read(t->base.below, t->fresh, sizeof t->fresh, err);
	if (n < 0)
		return -1;
	t->below_ended = n == 0;
	size_t fits = RP_TOOL_KEPT - t->n_kept < (size_t)n ? RP_TOOL_KEPT - t->n_kept : (size_t)n;
	if (fits > 0 && t->in == t->n_kept)
		memcpy(t->kept + t->n_kept, t->fresh, fits);
	t->n_kept += t->in == t->n_kept ? fits : 0;
	t->in += (uint64_t)n;
	t->chunk = t->fresh;
	t->left = (size_t)n;
	return 0;
}

static int start(struct rp_tool *t, struct rp_err **err)
{
	if (!t->begun && fetch(t, err) < 0)
		return -1;
	t->begun = true;
	t->resent = 0;
	t->left = 0;
	rp_buf_reset(&t->said);
	t->leave = (struct rp_leave){0};
	if (t->kind->prepare(t, err) < 0)
		return -1;
	t->leave.reads = (const char *const *)t->reads.v;
	if (t->argv.failed || t->reads.failed)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	return choose_box(t, err) < 0 || execute(t, err) < 0 ? -1 : 0;
}

/* Something to give to it: what earlier attempts have had comes first. */
static int next_chunk(struct rp_tool *t, struct rp_err **err)
{
	if (t->resent < t->n_kept) {
		t->chunk = t->kept + t->resent;
		t->left = t->n_kept - t->resent;
		t->resent = t->n_kept;
		return 0;
	}
	if (!t->below_ended && fetch(t, err) < 0)
		return -1;
	t->resent = t->n_kept;
	if (t->below_ended)
		close_fd(&t->to);
	return 0;
}

static int give(struct rp_tool *t, struct rp_err **err)
{
	if (t->left == 0)
		return next_chunk(t, err);
	ssize_t n = write(t->to, t->chunk, t->left);
	if (n >= 0) {
		t->chunk += n;
		t->left -= (size_t)n;
	} else if (errno == EPIPE) /* it wants no more; its end says whether that was right */
		close_fd(&t->to);
	else if (errno != EAGAIN && errno != EINTR)
		return rp_err_sys(err, errno, "write to '%s'", t->kind->name);
	return 0;
}

static int listen_to(struct rp_tool *t, struct rp_err **err)
{
	char text[4096];
	ssize_t n = read(t->errors, text, sizeof text);
	if (n == 0)
		close_fd(&t->errors);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return rp_err_sys(err, errno, "read from '%s'", t->kind->name);
	size_t room = t->said.max - t->said.len;
	if (n > 0)
		rp_buf_add_mem(&t->said, text, (size_t)n < room ? (size_t)n : room);
	return 0;
}

/* Some of its output; 0: it has closed it and all it had to say was heard. */
static ssize_t take(struct rp_tool *t, void *buf, size_t len, struct rp_err **err)
{
	while (t->from >= 0 || t->errors >= 0) {
		struct pollfd fds[] = {{.fd = t->from, .events = POLLIN},
				       {.fd = t->errors, .events = POLLIN},
				       {.fd = t->to, .events = POLLOUT},
				       {.fd = t->proc.pidfd, .events = POLLIN}};
		if (rp_run_poll(run_of(t), fds, 4, err) < 0)
			return -1;
		if (fds[1].revents != 0 && listen_to(t, err) < 0)
			return -1;
		if (fds[0].revents != 0) {
			ssize_t n = read(t->from, buf, len);
			if (n > 0)
				return n;
			if (n == 0)
				close_fd(&t->from);
			else if (errno != EAGAIN && errno != EINTR)
				return rp_err_sys(err, errno, "read from '%s'", t->kind->name);
		}
		if (fds[2].revents != 0 && give(t, err) < 0)
			return -1;
		/* It left a child that holds its pipes, and nothing is in them. */
		if (fds[3].revents != 0 && fds[0].revents == 0 && fds[1].revents == 0)
			break;
	}
	return 0;
}

int rp_tool_read_on(struct rp_tool *t, uint64_t until, struct rp_err **err)
{
	while (!t->below_ended && t->in < until)
		if (fetch(t, err) < 0)
			return -1;
	return 0;
}

bool rp_tool_ends_with(const struct rp_tool *t, const char *text)
{
	/* The last chunk but one may hold its beginning: then too little is said, never too much. */
	size_t len = t->in < sizeof t->fresh ? (size_t)t->in : sizeof t->fresh;
	return memmem(t->fresh, len, text, strlen(text)) != NULL;
}

/* All that is below must have been its business. */
static int check_rest(struct rp_tool *t, struct rp_err **err)
{
	if (t->left == 0 && (t->below_ended || (fetch(t, err) == 0 && t->left == 0)))
		return t->below_ended ? 0 : -1;
	if (t->kind->boxed)
		return rp_err_set(err, RP_ERR_BACKUP, "%s: damaged: something follows its end",
				  t->kind->name);
	return rp_err_set(err, RP_ERR_LOCKED, "filter '%s' did not read all of the backup", t->argv.v[0]);
}

static bool may_try_again(const struct rp_tool *t, const struct rp_err *why)
{
	return rp_err_kind(why) == RP_ERR_LOCKED && t->out == 0 && t->in == t->n_kept &&
	       t->attempt + 1 < t->attempts;
}

/* 0: over, and whole; 1: it is to be started again. */
static int conclude(struct rp_tool *t, struct rp_err **err)
{
	struct rp_err *why = NULL;
	close_fd(&t->to);
	int status = rp_proc_wait(&t->proc, run_of(t), err);
	if (status < 0)
		return -1;
	int r = t->kind->judge(t, status, &why);
	if (r < 0 && may_try_again(t, why)) {
		rp_err_free(why);
		stop(t);
		t->attempt++;
		return 1;
	}
	if (r < 0) {
		(void)rp_err_again(err, why);
		rp_err_free(why);
		return -1;
	}
	t->over = true;
	return check_rest(t, err);
}

static ssize_t tool_read(struct rp_stream *s, void *buf, size_t len, struct rp_err **err)
{
	struct rp_tool *t = (struct rp_tool *)s;
	if (t->failed)
		return rp_err_set(err, RP_ERR_IO, "%s: read on after a failure", t->kind->name);
	while (!t->over) {
		ssize_t n = -1;
		if (t->proc.pid != 0 || start(t, err) == 0)
			n = take(t, buf, len, err);
		if (n > 0) {
			t->out += (uint64_t)n;
			return n;
		}
		if (n < 0 || conclude(t, err) < 0) {
			t->failed = true;
			stop(t);
			return -1;
		}
	}
	return 0;
}

static void tool_close(struct rp_stream *s)
{
	struct rp_tool *t = (struct rp_tool *)s;
	stop(t);
	if (t->kind->release != NULL)
		t->kind->release(t);
	rp_box_done(&t->box);
	rp_buf_done(&t->said);
	free(t->kept);
	free(t);
}

int rp_tool_new(struct rp_stream **ret, const struct rp_tool_kind *kind, struct rp_stream *below,
		const struct rp_unwrapping *how, struct rp_err **err)
{
	static const struct rp_stream_ops ops = {.read = tool_read, .close = tool_close};
	static const struct rp_unwrapping nothing;
	struct rp_tool *t = calloc(1, sizeof *t);
	uint8_t *kept = malloc(RP_TOOL_KEPT);
	if (t == NULL || kept == NULL) {
		free(t);
		free(kept);
		rp_stream_close(below);
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	t->base = (struct rp_stream){.ops = &ops, .below = below};
	t->kind = kind;
	t->how = how != NULL ? how : &nothing;
	t->attempts = t->how->n_passwords > 0 ? t->how->n_passwords : 1;
	t->kept = kept;
	t->said = (struct rp_buf)RP_BUF_INIT(SAID_MAX);
	t->proc = (struct rp_proc)RP_PROC_INIT;
	t->to = t->from = t->errors = t->pass = t->terminal = -1;
	*ret = &t->base;
	return 0;
}
