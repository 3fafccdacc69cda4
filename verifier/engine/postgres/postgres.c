/* SPDX-License-Identifier: MIT */
#include "verifier/engine/postgres/catalog.h"
#include "verifier/engine/postgres/conn.h"
#include "verifier/engine/postgres/pinpoint.h"

extern const struct rp_hosting rp_pg_hosting;
extern const struct rp_engine rp_engine_postgresql;

static const char *const schemes[] = {"postgresql", "postgres", NULL};

const struct rp_engine rp_engine_postgresql = {
	.name = "postgresql",
	.schemes = schemes,
	.connect = rp_pg_connect,
	.identify = rp_pg_identify,
	.describe = rp_pg_describe,
	.stream = rp_pg_stream,
	.close = rp_pg_close,
	.hold = rp_pg_hold,
	.pinpoint = rp_pg_pinpoint,
	.split = rp_pg_split,
	.count = rp_pg_count,
	.show = rp_pg_show,
	.reread = rp_pg_reread,
	.reparse = rp_pg_reparse,
	.drift = rp_pg_drift,
	.ask = rp_pg_ask,
	.suspicions = rp_pg_suspicions,
	.glimpse = rp_pg_glimpse,
	.tests = rp_pg_tests,
	.damages = rp_pg_damages,
	.damage = rp_pg_damage,
	.undo = rp_pg_undo,
	.hosting = &rp_pg_hosting,
};
