/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/postgres/catalog.h"
#include "verifier/engine/postgres/conn.h"
#include "verifier/engine/postgres/hosting.h"
#include "verifier/survey/survey.h"
#include "verifier/util/buf.h"

/* Whether a server can take what was sealed, asked before a byte of the backup is read. */

/* rp_name_add() puts a backslash before a "." or a backslash inside a part. */
char *rp_pg_bare_name(const char *name)
{
	char *bare = malloc(strlen(name) + 1);
	if (bare == NULL)
		return NULL;
	char *to = bare;
	for (const char *p = name; *p != '\0'; p++) {
		if (*p == '.') {
			to = bare; /* what came before was a part of its own */
			continue;
		}
		if (*p == '\\' && p[1] != '\0')
			p++;
		*to++ = *p;
	}
	*to = '\0';
	return bare;
}

static int check_version(const struct rp_pg_conn *c, const struct rp_survey *sealed, struct rp_err **err)
{
	unsigned wanted = rp_pg_release(sealed->identity.version);
	unsigned here = (unsigned)c->version / 10000;
	if (here >= wanted)
		return 0;
	rp_err_set(err, RP_ERR_ENGINE, "the scratch server is PostgreSQL %u, and PostgreSQL %u was sealed",
		   here, wanted);
	return rp_err_hint(err, "a backup is restored to the same version or a newer one");
}

/* A login with superuser rights would let a backup run programs on that server (SQL in it runs as the login). */
static int check_login(struct rp_pg_conn *c, struct rp_err **err)
{
	rp_autores *r = NULL;
	if (rp_pg_query(c, "SELECT rolsuper, rolcreatedb, rolname FROM pg_roles WHERE rolname = session_user",
			NULL, 0, &r, err) < 0)
		return -1;
	if (PQntuples(r) != 1)
		return rp_err_set(err, RP_ERR_ENGINE, "the server does not know who we are");
	const char *name = PQgetvalue(r, 0, 2);
	if (rp_pg_true(r, 0, 0)) {
		rp_err_set(
			err, RP_ERR_USAGE,
			"login '%s' on the server named for the scratch has superuser rights, and a backup "
			"restored with them can do anything there",
			name);
		return rp_err_hint(err, "CREATE ROLE reprove LOGIN CREATEDB; and name the server with it, or "
					"name none: then a private one is started here");
	}
	if (rp_pg_true(r, 0, 1))
		return 0;
	rp_err_set(err, RP_ERR_ENGINE,
		   "login '%s' on the server named for the scratch may not create databases", name);
	return rp_err_hint(err, "ALTER ROLE ... CREATEDB");
}

/* Is there a row in 'catalogue' for this object's name? */
static int is_there(struct rp_pg_conn *c, const char *sql, const char *name, bool *ret, struct rp_err **err)
{
	rp_autores *r = NULL;
	if (rp_pg_query(c, sql, &name, 1, &r, err) < 0)
		return -1;
	*ret = PQntuples(r) > 0;
	return 0;
}

static void add_word(struct rp_buf *list, const char *word)
{
	rp_buf_add(list, list->len > 0 ? ", " : "");
	rp_buf_add_plain(list, word);
}

/* All that are missing in one sentence: who installs one package installs the others at the same time. */
static int check_extensions(struct rp_pg_conn *c, const struct rp_survey *sealed, struct rp_err **err)
{
	rp_autobuf missing = RP_BUF_INIT(4 << 10);
	rp_autobuf bring = RP_BUF_INIT(4 << 10);
	unsigned major = (unsigned)c->version / 10000;
	for (size_t i = 0; i < sealed->n_objects; i++) {
		if (strcmp(sealed->objects[i].kind, RP_PG_KIND_EXTENSION) != 0)
			continue;
		rp_autofree char *name = rp_pg_bare_name(sealed->objects[i].name);
		bool there = true;
		if (name == NULL)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		if (is_there(c, "SELECT 1 FROM pg_available_extensions WHERE name = $1", name, &there, err) <
		    0)
			return -1;
		if (there)
			continue;
		add_word(&missing, name);
		rp_autobuf package = RP_BUF_INIT(256);
		if (rp_pg_package(&package, name, major) &&
		    strstr(rp_buf_text(&bring), rp_buf_text(&package)) == NULL)
			add_word(&bring, rp_buf_text(&package));
	}
	if (missing.len == 0)
		return 0;
	rp_err_set(err, RP_ERR_ENGINE, "the scratch server has not got what the backup needs: extension %s",
		   rp_buf_text(&missing));
	return rp_err_hint(err, "install %s%s, then verify again",
			   bring.len > 0 ? "" : "the extension for PostgreSQL ",
			   bring.len > 0 ? rp_buf_text(&bring) : PQparameterStatus(c->pg, "server_version"));
}

/* Roles belong to a whole server, so on one of the user's none is made: what is missing is told. */
static int list_roles(struct rp_pg_conn *c, const struct rp_survey *sealed, struct rp_buf *lacks,
		      struct rp_err **err)
{
	rp_autobuf missing = RP_BUF_INIT(16 << 10);
	for (size_t i = 0; i < sealed->n_objects; i++) {
		if (strcmp(sealed->objects[i].kind, RP_PG_KIND_ROLE) != 0)
			continue;
		rp_autofree char *name = rp_pg_bare_name(sealed->objects[i].name);
		bool there = true;
		if (name == NULL)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		if (is_there(c, "SELECT 1 FROM pg_roles WHERE rolname = $1", name, &there, err) < 0)
			return -1;
		if (!there && missing.len < missing.max / 2)
			add_word(&missing, name);
	}
	if (missing.len > 0)
		rp_buf_addf(lacks, "%sroles that the backup names and that server has not got: %s",
			    lacks->len > 0 ? "; " : "", rp_buf_text(&missing));
	return 0;
}

int rp_pg_takes(struct rp_conn *conn, const struct rp_survey *sealed, bool own, struct rp_buf *lacks,
		struct rp_err **err)
{
	struct rp_pg_conn *c = rp_pg_of(conn);
	if (!own) {
		if (check_login(c, err) < 0)
			return -1;
		rp_buf_add(lacks, "owners, event triggers and extensions that only a superuser makes are not "
				  "restored by a login without these rights");
	}
	if (sealed == NULL)
		return 0;
	if (check_version(c, sealed, err) < 0 || check_extensions(c, sealed, err) < 0 ||
	    (!own && list_roles(c, sealed, lacks, err) < 0))
		return -1;
	return rp_buf_check(lacks, err);
}
