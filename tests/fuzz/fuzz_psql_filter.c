/* SPDX-License-Identifier: MIT */
/* Whatever the dump: what psql gets begins with our restriction, and holds nothing that the dump does not. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/recovery/psql_filter.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

#define OURS 120 /* bytes that are added at most */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct rp_buf *out, size_t size)
{
	static const char begin[] = "\\restrict ";
	if (out->len > size + OURS + 64)
		abort();
	if (out->len > 0 &&
	    (out->len < 43 || memcmp(out->s, begin, sizeof begin - 1) != 0 || out->s[42] != '\n'))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	rp_autoerr struct rp_err *err = NULL;
	struct rp_stream *below = NULL;
	rp_auto(rp_stream) s = NULL;
	size_t piece = (size_t)data[0] * 7 + 1;
	if (rp_stream_of_memory(&below, data + 2, size - 2, &err) < 0 ||
	    rp_psql_filter_new(&s, below, data[1] % 20, &err) < 0)
		return 0;
	rp_autobuf out = RP_BUF_INIT(8 << 20);
	char buf[256 * 7 + 1];
	ssize_t n;
	while ((n = rp_stream_read(s, buf, piece, &err)) > 0)
		rp_buf_add_mem(&out, buf, (size_t)n);
	check(&out, size);
	if ((n == 0) != rp_psql_filter_whole(s))
		abort();
	return 0;
}
