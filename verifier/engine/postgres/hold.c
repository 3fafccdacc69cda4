/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/postgres/conn.h"
#include "verifier/engine/postgres/pinpoint.h"
#include "verifier/util/run.h"

/* One moment through many connections: the leader's snapshot, exported under a name that others import. Nobody
 * who writes has to wait for it. */

/* A hostile source chooses this text, and it becomes a word of a dump tool's command line. */
bool rp_pg_is_snapshot_name(const char *text)
{
	static const char digits[] = "0123456789ABCDEF";
	for (int part = 0; part < 3; part++) {
		size_t n = strspn(text, part < 2 ? digits : "0123456789");
		if (n == 0 || n > 16)
			return false;
		text += n;
		if (part < 2 && *text++ != '-')
			return false;
	}
	return *text == '\0';
}

/* What says that two sessions are at the same place and in the same moment. No single one would do: a snapshot
 * of that name can exist on two servers, and two databases of one server see the same snapshot. */
static int whereabouts(struct rp_pg_conn *c, char **ret, struct rp_err **err)
{
	rp_autores *r = NULL;
	if (rp_pg_query(c,
			"SELECT concat_ws(' ', d.oid, d.datname,"
			" to_char(pg_postmaster_start_time(), 'YYYYMMDDHH24MISSUS'),"
			" pg_current_snapshot(), pg_is_in_recovery(), current_setting('port'),"
			" current_setting('cluster_name'), session_user)"
			" FROM pg_database d WHERE d.datname = current_database()",
			NULL, 0, &r, err) < 0)
		return -1;
	if (PQntuples(r) != 1)
		return rp_err_set(err, RP_ERR_ENGINE, "the server does not know the database that it is in");
	*ret = strdup(PQgetvalue(r, 0, 0));
	return *ret != NULL ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

static int begin(struct rp_pg_conn *c, struct rp_err **err)
{
	return rp_pg_exec(c, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err);
}

/* From here on a statement that fails is undone by going back to the savepoint: rp_pg_recover(). It stays where
 * it is, for nothing is ever written that it would have to keep. */
static int settle(struct rp_pg_conn *c, struct rp_err **err)
{
	if (rp_pg_exec(c, "SAVEPOINT reprove", err) < 0)
		return -1;
	c->moment = true;
	return 0;
}

/* The leader's own moment does not depend on others being let in: where exporting is refused it is alone. */
static int export(struct rp_pg_conn *c, struct rp_err **err)
{
	rp_autores *r = NULL;
	if (rp_pg_query(c, "SELECT pg_export_snapshot()", NULL, 0, &r, err) < 0)
		return -1;
	const char *name = rp_pg_text(r, 0, 0);
	if (name == NULL || !rp_pg_is_snapshot_name(name))
		return rp_err_set(err, RP_ERR_ENGINE, "the server names its snapshot in a strange way");
	c->snapshot = strdup(name);
	return c->snapshot != NULL ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

/* Checked to be nothing but digits, letters and '-' when the server gave it. */
static int import(struct rp_pg_conn *c, const char *snapshot, struct rp_err **err)
{
	char sql[96];
	(void)snprintf(sql, sizeof sql, "SET TRANSACTION SNAPSHOT '%s'", snapshot);
	return rp_pg_exec(c, sql, err);
}

int rp_pg_lead(struct rp_pg_conn *c, const char *snapshot, struct rp_err **err)
{
	rp_autoerr struct rp_err *why = NULL;
	if (begin(c, err) < 0 || (snapshot != NULL && import(c, snapshot, err) < 0))
		return -1;
	if (export(c, &why) < 0) {
		if (rp_err_kind(why) != RP_ERR_OBJECT)
			return rp_err_set(err, rp_err_kind(why), "%s", rp_err_text(why));
		rp_log(c->base.run, RP_LOG_WARNING, "one connection only: %s", rp_err_text(why));
		if (rp_pg_exec(c, "ROLLBACK", err) < 0 || begin(c, err) < 0 ||
		    (snapshot != NULL && import(c, snapshot, err) < 0))
			return -1;
		/* Its moment begins with the first thing that is asked. */
		if (rp_pg_exec(c, "SELECT 1", err) < 0)
			return -1;
	}
	return settle(c, err);
}

static int join(struct rp_pg_conn *c, const char *snapshot, const char *where, struct rp_err **err)
{
	rp_autofree char *mine = NULL;
	if (begin(c, err) < 0 || import(c, snapshot, err) < 0 || whereabouts(c, &mine, err) < 0)
		return -1;
	if (strcmp(mine, where) != 0)
		return rp_err_set(err, RP_ERR_ENGINE,
				  "two connections see different places: '%.300s' and '%.300s'", where, mine);
	return settle(c, err);
}

/* 1: one more; 0: the server lets in no more, and fewer will do; -1: a wrong place, or the end of the run. */
static int recruit(struct rp_pg_conn *leader, const char *where, struct rp_conn **ret, struct rp_err **err)
{
	const struct rp_pg_login how = {.uri = leader->uri, .refused = leader->refused};
	rp_cleanup(rp_pg_conn_freep) struct rp_pg_conn *c = NULL;
	rp_autoerr struct rp_err *why = NULL;
	if (rp_pg_login(&c, &how, leader->base.run, &why) < 0) {
		if (rp_err_kind(why) != RP_ERR_ENGINE)
			return rp_err_set(err, rp_err_kind(why), "%s", rp_err_text(why));
		rp_log(leader->base.run, RP_LOG_WARNING, "fewer connections: %s", rp_err_text(why));
		return 0;
	}
	/* What fails in there is no object's fault: nothing has been asked of one yet. */
	if (join(c, leader->snapshot, where, &why) < 0) {
		enum rp_err_kind kind = rp_err_kind(why);
		return rp_err_set(err, kind == RP_ERR_OBJECT ? RP_ERR_ENGINE : kind, "share the snapshot: %s",
				  rp_err_text(why));
	}
	*ret = &rp_take(c)->base;
	return 1;
}

static int admit(struct rp_pg_conn *leader, struct rp_guest *guest, struct rp_err **err)
{
	if (leader->snapshot == NULL)
		return rp_err_set(
			err, RP_ERR_ENGINE,
			"this login may not export a snapshot, so no backup can be taken of the same moment");
	if (leader->before == NULL && rp_pg_note_positions(leader, err) < 0)
		return -1;
	const struct rp_fact how[] = {
		{"snapshot", leader->snapshot}, {"host", PQhost(leader->pg)},
		{"port", PQport(leader->pg)},	{"database", PQdb(leader->pg)},
		{"user", PQuser(leader->pg)},	{"version", PQparameterStatus(leader->pg, "server_version")},
		{"uri", leader->uri},
	};
	return guest->start(guest, how, sizeof how / sizeof how[0], err);
}

static int gather(struct rp_pg_conn *leader, struct rp_conn *ret[], unsigned n, unsigned *made,
		  int64_t *ret_held_ms, struct rp_err **err)
{
	rp_autofree char *where = NULL;
	int r = leader->pinpoint ? rp_pg_lead_pinpointed(leader, ret_held_ms, err)
				 : rp_pg_lead(leader, NULL, err);
	if (r < 0 || whereabouts(leader, &where, err) < 0)
		return rp_err_wrap(err, "take a snapshot");
	while (leader->snapshot != NULL && *made < n) {
		r = recruit(leader, where, &ret[*made], err);
		if (r <= 0)
			return r;
		++*made;
	}
	return 0;
}

int rp_pg_hold(struct rp_conn *conn, struct rp_conn *ret[], unsigned n, struct rp_guest *guest,
	       int64_t *ret_held_ms, struct rp_err **err)
{
	struct rp_pg_conn *leader = rp_pg_of(conn);
	unsigned made = 0;
	*ret_held_ms = -1; /* nobody has to wait, as a rule */
	if (gather(leader, ret, n, &made, ret_held_ms, err) == 0 &&
	    (guest == NULL || admit(leader, guest, err) == 0))
		return (int)made;
	while (made-- > 0)
		rp_pg_close(rp_take(ret[made]));
	return -1;
}
