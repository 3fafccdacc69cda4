/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdlib.h>
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

/* One of the tools that run side by side, and what it says. */
struct tool {
	struct rp_boxed boxed;
	struct rp_buf out, errors;
};

static void tools_done(struct tool *all, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		rp_boxed_done(&all[i].boxed);
		rp_buf_done(&all[i].out);
		rp_buf_done(&all[i].errors);
	}
}

/* THE place where clients are started. */
static int run_tools(struct rp_scratch *s, const struct rp_call *call, struct tool *all, struct rp_fed *fed,
		     size_t n, size_t *ret_which, struct rp_err **err)
{
	rp_autofree struct rp_job *jobs = calloc(n, sizeof *jobs);
	if (jobs == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < n; i++) {
		struct rp_program p = RP_PROGRAM_INIT;
		p.argv = call->argv->v;
		p.env = call->env->v;
		p.dir = s->hosted->box.level == RP_BOX_NAMESPACES ? "/" : s->hosted->inner;
		p.as_user = s->hosted->as.drop;
		p.uid = s->hosted->as.uid;
		p.gid = s->hosted->as.gid;
		if (rp_box_put(&all[i].boxed, &s->hosted->box, &call->leave, &p, err) < 0)
			return -1;
		jobs[i] = (struct rp_job){
			.program = p, .input = fed[i].input, .out = &all[i].out, .said = &all[i].errors};
	}
	if (rp_proc_run_all(jobs, n, ret_which, s->run, err) < 0)
		return -1;
	return *ret_which < n ? status_inside(s, jobs[*ret_which].status, &all[*ret_which].errors, err) : 0;
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

/* Three quarters of the room are for complaints. */
static void hear(const struct tool *t, struct rp_buf *said)
{
	rp_buf_add_mem(said, rp_buf_text(&t->errors), t->errors.len);
	rp_buf_add_mem(said, rp_buf_text(&t->out), t->out.len);
}

int rp_tools_run(struct rp_scratch *s, const struct rp_call *call, struct rp_fed *fed, size_t n,
		 size_t *ret_which, struct rp_err **err)
{
	const char *name = strrchr(call->argv->v[0], '/') + 1;
	rp_autofree struct tool *all = calloc(n, sizeof *all);
	if (all == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < n; i++) {
		size_t room = fed[i].said->max - fed[i].said->len;
		all[i].out = (struct rp_buf)RP_BUF_INIT(room / 4);
		all[i].errors = (struct rp_buf)RP_BUF_INIT(room - room / 4);
	}
	*ret_which = n;
	int r = run_tools(s, call, all, fed, n, ret_which, err);
	size_t which = *ret_which;
	size_t before = which < n ? fed[which].said->len : 0;
	for (size_t i = 0; i < n; i++)
		hear(&all[i], fed[i].said);
	if (r < 0)
		r = rp_err_wrap(err, "'%s'", name);
	else if (r > 0)
		r = blame(s, name, r, rp_buf_text(fed[which].said) + before, err);
	for (size_t i = 0; i < n && r == 0; i++)
		r = rp_buf_check(fed[i].said, err);
	tools_done(all, n);
	return r;
}

int rp_tool_run(struct rp_scratch *s, const struct rp_call *call, struct rp_stream *input,
		struct rp_buf *said, struct rp_err **err)
{
	struct rp_fed fed = {.input = input, .said = said};
	size_t which;
	return rp_tools_run(s, call, &fed, 1, &which, err);
}

int rp_scratch_feed_all(struct rp_scratch *s, const char *const argv[], struct rp_fed *fed, size_t n,
			size_t *ret_which, struct rp_err **err)
{
	*ret_which = n;
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
	size_t len = strlen(s->dir);
	for (const char *const *word = argv + 1; *word != NULL; word++) {
		rp_argv_add(&line, *word);
		if (strncmp(*word, s->dir, len) != 0 || (*word)[len] != '/')
			continue;
		rp_argv_add(&reads, *word);
		if (rp_scratch_lend(s, *word, err) < 0)
			return -1;
	}
	if (line.failed || reads.failed)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (make_environment(s, &env, err) < 0)
		return -1;
	const struct rp_call call = {.argv = &line,
				     .env = &env,
				     .leave = {.reads = (const char *const *)reads.v,
					       .connects = true,
					       .network = s->hosted->network}};
	return rp_tools_run(s, &call, fed, n, ret_which, err);
}

int rp_scratch_feed(struct rp_scratch *s, const char *const argv[], struct rp_stream *input,
		    struct rp_buf *said, struct rp_err **err)
{
	struct rp_fed fed = {.input = input, .said = said};
	size_t which;
	return rp_scratch_feed_all(s, argv, &fed, 1, &which, err);
}
