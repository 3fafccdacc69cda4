/* SPDX-License-Identifier: MIT */
/* rp_proc_run(): one loop that feeds a program, drains both of its outputs and waits for its end. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/proc.h"
#include "verifier/util/run.h"
#include "verifier/util/stream.h"

#define CHUNK (64 << 10)

struct feed {
	struct rp_stream *input;
	struct rp_buf *kept[2]; /* what is kept of stdout and stderr */
	int to, from[2];	/* our ends of its pipes; -1: closed */
	char chunk[CHUNK];	/* read from input and not yet written */
	size_t at, len;
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(rp_take_fd(fd));
}

static void feed_done(struct feed *f)
{
	close_fd(&f->to);
	close_fd(&f->from[0]);
	close_fd(&f->from[1]);
}

static int give(struct feed *f, struct rp_err **err)
{
	if (f->at == f->len) {
		ssize_t n = rp_stream_read(f->input, f->chunk, sizeof f->chunk, err);
		if (n < 0)
			return -1;
		if (n == 0)
			close_fd(&f->to);
		f->at = 0;
		f->len = (size_t)n;
		return 0;
	}
	ssize_t n = write(f->to, f->chunk + f->at, f->len - f->at);
	if (n >= 0)
		f->at += (size_t)n;
	else if (errno == EPIPE) /* it wants no more; its exit status says whether that was right */
		close_fd(&f->to);
	else if (errno != EAGAIN && errno != EINTR)
		return rp_err_sys(err, errno, "write to the program");
	return 0;
}

static int take(struct feed *f, int which, struct rp_err **err)
{
	char chunk[16 << 10];
	ssize_t n = read(f->from[which], chunk, sizeof chunk);
	if (n == 0)
		close_fd(&f->from[which]);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return rp_err_sys(err, errno, "read from the program");
	struct rp_buf *b = f->kept[which];
	if (n <= 0 || b == NULL)
		return 0;
	size_t room = b->max - b->len;
	rp_buf_add_mem(b, chunk, (size_t)n < room ? (size_t)n : room);
	return 0;
}

/* Until both outputs are closed, which they are when the program and all its children have ended. A program that
 * ended but left a child holding a pipe is found by its pidfd. */
static int pump(struct feed *f, const struct rp_proc *p, struct rp_run *run, struct rp_err **err)
{
	while (f->from[0] >= 0 || f->from[1] >= 0) {
		struct pollfd fds[4] = {{.fd = f->from[0], .events = POLLIN},
					{.fd = f->from[1], .events = POLLIN},
					{.fd = f->to, .events = POLLOUT},
					{.fd = p->pidfd, .events = POLLIN}};
		if (rp_run_poll(run, fds, 4, err) < 0)
			return -1;
		for (int i = 0; i < 2; i++)
			if (fds[i].revents != 0 && take(f, i, err) < 0)
				return -1;
		if (fds[2].revents != 0 && give(f, err) < 0)
			return -1;
		if (fds[3].revents != 0 && fds[0].revents == 0 && fds[1].revents == 0)
			break;
	}
	return 0;
}

static int make_pipe(int *ours, int *theirs, bool we_write, struct rp_err **err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return rp_err_sys(err, errno, "pipe");
	*ours = ends[we_write];
	*theirs = ends[!we_write];
	if (fcntl(*ours, F_SETFL, O_NONBLOCK) < 0)
		return rp_err_sys(err, errno, "pipe");
	return 0;
}

int rp_proc_run(const struct rp_program *program, struct rp_stream *input, struct rp_buf *out,
		struct rp_buf *said, struct rp_run *run, struct rp_err **err)
{
	rp_cleanup(feed_done) struct feed f = {
		.input = input, .kept = {out, said}, .to = -1, .from = {-1, -1}};
	rp_autoclose int in = -1;
	rp_autoclose int o = -1;
	rp_autoclose int e = -1;
	if ((input != NULL && make_pipe(&f.to, &in, true, err) < 0) ||
	    make_pipe(&f.from[0], &o, false, err) < 0 || make_pipe(&f.from[1], &e, false, err) < 0)
		return -1;
	struct rp_program q = *program;
	if (input != NULL)
		q.in = in;
	q.out = o;
	q.errors = e;
	struct rp_proc p = RP_PROC_INIT;
	if (rp_proc_start(&p, &q, err) < 0)
		return -1;
	close_fd(&in);
	close_fd(&o);
	close_fd(&e);
	int status = pump(&f, &p, run, err);
	feed_done(&f);
	if (status == 0)
		status = rp_proc_wait(&p, run, err);
	rp_proc_stop(&p, SIGTERM, 2000);
	return status;
}
