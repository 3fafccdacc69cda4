/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "verifier/scratch/inside.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"
#include "verifier/util/run.h"

/* A server that is told to end at once needs a moment for its children; PostgreSQL kills them after 5 s. */
#define QUIT_MS 7000
#define KILL_MS 5000
/* Where directories cannot be locked (NFS) an unmarked one this old is nobody's: making the mark takes
 * milliseconds. */
#define UNMARKED_S 3600

static bool wait_gone(int pidfd, int ms)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	return poll(&p, 1, ms) > 0;
}

/* The descriptor is taken first and the start time read after: what was checked is what is signalled, even if
 * the number changes hands in between. */
static void end_process(pid_t pid, uint64_t started, int quit)
{
	rp_autoclose int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0 || rp_proc_started(pid) != started || started == 0)
		return;
	if (quit != SIGKILL && syscall(SYS_pidfd_send_signal, fd, quit, NULL, 0) == 0 &&
	    wait_gone(fd, QUIT_MS))
		return;
	if (syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) == 0)
		(void)wait_gone(fd, KILL_MS);
}

static bool link_of(pid_t pid, const char *what, char *ret, size_t size)
{
	char path[64];
	(void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, what);
	ssize_t n = readlink(path, ret, size - 1);
	if (n <= 0)
		return false;
	ret[n] = '\0';
	return true;
}

static bool is_left_behind(pid_t pid, const char *dir, const char *program)
{
	char cwd[4096], exe[4096];
	size_t n = strlen(dir);
	if (!link_of(pid, "cwd", cwd, sizeof cwd) || strncmp(cwd, dir, n) != 0 || cwd[n] != '/' ||
	    !link_of(pid, "exe", exe, sizeof exe))
		return false;
	const char *name = strrchr(exe, '/');
	return name != NULL && strcmp(name + 1, program) == 0;
}

/* A server that is killed has no time to end its children, and one of them that computes without end (a
 * function of the backup's) does not notice. */
void rp_reap_children(const char *dir, const char *program)
{
	DIR *d = opendir("/proc");
	if (d == NULL)
		return;
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		uint64_t pid;
		if (!rp_parse_u64(e->d_name, 2, INT32_MAX, &pid))
			continue;
		uint64_t started = rp_proc_started((pid_t)pid);
		if (is_left_behind((pid_t)pid, dir, program))
			end_process((pid_t)pid, started, SIGKILL);
	}
	(void)closedir(d);
}

static bool is_our_name(const char *name)
{
	size_t n = sizeof RP_SCRATCH_PREFIX - 1;
	if (strncmp(name, RP_SCRATCH_PREFIX, n) != 0 || strlen(name) != n + 6)
		return false;
	for (const char *p = name + n; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p))
			return false;
	return true;
}

/* A run that died before it had made its mark leaves an empty directory, or one with a mark that was not yet
 * put in place. A run that lives has it locked meanwhile. Nothing else is removed: rmdir() refuses. */
static void remove_unmarked(const char *path, int fd)
{
	struct stat st;
	bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
	if (!locked && errno == EWOULDBLOCK) /* it is being made */
		return;
	if (fstat(fd, &st) < 0 || (!locked && st.st_mtime + UNMARKED_S > time(NULL)) ||
	    faccessat(fd, "owner", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return;
	rp_autoclose int early = openat(fd, "owner.new", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (early >= 0) {
		if (flock(early, LOCK_EX | LOCK_NB) < 0)
			return;
		(void)unlinkat(fd, "owner.new", 0);
	}
	(void)rmdir(path);
}

static int reap_marked(const char *path, const struct rp_mark *m, struct rp_err **err)
{
	for (size_t i = 0; i < sizeof m->servers / sizeof m->servers[0]; i++)
		if (m->servers[i].pid != 0)
			end_process(m->servers[i].pid, m->servers[i].started, m->quit);
	rp_reap_children(path, m->program);
	return rp_place_clear(path, err);
}

/* 1: removed, 0: not to be removed, -1: could not be. */
static int reap_one(const char *path, struct rp_err **err)
{
	rp_autoclose int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid != geteuid())
		return 0;
	struct rp_mark mark;
	rp_autoclose int lock = -1;
	if (rp_mark_take(fd, &mark, &lock) == 0) {
		remove_unmarked(path, fd);
		return 0;
	}
	/* Asked after the lock was had: whoever keeps a scratch writes this before letting go. */
	int r = 0;
	if (faccessat(fd, "keep", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		r = reap_marked(path, &mark, err) < 0 ? -1 : 1;
	rp_mark_done(&mark);
	return r;
}

static int reap_below(const char *base, struct rp_run *run, unsigned *removed, struct rp_err **err)
{
	DIR *d = opendir(base);
	if (d == NULL)
		return 0; /* not readable for us: nothing in it is ours to remove */
	int r = 0;
	for (struct dirent *e; (e = readdir(d)) != NULL && r == 0;) {
		if (!is_our_name(e->d_name))
			continue;
		rp_autofree char *path = rp_path(base, e->d_name, err);
		rp_autoerr struct rp_err *one = NULL;
		if (path == NULL || rp_run_check(run, err) < 0)
			r = -1;
		else if (reap_one(path, &one) > 0)
			(*removed)++;
		if (one != NULL) /* the next one may go; this one is found again */
			rp_log(run, RP_LOG_WARNING, "left by an earlier run: %s", rp_err_text(one));
	}
	(void)closedir(d);
	return r;
}

int rp_reap_places(const struct rp_scratch_wish *wish, struct rp_run *run, unsigned *ret_removed,
		   struct rp_err **err)
{
	char *bases[RP_PLACES];
	rp_place_candidates(wish->under, bases);
	int r = 0;
	for (size_t i = 0; bases[i] != NULL && r == 0; i++)
		r = reap_below(bases[i], run, ret_removed, err);
	rp_place_candidates_done(bases);
	return r;
}
