/* SPDX-License-Identifier: MIT */
#ifndef RP_REPORTS_METRICS_H
#define RP_REPORTS_METRICS_H

#include "verifier/result/result.h"

struct rp_err;

/* What a monitoring system reads: a textfile of Prometheus' node_exporter, "reprove-TARGET.prom" in dir, written beside
 * and renamed. The time of the last success is carried over from the file that is there, unless this run is one. */
int rp_metrics_write(const struct rp_result *r, const char *dir, struct rp_err **err);
/* The same without a file. last_success_ms: of an earlier run; 0: there was none. Pure. */
void rp_metrics_render(const struct rp_result *r, int64_t last_success_ms, struct rp_buf *out);

#endif
