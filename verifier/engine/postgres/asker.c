/* SPDX-License-Identifier: MIT */
#include "verifier/engine/postgres/asker.h"

#include <stdlib.h>
#include <string.h>

#include "verifier/engine/postgres/private.h"
#include "verifier/util/buf.h"

/* Whatever a question calls belongs to the restored database and runs as whoever asks, and read-only is no wall against
 * a superuser (COPY TO PROGRAM is allowed there). On a private server, which is the only one where our login is one,
 * questions are asked by a role that is made for them. It goes with the server. */

bool rp_pg_is_superuser(const struct rp_pg_conn *c)
{
	const char *is = PQparameterStatus(c->pg, "is_superuser");
	return is == NULL || strcmp(is, "on") == 0;
}

static int exec(struct rp_pg_conn *c, struct rp_err **err, const char *fmt, const char *first,
		const char *second)
{
	rp_autobuf sql = RP_BUF_INIT(8 << 10);
	for (const char *p = fmt; *p != '\0'; p++) {
		if (*p == '$' && (p[1] == '1' || p[1] == '2'))
			rp_buf_add_ident(&sql, *++p == '1' ? first : second);
		else
			rp_buf_add_mem(&sql, p, 1);
	}
	return rp_buf_check(&sql, err) < 0 ? -1 : rp_pg_exec(c, rp_buf_text(&sql), err);
}

/* Before 14 there is no role that may read everything. */
static int grant_each_schema(struct rp_pg_conn *c, const char *asker, struct rp_err **err)
{
	rp_autores *schemas = NULL;
	if (rp_pg_exec(c, "BEGIN READ WRITE", err) < 0 || rp_pg_silence_event_triggers(c, err) < 0 ||
	    rp_pg_query(c, "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_'", NULL, 0, &schemas,
			err) < 0)
		return -1;
	for (int i = 0; i < PQntuples(schemas); i++) {
		const char *schema = PQgetvalue(schemas, i, 0);
		if (exec(c, err, "GRANT USAGE ON SCHEMA $1 TO $2", schema, asker) < 0 ||
		    exec(c, err, "GRANT SELECT ON ALL TABLES IN SCHEMA $1 TO $2", schema, asker) < 0)
			return -1;
	}
	return rp_pg_exec(c, "COMMIT", err);
}

/* As a role of the database's: its rights and no other. For itself: it may read all there is, and no policy hides rows
 * from it, or what is expected would depend on whom a policy takes it for. */
static int grant(struct rp_pg_conn *c, const char *asker, const char *role, struct rp_err **err)
{
	/* So that it can keep code out that would run before its question does. */
	if (c->version >= 170000 &&
	    exec(c, err, "GRANT SET ON PARAMETER event_triggers TO $1", asker, NULL) < 0)
		return -1;
	/* Who may set this one must be able to read it back, too. */
	if (c->version >= 150000 &&
	    (exec(c, err, "GRANT SET ON PARAMETER session_preload_libraries TO $1", asker, NULL) < 0 ||
	     exec(c, err, "GRANT pg_read_all_settings TO $1", asker, NULL) < 0))
		return -1;
	if (role != NULL)
		return exec(c, err, "GRANT $1 TO $2", role, asker);
	if (exec(c, err, "ALTER ROLE $1 BYPASSRLS", asker, NULL) < 0)
		return -1;
	return c->version < 140000 ? grant_each_schema(c, asker, err)
				   : exec(c, err, "GRANT pg_read_all_data TO $1", asker, NULL);
}

static int refuse_superuser(struct rp_pg_conn *c, const char *role, struct rp_err **err)
{
	rp_autores *super = NULL;
	/* What it is a member of, it can become. */
	if (rp_pg_query(
		    c,
		    "SELECT bool_or(pg_has_role(r.oid, s.oid, 'MEMBER')) FROM pg_roles r, pg_roles s WHERE r.rolname"
		    " = $1 AND s.rolsuper",
		    &role, 1, &super, err) < 0)
		return -1;
	if (PQgetisnull(super, 0, 0))
		return rp_err_set(err, RP_ERR_OBJECT, "there is no role '%s'", role);
	if (!rp_pg_true(super, 0, 0))
		return 0;
	rp_err_set(err, RP_ERR_OBJECT,
		   "'%s' has superuser rights, and what the question calls would have them too", role);
	return rp_err_hint(err,
			   "ask as a role without these rights, or as none: it may then read everything");
}

static int make(struct rp_pg_conn *c, const char *role, char **ret, struct rp_err **err)
{
	rp_autores *name = NULL;
	if ((role != NULL && refuse_superuser(c, role, err) < 0) || rp_pg_allow_writing(c, err) < 0 ||
	    rp_pg_query(c, "SELECT 'reprove_asks_' || replace(gen_random_uuid()::text, '-', '')", NULL, 0,
			&name, err) < 0)
		return -1;
	const char *asker = PQgetvalue(name, 0, 0);
	if (exec(c, err, "CREATE ROLE $1 LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE", asker, NULL) < 0 ||
	    grant(c, asker, role, err) < 0)
		return -1;
	*ret = strdup(asker);
	return *ret != NULL ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

int rp_pg_asker(struct rp_pg_conn *from, const char *role, struct rp_run *run, char **ret,
		struct rp_err **err)
{
	/* 'from' sees a moment in which there is no such role, and goes on seeing it. */
	const struct rp_pg_login how = {.uri = from->uri, .refused = from->refused};
	rp_cleanup(rp_pg_conn_freep) struct rp_pg_conn *admin = NULL;
	if (rp_pg_login(&admin, &how, run, err) < 0)
		return -1;
	return make(admin, role, ret, err) < 0 ? rp_err_wrap(err, "make a role to ask as") : 0;
}
