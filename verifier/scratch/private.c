/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/engine/engine.h"
#include "verifier/scratch/inside.h"
#include "verifier/survey/survey.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/run.h"
#include "verifier/util/stream.h"

/* A server of our own, in a directory of our own, for this run alone. */

static bool suits(const struct rp_scratch_wish *wish)
{
	return wish->server == NULL && wish->engine->hosting != NULL;
}

static int make(struct rp_scratch *s, const struct rp_scratch_wish *wish, struct rp_err **err)
{
	const struct rp_hosting *hosting = s->engine->hosting;
	const struct rp_identity *sealed = wish->sealed != NULL ? &wish->sealed->identity : wish->like;
	if (hosting->choose(&s->place.with, sealed, err) < 0)
		return -1;
	const char *name = hosting->keeps_name && sealed != NULL ? sealed->database : NULL;
	s->name = name != NULL && name[0] != '\0' ? strdup(name) : NULL;
	if (name != NULL && name[0] != '\0' && s->name == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	s->place.admin = rp_random_name("admin_", err);
	if (s->place.admin == NULL || rp_place_make(s, wish, err) < 0)
		return -1;
	s->place.sealed = s->sealed;
	s->faithful = true;
	return rp_preflight_disk(s, wish, err);
}

static int create(struct rp_scratch *s, struct rp_err **err)
{
	rp_autoargv argv = {0};
	rp_autofree char *path = NULL;
	rp_auto(rp_stream) input = NULL;
	const struct rp_scratch_user *as = &s->hosted->as;
	if (mkdir(s->place.data, 0700) < 0 || (as->drop && chown(s->place.data, as->uid, as->gid) < 0))
		return rp_err_sys(err, errno, "create '%s'", s->place.data);
	if (s->engine->hosting->create(&s->place, &argv, &path, err) < 0 ||
	    (path != NULL && rp_stream_of_file(&input, path, err) < 0))
		return -1;
	rp_autobuf said = RP_BUF_INIT(16 << 10);
	struct rp_program p = RP_PROGRAM_INIT;
	p.argv = argv.v;
	p.dir = s->hosted->inner;
	p.as_user = as->drop;
	p.uid = as->uid;
	p.gid = as->gid;
	int status = rp_proc_run(&p, input, NULL, &said, s->run, err);
	if (status < 0)
		return rp_err_wrap(err, "make an empty server");
	if (status == 0)
		return 0;
	rp_autobuf text = RP_BUF_INIT(64 << 10);
	rp_buf_add_plain(&text, rp_buf_text(&said));
	return rp_err_set(err, RP_ERR_ENGINE, "make an empty server: '%s': %s: %s", argv.v[0],
			  rp_proc_status_text(status), rp_buf_text(&text));
}

static int serve(struct rp_scratch *s, struct rp_err **err)
{
	const struct rp_hosting *hosting = s->engine->hosting;
	rp_autoargv argv = {0};
	if (hosting->configure(&s->place, err) < 0 || hosting->serve(&s->place, &argv, err) < 0)
		return -1;
	if (rp_server_start(s, argv.v, err) < 0)
		return rp_err_wrap(err, "start the scratch server");
	return 0;
}

/* What a physical restore brought knows nobody of ours. */
static int admit(struct rp_scratch *s, struct rp_err **err)
{
	const struct rp_hosting *hosting = s->engine->hosting;
	/* Before it does anything else it wants to know the name of the user that it runs as. */
	const char *const reads[] = {s->place.settings, "/etc/passwd", NULL};
	rp_autoargv argv = {0}, env = {0};
	const struct rp_call call = {
		.argv = &argv,
		.env = &env,
		.leave = {.reads = reads, .writes = s->hosted->inner, .file_max = hosting->file_max}};
	rp_autobuf input = RP_BUF_INIT(4 << 10), said = RP_BUF_INIT(64 << 10);
	rp_auto(rp_stream) stream = NULL;
	rp_argv_add(&env, "LC_ALL=C.UTF-8");
	rp_argv_add(&env, "TZ=UTC");
	if (env.failed)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (hosting->configure(&s->place, err) < 0 || hosting->admit(&s->place, &argv, &input, err) < 0 ||
	    rp_stream_of_memory(&stream, rp_buf_text(&input), input.len, err) < 0 ||
	    rp_tool_run(s, &call, stream, &said, err) < 0)
		return rp_err_wrap(err, "open what was restored");
	return 0;
}

/* Which of the databases that a physical restore brought is the one. */
static int inherit(struct rp_scratch *s, char **ret, struct rp_err **err)
{
	const struct rp_hosting *hosting = s->engine->hosting;
	const char *sealed = s->sealed != NULL ? s->sealed->identity.database : NULL;
	const char *name = s->wanted != NULL ? s->wanted : sealed;
	rp_autobuf desk = RP_BUF_INIT(16 << 10);
	if (hosting->uri(&s->place, hosting->inherit != NULL ? NULL : name, &desk, err) < 0)
		return -1;
	struct rp_conn *c = NULL;
	if (rp_server_wait(s, rp_buf_text(&desk), &c, err) < 0)
		return -1;
	rp_autobuf lacks = RP_BUF_INIT(64 << 10);
	int r = hosting->takes(c, s->sealed, true, &lacks, err);
	if (r == 0 && lacks.len > 0)
		s->lacks = rp_buf_take(&lacks);
	if (r == 0 && hosting->inherit != NULL)
		r = hosting->inherit(c, name, ret, err);
	else if (r == 0 && name != NULL && (*ret = strdup(name)) == NULL)
		r = rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	s->engine->close(c);
	return r;
}

/* A physical restore brought databases, roles and the superuser with it. */
static int adopt(struct rp_scratch *s, struct rp_err **err)
{
	rp_autofree char *name = NULL;
	rp_autobuf uri = RP_BUF_INIT(16 << 10);
	if (inherit(s, &name, err) < 0 || s->engine->hosting->uri(&s->place, name, &uri, err) < 0 ||
	    rp_login_lend(s, rp_buf_text(&uri), err) < 0)
		return -1;
	s->uri = rp_buf_take(&uri);
	return 0;
}

static int settle(struct rp_scratch *s, struct rp_conn *c, struct rp_err **err)
{
	const struct rp_hosting *hosting = s->engine->hosting;
	rp_autobuf lacks = RP_BUF_INIT(64 << 10);
	if (hosting->takes(c, s->sealed, true, &lacks, err) < 0 ||
	    hosting->claim(c, s->database, s->sealed, true, err) < 0 ||
	    (!s->brings_roles && hosting->furnish(c, s->sealed, err) < 0))
		return -1;
	if (lacks.len > 0)
		s->lacks = rp_buf_take(&lacks);
	return 0;
}

static int claim(struct rp_scratch *s, struct rp_err **err)
{
	const struct rp_hosting *hosting = s->engine->hosting;
	rp_autobuf desk = RP_BUF_INIT(16 << 10);
	rp_autobuf uri = RP_BUF_INIT(16 << 10);
	s->database = s->name != NULL ? strdup(s->name) : rp_random_name("reprove_", err);
	if (s->database == NULL || hosting->uri(&s->place, NULL, &desk, err) < 0 ||
	    hosting->uri(&s->place, s->database, &uri, err) < 0)
		return -1;
	struct rp_conn *c = NULL;
	if (rp_server_wait(s, rp_buf_text(&desk), &c, err) < 0)
		return -1;
	int r = settle(s, c, err);
	/* Nobody else reaches this server: the lock on the database has nothing to guard. */
	s->engine->close(c);
	if (r < 0 || rp_login_lend(s, rp_buf_text(&uri), err) < 0)
		return -1;
	s->uri = rp_buf_take(&uri);
	return 0;
}

static int start(struct rp_scratch *s, struct rp_err **err)
{
	if (s->hosted->proc.pid != 0) { /* recovered: up again, with nothing changed but its box */
		rp_server_stop(s, false);
		free(rp_take(s->uri));
	} else {
		struct stat st;
		s->hosted->brought = stat(s->place.data, &st) == 0;
		if (!s->hosted->brought && create(s, err) < 0)
			return -1;
		if (s->hosted->brought && s->engine->hosting->admit != NULL && admit(s, err) < 0)
			return -1;
	}
	if (serve(s, err) < 0)
		return -1;
	if (s->database != NULL) {
		rp_autobuf uri = RP_BUF_INIT(16 << 10);
		struct rp_conn *c = NULL;
		if (s->engine->hosting->uri(&s->place, s->database, &uri, err) < 0 ||
		    rp_server_wait(s, rp_buf_text(&uri), &c, err) < 0)
			return -1;
		s->engine->close(c);
		s->uri = rp_buf_take(&uri);
		return 0;
	}
	return s->hosted->brought ? adopt(s, err) : claim(s, err);
}

/* The server stays, and no longer ends with us: it was started so. The mark is there before the lock goes. */
static int keep(struct rp_scratch *s, struct rp_err **err)
{
	rp_autobuf how = RP_BUF_INIT(16 << 10);
	rp_buf_add(&how, "the restored database is kept. Connect with\n    ");
	if (s->engine->hosting->explain(&s->place, s->uri, &how, err) < 0)
		return -1;
	rp_buf_addf(&how, "\nto remove it: kill -QUIT %d; rm -r %s",
		    (int)(s->hosted->inside != 0 ? s->hosted->inside : s->hosted->proc.pid), s->dir);
	rp_autofree char *path = rp_path(s->dir, "keep", err);
	if (path == NULL || rp_buf_check(&how, err) < 0 ||
	    rp_file_replace(path, how.s, how.len, 0600, err) < 0)
		return -1;
	s->how_to_connect = rp_buf_take(&how);
	(void)close(rp_take_fd(&s->hosted->owner));
	(void)close(rp_take_fd(&s->hosted->proc.pidfd));
	s->hosted->proc = (struct rp_proc)RP_PROC_INIT;
	s->hosted->inside = 0;
	rp_watch_stop(rp_take(s->hosted->watch));
	rp_closep(&s->hosted->inside_fd);
	s->hosted->inside_fd = -1;
	return 0;
}

static int remove_it(struct rp_scratch *s, struct rp_err **err)
{
	const struct rp_proc *p = &s->hosted->proc;
	bool wanted = s->keep && s->uri != NULL && p->pid != 0 && !rp_proc_ended(p);
	if (wanted && keep(s, err) == 0)
		return 0;
	rp_server_stop(s, true);
	return rp_place_remove(s, err) < 0 || wanted ? -1 : 0;
}

static int reap(const struct rp_scratch_wish *wish, struct rp_run *run, unsigned *ret_removed,
		struct rp_err **err)
{
	return rp_reap_places(wish, run, ret_removed, err);
}

const struct rp_scratch_kind rp_scratch_private = {
	.name = "private server",
	.suits = suits,
	.make = make,
	.start = start,
	.remove = remove_it,
	.reap = reap,
};
