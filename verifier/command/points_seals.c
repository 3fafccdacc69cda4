/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verifier/command/points.h"
#include "verifier/manifest/manifest.h"
#include "verifier/recovery/artifact.h"
#include "verifier/recovery/choose.h"
#include "verifier/recovery/store.h"
#include "verifier/util/arena.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"

#define NO_MEMORY(err) rp_err_set(err, RP_ERR_NOMEM, "out of memory")

static int copy_files(struct seals *s, const struct rp_manifest *m, struct seal *to, struct rp_err **err)
{
	struct rp_file *files = rp_arena_array(s->memory, m->n_files + 1, sizeof(*files));

	for (size_t i = 0; files && i < m->n_files; i++) {
		files[i] = m->files[i];
		files[i].name = rp_arena_strdup(s->memory, m->files[i].name);
		if (!files[i].name)
			return NO_MEMORY(err);
	}
	to->files = files;
	to->n_files = m->n_files;
	to->sealed_ms = m->sealed_ms;
	to->taken_ms = m->survey->position.taken_ms ? m->survey->position.taken_ms : m->sealed_ms;
	to->target = rp_arena_strdup(s->memory, m->target);
	return files && to->target ? 0 : NO_MEMORY(err);
}

static int look_into(struct seals *s, const char *path, struct seal *to, struct rp_err **err)
{
	rp_auto(rp_manifest) m = NULL;
	struct rp_file *files = NULL;

	if (s->trust)
		return rp_manifest_load(&m, path, s->trust, err) < 0 ? -1 : copy_files(s, m, to, err);
	if (rp_manifest_glance(path, s->memory, &files, &to->n_files, err) < 0)
		return -1;
	to->files = files;
	return 0;
}

/* One that is not to be trusted seals nothing, and is told of. */
static int add(void *ctx, const struct rp_point *p, struct rp_err **err)
{
	struct seals *s = ctx;
	rp_autoerr struct rp_err *why = NULL;
	struct seal one = {.name = rp_arena_strdup(s->memory, p->id)};

	if (p->aside || !rp_point_is_manifest(s->store, p))
		return 0;
	if (s->until_ms && rp_run_clock_ms() > s->until_ms) {
		s->unopened++;
		return 0;
	}
	if (s->n == s->room) {
		size_t room = s->room ? s->room * 2 : 16;
		struct seal *all = reallocarray(s->all, room, sizeof(*all));
		if (!all)
			return NO_MEMORY(err);
		s->all = all;
		s->room = room;
	}
	if (look_into(s, p->path, &one, &why) < 0) {
		if (rp_err_kind(why) == RP_ERR_NOMEM || rp_err_kind(why) == RP_ERR_CANCELLED)
			return rp_err_set(err, rp_err_kind(why), "%s", rp_err_text(why));
		if (s->refused++ == 0)
			s->refusal = rp_arena_strdup(s->memory, rp_err_text(why));
		return 0;
	}
	if (!one.name)
		return NO_MEMORY(err);
	s->all[s->n++] = one;
	return 0;
}

int seals_gather(struct seals *s, struct rp_err **err)
{
	return s->store->driver->list(s->store, add, s, err);
}

static bool same_bytes(const struct seal *seal, const struct rp_artifact *a)
{
	for (size_t i = 0; i < seal->n_files; i++) {
		if (!a->files[i].digested || !rp_sha256_equal(a->files[i].sha256, seal->files[i].sha256))
			return false;
	}
	return true;
}

const struct seal *seals_of(const struct seals *s, const struct rp_point *p, struct rp_artifact *a,
			    const char **ret_how, struct rp_err **err)
{
	const struct seal *best = NULL;

	*ret_how = NULL;
	for (size_t i = 0; i < s->n; i++) {
		const struct seal *one = &s->all[i];
		unsigned like = rp_point_likeness(p, one->files, one->n_files);
		if (like == 1 && !*ret_how)
			*ret_how = "a manifest names it, and its size is another";
		if (like < 2)
			continue;
		if (a && rp_artifact_finish(a, err) < 0)
			return NULL;
		if (a && !same_bytes(one, a)) {
			*ret_how = "a manifest names it, and its SHA-256 is another";
			continue;
		}
		if (!best || one->sealed_ms > best->sealed_ms)
			best = one;
	}
	if (best)
		*ret_how = a ? "SHA-256" : "names and sizes";
	return best;
}
