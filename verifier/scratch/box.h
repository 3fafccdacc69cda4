/* SPDX-License-Identifier: MIT */
#ifndef RP_SCRATCH_BOX_H
#define RP_SCRATCH_BOX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "verifier/util/argv.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/proc.h"

struct rp_buf;
struct rp_engine;
struct rp_err;
struct rp_leave;
struct rp_run;
struct rp_scratch;
struct sock_fprog;

/* What keeps a server that does what a backup says from doing it to this machine.
 *
 * NAMESPACES: bubblewrap. A root of its own that holds the libraries, the one program and its directory; no shell,
 *   no network, no other process. And the filter of system calls.
 * LANDLOCK: where namespaces cannot be had. The same root is seen, but only those files can be opened, nothing but
 *   the one program can be executed, and the filter denies a server every connection. It is the weaker one: a tool
 *   connects to its server's socket, and so could to any other that its user may enter; modes and times of files
 *   that this user owns can be changed; and what one server may take in all is bound by nothing. */
enum rp_box_level { RP_BOX_NONE, RP_BOX_LANDLOCK, RP_BOX_NAMESPACES };

struct rp_box {
	enum rp_box_level level;
	char *bwrap; /* path of the program */
	char *why;   /* why not a better one; NULL: this is the best */
	struct rp_argv
		reads; /* files and directories that all in it may read; those that are missing do no harm */
	struct rp_argv links; /* pairs: what a link says, where it is ("usr/lib", "/lib") */
};

/* The best that can be had here for this scratch, tried with its own server or tool. RP_ERR_ENGINE: none, and
 * that was not allowed. REPROVE_BOX names one level to try and no other ("none" is still refused unless
 * 'unboxed'). */
int rp_box_choose(struct rp_box *ret, struct rp_scratch *s, bool unboxed, struct rp_err **err);
void rp_box_done(struct rp_box *b);
/* For a program that reads a stranger's bytes before there is a scratch: the best box that can be had, tried with it;
 * level NONE: none. What it may do besides is 'leave'. -1: the run is to stop, or memory is short. */
int rp_box_for_tool(struct rp_box *ret, const char *program, const struct rp_leave *leave, struct rp_run *run,
		    struct rp_err **err);
/* Where a program is, going by $PATH; owned. NULL: nowhere. */
char *rp_program_path(const char *name);
/* For 'doctor': would this level hold for a private server of this engine? 'why': what it says, or why not. */
bool rp_box_try(enum rp_box_level level, const struct rp_engine *engine, struct rp_run *run,
		struct rp_buf *why);
#define RP_BOX_HINT                                                                                          \
	"install the package 'bubblewrap' and let users make namespaces; or, for a backup that you trust, "  \
	"verify --unboxed"
/* "namespaces", "landlock"; NULL: none. */
const char *rp_box_name(enum rp_box_level level);

/* What one program in the box may do besides. */
struct rp_leave {
	const char *const *reads; /* NULL-terminated, or NULL */
	const char *writes;	  /* the one directory that it may change; NULL: none */
	bool connects;		  /* to sockets that it sees; a server waits for others to connect */
	bool network;		  /* a server of the user's is somewhere else */
	bool terminal;		  /* it asks on one that we have made for it alone */
	bool serves;		  /* a server: one process whose end is the end of all */
	bool lasts;		  /* does not end with us */
	uint64_t file_max;	  /* bytes in one file; 0: as many as there is room for */
};

/* One program that is being put into the box: what rp_program borrows until it has been started. */
struct rp_boxed {
	const struct rp_box *box;
	struct rp_leave leave;
	struct rp_argv line, program; /* bubblewrap's, and the program's own */
	int (*before)(void *ctx);     /* the program's own */
	void *ctx;
	int filter;    /* bubblewrap reads the filter of system calls there */
	int rules;     /* Landlock's */
	int told, ask; /* bubblewrap tells there which process is inside; our end of it */
	struct sock_fprog *calls;
};
/* Change p so that it starts in the box. b stays until p has been started, and is given back in any case. */
int rp_box_put(struct rp_boxed *b, const struct rp_box *box, const struct rp_leave *leave,
	       struct rp_program *p, struct rp_err **err);
/* After the start of what serves: the server's own process, as a descriptor; -1: there is none besides p's. */
int rp_boxed_inside(struct rp_boxed *b, pid_t *ret_pid);
void rp_boxed_done(struct rp_boxed *b);
#define rp_autoboxed rp_cleanup(rp_boxed_done) struct rp_boxed

/* bubblewrap.c: the command line. Pure. */
void rp_bubblewrap_line(struct rp_argv *ret, const struct rp_box *box, const struct rp_leave *leave,
			char *const argv[], const char *dir, int filter, int told);

/* landlock.c: a ruleset's descriptor, and putting this process under it (between fork and exec). */
int rp_landlock_rules(const struct rp_box *box, const struct rp_leave *leave, const char *program,
		      struct rp_err **err);
int rp_landlock_enter(int rules);

/* seccomp.c: the filter of system calls; owned. NULL with err: not known for this processor. */
struct sock_fprog *rp_seccomp_filter(const struct rp_leave *leave, struct rp_err **err);
void rp_seccomp_free(struct sock_fprog *f);
int rp_seccomp_enter(const struct sock_fprog *f);

/* limits.c; between fork and exec. */
int rp_limits_enter(const struct rp_leave *leave);

#endif
