/* SPDX-License-Identifier: MIT */
/* rp_proc_run(): one loop that feeds programs, drains both outputs of each and waits for their ends. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/proc.h"
#include "verifier/util/run.h"
#include "verifier/util/stream.h"

#define CHUNK (64 << 10)

struct feed {
	struct rp_proc proc;
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

static void close_pipes(struct feed *f)
{
	close_fd(&f->to);
	close_fd(&f->from[0]);
	close_fd(&f->from[1]);
}

struct feeds {
	struct feed *all;
	struct pollfd *fds; /* FDS for each */
	size_t n;
};
#define FDS 4

static void feeds_done(struct feeds *f)
{
	for (size_t i = 0; i < f->n; i++) {
		close_pipes(&f->all[i]);
		rp_proc_stop(&f->all[i].proc, SIGTERM, 2000);
	}
	free(f->all);
	free(f->fds);
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

/* Both outputs are closed when the program and all its children have ended. A program that ended but left a child
 * holding a pipe is found by its pidfd. 1: it is at its end. */
static int serve(struct feed *f, const struct pollfd fds[FDS], struct rp_err **err)
{
	for (int i = 0; i < 2; i++)
		if (fds[i].revents != 0 && take(f, i, err) < 0)
			return -1;
	if (fds[2].revents != 0 && give(f, err) < 0)
		return -1;
	return (f->from[0] < 0 && f->from[1] < 0) ||
	       (fds[3].revents != 0 && fds[0].revents == 0 && fds[1].revents == 0);
}

/* A pidfd of -1 is one that has ended, or was never begun. */
static bool is_over(const struct feed *f)
{
	return f->proc.pidfd < 0;
}

static int wait_for_any(struct feeds *f, struct rp_run *run, struct rp_err **err)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct feed *one = &f->all[i];
		const int fds[FDS] = {one->from[0], one->from[1], one->to, one->proc.pidfd};
		for (size_t k = 0; k < FDS; k++)
			f->fds[i * FDS + k] =
				(struct pollfd){.fd = fds[k], .events = k == 2 ? POLLOUT : POLLIN};
	}
	return rp_run_poll(run, f->fds, f->n * FDS, err);
}

/* Until all have ended well, or one has not. */
static int pump(struct feeds *f, struct rp_job *jobs, size_t *ret_which, struct rp_run *run,
		struct rp_err **err)
{
	for (size_t left = f->n; left > 0;) {
		if (wait_for_any(f, run, err) < 0)
			return -1;
		for (size_t i = 0; i < f->n; i++) {
			struct feed *one = &f->all[i];
			int ended = is_over(one) ? 0 : serve(one, &f->fds[i * FDS], err);
			if (ended == 0)
				continue;
			*ret_which = i;
			close_pipes(one);
			jobs[i].status = ended < 0 ? -1 : rp_proc_wait(&one->proc, run, err);
			rp_proc_stop(&one->proc, SIGTERM, 2000);
			if (jobs[i].status != 0)
				return jobs[i].status < 0 ? -1 : 0;
			left--;
		}
	}
	*ret_which = f->n;
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

static int begin(struct feed *f, const struct rp_job *job, struct rp_err **err)
{
	rp_autoclose int in = -1;
	rp_autoclose int o = -1;
	rp_autoclose int e = -1;
	f->input = job->input;
	f->kept[0] = job->out;
	f->kept[1] = job->said;
	if ((f->input != NULL && make_pipe(&f->to, &in, true, err) < 0) ||
	    make_pipe(&f->from[0], &o, false, err) < 0 || make_pipe(&f->from[1], &e, false, err) < 0)
		return -1;
	struct rp_program q = job->program;
	if (f->input != NULL)
		q.in = in;
	q.out = o;
	q.errors = e;
	return rp_proc_start(&f->proc, &q, err);
}

int rp_proc_run_all(struct rp_job *jobs, size_t n, size_t *ret_which, struct rp_run *run, struct rp_err **err)
{
	rp_cleanup(feeds_done) struct feeds f = {.all = calloc(n, sizeof *f.all),
						 .fds = calloc(n * FDS, sizeof *f.fds)};
	*ret_which = n;
	if (f.all == NULL || f.fds == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < n; i++)
		jobs[i].status = -1;
	for (; f.n < n; f.n++) {
		f.all[f.n] = (struct feed){.proc = RP_PROC_INIT, .to = -1, .from = {-1, -1}};
		if (begin(&f.all[f.n], &jobs[f.n], err) < 0) {
			close_pipes(&f.all[f.n]);
			return -1;
		}
	}
	return pump(&f, jobs, ret_which, run, err);
}

int rp_proc_run(const struct rp_program *program, struct rp_stream *input, struct rp_buf *out,
		struct rp_buf *said, struct rp_run *run, struct rp_err **err)
{
	struct rp_job job = {.program = *program, .input = input, .out = out, .said = said};
	size_t which;
	return rp_proc_run_all(&job, 1, &which, run, err) < 0 ? -1 : job.status;
}
