/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/engine/postgres/catalog.h"
#include "verifier/engine/postgres/conn.h"
#include "verifier/engine/postgres/hosting.h"
#include "verifier/survey/survey.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"

/* A dump takes roles for granted: it names owners, grantees and those whom a policy is for, and makes none. They
 * are made here without a password or a right to log in. Extensions are the dump's own to make. */

/* The rights without which a restore could not give the role what it owns, or refill a materialised view as its
 * owner: over a table with FORCE ROW LEVEL SECURITY, or over others' tables where the owner was a superuser. On a
 * server of the user's our login is no superuser, and can make none. */
static const char *rights_of(const struct rp_pg_conn *c, const struct rp_survey *sealed,
			     const struct rp_object *role, const char *name)
{
	const char *ours = PQparameterStatus(c->pg, "is_superuser");
	if (rp_object_fact(role, RP_PG_FACT_SUPERUSER) != NULL && ours != NULL && strcmp(ours, "on") == 0)
		return "SUPERUSER";
	for (size_t i = 0; i < sealed->n_objects; i++) {
		const char *owner = rp_object_fact(&sealed->objects[i], RP_FACT_OWNER);
		if (owner != NULL && strcmp(owner, name) == 0)
			return "NOSUPERUSER BYPASSRLS";
	}
	return "NOSUPERUSER";
}

static int make_role(struct rp_pg_conn *c, const char *name, const char *rights, struct rp_err **err)
{
	rp_autores *there = NULL;
	if (rp_pg_query(c, "SELECT 1 FROM pg_roles WHERE rolname = $1", &name, 1, &there, err) < 0)
		return -1;
	if (PQntuples(there) > 0)
		return 0;
	rp_autobuf sql = RP_BUF_INIT(4 << 10);
	rp_buf_add(&sql, "CREATE ROLE ");
	rp_buf_add_ident(&sql, name);
	rp_buf_addf(&sql, " NOLOGIN %s", rights);
	if (rp_buf_check(&sql, err) < 0 || rp_pg_exec(c, rp_buf_text(&sql), err) < 0)
		return rp_err_wrap(err, "make role '%s'", name);
	return 0;
}

int rp_pg_furnish(struct rp_conn *conn, const struct rp_survey *sealed, struct rp_err **err)
{
	struct rp_pg_conn *c = rp_pg_of(conn);
	if (sealed == NULL)
		return 0;
	if (rp_pg_allow_writing(c, err) < 0)
		return -1;
	for (size_t i = 0; i < sealed->n_objects; i++) {
		if (strcmp(sealed->objects[i].kind, RP_PG_KIND_ROLE) != 0)
			continue;
		rp_autofree char *name = rp_pg_bare_name(sealed->objects[i].name);
		if (name == NULL)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		/* The server's own, which come and go with its version, cannot be made. */
		if (name[0] == '\0' || strncmp(name, "pg_", 3) == 0)
			continue;
		/* Our own superuser's name is a random one: whoever is sealed under it is a forgery. */
		if (strcmp(name, PQuser(c->pg)) == 0)
			return rp_err_set(err, RP_ERR_TRUST,
					  "the manifest names the scratch server's own user");
		if (make_role(c, name, rights_of(c, sealed, &sealed->objects[i], name), err) < 0)
			return -1;
	}
	return 0;
}
