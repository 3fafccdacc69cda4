/* SPDX-License-Identifier: MIT */
/* A binary log, read event by event and followed to several targets. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/recovery/my_binlog_target.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int follow(void *ctx, const struct rp_binlog_event *e, struct rp_err **err)
{
	if (e->end <= e->at)
		abort();
	return rp_binlog_track_event(ctx, e, err);
}

static void walk(const uint8_t *data, size_t size, const struct rp_binlog_target *to, uint64_t from)
{
	static struct rp_binlog_position start = {.file = "log.000001"};
	rp_autoerr struct rp_err *err = NULL;
	rp_auto(rp_stream) s = NULL;
	struct rp_binlog_track *t = calloc(1, sizeof *t);
	uint64_t end = 0;
	start.at = from;
	if (t == NULL || rp_stream_of_memory(&s, data, size, &err) < 0)
		abort();
	t->target = to;
	t->start = &start;
	if (rp_binlog_track_begin(t, "log.000001", &err) == 0 &&
	    rp_binlog_walk(s, "log.000001", follow, t, &end, &err) == 0 && !t->reached &&
	    rp_binlog_track_end(t, end, &err) == 0)
		(void)rp_binlog_track_done(t, &err);
	if (end > size || (t->reached && t->stop_at < from))
		abort();
	free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct rp_binlog_target targets[] = {
		{.kind = RP_BINLOG_TO_END},
		{.kind = RP_BINLOG_TO_POSITION, .at = {.file = "log.000001", .at = 642}},
		{.kind = RP_BINLOG_TO_GTID, .gtids = {{0, 7, 3}}, .n_gtids = 1},
		{.kind = RP_BINLOG_TO_TIME, .time_ms = INT64_C(1700000000000)},
	};
	for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
		walk(data, size, &targets[i], 4);
		walk(data, size, &targets[i], 642);
	}
	return 0;
}
