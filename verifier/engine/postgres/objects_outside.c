/* SPDX-License-Identifier: MIT */
#include "verifier/engine/postgres/objects.h"

/* SQL is laid out by hand: */
/* clang-format off */

/* What connects the database to other places: foreign data, publications, extensions. Passwords stay where they
 * are: a user mapping's options and a subscription's connection are never read. */

/* 15 has lists of columns, conditions and whole schemas; what a publication names is one line each. */
#define PUBLISHED_TABLES(more)                                                                               \
	"SELECT 'TABLE ' || " RP_PG_CLASS_NAME("r.prrelid") more " AS line FROM pg_publication_rel r WHERE"  \
	" r.prpubid = p.oid"
#define PUBLISHED_SINCE_15                                                                                   \
	"|| coalesce(' (' || (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM"        \
	" pg_attribute a WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs::int2[])) || ')', '') ||" \
	" coalesce(' WHERE ' || pg_get_expr(r.prqual, r.prrelid), '')"
#define PUBLISHED_SCHEMAS                                                                                    \
	" UNION ALL SELECT 'SCHEMA ' || quote_ident(xn.nspname) FROM pg_publication_namespace s JOIN"        \
	" pg_namespace xn ON xn.oid = s.pnnspid WHERE s.pnpubid = p.oid"
#define PUBLICATION(lines, more)                                                                             \
	"SELECT p.pubname AS n1, concat_ws(E'\\n', CASE WHEN p.puballtables THEN 'ALL TABLES' END, (SELECT"  \
	" string_agg(x.line, E'\\n' ORDER BY x.line COLLATE \"C\") FROM (" lines                             \
	") x), '') AS definition, concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN"        \
	" p.pubupdate THEN 'update' END, CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate"   \
	" THEN 'truncate' END) AS publishes, CASE WHEN p.pubviaroot THEN 'true' END AS \"via partition"      \
	" root\"," more " " RP_PG_OWNER("p.pubowner") " FROM pg_publication p WHERE "                        \
	RP_PG_FREE("pg_publication", "p.oid")
#define GENERATED " CASE p.pubgencols WHEN 's' THEN 'stored' END AS \"generated columns\","

const struct rp_pg_kind rp_pg_outside_kinds[] = {
	/* Not its owner and not what belongs to it: whoever runs CREATE EXTENSION decides the first, its
	 * version the second. */
	{"extension", 0, 0,
	 "SELECT x.extname AS n1, '' AS definition, n.nspname AS schema, x.extversion AS \"installed"
	 " version\" FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace"},

	{"foreign data wrapper", 0, 0,
	 "SELECT f.fdwname AS n1, concat_ws(E'\\n', CASE WHEN f.fdwhandler <> 0 THEN 'HANDLER ' ||"
	 " f.fdwhandler::regprocedure END, CASE WHEN f.fdwvalidator <> 0 THEN 'VALIDATOR ' ||"
	 " f.fdwvalidator::regprocedure END) AS definition, " RP_PG_MASKED_OPTIONS("f.fdwoptions")
	 " AS options, " RP_PG_OWNER("f.fdwowner") ", " RP_PG_GRANTS("f.fdwacl", "'F'", "f.fdwowner")
	 " FROM pg_foreign_data_wrapper f WHERE " RP_PG_OURS("f.oid") " AND "
	 RP_PG_FREE("pg_foreign_data_wrapper", "f.oid")},

	{"foreign server", 0, 0,
	 "SELECT s.srvname AS n1, '' AS definition, f.fdwname AS wrapper, s.srvtype AS type, s.srvversion AS"
	 " \"server version\", " RP_PG_MASKED_OPTIONS("s.srvoptions") " AS options, "
	 RP_PG_OWNER("s.srvowner") ", " RP_PG_GRANTS("s.srvacl", "'S'", "s.srvowner")
	 " FROM pg_foreign_server s JOIN pg_foreign_data_wrapper f ON f.oid = s.srvfdw WHERE "
	 RP_PG_FREE("pg_foreign_server", "s.oid")},

	{"user mapping", 0, 0,
	 "SELECT u.srvname AS n1, CASE u.umuser WHEN 0 THEN 'PUBLIC' ELSE quote_ident(u.usename) END AS"
	 " n2, '' AS definition, CASE WHEN u.umuser <> 0 THEN u.usename END AS role FROM pg_user_mappings u"},

	{"publication", 13, 14,
	 PUBLICATION(PUBLISHED_TABLES(""), "")},

	{"publication", 15, 17,
	 PUBLICATION(PUBLISHED_TABLES(PUBLISHED_SINCE_15)PUBLISHED_SCHEMAS, "")},

	{"publication", 18, 0,
	 PUBLICATION(PUBLISHED_TABLES(PUBLISHED_SINCE_15)PUBLISHED_SCHEMAS, GENERATED)},

	{NULL, 0, 0, NULL},
};
