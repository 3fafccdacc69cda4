/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_LOBBY_H
#define RP_ENGINE_MYSQL_LOBBY_H

#include "verifier/util/cleanup.h"

struct rp_err;
struct rp_run;

/* A directory of ours that nobody else can look into, with what a backup tool needs to be let in: a socket, and an
 * option file that may hold a password. Removed on every way out, and by the next run when this one is killed. */
struct rp_my_lobby {
	char *dir;
	char *socket;	/* path; nobody listens until rp_my_lobby_listen() */
	char *defaults; /* path; there is no such file until rp_my_lobby_write() */
	int lock;	/* the directory, locked for as long as we live */
};

int rp_my_lobby_new(struct rp_my_lobby **ret, struct rp_run *run, struct rp_err **err);
int rp_my_lobby_listen(const struct rp_my_lobby *l, int *ret_fd, struct rp_err **err);
int rp_my_lobby_write(const struct rp_my_lobby *l, const char *text, struct rp_err **err);
/* The tool is in: it needs no password any more. */
void rp_my_lobby_forget(const struct rp_my_lobby *l);
void rp_my_lobby_free(struct rp_my_lobby *l); /* accepts NULL */
RP_AUTO_CALLS(rp_my_lobby, rp_my_lobby_free)

#endif
