/* SPDX-License-Identifier: MIT */
#include "reports/parts.h"

/* result.json is the master and is written first. */
const struct rp_report *const rp_reports[] = {
	&rp_report_json, &rp_report_junit, &rp_report_html, &rp_report_markdown, &rp_report_console, NULL,
};
