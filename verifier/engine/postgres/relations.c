/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/engine/postgres/catalog.h"
#include "verifier/engine/postgres/encoding.h"
#include "verifier/engine/postgres/objects.h"
#include "verifier/util/buf.h"

/* What holds rows: every table and every partition that is one, each by itself. A partitioned root, a view and a
 * foreign table hold none; a materialized view's are computed again. */

#define NAME_MAX_BYTES (64 << 10)
#define COLUMNS_MAX    1664

/* The extensions' tables that a dump carries whole. Where a condition picks the rows, it is the extension's own
 * SQL, which we do not run. */
/* clang-format off */
#define CONFIGURATION(condition)                                                                             \
	"EXISTS (SELECT FROM pg_extension x, unnest(x.extconfig, x.extcondition) u(rel, rows) WHERE u.rel =" \
	" c.oid AND " condition ")"
/* clang-format on */

/* A row that can be told from the others: the primary key, else the unique index over the fewest columns that
 * are never NULL. */
/* clang-format off */
#define KEYS                                                                                                 \
	"rp_key(rel, att, place) AS (SELECT k.indrelid, u.att, u.place FROM (SELECT DISTINCT ON (i.indrelid)" \
	" i.indrelid, i.indexrelid, i.indkey, i.indnkeyatts FROM pg_index i JOIN pg_class x ON x.oid ="      \
	" i.indexrelid WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL AND" \
	" NOT EXISTS (SELECT FROM unnest(i.indkey::int2[]) WITH ORDINALITY o(att, place) JOIN pg_attribute a" \
	" ON a.attrelid = i.indrelid AND a.attnum = o.att WHERE o.place <= i.indnkeyatts AND (NOT"           \
	" a.attnotnull OR a.attgenerated = 'v')) ORDER BY i.indrelid, i.indisprimary DESC, i.indnkeyatts,"   \
	" x.relname) k, unnest(k.indkey::int2[]) WITH ORDINALITY u(att, place) WHERE u.place <="             \
	" k.indnkeyatts)"
/* clang-format on */

/* Why its rows cannot be read by us, known beforehand. row_security is off: a policy that is in the way makes
 * reading fail, it filters nothing. */
#define REFUSED                                                                                              \
	"CASE WHEN NOT has_schema_privilege(n.oid, 'USAGE') THEN 'no right to use its schema' WHEN NOT"      \
	" has_table_privilege(c.oid, 'SELECT') AND EXISTS (SELECT FROM pg_attribute p WHERE p.attrelid ="    \
	" c.oid AND p.attnum > 0 AND NOT p.attisdropped AND NOT has_column_privilege(c.oid, p.attnum,"       \
	" 'SELECT')) THEN 'no right to read it' WHEN row_security_active(c.oid) THEN 'row-level security"    \
	" hides rows from this role: it needs BYPASSRLS' END"

static const char relations_sql[] =
	"WITH RECURSIVE " RP_PG_ENCODING ", " KEYS " SELECT c.oid, n.nspname, c.relname, format('ONLY"
	" %I.%I', n.nspname, c.relname), coalesce(pg_relation_size(c.oid), 0) +"
	" coalesce(pg_relation_size(c.reltoastrelid), 0)," REFUSED ", a.attname, format_type(a.atttypid,"
	" a.atttypmod), e.encoding, coalesce(k.place, 0) FROM pg_class c JOIN pg_namespace n ON n.oid ="
	" c.relnamespace LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT"
	" a.attisdropped AND a.attgenerated <> 'v' LEFT JOIN rp_encoding e ON e.type = a.atttypid LEFT JOIN"
	" rp_key k ON k.rel = c.oid AND k.att = a.attnum WHERE c.relkind = 'r' AND ((" RP_PG_USER_CLASS(
		"c", "n") ") OR " CONFIGURATION("u.rows = ''") ") ORDER BY n.nspname, c.relname,"
							       " c.oid, a.attnum";
/* clang-format on */
enum { OID, SCHEMA, NAME, SOURCE, BYTES, REASON, COLUMN, TYPE, ENCODING, KEY };

/* clang-format off */
static const char conditional_sql[] =
	"SELECT count(*) FROM pg_class c WHERE c.relkind = 'r' AND " CONFIGURATION("u.rows <> ''");
/* clang-format on */

