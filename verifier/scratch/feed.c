/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <string.h>

#include "verifier/engine/engine.h"
#include "verifier/scratch/inside.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/proc.h"
#include "verifier/util/run.h"

#define COMPLAINT_MAX 600 /* of a message that a stranger may have written */

static bool names_one(const char *setting, const char *const *names)
{
	for (; names != NULL && *names != NULL; names++) {
		size_t n = strlen(*names);
		if (strncmp(setting, *names, n) == 0 && setting[n] == '=')
			return true;
	}
	return false;
}

/* A private server asks for no password, so its tools need not know where a person keeps theirs; nor is a
 * person's own file of use to a tool that runs as somebody else. */
static int make_environment(struct rp_scratch *s, struct rp_argv *ret, struct rp_err **err)
{
	const struct rp_hosting *hosting = s->engine->hosting;
	rp_autoargv all = {0};
	if (hosting->environment(s->uri, &all, err) < 0)
		return -1;
	bool private = s->server == NULL || s->hosted->as.drop;
	for (size_t i = 0; i < all.n; i++)
		if (!private || !names_one(all.v[i], hosting->credentials))
			rp_argv_add(ret, all.v[i]);
	if (s->hosted->pass_variable != NULL)
		rp_argv_addf(ret, "%s=%s", s->hosted->pass_variable, s->hosted->pass);
	return ret->failed ? rp_err_set(err, RP_ERR_NOMEM, "out of memory") : 0;
}

/* bubblewrap passes on how its program ended as a shell does, and tells its own troubles before there is one. */
static int status_inside(const struct rp_scratch *s, int status, const struct rp_buf *errors,
			 struct rp_err **err)
{
	static const char own[] = "bwrap: ";
	if (s->hosted->box.level != RP_BOX_NAMESPACES)
		return status;
	if (status == 1 && strncmp(rp_buf_text(errors), own, sizeof own - 1) == 0) {
		rp_autobuf shown = RP_BUF_INIT(64 << 10);
		rp_buf_add_plain(&shown, rp_buf_text(errors));
		return rp_err_set(err, RP_ERR_ENGINE, "the box for it could not be made: %s",
				  rp_buf_text(&shown));
	}
	return status > 128 && status <= 128 + SIGRTMAX ? 256 + status - 128 : status;
}

/* THE place where clients are started. */
static int run_tool(struct rp_scratch *s, const struct rp_argv *argv, const struct rp_argv *env,
		    const struct rp_leave *leave, struct rp_stream *input, struct rp_buf *out,
		    struct rp_buf *errors, struct rp_err **err)
{
	struct rp_program p = RP_PROGRAM_INIT;
	rp_autoboxed boxed = {0};
	p.argv = argv->v;
	p.env = env->v;
	p.dir = s->hosted->box.level == RP_BOX_NAMESPACES ? "/" : s->hosted->inner;
	p.as_user = s->hosted->as.drop;
	p.uid = s->hosted->as.uid;
	p.gid = s->hosted->as.gid;
	if (rp_box_put(&boxed, &s->hosted->box, leave, &p, err) < 0)
		return -1;
	int status = rp_proc_run(&p, input, out, errors, s->run, err);
	return status < 0 ? -1 : status_inside(s, status, errors, err);
}

/* A tool that crashes on what it reads was given something it cannot read; one that was killed from outside
 * (by a person, for want of memory) was not. */
static bool is_crash(int status)
{
	switch (status - 256) {
	case SIGSEGV:
	case SIGBUS:
	case SIGILL:
	case SIGFPE:
	case SIGABRT:
		return true;
	default:
		return false;
	}
}

