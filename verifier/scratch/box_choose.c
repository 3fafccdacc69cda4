/* SPDX-License-Identifier: MIT */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/engine/engine.h"
#include "verifier/scratch/box.h"
#include "verifier/scratch/inside.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"

/* Which box can be had on this machine, and what all of it is made of. */

#define TRY_S 15
#define SAID  400

/* Besides the library directory of this very program, which is the system's: nothing here is a program or anybody's
 * data. Libraries that alternate (BLAS) are links through /etc/alternatives. */
static const char *const libraries[] = {"/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache",
					"/etc/alternatives", NULL};

/* "/usr/lib/x86_64-linux-gnu" here, "/usr/lib64" elsewhere. */
static char *own_library_directory(void)
{
	Dl_info where;
	/* An object of the C library's own. */
	if (dladdr(stdout, &where) == 0)
		return NULL;
	char *real = where.dli_fname != NULL ? realpath(where.dli_fname, NULL) : NULL;
	char *slash = real != NULL ? strrchr(real, '/') : NULL;
	if (slash != NULL)
		*slash = '\0';
	return real;
}

static bool is_link(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

/* On a machine where /lib is no link, half of the libraries are below it. */
static void add_libraries(struct rp_box *b)
{
	rp_autofree char *dir = own_library_directory();
	rp_argv_add(&b->reads, dir != NULL ? dir : "/usr/lib");
	for (const char *const *path = libraries; *path != NULL; path++)
		rp_argv_add(&b->reads, *path);
	const char *below = dir == NULL ? NULL : strncmp(dir, "/usr/", 5) == 0 ? dir + 4 : dir;
	if (below == NULL || strncmp(below, "/lib", 4) != 0)
		return;
	if (!is_link("/lib")) {
		rp_argv_add(&b->reads, below);
		rp_argv_addf(&b->reads, "/usr%s", below);
	}
	if (!is_link("/lib64"))
		rp_argv_add(&b->reads, "/lib64");
}

static void add_links(struct rp_box *b)
{
	static const char *const names[] = {"/lib", "/lib64"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char says[256];
		ssize_t n = readlink(names[i], says, sizeof says - 1);
		if (n <= 0)
			continue;
		says[n] = '\0';
		rp_argv_add(&b->links, says);
		rp_argv_add(&b->links, names[i]);
	}
}

static int furnish(struct rp_box *b, const struct rp_hosting *hosting, const struct rp_installation *with,
		   struct rp_err **err)
{
	add_libraries(b);
	add_links(b);
	for (const char *const *path = hosting->reads; path != NULL && *path != NULL; path++)
		rp_argv_add(&b->reads, *path);
	if (hosting->parts != NULL && with->bindir != NULL && hosting->parts(with, &b->reads, err) < 0)
		return -1;
	return b->reads.failed || b->links.failed ? rp_err_set(err, RP_ERR_NOMEM, "out of memory") : 0;
}

char *rp_program_path(const char *name)
{
	const char *path = getenv("PATH");
	if (path == NULL || path[0] == '\0')
		path = "/usr/local/bin:/usr/bin:/bin";
	for (;;) {
		size_t n = strcspn(path, ":");
		rp_autobuf full = RP_BUF_INIT(8 << 10);
		rp_buf_addf(&full, "%.*s/%s", (int)n, path, name);
		if (n > 0 && path[0] == '/' && access(rp_buf_text(&full), X_OK) == 0)
			return rp_buf_take(&full);
		if (path[n] == '\0')
			return NULL;
		path += n + 1;
	}
}

/* The program itself in the very box that it will have, asked for its version: whatever is missing shows. */
static int try_program(struct rp_box *b, const struct rp_leave *leave, const char *program,
		       const struct rp_scratch_user *as, struct rp_run *run, struct rp_err **err)
{
	rp_autoargv argv = {0};
	rp_argv_add(&argv, program);
	rp_argv_add(&argv, "--version");
	if (argv.failed)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	struct rp_program p = RP_PROGRAM_INIT;
	p.argv = argv.v;
	p.dir = leave->writes != NULL ? leave->writes : "/";
	p.as_user = as->drop;
	p.uid = as->uid;
	p.gid = as->gid;
	rp_autoboxed boxed = {0};
	rp_autobuf said = RP_BUF_INIT(16 << 10);
	if (rp_box_put(&boxed, b, leave, &p, err) < 0)
		return -1;
	struct rp_run soon = *run;
	int64_t until = rp_run_clock_ms() * 1000000 + INT64_C(1000000000) * TRY_S;
	if (soon.deadline_ns == 0 || soon.deadline_ns > until)
		soon.deadline_ns = until;
	int status = rp_proc_run(&p, NULL, NULL, &said, &soon, err);
	if (status <= 0)
		return status;
	rp_autobuf shown = RP_BUF_INIT(8 << 10);
	/* What is killed says nothing. */
	size_t len = strcspn(rp_buf_text(&said), "\n");
	rp_autofree char *first = strndup(rp_buf_text(&said), len < SAID ? len : SAID);
	rp_buf_add_plain(&shown, first != NULL ? first : "");
	return rp_err_set(err, RP_ERR_ENGINE, "%s (%s)", shown.len > 0 ? rp_buf_text(&shown) : program,
			  rp_proc_status_text(status));
}

static int try_level(struct rp_box *b, const struct rp_leave *leave, const char *program,
		     const struct rp_scratch_user *as, struct rp_run *run, struct rp_err **err)
{
	if (b->level == RP_BOX_NAMESPACES && b->bwrap == NULL) {
		b->bwrap = rp_program_path("bwrap");
		if (b->bwrap == NULL)
			return rp_err_set(err, RP_ERR_ENGINE, "'bwrap' is not installed");
	}
	return try_program(b, leave, program, as, run, err);
}

/* "namespaces: no such thing; landlock: none either". */
static bool hold_best(struct rp_box *b, enum rp_box_level only, const struct rp_leave *leave,
		      const char *program, const struct rp_scratch_user *as, struct rp_run *run,
		      struct rp_buf *why)
{
	static const enum rp_box_level levels[] = {RP_BOX_NAMESPACES, RP_BOX_LANDLOCK};
	for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
		rp_autoerr struct rp_err *missing = NULL;
		b->level = levels[i];
		if (only != RP_BOX_NONE && only != b->level)
			continue;
		if (try_level(b, leave, program, as, run, &missing) == 0)
			return true;
		rp_buf_addf(why, "%s%s: %s", why->len > 0 ? "; " : "", rp_box_name(b->level),
			    rp_err_text(missing));
	}
	b->level = RP_BOX_NONE;
	return false;
}