/* The rows of the result from 'row' on that are about one relation; returns the first that is not. */
static int add_relation(struct rp_survey *into, const PGresult *rows, int row, int *ret_next,
			struct rp_err **err)
{
	struct rp_column columns[COLUMNS_MAX];
	rp_autobuf name = RP_BUF_INIT(NAME_MAX_BYTES);
	struct rp_relation r = {.columns = columns};
	const char *oid = PQgetvalue(rows, row, OID);
	rp_name_add(&name, PQgetvalue(rows, row, SCHEMA));
	rp_name_add(&name, PQgetvalue(rows, row, NAME));
	if (rp_buf_check(&name, err) < 0 || rp_pg_u64(rows, row, BYTES, &r.weight, err) < 0)
		return -1;
	r.name = rp_buf_text(&name);
	r.source = PQgetvalue(rows, row, SOURCE);
	r.not_surveyed = rp_pg_text(rows, row, REASON);
	for (; row < PQntuples(rows) && strcmp(PQgetvalue(rows, row, OID), oid) == 0; row++) {
		uint64_t key;
		if (PQgetisnull(rows, row, COLUMN))
			continue; /* a table may have none */
		if (r.n_columns == COLUMNS_MAX)
			return rp_err_set(err, RP_ERR_ENGINE, "relation '%s' has too many columns", r.name);
		if (rp_pg_u64(rows, row, KEY, &key, err) < 0)
			return -1;
		columns[r.n_columns++] = (struct rp_column){.name = PQgetvalue(rows, row, COLUMN),
							    .type = PQgetvalue(rows, row, TYPE),
							    .encoding = rp_pg_text(rows, row, ENCODING),
							    .key = (unsigned)key};
		columns[r.n_columns - 1].order = rp_pg_order(&columns[r.n_columns - 1]);
		if (columns[r.n_columns - 1].encoding == NULL)
			return rp_err_set(err, RP_ERR_ENGINE, "no encoding is known for column '%s' of '%s'",
					  PQgetvalue(rows, row, COLUMN), r.name);
	}
	*ret_next = row;
	return rp_survey_add_relation(into, &r, err);
}

/* Whose large objects are not ours to read. Rights to them come from nothing but their own ACL: even
 * pg_read_all_data does not reach them. */
/* clang-format off */
#define LARGE_OBJECTS_SQL                                                                                    \
	"SELECT count(*), count(*) FILTER (WHERE NOT (r.rolsuper OR"                                         \
	" current_setting('lo_compat_privileges')::bool OR pg_has_role(m.lomowner, 'USAGE') OR EXISTS"       \
	" (SELECT FROM aclexplode(m.lomacl) a WHERE a.privilege_type = 'SELECT' AND (a.grantee = 0 OR"       \
	" pg_has_role(a.grantee, 'USAGE'))))) FROM pg_largeobject_metadata m, pg_roles r WHERE r.rolname ="  \
	" current_user"
/* clang-format on */

/* One relation for all of them: their ids are data, and by their contents they are compared, not by the pages on
 * which these lie. */
static int add_large_objects(struct rp_pg_conn *c, struct rp_survey *into, struct rp_err **err)
{
	rp_autores *row = NULL;
	uint64_t n, hidden;
	if (rp_pg_query(c, LARGE_OBJECTS_SQL, NULL, 0, &row, err) < 0 || rp_pg_u64(row, 0, 0, &n, err) < 0 ||
	    rp_pg_u64(row, 0, 1, &hidden, err) < 0)
		return rp_err_wrap(err, "large objects");
	if (n == 0)
		return 0;
	struct rp_column columns[] = {
		{.name = "oid", .type = "oid", .encoding = RP_PG_BINARY, .key = 1},
		{.name = "sha256", .type = "bytea", .encoding = RP_PG_BINARY},
	};
	struct rp_relation r = {
		.name = RP_PG_LARGE_OBJECTS,
		.columns = columns,
		.n_columns = 2,
		.source = "(SELECT m.oid, sha256(lo_get(m.oid)) AS sha256 FROM pg_largeobject_metadata m) AS "
			  "large_objects",
		.weight = n * 2048,
		.not_surveyed = hidden > 0
					? "no right to read all of them: the role must be a superuser, their "
					  "owner, or be granted SELECT on each"
					: NULL,
	};
	return rp_survey_add_relation(into, &r, err);
}

int rp_pg_add_relations(struct rp_pg_conn *c, struct rp_survey *into, struct rp_err **err)
{
	rp_autores *rows = NULL, *conditional = NULL;
	struct rp_coverage left_out = {
		.what = "rows of extensions' own tables",
		.reason = "the extension says by a condition of its own which of them are yours"};
	if (rp_pg_query(c, relations_sql, NULL, 0, &rows, err) < 0)
		return rp_err_wrap(err, "tables and their columns");
	for (int row = 0; row < PQntuples(rows);)
		if (add_relation(into, rows, row, &row, err) < 0)
			return -1;
	if (rp_pg_query(c, conditional_sql, NULL, 0, &conditional, err) < 0 ||
	    rp_pg_u64(conditional, 0, 0, &left_out.count, err) < 0)
		return rp_err_wrap(err, "tables of extensions");
	if (left_out.count > 0 && rp_survey_add_coverage(into, &left_out, err) < 0)
		return -1;
	return add_large_objects(c, into, err);
}
