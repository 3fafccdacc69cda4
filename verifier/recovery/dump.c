/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "verifier/engine/server.h"
#include "verifier/recovery/dump.h"
#include "verifier/recovery/format.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/proc.h"
#include "verifier/util/run.h"

#define SAID_MAX (16 << 10)
#define GRACE_MS 2000

struct rp_dump {
	struct rp_guest guest; /* first: start() gets it */
	const struct rp_engine *engine;
	const struct rp_format *format; /* the engine's default: what knows how to connect */
	const char *const *command;	/* the user's own, borrowed; NULL: the format's */
	struct rp_run *run;
	bool judged; /* what it says is judged by the format */
	struct rp_dump_place place;
	unsigned jobs;
	struct rp_proc proc;
	struct rp_dump_filters filters;
	/* From here on the mover's, between start() and join. */
	pthread_t mover;
	bool moving;
	int out, errors; /* our ends of the tool's pipes */
	int complaints;	 /* and of the filters' */
	/* Pipes that carry nothing: closing one end is seen at the other, and unlike a write cannot fail. */
	int stop[2], done[2]; /* to the mover, and from it */
	EVP_MD_CTX *hash;
	uint64_t size;
	struct rp_buf said, complained;
	struct rp_err *failure;
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(rp_take_fd(fd));
}

/* One pipe-full of the backup. */
static int move(struct rp_dump *d, uint8_t *chunk, size_t max)
{
	ssize_t n = read(d->out, chunk, max);
	if (n < 0)
		return errno == EINTR ? 0 : rp_err_sys(&d->failure, errno, "read the backup");
	if (n == 0)
		close_fd(&d->out);
	if (rp_write_all(d->place.file, chunk, (size_t)n, &d->failure) < 0)
		return rp_err_wrap(&d->failure, "backup '%s'", d->place.path);
	if (EVP_DigestUpdate(d->hash, chunk, (size_t)n) != 1)
		return rp_err_set(&d->failure, RP_ERR_NOMEM, "cannot compute SHA-256");
	d->size += (uint64_t)n;
	return 0;
}

static int listen_to(struct rp_dump *d, int *from, struct rp_buf *to, uint8_t *chunk, size_t max)
{
	ssize_t n = read(*from, chunk, max);
	if (n == 0)
		close_fd(from);
	size_t room = to->max - to->len;
	if (n > 0)
		rp_buf_add_mem(to, chunk, (size_t)n < room ? (size_t)n : room);
	return n < 0 && errno != EINTR ? rp_err_sys(&d->failure, errno, "read what the tool says") : 0;
}

static void move_all(struct rp_dump *d)
{
	static const size_t max = 256 << 10;
	rp_autofree uint8_t *chunk = malloc(max);
	if (chunk == NULL)
		(void)rp_err_set(&d->failure, RP_ERR_NOMEM, "out of memory");
	while (d->failure == NULL && (d->out >= 0 || d->errors >= 0 || d->complaints >= 0)) {
		struct pollfd fds[] = {{.fd = d->out, .events = POLLIN},
				       {.fd = d->errors, .events = POLLIN},
				       {.fd = d->stop[0], .events = POLLIN},
				       {.fd = d->complaints, .events = POLLIN}};
		if (poll(fds, 4, -1) < 0 && errno != EINTR)
			(void)rp_err_sys(&d->failure, errno, "poll");
		else if (fds[2].revents != 0)
			break;
		else if ((fds[0].revents != 0 && move(d, chunk, max) < 0) ||
			 (fds[1].revents != 0 && listen_to(d, &d->errors, &d->said, chunk, max) < 0) ||
			 (fds[3].revents != 0 &&
			  listen_to(d, &d->complaints, &d->complained, chunk, max) < 0))
			break;
	}
}

static void *mover(void *ctx)
{
	struct rp_dump *d = ctx;
	move_all(d);
	/* A tool that goes on writing after a failure of ours ends by these. */
	close_fd(&d->out);
	close_fd(&d->errors);
	close_fd(&d->complaints);
	close_fd(&d->done[1]);
	return NULL;
}

