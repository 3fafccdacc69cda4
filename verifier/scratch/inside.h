/* SPDX-License-Identifier: MIT */
#ifndef RP_SCRATCH_INSIDE_H
#define RP_SCRATCH_INSIDE_H

#include <stdbool.h>
#include <sys/types.h>

#include "verifier/scratch/box.h"
#include "verifier/scratch/scratch.h"
#include "verifier/scratch/watch.h"
#include "verifier/util/argv.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/proc.h"

#define rp_autoargv rp_cleanup(rp_argv_done) struct rp_argv

/* Private to this folder: what a scratch has on this machine.
 *
 *     reprove-XXXXXX/        ours; as root 0710 and in the group of the server's user, who may pass through
 *       owner                whose it is: locked as long as we live, names every server started here
 *       keep                 a person wants to keep it; reaping leaves it alone
 *       settings/            our configuration: the server reads it and cannot change it
 *       log                  what the server wrote to stderr
 *       srv/                 0700, the server's own: all that it can write
 *         data/  run/        its files, its socket
 *
 * The server's user owns nothing above srv/: whoever takes over the server must not be able to write into
 * 'owner' whom the next run of ours, as root, is to kill. */
struct rp_hosted {
	struct rp_scratch_user {
		bool drop; /* we are root, and it is not */
		uid_t uid;
		gid_t gid;
	} as;
	char *inner; /* srv/ */
	char *log;
	char *pass;		/* file with what lets tools log in; NULL: not needed */
	char *pass_variable;	/* the environment variable that names it; NULL: rp_hosting.login does */
	int owner;		/* 'owner', locked; -1: not yet */
	bool brought;		/* a physical restore has filled place.data */
	struct rp_proc proc;	/* the server, or the box that it is in */
	pid_t inside;		/* in a box of namespaces: the server itself; 0: there is no such thing */
	int inside_fd;		/* its pidfd; -1 */
	struct rp_watch *watch; /* over the disk; NULL: none */
	struct rp_box box;
	struct rp_argv reach; /* what tools must see to reach a server of the user's */
	bool network;	      /* and it is on the other side of one */
};

#define RP_SCRATCH_PREFIX "reprove-"

/* user.c: whom servers and tools run as. */
int rp_scratch_user(struct rp_scratch_user *ret, const char *const *users, struct rp_err **err);
/* Can this user get into path, going by the permissions of all the directories above it? */
bool rp_scratch_user_reaches(const struct rp_scratch_user *u, const char *path);
/* Is there such a file, in a directory that it can get into? */
bool rp_scratch_user_sees(const struct rp_scratch_user *u, const char *path);

/* place.c: the directory. rp_place_remove() leaves 'owner' for the last moment, and does nothing when there is
 * no directory. */
int rp_place_make(struct rp_scratch *s, const struct rp_scratch_wish *wish, struct rp_err **err);
int rp_place_remove(struct rp_scratch *s, struct rp_err **err);
/* Where directories of ours may be: the wished one, $TMPDIR, /tmp. NULL-terminated, real paths, each once. */
#define RP_PLACES 4
void rp_place_candidates(const char *under, char *ret[RP_PLACES]);
void rp_place_candidates_done(char *ret[RP_PLACES]);
/* All in dir but 'owner', then 'owner', then dir. */
int rp_place_clear(const char *dir, struct rp_err **err);
/* The file name by which its server's processes are known, or its tools' where there is no server; links are
 * followed, as the kernel does. Owned. */
char *rp_program_name(const struct rp_installation *with, struct rp_err **err);
/* prefix and 16 hexadecimal digits of chance. */
char *rp_random_name(const char *prefix, struct rp_err **err);
char *rp_path(const char *dir, const char *name, struct rp_err **err);

/* mark.c: the file 'owner'. */
struct rp_mark {
	char *program; /* file name of the server's executable */
	int quit;      /* the signal that ends it */
	struct {
		pid_t pid;
		uint64_t started;
	} servers[16]; /* the last ones started; 0: none */
};
/* Appears in place already locked and written. *ret_fd holds the lock. */
int rp_mark_make(const char *dir, const char *program, int quit, int *ret_fd, struct rp_err **err);
/* Add this process, between fork and exec. -1: errno. */
int rp_mark_add_self(int fd);
int rp_mark_add(int fd, pid_t pid);
/* Lock it and read it: 1 it was free and is ours to reap now (*ret_fd), 0 it is not (somebody lives there, it
 * is not ours, or it is no mark). */
int rp_mark_take(int dirfd, struct rp_mark *ret, int *ret_fd);
void rp_mark_done(struct rp_mark *m);

/* reap.c */
int rp_reap_places(const struct rp_scratch_wish *wish, struct rp_run *run, unsigned *ret_removed,
		   struct rp_err **err);
/* End what a server may leave: children that outlived it. Known by their executable's name and by standing in
 * dir, where nobody else has business. */
void rp_reap_children(const char *dir, const char *program);

/* server.c: the one function that starts servers. */
int rp_server_start(struct rp_scratch *s, char *const argv[], struct rp_err **err);
/* Wait until it answers; *ret is connected to 'uri'. */
int rp_server_wait(struct rp_scratch *s, const char *uri, struct rp_conn **ret, struct rp_err **err);
/* at_once: nothing in it is needed any more. Does nothing when none runs. */
void rp_server_stop(struct rp_scratch *s, bool at_once);
/* -1 and the log's tail when the server has ended. */
int rp_server_check(struct rp_scratch *s, struct rp_err **err);

/* feed.c: run argv in the box; what it said, and whose fault it is when it fails, as rp_scratch_feed() tells. */
struct rp_buf;
struct rp_stream;
struct rp_call {
	const struct rp_argv *argv, *env;
	struct rp_leave leave;
};
int rp_tool_run(struct rp_scratch *s, const struct rp_call *call, struct rp_stream *input,
		struct rp_buf *said, struct rp_err **err);
/* The same of several side by side, as rp_scratch_feed_all() tells. */
int rp_tools_run(struct rp_scratch *s, const struct rp_call *call, struct rp_fed *fed, size_t n,
		 size_t *ret_which, struct rp_err **err);

/* login.c: write the file with which tools log in to this database, where they need one. Once. */
int rp_login_lend(struct rp_scratch *s, const char *uri, struct rp_err **err);

/* preflight.c */
int rp_preflight_disk(struct rp_scratch *s, const struct rp_scratch_wish *wish, struct rp_err **err);
/* Is the server behind c the one that was sealed? */
int rp_preflight_not_source(struct rp_scratch *s, struct rp_conn *c, struct rp_err **err);

extern const struct rp_scratch_kind rp_scratch_private, rp_scratch_named;

#endif
