/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/objects.h"

/* SQL is laid out by hand: */
/* clang-format off */

/* What runs: views, routines, triggers, events. Bodies are what their author wrote and the server keeps as
 * it is. */

/* What a text means depends on the settings of whoever made it; the server keeps them, and a dump carries
 * them. */
#define SETTINGS(a)                                                                                          \
	RP_MY_CHARSET(a ".CHARACTER_SET_CLIENT") " AS 'character set client', "                              \
	RP_MY_CHARSET(a ".COLLATION_CONNECTION") " AS 'collation connection'"
#define CODE_SETTINGS(a)                                                                                     \
	SETTINGS(a) ", " RP_MY_CHARSET(a ".DATABASE_COLLATION") " AS 'database collation', " a ".SQL_MODE"   \
	" AS 'sql mode', " a ".DEFINER AS 'owner'"

#define VIEWS(more)                                                                                          \
	"SELECT v.TABLE_NAME AS 'n1', NULLIF(v.VIEW_DEFINITION, '') AS 'definition:expression', CASE"        \
	" v.CHECK_OPTION WHEN 'NONE' THEN NULL ELSE v.CHECK_OPTION END AS 'check option', v.DEFINER AS"      \
	" owner, CASE v.SECURITY_TYPE WHEN 'INVOKER' THEN 'invoker' END AS 'security', " SETTINGS("v") more  \
	" FROM information_schema.VIEWS v WHERE " RP_MY_HERE("v.TABLE_SCHEMA")

/* MariaDB keeps a body in its author's character set, and a second time without what utf8mb3 does not
 * have. */
#define BODY                                                                                                 \
	"CASE WHEN p.character_set_client IN ('utf8mb4', 'utf8mb3', 'utf8', 'ascii') THEN p.body ELSE"       \
	" p.body_utf8 END"

const struct rp_my_kind rp_my_code_kinds[] = {
	{"view", RP_MY_WITH, RP_MY_VIEW_ALGORITHM,
	 VIEWS(", CASE v.ALGORITHM WHEN 'UNDEFINED' THEN NULL ELSE v.ALGORITHM END AS 'algorithm'")},

	{"view", RP_MY_WITHOUT, RP_MY_VIEW_ALGORITHM,
	 VIEWS("")},

	{"routine", RP_MY_WITH, RP_MY_ROUTINE_TABLE,
	 "SELECT p.name AS 'n1', LOWER(p.type) AS 'kind', CONCAT('(', p.param_list, ')\n', " BODY ") AS"
	 " 'definition:body', p.returns AS 'returns:expression', CASE p.aggregate WHEN 'GROUP' THEN 'true'"
	 " END AS 'aggregate', CASE p.is_deterministic WHEN 'YES' THEN 'true' END AS 'deterministic', CASE"
	 " p.sql_data_access WHEN 'CONTAINS_SQL' THEN NULL ELSE REPLACE(p.sql_data_access, '_', ' ') END AS"
	 " 'data access', CASE p.security_type WHEN 'INVOKER' THEN 'invoker' END AS 'security', p.comment"
	 " AS 'comment', " RP_MY_CHARSET("p.character_set_client") " AS 'character set client', "
	 RP_MY_CHARSET("p.collation_connection") " AS 'collation connection', "
	 RP_MY_CHARSET("p.db_collation") " AS 'database collation', p.sql_mode AS 'sql mode', p.definer AS"
	 " 'owner' FROM mysql.proc p WHERE " RP_MY_HERE("p.db")},

	{"routine", RP_MY_WITHOUT, RP_MY_ROUTINE_TABLE,
	 "SELECT r.ROUTINE_NAME AS 'n1', LOWER(r.ROUTINE_TYPE) AS 'kind', r.ROUTINE_DEFINITION AS"
	 " 'definition:body', CASE r.IS_DETERMINISTIC WHEN 'YES' THEN 'true' END AS 'deterministic', CASE"
	 " r.SQL_DATA_ACCESS WHEN 'CONTAINS SQL' THEN NULL ELSE r.SQL_DATA_ACCESS END AS 'data access',"
	 " CASE r.SECURITY_TYPE WHEN 'INVOKER' THEN 'invoker' END AS 'security', CASE r.EXTERNAL_LANGUAGE"
	 " WHEN 'SQL' THEN NULL ELSE r.EXTERNAL_LANGUAGE END AS 'language', r.ROUTINE_COMMENT AS 'comment',"
	 " " CODE_SETTINGS("r") " FROM information_schema.ROUTINES r WHERE " RP_MY_HERE("r.ROUTINE_SCHEMA")},

	/* A function and a procedure may have one name. What a function returns has the place 0 and no
	 * name. */
	{"parameter", RP_MY_WITHOUT, RP_MY_ROUTINE_TABLE,
	 "SELECT LOWER(m.ROUTINE_TYPE) AS 'n1', m.SPECIFIC_NAME AS 'n2', m.ORDINAL_POSITION AS 'n3',"
	 " CONCAT_WS(' ', CASE m.ORDINAL_POSITION WHEN 0 THEN 'RETURNS' END, m.PARAMETER_MODE, "
	 RP_MY_NAME("m.PARAMETER_NAME") ") AS 'definition', m.DTD_IDENTIFIER AS 'type:type', "
	 RP_MY_CHARSET("m.COLLATION_NAME") " AS 'collation' FROM information_schema.PARAMETERS m WHERE "
	 RP_MY_HERE("m.SPECIFIC_SCHEMA")},

	{"trigger", RP_MY_ALWAYS, 0,
	 "SELECT g.EVENT_OBJECT_TABLE AS 'n1', g.TRIGGER_NAME AS 'n2', CONCAT_WS(' ', g.ACTION_TIMING,"
	 " g.EVENT_MANIPULATION, g.ACTION_STATEMENT) AS 'definition:body', g.ACTION_ORDER AS 'action"
	 " order', " CODE_SETTINGS("g") " FROM information_schema.TRIGGERS g WHERE "
	 RP_MY_HERE("g.TRIGGER_SCHEMA")},

	/* What a replica switched off by itself is as good as on. */
	{"event", RP_MY_ALWAYS, 0,
	 "SELECT e.EVENT_NAME AS 'n1', e.EVENT_DEFINITION AS 'definition:body', e.EXECUTE_AT AS 'at', CASE"
	 " WHEN e.INTERVAL_VALUE IS NOT NULL THEN CONCAT(e.INTERVAL_VALUE, ' ', e.INTERVAL_FIELD) END AS"
	 " 'every', e.STARTS AS 'starts', e.ENDS AS 'ends', CASE e.ON_COMPLETION WHEN 'PRESERVE' THEN"
	 " 'preserve' END AS 'on completion', CASE e.STATUS WHEN 'DISABLED' THEN 'false' END AS 'enabled',"
	 " e.TIME_ZONE AS 'time zone', e.EVENT_COMMENT AS 'comment', " CODE_SETTINGS("e") " FROM"
	 " information_schema.EVENTS e WHERE " RP_MY_HERE("e.EVENT_SCHEMA")},

	{"library", RP_MY_WITH, RP_MY_LIBRARIES,
	 "SELECT l.LIBRARY_NAME AS 'n1', l.LIBRARY_DEFINITION AS 'definition:body', l.LANGUAGE AS"
	 " 'language', l.LIBRARY_COMMENT AS 'comment', l.SQL_MODE AS 'sql mode', l.CREATOR AS 'owner' FROM"
	 " information_schema.LIBRARIES l WHERE " RP_MY_HERE("l.LIBRARY_SCHEMA")},

	{NULL, RP_MY_ALWAYS, 0, NULL},
};
