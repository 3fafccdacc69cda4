/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/damages.h"
#include "verifier/engine/mysql/objects.h"

/* Damages that 'selftest' does to a restored copy, and the questions that find where each can be done. */

/* SQL is laid out by hand: */
/* clang-format off */

/* Where a transaction can be rolled back, and ALTER TABLE asks for nothing special. */
#define TABLES                                                                                               \
	" FROM information_schema.TABLES t WHERE " RP_MY_HERE("t.TABLE_SCHEMA") " AND t.TABLE_TYPE = 'BASE TABLE'" \
	" AND t.ENGINE IN (SELECT e.ENGINE FROM information_schema.ENGINES e WHERE e.TRANSACTIONS = 'YES')"
#define SOURCE "CONCAT(" RP_MY_NAME("t.TABLE_SCHEMA") ", '.', " RP_MY_NAME("t.TABLE_NAME") ")"
#define THIS_TABLE TABLES " AND " RP_MY_BYTES_OF(SOURCE) " = " RP_MY_BYTES_OF("?")
/* Its triggers would fire, which might do what no transaction takes back. */
#define WITHOUT_TRIGGER(event)                                                                               \
	" AND NOT EXISTS (SELECT 1 FROM information_schema.TRIGGERS g WHERE g.EVENT_OBJECT_SCHEMA ="         \
	" t.TABLE_SCHEMA AND g.EVENT_OBJECT_TABLE = t.TABLE_NAME" event ")"
#define SMALLEST_FIRST " ORDER BY t.DATA_LENGTH, " RP_MY_BYTES_OF("t.TABLE_NAME") " LIMIT 8"
#define OF_TABLE(alias) alias ".TABLE_SCHEMA = t.TABLE_SCHEMA AND " alias ".TABLE_NAME = t.TABLE_NAME"

#define COLUMN RP_MY_NAME("c.COLUMN_NAME")
#define COLUMNS(of)                                                                                          \
	" FROM information_schema.COLUMNS c JOIN (SELECT t.TABLE_SCHEMA, t.TABLE_NAME, t.DATA_LENGTH" of ") t"  \
	" ON " OF_TABLE("c") " WHERE COALESCE(c.GENERATION_EXPRESSION, '') = '' AND NOT EXISTS (SELECT 1 FROM"  \
	" information_schema.KEY_COLUMN_USAGE k WHERE " OF_TABLE("k") " AND k.COLUMN_NAME = c.COLUMN_NAME)"     \
	" AND NOT EXISTS (SELECT 1 FROM information_schema.CHECK_CONSTRAINTS k WHERE k.CONSTRAINT_SCHEMA ="     \
	" t.TABLE_SCHEMA AND INSTR(k.CHECK_CLAUSE, " COLUMN ") > 0)"
#define THIS_UPDATED THIS_TABLE WITHOUT_TRIGGER(" AND g.EVENT_MANIPULATION = 'UPDATE'")
#define FIRST_COLUMN " ORDER BY c.IS_NULLABLE, c.ORDINAL_POSITION LIMIT 8"

/* To write a thing as it was written, one has to be set up as its author was. */
#define SETTINGS(a, more)                                                                                    \
	"CONCAT('SET SESSION character_set_client = ', " a ".CHARACTER_SET_CLIENT, ', SESSION"               \
	" collation_connection = ', QUOTE(" a ".COLLATION_CONNECTION)" more ") AS 'settings'"
#define IN_UTF8(a) a ".CHARACTER_SET_CLIENT LIKE 'utf8%'"
#define CODE_SETTINGS(a, more) SETTINGS(a, ", ', SESSION sql_mode = ', QUOTE(" a ".SQL_MODE)" more)
/* What is created takes this from the database, as it is now. */
#define OF_ITS_DATABASE(a)                                                                                   \
	a ".DATABASE_COLLATION = (SELECT d.DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA d WHERE " \
	RP_MY_HERE("d.SCHEMA_NAME") ")"

