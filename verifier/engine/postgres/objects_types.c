/* SPDX-License-Identifier: MIT */
#include "verifier/engine/postgres/objects.h"

/* SQL is laid out by hand: */
/* clang-format off */

/* Types, collations and text search. A composite type's attributes are with the columns. */

#define FROM_TYPE                                                                                            \
	" FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE " RP_PG_OURS("t.oid") " AND "   \
	RP_PG_USER_SCHEMA("n") " AND " RP_PG_FREE("pg_type", "t.oid")
#define OF_TYPE " " RP_PG_OWNER("t.typowner") ", " RP_PG_GRANTS("t.typacl", "'T'", "t.typowner")
#define FUNCTION(word, column)                                                                               \
	" CASE WHEN " column "::oid <> 0 THEN '" word " ' || " column "::regprocedure END,"

#define BASE_TYPE(subscript)                                                                                 \
	"SELECT n.nspname AS n1, t.typname AS n2, concat_ws(E'\\n'," FUNCTION("INPUT", "t.typinput")         \
	FUNCTION("OUTPUT", "t.typoutput") FUNCTION("RECEIVE", "t.typreceive") FUNCTION("SEND", "t.typsend")  \
	FUNCTION("TYPMOD_IN", "t.typmodin") FUNCTION("TYPMOD_OUT", "t.typmodout")                            \
	FUNCTION("ANALYZE", "t.typanalyze") subscript " 'INTERNALLENGTH ' || t.typlen, CASE WHEN t.typbyval" \
	" THEN 'PASSEDBYVALUE' END, 'ALIGNMENT ' || t.typalign::text, 'STORAGE ' || t.typstorage::text,"     \
	" 'CATEGORY ' || t.typcategory::text, CASE WHEN t.typispreferred THEN 'PREFERRED' END, 'DEFAULT ' ||" \
	" quote_literal(t.typdefault), CASE WHEN t.typelem <> 0 THEN 'ELEMENT ' || format_type(t.typelem,"   \
	" NULL) END, 'DELIMITER ' || t.typdelim::text, CASE WHEN t.typcollation <> 0 THEN 'COLLATABLE' END)" \
	" AS definition," OF_TYPE FROM_TYPE " AND t.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_type e"     \
	" WHERE e.typarray = t.oid)"

#define RANGE(multirange)                                                                                    \
	"SELECT n.nspname AS n1, t.typname AS n2, '' AS definition, format_type(r.rngsubtype, NULL) AS"      \
	" subtype, (SELECT format('%I.%I', xn.nspname, xo.opcname) FROM pg_opclass xo JOIN pg_namespace xn"  \
	" ON xn.oid = xo.opcnamespace WHERE xo.oid = r.rngsubopc) AS \"operator class\", CASE WHEN"          \
	" r.rngcollation <> 0 THEN " RP_PG_COLLATION_NAME("r.rngcollation") " END AS collation, CASE WHEN"   \
	" r.rngcanonical::oid <> 0 THEN r.rngcanonical::regprocedure::text END AS canonical, CASE WHEN"      \
	" r.rngsubdiff::oid <> 0 THEN r.rngsubdiff::regprocedure::text END AS difference," multirange OF_TYPE \
	" FROM pg_range r JOIN pg_type t ON t.oid = r.rngtypid JOIN pg_namespace n ON n.oid = t.typnamespace" \
	" WHERE " RP_PG_OURS("t.oid") " AND " RP_PG_USER_SCHEMA("n") " AND " RP_PG_FREE("pg_type", "t.oid")

