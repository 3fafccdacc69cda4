/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "verifier/command/verify.h"
#include "verifier/recovery/choose.h"
#include "verifier/recovery/store.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"

/* Which backup is verified, and, of a directory of manifests, against which manifest. */

#define DAY_TEXT 10 /* "2026-11-21" */

int rp_verify_pick(const struct verify_options *o, struct rp_pick *ret, struct rp_err **err)
{
	*ret = (struct rp_pick){.which = o->point};
	if (o->point && o->at)
		return rp_err_set(err, RP_ERR_USAGE, "verify: --point and --at do not go together");
	if (o->at && rp_pick_at(ret, o->at, err) < 0)
		return rp_err_wrap(err, "verify: --at");
	return 0;
}

/* Nobody can try seeds until one suits: the ledger's head changes with every attempt, and keeps it. */
static int seed_of_ledger(struct verifying *v, struct rp_buf *seed, struct rp_pick *pick, struct rp_err **err)
{
	struct rp_head head;
	char at[RP_TIME_TEXT];

	if (!v->recording.ledger)
		return 0;
	if (rp_ledger_head(v->recording.ledger, &head, err) < 0)
		return -1;
	rp_time_format(v->result->started_ms, at);
	rp_buf_addf(seed, "%s %s %.*s", head.sha256, v->result->target, DAY_TEXT, at);
	pick->seed = rp_buf_text(seed);
	pick->seed_by = "derived from the ledger's head, the target and the day";
	return 0;
}

static void record(struct verifying *v, const struct rp_choice *c)
{
	const struct verify_options *o = v->options;

	if (c->n < 2 && !o->point && !o->at)
		return;
	rp_result_selection(v->result, c->method ? c->method : "none", c->seed, c->seed_by);
	rp_autobuf how = RP_BUF_INIT(4096);
	rp_buf_addf(&how, "%s, of %zu backup%s", v->result->selection.method, c->population,
		    c->population == 1 ? "" : "s");
	if (c->seed)
		rp_buf_addf(&how, "; the seed '%s' was %s", c->seed, c->seed_by);
	rp_result_about(v->result, "chosen", rp_buf_text(&how));
	for (size_t i = 0; i < c->n; i++) {
		const struct rp_candidate *one = &c->all[i];
		rp_result_candidate(v->result, &(struct rp_selected){.name = one->id,
								     .taken_ms = one->taken_ms,
								     .bytes = one->bytes,
								     .aside = one->aside,
								     .chosen = one->chosen});
	}
}

/* A directory that was sealed as one backup, and has lost what it would be known by, is that backup still, damaged. */
static int take_whole(struct verifying *v, const struct rp_pick *pick, struct rp_err **err)
{
	rp_auto(rp_store) whole = NULL;
	rp_auto(rp_point) point = NULL;
	bool known = false;

	if (pick->n_sealed < 2 || v->e.point->tree)
		return 0;
	if (rp_store_open_whole(&whole, v->options->artifact, v->run, err) < 0 ||
	    rp_store_choose(whole, "newest", &point, NULL, err) < 0)
		return -1;
	for (size_t i = 0, k = 0; i < pick->n_sealed && !known; i++) {
		while (k < point->n_files && strcmp(point->files[k].name, pick->sealed[i].name) < 0)
			k++;
		known = k < point->n_files && strcmp(point->files[k].name, pick->sealed[i].name) == 0;
	}
	if (!known)
		return 0;
	rp_point_free(v->e.point);
	rp_store_close(v->e.store);
	v->e.point = rp_take(point);
	v->e.store = rp_take(whole);
	return 0;
}