const struct rp_my_damage rp_my_statements[] = {
	{"row-lost",
	 "SELECT CONCAT('DELETE FROM ', " SOURCE ", ' LIMIT 1') AS 'do'" THIS_TABLE
	 WITHOUT_TRIGGER(" AND g.EVENT_MANIPULATION = 'DELETE'"), false},

	{"last-row-lost",
	 "SELECT CONCAT('DELETE FROM ', " SOURCE ", ' ORDER BY ', (SELECT GROUP_CONCAT(" RP_MY_NAME("s.COLUMN_NAME")
	 ", ' DESC' ORDER BY s.SEQ_IN_INDEX) FROM information_schema.STATISTICS s WHERE " OF_TABLE("s")
	 " AND s.INDEX_NAME = 'PRIMARY'), ' LIMIT 1') AS 'do'" THIS_TABLE
	 WITHOUT_TRIGGER(" AND g.EVENT_MANIPULATION = 'DELETE'"), false},

	{"value-changed",
	 "SELECT CONCAT('UPDATE ', " SOURCE ", ' SET ', " COLUMN ", ' = ', CASE WHEN c.DATA_TYPE LIKE '%int' THEN"
	 " CONCAT('CASE WHEN ', " COLUMN ", ' > 0 THEN ', " COLUMN ", ' - 1 ELSE ', " COLUMN ", ' + 1 END WHERE ', "
	 COLUMN ", ' IS NOT NULL') WHEN c.DATA_TYPE IN ('decimal', 'double') THEN CONCAT('- ', " COLUMN ", ' WHERE ', "
	 COLUMN ", ' <> 0') WHEN c.DATA_TYPE IN ('date', 'datetime', 'timestamp') THEN CONCAT(" COLUMN
	 ", ' + INTERVAL 1 DAY WHERE ', " COLUMN ", ' BETWEEN ''1970-01-02'' AND ''2037-12-31''') ELSE"
	 " CONCAT('CONCAT(CASE WHEN LEFT(', " COLUMN ", ', 1) = ''x'' THEN ''y'' ELSE ''x'' END, SUBSTR(', " COLUMN
	 ", ', 2)) WHERE ', " COLUMN ", ' <> ''''') END, ' LIMIT 1') AS 'do'" COLUMNS(THIS_UPDATED)
	 " AND c.DATA_TYPE IN ('tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'double', 'date',"
	 " 'datetime', 'timestamp', 'char', 'varchar', 'text', 'mediumtext', 'longtext', 'varbinary', 'blob')"
	 FIRST_COLUMN, false},

	{"null-for-value",
	 "SELECT CONCAT('UPDATE ', " SOURCE ", ' SET ', " COLUMN ", ' = NULL WHERE ', " COLUMN ", ' IS NOT NULL LIMIT 1')"
	 " AS 'do'" COLUMNS(THIS_UPDATED) " AND c.IS_NULLABLE = 'YES'" FIRST_COLUMN, false},

	/* To another database and back. Triggers cannot follow. */
	{"table-lost",
	 "SELECT 'CREATE DATABASE reprove_selftest' AS 'do', 'DROP DATABASE reprove_selftest' AS 'undo',"
	 " CONCAT('RENAME TABLE ', " SOURCE ", ' TO reprove_selftest.', " RP_MY_NAME("t.TABLE_NAME") ") AS 'do',"
	 " CONCAT('RENAME TABLE reprove_selftest.', " RP_MY_NAME("t.TABLE_NAME") ", ' TO ', " SOURCE ") AS 'undo'"
	 THIS_TABLE WITHOUT_TRIGGER(""), true},

	{"table-gained",
	 "SELECT 'CREATE TABLE reprove_selftest (a int)' AS 'do', 'DROP TABLE reprove_selftest' AS 'undo'", true},

	{"column-gained",
	 "SELECT CONCAT('ALTER TABLE ', " SOURCE ", ' ADD COLUMN reprove_selftest int') AS 'do', CONCAT('ALTER TABLE ', "
	 SOURCE ", ' DROP COLUMN reprove_selftest') AS 'undo'" THIS_TABLE, true},

	{"column-nullable",
	 "SELECT CONCAT('ALTER TABLE ', " SOURCE ", ' MODIFY ', " COLUMN ", ' ', c.COLUMN_TYPE, ' NULL') AS 'do',"
	 " CONCAT('ALTER TABLE ', " SOURCE ", ' MODIFY ') AS 'undo', CONCAT('SHOW CREATE TABLE ', " SOURCE ") AS 'from',"
	 " CONCAT(" COLUMN ", ' ') AS 'line'" COLUMNS(TABLES) " AND c.IS_NULLABLE = 'NO' AND c.COLUMN_DEFAULT IS NULL"
	 " AND c.EXTRA = '' AND c.COLUMN_COMMENT = '' AND c.DATA_TYPE IN ('tinyint', 'smallint',"
	 " 'mediumint', 'int', 'bigint', 'decimal', 'double', 'date', 'datetime')" SMALLEST_FIRST, true},

	{"default-lost",
	 "SELECT CONCAT('ALTER TABLE ', " SOURCE ", ' ALTER COLUMN ', " COLUMN ", ' DROP DEFAULT') AS 'do', CONCAT("
	 "'ALTER TABLE ', " SOURCE ", ' MODIFY ') AS 'undo', CONCAT('SHOW CREATE TABLE ', " SOURCE ") AS 'from',"
	 " CONCAT(" COLUMN ", ' ') AS 'line'" COLUMNS(TABLES) " AND c.COLUMN_DEFAULT <> 'NULL' AND c.EXTRA = ''"
	 SMALLEST_FIRST, true},

	{"index-lost",
	 "SELECT CONCAT('DROP INDEX ', " RP_MY_NAME("s.INDEX_NAME") ", ' ON ', " SOURCE ") AS 'do', CONCAT('ALTER TABLE ', "
	 SOURCE ", ' ADD ') AS 'undo', CONCAT('SHOW CREATE TABLE ', " SOURCE ") AS 'from', CONCAT(CASE s.NON_UNIQUE WHEN 0"
	 " THEN 'UNIQUE ' ELSE '' END, 'KEY ', " RP_MY_NAME("s.INDEX_NAME") ", ' (') AS 'line' FROM"
	 " information_schema.STATISTICS s JOIN (SELECT t.TABLE_SCHEMA, t.TABLE_NAME, t.DATA_LENGTH" TABLES ") t ON "
	 OF_TABLE("s") " WHERE s.INDEX_NAME <> 'PRIMARY' AND s.SEQ_IN_INDEX = 1 AND s.INDEX_TYPE = 'BTREE' AND NOT EXISTS"
	 " (SELECT 1 FROM information_schema.KEY_COLUMN_USAGE k WHERE k.REFERENCED_TABLE_NAME IS NOT NULL AND"
	 " ((" OF_TABLE("k") " AND k.COLUMN_NAME = s.COLUMN_NAME) OR (k.REFERENCED_TABLE_SCHEMA = t.TABLE_SCHEMA"
	 " AND k.REFERENCED_TABLE_NAME = t.TABLE_NAME AND k.REFERENCED_COLUMN_NAME = s.COLUMN_NAME)))" SMALLEST_FIRST, true},

	{"foreign-key-lost",
	 "SELECT CONCAT('ALTER TABLE ', " SOURCE ", ' DROP FOREIGN KEY ', " RP_MY_NAME("k.CONSTRAINT_NAME") ") AS 'do',"
	 " CONCAT('ALTER TABLE ', " SOURCE ", ' ADD ') AS 'undo', CONCAT('SHOW CREATE TABLE ', " SOURCE ") AS 'from',"
	 " CONCAT('CONSTRAINT ', " RP_MY_NAME("k.CONSTRAINT_NAME") ", ' FOREIGN KEY ') AS 'line' FROM"
	 " information_schema.TABLE_CONSTRAINTS k JOIN (SELECT t.TABLE_SCHEMA, t.TABLE_NAME, t.DATA_LENGTH" TABLES ") t ON "
	 OF_TABLE("k") " WHERE k.CONSTRAINT_TYPE = 'FOREIGN KEY'" SMALLEST_FIRST, true},

	/* One that is written behind its column has no line of its own. */
	{"check-lost",
	 "SELECT CONCAT('ALTER TABLE ', " SOURCE ", ' DROP CONSTRAINT ', " RP_MY_NAME("k.CONSTRAINT_NAME") ") AS 'do',"
	 " CONCAT('ALTER TABLE ', " SOURCE ", ' ADD ') AS 'undo', CONCAT('SHOW CREATE TABLE ', " SOURCE ") AS 'from',"
	 " CONCAT('CONSTRAINT ', " RP_MY_NAME("k.CONSTRAINT_NAME") ", ' CHECK ') AS 'line' FROM"
	 " information_schema.TABLE_CONSTRAINTS k JOIN (SELECT t.TABLE_SCHEMA, t.TABLE_NAME, t.DATA_LENGTH" TABLES ") t ON "
	 OF_TABLE("k") " WHERE k.CONSTRAINT_TYPE = 'CHECK'" SMALLEST_FIRST, true},

	/* One of several would come back behind the others. */
	{"trigger-lost",
	 "SELECT CONCAT('DROP TRIGGER ', " RP_MY_NAME("g.TRIGGER_NAME") ") AS 'do', '' AS 'undo', CONCAT("
	 "'SHOW CREATE TRIGGER ', " RP_MY_NAME("g.TRIGGER_NAME") ") AS 'from', " CODE_SETTINGS("g", "")
	 " FROM information_schema.TRIGGERS g WHERE " RP_MY_HERE("g.TRIGGER_SCHEMA") " AND " IN_UTF8("g") " AND "
	 OF_ITS_DATABASE("g") " AND (SELECT COUNT(*) FROM information_schema.TRIGGERS o WHERE o.TRIGGER_SCHEMA ="
	 " g.TRIGGER_SCHEMA AND o.EVENT_OBJECT_TABLE = g.EVENT_OBJECT_TABLE AND o.EVENT_MANIPULATION ="
	 " g.EVENT_MANIPULATION AND o.ACTION_TIMING = g.ACTION_TIMING) = 1 LIMIT 8", true},

	{"view-lost",
	 "SELECT CONCAT('DROP VIEW ', " RP_MY_NAME("v.TABLE_NAME") ") AS 'do', '' AS 'undo', CONCAT('SHOW CREATE VIEW ', "
	 RP_MY_NAME("v.TABLE_NAME") ") AS 'from', CONCAT('SELECT 1 FROM ', " RP_MY_NAME("v.TABLE_NAME") ", ' LIMIT 0') AS"
	 " 'try', " SETTINGS("v", "") " FROM information_schema.VIEWS v WHERE " RP_MY_HERE("v.TABLE_SCHEMA") " AND "
	 IN_UTF8("v") " LIMIT 8", true},

	{"routine-changed",
	 "SELECT CONCAT('ALTER ', r.ROUTINE_TYPE, ' ', " RP_MY_NAME("r.ROUTINE_NAME") ", ' SQL SECURITY ', CASE"
	 " r.SECURITY_TYPE WHEN 'DEFINER' THEN 'INVOKER' ELSE 'DEFINER' END) AS 'do', CONCAT('ALTER ', r.ROUTINE_TYPE,"
	 " ' ', " RP_MY_NAME("r.ROUTINE_NAME") ", ' SQL SECURITY ', r.SECURITY_TYPE) AS 'undo' FROM"
	 " information_schema.ROUTINES r WHERE " RP_MY_HERE("r.ROUTINE_SCHEMA") " AND r.ROUTINE_TYPE IN ('FUNCTION',"
	 " 'PROCEDURE') LIMIT 8", true},

	/* One that is over could not be made again. */
	{"event-lost",
	 "SELECT CONCAT('DROP EVENT ', " RP_MY_NAME("e.EVENT_NAME") ") AS 'do', '' AS 'undo', CONCAT('SHOW CREATE EVENT ', "
	 RP_MY_NAME("e.EVENT_NAME") ") AS 'from', " CODE_SETTINGS("e", ", ', SESSION time_zone = ', QUOTE(e.TIME_ZONE)")
	 " FROM information_schema.EVENTS e WHERE " RP_MY_HERE("e.EVENT_SCHEMA") " AND " IN_UTF8("e") " AND "
	 OF_ITS_DATABASE("e") " AND e.EXECUTE_AT IS NULL AND e.ENDS IS NULL LIMIT 8", true},

	/* Forwards, for it does not go back behind the rows that are there. */
	{"counter-moved",
	 "SELECT CONCAT('ALTER TABLE ', " SOURCE ", ' AUTO_INCREMENT = ', t.AUTO_INCREMENT + 1) AS 'do', CONCAT("
	 "'ALTER TABLE ', " SOURCE ", ' AUTO_INCREMENT = ', t.AUTO_INCREMENT) AS 'undo'" TABLES
	 " AND t.AUTO_INCREMENT < (SELECT CASE c.DATA_TYPE WHEN 'tinyint' THEN 127 WHEN 'smallint' THEN 32767 WHEN"
	 " 'mediumint' THEN 8388607 WHEN 'int' THEN 2147483647 ELSE 1000000000000000 END FROM information_schema.COLUMNS c"
	 " WHERE " OF_TABLE("c") " AND c.EXTRA LIKE '%auto_increment%')" SMALLEST_FIRST, true},

	{"comment-changed",
	 "SELECT CONCAT('ALTER TABLE ', " SOURCE ", ' COMMENT = ''another one''') AS 'do', CONCAT('ALTER TABLE ', "
	 SOURCE ", ' COMMENT = ', QUOTE(t.TABLE_COMMENT)) AS 'undo'" TABLES SMALLEST_FIRST, true},

	/* The columns keep theirs. */
	{"collation-changed",
	 "SELECT CONCAT('ALTER TABLE ', " SOURCE ", ' COLLATE = utf8mb4_bin') AS 'do', CONCAT('ALTER TABLE ', " SOURCE
	 ", ' COLLATE = ', t.TABLE_COLLATION) AS 'undo'" TABLES " AND t.TABLE_COLLATION <> 'utf8mb4_bin'" SMALLEST_FIRST,
	 true},

	{NULL, NULL, false},
};

