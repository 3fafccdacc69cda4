/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/engine/postgres/catalog.h"
#include "verifier/engine/postgres/conn.h"
#include "verifier/engine/postgres/hosting.h"
#include "verifier/survey/survey.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/parse.h"
#include "verifier/util/run.h"

/* A database of ours: how it is made, how it is known to be ours, and how it goes.
 *
 * Its name is ours (reprove_ and 16 digits of chance), but that alone is no mark. Born with an odd connection
 * limit, which is part of the one statement that makes it, it then gets a comment for people to read; either
 * marks it. It is in use as long as some session holds the advisory lock with its number: such locks are seen
 * from every database of a server, and end with their session. */

#define PREFIX	"reprove_"
#define DIGITS	16
#define BIRTH	"20473" /* the connection limit of one that has no comment yet */
#define COMMENT "made by reprove for a restore; it removes this database by itself"
#define KEPT	"made by reprove for a restore and kept: remove it when it is no longer needed"

#define IS_OURS                                                                                              \
	" d.datname ~ '^" PREFIX "[0-9a-f]{16}$' AND d.datdba = (SELECT oid FROM pg_roles WHERE rolname = "  \
	"session_user) AND (d.datconnlimit = " BIRTH                                                         \
	" OR shobj_description(d.oid, 'pg_database') = '" COMMENT "')"
#define NUMBER "('x' || substr(d.datname, 9))::bit(64)::bigint"

static bool is_our_name(const char *name)
{
	uint8_t number[DIGITS / 2];
	return strncmp(name, PREFIX, sizeof PREFIX - 1) == 0 &&
	       rp_parse_hex(name + sizeof PREFIX - 1, number, sizeof number);
}

static int exec_buf(struct rp_pg_conn *c, struct rp_buf *sql, struct rp_err **err)
{
	return rp_buf_check(sql, err) < 0 ? -1 : rp_pg_exec(c, rp_buf_text(sql), err);
}

/* A name that the server's own quoting has to be trusted with: standard_conforming_strings is pinned on. */
static void add_literal(struct rp_buf *sql, const char *text)
{
	rp_buf_add(sql, "'");
	for (const char *p = text; *p != '\0'; p++)
		rp_buf_addf(sql, *p == '\'' ? "''" : "%c", *p);
	rp_buf_add(sql, "'");
}

static int lock_it(struct rp_pg_conn *c, const char *name, struct rp_err **err)
{
	rp_autores *r = NULL;
	if (rp_pg_query(c, "SELECT pg_try_advisory_lock(('x' || substr($1, 9))::bit(64)::bigint)", &name, 1,
			&r, err) < 0)
		return -1;
	return rp_pg_true(r, 0, 0) ? 0 : rp_err_set(err, RP_ERR_ENGINE, "database name '%s' is in use", name);
}

/* What it must be created with: one option in the words of each version. */
static const struct option {
	const char *fact, *sql;
	int from;	      /* server_version_num */
	const char *provider; /* only with this one; NULL: with any */
} options[] = {
	{RP_PG_FACT_ENCODING, " ENCODING ", 0, NULL},
	{RP_PG_FACT_COLLATE, " LC_COLLATE ", 0, NULL},
	{RP_PG_FACT_CTYPE, " LC_CTYPE ", 0, NULL},
	{RP_PG_FACT_PROVIDER, " LOCALE_PROVIDER ", 150000, NULL},
	{RP_PG_FACT_LOCALE, " ICU_LOCALE ", 150000, "icu"},
	{RP_PG_FACT_RULES, " ICU_RULES ", 160000, "icu"},
	{RP_PG_FACT_LOCALE, " BUILTIN_LOCALE ", 170000, "builtin"},
};

static const struct rp_object *sealed_locale(const struct rp_survey *sealed)
{
	for (size_t i = 0; sealed != NULL && i < sealed->n_objects; i++)
		if (strcmp(sealed->objects[i].kind, RP_PG_KIND_DATABASE) == 0 &&
		    rp_object_fact(&sealed->objects[i], RP_PG_FACT_ENCODING) != NULL)
			return &sealed->objects[i];
	return NULL;
}

