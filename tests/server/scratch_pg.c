/* SPDX-License-Identifier: MIT */
#include "tests/server/scratch_lib.h"

#include "verifier/engine/postgres/conn.h"
#include "verifier/engine/postgres/hosting.h"
#include "verifier/util/stream.h"

/* What a scratch asks of its engine, and no more. */
static const struct rp_engine postgresql = {
	.name = "postgresql",
	.connect = rp_pg_connect,
	.identify = rp_pg_identify,
	.close = rp_pg_close,
	.hosting = &rp_pg_hosting,
};
const struct rp_engine *const engine = &postgresql;
const struct rp_identity sealed_as = {
	.engine = "postgresql", .version = "13.1", .database = "shop", .instance = "1"};

char *asked_at(const char *uri, const char *sql)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_conn *c = NULL;
	rp_autores *r = NULL;
	ok(engine->connect(&c, uri, &run, &err), err);
	ok(rp_pg_query(rp_pg_of(c), sql, NULL, 0, &r, &err), err);
	char *value = strdup(PQntuples(r) > 0 ? PQgetvalue(r, 0, 0) : "(no row)");
	engine->close(c);
	return value;
}

const char *const minute = "SELECT pg_sleep(60);\n";

int fed(struct rp_scratch *s, const char *sql, struct rp_buf *said, struct rp_err **err)
{
	rp_auto(rp_stream) input = NULL;
	const char *const argv[] = {"psql", "-Xq", "-v", "ON_ERROR_STOP=1", NULL};
	ok(rp_stream_of_memory(&input, sql, strlen(sql), err), *err);
	return rp_scratch_feed(s, argv, input, said, err);
}
