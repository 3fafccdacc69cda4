/* SPDX-License-Identifier: MIT */
#include "reports/parts.h"

static void render(const struct rp_result *r, const struct rp_rendering *how, struct rp_buf *out)
{
	(void)how;
	(void)rp_result_write(r, out, NULL); /* that it failed stays in the buffer */
}

const struct rp_report rp_report_json = {.name = "json", .file = "result.json", .render = render};