const struct rp_engine_damage rp_my_damages[] = {
	{"row-lost", "a row is lost", "relation.rows", true},
	{"last-row-lost", "the last row of a table is lost", "relation.digest", true},
	{"value-changed", "one value of one row is another", "relation.digest", true},
	{"null-for-value", "NULL stands where a value was", "relation.columns", true},
	{"table-lost", "a table is lost", "schema.objects", true},
	{"table-gained", "there is a table that was not sealed", "schema.objects", false},
	{"column-gained", "there is a column that was not sealed", "schema.objects", true},
	{"column-nullable", "a column takes NULL that did not", "schema.objects", false},
	{"default-lost", "a column has lost its default", "schema.objects", false},
	{"index-lost", "an index is lost", "schema.objects", false},
	{"foreign-key-lost", "a foreign key is lost", "schema.objects", false},
	{"check-lost", "a check is lost", "schema.objects", false},
	{"trigger-lost", "a trigger is lost", "schema.objects", false},
	{"view-lost", "a view is lost", "schema.objects", false},
	{"routine-changed", "a routine runs with another account's rights", "schema.objects", false},
	{"event-lost", "an event is lost", "schema.objects", false},
	{"counter-moved", "a counter stands elsewhere", "sequence.position", false},
	{"comment-changed", "a table has another comment", "schema.objects", false},
	{"collation-changed", "a table has another collation", "schema.objects", false},
	{NULL, NULL, NULL, false},
};
/* clang-format on */
