/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/objects.h"

/* SQL is laid out by hand: */
/* clang-format off */

/* Tables, their columns and partitions. Where a table's AUTO_INCREMENT stands is in positions.c. */

#define OF_TABLE(alias)                                                                                      \
	RP_MY_HERE(alias ".TABLE_SCHEMA") " AND " RP_MY_BYTES_OF(alias ".TABLE_NAME") " IN (SELECT "         \
	RP_MY_BYTES_OF("b.TABLE_NAME") " FROM information_schema.TABLES b WHERE "                            \
	RP_MY_HERE("b.TABLE_SCHEMA") " AND b.TABLE_TYPE IN " RP_MY_TABLE_TYPES ")"

/* The comment of a table that cannot be opened is the server's own error; its rows are then not surveyed. */
#define TABLES(more, joins)                                                                                  \
	"SELECT t.TABLE_NAME AS 'n1', '' AS 'definition', t.ENGINE AS 'engine', t.CREATE_OPTIONS AS"         \
	" 'options:options', " RP_MY_CHARSET("t.TABLE_COLLATION") " AS 'collation', CASE t.TABLE_TYPE WHEN"  \
	" 'SYSTEM VERSIONED' THEN 'true' END AS 'system versioned', t.TABLE_COMMENT AS 'comment'" more       \
	" FROM information_schema.TABLES t " joins " WHERE " RP_MY_HERE("t.TABLE_SCHEMA") " AND"             \
	" t.TABLE_TYPE IN " RP_MY_TABLE_TYPES

/* A column without a default and one with DEFAULT NULL are the same: not null is a fact of its own. MySQL
 * gives literals bare, and expressions with a backslash before each quote. */
#define GENERATED                                                                                            \
	"CONCAT('GENERATED ALWAYS AS (', c.GENERATION_EXPRESSION, ')', CASE WHEN c.EXTRA LIKE '%STORED%'"    \
	" THEN ' STORED' ELSE ' VIRTUAL' END)"
#define MARIADB_DEFINITION                                                                                   \
	"CASE WHEN c.IS_GENERATED = 'ALWAYS' THEN " GENERATED " WHEN c.COLUMN_DEFAULT IS NULL OR"            \
	" c.COLUMN_DEFAULT = 'NULL' THEN '' ELSE CONCAT('DEFAULT ', c.COLUMN_DEFAULT) END"
#define ESCAPED(text) "REPLACE(REPLACE(" text ", '\\\\', '\\\\\\\\'), '\\'', '\\\\\\'')"
#define MYSQL_DEFINITION                                                                                     \
	"CASE WHEN c.GENERATION_EXPRESSION <> '' THEN " GENERATED " WHEN c.COLUMN_DEFAULT IS NULL THEN ''"   \
	" WHEN c.EXTRA LIKE '%DEFAULT_GENERATED%' THEN CONCAT('DEFAULT ', c.COLUMN_DEFAULT) WHEN"            \
	" c.CHARACTER_SET_NAME IS NULL AND c.DATA_TYPE NOT IN ('date', 'time', 'datetime', 'timestamp')"     \
	" THEN CONCAT('DEFAULT ', " ESCAPED("c.COLUMN_DEFAULT") ") ELSE CONCAT('DEFAULT ', "                 \
	ESCAPED("QUOTE(c.COLUMN_DEFAULT)") ") END"

#define COLUMNS(definition, how, more, joins)                                                                \
	"SELECT c.TABLE_NAME AS 'n1', c.COLUMN_NAME AS 'n2', " definition " AS 'definition:" how "',"        \
	" c.COLUMN_TYPE AS 'type:type', CASE c.IS_NULLABLE WHEN 'NO' THEN 'true' END AS 'not null', "        \
	RP_MY_CHARSET("c.COLLATION_NAME") " AS 'collation', CASE WHEN c.EXTRA LIKE '%auto_increment%' THEN"  \
	" 'true' END AS 'auto increment', CASE WHEN c.EXTRA LIKE '%INVISIBLE%' THEN 'true' END AS"           \
	" invisible, CASE WHEN c.EXTRA LIKE '%on update%' THEN REGEXP_SUBSTR(LOWER(c.EXTRA),"                \
	" 'current_timestamp([(][0-9]*[)])?') END AS 'on update:expression', CASE WHEN c.EXTRA LIKE"         \
	" '%WITHOUT SYSTEM VERSIONING%' THEN 'false' END AS 'system versioned', c.COLUMN_COMMENT AS"         \
	" comment, c.ORDINAL_POSITION AS 'ordinal'" more " FROM information_schema.COLUMNS c " joins         \
	" WHERE " OF_TABLE("c")