int rp_verify_choose(struct verifying *v, struct rp_err **err)
{
	struct rp_evidence *e = &v->e;
	struct rp_pick pick;
	rp_cleanup(rp_choice_done) struct rp_choice choice = {0};
	rp_autobuf seed = RP_BUF_INIT(4096);

	if (e->point)
		return 0;
	if (rp_verify_pick(v->options, &pick, err) < 0 || seed_of_ledger(v, &seed, &pick, err) < 0 ||
	    rp_store_open(&e->store, v->options->artifact, v->run, err) < 0)
		return -1;
	if (e->manifest) {
		pick.sealed = e->manifest->files;
		pick.n_sealed = e->manifest->n_files;
	}
	int chosen = rp_choose(e->store, &pick, &v->unwrapping.how, &e->point, &choice, err);
	record(v, &choice);
	if (chosen < 0)
		return -1;
	return choice.by_default ? take_whole(v, &pick, err) : 0;
}

bool rp_verify_has_manifests(const struct verify_options *o)
{
	struct stat st;

	return o->manifest && stat(o->manifest, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A manifest beside others, and how likely it is the wanted one before it was opened. */
struct beside {
	char *path;
	bool alike; /* it is called like the backup */
};
struct beside_list {
	struct rp_store *store;
	const char *name; /* of the backup */
	struct beside *all;
	size_t n, room;
};

static void beside_done(struct beside_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->all[i].path);
	free(l->all);
}

static int add(void *ctx, const struct rp_point *p, struct rp_err **err)
{
	struct beside_list *l = ctx;

	if (p->aside || !rp_point_is_manifest(l->store, p))
		return 0;
	if (l->n == l->room) {
		size_t room = l->room ? l->room * 2 : 16;
		struct beside *all = reallocarray(l->all, room, sizeof(*all));
		if (!all)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		l->all = all;
		l->room = room;
	}
	struct beside one = {.path = strdup(p->path),
			     .alike = strncmp(p->files[0].name, l->name, strlen(l->name)) == 0};
	if (!one.path)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	l->all[l->n++] = one;
	return 0;
}

/* Those that are called like it first, then the newest: most are never opened. */
static int open_one(struct verifying *v, const struct beside_list *l, struct rp_err **first,
		    struct rp_err **err)
{
	for (int alike = 1; alike >= 0; alike--) {
		for (size_t i = 0; i < l->n; i++) {
			rp_autoerr struct rp_err *why = NULL;
			rp_auto(rp_manifest) m = NULL;
			if (l->all[i].alike != alike)
				continue;
			if (rp_manifest_load(&m, l->all[i].path, &v->trust, &why) < 0) {
				if (rp_err_kind(why) != RP_ERR_TRUST)
					return rp_err_set(err, rp_err_kind(why), "%s", rp_err_text(why));
				(void)rp_err_set(first, RP_ERR_TRUST, "%s", rp_err_text(why));
				continue;
			}
			unsigned like = rp_point_likeness(v->e.point, m->files, m->n_files);
			/* Of the same name and another size: the backup was cut, or this is an older one of its name. */
			if (like == 2 || (like == 1 && !v->e.manifest)) {
				rp_manifest_free(v->e.manifest);
				v->e.manifest = rp_take(m);
			}
			if (like == 2)
				return 0;
		}
	}
	return 0;
}

int rp_verify_find_manifest(struct verifying *v, struct rp_err **err)
{
	rp_auto(rp_store) store = NULL;
	rp_autoerr struct rp_err *first = NULL;
	const char *dir = v->options->manifest;
	const char *slash = strrchr(v->e.point->id, '/');
	rp_cleanup(beside_done) struct beside_list l = {.name = slash ? slash + 1 : v->e.point->id};

	if (rp_store_open(&store, dir, v->run, err) < 0)
		return -1;
	l.store = store;
	if (store->driver->list(store, add, &l, err) < 0 || open_one(v, &l, &first, err) < 0)
		return -1;
	if (v->e.manifest)
		return 0;
	if (first)
		return rp_err_set(
			err, RP_ERR_TRUST,
			"none of %zu manifests in '%s' is of '%s' and to be trusted; the first refusal: %s",
			l.n, dir, v->e.point->id, rp_err_text(first));
	return rp_err_set(err, RP_ERR_TRUST, "none of %zu manifests in '%s' is of '%s'", l.n, dir,
			  v->e.point->id);
}
