/* SPDX-License-Identifier: MIT */
#include "verifier/engine/postgres/objects.h"

/* SQL is laid out by hand: */
/* clang-format off */

/* The database itself, and what hangs on objects of every kind: comments, labels, rights beyond their own. */

/* What is said of an object that is surveyed. Everybody's table has a type of its own and so on, but nobody can
 * comment on these. */
#define SAID_OF(d)                                                                                           \
	" CROSS JOIN LATERAL pg_identify_object(" d ".classoid, " d ".objoid, " d                            \
	".objsubid) i WHERE i.identity IS NOT NULL AND (i.schema IS NULL OR i.schema !~ '^pg_(temp|toast)')" \
	" AND (" RP_PG_OURS(d".objoid") " OR (i.type = 'schema' AND i.identity = 'public') OR i.type ="      \
	" 'extension') AND NOT EXISTS (SELECT FROM pg_depend xd WHERE xd.classid = " d                       \
	".classoid AND xd.objid = " d ".objoid AND xd.deptype = 'e')"

/* Objects of the server's own and of extensions: what was granted or revoked since they were made. A dump carries
 * exactly this. */
#define SYSTEM_ACL(catalog, acl, owner, type)                                                                \
	"SELECT '" catalog "'::regclass, x.oid, x." acl ", " type "::\"char\", x." owner " FROM " catalog    \
	" x WHERE x." acl " IS NOT NULL AND (x.oid < 16384 OR EXISTS (SELECT FROM pg_depend xd WHERE"        \
	" xd.classid = '" catalog "'::regclass AND xd.objid = x.oid AND xd.deptype = 'e'))"

#define DATABASE " FROM pg_database d WHERE d.datname = current_database()"

const struct rp_pg_kind rp_pg_database_kinds[] = {
	/* One row, so asking for columns that only some versions have may cost what it likes. */
	{"database", 0, 0,
	 "SELECT 'locale' AS n1, '' AS definition, pg_encoding_to_char(d.encoding) AS encoding, CASE j.d"
	 " ->> 'datlocprovider' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END AS provider,"
	 " d.datcollate AS collate, d.datctype AS ctype, coalesce(j.d ->> 'datlocale', j.d ->>"
	 " 'daticulocale') AS locale, j.d ->> 'daticurules' AS \"icu rules\", j.d ->> 'datcollversion' AS"
	 " version FROM pg_database d, LATERAL (SELECT to_jsonb(d)) j(d) WHERE d.datname ="
	 " current_database()"},

	{"database", 0, 0,
	 "SELECT 'properties' AS n1, '' AS definition, CASE WHEN d.datconnlimit <> -1 THEN"
	 " d.datconnlimit::text END AS \"connection limit\", CASE WHEN d.datistemplate THEN 'true' END AS"
	 " template, shobj_description(d.oid, 'pg_database') AS comment, " RP_PG_OWNER("d.datdba") ", "
	 RP_PG_GRANTS("d.datacl", "'d'", "d.datdba") DATABASE},

	{"database setting", 0, 0,
	 "SELECT split_part(o, '=', 1) AS n1, CASE WHEN s.setrole <> 0 THEN pg_get_userbyid(s.setrole) END"
	 " AS n2, CASE WHEN " RP_PG_SECRET_NAME("split_part(o, '=', 1)") " THEN '(not surveyed)' ELSE"
	 " substr(o, strpos(o, '=') + 1) END AS definition, CASE WHEN s.setrole <> 0 THEN"
	 " pg_get_userbyid(s.setrole) END AS role FROM pg_db_role_setting s JOIN pg_database d ON d.oid ="
	 " s.setdatabase, unnest(s.setconfig) o WHERE d.datname = current_database()"},

	{"default privileges", 0, 0,
	 "SELECT pg_get_userbyid(a.defaclrole) AS n1, CASE a.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S'"
	 " THEN 'sequences' WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' WHEN 'L'"
	 " THEN 'large objects' END AS n2, n.nspname AS n3, '' AS definition, pg_get_userbyid(a.defaclrole)"
	 " AS role, " RP_PG_GRANTS("a.defaclacl", "CASE a.defaclobjtype WHEN 'S' THEN 's' ELSE"
	 " a.defaclobjtype END", "a.defaclrole") " FROM pg_default_acl a LEFT JOIN pg_namespace n ON n.oid"
	 " = a.defaclnamespace"},

	{"comment", 0, 0,
	 "SELECT i.type AS n1, i.identity AS n2, d.description AS definition FROM pg_description d"
	 SAID_OF("d")},

	{"security label", 0, 0,
	 "SELECT i.type AS n1, i.identity AS n2, d.provider AS n3, d.label AS definition FROM pg_seclabel d"
	 SAID_OF("d")},

	{"system object", 0, 0,
	 "SELECT i.type AS n1, i.identity AS n2, '' AS definition, y.lines AS grants FROM ("
	 SYSTEM_ACL("pg_class", "relacl", "relowner", "CASE x.relkind WHEN 'S' THEN 's' ELSE 'r' END")
	 " UNION ALL " SYSTEM_ACL("pg_proc", "proacl", "proowner", "'f'") " UNION ALL "
	 SYSTEM_ACL("pg_type", "typacl", "typowner", "'T'") " UNION ALL "
	 SYSTEM_ACL("pg_language", "lanacl", "lanowner", "'l'") " UNION ALL "
	 SYSTEM_ACL("pg_namespace", "nspacl", "nspowner", "'n'") ") s(class, oid, acl, type, owner) LEFT"
	 " JOIN pg_init_privs p ON p.classoid = s.class AND p.objoid = s.oid AND p.objsubid = 0 CROSS JOIN"
	 " LATERAL (SELECT string_agg(z.line, E'\\n' ORDER BY z.line COLLATE \"C\") AS lines FROM (SELECT"
	 " min(l.sign) || l.line AS line FROM (SELECT w.sign, unnest(string_to_array("
	 RP_PG_GRANTS_AS("w.acl", "s.type", "s.owner") ", E'\\n')) AS line FROM (VALUES ('+', s.acl),"
	 " ('-', p.initprivs)) w(sign, acl)) l GROUP BY l.line HAVING count(*) = 1) z) y CROSS JOIN"
	 " LATERAL pg_identify_object(s.class, s.oid, 0) i WHERE s.acl IS DISTINCT FROM p.initprivs AND"
	 " y.lines IS NOT NULL AND i.identity <> 'public' AND 'information_schema' NOT IN (i.identity,"
	 " coalesce(i.schema, ''))"},

	/* There may be millions of them. Their contents are a relation; whose they are is told by group. */
	{"large objects", 0, 0,
	 "SELECT pg_get_userbyid(g.owner) AS n1, replace(g.grants, E'\\n', '; ') AS n2, g.n || ' with ids '"
	 " || encode(sha256(convert_to(g.ids, 'UTF8')), 'hex') AS definition, pg_get_userbyid(g.owner) AS"
	 " owner, g.grants FROM (SELECT m.lomowner AS owner, m.grants, count(*) AS n,"
	 " string_agg(m.oid::text, ',' ORDER BY m.oid) AS ids FROM (SELECT l.oid, l.lomowner, "
	 RP_PG_GRANTS("l.lomacl", "'L'", "l.lomowner") " FROM pg_largeobject_metadata l) m GROUP BY 1, 2) g"},

	{NULL, 0, 0, NULL},
};

