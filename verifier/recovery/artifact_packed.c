/* SPDX-License-Identifier: MIT */
/* What an artifact was before it was packed, and what all its files are. */
#include <stdlib.h>
#include <string.h>

#include "verifier/recovery/artifact.h"
#include "verifier/recovery/stage.h"
#include "verifier/recovery/tar.h"
#include "verifier/util/error.h"

void rp_files_free(struct rp_file *files, size_t n)
{
	for (size_t i = 0; files != NULL && i < n; i++)
		rp_file_done(&files[i]);
	free(files);
}

int rp_artifact_layers(struct rp_artifact *a, struct rp_layers *ret, struct rp_err **err)
{
	rp_auto(rp_stream) stored = NULL;
	*ret = (struct rp_layers){0};
	if (a->wrapped[0] == NULL || a->point->tree)
		return 0;
	if (rp_artifact_read_stored(a, &a->files[0], &stored, err) < 0)
		return -1;
	return rp_unwrap_layers(rp_take(stored), a->point->size, rp_artifact_unwrapping(a), ret, err);
}

struct listed_members {
	struct rp_file *all;
	size_t n, room;
	size_t top; /* SIZE_MAX: none was seen yet */
	bool failed, other;
};

/* How far two names have their directories in common. */
static size_t common_top(const char *a, size_t top, const char *b)
{
	size_t common = 0;
	for (size_t i = 0; i < top && a[i] == b[i]; i++)
		if (a[i] == '/')
			common = i + 1;
	return common;
}

static int list_member(void *ctx, const struct rp_tar_member *m)
{
	struct listed_members *l = ctx;
	l->other = l->other || m->other;
	if (m->directory)
		return 0;
	if (l->n == l->room) {
		size_t room = l->room > 0 ? l->room * 2 : 64;
		struct rp_file *all = reallocarray(l->all, room, sizeof *all);
		l->failed = all == NULL;
		if (l->failed)
			return 1;
		l->all = all;
		l->room = room;
	}
	struct rp_file f = {.name = strdup(m->name), .size = m->size, .digested = m->sha256 != NULL};
	l->failed = f.name == NULL;
	if (l->failed)
		return 1;
	if (m->sha256 != NULL)
		memcpy(f.sha256, m->sha256, sizeof f.sha256);
	const char *slash = strrchr(f.name, '/');
	size_t own = slash != NULL ? (size_t)(slash - f.name) + 1 : 0;
	l->top = l->n == 0 ? own : common_top(f.name, own < l->top ? own : l->top, l->all[0].name);
	l->all[l->n++] = f;
	return l->n < RP_TAR_ENTRIES_MAX ? 0 : 1;
}

/* One that cannot be unpacked is not what was sealed, and is told of elsewhere. */
int rp_artifact_members(struct rp_artifact *a, struct rp_file **ret, size_t *ret_n, size_t *ret_top,
			struct rp_err **err)
{
	rp_auto(rp_stream) top = NULL;
	struct listed_members l = {0};
	bool whole = false;
	*ret = NULL;
	*ret_n = *ret_top = 0;
	if (!rp_artifact_is_tar(a))
		return 0;
	if (rp_artifact_read(a, &a->files[0], &top, err) < 0)
		return -1;
	int r = rp_tar_scan(top, UINT64_MAX, true, list_member, &l, &whole, a->store->run, err);
	if (r == 0 && l.failed)
		r = rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (r < 0 || !whole || l.other) {
		rp_files_free(l.all, l.n);
		return r;
	}
	*ret = l.all;
	*ret_n = l.n;
	*ret_top = l.top;
	return 0;
}

struct taken {
	struct rp_point *point;
};

static int take_it(void *ctx, const struct rp_point *p, struct rp_err **err)
{
	struct taken *t = ctx;
	return rp_point_copy(&t->point, p, err) < 0 ? -1 : 1;
}

int rp_artifact_digests(const char *path, struct rp_file **ret, size_t *ret_n, struct rp_run *run,
			struct rp_err **err)
{
	rp_auto(rp_store) store = NULL;
	struct taken taken = {0};
	if (rp_store_open_whole(&store, path, run, err) < 0)
		return -1;
	int r = store->driver->list(store, take_it, &taken, err);
	rp_auto(rp_point) point = taken.point;
	rp_auto(rp_artifact) a = NULL;
	if (r < 0 || rp_artifact_open(&a, store, point, NULL, err) < 0 || rp_artifact_finish(a, err) < 0)
		return -1;
	*ret = rp_take(a->files);
	*ret_n = a->n_files;
	a->n_files = 0;
	return 0;
}
