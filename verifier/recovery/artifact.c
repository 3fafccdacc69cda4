/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/artifact.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/recovery/stage.h"
#include "verifier/util/arena.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

/* What rp_artifact does not show. */
struct artifact {
	struct rp_artifact base;
	const struct rp_unwrapping *how; /* borrowed */
	struct rp_source *sources;	 /* one a file */
	struct rp_stream *first;	 /* the first file's chain, looked into; the first reader gets it */
	uint8_t *head;
	size_t head_len;
	struct rp_err *head_failure; /* met while looking for it, behind its last byte */
	size_t n_open;		     /* sources that hold a descriptor */
};

/* Files of which somebody has read a part. */
#define OPEN_MAX_FILES 64

static struct artifact *of(struct rp_artifact *a)
{
	return (struct artifact *)a;
}

/* The stages above source i. */
static int chain(struct artifact *a, size_t i, struct rp_stream **ret, const char **wrapped,
		 struct rp_err **err)
{
	struct rp_stream *stored = NULL;
	if (rp_source_stream(&a->sources[i], &stored, err) < 0)
		return -1;
	if (rp_unwrap(ret, stored, a->base.point->files[i].size, a->how, wrapped, err) < 0)
		return rp_err_wrap(err, "'%s'", a->base.files[i].name);
	return 0;
}

/* What nobody reads on is hashed to its end, so that its descriptor is free. */
static int close_some(struct artifact *a, struct rp_err **err)
{
	for (size_t i = 0; i < a->base.n_files; i++) {
		struct rp_source *s = &a->sources[i];
		if (s->below != NULL && !s->read_on && rp_source_drain(s, err) < 0)
			return -1;
	}
	if (a->n_open < OPEN_MAX_FILES)
		return 0;
	return rp_err_set(err, RP_ERR_IO, "more than %d files of one backup are read at once",
			  OPEN_MAX_FILES);
}

static int begin(struct artifact *a, size_t i, struct rp_err **err)
{
	struct rp_store *store = a->base.store;
	const struct rp_point *p = a->base.point;
	struct rp_stream *bytes = NULL;
	if (store->driver->read == NULL)
		return rp_err_set(err, RP_ERR_USAGE, "'%s' has no bytes that can be read", p->id);
	if (a->n_open >= OPEN_MAX_FILES && close_some(a, err) < 0)
		return -1;
	if (store->driver->read(store, p, &p->files[i], &bytes, err) < 0)
		return -1;
	return rp_source_begin(&a->sources[i], bytes, err);
}

const struct rp_unwrapping *rp_artifact_unwrapping(const struct rp_artifact *a)
{
	return ((const struct artifact *)a)->how;
}

