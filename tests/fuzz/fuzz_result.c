/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "reports/report.h"
#include "verifier/result/result.h"
#include "verifier/util/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What can be read is written, and what was written reads as the same; and every report can show it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	rp_auto(rp_result) r = NULL;
	rp_auto(rp_result) again = NULL;
	rp_autobuf once = RP_BUF_INIT(64 << 20), twice = RP_BUF_INIT(64 << 20);
	if (rp_result_read(&r, (const char *)data, size, NULL) < 0)
		return 0;
	if (rp_result_write(r, &once, NULL) < 0 || rp_result_read(&again, once.s, once.len, NULL) < 0 ||
	    rp_result_write(again, &twice, NULL) < 0 || strcmp(once.s, twice.s) != 0)
		abort();
	for (const struct rp_report *const *report = rp_reports; *report != NULL; report++) {
		rp_autobuf text = RP_BUF_INIT(64 << 20);
		(*report)->render(r, &(struct rp_rendering){.width = 80}, &text);
	}
	return 0;
}
