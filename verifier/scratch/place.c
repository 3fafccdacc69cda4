/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "verifier/engine/engine.h"
#include "verifier/scratch/inside.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

/* Below our directory: "/srv/run/" and the socket's own name, for which 32 are plenty. */
#define SOCKET_ROOM (sizeof((struct sockaddr_un *)0)->sun_path - 1 - 9 - 32)

#define NEW_TRIES 20

char *rp_path(const char *dir, const char *name, struct rp_err **err)
{
	char *path = NULL;
	if (asprintf(&path, "%s/%s", dir, name) >= 0)
		return path;
	rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	return NULL;
}

char *rp_random_name(const char *prefix, struct rp_err **err)
{
	uint8_t chance[8];
	if (getrandom(chance, sizeof chance, 0) != sizeof chance) {
		rp_err_sys(err, errno, "random numbers");
		return NULL;
	}
	rp_autobuf name = RP_BUF_INIT(256);
	rp_buf_add(&name, prefix);
	rp_buf_add_hex(&name, chance, sizeof chance);
	return rp_buf_check(&name, err) < 0 ? NULL : rp_buf_take(&name);
}

void rp_place_candidates(const char *under, char *ret[RP_PLACES])
{
	const char *const all[] = {under, getenv("TMPDIR"), "/tmp"};
	size_t n = 0;
	memset(ret, 0, RP_PLACES * sizeof *ret);
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		char *real = all[i] != NULL && all[i][0] != '\0' ? realpath(all[i], NULL) : NULL;
		for (size_t j = 0; j < n && real != NULL; j++)
			if (strcmp(ret[j], real) == 0) {
				free(real);
				real = NULL;
			}
		if (real != NULL)
			ret[n++] = real;
	}
}

void rp_place_candidates_done(char *ret[RP_PLACES])
{
	for (size_t i = 0; i < RP_PLACES; i++)
		free(rp_take(ret[i]));
}

/* A base that a person named must do; of the others the next one is tried. */
static int base_is_good(const struct rp_hosted *h, const char *base, struct rp_err **err)
{
	struct stat st;
	if (stat(base, &st) < 0)
		return rp_err_sys(err, errno, "scratch directory '%s'", base);
	if (!S_ISDIR(st.st_mode) || access(base, W_OK | X_OK) < 0)
		return rp_err_sys(err, S_ISDIR(st.st_mode) ? errno : ENOTDIR, "scratch directory '%s'", base);
	if (strlen(base) + sizeof "/" RP_SCRATCH_PREFIX "XXXXXX" > SOCKET_ROOM) {
		rp_err_set(err, RP_ERR_IO,
			   "scratch directory '%s': its name is too long for a socket below it", base);
		return rp_err_hint(err, "choose one of at most %zu characters",
				   SOCKET_ROOM - sizeof "/" RP_SCRATCH_PREFIX "XXXXXX");
	}
	if (!rp_scratch_user_reaches(&h->as, base)) {
		rp_err_set(err, RP_ERR_IO, "scratch directory '%s': the server's user cannot get into it",
			   base);
		return rp_err_hint(err,
				   "servers do not run as root; name one that every user may pass through");
	}
	return 0;
}

static int choose_base(const struct rp_hosted *h, const char *under, char **ret, struct rp_err **err)
{
	if (under != NULL && under[0] != '\0') {
		*ret = realpath(under, NULL);
		if (*ret == NULL)
			return rp_err_sys(err, errno, "scratch directory '%s'", under);
		return base_is_good(h, *ret, err);
	}
	char *all[RP_PLACES];
	rp_place_candidates(NULL, all);
	rp_autoerr struct rp_err *first = NULL;
	for (size_t i = 0; all[i] != NULL && *ret == NULL; i++)
		if (base_is_good(h, all[i], &first) == 0)
			*ret = strdup(all[i]);
	rp_place_candidates_done(all);
	if (*ret != NULL)
		return 0;
	rp_err_set(err, RP_ERR_IO, "%s",
		   first != NULL ? rp_err_text(first) : "no directory for temporary files");
	return rp_err_hint(err, "name a directory with $TMPDIR");
}

static int make_one(const char *dir, const char *name, char **ret, struct rp_err **err)
{
	*ret = rp_path(dir, name, err);
	if (*ret == NULL)
		return -1;
	return mkdir(*ret, 0700) == 0 ? 0 : rp_err_sys(err, errno, "create '%s'", *ret);
}

/* The server's user owns srv/ and what is below, and may pass through what is above. */
static int hand_over(const struct rp_scratch *s, struct rp_err **err)
{
	const struct rp_scratch_user *as = &s->hosted->as;
	if (!as->drop)
		return 0;
	if (chown(s->hosted->inner, as->uid, as->gid) < 0 || chown(s->place.socket, as->uid, as->gid) < 0 ||
	    chown(s->place.settings, (uid_t)-1, as->gid) < 0 || chmod(s->place.settings, 0750) < 0 ||
	    chown(s->dir, (uid_t)-1, as->gid) < 0 || chmod(s->dir, 0710) < 0)
		return rp_err_sys(err, errno, "hand '%s' over to the server's user", s->dir);
	return 0;
}

/* Locked until it has its mark. Whoever reaps may have come first, between its making and its locking: then it is
 * locked, or gone, and another is made. */
