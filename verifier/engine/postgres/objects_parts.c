/* SPDX-License-Identifier: MIT */
#include "verifier/engine/postgres/objects.h"

/* SQL is laid out by hand: */
/* clang-format off */

/* The parts of a table: columns, constraints, indexes, triggers, rules, policies, statistics. */

#define FROM_PART(part, of)                                                                                  \
	" FROM " part " JOIN pg_class c ON c.oid = " of " JOIN pg_namespace n ON n.oid = c.relnamespace"     \
	" WHERE " RP_PG_USER_CLASS("c", "n")

/* An ordinary table that inherits: see 'inheritance' for why its columns have no position. */
#define CHILD                                                                                                \
	"(c.relkind IN ('r', 'f') AND NOT c.relispartition AND EXISTS (SELECT FROM pg_inherits ih WHERE"     \
	" ih.inhrelid = c.oid))"

/* Dropped columns leave gaps in attnum that no dump keeps. */
#define POSITION                                                                                             \
	"CASE WHEN NOT " CHILD " THEN (SELECT count(*) FROM pg_attribute ap WHERE ap.attrelid = a.attrelid"  \
	" AND ap.attnum > 0 AND ap.attnum <= a.attnum AND NOT ap.attisdropped)::text END AS ordinal"

#define COLUMNS(compression)                                                                                 \
	"SELECT n.nspname AS n1, c.relname AS n2, a.attname AS n3, CASE c.relkind WHEN 'c' THEN 'attribute'" \
	" END AS kind, CASE a.attgenerated WHEN 's' THEN 'GENERATED ALWAYS AS (' || pg_get_expr(d.adbin,"    \
	" d.adrelid) || ') STORED' WHEN 'v' THEN 'GENERATED ALWAYS AS (' || pg_get_expr(d.adbin, d.adrelid)" \
	" || ')' ELSE coalesce('DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '') END AS definition,"        \
	" format_type(a.atttypid, a.atttypmod) AS type, CASE WHEN a.attnotnull THEN 'true' END AS \"not"     \
	" null\", CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END AS identity, CASE" \
	" WHEN a.attcollation <> t.typcollation THEN " RP_PG_COLLATION_NAME("a.attcollation")                \
	" END AS collation, CASE WHEN a.attstorage <> t.typstorage AND c.relkind NOT IN ('c', 'v') THEN CASE" \
	" a.attstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'm' THEN 'main' ELSE 'extended'"  \
	" END END AS storage," compression " CASE WHEN a.attstattarget >= 0 THEN a.attstattarget::text END"  \
	" AS \"statistics target\", " RP_PG_OPTIONS("a.attoptions") " AS options, "                          \
	RP_PG_MASKED_OPTIONS("a.attfdwoptions") " AS \"foreign options\", CASE WHEN a.attinhcount > 0 THEN"  \
	" CASE WHEN a.attislocal THEN 'and local' ELSE 'true' END END AS inherited, NULLIF(CASE WHEN"        \
	" a.attacl IS NOT NULL THEN " RP_PG_GRANTS_AS("a.attacl", "'c'", "c.relowner") " END, '') AS grants," \
	POSITION " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid =" \
	" c.relnamespace JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid ="         \
	" a.attrelid AND d.adnum = a.attnum WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r'," \
	" 'p', 'f', 'v', 'm', 'c') AND " RP_PG_OURS("c.oid") " AND " RP_PG_USER_SCHEMA("n")                  \
	" AND c.relpersistence <> 't' AND CASE c.relkind WHEN 'c' THEN " RP_PG_FREE_TYPE " ELSE "            \
	RP_PG_FREE("pg_class", "c.oid") " END"
/* A composite type's pg_class row always depends on the type: it is the type that may be an extension's. */
#define RP_PG_FREE_TYPE                                                                                      \
	"NOT EXISTS (SELECT FROM pg_depend xd WHERE xd.classid = 'pg_type'::regclass AND xd.objid ="         \
	" c.reltype AND xd.deptype = 'e')"
#define COMPRESSION " CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END AS compression,"

