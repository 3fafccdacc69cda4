/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "verifier/recovery/tar.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int name_it(void *ctx, const struct rp_tar_member *m)
{
	size_t *sum = ctx;
	*sum += strlen(m->name);
	for (size_t i = 0; i < m->len; i++)
		*sum += m->data[i];
	return 0;
}

/* Whatever the archive says, there is one directory in 'place', and in it files and directories of ours. */
static void look(const char *path, unsigned depth)
{
	DIR *dir = opendir(path);
	const struct dirent *e;
	if (dir == NULL)
		abort();
	while ((e = readdir(dir)) != NULL) {
		struct stat st;
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if ((depth == 0 && strcmp(e->d_name, "in") != 0) ||
		    fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !(st.st_mode == (S_IFREG | 0600) || st.st_mode == (S_IFDIR | 0700)))
			abort();
	}
	(void)closedir(dir);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rp_run quiet = {.cancel_fd = -1};
	char place[] = "/tmp/fuzz-tar-XXXXXX", in[64];
	struct rlimit small = {4 << 20, 4 << 20};
	rp_auto(rp_stream) from = NULL;
	size_t sum = 0;
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)setrlimit(RLIMIT_FSIZE, &small);
	if (rp_tar_begins(data, size))
		rp_tar_members(data, size, name_it, &sum);
	bool whole;
	if (rp_stream_of_memory(&from, data, size, NULL) == 0)
		(void)rp_tar_scan(from, 1 << 20, size % 2 == 0, name_it, &sum, &whole, &quiet, NULL);
	rp_stream_close(rp_take(from));
	if (mkdtemp(place) == NULL)
		return 0;
	(void)snprintf(in, sizeof in, "%s/in", place);
	if (mkdir(in, 0700) == 0 && rp_stream_of_memory(&from, data, size, NULL) == 0) {
		rp_autoerr struct rp_err *err = NULL;
		(void)rp_tar_unpack(from, "x.tar", in, &quiet, &err);
		look(place, 0);
		look(in, 1);
	}
	(void)rp_tree_remove(place, NULL);
	return 0;
}
