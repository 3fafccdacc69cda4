/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

#include "verifier/recovery/unwrap.h"
#include "verifier/util/error.h"

/* Layers upon layers, as they are recognised; nothing is decrypted, for there is no password. Wrappings that are taken
 * off by a program are not. */

#define ENOUGH (4 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool starts_a_program(const uint8_t *data, size_t size)
{
	for (const struct rp_wrapping *const *w = rp_wrappings; *w != NULL; w++)
		if ((*w)->bid(data, size) > 0 && ((*w)->name[0] == 'a' || (*w)->name[1] == 'p'))
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_stream *below = NULL;
	rp_auto(rp_stream) s = NULL;
	if (starts_a_program(data, size) || rp_stream_of_memory(&below, data, size, &err) < 0 ||
	    rp_unwrap(&s, below, size, NULL, NULL, &err) < 0)
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
