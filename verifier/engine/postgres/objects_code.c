/* SPDX-License-Identifier: MIT */
#include "verifier/engine/postgres/objects.h"

/* SQL is laid out by hand: */
/* clang-format off */

/* What runs: functions of every sort, event triggers, languages and what hangs on them. */

/* Two functions of one name differ in their arguments' types; the arguments' own names may change. */
#define SIGNATURE "p.proname || '(' || oidvectortypes(p.proargtypes) || ')'"

#define FROM_FUNCTION                                                                                        \
	" FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE " RP_PG_OURS("p.oid") " AND "   \
	RP_PG_USER_SCHEMA("n") " AND " RP_PG_FREE("pg_proc", "p.oid")

#define SUPPORT(word, column)                                                                                \
	" CASE WHEN " column "::oid <> 0 THEN '" word " ' || " column "::regprocedure END,"

const struct rp_pg_kind rp_pg_code_kinds[] = {
	{"function", 0, 0,
	 "SELECT n.nspname AS n1, " SIGNATURE " AS n2, CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'w'"
	 " THEN 'window function' END AS kind, pg_get_functiondef(p.oid) AS definition, "
	 RP_PG_OWNER("p.proowner") ", " RP_PG_GRANTS("p.proacl", "'f'", "p.proowner") FROM_FUNCTION
	 " AND p.prokind IN ('f', 'p', 'w')"},

	{"aggregate", 0, 0,
	 "SELECT n.nspname AS n1, " SIGNATURE " AS n2, concat_ws(E'\\n', 'AGGREGATE (' ||"
	 " pg_get_function_arguments(p.oid) || ') RETURNS ' || pg_get_function_result(p.oid), CASE g.aggkind"
	 " WHEN 'o' THEN 'ORDERED SET ' || g.aggnumdirectargs WHEN 'h' THEN 'HYPOTHETICAL SET ' ||"
	 " g.aggnumdirectargs END," SUPPORT("SFUNC", "g.aggtransfn") " 'STYPE ' ||"
	 " format_type(g.aggtranstype, NULL), 'SSPACE ' || NULLIF(g.aggtransspace, 0),"
	 SUPPORT("FINALFUNC", "g.aggfinalfn") " CASE WHEN g.aggfinalextra THEN 'FINALFUNC_EXTRA' END,"
	 " 'FINALFUNC_MODIFY ' || g.aggfinalmodify::text," SUPPORT("COMBINEFUNC", "g.aggcombinefn")
	 SUPPORT("SERIALFUNC", "g.aggserialfn") SUPPORT("DESERIALFUNC", "g.aggdeserialfn")
	 " 'INITCOND ' || quote_literal(g.agginitval)," SUPPORT("MSFUNC", "g.aggmtransfn")
	 SUPPORT("MINVFUNC", "g.aggminvtransfn") " CASE WHEN g.aggmtranstype <> 0 THEN 'MSTYPE ' ||"
	 " format_type(g.aggmtranstype, NULL) END, 'MSSPACE ' || NULLIF(g.aggmtransspace, 0),"
	 SUPPORT("MFINALFUNC", "g.aggmfinalfn") " CASE WHEN g.aggmfinalextra THEN 'MFINALFUNC_EXTRA' END,"
	 " 'MFINALFUNC_MODIFY ' || g.aggmfinalmodify::text, 'MINITCOND ' || quote_literal(g.aggminitval),"
	 " CASE WHEN g.aggsortop <> 0 THEN 'SORTOP ' || g.aggsortop::regoperator END, 'PARALLEL ' ||"
	 " p.proparallel::text) AS definition, " RP_PG_OWNER("p.proowner") ", "
	 RP_PG_GRANTS("p.proacl", "'f'", "p.proowner") " FROM pg_aggregate g JOIN pg_proc p ON p.oid ="
	 " g.aggfnoid::oid JOIN pg_namespace n ON n.oid = p.pronamespace WHERE " RP_PG_OURS("p.oid") " AND "
	 RP_PG_USER_SCHEMA("n") " AND " RP_PG_FREE("pg_proc", "p.oid")},

	{"event trigger", 0, 0,
	 "SELECT v.evtname AS n1, 'ON ' || v.evtevent || coalesce(' WHEN TAG IN (' || (SELECT"
	 " string_agg(quote_literal(t), ', ' ORDER BY t COLLATE \"C\") FROM unnest(v.evttags) t) || ')', '')"
	 " || ' EXECUTE FUNCTION ' || v.evtfoid::regprocedure AS definition, CASE v.evtenabled WHEN 'D' THEN"
	 " 'never' WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always' END AS fires, " RP_PG_OWNER("v.evtowner")
	 " FROM pg_event_trigger v WHERE " RP_PG_FREE("pg_event_trigger", "v.oid")},

	{"language", 0, 0,
	 "SELECT l.lanname AS n1, concat_ws(E'\\n', CASE WHEN l.lanpltrusted THEN 'TRUSTED' END,"
	 SUPPORT("HANDLER", "l.lanplcallfoid") SUPPORT("INLINE", "l.laninline")
	 SUPPORT("VALIDATOR", "l.lanvalidator") " NULL) AS definition, " RP_PG_OWNER("l.lanowner") ", "
	 RP_PG_GRANTS("l.lanacl", "'l'", "l.lanowner") " FROM pg_language l WHERE " RP_PG_OURS("l.oid")
	 " AND " RP_PG_FREE("pg_language", "l.oid")},

	{"transform", 0, 0,
	 "SELECT format_type(f.trftype, NULL) AS n1, l.lanname AS n2, concat_ws(E'\\n',"
	 SUPPORT("FROM SQL", "f.trffromsql") SUPPORT("TO SQL", "f.trftosql") " NULL) AS definition FROM"
	 " pg_transform f JOIN pg_language l ON l.oid = f.trflang WHERE " RP_PG_OURS("f.oid") " AND "
	 RP_PG_FREE("pg_transform", "f.oid")},

	{"access method", 0, 0,
	 "SELECT a.amname AS n1, CASE a.amtype WHEN 'i' THEN 'INDEX' ELSE 'TABLE' END || ' HANDLER ' ||"
	 " a.amhandler::regprocedure AS definition FROM pg_am a WHERE " RP_PG_OURS("a.oid") " AND "
	 RP_PG_FREE("pg_am", "a.oid")},

	{NULL, 0, 0, NULL},
};