#define CLASS(what, reason, rest) "SELECT '" what "' AS what, count(*), '" reason "' AS reason " rest

const struct rp_pg_class rp_pg_classes[] = {
	/* By name: whoever reads the report takes a table for a table. */
	{0, 0,
	 "SELECT 'rows of foreign tables' AS what, count(*), 'they are another server''s: ' || array_to_string("
	 "(array_agg(ftrelid::regclass::text ORDER BY ftrelid::regclass::text))[1:8], ', ') || CASE WHEN count(*) > 8 THEN ' and "
	 "more' ELSE '' END AS reason FROM pg_foreign_table"},

	{0, 0,
	 CLASS("rows of materialized views", "derived: a restore computes them again",
	 "FROM pg_class c WHERE c.relkind = 'm' AND " RP_PG_OURS("c.oid"))},

	{0, 0,
	 CLASS("rows of views", "derived: nothing is stored", "FROM pg_class c JOIN pg_namespace n ON n.oid"
	 " = c.relnamespace WHERE c.relkind = 'v' AND " RP_PG_USER_CLASS("c", "n"))},

	{18, 0,
	 CLASS("values of virtual generated columns", "derived: nothing is stored",
	 "FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE a.attgenerated = 'v' AND NOT"
	 " a.attisdropped AND c.relkind = 'r'")},

	{0, 0,
	 CLASS("options of user mappings", "they hold passwords", "FROM pg_user_mappings")},

	{0, 0,
	 CLASS("subscriptions", "their connections hold passwords; a dump carries them switched off",
	 "FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname ="
	 " current_database()")},

	{0, 0,
	 CLASS("attributes and memberships of roles", "they belong to the whole server: see pg_dumpall"
	 " --globals-only", "FROM pg_roles WHERE rolname !~ '^pg_'")},

	{0, 0,
	 CLASS("tablespaces", "where things lie on disk is the server''s own affair",
	 "FROM pg_tablespace WHERE spcname !~ '^pg_'")},

	{0, 0,
	 CLASS("replication slots", "they belong to the server, not to a backup",
	 "FROM pg_replication_slots WHERE database = current_database() AND NOT temporary")},

	{0, 0,
	 CLASS("temporary tables", "they end with their session", "FROM pg_class WHERE relpersistence ="
	 " 't' AND relkind IN ('r', 'p')")},

	{0, 0,
	 CLASS("functions in a system schema", "a dump leaves them out", "FROM pg_proc p JOIN pg_namespace n"
	 " ON n.oid = p.pronamespace WHERE " RP_PG_OURS("p.oid") " AND NOT " RP_PG_USER_SCHEMA("n") " AND "
	 RP_PG_FREE("pg_proc", "p.oid"))},

	{0, 0,
	 CLASS("relations in a system schema", "a dump leaves them out", "FROM pg_class c JOIN pg_namespace"
	 " n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND n.nspname IN"
	 " ('pg_catalog', 'information_schema') AND " RP_PG_OURS("c.oid") " AND "
	 RP_PG_FREE("pg_class", "c.oid"))},

	{0, 0, NULL},
};
