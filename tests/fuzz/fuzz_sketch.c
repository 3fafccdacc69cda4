/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/survey/sketch.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A sketch out of a manifest: read, written back, peeled. What is read has one way of being written, and names
 * no more rows than it has cells. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t salt[32] = {5};
	rp_autoerr struct rp_err *err = NULL;
	rp_auto(rp_sketch) s = NULL;
	if (rp_sketch_read(&s, (const char *)data, size, salt, &err) < 0)
		return 0;
	rp_autobuf again = RP_BUF_INIT(64u << 20);
	rp_sketch_write(s, &again);
	if (again.len != size || memcmp(again.s, data, size) != 0)
		abort();
	struct rp_sketch_items items;
	if (rp_sketch_decode(s, &items, &err) == 0) {
		if (items.n > rp_sketch_cells(s) || (!items.complete && items.n > 0))
			abort();
		free(items.all);
	}
	return 0;
}
