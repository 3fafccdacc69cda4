/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_POSTGRES_CATALOG_H
#define RP_ENGINE_POSTGRES_CATALOG_H

#include "verifier/engine/engine.h"

struct rp_buf;
struct rp_err;

/* Private to this folder: what a PostgreSQL database consists of. postgres.c puts these into the const
 * rp_engine; which kinds of object there are, by what names and with which facts, stands in the tables of
 * objects_*.c and in docs/objects-postgresql.md. */

int rp_pg_describe(struct rp_conn *c, struct rp_survey *into, struct rp_err **err);
int rp_pg_reread(struct rp_conn *c, struct rp_survey *into, struct rp_err **err);
int rp_pg_reparse(struct rp_conn *c, const struct rp_object *sealed, struct rp_buf *ret, struct rp_err **err);
const char *rp_pg_drift(const struct rp_identity *sealed, const struct rp_identity *found,
			const struct rp_difference *d);
extern const struct rp_engine_test rp_pg_tests[];
extern const struct rp_engine_damage rp_pg_damages[];
int rp_pg_damage(struct rp_conn *c, const struct rp_engine_damage *d, const struct rp_relation *r,
		 struct rp_buf *what, struct rp_err **err);
int rp_pg_undo(struct rp_conn *c, struct rp_err **err);

/* Kinds and facts that others here rely on: what a scratch is made from (server.c), what a pg_dump leaves out. */
#define RP_PG_KIND_ROLE                                                                                      \
	"role" /* every role that an owner, a grant, a policy or a setting names, and every superuser */
#define RP_PG_FACT_SUPERUSER "superuser" /* of a role: "true"; not there: it is none */
#define RP_PG_KIND_EXTENSION "extension"
#define RP_PG_KIND_SETTING   "database setting" /* ALTER DATABASE SET and ALTER ROLE IN DATABASE SET */
#define RP_PG_KIND_DATABASE  "database"		/* two of them, because the database's own name may differ: */
#define RP_PG_LOCALE	     "locale"		/* what it must be created with */
#define RP_PG_PROPERTIES     "properties"	/* what is only in a dump made with --create */
#define RP_PG_FACT_ENCODING  "encoding"		/* of the locale: */
#define RP_PG_FACT_PROVIDER  "provider"		/* "libc", "icu", "builtin" */
#define RP_PG_FACT_COLLATE   "collate"
#define RP_PG_FACT_CTYPE     "ctype"
#define RP_PG_FACT_LOCALE    "locale" /* of ICU and the builtin provider */
#define RP_PG_FACT_RULES     "icu rules"
#define RP_PG_FACT_INSTALLED "installed version" /* of an extension */
#define RP_PG_FACT_SCHEMA    "schema"		 /* where an extension was put */

/* The relation that stands for all large objects: columns "oid" and "sha256". */
#define RP_PG_LARGE_OBJECTS "large objects"

#endif
