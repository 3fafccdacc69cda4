/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/hosting.h"
#include "verifier/engine/mysql/objects.h"

/* SQL is laid out by hand: */
/* clang-format off */

/* The database itself, who may use it, and what of it is not surveyed. */

#define DEFAULTS(more)                                                                                       \
	"SELECT '" RP_MY_DEFAULTS "' AS 'n1', '' AS 'definition', "                                          \
	RP_MY_CHARSET("s.DEFAULT_CHARACTER_SET_NAME") " AS '" RP_MY_FACT_CHARSET "', "                       \
	RP_MY_CHARSET("s.DEFAULT_COLLATION_NAME") " AS 'collation'" more " FROM"                             \
	" information_schema.SCHEMATA s WHERE " RP_MY_HERE("s.SCHEMA_NAME")

/* Who may do what, in lines: 'user'@'host' SELECT ON `table`. */
#define RIGHT(on)                                                                                            \
	"SELECT CAST(CONCAT(g.GRANTEE, ' ', g.PRIVILEGE_TYPE, ' ON ', " on ", CASE g.IS_GRANTABLE WHEN"      \
	" 'YES' THEN ' WITH GRANT OPTION' ELSE '' END) AS BINARY) AS line FROM information_schema."
#define TABLE RP_MY_NAME("g.TABLE_NAME")
#define COLUMN RP_MY_NAME("g.COLUMN_NAME")

/* The name of a database is a pattern there. An account that this program made on a private server is nobody's. */
const struct rp_my_kind rp_my_rights_kind = {
	RP_MY_KIND_DATABASE, RP_MY_ALWAYS, 0,
	"SELECT '" RP_MY_RIGHTS "' AS 'n1', '' AS 'definition', u.line AS 'line' FROM ("
	RIGHT("'*'") "SCHEMA_PRIVILEGES g WHERE " RP_MY_BYTES_OF("DATABASE()") " LIKE "
	RP_MY_BYTES_OF("g.TABLE_SCHEMA") " UNION ALL "
	RIGHT(TABLE) "TABLE_PRIVILEGES g WHERE " RP_MY_HERE("g.TABLE_SCHEMA") " UNION ALL "
	RIGHT(TABLE ", '.', " COLUMN) "COLUMN_PRIVILEGES g WHERE " RP_MY_HERE("g.TABLE_SCHEMA") " UNION ALL"
	" SELECT CAST(CONCAT(QUOTE(p.User), '@', QUOTE(p.Host), ' ', UPPER(p.Proc_priv), ' ON ',"
	" p.Routine_type, ' ', " RP_MY_NAME("p.Routine_name") ") AS BINARY) FROM mysql.procs_priv p WHERE "
	RP_MY_HERE("p.Db") " UNION ALL SELECT NULL) u WHERE u.line IS NULL OR LOCATE('''" RP_MY_ASKER
	"''@''localhost'' ', u.line) <> 1 ORDER BY u.line",
};

const struct rp_my_kind rp_my_database_kinds[] = {
	{RP_MY_KIND_DATABASE, RP_MY_WITH, RP_MY_DATABASE_COMMENT,
	 DEFAULTS(", s.SCHEMA_COMMENT AS 'comment'")},

	{RP_MY_KIND_DATABASE, RP_MY_WITHOUT, RP_MY_DATABASE_COMMENT,
	 DEFAULTS("")},

	{RP_MY_KIND_DATABASE, RP_MY_ALWAYS, 0,
	 "SELECT '" RP_MY_SERVER "' AS 'n1', '' AS 'definition', @@GLOBAL.sql_mode AS '" RP_MY_FACT_MODE
	 "', @@GLOBAL.time_zone AS '" RP_MY_FACT_ZONE "', @@GLOBAL.lower_case_table_names AS '"
	 RP_MY_FACT_CASE "'"},

	{NULL, RP_MY_ALWAYS, 0, NULL},
};

#define CLASS(what, reason, rest)                                                                            \
	"SELECT '" what "' AS 'what', COUNT(*) AS 'count', '" reason "' AS 'reason' " rest

#define FROM_TABLES(type)                                                                                    \
	" FROM information_schema.TABLES t WHERE " RP_MY_HERE("t.TABLE_SCHEMA") " AND t.TABLE_TYPE IN "      \
	type

const struct rp_my_class rp_my_classes[] = {
	{RP_MY_ALWAYS, 0,
	 CLASS("rows of views", "derived: nothing is stored", FROM_TABLES("('VIEW', 'SYSTEM VIEW')"))},

	{RP_MY_ALWAYS, 0,
	 CLASS("rows of tables that are kept elsewhere", "another server''s or another table''s: FEDERATED,"
	 " CONNECT, SPIDER, MERGE and their like", FROM_TABLES(RP_MY_TABLE_TYPES) " AND t.ENGINE IN "
	 RP_MY_ELSEWHERE)},

	{RP_MY_ALWAYS, 0,
	 "SELECT 'rows of tables without transactions' AS 'what', COUNT(*) AS 'count', NULL AS 'reason'"
	 FROM_TABLES(RP_MY_TABLE_TYPES) " AND t.ENGINE IN (SELECT e.ENGINE FROM information_schema.ENGINES"
	 " e WHERE e.TRANSACTIONS <> 'YES') AND t.ENGINE NOT IN " RP_MY_ELSEWHERE},

	{RP_MY_ALWAYS, 0,
	 CLASS("options of indexes", "no catalogue tells the parser of a full-text index, or how a vector"
	 " index is built", "FROM information_schema.STATISTICS s WHERE " RP_MY_HERE("s.TABLE_SCHEMA")
	 " AND s.INDEX_TYPE IN ('FULLTEXT', 'VECTOR') AND s.SEQ_IN_INDEX = 1")},

	{RP_MY_WITH, RP_MY_HISTOGRAMS,
	 CLASS("histograms", "derived: ANALYZE TABLE makes them again", "FROM"
	 " information_schema.COLUMN_STATISTICS h WHERE " RP_MY_HERE("h.SCHEMA_NAME"))},

	{RP_MY_WITHOUT, RP_MY_VIEW_ALGORITHM,
	 CLASS("algorithms of views", "this server''s catalogue does not tell them",
	 FROM_TABLES("('VIEW')"))},

	{RP_MY_ALWAYS, 0,
	 "SELECT 'rights to the whole server' AS 'what', 1 AS 'count', 'accounts, roles and global"
	 " privileges belong to the server, not to a database' AS 'reason'"},

	{RP_MY_ALWAYS, 0, NULL},
};
