/* SPDX-License-Identifier: MIT */
#include "verifier/util/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"

static char *default_env[] = {(char[]){"PATH=/usr/local/bin:/usr/bin:/bin"}, (char[]){"LC_ALL=C.UTF-8"},
			      (char[]){"TZ=UTC"}, NULL};

/* Put descriptor 'from' (-1: /dev/null) where 'to' is. */
static int place_fd(int from, int to)
{
	int fd = from >= 0 ? from : open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (fd == to)
		return fcntl(fd, F_SETFD, 0);
	return dup2(fd, to);
}

static int drop_rights(const struct rp_program *p)
{
	if (!p->as_user)
		return 0;
	if (setgroups(0, NULL) < 0 || setresgid(p->gid, p->gid, p->gid) < 0 ||
	    setresuid(p->uid, p->uid, p->uid) < 0)
		return -1;
	return 0;
}

/* A library may have opened some descriptors without O_CLOEXEC. Kernels before 5.11, and valgrind, do not know the
 * flag; 1024 is how many descriptors a process may have where nobody raised the limit. */
static void close_at_exec(void)
{
	if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		return;
	for (int fd = 3; fd < 1024; fd++)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static int prepare(const struct rp_program *p, pid_t parent)
{
	struct rlimit none = {0, 0};
	if (setpgid(0, 0) < 0 || setrlimit(RLIMIT_CORE, &none) < 0)
		return -1;
	if (place_fd(p->in, 0) < 0 || place_fd(p->out, 1) < 0 || place_fd(p->errors, 2) < 0)
		return -1;
	close_at_exec();
	if (p->pass >= 0 && fcntl(p->pass, F_SETFD, 0) < 0)
		return -1;
	if (p->dir != NULL && chdir(p->dir) < 0)
		return -1;
	if (drop_rights(p) < 0)
		return -1;
	/* After the change of user, which clears it. A parent that is gone already sends nothing any more. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -1;
	if (getppid() != parent) {
		errno = ESRCH;
		return -1;
	}
	return p->before != NULL ? p->before(p->ctx) : 0;
}

/* Only what is safe between fork and exec. Signals stay blocked until no handler of ours is left. */
static _Noreturn void child(const struct rp_program *p, pid_t parent, int status_fd)
{
	for (int sig = 1; sig < NSIG; sig++)
		(void)signal(sig, SIG_DFL);
	sigset_t none;
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (prepare(p, parent) == 0)
		(void)execvpe(p->argv[0], p->argv, p->env != NULL ? p->env : default_env);
	int e = errno;
	ssize_t n = write(status_fd, &e, sizeof e);
	(void)n;
	_exit(127);
}

/* A copy that is ours to close: descriptors 0 to 2 are placed over, and one lying there would be lost. */
static int above_standard(int fd)
{
	return fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;
}

static pid_t reap(pid_t pid, int *ret_status)
{
	pid_t r;
	do
		r = waitpid(pid, ret_status, 0);
	while (r < 0 && errno == EINTR);
	return r;
}

int rp_proc_start(struct rp_proc *ret, const struct rp_program *p, struct rp_err **err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return rp_err_sys(err, errno, "pipe");
	rp_autoclose int rd = ends[0];
	rp_autoclose int wr = ends[1];
	struct rp_program q = *p;
	rp_autoclose int in = above_standard(p->in);
	rp_autoclose int out = above_standard(p->out);
	rp_autoclose int errors = above_standard(p->errors);
	if ((in < 0) != (p->in < 0) || (out < 0) != (p->out < 0) || (errors < 0) != (p->errors < 0))
		return rp_err_sys(err, errno, "duplicate a descriptor");
	q.in = in;
	q.out = out;
	q.errors = errors;

	sigset_t all, before;
	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	pid_t parent = getpid();
	pid_t pid = fork();
	if (pid == 0)
		child(&q, parent, wr);
	int fork_errno = errno;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		return rp_err_sys(err, fork_errno, "fork");

	(void)close(rp_take_fd(&wr));
	int child_errno = 0;
	ssize_t n;
	do
		n = read(rd, &child_errno, sizeof child_errno);
	while (n < 0 && errno == EINTR);
	if (n != 0) {
		if (n < 0) { /* then it may well run */
			child_errno = errno;
			(void)kill(-pid, SIGKILL);
			(void)kill(pid, SIGKILL);
		}
		(void)reap(pid, NULL);
		return rp_err_sys(err, child_errno, "execute '%s'", p->argv[0]);
	}
	/* Not before here: waiting above needs none, and a descriptor that cannot be had must not leave a child. */
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0) {
		int saved = errno;
		(void)kill(-pid, SIGKILL);
		(void)reap(pid, NULL);
		return rp_err_sys(err, saved, "watch '%s'", p->argv[0]);
	}
	*ret = (struct rp_proc){.pid = pid, .pidfd = pidfd};
	return 0;
}

static int collect(struct rp_proc *p)
{
	int status = 0;
	(void)reap(p->pid, &status);
	(void)close(p->pidfd);
	*p = (struct rp_proc)RP_PROC_INIT;
	return WIFSIGNALED(status) ? 256 + WTERMSIG(status) : WEXITSTATUS(status);
}

int rp_proc_wait(struct rp_proc *p, struct rp_run *run, struct rp_err **err)
{
	struct pollfd ended = {.fd = p->pidfd, .events = POLLIN};
	if (rp_run_poll(run, &ended, 1, err) < 0)
		return -1;
	return collect(p);
}

bool rp_proc_ended(const struct rp_proc *p)
{
	struct pollfd ended = {.fd = p->pidfd, .events = POLLIN};
	return p->pid == 0 || poll(&ended, 1, 0) > 0;
}

void rp_proc_stop(struct rp_proc *p, int signal, unsigned grace_ms)
{
	if (p->pid == 0)
		return;
	(void)kill(-p->pid, signal);
	struct pollfd ended = {.fd = p->pidfd, .events = POLLIN};
	int64_t until = rp_run_clock_ms() + grace_ms, left = grace_ms;
	while (left > 0 && poll(&ended, 1, (int)left) <= 0)
		left = until - rp_run_clock_ms();
	(void)kill(-p->pid, SIGKILL);
	(void)collect(p);
}

const char *rp_proc_status_text(int status)
{
	static _Thread_local char text[64];
	if (status < 256)
		(void)snprintf(text, sizeof text, "exit status %d", status);
	else
		(void)snprintf(text, sizeof text, "killed by signal %d (%s)", status - 256,
			       sigdescr_np(status - 256));
	return text;
}

uint64_t rp_proc_started(pid_t pid)
{
	char path[64], text[1024];
	(void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	rp_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
	if (n <= 0)
		return 0;
	text[n] = '\0';
	/* Field 2 is a name in brackets that may hold anything; field 3 follows the last ')'. */
	const char *at = strrchr(text, ')');
	for (int field = 2; at != NULL && field < 22; field++) {
		at = strchr(at, ' ');
		at = at != NULL ? at + 1 : NULL;
	}
	return at != NULL ? strtoull(at, NULL, 10) : 0;
}
