/* SPDX-License-Identifier: MIT */
#include "verifier/engine/postgres/objects.h"

/* SQL is laid out by hand: */
/* clang-format off */

/* Schemas and what stands in pg_class with rows, or looks as if it had some. Sequences are in sequences.c. */

/* What public is by default, a dump does not carry: 15 gave it another owner and fewer rights. */
#define SCHEMA_OWNER                                                                                         \
	"CASE WHEN n.nspname = 'public' AND pg_get_userbyid(n.nspowner) = CASE WHEN"                         \
	" current_setting('server_version_num')::int >= 150000 THEN 'pg_database_owner' ELSE"                \
	" pg_get_userbyid(10) END THEN NULL ELSE pg_get_userbyid(n.nspowner) END AS owner"

#define OPTIONS_OF_TABLE                                                                                     \
	RP_PG_OPTIONS("c.reloptions || (SELECT array_agg('toast.' || r) FROM pg_class tc,"                   \
	" unnest(tc.reloptions) r WHERE tc.oid = c.reltoastrelid)") " AS options"

#define FROM_CLASS                                                                                           \
	" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE " RP_PG_USER_CLASS("c", "n")

const struct rp_pg_kind rp_pg_relation_kinds[] = {
	{"schema", 0, 0,
	 "SELECT n.nspname AS n1, '' AS definition, " SCHEMA_OWNER ", "
	 RP_PG_GRANTS("n.nspacl", "'n'", "n.nspowner") " FROM pg_namespace n WHERE (" RP_PG_OURS("n.oid")
	 " OR n.nspname = 'public') AND " RP_PG_USER_SCHEMA("n") " AND " RP_PG_FREE("pg_namespace", "n.oid")},

	{"table", 0, 0,
	 "SELECT n.nspname AS n1, c.relname AS n2, coalesce('PARTITION BY ' || pg_get_partkeydef(c.oid), '')"
	 " AS definition, CASE c.relpersistence WHEN 'u' THEN 'unlogged' END AS persistence, CASE WHEN"
	 " c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END AS \"of type\", (SELECT a.amname FROM"
	 " pg_am a WHERE a.oid = c.relam AND a.amname <> 'heap') AS \"access method\", CASE c.relreplident"
	 " WHEN 'n' THEN 'nothing' WHEN 'f' THEN 'full' WHEN 'i' THEN (SELECT 'index ' ||"
	 " quote_ident(x.relname) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid ="
	 " c.oid AND i.indisreplident) END AS \"replica identity\", CASE WHEN c.relrowsecurity AND"
	 " c.relforcerowsecurity THEN 'enabled, forced' WHEN c.relrowsecurity THEN 'enabled' WHEN"
	 " c.relforcerowsecurity THEN 'forced' END AS \"row security\"," OPTIONS_OF_TABLE ", "
	 RP_PG_OWNER("c.relowner") ", " RP_PG_GRANTS("c.relacl", "'r'", "c.relowner") FROM_CLASS
	 " AND c.relkind IN ('r', 'p')"},

	{"view", 0, 0,
	 "SELECT n.nspname AS n1, c.relname AS n2, pg_get_viewdef(c.oid) AS definition, " OPTIONS_OF_TABLE
	 ", " RP_PG_OWNER("c.relowner") ", " RP_PG_GRANTS("c.relacl", "'r'", "c.relowner") FROM_CLASS
	 " AND c.relkind = 'v'"},

	{"materialized view", 0, 0,
	 "SELECT n.nspname AS n1, c.relname AS n2, pg_get_viewdef(c.oid) AS definition,"
	 " c.relispopulated::text AS populated, (SELECT a.amname FROM pg_am a WHERE a.oid = c.relam AND"
	 " a.amname <> 'heap') AS \"access method\"," OPTIONS_OF_TABLE ", " RP_PG_OWNER("c.relowner") ", "
	 RP_PG_GRANTS("c.relacl", "'r'", "c.relowner") FROM_CLASS " AND c.relkind = 'm'"},

	{"foreign table", 0, 0,
	 "SELECT n.nspname AS n1, c.relname AS n2, '' AS definition, s.srvname AS server, "
	 RP_PG_MASKED_OPTIONS("f.ftoptions") " AS options, " RP_PG_OWNER("c.relowner") ", "
	 RP_PG_GRANTS("c.relacl", "'r'", "c.relowner") " FROM pg_foreign_table f JOIN pg_foreign_server s ON"
	 " s.oid = f.ftserver JOIN pg_class c ON c.oid = f.ftrelid JOIN pg_namespace n ON n.oid ="
	 " c.relnamespace WHERE " RP_PG_USER_CLASS("c", "n")},

	/* A child's columns may stand in another order after a dump: what it inherits comes first. */
	{"inheritance", 0, 0,
	 "SELECT n.nspname AS n1, c.relname AS n2, 'INHERITS (' || string_agg("
	 RP_PG_CLASS_NAME("h.inhparent") ", ', ' ORDER BY h.inhseqno) || ')' AS definition FROM pg_inherits"
	 " h JOIN pg_class c ON c.oid = h.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE "
	 RP_PG_USER_CLASS("c", "n") " AND NOT c.relispartition AND c.relkind IN ('r', 'f') GROUP BY"
	 " n.nspname, c.relname"},

	{"partition", 0, 0,
	 "SELECT n.nspname AS n1, c.relname AS n2, 'OF ' || " RP_PG_CLASS_NAME("h.inhparent")
	 " || ' ' || pg_get_expr(c.relpartbound, c.oid) AS definition FROM pg_inherits h JOIN pg_class c ON"
	 " c.oid = h.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE "
	 RP_PG_USER_CLASS("c", "n") " AND c.relispartition AND c.relkind IN ('r', 'p', 'f')"},

	{NULL, 0, 0, NULL},
};