static int blame(struct rp_scratch *s, const char *tool, int status, const char *said, struct rp_err **err)
{
	const struct rp_hosting *hosting = s->engine->hosting;
	if (rp_server_check(s, err) < 0)
		return rp_err_wrap(err, "'%s'", tool);
	size_t len;
	const char *at = hosting->complaint(said, &len);
	rp_autofree char *first = strndup(at, len < COMPLAINT_MAX ? len : COMPLAINT_MAX);
	if (first == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	const char *hint = hosting->excuses(first);
	rp_autobuf shown = RP_BUF_INIT(16 << 10);
	rp_buf_add_plain(&shown, first);
	bool backups = status < 256 ? hint == NULL : is_crash(status);
	rp_err_set(err, backups ? RP_ERR_BACKUP : RP_ERR_ENGINE, "'%s' failed: %s%s%s", tool,
		   rp_proc_status_text(status), shown.len > 0 ? ": " : "", rp_buf_text(&shown));
	if (!backups && hint != NULL)
		rp_err_hint(err, "%s", hint);
	return -1;
}

int rp_tool_run(struct rp_scratch *s, const struct rp_argv *argv, const struct rp_argv *env,
		const struct rp_leave *leave, struct rp_stream *input, struct rp_buf *said,
		struct rp_err **err)
{
	size_t room = said->max - said->len;
	size_t before = said->len;
	struct rp_buf out = RP_BUF_INIT(room / 4);
	struct rp_buf errors = RP_BUF_INIT(room - room / 4);
	int status = run_tool(s, argv, env, leave, input, &out, &errors, err);
	rp_buf_add_mem(said, rp_buf_text(&errors), errors.len);
	rp_buf_add_mem(said, rp_buf_text(&out), out.len);
	int r = 0;
	if (status < 0)
		r = rp_err_wrap(err, "'%s'", strrchr(argv->v[0], '/') + 1);
	else if (status > 0)
		r = blame(s, strrchr(argv->v[0], '/') + 1, status, rp_buf_text(said) + before, err);
	else if (rp_buf_check(said, err) < 0)
		r = -1;
	rp_buf_done(&out);
	rp_buf_done(&errors);
	return r;
}

int rp_scratch_feed(struct rp_scratch *s, const char *const argv[], struct rp_stream *input,
		    struct rp_buf *said, struct rp_err **err)
{
	if (s->uri == NULL)
		return rp_err_set(err, RP_ERR_ENGINE, "'%s': the scratch is not up", argv[0]);
	if (argv[0] == NULL || strchr(argv[0], '/') != NULL)
		return rp_err_set(err, RP_ERR_USAGE, "a tool of the server's is named without a path");
	if (rp_server_check(s, err) < 0)
		return -1;
	rp_autoargv line = {0};
	rp_autoargv env = {0};
	rp_autoargv reads = {0};
	if (s->server == NULL)
		rp_argv_add(&reads, s->place.socket);
	for (size_t i = 0; i < s->hosted->reach.n; i++)
		if (rp_scratch_user_sees(&s->hosted->as, s->hosted->reach.v[i]))
			rp_argv_add(&reads, s->hosted->reach.v[i]);
	if (s->hosted->pass != NULL)
		rp_argv_add(&reads, s->hosted->pass);
	rp_argv_addf(&line, "%s/%s", s->place.with.bindir, argv[0]);
	if (s->hosted->pass != NULL && s->hosted->pass_variable == NULL)
		rp_argv_addf(&line, "%s%s", s->engine->hosting->login, s->hosted->pass);
	size_t n = strlen(s->dir);
	for (const char *const *word = argv + 1; *word != NULL; word++) {
		rp_argv_add(&line, *word);
		if (strncmp(*word, s->dir, n) != 0 || (*word)[n] != '/')
			continue;
		rp_argv_add(&reads, *word);
		if (rp_scratch_lend(s, *word, err) < 0)
			return -1;
	}
	if (line.failed || reads.failed)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (make_environment(s, &env, err) < 0)
		return -1;
	const struct rp_leave leave = {
		.reads = (const char *const *)reads.v, .connects = true, .network = s->hosted->network};
	return rp_tool_run(s, &line, &env, &leave, input, said, err);
}
