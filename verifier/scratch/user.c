/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/scratch/inside.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

/* A user of the server's own comes first: 'nobody' may own other things on this machine (NFS maps strangers to
 * it, careless services run as it), and what it owns a server running as it could change. It is there on every
 * machine, though, and better than root. */
int rp_scratch_user(struct rp_scratch_user *ret, const char *const *users, struct rp_err **err)
{
	static const char *const last[] = {"nobody", NULL};
	*ret = (struct rp_scratch_user){.uid = geteuid(), .gid = getegid()};
	if (ret->uid != 0)
		return 0;
	const char *const *const lists[] = {users, last};
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		for (const char *const *name = lists[i]; name != NULL && *name != NULL; name++) {
			const struct passwd *pw = getpwnam(*name);
			if (pw == NULL || pw->pw_uid == 0)
				continue;
			*ret = (struct rp_scratch_user){.drop = true, .uid = pw->pw_uid, .gid = pw->pw_gid};
			return 0;
		}
	rp_err_set(err, RP_ERR_ENGINE, "no user to run a server as: servers do not run as root");
	return rp_err_hint(err, "run as an ordinary user, or make a system user 'nobody'");
}

static bool may_pass(const struct rp_scratch_user *u, const struct stat *st)
{
	if (st->st_uid == u->uid)
		return (st->st_mode & S_IXUSR) != 0;
	if (st->st_gid == u->gid)
		return (st->st_mode & S_IXGRP) != 0;
	return (st->st_mode & S_IXOTH) != 0;
}

bool rp_scratch_user_reaches(const struct rp_scratch_user *u, const char *path)
{
	if (!u->drop)
		return access(path, X_OK) == 0;
	char part[4096];
	size_t len = strlen(path);
	if (path[0] != '/' || len >= sizeof part)
		return false;
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		struct stat st;
		if (stat(part, &st) < 0 || !may_pass(u, &st))
			return false;
	}
	return true;
}

bool rp_scratch_user_sees(const struct rp_scratch_user *u, const char *path)
{
	if (access(path, F_OK) < 0)
		return false;
	if (!u->drop)
		return true;
	rp_autofree char *above = strdup(path);
	char *slash = above != NULL ? strrchr(above, '/') : NULL;
	if (slash == NULL)
		return false;
	slash[slash == above] = '\0';
	return rp_scratch_user_reaches(u, above);
}
