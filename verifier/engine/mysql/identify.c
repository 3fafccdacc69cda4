/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/hold.h"
#include "verifier/engine/mysql/place.h"
#include "verifier/util/buf.h"
#include "verifier/util/parse.h"

/* *ret stays NULL where the server refuses to say. */
static int hear(struct rp_my_conn *c, const char *sql, const char **ret, struct rp_err **err)
{
	rp_autoerr struct rp_err *why = NULL;
	rp_autofree char *text = NULL;
	*ret = NULL;
	if (rp_my_value(c, sql, &text, &why) < 0)
		return rp_err_kind(why) == RP_ERR_OBJECT
			       ? 0
			       : rp_err_set(err, rp_err_kind(why), "%s", rp_err_text(why));
	if (text == NULL)
		return 0;
	*ret = rp_arena_strdup(c->said, text);
	return *ret != NULL ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

/* MySQL makes itself a name at its first start. MariaDB does not: its @@server_uid is a digest of the port number and
 * of a network card's address (tried), so that two servers of one machine can have the same, and older versions have
 * none. What tells its servers apart is then where they are. One that has moved is another one. */
static int hear_instance(struct rp_my_conn *c, struct rp_identity *who, struct rp_err **err)
{
	if (c->is.has[RP_MY_SERVER_UUID])
		return hear(c, "SELECT @@global.server_uuid", &who->instance, err);
	return hear(c,
		    "SELECT CONCAT(@@global.hostname, ':', @@global.port, ' ', @@global.datadir, ' ',"
		    " @@global.server_id)",
		    &who->instance, err);
}

static int hear_binlog(struct rp_my_conn *c, const char **ret, struct rp_err **err)
{
	rp_autofree char *at = NULL;
	*ret = NULL;
	if (rp_my_binlog_now(c, &at, err) < 0)
		return -1;
	if (at == NULL)
		return 0;
	*ret = rp_arena_strdup(c->said, at);
	return *ret != NULL ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

/* What a physical backup's log is to be replayed to, or why there is no such place. */
static int add_recovery(struct rp_my_conn *c, struct rp_position *at, struct rp_err **err)
{
	const struct rp_my_moment *m = c->seen;
	const char *why = !m->bound ? "the rows are of no one moment"
			  : rp_position_fact(at, "binlog") == NULL
				  ? "there is no binary log, or this login may not read where it stands "
				    "(BINLOG MONITOR on MariaDB, REPLICATION CLIENT on MySQL)"
				  : NULL;
	struct rp_fact *all = rp_arena_array(c->said, at->n_facts + 2, sizeof *all);
	if (all == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < at->n_facts; i++)
		all[i] = at->facts[i];
	all[at->n_facts++] = (struct rp_fact){RP_FACT_RECOVERY_BY, why == NULL ? "binary log" : "none"};
	if (why != NULL)
		all[at->n_facts++] = (struct rp_fact){"recovery_refused", why};
	at->facts = all;
	return 0;
}

/* Held: as it was at the moment. Else as it is now, for people. */
static int hear_position(struct rp_my_conn *c, struct rp_position *at, struct rp_err **err)
{
	if (c->seen != NULL) {
		at->bound = c->seen->bound;
		at->facts = c->seen->facts;
		at->n_facts = c->seen->n_facts;
		return c->pinpoint ? add_recovery(c, at, err) : 0;
	}
	struct rp_fact *all = rp_arena_array(c->said, 2, sizeof *all);
	if (all == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	const char *binlog = NULL, *gtid = NULL;
	if (hear_binlog(c, &binlog, err) < 0 ||
	    hear(c,
		 c->is.has[RP_MY_GTID_EXECUTED] ? "SELECT REPLACE(@@global.gtid_executed, CHAR(10), '')"
						: "SELECT @@global.gtid_binlog_pos",
		 &gtid, err) < 0)
		return -1;
	if (binlog != NULL)
		all[at->n_facts++] = (struct rp_fact){"binlog", binlog};
	if (gtid != NULL && gtid[0] != '\0')
		all[at->n_facts++] = (struct rp_fact){"gtid", gtid};
	at->facts = all;
	return 0;
}

static int hear_identity(struct rp_my_conn *c, struct rp_identity *who, struct rp_position *at,
			 struct rp_err **err)
{
	const char *bytes = NULL;
	rp_autorows *r = NULL;
	if (rp_my_query(c, "SELECT VERSION(), DATABASE(), CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)", &r,
			err) < 0)
		return -1;
	MYSQL_ROW row = mysql_fetch_row(r);
	if (row == NULL || row[0] == NULL)
		return rp_err_set(err, RP_ERR_ENGINE, "the server does not tell its version");
	if (rp_my_i64(row[2], &at->taken_ms, err) < 0)
		return -1;
	who->version = rp_arena_strdup(c->said, row[0]);
	who->database = rp_arena_strdup(c->said, row[1] != NULL ? row[1] : "");
	if (who->version == NULL || who->database == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (hear_instance(c, who, err) < 0 ||
	    hear(c,
		 "SELECT COALESCE(SUM(DATA_LENGTH + INDEX_LENGTH), 0) FROM information_schema.TABLES"
		 " WHERE TABLE_SCHEMA = DATABASE()",
		 &bytes, err) < 0)
		return -1;
	if (bytes != NULL && !rp_parse_u64(bytes, 0, INT64_MAX, &who->bytes))
		return rp_err_set(err, RP_ERR_ENGINE, "the server gave '%.40s' as the database's size",
				  bytes);
	return 0;
}

int rp_my_identify(struct rp_conn *conn, struct rp_identity *ret, struct rp_position *ret_at,
		   struct rp_err **err)
{
	struct rp_my_conn *c = rp_my_of(conn);
	rp_arena_free(rp_take(c->said));
	if (rp_arena_new(&c->said, err) < 0)
		return -1;
	struct rp_identity who = {.engine = "mysql"};
	struct rp_position at = {.bound = false};
	if (hear_identity(c, &who, &at, err) < 0 || hear_position(c, &at, err) < 0)
		return rp_err_wrap(err, "identify the database");
	*ret = who;
	*ret_at = at;
	return 0;
}