static void add_options(struct rp_buf *sql, const struct rp_pg_conn *c, const struct rp_object *locale)
{
	const char *provider = rp_object_fact(locale, RP_PG_FACT_PROVIDER);
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
		const struct option *o = &options[i];
		const char *value = rp_object_fact(locale, o->fact);
		if (value == NULL || c->version < o->from ||
		    (o->provider != NULL && (provider == NULL || strcmp(provider, o->provider) != 0)))
			continue;
		rp_buf_add(sql, o->sql);
		add_literal(sql, value);
	}
}

/* Without the sealed locale rows can be refused (a partition bound on text), unique keys collide, checks fail:
 * an honest restore would look damaged. So nothing is restored. */
static int hint_locale(const struct rp_object *locale, struct rp_err **err)
{
	const char *collate = rp_object_fact(locale, RP_PG_FACT_COLLATE);
	const char *ctype = rp_object_fact(locale, RP_PG_FACT_CTYPE);
	rp_autobuf names = RP_BUF_INIT(4 << 10);
	rp_buf_add_plain(&names, collate != NULL ? collate : "of the sealed database");
	if (collate != NULL && ctype != NULL && strcmp(collate, ctype) != 0) {
		rp_buf_add(&names, " and ");
		rp_buf_add_plain(&names, ctype);
	}
	return rp_err_hint(err,
			   "if this machine has not got the locale %s: put it into /etc/locale.gen and run "
			   "locale-gen, or install the package locales-all; then verify again",
			   rp_buf_text(&names));
}

static int create_it(struct rp_pg_conn *c, const char *name, const struct rp_survey *sealed, bool own,
		     struct rp_err **err)
{
	rp_autobuf sql = RP_BUF_INIT(16 << 10);
	rp_buf_add(&sql, "CREATE DATABASE ");
	rp_buf_add_ident(&sql, name);
	rp_buf_addf(&sql, " TEMPLATE template0 CONNECTION LIMIT %s", own ? "-1" : BIRTH);
	const struct rp_object *locale = sealed_locale(sealed);
	if (locale != NULL)
		add_options(&sql, c, locale);
	rp_autoerr struct rp_err *why = NULL;
	if (rp_buf_check(&sql, err) < 0)
		return -1;
	if (rp_pg_exec(c, rp_buf_text(&sql), &why) == 0)
		return 0;
	if (rp_err_kind(why) != RP_ERR_OBJECT || locale == NULL)
		return rp_err_set(err, rp_err_kind(why) == RP_ERR_OBJECT ? RP_ERR_ENGINE : rp_err_kind(why),
				  "%s", rp_err_text(why));
	rp_err_set(err, RP_ERR_ENGINE, "make a database like the sealed one: %s", rp_err_text(why));
	return hint_locale(locale, err);
}

static int prove_empty(struct rp_pg_conn *c, const char *name, struct rp_err **err)
{
	rp_autobuf uri = RP_BUF_INIT(16 << 10);
	if (rp_pg_within(c->uri, name, &uri, err) < 0)
		return -1;
	struct rp_conn *in = NULL;
	if (rp_pg_connect(&in, rp_buf_text(&uri), c->base.run, err) < 0)
		return -1;
	/* 16384 is the first number that an object of somebody's can have. */
	rp_autores *r = NULL;
	int result =
		rp_pg_query(rp_pg_of(in),
			    "SELECT (SELECT count(*) FROM pg_class WHERE oid >= 16384)"
			    " + (SELECT count(*) FROM pg_proc WHERE oid >= 16384)"
			    " + (SELECT count(*) FROM pg_type WHERE oid >= 16384)"
			    " + (SELECT count(*) FROM pg_namespace WHERE oid >= 16384), current_database()",
			    NULL, 0, &r, err);
	if (result == 0 && strcmp(PQgetvalue(r, 0, 1), name) != 0)
		result = rp_err_set(err, RP_ERR_ENGINE, "asked for database '%s', and got another one", name);
	else if (result == 0 && strcmp(PQgetvalue(r, 0, 0), "0") != 0)
		result = rp_err_set(err, RP_ERR_ENGINE,
				    "a new database on that server is not empty (template0 "
				    "has been changed)");
	rp_pg_close(in);
	return result;
}

static int mark_it(struct rp_pg_conn *c, const char *name, struct rp_err **err)
{
	rp_autobuf mark = RP_BUF_INIT(1024);
	rp_autobuf open = RP_BUF_INIT(1024);
	rp_buf_addf(&mark, "COMMENT ON DATABASE %s IS '" COMMENT "'", name);
	rp_buf_addf(&open, "ALTER DATABASE %s CONNECTION LIMIT -1", name);
	return exec_buf(c, &mark, err) < 0 || exec_buf(c, &open, err) < 0 ? -1 : 0;
}

