/* SPDX-License-Identifier: MIT */
#include "verifier/engine/postgres/private.h"

#include <stdlib.h>
#include <string.h>

#include "verifier/result/finding.h"
#include "verifier/util/buf.h"

/* An event trigger of the restored database would run its own code at our first statement. Sessions of ours have
 * them off where the server can do that. */
int rp_pg_silence_event_triggers(struct rp_pg_conn *c, struct rp_err **err)
{
	/* clang-format off */
	static const char sql[] =
		"SELECT count(*) FILTER (WHERE evtenabled = 'O'), count(*) FILTER (WHERE evtenabled IN ('A',"
		" 'R')), current_setting('is_superuser') = 'on', coalesce(current_setting('event_triggers',"
		" true), '') = 'off' FROM pg_event_trigger";
	/* clang-format on */
	rp_autores *found = NULL;
	uint64_t origin, always;
	if (rp_pg_query(c, sql, NULL, 0, &found, err) < 0 || rp_pg_u64(found, 0, 0, &origin, err) < 0 ||
	    rp_pg_u64(found, 0, 1, &always, err) < 0)
		return -1;
	if (origin + always == 0 || rp_pg_true(found, 0, 3))
		return 0;
	if (always > 0 || !rp_pg_true(found, 0, 2))
		return rp_err_set(err, RP_ERR_OBJECT, "the database's own event triggers would run");
	return rp_pg_exec(c, "SET LOCAL session_replication_role = replica", err);
}

static int make_schema(struct rp_pg_conn *c, char **ret_schema, struct rp_err **err)
{
	rp_autores *name = NULL;
	rp_autobuf sql = RP_BUF_INIT(256);
	if (rp_pg_query(c, "SELECT 'reprove_' || replace(gen_random_uuid()::text, '-', '')", NULL, 0, &name,
			err) < 0)
		return -1;
	rp_buf_addf(&sql, "CREATE SCHEMA %s", PQgetvalue(name, 0, 0));
	if (rp_buf_check(&sql, err) < 0 || rp_pg_exec(c, rp_buf_text(&sql), err) < 0)
		return -1;
	*ret_schema = strdup(PQgetvalue(name, 0, 0));
	return *ret_schema != NULL ? 0 : rp_err_set(err, RP_ERR_NOMEM, "no memory for a name");
}

int rp_pg_private_begin(struct rp_pg_conn *c, char **ret_schema, struct rp_err **err)
{
	if (PQtransactionStatus(c->pg) != PQTRANS_IDLE && rp_pg_private_end(c, err) < 0)
		return -1;
	if (rp_pg_exec(c, "BEGIN READ WRITE", err) < 0 ||
	    rp_pg_exec(c, "SELECT set_config('lock_timeout', '5s', true)", err) < 0 ||
	    rp_pg_silence_event_triggers(c, err) < 0)
		return -1;
	return make_schema(c, ret_schema, err);
}

/* The savepoint to which a refused statement goes back, see rp_pg_recover(). */
static int make_safe(struct rp_pg_conn *c, struct rp_err **err)
{
	if (rp_pg_exec(c, "SAVEPOINT reprove", err) < 0)
		return -1;
	c->moment = true;
	return 0;
}

int rp_pg_private_end(struct rp_pg_conn *c, struct rp_err **err)
{
	c->moment = false;
	return rp_pg_exec(c, "ROLLBACK", err);
}

/* Afresh even where the database has it: what a backup brought may bear the name and be something else. 1: it is
 * there; 0: it cannot be had, *ret_why says why (static); -1: failed. */
static int make_extension(struct rp_pg_conn *c, const char *name, const char *schema, const char **ret_why,
			  struct rp_err **err)
{
	/* clang-format off */
	static const char sql[] =
		"SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = $1),"
		" current_setting('is_superuser') = 'on'";
	/* clang-format on */
	const char *const params[] = {name};
	rp_autores *can = NULL;
	rp_autobuf drop = RP_BUF_INIT(256), create = RP_BUF_INIT(512);
	if (rp_pg_query(c, sql, params, 1, &can, err) < 0)
		return -1;
	if (!rp_pg_true(can, 0, 0) || !rp_pg_true(can, 0, 1)) {
		*ret_why = rp_pg_true(can, 0, 0)
				   ? "it takes a superuser of the restored database's server"
				   : "the server lacks its contributed modules (package postgresql-contrib)";
		return 0;
	}
	rp_buf_addf(&drop, "DROP EXTENSION IF EXISTS %s CASCADE", name);
	rp_buf_addf(&create, "CREATE EXTENSION %s SCHEMA %s", name, schema);
	if (rp_buf_check(&create, err) < 0 || rp_pg_exec(c, rp_buf_text(&drop), err) < 0 ||
	    rp_pg_exec(c, rp_buf_text(&create), err) < 0)
		return rp_err_wrap(err, "extension '%s'", name);
	return 1;
}

/* 1: the extension is there; 0: it cannot be had here, and the answer says why. */
static int begin_with(struct rp_pg_conn *c, const char *extension, const char *before, char **ret_schema,
		      struct rp_findings *to, struct rp_err **err)
{
	const char *why = NULL;
	rp_autoerr struct rp_err *refused = NULL;
	int there = (before != NULL && rp_pg_exec(c, before, &refused) < 0) ||
				    rp_pg_private_begin(c, ret_schema, &refused) < 0
			    ? -1
			    : make_extension(c, extension, *ret_schema, &why, &refused);
	if (there < 0 && rp_err_kind(refused) == RP_ERR_OBJECT)
		why = rp_err_text(refused);
	else if (there < 0) {
		if (err != NULL)
			*err = rp_take(refused);
		return -1;
	}
	if (there > 0)
		return 1;
	rp_not_run(to, "", "extension %s cannot be used: %s", extension, why);
	return 0;
}

int rp_pg_private_test(struct rp_pg_conn *c, const char *extension, const char *before,
		       int (*look)(struct rp_pg_conn *c, const char *schema, struct rp_findings *to,
				   struct rp_err **err),
		       struct rp_findings *to, struct rp_err **err)
{
	rp_autofree char *schema = NULL;
	if (c->standby) {
		rp_not_run(to, "", "a server in recovery lets nobody make the extension %s: promote it first",
			   extension);
		return 0;
	}
	int there = begin_with(c, extension, before, &schema, to, err);
	if (there < 0 || (there > 0 && (make_safe(c, err) < 0 || look(c, schema, to, err) < 0))) {
		(void)rp_pg_private_end(c, NULL);
		return -1;
	}
	return rp_pg_private_end(c, err);
}