/* 1: only this level, 0: any, -1: err. */
static int wished_level(enum rp_box_level *ret, struct rp_err **err)
{
	static const enum rp_box_level levels[] = {RP_BOX_LANDLOCK, RP_BOX_NAMESPACES};
	const char *wish = getenv("REPROVE_BOX");
	*ret = RP_BOX_NONE;
	if (wish == NULL || wish[0] == '\0')
		return 0;
	if (strcmp(wish, "none") == 0)
		return 1;
	for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
		if (strcmp(wish, rp_box_name(levels[i])) == 0) {
			*ret = levels[i];
			return 1;
		}
	return rp_err_set(err, RP_ERR_USAGE, "REPROVE_BOX is '%s', and not namespaces, landlock or none",
			  wish);
}

int rp_box_choose(struct rp_box *ret, struct rp_scratch *s, bool unboxed, struct rp_err **err)
{
	const struct rp_hosting *hosting = s->engine->hosting;
	bool private = s->server == NULL;
	const struct rp_leave leave = {.writes = private ? s->hosted->inner : NULL};
	enum rp_box_level only;
	int named = wished_level(&only, err);
	if (named < 0 || furnish(ret, hosting, &s->place.with, err) < 0)
		return -1;
	rp_autofree char *program = private ? strdup(s->place.with.server)
					    : rp_path(s->place.with.bindir, s->place.with.tool, err);
	rp_autobuf why = RP_BUF_INIT(16 << 10);
	if (program == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (named != 0)
		rp_buf_addf(&why, "REPROVE_BOX is '%s'", getenv("REPROVE_BOX"));
	bool held = (named == 0 || only != RP_BOX_NONE) &&
		    hold_best(ret, only, &leave, program, &s->hosted->as, s->run, &why);
	if (rp_run_check(s->run, err) < 0)
		return -1;
	if (why.len > 0 && (ret->why = rp_buf_take(&why)) == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (held || unboxed)
		return 0;
	rp_err_set(err, RP_ERR_ENGINE,
		   "there is no box here to restore in (%s), and a hostile backup could reach this machine",
		   ret->why);
	return rp_err_hint(err, "%s", RP_BOX_HINT);
}

int rp_box_for_tool(struct rp_box *ret, const char *program, const struct rp_leave *leave, struct rp_run *run,
		    struct rp_err **err)
{
	const struct rp_scratch_user same = {.uid = geteuid(), .gid = getegid()};
	enum rp_box_level only;
	rp_autobuf why = RP_BUF_INIT(16 << 10);
	int named = wished_level(&only, err);
	if (named < 0)
		return -1;
	add_libraries(ret);
	add_links(ret);
	if (ret->reads.failed || ret->links.failed)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (named == 0 || only != RP_BOX_NONE)
		(void)hold_best(ret, only, leave, program, &same, run, &why);
	return rp_run_check(run, err);
}

bool rp_box_try(enum rp_box_level level, const struct rp_engine *engine, struct rp_run *run,
		struct rp_buf *why)
{
	const struct rp_hosting *hosting = engine->hosting;
	const struct rp_leave leave = {0};
	struct rp_scratch_user as;
	struct rp_installation with = {0};
	rp_cleanup(rp_box_done) struct rp_box box = {.level = level};
	rp_autoerr struct rp_err *err = NULL;
	int r = rp_scratch_user(&as, hosting->users, &err);
	if (r == 0)
		r = hosting->choose(&with, NULL, &err);
	if (r == 0)
		r = furnish(&box, hosting, &with, &err);
	if (r == 0)
		r = try_level(&box, &leave, with.server, &as, run, &err);
	rp_installation_done(&with);
	if (r < 0)
		rp_buf_add(why, rp_err_text(err));
	return r == 0;
}
