/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "verifier/recovery/artifact.h"
#include "verifier/recovery/mydumper_plan.h"
#include "verifier/scratch/scratch.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

static int out_of_memory(struct rp_err **err)
{
	return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

/* A copy of ours: regular files and directories only. */
static int list_tree(struct rp_mydumper_files *f, struct rp_err **err)
{
	DIR *dir = opendir(f->tree);
	if (dir == NULL)
		return rp_err_sys(err, errno, "read '%s'", f->tree);
	for (const struct dirent *e; (e = readdir(dir)) != NULL;)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			rp_argv_addf(&f->names, "%s%s", e->d_name, e->d_type == DT_DIR ? "/" : "");
	(void)closedir(dir);
	return f->names.failed ? out_of_memory(err) : 0;
}

int rp_mydumper_files_find(struct rp_mydumper_files *ret, struct rp_artifact *a, struct rp_scratch *s,
			   struct rp_err **err)
{
	*ret = (struct rp_mydumper_files){.a = a};
	if (rp_artifact_is_tar(a))
		return rp_artifact_place_tree(a, s->dir, &ret->tree, err) < 0 ? -1 : list_tree(ret, err);
	for (size_t i = 0; i < a->n_files; i++)
		rp_argv_add(&ret->names, a->files[i].name);
	return ret->names.failed ? out_of_memory(err) : 0;
}

int rp_mydumper_files_open(const struct rp_mydumper_files *f, const char *name, struct rp_stream **ret,
			   struct rp_err **err)
{
	if (f->tree == NULL)
		return rp_artifact_read(f->a, rp_artifact_file(f->a, name), ret, err);
	rp_autofree char *path = NULL;
	struct rp_stream *below = NULL;
	struct stat st;
	if (asprintf(&path, "%s/%s", f->tree, name) < 0) {
		path = NULL;
		return out_of_memory(err);
	}
	if (stat(path, &st) < 0)
		return rp_err_sys(err, errno, "'%s'", path);
	if (rp_stream_of_file(&below, path, err) < 0)
		return -1;
	return rp_unwrap(ret, below, (uint64_t)st.st_size, NULL, NULL, err);
}

uint64_t rp_mydumper_files_bytes(const struct rp_mydumper_files *f, const char *name)
{
	if (f->tree == NULL)
		return rp_artifact_file(f->a, name)->size;
	rp_autofree char *path = NULL;
	struct stat st;
	if (asprintf(&path, "%s/%s", f->tree, name) < 0) {
		path = NULL;
		return 0;
	}
	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

void rp_mydumper_files_done(struct rp_mydumper_files *f)
{
	if (f->tree != NULL)
		(void)rp_tree_remove(f->tree, NULL);
	free(f->tree);
	rp_argv_done(&f->names);
	*f = (struct rp_mydumper_files){0};
}