/* Signals are the main thread's. */
static int start_mover(struct rp_dump *d, struct rp_err **err)
{
	sigset_t all, before;
	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int r = pthread_create(&d->mover, NULL, mover, d);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	d->moving = r == 0;
	return r == 0 ? 0 : rp_err_sys(err, r, "start a thread");
}

static int make_pipe(int *ours, int *theirs, struct rp_err **err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return rp_err_sys(err, errno, "pipe");
	*ours = ends[0];
	*theirs = ends[1];
	return 0;
}

static int run_tool(struct rp_dump *d, const struct rp_argv *argv, const struct rp_argv *env,
		    struct rp_err **err)
{
	rp_autoclose int out = -1;
	rp_autoclose int errors = -1;
	if ((d->place.inner == NULL && make_pipe(&d->out, &out, err) < 0) ||
	    make_pipe(&d->errors, &errors, err) < 0)
		return -1;
	rp_autoclose int complaints = -1;
	if (d->filters.n > 0 && (make_pipe(&d->complaints, &complaints, err) < 0 ||
				 rp_dump_filters_start(&d->filters, &out, complaints, err) < 0))
		return -1;
	struct rp_program p = RP_PROGRAM_INIT;
	p.argv = argv->v;
	p.env = env->v;
	p.out = d->place.inner == NULL ? out : errors; /* whatever it says there is not the backup */
	p.errors = errors;
	if (rp_proc_start(&d->proc, &p, err) < 0)
		return -1;
	return start_mover(d, err);
}

static const char *const *words_of(const struct rp_dump *d)
{
	return d->command != NULL ? d->command : d->format->dump;
}

