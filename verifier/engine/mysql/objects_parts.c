/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/objects.h"

/* SQL is laid out by hand: */
/* clang-format off */

/* What stands on a table's columns: keys, indexes, foreign keys, checks. */

/* InnoDB has B-trees, whatever was asked of it; some versions show what was asked. */
#define METHOD                                                                                               \
	"CASE WHEN s.INDEX_TYPE IN ('BTREE', 'HASH') AND " RP_MY_BYTES_OF("s.TABLE_NAME") " IN (SELECT "     \
	RP_MY_BYTES_OF("t.TABLE_NAME") " FROM information_schema.TABLES t WHERE "                            \
	RP_MY_HERE("t.TABLE_SCHEMA") " AND t.ENGINE = 'InnoDB') THEN NULL ELSE s.INDEX_TYPE END"
/* One row for each column of an index. */
#define INDEXES(column, how, more)                                                                           \
	"SELECT s.TABLE_NAME AS 'n1', CASE s.INDEX_NAME WHEN 'PRIMARY' THEN NULL ELSE s.INDEX_NAME END AS"   \
	" 'n2', CASE s.INDEX_NAME WHEN 'PRIMARY' THEN 'primary key' END AS 'kind', CASE WHEN s.NON_UNIQUE"   \
	" = 0 THEN 'UNIQUE' ELSE 'INDEX' END AS 'definition', CONCAT(" column ", CASE WHEN s.SUB_PART IS"    \
	" NULL THEN '' ELSE CONCAT('(', s.SUB_PART, ')') END, CASE s.COLLATION WHEN 'D' THEN ' DESC' ELSE"   \
	" '' END) AS 'part" how "', " METHOD " AS 'method', CASE s.COMMENT WHEN 'disabled' THEN 'false'"     \
	" ELSE 'true' END AS valid, s.INDEX_COMMENT AS 'comment'" more " FROM"                               \
	" information_schema.STATISTICS s WHERE " RP_MY_HERE("s.TABLE_SCHEMA") " ORDER BY "                  \
	RP_MY_BYTES_OF("s.TABLE_NAME") ", " RP_MY_BYTES_OF("s.INDEX_NAME") ", s.SEQ_IN_INDEX"
#define PLAIN RP_MY_NAME("s.COLUMN_NAME")

const struct rp_my_kind rp_my_part_kinds[] = {
	{"index", RP_MY_WITH, RP_MY_INDEX_EXPRESSION,
	 INDEXES("COALESCE(" PLAIN ", CONCAT('(', s.EXPRESSION, ')'))", ":escaped", ", CASE s.IS_VISIBLE"
	 " WHEN 'NO' THEN 'true' END AS 'invisible'")},

	{"index", RP_MY_WITH, RP_MY_INDEX_IGNORED,
	 INDEXES(PLAIN, "", ", CASE s.IGNORED WHEN 'YES' THEN 'true' END AS 'ignored'")},

	{"index", RP_MY_WITH, RP_MY_INDEX_PLAIN,
	 INDEXES(PLAIN, "", "")},

	/* A table in the same database is named without it, which another one is restored to. */
	{"foreign key", RP_MY_ALWAYS, 0,
	 "SELECT k.TABLE_NAME AS 'n1', k.CONSTRAINT_NAME AS 'n2', CONCAT('REFERENCES ', CASE WHEN "
	 RP_MY_HERE("k.REFERENCED_TABLE_SCHEMA") " THEN '' ELSE CONCAT("
	 RP_MY_NAME("k.REFERENCED_TABLE_SCHEMA") ", '.') END, " RP_MY_NAME("k.REFERENCED_TABLE_NAME") ") AS"
	 " 'definition', CONCAT(" RP_MY_NAME("k.COLUMN_NAME") ", ' = ', "
	 RP_MY_NAME("k.REFERENCED_COLUMN_NAME") ") AS 'part', r.UPDATE_RULE AS 'on update', r.DELETE_RULE"
	 " AS 'on delete' FROM information_schema.KEY_COLUMN_USAGE k JOIN"
	 " information_schema.REFERENTIAL_CONSTRAINTS r ON "
	 RP_MY_SAME("r.CONSTRAINT_SCHEMA", "k.CONSTRAINT_SCHEMA") " AND "
	 RP_MY_SAME("r.CONSTRAINT_NAME", "k.CONSTRAINT_NAME") " AND "
	 RP_MY_SAME("r.TABLE_NAME", "k.TABLE_NAME") " WHERE " RP_MY_HERE("k.TABLE_SCHEMA") " AND "
	 RP_MY_HERE("k.CONSTRAINT_SCHEMA") " AND k.REFERENCED_TABLE_NAME IS NOT NULL ORDER BY "
	 RP_MY_BYTES_OF("k.TABLE_NAME") ", " RP_MY_BYTES_OF("k.CONSTRAINT_NAME") ", k.ORDINAL_POSITION"},

	/* That of a column has the column's name, and a table's may have the same. */
	{"check constraint", RP_MY_WITH, RP_MY_CHECK_TABLE_NAME,
	 "SELECT k.TABLE_NAME AS 'n1', k.CONSTRAINT_NAME AS 'n2', CASE k.LEVEL WHEN 'Column' THEN 'column"
	 " check' END AS 'kind', k.CHECK_CLAUSE AS 'definition:expression', 'true' AS 'valid' FROM"
	 " information_schema.CHECK_CONSTRAINTS k WHERE " RP_MY_HERE("k.CONSTRAINT_SCHEMA")},

	/* Joined by hash: one by one it takes minutes for a thousand tables. */
	{"check constraint", RP_MY_WITHOUT, RP_MY_CHECK_TABLE_NAME,
	 "SELECT /*+ NO_MERGE(t) */ t.TABLE_NAME AS 'n1', k.CONSTRAINT_NAME AS 'n2', k.CHECK_CLAUSE AS"
	 " 'definition:escaped', CASE t.ENFORCED WHEN 'NO' THEN 'false' ELSE 'true' END AS 'valid' FROM"
	 " information_schema.CHECK_CONSTRAINTS k JOIN (SELECT c.CONSTRAINT_NAME, c.TABLE_NAME, c.ENFORCED"
	 " FROM information_schema.TABLE_CONSTRAINTS c WHERE " RP_MY_HERE("c.CONSTRAINT_SCHEMA") " AND"
	 " c.CONSTRAINT_TYPE = 'CHECK') t ON t.CONSTRAINT_NAME = k.CONSTRAINT_NAME WHERE "
	 RP_MY_HERE("k.CONSTRAINT_SCHEMA")},

	{NULL, RP_MY_ALWAYS, 0, NULL},
};
