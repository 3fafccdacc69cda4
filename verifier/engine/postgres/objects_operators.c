/* SPDX-License-Identifier: MIT */
#include "verifier/engine/postgres/objects.h"

/* SQL is laid out by hand: */
/* clang-format off */

/* Operators, the classes and families they form, casts and conversions. */

#define FROM_IN_SCHEMA(catalog, x, schema)                                                                   \
	" FROM " catalog " " x " JOIN pg_namespace n ON n.oid = " x "." schema " WHERE " RP_PG_OURS(x".oid") \
	" AND " RP_PG_USER_SCHEMA("n") " AND " RP_PG_FREE(catalog, x".oid")
#define TYPE_OR_NONE(oid) "CASE " oid " WHEN 0 THEN 'NONE' ELSE format_type(" oid ", NULL) END"

const struct rp_pg_kind rp_pg_operator_kinds[] = {
	{"operator", 0, 0,
	 "SELECT n.nspname AS n1, o.oprname || '(' || " TYPE_OR_NONE("o.oprleft") " || ', ' || "
	 TYPE_OR_NONE("o.oprright") " || ')' AS n2, concat_ws(E'\\n', CASE WHEN o.oprcode::oid = 0 THEN"
	 " 'SHELL' ELSE 'FUNCTION ' || o.oprcode::regprocedure END, CASE WHEN o.oprrest::oid <> 0 THEN"
	 " 'RESTRICT ' || o.oprrest::regprocedure END, CASE WHEN o.oprjoin::oid <> 0 THEN 'JOIN ' ||"
	 " o.oprjoin::regprocedure END, CASE WHEN o.oprcanhash THEN 'HASHES' END, CASE WHEN o.oprcanmerge"
	 " THEN 'MERGES' END) AS definition, CASE WHEN o.oprcom <> 0 THEN o.oprcom::regoperator::text END"
	 " AS commutator, CASE WHEN o.oprnegate <> 0 THEN o.oprnegate::regoperator::text END AS negator, "
	 RP_PG_OWNER("o.oprowner") FROM_IN_SCHEMA("pg_operator", "o", "oprnamespace")},

	{"operator family", 0, 0,
	 "SELECT n.nspname AS n1, f.opfname AS n2, m.amname AS n3, concat_ws(E'\\n', (SELECT"
	 " string_agg(x.line, E'\\n' ORDER BY x.line COLLATE \"C\") FROM (SELECT format('OPERATOR %s %s FOR"
	 " %s', lpad(a.amopstrategy::text, 4), a.amopopr::regoperator, CASE a.amoppurpose WHEN 's' THEN"
	 " 'SEARCH' ELSE 'ORDER BY' END) AS line FROM pg_amop a WHERE a.amopfamily = f.oid UNION ALL SELECT"
	 " format('FUNCTION %s (%s, %s) %s', lpad(a.amprocnum::text, 4), format_type(a.amproclefttype,"
	 " NULL), format_type(a.amprocrighttype, NULL), a.amproc::oid::regprocedure) FROM pg_amproc a WHERE"
	 " a.amprocfamily = f.oid) x), '') AS definition, " RP_PG_OWNER("f.opfowner")
	 " FROM pg_opfamily f JOIN pg_namespace n ON n.oid = f.opfnamespace JOIN pg_am m ON m.oid ="
	 " f.opfmethod WHERE " RP_PG_OURS("f.oid") " AND " RP_PG_USER_SCHEMA("n") " AND "
	 RP_PG_FREE("pg_opfamily", "f.oid")},

	{"operator class", 0, 0,
	 "SELECT n.nspname AS n1, o.opcname AS n2, m.amname AS n3, concat_ws(E'\\n', CASE WHEN o.opcdefault"
	 " THEN 'DEFAULT' END, 'FOR TYPE ' || format_type(o.opcintype, NULL), (SELECT format('FAMILY %I.%I',"
	 " xn.nspname, xf.opfname) FROM pg_opfamily xf JOIN pg_namespace xn ON xn.oid = xf.opfnamespace"
	 " WHERE xf.oid = o.opcfamily), CASE WHEN o.opckeytype <> 0 THEN 'STORAGE ' ||"
	 " format_type(o.opckeytype, NULL) END) AS definition, " RP_PG_OWNER("o.opcowner")
	 " FROM pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace JOIN pg_am m ON m.oid ="
	 " o.opcmethod WHERE " RP_PG_OURS("o.oid") " AND " RP_PG_USER_SCHEMA("n") " AND "
	 RP_PG_FREE("pg_opclass", "o.oid")},

	{"cast", 0, 0,
	 "SELECT format_type(k.castsource, NULL) AS n1, format_type(k.casttarget, NULL) AS n2, CASE"
	 " k.castmethod WHEN 'i' THEN 'WITH INOUT' WHEN 'b' THEN 'WITHOUT FUNCTION' ELSE 'WITH FUNCTION ' ||"
	 " k.castfunc::regprocedure END || CASE k.castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN '"
	 " AS IMPLICIT' ELSE '' END AS definition FROM pg_cast k WHERE " RP_PG_OURS("k.oid") " AND "
	 RP_PG_FREE("pg_cast", "k.oid")},

	{"conversion", 0, 0,
	 "SELECT n.nspname AS n1, k.conname AS n2, CASE WHEN k.condefault THEN 'DEFAULT ' ELSE '' END ||"
	 " format('FOR %L TO %L FROM %s', pg_encoding_to_char(k.conforencoding),"
	 " pg_encoding_to_char(k.contoencoding), k.conproc) AS definition, " RP_PG_OWNER("k.conowner")
	 FROM_IN_SCHEMA("pg_conversion", "k", "connamespace")},

	{NULL, 0, 0, NULL},
};