const struct rp_pg_kind rp_pg_table_part_kinds[] = {
	{"column", 13, 13,
	 COLUMNS("")},

	{"column", 14, 0,
	 COLUMNS(COMPRESSION)},

	/* contype 'n' (18) says what attnotnull says; 't' is a trigger. A partition's copy of a foreign
	 * key has a name that the server chose; the one it was copied from is here. */
	{"constraint", 0, 0,
	 "SELECT n.nspname AS n1, c.relname AS n2, k.conname AS n3, CASE k.contype WHEN 'p' THEN 'primary"
	 " key' WHEN 'u' THEN 'unique constraint' WHEN 'f' THEN 'foreign key' WHEN 'c' THEN 'check"
	 " constraint' WHEN 'x' THEN 'exclusion constraint' END AS kind,"
	 " regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '') AS definition,"
	 " k.convalidated::text AS valid, CASE WHEN k.coninhcount > 0 THEN CASE WHEN k.conislocal THEN 'and"
	 " local' ELSE 'true' END END AS inherited" FROM_PART("pg_constraint k", "k.conrelid")
	 " AND k.contype IN ('p', 'u', 'f', 'c', 'x') AND NOT (k.contype = 'f' AND k.conparentid <> 0)"},

	{"not null constraint", 18, 0,
	 "SELECT n.nspname AS n1, c.relname AS n2, k.conname AS n3, pg_get_constraintdef(k.oid) AS"
	 " definition, k.convalidated::text AS valid" FROM_PART("pg_constraint k", "k.conrelid")
	 " AND k.contype = 'n' AND (NOT k.convalidated OR k.connoinherit)"},

	{"index", 0, 0,
	 "SELECT n.nspname AS n1, x.relname AS n2, pg_get_indexdef(i.indexrelid) AS definition,"
	 " (i.indisvalid AND i.indisready)::text AS valid, CASE WHEN i.indisclustered THEN 'true' END AS"
	 " clustered, (SELECT " RP_PG_CLASS_NAME("h.inhparent") " FROM pg_inherits h WHERE h.inhrelid ="
	 " i.indexrelid) AS \"part of\", (SELECT string_agg(a.attnum || '=' || a.attstattarget, ', ' ORDER"
	 " BY a.attnum) FROM pg_attribute a WHERE a.attrelid = i.indexrelid AND a.attstattarget >= 0) AS"
	 " \"statistics target\" FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON"
	 " c.oid = i.indrelid JOIN pg_namespace n ON n.oid = x.relnamespace WHERE "
	 RP_PG_USER_CLASS("c", "n") " AND c.relkind IN ('r', 'p', 'm')"},

	/* Triggers that enforce constraints are the constraints'; a partition's copies are the root's. */
	{"trigger", 0, 0,
	 "SELECT n.nspname AS n1, c.relname AS n2, g.tgname AS n3, pg_get_triggerdef(g.oid) AS definition,"
	 " CASE g.tgenabled WHEN 'D' THEN 'never' WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always' END AS fires"
	 FROM_PART("pg_trigger g", "g.tgrelid") " AND NOT g.tgisinternal AND g.tgparentid = 0"},

	{"rule", 0, 0,
	 "SELECT n.nspname AS n1, c.relname AS n2, r.rulename AS n3, pg_get_ruledef(r.oid) AS definition,"
	 " CASE r.ev_enabled WHEN 'D' THEN 'never' WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always' END AS"
	 " fires" FROM_PART("pg_rewrite r", "r.ev_class") " AND r.rulename <> '_RETURN'"},

	{"policy", 0, 0,
	 "SELECT n.nspname AS n1, c.relname AS n2, p.polname AS n3, concat_ws(' ', 'USING (' ||"
	 " pg_get_expr(p.polqual, p.polrelid) || ')', 'WITH CHECK (' || pg_get_expr(p.polwithcheck,"
	 " p.polrelid) || ')') AS definition, CASE WHEN NOT p.polpermissive THEN 'true' END AS restrictive,"
	 " CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update' WHEN 'd' THEN"
	 " 'delete' ELSE 'all' END AS command, (SELECT string_agg(CASE o WHEN 0 THEN 'PUBLIC' ELSE"
	 " quote_ident(pg_get_userbyid(o)) END, E'\\n' ORDER BY CASE o WHEN 0 THEN '' ELSE"
	 " pg_get_userbyid(o) END COLLATE \"C\") FROM unnest(p.polroles) o) AS roles"
	 FROM_PART("pg_policy p", "p.polrelid")},

	{"statistics", 0, 0,
	 "SELECT n.nspname AS n1, s.stxname AS n2, pg_get_statisticsobjdef(s.oid) AS definition, CASE WHEN"
	 " s.stxstattarget >= 0 THEN s.stxstattarget::text END AS \"statistics target\", "
	 RP_PG_OWNER("s.stxowner") " FROM pg_statistic_ext s JOIN pg_class c ON c.oid = s.stxrelid JOIN"
	 " pg_namespace n ON n.oid = s.stxnamespace WHERE " RP_PG_USER_CLASS("c", "n") " AND "
	 RP_PG_FREE("pg_statistic_ext", "s.oid")},

	{NULL, 0, 0, NULL},
};
