/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/scratch/inside.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/parse.h"

/* 'owner' says whose directory this is. It is locked with flock() by the run that made it: the kernel lets go
 * when that process ends, however it ends, and no process id can be mistaken for another. Its lines:
 *
 *     reprove scratch 1
 *     program postgres          the server's executable, by its file name
 *     quit 3                    the signal that ends it
 *     server 1234 5678901       a server: its pid, and when it was started (/proc/PID/stat)
 */
#define FIRST_LINE "reprove scratch 1"
#define MARK_MAX   (64 << 10)

/* Written and locked under another name, so that nobody ever finds it half-written or free. */
int rp_mark_make(const char *dir, const char *program, int quit, int *ret_fd, struct rp_err **err)
{
	rp_autofree char *early = rp_path(dir, "owner.new", err);
	rp_autofree char *path = rp_path(dir, "owner", err);
	if (early == NULL || path == NULL)
		return -1;
	rp_autoclose int fd = open(early, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		return rp_err_sys(err, errno, "create '%s'", early);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return rp_err_sys(err, errno, "lock '%s'", early);
	rp_autobuf text = RP_BUF_INIT(MARK_MAX);
	rp_buf_addf(&text, FIRST_LINE "\nprogram %s\nquit %d\n", program, quit);
	if (rp_buf_check(&text, err) < 0)
		return -1;
	if (rp_write_all(fd, text.s, text.len, err) < 0)
		return rp_err_wrap(err, "write '%s'", early);
	if (fsync(fd) < 0)
		return rp_err_sys(err, errno, "sync '%s'", early);
	if (rename(early, path) < 0)
		return rp_err_sys(err, errno, "rename '%s'", early);
	rp_autoclose int dirfd_ = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd_ < 0 || fsync(dirfd_) < 0)
		return rp_err_sys(err, errno, "sync directory '%s'", dir);
	*ret_fd = rp_take_fd(&fd);
	return 0;
}

/* Runs between fork and exec: no allocation, no lock. With these numbers snprintf() needs neither. */
int rp_mark_add(int fd, pid_t pid)
{
	uint64_t started = rp_proc_started(pid);
	if (started == 0) {
		errno = ESRCH;
		return -1;
	}
	char line[64];
	int len = snprintf(line, sizeof line, "server %d %llu\n", (int)pid, (unsigned long long)started);
	ssize_t n = write(fd, line, (size_t)len);
	if (n != len) {
		errno = n < 0 ? errno : ENOSPC;
		return -1;
	}
	return fsync(fd);
}

int rp_mark_add_self(int fd)
{
	return rp_mark_add(fd, getpid());
}

static void read_server(struct rp_mark *m, char *pid_text)
{
	char *space = strchr(pid_text, ' ');
	uint64_t pid, started;
	if (space == NULL)
		return;
	*space = '\0';
	if (!rp_parse_u64(pid_text, 2, INT32_MAX, &pid) || !rp_parse_u64(space + 1, 1, UINT64_MAX, &started))
		return;
	size_t room = sizeof m->servers / sizeof m->servers[0];
	memmove(m->servers + 1, m->servers, (room - 1) * sizeof m->servers[0]);
	m->servers[0].pid = (pid_t)pid;
	m->servers[0].started = started;
}

/* A last line that a crash cut short names nothing: its process was not executed. */
static bool read_mark(struct rp_mark *m, char *text)
{
	char *end = strchr(text, '\n');
	if (end == NULL)
		return false;
	*end = '\0';
	if (strcmp(text, FIRST_LINE) != 0)
		return false;
	for (char *line = end + 1; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		uint64_t n;
		if (strncmp(line, "server ", 7) == 0)
			read_server(m, line + 7);
		else if (strncmp(line, "program ", 8) == 0 && m->program == NULL)
			m->program = strdup(line + 8);
		else if (strncmp(line, "quit ", 5) == 0 && rp_parse_u64(line + 5, 1, 64, &n))
			m->quit = (int)n;
	}
	return m->program != NULL && m->quit != 0;
}

int rp_mark_take(int dirfd_, struct rp_mark *ret, int *ret_fd)
{
	rp_autoclose int fd = openat(dirfd_, "owner", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return 0;
	/* After locking: whoever reaped it while we waited in open() has unlinked it. */
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1 || st.st_uid != geteuid() ||
	    st.st_size > MARK_MAX)
		return 0;
	rp_autofree char *text = calloc(1, (size_t)st.st_size + 1);
	if (text == NULL || pread(fd, text, (size_t)st.st_size, 0) != st.st_size)
		return 0;
	struct rp_mark m = {0};
	if (strlen(text) != (size_t)st.st_size || !read_mark(&m, text)) {
		rp_mark_done(&m);
		return 0;
	}
	*ret = m;
	*ret_fd = rp_take_fd(&fd);
	return 1;
}

void rp_mark_done(struct rp_mark *m)
{
	free(m->program);
	*m = (struct rp_mark){0};
}