/* On a server of our own it may have any name, and bears nothing that the sealed one did not. */
int rp_pg_claim(struct rp_conn *conn, const char *name, const struct rp_survey *sealed, bool own,
		struct rp_err **err)
{
	struct rp_pg_conn *c = rp_pg_of(conn);
	if (!own && !is_our_name(name))
		return rp_err_set(err, RP_ERR_USAGE, "'%s' is not a name for a scratch database", name);
	if (rp_pg_allow_writing(c, err) < 0 || (!own && lock_it(c, name, err) < 0) ||
	    create_it(c, name, sealed, own, err) < 0 || (!own && mark_it(c, name, err) < 0) ||
	    prove_empty(c, name, err) < 0)
		return rp_err_wrap(err, "make database '%s'", name);
	return 0;
}

/* 0: it is ours, 1: there is none of this name. */
static int check_mark(struct rp_pg_conn *c, const char *name, struct rp_err **err)
{
	rp_autores *r = NULL;
	if (rp_pg_query(c, "SELECT" IS_OURS " FROM pg_database d WHERE d.datname = $1", &name, 1, &r, err) <
	    0)
		return -1;
	if (PQntuples(r) == 0)
		return 1;
	if (!is_our_name(name) || !rp_pg_true(r, 0, 0))
		return rp_err_set(err, RP_ERR_USAGE,
				  "database '%s' does not bear our mark, so it is not removed", name);
	return 0;
}

int rp_pg_drop(struct rp_conn *conn, const char *name, struct rp_err **err)
{
	struct rp_pg_conn *c = rp_pg_of(conn);
	int there = check_mark(c, name, err);
	if (there != 0)
		return there < 0 ? -1 : 0;
	rp_autobuf sql = RP_BUF_INIT(1024);
	/* Sessions in it are a restore's that was interrupted: it was ours from the start. */
	rp_buf_addf(&sql, "DROP DATABASE %s WITH (FORCE)", name);
	if (rp_pg_allow_writing(c, err) < 0 || exec_buf(c, &sql, err) < 0)
		return rp_err_wrap(err, "drop database '%s'", name);
	return 0;
}

int rp_pg_keep(struct rp_conn *conn, const char *name, struct rp_err **err)
{
	struct rp_pg_conn *c = rp_pg_of(conn);
	int there = check_mark(c, name, err);
	if (there != 0)
		return there < 0 ? -1 : rp_err_set(err, RP_ERR_ENGINE, "there is no database '%s'", name);
	rp_autobuf sql = RP_BUF_INIT(1024);
	rp_buf_addf(&sql, "COMMENT ON DATABASE %s IS '" KEPT "'", name);
	return rp_pg_allow_writing(c, err) < 0 || exec_buf(c, &sql, err) < 0 ? -1 : 0;
}

/* Not with FORCE: a session that is still in one of them belongs to somebody who is still at work. */
int rp_pg_reap(struct rp_conn *conn, unsigned *ret_removed, struct rp_err **err)
{
	struct rp_pg_conn *c = rp_pg_of(conn);
	rp_autores *r = NULL;
	if (rp_pg_query(
		    c,
		    "SELECT d.datname FROM pg_database d WHERE" IS_OURS
		    " AND NOT EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'advisory' AND l.objsubid = 1"
		    " AND (l.classid::bigint << 32 | l.objid::bigint) = " NUMBER ")",
		    NULL, 0, &r, err) < 0)
		return -1;
	if (PQntuples(r) == 0)
		return 0;
	if (rp_pg_allow_writing(c, err) < 0)
		return -1;
	int result = 0;
	for (int i = 0; i < PQntuples(r); i++) {
		rp_autobuf sql = RP_BUF_INIT(1024);
		if (!is_our_name(PQgetvalue(r, i, 0)))
			continue;
		rp_buf_addf(&sql, "DROP DATABASE IF EXISTS %s", PQgetvalue(r, i, 0));
		if (exec_buf(c, &sql, err) == 0)
			(*ret_removed)++;
		else
			result = -1;
	}
	return result;
}