const struct rp_my_kind rp_my_table_kinds[] = {
	{"table", RP_MY_WITHOUT, RP_MY_TABLE_EXTENSIONS,
	 TABLES("", "")},

	{"table", RP_MY_WITH, RP_MY_TABLE_EXTENSIONS,
	 TABLES(", x.ENGINE_ATTRIBUTE AS 'engine attribute', x.SECONDARY_ENGINE_ATTRIBUTE AS 'secondary"
	 " engine attribute'", "LEFT JOIN information_schema.TABLES_EXTENSIONS x ON x.TABLE_SCHEMA ="
	 " t.TABLE_SCHEMA AND x.TABLE_NAME = t.TABLE_NAME")},

	{"column", RP_MY_WITH, RP_MY_DEFAULT_QUOTED,
	 COLUMNS(MARIADB_DEFINITION, "expression", ", NULLIF(g.SRID, 0) AS 'ref system id'", "LEFT JOIN"
	 " (SELECT x.G_TABLE_NAME, x.G_GEOMETRY_COLUMN, x.SRID FROM information_schema.GEOMETRY_COLUMNS x"
	 " WHERE " RP_MY_HERE("x.G_TABLE_SCHEMA") ") g ON " RP_MY_SAME("g.G_TABLE_NAME", "c.TABLE_NAME")
	 " AND g.G_GEOMETRY_COLUMN = c.COLUMN_NAME")},

	{"column", RP_MY_WITH, RP_MY_COLUMN_SRS,
	 COLUMNS(MYSQL_DEFINITION, "escaped", ", c.SRS_ID AS 'srs'", "")},

	/* Of a view, the names alone: its columns' types follow from what it reads. */
	{"column", RP_MY_ALWAYS, 0,
	 "SELECT c.TABLE_NAME AS 'n1', c.COLUMN_NAME AS 'n2', '' AS 'definition', c.ORDINAL_POSITION AS"
	 " 'ordinal' FROM information_schema.COLUMNS c WHERE " RP_MY_HERE("c.TABLE_SCHEMA") " AND "
	 RP_MY_BYTES_OF("c.TABLE_NAME") " IN (SELECT " RP_MY_BYTES_OF("v.TABLE_NAME") " FROM"
	 " information_schema.VIEWS v WHERE " RP_MY_HERE("v.TABLE_SCHEMA") ")"},

	{"partitioning", RP_MY_ALWAYS, 0,
	 "SELECT DISTINCT p.TABLE_NAME AS 'n1', CONCAT('BY ', p.PARTITION_METHOD, ' (',"
	 " COALESCE(p.PARTITION_EXPRESSION, ''), ')', CASE WHEN p.SUBPARTITION_METHOD IS NOT NULL THEN"
	 " CONCAT(' SUBPARTITION BY ', p.SUBPARTITION_METHOD, ' (', COALESCE(p.SUBPARTITION_EXPRESSION,"
	 " ''), ')') ELSE '' END) AS 'definition:expression' FROM information_schema.PARTITIONS p WHERE "
	 RP_MY_HERE("p.TABLE_SCHEMA") " AND p.PARTITION_NAME IS NOT NULL"},

	{"partition", RP_MY_ALWAYS, 0,
	 "SELECT p.TABLE_NAME AS 'n1', p.PARTITION_NAME AS 'n2', p.SUBPARTITION_NAME AS 'n3',"
	 " COALESCE(CONCAT('VALUES ', p.PARTITION_DESCRIPTION), '') AS 'definition:expression',"
	 " p.PARTITION_ORDINAL_POSITION AS 'ordinal', p.SUBPARTITION_ORDINAL_POSITION AS 'ordinal within',"
	 " p.PARTITION_COMMENT AS 'comment', p.TABLESPACE_NAME AS 'tablespace' FROM"
	 " information_schema.PARTITIONS p WHERE " RP_MY_HERE("p.TABLE_SCHEMA") " AND p.PARTITION_NAME IS"
	 " NOT NULL"},

	{NULL, RP_MY_ALWAYS, 0, NULL},
};