/* 15 and 17 renamed what says which locale ICU uses. */
#define COLLATION(locale, rules)                                                                             \
	"SELECT n.nspname AS n1, k.collname AS n2, concat_ws(E'\\n', 'PROVIDER ' || CASE k.collprovider WHEN" \
	" 'c' THEN 'libc' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'default' END," locale            \
	" CASE WHEN NOT k.collisdeterministic THEN 'NOT DETERMINISTIC' END" rules                            \
	") AS definition, CASE WHEN k.collencoding >= 0 THEN pg_encoding_to_char(k.collencoding) END AS"     \
	" encoding, k.collversion AS version, CASE WHEN " RP_PG_OURS("k.oid") " THEN"                        \
	" pg_get_userbyid(k.collowner) END AS owner FROM pg_collation k JOIN pg_namespace n ON n.oid ="      \
	" k.collnamespace WHERE " RP_PG_FREE("pg_collation", "k.oid") " AND ((" RP_PG_OURS("k.oid") " AND "  \
	RP_PG_USER_SCHEMA("n") ") OR (k.oid < 16384 AND k.collname NOT IN ('default', 'C', 'POSIX') AND"     \
	" EXISTS (SELECT FROM pg_depend xd WHERE xd.refclassid = 'pg_collation'::regclass AND xd.refobjid =" \
	" k.oid AND " RP_PG_OURS("xd.objid") ")))"
#define LIBC_LOCALE                                                                                          \
	" 'LC_COLLATE ' || quote_literal(NULLIF(k.collcollate, '')), 'LC_CTYPE ' ||"                         \
	" quote_literal(NULLIF(k.collctype, '')),"
#define ICU_BEFORE_15                                                                                        \
	" CASE k.collprovider WHEN 'i' THEN 'LOCALE ' || quote_literal(k.collcollate) END, CASE"             \
	" k.collprovider WHEN 'c' THEN 'LC_COLLATE ' || quote_literal(k.collcollate) END, CASE"              \
	" k.collprovider WHEN 'c' THEN 'LC_CTYPE ' || quote_literal(k.collctype) END,"

#define FROM_SEARCH(catalog, x, schema)                                                                      \
	" FROM " catalog " " x " JOIN pg_namespace n ON n.oid = " x "." schema " WHERE " RP_PG_OURS(x".oid") \
	" AND " RP_PG_USER_SCHEMA("n") " AND " RP_PG_FREE(catalog, x".oid")

