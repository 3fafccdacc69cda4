/* SPDX-License-Identifier: MIT */
/* Whatever the table of contents: a name that comes out of it is one in its own directory. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/recovery/pg_toc.h"
#include "verifier/util/error.h"
#include "verifier/util/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(void *ctx, const char *name, const char *end, struct rp_err **err)
{
	(void)ctx;
	(void)end;
	(void)err;
	if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL || strlen(name) >= RP_PG_FILE_MAX)
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int list = 0; list < 2; list++) {
		rp_autoerr struct rp_err *err = NULL;
		rp_auto(rp_stream) s = NULL;
		if (rp_stream_of_memory(&s, data, size, &err) < 0)
			return 0;
		int r = list ? rp_pg_blobs_read(s, take, NULL, &err) : rp_pg_toc_read(s, take, NULL, &err);
		if ((r < 0) != (err != NULL))
			abort();
	}
	return 0;
}
