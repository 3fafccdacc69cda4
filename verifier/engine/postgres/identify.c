/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/engine/postgres/conn.h"
#include "verifier/engine/postgres/pinpoint.h"
#include "verifier/util/parse.h"

/* The server's own words for what it is and where it stands. Each is asked by itself, because a login may be
 * refused one and still be told the others. */
static const struct {
	const char *name, *sql;
} facts[] = {
	{"lsn",
	 "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END"},
	{"timeline", "SELECT timeline_id FROM pg_control_checkpoint()"},
	{"transactions", "SELECT pg_current_snapshot()"},
	{"standby", "SELECT pg_is_in_recovery()"},
	{"encoding",
	 "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()"},
	{"collate", "SELECT datcollate FROM pg_database WHERE datname = current_database()"},
	{"ctype", "SELECT datctype FROM pg_database WHERE datname = current_database()"},
	{"server_version_num", "SELECT current_setting('server_version_num')"},
};
#define N_FACTS (sizeof facts / sizeof facts[0])

/* *ret stays NULL where the server refuses to say. */
static int hear(struct rp_pg_conn *c, const char *sql, const char **ret, struct rp_err **err)
{
	rp_autoerr struct rp_err *why = NULL;
	rp_autores *r = NULL;
	*ret = NULL;
	if (rp_pg_query(c, sql, NULL, 0, &r, &why) < 0)
		return rp_err_kind(why) == RP_ERR_OBJECT
			       ? 0
			       : rp_err_set(err, rp_err_kind(why), "%s", rp_err_text(why));
	const char *text = PQntuples(r) > 0 ? rp_pg_text(r, 0, 0) : NULL;
	if (text == NULL)
		return 0;
	*ret = rp_arena_strdup(c->said, text);
	return *ret != NULL ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

static int hear_facts(struct rp_pg_conn *c, struct rp_position *at, struct rp_err **err)
{
	/* More than are asked: the snapshot's name and its place in the log are ours to tell. */
	struct rp_fact *all = rp_arena_array(c->said, N_FACTS + 1 + RP_PG_STOP_FACTS, sizeof *all);
	if (all == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	size_t n = 0;
	for (size_t i = 0; i < N_FACTS; i++) {
		const char *value = NULL;
		if (hear(c, facts[i].sql, &value, err) < 0)
			return -1;
		if (value != NULL)
			all[n++] = (struct rp_fact){facts[i].name, value};
	}
	if (c->snapshot != NULL)
		all[n++] = (struct rp_fact){"snapshot", c->snapshot};
	if (c->stop != NULL)
		n += rp_pg_stop_facts(c->stop, all + n);
	at->facts = all;
	at->n_facts = n;
	return 0;
}

static int hear_identity(struct rp_pg_conn *c, struct rp_identity *who, struct rp_position *at,
			 struct rp_err **err)
{
	const char *bytes = NULL, *instance = NULL;
	rp_autores *r = NULL;
	/* The transaction's time is that of the snapshot, but for the moment between two statements. */
	if (rp_pg_query(c,
			"SELECT current_setting('server_version'), current_database(),"
			" floor(extract(epoch FROM transaction_timestamp()) * 1000)::bigint",
			NULL, 0, &r, err) < 0 ||
	    rp_pg_i64(r, 0, 2, &at->taken_ms, err) < 0)
		return -1;
	who->version = rp_arena_strdup(c->said, rp_pg_text(r, 0, 0));
	who->database = rp_arena_strdup(c->said, rp_pg_text(r, 0, 1));
	if (who->version == NULL || who->database == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (hear(c, "SELECT system_identifier FROM pg_control_system()", &instance, err) < 0 ||
	    hear(c, "SELECT pg_database_size(current_database())", &bytes, err) < 0)
		return -1;
	who->instance = instance;
	if (bytes != NULL && !rp_parse_u64(bytes, 0, INT64_MAX, &who->bytes))
		return rp_err_set(err, RP_ERR_ENGINE, "the server gave '%.40s' as the database's size",
				  bytes);
	return 0;
}

int rp_pg_identify(struct rp_conn *conn, struct rp_identity *ret, struct rp_position *ret_at,
		   struct rp_err **err)
{
	struct rp_pg_conn *c = rp_pg_of(conn);
	rp_arena_free(rp_take(c->said));
	if (rp_arena_new(&c->said, err) < 0)
		return -1;
	struct rp_identity who = {.engine = "postgresql"};
	struct rp_position at = {.bound = c->moment};
	if (hear_identity(c, &who, &at, err) < 0 || hear_facts(c, &at, err) < 0)
		return rp_err_wrap(err, "identify the database");
	*ret = who;
	*ret_at = at;
	return 0;
}
