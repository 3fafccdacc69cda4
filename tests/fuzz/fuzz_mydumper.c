/* SPDX-License-Identifier: MIT */
/* A directory of mydumper's: a file's name up to the first NUL, the metadata up to the next, and a file. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/recovery/my_script.h"
#include "verifier/recovery/mydumper.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bytes {
	const uint8_t *at;
	size_t len;
};

static int open_bytes(void *ctx, size_t i, struct rp_stream **ret, struct rp_err **err)
{
	const struct bytes *b = ctx;
	return i == 0 ? rp_stream_of_memory(ret, b->at, b->len, err) : rp_stream_of_memory(ret, "", 0, err);
}

static void feed(struct bytes b, size_t piece)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_auto(rp_stream) s = NULL;
	char buf[4096];
	ssize_t n;
	size_t all = 0;
	const struct rp_my_script_file files[] = {{"a", piece % 2 > 0, false}, {"b", false, true}};
	const struct rp_my_script what = {.files = files, .n = 2, .open = open_bytes, .ctx = &b};
	if (rp_my_script_new(&s, &what, &err) < 0)
		return;
	while ((n = rp_stream_read(s, buf, piece, &err)) > 0)
		all += (size_t)n;
	/* Ours is a few lines for each file, and one for each statement. */
	if ((n == 0) != rp_my_script_whole(s) || all > 2048 + 16 * b.len)
		abort();
}

static size_t part(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\0', size);
	return end != NULL ? (size_t)(end - data) : size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	rp_autofree struct rp_mydumper_head *head = malloc(sizeof *head);
	size_t about = 0, n = size > 0 ? part(data, size) : 0;
	rp_autofree char *name = strndup((const char *)data, n);
	if (head == NULL || name == NULL || size == 0)
		return 0;
	if (rp_mydumper_part_of(name, &about) == RP_MYDUMPER_UNKNOWN && about != 0)
		abort();
	if (about > strlen(name))
		abort();
	data += n < size ? n + 1 : n;
	size -= n < size ? n + 1 : n;
	size_t len = size > 0 ? part(data, size) : 0;
	/* Copies of the exact size, so that one byte too far is found. */
	rp_autofree char *metadata = malloc(len + 1);
	if (metadata == NULL)
		return 0;
	memcpy(metadata, data, len);
	metadata[len] = '\0';
	(void)rp_mydumper_parse(metadata, len, head);
	char counted[RP_MYDUMPER_ABOUT_MAX];
	for (const char *at = metadata; rp_mydumper_next_counted(&at, metadata + len, counted);)
		if (strlen(counted) >= sizeof counted)
			abort();
	(void)rp_mydumper_harmless(metadata, len);
	size_t skip = len < size ? len + 1 : len;
	rp_autofree uint8_t *file = malloc(size - skip + 1);
	if (file == NULL)
		return 0;
	memcpy(file, data + skip, size - skip);
	feed((struct bytes){file, size - skip},
	     size > skip ? (size_t)file[size - skip - 1] * 7 % 4096 + 1 : 1);
	return 0;
}
