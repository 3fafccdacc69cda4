/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verifier/engine/postgres/conn.h"
#include "verifier/engine/postgres/pinpoint.h"
#include "verifier/util/buf.h"
#include "verifier/util/run.h"

/* The snapshot of a logical slot is built from the log in the log's own order, so that it is by construction
 * "everything before this place in it". The slot is a temporary one and goes with its connection. */

/* Its creation waits for transactions that were writing when it began. */
#define SLOT_MS (60 * 1000)

/* What the server lacks, in the order in which it would complain. It is asked afterwards: a service may let a login in
 * that has not the attribute. */
static const char lacks_sql[] =
	"SELECT CASE WHEN current_setting('wal_level') <> 'logical'"
	" THEN 'wal_level is ' || current_setting('wal_level') || ': set it to logical'"
	" WHEN NOT coalesce((SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = session_user), true)"
	" THEN format('ALTER ROLE %I REPLICATION', session_user)"
	" WHEN (SELECT count(*) FROM pg_replication_slots) >= current_setting('max_replication_slots')::int"
	" THEN 'raise max_replication_slots, or drop a slot that nobody uses'"
	" WHEN (SELECT count(*) FROM pg_stat_replication) >= current_setting('max_wal_senders')::int"
	" THEN 'raise max_wal_senders' ELSE 'pg_hba.conf must let it in, too' END";

static const char writer_sql[] =
	"SELECT format('process %s of %s, %s since %s', pid, usename, state, xact_start)"
	" FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()"
	" ORDER BY age(backend_xid) DESC LIMIT 1";

/* Append the first cell, where there is one. */
static void add_answer(struct rp_pg_conn *c, const char *sql, struct rp_buf *why)
{
	rp_autores *r = NULL;
	if (rp_pg_query(c, sql, NULL, 0, &r, NULL) == 0 && PQntuples(r) > 0 && rp_pg_text(r, 0, 0) != NULL)
		rp_buf_addf(why, " (%s)", rp_pg_text(r, 0, 0));
}

/* The protocol of replication takes one simple statement at a time. */
static int make(struct rp_pg_conn *c, struct rp_pg_stop *ret, char **ret_snapshot, struct rp_err **err)
{
	rp_autobuf sql = RP_BUF_INIT(256);
	rp_autores *r = NULL;
	rp_autores *end = NULL;
	rp_buf_addf(&sql,
		    "CREATE_REPLICATION_SLOT reprove_%ld_%lld TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT",
		    (long)getpid(), (long long)rp_run_clock_ms());
	if (rp_buf_check(&sql, err) < 0)
		return -1;
	if (!PQsendQuery(c->pg, rp_buf_text(&sql)))
		return rp_pg_fail(c, NULL, err);
	if (rp_pg_next(c, &r, err) < 0)
		return -1;
	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		return rp_pg_fail(c, r, err);
	if (rp_pg_next(c, &end, err) < 0)
		return -1;
	int at = PQfnumber(r, "consistent_point"), name = PQfnumber(r, "snapshot_name");
	const char *lsn = at >= 0 && PQntuples(r) == 1 ? rp_pg_text(r, 0, at) : NULL;
	const char *snapshot = name >= 0 && PQntuples(r) == 1 ? rp_pg_text(r, 0, name) : NULL;
	uint64_t number;
	if (lsn == NULL || snapshot == NULL || !rp_pg_lsn_parse(lsn, &number) ||
	    !rp_pg_is_snapshot_name(snapshot))
		return rp_err_set(err, RP_ERR_ENGINE, "the server describes its slot in a strange way");
	(void)strncpy(ret->lsn, lsn, sizeof ret->lsn - 1);
	*ret_snapshot = strdup(snapshot);
	return *ret_snapshot != NULL ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

static int open_slot(struct rp_pg_conn *leader, struct rp_run *bounded, struct rp_pg_conn **ret,
		     char **ret_snapshot, struct rp_err **err)
{
	const struct rp_pg_login how = {.uri = leader->uri, .refused = leader->refused, .replication = true};
	return rp_pg_login(ret, &how, bounded, err) < 0 || make(*ret, leader->stop, ret_snapshot, err) < 0
		       ? -1
		       : 0;
}

int rp_pg_lead_by_slot(struct rp_pg_conn *c, struct rp_buf *why, struct rp_err **err)
{
	struct rp_run bounded = *c->base.run;
	int64_t until = (rp_run_clock_ms() + SLOT_MS) * 1000000;
	if (bounded.deadline_ns == 0 || bounded.deadline_ns > until)
		bounded.deadline_ns = until;
	rp_cleanup(rp_pg_conn_freep) struct rp_pg_conn *slot = NULL;
	rp_autoerr struct rp_err *refused = NULL;
	rp_autofree char *snapshot = NULL;
	if (open_slot(c, &bounded, &slot, &snapshot, &refused) == 0) {
		c->stop->by = "logical slot";
		return rp_pg_lead(c, snapshot, err) < 0 ? -1 : 1;
	}
	if (rp_run_check(c->base.run, err) < 0)
		return -1;
	if (rp_err_kind(refused) == RP_ERR_NOMEM)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (rp_err_kind(refused) == RP_ERR_TIMEOUT) {
		rp_buf_addf(why,
			    "a logical slot waited %d s for transactions that were writing when it began",
			    SLOT_MS / 1000);
		add_answer(c, writer_sql, why);
	} else {
		rp_buf_addf(why, "a logical slot was refused: %s", rp_err_text(refused));
		add_answer(c, lacks_sql, why);
	}
	return 0;
}
