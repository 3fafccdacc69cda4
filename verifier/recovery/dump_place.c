/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/recovery/artifact.h"
#include "verifier/recovery/dump.h"
#include "verifier/recovery/format.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL ? slash + 1 : path;
}

/* The tool wants to make it itself, file or directory: it gets a name in a directory of ours. */
static int make_directory(struct rp_dump_place *p, struct rp_err **err)
{
	size_t before = (size_t)(base_name(p->path) - p->path);
	if (p->path[before] == '\0')
		return rp_err_set(err, RP_ERR_USAGE, "'%s' names no file and no directory", p->path);
	rp_autofree char *dir = NULL;
	if (asprintf(&dir, "%.*s.%s.XXXXXX", (int)before, p->path, p->path + before) < 0) {
		dir = NULL;
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	if (mkdtemp(dir) == NULL)
		return rp_err_sys(err, errno, "create a directory beside '%s'", p->path);
	p->temporary = rp_take(dir);
	if (asprintf(&p->inner, "%s/%s", p->temporary, p->path + before) < 0) {
		p->inner = NULL;
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	return 0;
}

int rp_dump_place_make(struct rp_dump_place *p, const char *path, bool by_tool, struct rp_err **err)
{
	struct stat st;
	p->path = strdup(path);
	if (p->path == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (strcmp(path, "-") == 0) {
		if (by_tool)
			return rp_err_set(err, RP_ERR_USAGE,
					  "what the tool writes by itself cannot go to standard output");
		p->file = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
		return p->file >= 0 ? 0 : rp_err_sys(err, errno, "standard output");
	}
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return rp_err_set(err, RP_ERR_USAGE, "'%s' is there and is not a regular file", path);
	if (by_tool)
		return make_directory(p, err);
	p->file = rp_file_beside(path, &p->temporary, err);
	return p->file >= 0 ? 0 : -1;
}

int rp_dump_place_read(const struct rp_dump_place *p, struct rp_run *run, struct rp_made *ret,
		       struct rp_err **err)
{
	if (access(p->inner, F_OK) < 0)
		return rp_err_set(err, RP_ERR_USAGE, "the backup's command wrote nothing to {path}");
	if (rp_artifact_digests(p->inner, &ret->files, &ret->n_files, run, err) < 0)
		return rp_err_wrap(err, "read back what the backup's command wrote");
	return 0;
}

/* The tool may or may not have taken care that it survives a power cut. */
static int rename_out(struct rp_dump_place *p, struct rp_err **err)
{
	rp_autoclose int fd = open(p->temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || syncfs(fd) < 0)
		return rp_err_sys(err, errno, "write backup '%s' to the disk", p->path);
	if (rename(p->inner, p->path) < 0)
		return rp_err_sys(err, errno, "put backup '%s' in its place", p->path);
	(void)syncfs(fd);
	(void)rmdir(p->temporary);
	return 0;
}

int rp_dump_place_publish(struct rp_dump_place *p, struct rp_err **err)
{
	if (p->temporary == NULL)
		return 0;
	if ((p->inner != NULL ? rename_out(p, err) : rp_file_publish(p->file, p->temporary, p->path, err)) <
	    0)
		return -1;
	free(rp_take(p->temporary));
	return 0;
}

void rp_dump_place_done(struct rp_dump_place *p)
{
	if (p->file >= 0)
		(void)close(rp_take_fd(&p->file));
	if (p->temporary != NULL)
		(void)rp_tree_remove(p->temporary, NULL);
	free(p->temporary);
	free(p->inner);
	free(p->path);
	*p = (struct rp_dump_place)RP_DUMP_PLACE_INIT;
}
