/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/hosting.h"

extern const struct rp_engine rp_engine_mysql;

static const char *const schemes[] = {"mysql", "mariadb", NULL};

const struct rp_engine rp_engine_mysql = {
	.name = "mysql",
	.schemes = schemes,
	.connect = rp_my_connect,
	.identify = rp_my_identify,
	.describe = rp_my_describe,
	.reread = rp_my_reread,
	.drift = rp_my_drift,
	.hold = rp_my_hold,
	.pinpoint = rp_my_pinpoint,
	.stream = rp_my_stream,
	.close = rp_my_close,
	.split = rp_my_split,
	.count = rp_my_count,
	.show = rp_my_show,
	.ask = rp_my_ask,
	.suspicions = rp_my_suspicions,
	.glimpse = rp_my_glimpse,
	.tests = rp_my_tests,
	.damages = rp_my_damages,
	.damage = rp_my_damage,
	.undo = rp_my_undo,
	.hosting = &rp_my_hosting,
};
