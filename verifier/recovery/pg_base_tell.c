/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/recovery/artifact.h"
#include "verifier/recovery/pg_base.h"
#include "verifier/recovery/tar.h"
#include "verifier/util/stream.h"

/* Which version a base backup is of. In a directory a file says it. A tar has to be read until a member does: each
 * database's own directory has a copy of that file, so that it comes soon. */

#define BLOCK	 512
#define LOOK_MAX (UINT64_C(256) << 20)

bool rp_pg_base_is_tar(const char *name, char ret_stem[RP_PG_STEM_MAX])
{
	size_t n = strspn(name, "0123456789");
	if (n == 0)
		n = strncmp(name, "base", 4) == 0 ? 4 : strncmp(name, "pg_wal", 6) == 0 ? 6 : 0;
	if (n == 0 || n >= RP_PG_STEM_MAX || strncmp(name + n, ".tar", 4) != 0 ||
	    (name[n + 4] != '\0' && name[n + 4] != '.') || strchr(name, '/') != NULL)
		return false;
	memcpy(ret_stem, name, n);
	ret_stem[n] = '\0';
	return true;
}

const struct rp_file *rp_pg_base_tar(const struct rp_artifact *a, const char *stem)
{
	char found[RP_PG_STEM_MAX];
	for (size_t i = 0; a->point->tree && i < a->n_files; i++)
		if (rp_pg_base_is_tar(a->files[i].name, found) && strcmp(found, stem) == 0)
			return &a->files[i];
	return NULL;
}

static bool take_version(const uint8_t *text, size_t len, char ret[RP_PG_BASE_VERSION])
{
	size_t n = 0;
	while (n < len && n + 1 < RP_PG_BASE_VERSION && text[n] >= '0' && text[n] <= '9')
		n++;
	if (n < 2 || n > 3)
		return false;
	memcpy(ret, text, n);
	ret[n] = '\0';
	return true;
}

/* All of it, or false at the end of the stream. */
static bool read_whole(struct rp_stream *s, uint8_t *buf, size_t len)
{
	for (size_t have = 0; have < len;) {
		ssize_t n = rp_stream_read(s, buf + have, len - have, NULL);
		if (n <= 0)
			return false;
		have += (size_t)n;
	}
	return true;
}

static bool octal(const uint8_t *p, size_t len, uint64_t *ret)
{
	*ret = 0;
	for (size_t i = 0; i < len && p[i] != ' ' && p[i] != '\0'; i++) {
		if (p[i] < '0' || p[i] > '7' || *ret > UINT64_MAX >> 4)
			return false;
		*ret = *ret << 3 | (uint64_t)(p[i] - '0');
	}
	return true;
}

static bool is_version_file(const uint8_t *header)
{
	static const char name[] = "PG_VERSION";
	char path[101];
	memcpy(path, header, 100);
	path[100] = '\0';
	size_t n = strlen(path);
	return n >= sizeof name - 1 && strcmp(path + n - (sizeof name - 1), name) == 0;
}

/* What is wrong with it is told when it is unpacked. */
static bool search(struct rp_stream *tar, char ret[RP_PG_BASE_VERSION])
{
	uint8_t block[BLOCK];
	for (uint64_t looked = 0; looked < LOOK_MAX && read_whole(tar, block, BLOCK); looked += BLOCK) {
		uint64_t size;
		if (!rp_tar_begins(block, BLOCK) || !octal(block + 124, 12, &size) || size > LOOK_MAX)
			return false;
		bool is_it = is_version_file(block);
		for (uint64_t left = size; left > 0; left -= left < BLOCK ? left : BLOCK, looked += BLOCK)
			if (!read_whole(tar, block, BLOCK))
				return false;
			else if (is_it)
				return take_version(block, size < BLOCK ? (size_t)size : BLOCK, ret);
	}
	return false;
}

int rp_pg_base_version(struct rp_artifact *a, char ret[RP_PG_BASE_VERSION], struct rp_err **err)
{
	uint8_t text[16];
	size_t len = 0;
	if (rp_artifact_look(a, "PG_VERSION", text, sizeof text, &len, err) < 0)
		return -1;
	if (take_version(text, len, ret))
		return 1;
	const struct rp_file *base = a->point->tree ? rp_pg_base_tar(a, "base") : &a->files[0];
	rp_auto(rp_stream) tar = NULL;
	if (base == NULL || a->n_files == 0 || rp_artifact_read(a, base, &tar, err) < 0)
		return base == NULL || a->n_files == 0 ? 0 : -1;
	return search(tar, ret) ? 1 : 0;
}
