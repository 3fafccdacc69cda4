/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_POSTGRES_OBJECTS_H
#define RP_ENGINE_POSTGRES_OBJECTS_H

#include <stddef.h>

#include "verifier/engine/postgres/conn.h"

/* Private to describe.c and the tables it reads. */

/* One kind of schema object and the query that finds all of them. What a column of the result is, its label
 * says: "n1" to "n4" are the parts of the name (NULL: no such part), "definition" the normalised text, "kind" (when
 * there is one and it is not NULL) another kind than the table's, "_..." something for the caller alone, and every
 * other column is a fact of that name (NULL: the object has no such fact). A fact is only given where it says something: what is as every
 * server has it by default is left NULL, so that a new version's new property is no difference. */
struct rp_pg_kind {
	const char *kind;
	int from, until; /* major versions of the server; 0: open */
	const char *sql;
};

extern const struct rp_pg_kind rp_pg_relation_kinds[]; /* all end with a NULL kind */
extern const struct rp_pg_kind rp_pg_table_part_kinds[];
extern const struct rp_pg_kind rp_pg_code_kinds[];
extern const struct rp_pg_kind rp_pg_type_kinds[];
extern const struct rp_pg_kind rp_pg_operator_kinds[];
extern const struct rp_pg_kind rp_pg_outside_kinds[];
extern const struct rp_pg_kind rp_pg_database_kinds[];

/* Classes of things that are met and not surveyed: columns "what", "count", "reason". Rows with count 0 are left
 * out. */
struct rp_pg_class {
	int from, until;
	const char *sql;
};
extern const struct rp_pg_class rp_pg_classes[]; /* ends with a NULL sql */

struct rp_pg_roles;
/* Add every row of a result as an object; 'position' (NULL: none) is one more fact of row i. */
int rp_pg_add_objects(struct rp_survey *into, const char *kind, const PGresult *rows,
		      const char *const *position, struct rp_pg_roles *roles, struct rp_err **err);

int rp_pg_add_sequences(struct rp_pg_conn *c, struct rp_survey *into, struct rp_pg_roles *roles,
			struct rp_err **err);
int rp_pg_add_relations(struct rp_pg_conn *c, struct rp_survey *into, struct rp_err **err);

/* Roles named by what has been surveyed, each once. */
struct rp_pg_roles {
	char **all;
	size_t n, cap;
	bool failed; /* no memory; asked once at the end */
};
/* name: as it is. */
void rp_pg_roles_add(struct rp_pg_roles *r, const char *name);
/* grants: lines made by RP_PG_GRANTS; or one role in quote_ident()'s form a line. */
void rp_pg_roles_add_grants(struct rp_pg_roles *r, const char *grants);
void rp_pg_roles_done(struct rp_pg_roles *r);

/* Pieces of SQL. search_path is pinned to pg_catalog, so names of the catalogue need no prefix. Nothing here
 * casts, concatenates or compares a value of a user's type. Laid out by hand: */
/* clang-format off */

/* The first OID that initdb did not give out. */
#define RP_PG_OURS(oid) oid " >= 16384"
#define RP_PG_USER_SCHEMA(n) "(" n ".nspname !~ '^pg_' AND " n ".nspname <> 'information_schema')"
/* What belongs to an extension, and what a range type brings with it (constructors, multirange and its cast). */
#define RP_PG_FREE(catalog, oid)                                                                             \
	"NOT EXISTS (SELECT FROM pg_depend xd WHERE xd.classid = '" catalog "'::regclass AND xd.objid = " oid \
	" AND (xd.deptype = 'e' OR (xd.deptype = 'i' AND xd.refclassid = 'pg_type'::regclass)))"
/* A row of pg_class a with its schema n that is a user's own. */
#define RP_PG_USER_CLASS(a, n)                                                                               \
	RP_PG_OURS(a".oid") " AND " RP_PG_USER_SCHEMA(n) " AND " a ".relpersistence <> 't' AND "             \
	RP_PG_FREE("pg_class", a".oid")

#define RP_PG_OWNER(column) "pg_get_userbyid(" column ") AS owner"

/* An ACL as lines, sorted. An absent one is expanded, so that 'never touched' and 'granted again what it has
 * anyhow' are the same; the owner is called OWNER, so that another owner is one difference and not two; the
 * full set of a table's rights is ALL, because 17 has one more of them (MAINTAIN). */
#define RP_PG_GRANTS_AS(acl, type, owner)                                                                    \
	"(SELECT coalesce(string_agg(gl.line, E'\\n' ORDER BY gl.line COLLATE \"C\"), '') FROM (SELECT CASE" \
	" gx.grantee WHEN 0 THEN 'PUBLIC' WHEN " owner " THEN 'OWNER' ELSE"                                  \
	" quote_ident(pg_get_userbyid(gx.grantee)) END || ' ' || CASE gx.rights WHEN"                        \
	" 'DELETE,INSERT,MAINTAIN,REFERENCES,SELECT,TRIGGER,TRUNCATE,UPDATE' THEN 'ALL' WHEN"                \
	" 'DELETE,INSERT,REFERENCES,SELECT,TRIGGER,TRUNCATE,UPDATE' THEN CASE WHEN"                          \
	" current_setting('server_version_num')::int >= 170000 THEN 'ALL BUT MAINTAIN' ELSE 'ALL' END ELSE"  \
	" gx.rights END || CASE WHEN gx.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END || CASE"          \
	" gx.grantor WHEN " owner " THEN '' ELSE ' BY ' || quote_ident(pg_get_userbyid(gx.grantor)) END AS"  \
	" line FROM (SELECT ga.grantee, ga.grantor, ga.is_grantable, string_agg(ga.privilege_type, ',' ORDER" \
	" BY ga.privilege_type COLLATE \"C\") AS rights FROM aclexplode(coalesce(" acl ", acldefault(" type  \
	", " owner "))) ga GROUP BY ga.grantee, ga.grantor, ga.is_grantable) gx) gl)"
#define RP_PG_GRANTS(acl, type, owner) RP_PG_GRANTS_AS(acl, type, owner) " AS grants"

/* Options 'name=value', sorted. Those that begin with pg_ are the server's own bookkeeping. */
#define RP_PG_OPTIONS(array)                                                                                 \
	"(SELECT string_agg(o, ', ' ORDER BY o COLLATE \"C\") FROM unnest(" array                            \
	") o WHERE left(o, 3) <> 'pg_')"
/* The same where a value may be a secret: the name stays. */
#define RP_PG_SECRET_NAME(name) name " ~* '(pass|secret|token|credential|private|api_?key|access_?key)'"
#define RP_PG_MASKED_OPTIONS(array)                                                                          \
	"(SELECT string_agg(CASE WHEN " RP_PG_SECRET_NAME("split_part(o, '=', 1)")                           \
	" THEN split_part(o, '=', 1) || '=(not surveyed)' ELSE o END, ', ' ORDER BY o COLLATE \"C\") FROM"   \
	" unnest(" array ") o)"

/* Another table, type or collation by its qualified name. */
#define RP_PG_CLASS_NAME(oid)                                                                                \
	"(SELECT format('%I.%I', xn.nspname, xc.relname) FROM pg_class xc JOIN pg_namespace xn ON xn.oid ="  \
	" xc.relnamespace WHERE xc.oid = " oid ")"
#define RP_PG_COLLATION_NAME(oid)                                                                            \
	"(SELECT format('%I.%I', xn.nspname, xc.collname) FROM pg_collation xc JOIN pg_namespace xn ON"      \
	" xn.oid = xc.collnamespace WHERE xc.oid = " oid ")"

#endif
