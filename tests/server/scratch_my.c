/* SPDX-License-Identifier: MIT */
#include "tests/server/scratch_lib.h"

#include <stdio.h>

#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/hosting.h"
#include "verifier/util/stream.h"

/* What a scratch asks of its engine, and no more. */
static const struct rp_engine mysql = {
	.name = "mysql",
	.connect = rp_my_connect,
	.identify = rp_my_identify,
	.close = rp_my_close,
	.hosting = &rp_my_hosting,
};
const struct rp_engine *const engine = &mysql;
/* Of the vendor and version whose server is tried. */
static char version[64];
const struct rp_identity sealed_as = {
	.engine = "mysql", .version = version, .database = "shop", .instance = "1"};

__attribute__((constructor)) static void seal_as_installed(void)
{
	rp_cleanup(rp_installation_done) struct rp_installation here = {0};
	if (rp_my_choose(&here, NULL, NULL) == 0)
		(void)snprintf(version, sizeof version, "%s", here.version);
}

char *asked_at(const char *uri, const char *sql)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_conn *c = NULL;
	rp_autofree char *value = NULL;
	ok(engine->connect(&c, uri, &run, &err), err);
	ok(rp_my_value(rp_my_of(c), sql, &value, &err), err);
	engine->close(c);
	return value != NULL ? rp_take(value) : strdup("(no row)");
}

const char *const minute = "SELECT SLEEP(60);\n";

int fed(struct rp_scratch *s, const char *sql, struct rp_buf *said, struct rp_err **err)
{
	rp_auto(rp_stream) input = NULL;
	const char *const argv[] = {s->place.with.tool, "--batch", "--skip-column-names", "--binary-mode",
				    NULL};
	ok(rp_stream_of_memory(&input, sql, strlen(sql), err), *err);
	return rp_scratch_feed(s, argv, input, said, err);
}
