/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

#include "verifier/recovery/members.h"
#include "verifier/util/error.h"

#define ENOUGH (4 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_stream *below = NULL;
	rp_auto(rp_stream) s = NULL;
	(void)rp_wrapping_gzip.bid(data, size);
	if (rp_stream_of_memory(&below, data, size, &err) < 0 ||
	    rp_wrapping_gzip.unwrap(&s, below, NULL, &err) < 0)
		return 0;
	uint8_t buf[4096];
	ssize_t n = 1;
	for (size_t out = 0; out < ENOUGH && n > 0; out += (size_t)n) {
		n = rp_stream_read(s, buf, sizeof buf, &err);
		if (n < 0)
			break;
	}
	return 0;
}