static int make_locked(const char *base, char **ret, int *ret_lock, struct rp_err **err)
{
	for (int i = 0; i < NEW_TRIES; i++) {
		rp_autofree char *dir = rp_path(base, RP_SCRATCH_PREFIX "XXXXXX", err);
		struct stat held, there;
		if (dir == NULL)
			return -1;
		if (mkdtemp(dir) == NULL)
			return rp_err_sys(err, errno, "create '%s'", dir);
		rp_autoclose int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 && errno != ENOENT) {
			int saved = errno;
			(void)rmdir(dir);
			return rp_err_sys(err, saved, "open '%s'", dir);
		}
		if (fd < 0 || (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK))
			continue;
		if (fstat(fd, &held) == 0 && lstat(dir, &there) == 0 && held.st_ino == there.st_ino &&
		    held.st_dev == there.st_dev) {
			*ret = rp_take(dir);
			*ret_lock = rp_take_fd(&fd);
			return 0;
		}
	}
	return rp_err_set(err, RP_ERR_IO, "create a directory in '%s': others remove it every time", base);
}

char *rp_program_name(const struct rp_installation *with, struct rp_err **err)
{
	rp_autofree char *tool = with->server == NULL ? rp_path(with->bindir, with->tool, err) : NULL;
	const char *path = with->server != NULL ? with->server : tool;
	rp_autofree char *real = path != NULL ? realpath(path, NULL) : NULL;
	if (path == NULL)
		return NULL;
	if (real == NULL) {
		rp_err_sys(err, errno, "execute '%s'", path);
		return NULL;
	}
	char *name = strdup(strrchr(real, '/') + 1);
	if (name == NULL)
		rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	return name;
}

int rp_place_make(struct rp_scratch *s, const struct rp_scratch_wish *wish, struct rp_err **err)
{
	struct rp_hosted *h = s->hosted;
	rp_autofree char *base = NULL;
	if (choose_base(h, wish->under, &base, err) < 0)
		return -1;
	rp_autoclose int lock = -1;
	if (make_locked(base, &s->dir, &lock, err) < 0)
		return -1;
	rp_autofree char *program = rp_program_name(&s->place.with, err);
	if (program == NULL || rp_mark_make(s->dir, program, s->engine->hosting->quit, &h->owner, err) < 0)
		return -1;
	h->log = rp_path(s->dir, "log", err);
	if (h->log == NULL || make_one(s->dir, "settings", &s->place.settings, err) < 0 ||
	    make_one(s->dir, "srv", &h->inner, err) < 0 ||
	    make_one(h->inner, "run", &s->place.socket, err) < 0)
		return -1;
	s->place.data = rp_path(h->inner, "data", err);
	s->place.name = strdup(strrchr(s->dir, '/') + 1);
	if (s->place.data == NULL || s->place.name == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	return hand_over(s, err);
}

/* Each entry by itself and 'owner' last: a removal that is cut short is found again by the next run. */
int rp_place_clear(const char *dir, struct rp_err **err)
{
	DIR *d = opendir(dir);
	if (d == NULL)
		return errno == ENOENT ? 0 : rp_err_sys(err, errno, "open '%s'", dir);
	int r = 0;
	for (struct dirent *e; (e = readdir(d)) != NULL && r == 0;) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
		    strcmp(e->d_name, "owner") == 0)
			continue;
		rp_autofree char *path = rp_path(dir, e->d_name, err);
		r = path != NULL ? rp_tree_remove(path, err) : -1;
	}
	(void)closedir(d);
	if (r < 0)
		return rp_err_wrap(err, "remove '%s'", dir);
	rp_autofree char *owner = rp_path(dir, "owner", err);
	if (owner == NULL)
		return -1;
	if ((unlink(owner) < 0 && errno != ENOENT) || (rmdir(dir) < 0 && errno != ENOENT))
		return rp_err_sys(err, errno, "remove '%s'", dir);
	return 0;
}

int rp_place_remove(struct rp_scratch *s, struct rp_err **err)
{
	if (s->dir == NULL)
		return 0;
	int r = rp_place_clear(s->dir, err);
	if (s->hosted->owner >= 0)
		(void)close(rp_take_fd(&s->hosted->owner));
	return r;
}

static int give(const struct rp_scratch_user *as, const char *path, struct rp_err **err)
{
	if (lchown(path, as->uid, as->gid) < 0)
		return rp_err_sys(err, errno, "hand '%s' over to the server's user", path);
	DIR *d = opendir(path);
	if (d == NULL)
		return errno == ENOTDIR ? 0 : rp_err_sys(err, errno, "open '%s'", path);
	int r = 0;
	for (struct dirent *e; (e = readdir(d)) != NULL && r == 0;) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		rp_autofree char *below = rp_path(path, e->d_name, err);
		r = below != NULL ? give(as, below, err) : -1;
	}
	(void)closedir(d);
	return r;
}

/* Only what we have put there ourselves: what the server can write might by now be a link to somewhere else. */
int rp_scratch_lend(struct rp_scratch *s, const char *path, struct rp_err **err)
{
	const struct rp_scratch_user *as = &s->hosted->as;
	size_t n = strlen(s->dir);
	if (strncmp(path, s->dir, n) != 0 || path[n] != '/' || strchr(path + n + 1, '/') != NULL ||
	    strcmp(path + n, "/owner") == 0 || strcmp(path + n, "/..") == 0)
		return rp_err_set(err, RP_ERR_USAGE, "'%s' is not a file or directory of ours in '%s'", path,
				  s->dir);
	return as->drop ? give(as, path, err) : 0;
}
