/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/survey/ranges.h"
#include "verifier/survey/sample.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const struct rp_buf *again, const char *text, size_t len)
{
	if (again->len != len || memcmp(again->s, text, len) != 0)
		abort();
}

static void try_sample(const char *text, size_t len)
{
	static const uint8_t salt[32] = {5};
	rp_auto(rp_sample) s = NULL;
	struct rp_sketch_items items = {0};
	if (rp_sample_read(&s, text, len, salt, NULL) < 0)
		return;
	rp_autobuf again = RP_BUF_INIT(64u << 20);
	rp_sample_write(s, &again);
	same(&again, text, len);
	(void)rp_sample_decode(s, &items, NULL);
	for (size_t i = 0; i < items.n; i++) {
		struct rp_sketch_item was;
		(void)rp_sample_twin(s, &items.all[i].key, items.all[i].row_hash, &was);
	}
	free(items.all);
}

static void try_ranges(const char *text, size_t len)
{
	rp_auto(rp_ranges) r = NULL;
	rp_auto(rp_ranges) found = NULL;
	struct rp_range_changes c = {0};
	struct rp_bound from, to;
	if (rp_ranges_read(&r, text, len, NULL) < 0)
		return;
	rp_autobuf again = RP_BUF_INIT(64u << 20);
	rp_ranges_write(r, &again);
	same(&again, text, len);
	if (rp_ranges_new_like(&found, r, NULL) == 0 && rp_ranges_compare(&c, r, found, NULL) == 0)
		for (size_t i = 0; i < c.n; i++)
			if (rp_ranges_bounds(r, &c.all[i], &from, &to) > RP_RANGES_COLUMNS)
				abort();
	free(c.all);
}

/* What stands beside a sketch in a manifest; the first byte says which. What is read has one way of being written. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] % 2 == 0)
		try_sample((const char *)data + 1, size - 1);
	else
		try_ranges((const char *)data + 1, size - 1);
	return 0;
}
