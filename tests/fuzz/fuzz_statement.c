/* SPDX-License-Identifier: MIT */
/* What is inside an envelope, as if a trusted key had signed it: the reader of statement, subjects and survey.
 * What it accepts must be written back, and be the same when it is read once more. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/manifest/manifest.h"
#include "verifier/manifest/statement.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rp_manifest *read_back(const void *data, size_t size)
{
	rp_auto(rp_manifest) m = calloc(1, sizeof *m);
	if (m == NULL || rp_arena_new(&m->memory, NULL) < 0)
		abort();
	return rp_statement_read(m, data, size, NULL) == 0 ? rp_take(m) : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	rp_auto(rp_manifest) first = read_back(data, size);
	if (first == NULL)
		return 0;
	rp_autobuf once = RP_BUF_INIT(64u << 20);
	rp_autobuf twice = RP_BUF_INIT(64u << 20);
	if (rp_statement_write(&once, first, NULL) < 0)
		abort();
	rp_auto(rp_manifest) second = read_back(once.s, once.len);
	if (second == NULL || rp_statement_write(&twice, second, NULL) < 0 || once.len != twice.len ||
	    memcmp(once.s, twice.s, once.len) != 0)
		abort();
	return 0;
}