const struct rp_pg_kind rp_pg_type_kinds[] = {
	{"base type", 13, 13,
	 BASE_TYPE("")},

	{"base type", 14, 0,
	 BASE_TYPE(FUNCTION("SUBSCRIPT", "t.typsubscript"))},

	{"composite type", 0, 0,
	 "SELECT n.nspname AS n1, t.typname AS n2, '' AS definition," OF_TYPE FROM_TYPE
	 " AND t.typtype = 'c' AND EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind ="
	 " 'c')"},

	{"domain", 0, 0,
	 "SELECT n.nspname AS n1, t.typname AS n2, coalesce('DEFAULT ' || pg_get_expr(t.typdefaultbin, 0),"
	 " 'DEFAULT ' || quote_literal(t.typdefault), '') AS definition, format_type(t.typbasetype,"
	 " t.typtypmod) AS type, CASE WHEN t.typnotnull THEN 'true' END AS \"not null\", (SELECT "
	 RP_PG_COLLATION_NAME("t.typcollation") " FROM pg_type b WHERE b.oid = t.typbasetype AND"
	 " b.typcollation <> t.typcollation) AS collation," OF_TYPE FROM_TYPE " AND t.typtype = 'd'"},

	{"domain constraint", 0, 0,
	 "SELECT n.nspname AS n1, t.typname AS n2, k.conname AS n3,"
	 " regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '') AS definition,"
	 " k.convalidated::text AS valid FROM pg_constraint k JOIN pg_type t ON t.oid = k.contypid JOIN"
	 " pg_namespace n ON n.oid = t.typnamespace WHERE k.contype = 'c' AND " RP_PG_OURS("t.oid") " AND "
	 RP_PG_USER_SCHEMA("n") " AND " RP_PG_FREE("pg_type", "t.oid")},

	{"enum", 0, 0,
	 "SELECT n.nspname AS n1, t.typname AS n2, coalesce((SELECT string_agg(quote_literal(e.enumlabel),"
	 " E'\\n' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid), '') AS definition,"
	 OF_TYPE FROM_TYPE " AND t.typtype = 'e'"},

	{"range type", 13, 13,
	 RANGE("")},

	{"range type", 14, 0,
	 RANGE(" format_type(r.rngmultitypid, NULL) AS multirange,")},

	{"shell type", 0, 0,
	 "SELECT n.nspname AS n1, t.typname AS n2, '' AS definition," OF_TYPE FROM_TYPE
	 " AND t.typtype = 'p' AND NOT t.typisdefined"},

	/* Those of the server's own that something here is sorted by, too: they have a version. */
	{"collation", 13, 14,
	 COLLATION(ICU_BEFORE_15, "")},

	{"collation", 15, 15,
	 COLLATION(" 'LOCALE ' || quote_literal(k.colliculocale),"LIBC_LOCALE, "")},

	{"collation", 16, 16,
	 COLLATION(" 'LOCALE ' || quote_literal(k.colliculocale)," LIBC_LOCALE,
	 ", 'RULES ' || quote_literal(k.collicurules)")},

	{"collation", 17, 0,
	 COLLATION(" 'LOCALE ' || quote_literal(k.colllocale)," LIBC_LOCALE, ", 'RULES ' ||"
	 " quote_literal(k.collicurules)")},

	{"text search parser", 0, 0,
	 "SELECT n.nspname AS n1, s.prsname AS n2, concat_ws(E'\\n'," FUNCTION("START", "s.prsstart")
	 FUNCTION("GETTOKEN", "s.prstoken") FUNCTION("END", "s.prsend") FUNCTION("HEADLINE", "s.prsheadline")
	 FUNCTION("LEXTYPES", "s.prslextype") " NULL) AS definition"
	 FROM_SEARCH("pg_ts_parser", "s", "prsnamespace")},

	{"text search template", 0, 0,
	 "SELECT n.nspname AS n1, s.tmplname AS n2, concat_ws(E'\\n'," FUNCTION("INIT", "s.tmplinit")
	 FUNCTION("LEXIZE", "s.tmpllexize") " NULL) AS definition"
	 FROM_SEARCH("pg_ts_template", "s", "tmplnamespace")},

	{"text search dictionary", 0, 0,
	 "SELECT n.nspname AS n1, s.dictname AS n2, (SELECT format('TEMPLATE %I.%I', xn.nspname,"
	 " xt.tmplname) FROM pg_ts_template xt JOIN pg_namespace xn ON xn.oid = xt.tmplnamespace WHERE"
	 " xt.oid = s.dicttemplate) || coalesce(E'\\n' || s.dictinitoption, '') AS definition, "
	 RP_PG_OWNER("s.dictowner") FROM_SEARCH("pg_ts_dict", "s", "dictnamespace")},

	{"text search configuration", 0, 0,
	 "SELECT n.nspname AS n1, s.cfgname AS n2, (SELECT format('PARSER %I.%I', xn.nspname, xp.prsname)"
	 " FROM pg_ts_parser xp JOIN pg_namespace xn ON xn.oid = xp.prsnamespace WHERE xp.oid = s.cfgparser)"
	 " || coalesce((SELECT string_agg(E'\\n' || y.alias || ' ' || y.dicts, '' ORDER BY y.alias COLLATE"
	 " \"C\") FROM (SELECT (SELECT tt.alias FROM ts_token_type(s.cfgparser) tt WHERE tt.tokid ="
	 " m.maptokentype) AS alias, string_agg(m.mapdict::regdictionary::text, ', ' ORDER BY m.mapseqno) AS"
	 " dicts FROM pg_ts_config_map m WHERE m.mapcfg = s.oid GROUP BY m.maptokentype) y), '') AS"
	 " definition, " RP_PG_OWNER("s.cfgowner") FROM_SEARCH("pg_ts_config", "s", "cfgnamespace")},

	{NULL, 0, 0, NULL},
};
