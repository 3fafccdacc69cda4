/* SPDX-License-Identifier: MIT */
/* Artifacts that are a directory, or a tar of one. */
#include <stdlib.h>
#include <string.h>

#include "verifier/recovery/artifact.h"
#include "verifier/recovery/stage.h"
#include "verifier/recovery/tar.h"
#include "verifier/util/arena.h"
#include "verifier/util/error.h"

#define MEMBERS_MAX	 ((RP_HEAD_MAX / 512) + 1)
#define MORE_MEMBERS_MAX 20000 /* with what they begin with, ten megabytes */
#define MORE_BYTES_MAX	 (UINT64_C(1) << 30)

struct seen {
	struct rp_arena *memory;
	struct rp_tar_member *all;
	size_t n, max;
	bool copies; /* what they begin with does not stay where it is */
	bool failed;
};

static int see(void *ctx, const struct rp_tar_member *m)
{
	struct seen *s = ctx;
	if (s->n == s->max)
		return 1;
	struct rp_tar_member kept = *m;
	kept.name = rp_arena_strdup(s->memory, m->name);
	if (s->copies && m->len > 0)
		kept.data = rp_arena_memdup(s->memory, m->data, m->len);
	s->failed = kept.name == NULL || (m->len > 0 && kept.data == NULL);
	if (s->failed)
		return 1;
	s->all[s->n++] = kept;
	return 0;
}

int rp_artifact_see_members(struct rp_artifact *a, struct rp_err **err)
{
	const uint8_t *head;
	size_t len;
	/* What is wrong with the file is told to whom it concerns: whoever reads it. */
	if (rp_artifact_head(a, &head, &len, NULL) < 0 || !rp_tar_begins(head, len))
		return 0;
	struct seen s = {.memory = a->memory,
			 .max = MEMBERS_MAX,
			 .all = rp_arena_alloc(a->memory, MEMBERS_MAX * sizeof(struct rp_tar_member))};
	if (s.all != NULL)
		rp_tar_members(head, len, see, &s);
	if (s.all == NULL || s.failed)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	a->members = s.all;
	a->n_members = s.n;
	return 0;
}

/* A reading of its own, of which nothing is given out. */
static int open_again(struct rp_artifact *a, struct rp_stream **ret, struct rp_err **err)
{
	return a->store->driver->read(a->store, a->point, &a->point->files[0], ret, err);
}

int rp_artifact_see_more(struct rp_artifact *a, struct rp_err **err)
{
	rp_auto(rp_stream) top = NULL;
	struct rp_stream *stored = NULL;
	bool whole;
	struct seen s = {.memory = a->memory, .max = MORE_MEMBERS_MAX, .copies = true};
	if (!rp_artifact_is_tar(a))
		return 0;
	s.all = rp_arena_array(a->memory, MORE_MEMBERS_MAX, sizeof(struct rp_tar_member));
	if (s.all == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (open_again(a, &stored, err) < 0 ||
	    rp_unwrap(&top, stored, a->point->size, rp_artifact_unwrapping(a), NULL, err) < 0 ||
	    rp_tar_scan(top, MORE_BYTES_MAX, false, see, &s, &whole, a->store->run, err) < 0)
		return rp_err_wrap(err, "look into backup '%s'", a->point->id);
	if (s.failed)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (s.n >= a->n_members) {
		a->members = s.all;
		a->n_members = s.n;
	}
	return 0;
}

bool rp_artifact_is_tar(const struct rp_artifact *a)
{
	return a->n_members > 0;
}

static int compare_names(const void *name, const void *file)
{
	return strcmp(name, ((const struct rp_file *)file)->name);
}

const struct rp_file *rp_artifact_file(const struct rp_artifact *a, const char *name)
{
	return bsearch(name, a->files, a->n_files, sizeof *a->files, compare_names);
}

const char *rp_artifact_name(const struct rp_artifact *a, size_t i)
{
	if (rp_artifact_is_tar(a))
		return i < a->n_members ? a->members[i].name : NULL;
	return i < a->n_files ? a->files[i].name : NULL;
}

/* Do all names lie below the first 'len' bytes of this one, which end before a '/', or are a directory above? */
static bool is_top(const struct rp_artifact *a, const char *path, size_t len)
{
	for (size_t i = 0; i < a->n_members; i++) {
		const struct rp_tar_member *m = &a->members[i];
		size_t n = strlen(m->name);
		bool above = m->directory && n <= len && strncmp(path, m->name, n) == 0 &&
			     (path[n] == '/' || n == len);
		if (!above && !(n > len && strncmp(m->name, path, len) == 0 && m->name[len] == '/'))
			return false;
	}
	return true;
}

static const struct rp_tar_member *member(const struct rp_artifact *a, const char *name)
{
	size_t len = strlen(name);
	for (size_t i = 0; i < a->n_members; i++) {
		const char *m = a->members[i].name;
		size_t n = strlen(m);
		if (n < len || strcmp(m + n - len, name) != 0)
			continue;
		if (n == len || (n > len + 1 && m[n - len - 1] == '/' && is_top(a, m, n - len - 1)))
			return &a->members[i];
	}
	return NULL;
}

bool rp_artifact_has(const struct rp_artifact *a, const char *name)
{
	if (rp_artifact_is_tar(a))
		return member(a, name) != NULL;
	return a->point->tree && rp_artifact_file(a, name) != NULL;
}

static size_t copy_bytes(uint8_t *to, size_t room, const uint8_t *from, size_t len)
{
	size_t n = len < room ? len : room;
	if (n > 0)
		memcpy(to, from, n);
	return n;
}

/* What is wrong with its bytes is told when they are read in earnest. */
static int look_into_file(struct rp_artifact *a, const struct rp_file *f, uint8_t *buf, size_t room,
			  size_t *ret_len, struct rp_err **err)
{
	rp_autoerr struct rp_err *damage = NULL;
	rp_auto(rp_stream) top = NULL;
	struct rp_stream *stored = NULL;
	const struct rp_file *listed = &a->point->files[f - a->files];
	if (a->store->driver->read(a->store, a->point, listed, &stored, err) < 0)
		return -1;
	if (rp_unwrap(&top, stored, listed->size, rp_artifact_unwrapping(a), NULL, &damage) < 0)
		return rp_err_kind(damage) == RP_ERR_NOMEM ? rp_err_set(err, RP_ERR_NOMEM, "out of memory")
							   : 0;
	while (*ret_len < room) {
		ssize_t n = rp_stream_read(top, buf + *ret_len, room - *ret_len, NULL);
		if (n <= 0)
			break;
		*ret_len += (size_t)n;
	}
	return 0;
}

int rp_artifact_look(struct rp_artifact *a, const char *name, uint8_t *buf, size_t room, size_t *ret_len,
		     struct rp_err **err)
{
	*ret_len = 0;
	if (rp_artifact_is_tar(a)) {
		const struct rp_tar_member *m = member(a, name);
		*ret_len = m != NULL ? copy_bytes(buf, room, m->data, m->len) : 0;
		return 0;
	}
	const struct rp_file *f = a->point->tree ? rp_artifact_file(a, name) : NULL;
	return f != NULL ? look_into_file(a, f, buf, room, ret_len, err) : 0;
}