static int keep_head(struct artifact *a, struct rp_err **err)
{
	const uint8_t *head;
	rp_peek_head(a->first, &head, &a->head_len);
	const struct rp_err *failure = rp_peek_failure(a->first);
	if (failure != NULL)
		(void)rp_err_again(&a->head_failure, failure);
	a->head = malloc(a->head_len + 1);
	if (a->head == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	memcpy(a->head, head, a->head_len);
	return 0;
}

static int copy_files(struct artifact *a, const struct rp_point *p, struct rp_err **err)
{
	a->base.files = calloc(p->n_files, sizeof *a->base.files);
	a->sources = calloc(p->n_files, sizeof *a->sources);
	if (a->base.files == NULL || a->sources == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < p->n_files; i++) {
		struct rp_file *f = &a->base.files[i];
		a->base.n_files++;
		*f = (struct rp_file){.name = strdup(p->files[i].name), .size = p->files[i].size};
		a->sources[i] =
			(struct rp_source){.file = f, .run = a->base.store->run, .n_open = &a->n_open};
		if (f->name == NULL)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	return 0;
}

int rp_artifact_open(struct rp_artifact **ret, struct rp_store *store, const struct rp_point *point,
		     const struct rp_unwrapping *how, struct rp_err **err)
{
	if (point->fault != NULL)
		return rp_err_set(err, point->fault_kind, "backup '%s': %s", point->id, point->fault);
	if (point->aside != NULL)
		return rp_err_set(err, RP_ERR_USAGE, "'%s' is %s, and no backup", point->id, point->aside);
	if (point->n_files == 0)
		return rp_err_set(err, RP_ERR_USAGE, "'%s' has no bytes that can be read", point->id);
	struct artifact *a = calloc(1, sizeof *a);
	if (a == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	rp_auto(rp_artifact) guard = &a->base;
	a->base.point = point;
	a->base.store = store;
	a->how = how;
	if (copy_files(a, point, err) < 0 || rp_arena_new(&a->base.memory, err) < 0 ||
	    (!point->tree && (begin(a, 0, err) < 0 || chain(a, 0, &a->first, a->base.wrapped, err) < 0 ||
			      keep_head(a, err) < 0 || rp_artifact_see_members(&a->base, err) < 0)))
		return rp_err_wrap(err, "open backup '%s'", point->id);
	*ret = rp_take(guard);
	return 0;
}

void rp_artifact_free(struct rp_artifact *artifact)
{
	if (artifact == NULL)
		return;
	struct artifact *a = of(artifact);
	rp_stream_close(a->first);
	for (size_t i = 0; i < a->base.n_files; i++) {
		rp_source_forget(&a->sources[i]);
		rp_file_done(&a->base.files[i]);
	}
	free(a->sources);
	free(a->base.files);
	free(a->head);
	rp_err_free(a->head_failure);
	rp_arena_free(a->base.memory);
	free(a);
}

int rp_artifact_finish(struct rp_artifact *artifact, struct rp_err **err)
{
	struct artifact *a = of(artifact);
	for (size_t i = 0; i < a->base.n_files; i++) {
		struct rp_source *s = &a->sources[i];
		if (!s->file->digested && s->below == NULL && begin(a, i, err) < 0)
			return rp_err_wrap(err, "read backup '%s'", artifact->point->id);
		if (rp_source_drain(s, err) < 0)
			return rp_err_wrap(err, "read backup '%s'", artifact->point->id);
	}
	return 0;
}

/* What was given out before is hashed to its end first, or nothing could be compared with it. */
static int begin_again(struct artifact *a, size_t i, struct rp_err **err)
{
	if (rp_source_drain(&a->sources[i], err) < 0 || begin(a, i, err) < 0)
		return rp_err_wrap(err, "read backup '%s'", a->base.point->id);
	return 0;
}

int rp_artifact_read(struct rp_artifact *artifact, const struct rp_file *f, struct rp_stream **ret,
		     struct rp_err **err)
{
	struct artifact *a = of(artifact);
	size_t i = (size_t)(f - artifact->files);
	if (i == 0 && a->first != NULL) {
		*ret = rp_take(a->first);
		return 0;
	}
	if (begin_again(a, i, err) < 0)
		return -1;
	return chain(a, i, ret, NULL, err);
}

int rp_artifact_read_stored(struct rp_artifact *artifact, const struct rp_file *f, struct rp_stream **ret,
			    struct rp_err **err)
{
	struct artifact *a = of(artifact);
	size_t i = (size_t)(f - artifact->files);
	/* Nobody was given more than its head. */
	if (i == 0 && a->first != NULL) {
		rp_stream_close(rp_take(a->first));
		rp_source_forget(&a->sources[0]);
	}
	if (begin_again(a, i, err) < 0)
		return -1;
	return rp_source_stream(&a->sources[i], ret, err);
}

const struct rp_err *rp_artifact_head_failure(const struct rp_artifact *a)
{
	return ((const struct artifact *)a)->head_failure;
}

int rp_artifact_head(struct rp_artifact *artifact, const uint8_t **ret, size_t *ret_len, struct rp_err **err)
{
	struct artifact *a = of(artifact);
	if (a->head_failure != NULL && a->head_len == 0) {
		(void)rp_err_again(err, a->head_failure);
		return rp_err_wrap(err, "read backup '%s'", artifact->point->id);
	}
	*ret = a->head != NULL ? a->head : (const uint8_t *)"";
	*ret_len = a->head_len;
	return 0;
}

int rp_copy_out(struct rp_stream *from, int fd, struct rp_err **err)
{
	uint8_t buf[64 << 10];
	ssize_t n;
	while ((n = rp_stream_read(from, buf, sizeof buf, err)) > 0)
		if (rp_write_all(fd, buf, (size_t)n, err) < 0)
			return -1;
	return (int)n;
}

int rp_artifact_place(struct rp_artifact *a, const char *dir, char **ret_path, struct rp_err **err)
{
	if (a->point->tree)
		return rp_err_set(err, RP_ERR_USAGE, "'%s' is a directory, and not a file", a->point->id);
	rp_auto(rp_stream) from = NULL;
	if (rp_artifact_read(a, &a->files[0], &from, err) < 0)
		return -1;
	rp_autofree char *path = NULL;
	if (asprintf(&path, "%s/artifact.XXXXXX", dir) < 0) {
		path = NULL;
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	rp_autoclose int fd = mkostemp(path, O_CLOEXEC); /* 0600 */
	if (fd < 0)
		return rp_err_sys(err, errno, "create '%s'", path);
	if (rp_copy_out(from, fd, err) < 0) {
		(void)unlink(path);
		return rp_err_wrap(err, "copy backup '%s' into the scratch", a->point->id);
	}
	*ret_path = rp_take(path);
	return 0;
}
