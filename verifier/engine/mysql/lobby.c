/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/lobby.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/run.h"

#define PREFIX	 "reprove-relay-"
#define SOCKET	 "socket"
#define DEFAULTS "defaults"
#define TRIES	 10

static bool is_ours(const char *name)
{
	size_t n = sizeof PREFIX - 1;
	if (strncmp(name, PREFIX, n) != 0 || strlen(name) != n + 6)
		return false;
	for (const char *p = name + n; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p))
			return false;
	return true;
}

/* Locked by nobody, it is of a run that was killed. Nothing but what we put there is removed: rmdir() refuses. */
static void reap(int base, const char *name, struct rp_run *run)
{
	rp_autoclose int dir = openat(base, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	if (dir < 0 || fstat(dir, &st) < 0 || st.st_uid != geteuid() || flock(dir, LOCK_EX | LOCK_NB) < 0)
		return;
	(void)unlinkat(dir, SOCKET, 0);
	(void)unlinkat(dir, DEFAULTS, 0);
	if (unlinkat(base, name, AT_REMOVEDIR) == 0)
		rp_log(run, RP_LOG_INFO, "removed '%s', left by a run that was killed", name);
}

static void reap_all(const char *base, struct rp_run *run)
{
	DIR *d = opendir(base);
	if (d == NULL)
		return;
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		if (is_ours(e->d_name))
			reap(dirfd(d), e->d_name, run);
	(void)closedir(d);
}

/* Between its making and its lock another run may take it for one that was left, and remove it. */
static int make(struct rp_my_lobby *l, const char *base, struct rp_err **err)
{
	for (int i = 0; i < TRIES; i++) {
		struct stat st;
		if (asprintf(&l->dir, "%s/" PREFIX "XXXXXX", base) < 0) {
			l->dir = NULL;
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		}
		if (mkdtemp(l->dir) == NULL) {
			(void)rp_err_sys(err, errno, "make a directory in '%s'", base);
			free(rp_take(l->dir));
			return -1;
		}
		l->lock = open(l->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (l->lock >= 0 && flock(l->lock, LOCK_EX | LOCK_NB) == 0 && fstat(l->lock, &st) == 0 &&
		    st.st_nlink > 0)
			return 0;
		rp_closep(&l->lock);
		l->lock = -1;
		(void)rmdir(l->dir);
		free(rp_take(l->dir));
	}
	return rp_err_set(err, RP_ERR_IO, "cannot keep a directory of our own in '%s'", base);
}

static bool fits(const char *base)
{
	struct sockaddr_un un;
	return base != NULL && base[0] == '/' &&
	       strlen(base) + sizeof "/" PREFIX "XXXXXX/" SOCKET <= sizeof un.sun_path;
}

int rp_my_lobby_new(struct rp_my_lobby **ret, struct rp_run *run, struct rp_err **err)
{
	const char *wish = getenv("TMPDIR"), *base = fits(wish) ? wish : "/tmp";
	rp_auto(rp_my_lobby) l = calloc(1, sizeof *l);
	if (l == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	l->lock = -1;
	reap_all(base, run);
	if (make(l, base, err) < 0)
		return -1;
	if (asprintf(&l->socket, "%s/" SOCKET, l->dir) < 0)
		l->socket = NULL;
	if (asprintf(&l->defaults, "%s/" DEFAULTS, l->dir) < 0)
		l->defaults = NULL;
	if (l->socket == NULL || l->defaults == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	*ret = rp_take(l);
	return 0;
}

int rp_my_lobby_listen(const struct rp_my_lobby *l, int *ret_fd, struct rp_err **err)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	if (strlen(l->socket) >= sizeof un.sun_path)
		return rp_err_set(err, RP_ERR_IO, "'%s' is too long for a socket", l->socket);
	memcpy(un.sun_path, l->socket, strlen(l->socket) + 1);
	rp_autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&un, sizeof un) < 0 || listen(fd, 8) < 0)
		return rp_err_sys(err, errno, "listen on '%s'", l->socket);
	*ret_fd = rp_take_fd(&fd);
	return 0;
}

int rp_my_lobby_write(const struct rp_my_lobby *l, const char *text, struct rp_err **err)
{
	rp_autoclose int fd = open(l->defaults, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return rp_err_sys(err, errno, "create '%s'", l->defaults);
	return rp_write_all(fd, text, strlen(text), err);
}

void rp_my_lobby_forget(const struct rp_my_lobby *l)
{
	(void)unlink(l->defaults);
}

void rp_my_lobby_free(struct rp_my_lobby *l)
{
	if (l == NULL)
		return;
	if (l->defaults != NULL)
		(void)unlink(l->defaults);
	if (l->socket != NULL)
		(void)unlink(l->socket);
	if (l->dir != NULL)
		(void)rmdir(l->dir);
	rp_closep(&l->lock);
	free(l->defaults);
	free(l->socket);
	free(l->dir);
	free(l);
}