/* What the engine says, and what is settled here. */
static int fill_in(const struct rp_dump *d, struct rp_argv *ret, const struct rp_fact *how, size_t n,
		   struct rp_err **err)
{
	char jobs[16];
	rp_autofree struct rp_fact *all = calloc(n + 2, sizeof *all);
	if (all == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	(void)snprintf(jobs, sizeof jobs, "%u", d->jobs);
	memcpy(all, how, n * sizeof *all);
	all[n] = (struct rp_fact){"jobs", jobs};
	all[n + 1] = (struct rp_fact){"path", d->place.inner};
	return rp_dump_words(ret, words_of(d), all, n + 2, err);
}

static int start(struct rp_guest *g, const struct rp_fact *how, size_t n, struct rp_err **err)
{
	struct rp_dump *d = (struct rp_dump *)g;
	rp_cleanup(rp_argv_done) struct rp_argv argv = {0};
	rp_cleanup(rp_argv_done) struct rp_argv env = {0};
	if (d->moving)
		return rp_err_set(err, RP_ERR_USAGE, "the backup was started already");
	const char *tool = rp_dump_fact(how, n, "tool");
	if (fill_in(d, &argv, how, n, err) < 0 ||
	    rp_dump_environment(d->engine, d->format, &env, how, n, err) < 0)
		return rp_err_wrap(err, "start the backup");
	d->judged = d->command == NULL || (tool != NULL && strcmp(argv.v[0], tool) == 0);
	if (rp_dump_find(d->engine, d->command != NULL, &argv, how, n, err) < 0 ||
	    run_tool(d, &argv, &env, err) < 0)
		return rp_err_wrap(err, "start the backup");
	return 0;
}

static void join(struct rp_dump *d)
{
	if (d->moving)
		(void)pthread_join(d->mover, NULL);
	d->moving = false;
}

/* What the tool itself says comes before what it means for us: 'no space left' is clearer than 'killed by
 * SIGPIPE', and the first is ours. */
static int judge(struct rp_dump *d, int status, struct rp_run *run, struct rp_err **err)
{
	if (d->failure != NULL)
		return rp_err_set(err, rp_err_kind(d->failure), "%s", rp_err_text(d->failure));
	if (rp_dump_filters_wait(&d->filters, run, rp_buf_text(&d->complained), err) < 0)
		return -1;
	if (status != 0) {
		const struct rp_hosting *h = d->engine->hosting;
		const char *said = rp_dump_after_warnings(rp_buf_text(&d->said),
							  d->format != NULL ? d->format->harmless : NULL);
		size_t len = strcspn(said, "\n");
		const char *why = h != NULL && h->complaint != NULL ? h->complaint(said, &len) : said;
		return rp_dump_complain(rp_proc_status_text(status), why, len, err);
	}
	if (d->place.inner == NULL && d->size == 0) {
		(void)rp_err_set(err, RP_ERR_USAGE,
				 "the backup's command wrote nothing to its standard output");
		return rp_err_hint(err, "a command that writes its backup itself must write it to {path}");
	}
	return d->judged && d->format != NULL && d->format->harmless != NULL
		       ? rp_dump_judge(rp_buf_text(&d->said), d->format->harmless, d->format->expected,
				       d->run, err)
		       : 0;
}

/* Its output has ended; so has it, or it will at once. */
static int check(struct rp_guest *g, struct rp_err **err)
{
	struct rp_dump *d = (struct rp_dump *)g;
	struct rp_run soon = rp_run_unwinding(&(struct rp_run){.cancel_fd = -1}, GRACE_MS / 1000);
	struct pollfd moved = {.fd = d->done[0], .events = POLLIN};
	if (!d->moving || poll(&moved, 1, 0) <= 0)
		return 0;
	join(d);
	int status = d->failure != NULL ? 0 : rp_proc_wait(&d->proc, &soon, NULL);
	if (status >= 0 && judge(d, status, &soon, err) < 0)
		return -1;
	return rp_err_set(err, RP_ERR_ENGINE, "the backup's command ended before it saw the moment");
}

int rp_dump_new(struct rp_dump **ret, const struct rp_dump_wish *wish, struct rp_err **err)
{
	const struct rp_format *format = NULL;
	if (rp_dump_format(wish, &format, err) < 0)
		return -1;
	rp_auto(rp_dump) d = calloc(1, sizeof *d);
	if (d == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	*d = (struct rp_dump){.guest = {.start = start, .check = check, .transactions = 1},
			      .engine = wish->engine,
			      .format = format,
			      .command = wish->command != NULL && wish->command[0] != NULL ? wish->command
											   : NULL,
			      .jobs = wish->jobs > 0 ? wish->jobs : 1,
			      .place = RP_DUMP_PLACE_INIT,
			      .proc = RP_PROC_INIT,
			      .filters = {.argv = wish->filters, .n = wish->n_filters},
			      .out = -1,
			      .errors = -1,
			      .complaints = -1,
			      .stop = {-1, -1},
			      .done = {-1, -1},
			      .hash = EVP_MD_CTX_new(),
			      .said = RP_BUF_INIT(SAID_MAX),
			      .complained = RP_BUF_INIT(SAID_MAX)};
	if (wish->n_filters > RP_WRAPPED_MAX)
		return rp_err_set(err, RP_ERR_USAGE, "more than %d filters are not taken off again",
				  RP_WRAPPED_MAX);
	for (size_t i = 0; i < wish->n_filters; i++)
		d->filters.procs[i] = (struct rp_proc)RP_PROC_INIT;
	if (wish->n_filters > 0 && rp_dump_uses(words_of(d), "{path}"))
		return rp_err_set(err, RP_ERR_USAGE, "what the tool writes by itself goes through no filter");
	if (pipe2(d->stop, O_CLOEXEC) < 0 || pipe2(d->done, O_CLOEXEC) < 0 || d->hash == NULL ||
	    EVP_DigestInit_ex(d->hash, EVP_sha256(), NULL) != 1)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory or descriptors");
	/* What names {jobs} reads with so many connections, and is led by one more. */
	if (rp_dump_uses(words_of(d), "{jobs}")) {
		d->jobs = d->jobs < RP_GUEST_READERS_MAX ? d->jobs : RP_GUEST_READERS_MAX;
		d->guest.transactions = d->jobs + 1;
	}
	if (rp_dump_place_make(&d->place, wish->path, rp_dump_uses(words_of(d), "{path}"), err) < 0)
		return -1;
	*ret = rp_take(d);
	return 0;
}

struct rp_guest *rp_dump_guest(struct rp_dump *d)
{
	return d != NULL ? &d->guest : NULL;
}

void rp_dump_heed(struct rp_dump *d, struct rp_run *run)
{
	d->run = run;
}

/* One file, hashed as it passed. */
static int passed(const struct rp_dump *d, struct rp_made *ret, struct rp_err **err)
{
	const char *slash = strrchr(d->place.path, '/');
	struct rp_file f = {.size = d->size, .digested = true};
	if (EVP_DigestFinal_ex(d->hash, f.sha256, NULL) != 1)
		return rp_err_set(err, RP_ERR_NOMEM, "cannot compute SHA-256");
	ret->files = calloc(1, sizeof *ret->files);
	f.name = strdup(slash != NULL ? slash + 1 : d->place.path);
	if (ret->files == NULL || f.name == NULL) {
		rp_file_done(&f);
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	ret->files[ret->n_files++] = f;
	return 0;
}

uint64_t rp_made_size(const struct rp_made *m)
{
	uint64_t size = 0;
	for (size_t i = 0; i < m->n_files; i++)
		size += m->files[i].size;
	return size;
}

void rp_made_done(struct rp_made *m)
{
	for (size_t i = 0; i < m->n_files; i++)
		rp_file_done(&m->files[i]);
	free(m->files);
	*m = (struct rp_made){0};
}

int rp_dump_finish(struct rp_dump *d, struct rp_made *ret, struct rp_err **err)
{
	struct rp_run never = {.cancel_fd = -1};
	struct rp_run *run = d->run != NULL ? d->run : &never;
	if (!d->moving)
		return rp_err_set(err, RP_ERR_ENGINE, "the backup was never started");
	struct pollfd moved = {.fd = d->done[0], .events = POLLIN};
	if (rp_run_poll(run, &moved, 1, err) < 0)
		return rp_err_wrap(err, "backup");
	join(d);
	if (d->failure != NULL) {
		rp_proc_stop(&d->proc, SIGTERM, GRACE_MS);
		rp_dump_filters_stop(&d->filters);
	}
	int status = d->failure != NULL ? 0 : rp_proc_wait(&d->proc, run, err);
	if (status < 0)
		return rp_err_wrap(err, "backup");
	rp_cleanup(rp_made_done) struct rp_made made = {0};
	if (judge(d, status, run, err) < 0 ||
	    (d->place.inner != NULL ? rp_dump_place_read(&d->place, run, &made, err)
				    : passed(d, &made, err)) < 0 ||
	    rp_dump_place_publish(&d->place, err) < 0)
		return -1;
	*ret = made;
	made = (struct rp_made){0};
	return 0;
}

void rp_dump_free(struct rp_dump *d)
{
	if (d == NULL)
		return;
	rp_proc_stop(&d->proc, SIGTERM, GRACE_MS);
	close_fd(&d->stop[1]);
	rp_dump_filters_stop(&d->filters);
	join(d);
	close_fd(&d->out);
	close_fd(&d->errors);
	close_fd(&d->complaints);
	close_fd(&d->stop[0]);
	close_fd(&d->done[0]);
	close_fd(&d->done[1]);
	rp_dump_place_done(&d->place);
	EVP_MD_CTX_free(d->hash);
	rp_buf_done(&d->said);
	rp_buf_done(&d->complained);
	rp_err_free(d->failure);
	free(d);
}
