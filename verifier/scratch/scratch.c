/* SPDX-License-Identifier: MIT */
#include "verifier/scratch/scratch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verifier/engine/engine.h"
#include "verifier/scratch/inside.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"

/* What a removal may take, whatever it was that ended the run. */
#define REMOVE_S 120

static const struct rp_scratch_kind *kind_for(const struct rp_scratch_wish *wish)
{
	for (const struct rp_scratch_kind *const *k = rp_scratch_kinds; *k != NULL; k++)
		if ((*k)->suits(wish))
			return *k;
	return NULL;
}

/* Of every kind: a run may follow one of another kind. What cannot be removed now must not keep us from
 * working; it is tried again next time. */
static int reap_all(const struct rp_scratch_wish *wish, struct rp_run *run, struct rp_err **err)
{
	for (const struct rp_scratch_kind *const *k = rp_scratch_kinds; *k != NULL; k++) {
		unsigned removed = 0;
		if ((*k)->reap != NULL && (*k)->reap(wish, run, &removed, err) < 0)
			return rp_err_wrap(err, "remove what earlier runs left");
		if (removed > 0)
			rp_log(run, RP_LOG_INFO, "removed what %u earlier run%s had left", removed,
			       removed == 1 ? "" : "s");
	}
	return 0;
}

static int make(struct rp_scratch *s, const struct rp_scratch_wish *wish, struct rp_err **err)
{
	if (s->kind == NULL)
		return rp_err_set(err, RP_ERR_USAGE, "%s has no scratch of its own", s->engine->name);
	s->hosted = calloc(1, sizeof *s->hosted);
	if (s->hosted == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	s->hosted->owner = -1;
	s->hosted->inside_fd = -1;
	s->hosted->proc = (struct rp_proc)RP_PROC_INIT;
	if (rp_scratch_user(&s->hosted->as, s->engine->hosting->users, err) < 0 ||
	    reap_all(wish, s->run, err) < 0)
		return -1;
	if (s->kind->make(s, wish, err) < 0 || rp_box_choose(&s->hosted->box, s, wish->unboxed, err) < 0)
		return -1;
	s->box = rp_box_name(s->hosted->box.level);
	s->why = s->hosted->box.why;
	s->network = s->hosted->network;
	return 0;
}

int rp_scratch_make(struct rp_scratch **ret, const struct rp_scratch_wish *wish, struct rp_run *run,
		    struct rp_err **err)
{
	rp_auto(rp_scratch) s = calloc(1, sizeof *s);
	if (s == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	s->engine = wish->engine;
	s->run = run;
	s->keep = wish->keep;
	s->sealed = wish->sealed;
	s->kind = kind_for(wish);
	if (make(s, wish, err) < 0)
		return rp_err_wrap(err, "scratch");
	*ret = rp_take(s);
	return 0;
}

int rp_scratch_start(struct rp_scratch *s, struct rp_err **err)
{
	if (s->kind->start(s, err) == 0)
		return 0;
	/* Nobody is to take what is half up for a scratch. */
	free(rp_take(s->uri));
	return rp_err_wrap(err, "scratch");
}

int rp_scratch_call(struct rp_scratch *s, const char *database, struct rp_err **err)
{
	if (!s->faithful) {
		(void)rp_err_set(
			err, RP_ERR_ENGINE,
			"the backup makes a database of its own name, and that needs a private server");
		return rp_err_hint(err, "leave the named one (--scratch) out");
	}
	char *name = strdup(database);
	if (name == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	free(s->name);
	s->name = name;
	return 0;
}

int rp_scratch_furnish(struct rp_scratch *s, struct rp_err **err)
{
	if (s->sealed != NULL || !s->faithful)
		return 0;
	struct rp_conn *c = NULL;
	if (s->engine->connect(&c, s->uri, s->run, err) < 0)
		return -1;
	int r = s->engine->hosting->furnish(c, NULL, err);
	s->engine->close(c);
	return r < 0 ? rp_err_wrap(err, "scratch") : 0;
}

int rp_scratch_remove(struct rp_scratch *s, struct rp_err **err)
{
	if (s->removed || s->kind == NULL || s->hosted == NULL)
		return 0;
	s->removed = true;
	struct rp_run *run = s->run;
	struct rp_run unwinding = rp_run_unwinding(run, REMOVE_S);
	s->run = &unwinding;
	int r = s->kind->remove(s, err);
	s->run = run;
	return r < 0 ? rp_err_wrap(err, "scratch") : 0;
}

static void hosted_free(struct rp_hosted *h)
{
	if (h == NULL)
		return;
	free(h->inner);
	free(h->log);
	free(h->pass);
	free(h->pass_variable);
	rp_closep(&h->owner);
	rp_closep(&h->inside_fd);
	rp_box_done(&h->box);
	rp_argv_done(&h->reach);
	rp_watch_stop(h->watch);
	free(h);
}

static void place_done(struct rp_place *p)
{
	rp_installation_done(&p->with);
	free(p->name);
	free(p->settings);
	free(p->data);
	free(p->socket);
	free(p->admin);
}

void rp_scratch_free(struct rp_scratch *s)
{
	if (s == NULL)
		return;
	rp_autoerr struct rp_err *left = NULL;
	if (rp_scratch_remove(s, &left) < 0)
		rp_log(s->run, RP_LOG_WARNING, "%s; the next run removes it", rp_err_text(left));
	hosted_free(s->hosted);
	place_done(&s->place);
	free(s->dir);
	free(s->uri);
	free(s->how_to_connect);
	free(s->lacks);
	free(s->server);
	free(s->name);
	free(s->database);
	free(s);
}
