/* SPDX-License-Identifier: MIT */
#ifndef RP_REPORTS_PARTS_H
#define RP_REPORTS_PARTS_H

#include "reports/report.h"

/* The members of this folder, for registry.c and their tests. */
extern const struct rp_report rp_report_json, rp_report_junit, rp_report_html, rp_report_markdown,
	rp_report_console;

#endif
