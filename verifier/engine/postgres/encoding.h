/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_POSTGRES_ENCODING_H
#define RP_ENGINE_POSTGRES_ENCODING_H

#include <stdbool.h>

#include "verifier/survey/relation.h"

struct rp_buf;
struct rp_err;

/* How a column's values become bytes, decided at seal time and repeated for ever:
 *   "binary"  what the type's send function gives;
 *   "text"    what its output function gives, for types whose binary form carries OIDs (or is missing): they
 *             differ between two databases that hold the same.
 */
#define RP_PG_BINARY "binary"
#define RP_PG_TEXT   "text"

/* Common table expressions to stand behind WITH RECURSIVE; the last of them is
 *     rp_encoding(type oid, encoding text)
 * with one row for every type that a column of a user's table has. Usage:
 *     "WITH RECURSIVE " RP_PG_ENCODING " SELECT ..., e.encoding FROM pg_attribute a JOIN rp_encoding e ON e.type
 *      = a.atttypid ..."
 * array_send writes its element's type OID and record_send its columns' type OIDs, so both are text when one
 * of these is not built in (16384 and up are the database's own). The reg* types are OIDs. Domains, ranges,
 * arrays and composites are no better than what is inside them; enums, which send their label, are fine. */
#define RP_PG_ENCODING                                                                                       \
	"rp_inside(root, type) AS ("                                                                         \
	" SELECT DISTINCT a.atttypid, a.atttypid FROM pg_attribute a WHERE a.attrelid >= 16384 AND "         \
	"a.attnum > 0"                                                                                       \
	" AND NOT a.attisdropped"                                                                            \
	" UNION"                                                                                             \
	" SELECT i.root, x.type FROM rp_inside i JOIN pg_type t ON t.oid = i.type, LATERAL ("                \
	"  SELECT t.typbasetype WHERE t.typtype = 'd'"                                                       \
	"  UNION ALL SELECT t.typelem WHERE t.typlen = -1 AND t.typelem <> 0"                                \
	"  UNION ALL SELECT a.atttypid FROM pg_attribute a WHERE t.typtype = 'c' AND a.attrelid = "          \
	"t.typrelid"                                                                                         \
	"   AND a.attnum > 0 AND NOT a.attisdropped"                                                         \
	"  UNION ALL SELECT r.rngsubtype FROM pg_range r WHERE t.typtype = 'r' AND r.rngtypid = t.oid"       \
	"  UNION ALL SELECT r.rngsubtype FROM pg_range r WHERE t.typtype = 'm'"                              \
	"   AND (to_jsonb(r) ->> 'rngmultitypid') = t.oid::text"                                             \
	" ) x(type)),"                                                                                       \
	"rp_unsafe(type) AS ("                                                                               \
	" SELECT t.oid FROM pg_type t WHERE t.typsend::oid = 0 OR t.typtype = 'p'"                           \
	"  OR (t.typnamespace = 'pg_catalog'::regnamespace AND t.typname IN ('regproc', 'regprocedure',"     \
	"   'regoper', 'regoperator', 'regclass', 'regcollation', 'regtype', 'regrole', 'regnamespace',"     \
	"   'regconfig', 'regdictionary', 'regdatabase'))"                                                   \
	"  OR (t.typlen = -1 AND t.typelem >= 16384)"                                                        \
	"  OR (t.typtype = 'c' AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = t.typrelid"         \
	"   AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid >= 16384))),"                             \
	"rp_encoding(type, encoding) AS ("                                                                   \
	" SELECT i.root, CASE WHEN bool_or(u.type IS NOT NULL) THEN 'text' ELSE 'binary' END"                \
	" FROM rp_inside i LEFT JOIN rp_unsafe u ON u.type = i.type GROUP BY i.root)"

/* Append the select-list expression for one column; RP_ERR_OBJECT for an encoding that is none of ours. */
int rp_pg_encode(struct rp_buf *sql, const struct rp_column *col, struct rp_err **err);
bool rp_pg_is_binary(const struct rp_column *col);
/* How its values follow each other. */
struct rp_order rp_pg_order(const struct rp_column *col);

#endif
