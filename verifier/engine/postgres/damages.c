/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/engine/postgres/catalog.h"
#include "verifier/engine/postgres/conn.h"
#include "verifier/engine/postgres/part.h"
#include "verifier/util/buf.h"

/* Damages that 'selftest' does to a restored copy. Each asks the catalogue for a statement that does it here: none, and
 * there is nothing here that it could be done to. Nobody else is connected, and nothing is ever committed. */

struct statement {
	const char *name;
	const char *sql; /* one row, one column: the statement. $1: the relation, where it is about rows */
};

/* clang-format off */
#define USERS "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.oid >= 16384"
/* Only columns that a plain UPDATE may set, in no index and no constraint that might refuse it. */
#define COLUMN                                                                                               \
	" FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid = $1::regclass"           \
	" AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attidentity <> 'a'"           \
	" AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = a.attrelid AND a.attnum ="           \
	" ANY (k.conkey)) AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND"           \
	" a.attnum = ANY (i.indkey)) "

static const struct statement statements[] = {
	{"row-lost",
	 "SELECT format('DELETE FROM ONLY %s WHERE ctid = (SELECT ctid FROM ONLY %s LIMIT 1)',"
	 " $1::regclass, $1::regclass)"},
	{"last-row-lost",
	 "SELECT format('DELETE FROM ONLY %s WHERE ctid = (SELECT ctid FROM ONLY %s ORDER BY ctid DESC"
	 " LIMIT 1)', $1::regclass, $1::regclass)"},
	{"value-changed",
	 "SELECT format('UPDATE ONLY %s SET %I = %s WHERE ctid = (SELECT ctid FROM ONLY %s WHERE %I %s"
	 " LIMIT 1)', $1::regclass, a.attname, format(CASE t.typname WHEN 'bool' THEN 'NOT %1$I'"
	 " WHEN 'numeric' THEN '- %1$I' WHEN 'float8' THEN '- %1$I' WHEN 'date' THEN '%1$I + 1'"
	 " WHEN 'timestamptz' THEN '%1$I + interval ''1 hour''' WHEN 'timestamp' THEN"
	 " '%1$I + interval ''1 hour''' WHEN 'uuid' THEN 'gen_random_uuid()' WHEN 'text' THEN"
	 " '%1$I || ''x''' WHEN 'varchar' THEN 'CASE WHEN left(%1$I, 1) = ''x'' THEN ''y'' ELSE ''x'' END"
	 " || substr(%1$I, 2)' ELSE '%1$I # 1' END, a.attname), $1::regclass, a.attname, CASE WHEN"
	 " t.typname IN ('numeric', 'float8') THEN '<> 0' WHEN t.typname IN ('text', 'varchar') THEN"
	 " '<> ''''' ELSE 'IS NOT NULL' END)" COLUMN
	 "AND t.typname IN ('bool', 'numeric', 'timestamptz', 'timestamp', 'date', 'float8', 'uuid',"
	 " 'text', 'varchar', 'int2', 'int4', 'int8') ORDER BY a.attnotnull DESC, a.attnum LIMIT 1"},
	{"null-for-value",
	 "SELECT format('UPDATE ONLY %s SET %I = NULL WHERE ctid = (SELECT ctid FROM ONLY %s WHERE %I"
	 " IS NOT NULL LIMIT 1)', $1::regclass, a.attname, $1::regclass, a.attname)" COLUMN
	 "AND NOT a.attnotnull ORDER BY a.attnum LIMIT 1"},
	{"table-lost", "SELECT format('DROP TABLE %s CASCADE', $1::regclass)"},
	{"table-gained",
	 "SELECT format('CREATE TABLE %I.reprove_selftest ()', n.nspname) FROM pg_class c JOIN"
	 " pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1::regclass"},
	{"column-gained",
	 "SELECT format('ALTER TABLE %s ADD COLUMN reprove_selftest integer', c.oid::regclass) FROM"
	 " pg_class c WHERE c.oid = $1::regclass AND NOT c.relispartition"},
	{"column-nullable",
	 "SELECT format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL', c.oid::regclass, a.attname) FROM"
	 " pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid ="
	 " c.relnamespace WHERE " USERS " AND c.relkind = 'r' AND a.attnum > 0 AND a.attnotnull AND"
	 " a.attidentity = '' AND NOT c.relispartition AND NOT EXISTS (SELECT FROM pg_constraint k WHERE"
	 " k.conrelid = c.oid AND k.contype = 'p' AND a.attnum = ANY (k.conkey)) ORDER BY c.oid, a.attnum"
	 " LIMIT 1"},
	{"default-lost",
	 "SELECT format('ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT', c.oid::regclass, a.attname) FROM"
	 " pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum JOIN pg_class c"
	 " ON c.oid = d.adrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE " USERS
	 " AND c.relkind = 'r' AND a.attgenerated = '' ORDER BY c.oid, a.attnum LIMIT 1"},
	{"index-lost",
	 "SELECT format('DROP INDEX %s', c.oid::regclass) FROM pg_index i JOIN pg_class c ON c.oid ="
	 " i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE " USERS
	 " AND c.relkind = 'i' AND NOT c.relispartition AND NOT EXISTS (SELECT FROM pg_constraint k WHERE"
	 " k.conindid = c.oid) ORDER BY c.oid LIMIT 1"},
	{"constraint-lost",
	 "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', c.oid::regclass, k.conname) FROM"
	 " pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid ="
	 " c.relnamespace WHERE " USERS " AND k.contype IN ('c', 'f') AND k.conparentid = 0 AND"
	 " k.coninhcount = 0 ORDER BY k.contype DESC, k.oid LIMIT 1"},
	{"trigger-disabled",
	 "SELECT format('ALTER TABLE %s DISABLE TRIGGER %I', c.oid::regclass, g.tgname) FROM pg_trigger g"
	 " JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE " USERS
	 " AND NOT g.tgisinternal AND g.tgenabled <> 'D' AND c.relkind IN ('r', 'p') ORDER BY g.oid LIMIT 1"},
	{"view-lost",
	 "SELECT format('DROP VIEW %s CASCADE', c.oid::regclass) FROM pg_class c JOIN pg_namespace n ON"
	 " n.oid = c.relnamespace WHERE " USERS " AND c.relkind = 'v' ORDER BY c.oid LIMIT 1"},
	{"function-changed",
	 "SELECT format('ALTER ROUTINE %s SET extra_float_digits = 0', c.oid::regprocedure) FROM pg_proc c"
	 " JOIN pg_namespace n ON n.oid = c.pronamespace WHERE " USERS " AND c.prokind IN ('f', 'p') AND NOT"
	 " EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = c.oid AND"
	 " d.deptype IN ('e', 'i')) ORDER BY c.oid LIMIT 1"},
	{"sequence-behind",
	 "SELECT format('ALTER SEQUENCE %s RESTART WITH %s', c.oid::regclass, s.start_value) FROM"
	 " pg_sequences s JOIN pg_namespace n ON n.nspname = s.schemaname JOIN pg_class c ON c.relnamespace"
	 " = n.oid AND c.relname = s.sequencename WHERE s.last_value > s.start_value AND " USERS
	 " ORDER BY c.oid LIMIT 1"},
	{"grant-gained", "SELECT format('GRANT TRUNCATE ON %s TO PUBLIC', $1::regclass)"},
	{"owner-changed",
	 "SELECT format('ALTER TABLE %s OWNER TO %I', c.oid::regclass, r.rolname) FROM pg_class c, pg_roles r"
	 " WHERE c.oid = $1::regclass AND r.rolname = 'pg_monitor'"},
	{NULL, NULL},
};

const struct rp_engine_damage rp_pg_damages[] = {
	{"row-lost", "a row is lost", "relation.rows", true},
	{"last-row-lost", "the last row of a table is lost", "relation.digest", true},
	{"value-changed", "one value of one row is another", "relation.digest", true},
	{"null-for-value", "NULL stands where a value was", "relation.columns", true},
	{"table-lost", "a table is lost", "schema.objects", true},
	{"table-gained", "there is a table that was not sealed", "schema.objects", true},
	{"column-gained", "there is a column that was not sealed", "schema.objects", true},
	{"column-nullable", "a column takes NULL that did not", "schema.objects", false},
	{"default-lost", "a column has lost its default", "schema.objects", false},
	{"index-lost", "an index is lost", "schema.objects", false},
	{"constraint-lost", "a check or a foreign key is lost", "schema.objects", false},
	{"trigger-disabled", "a trigger does not fire", "schema.objects", false},
	{"view-lost", "a view is lost", "schema.objects", false},
	{"function-changed", "a function has another setting", "schema.objects", false},
	{"sequence-behind", "a sequence has gone back to its start", "sequence.position", false},
	{"grant-gained", "everybody may empty a table", "privilege.grants", true},
	{"owner-changed", "a table has another owner", "privilege.grants", true},
	{NULL, NULL, NULL, false},
};
/* clang-format on */

static const char *sql_of(const struct rp_engine_damage *d)
{
	for (const struct statement *s = statements; s->name != NULL; s++)
		if (strcmp(s->name, d->name) == 0)
			return s->sql;
	return NULL;
}

static int choose(struct rp_pg_conn *c, const struct rp_engine_damage *d, const struct rp_relation *r,
		  struct rp_buf *statement, struct rp_err **err)
{
	const char *sql = sql_of(d), *relation = d->of_rows ? rp_pg_plain_source(r) : NULL;
	rp_autores *found = NULL;
	if (sql == NULL || (d->of_rows && relation[0] == '('))
		return rp_err_set(err, RP_ERR_OBJECT, "there is no such damage for this relation");
	if (rp_pg_query(c, sql, &relation, d->of_rows ? 1 : 0, &found, err) < 0)
		return -1;
	if (PQntuples(found) != 1)
		return rp_err_set(err, RP_ERR_OBJECT, "there is nothing here that it could be done to");
	rp_buf_add(statement, PQgetvalue(found, 0, 0));
	return rp_buf_check(statement, err);
}

int rp_pg_undo(struct rp_conn *conn, struct rp_err **err)
{
	struct rp_pg_conn *c = rp_pg_of(conn);
	c->moment = false;
	return rp_pg_exec(c, "ROLLBACK", err);
}

/* Triggers and foreign keys keep still, as they do while a dump is restored. The savepoint is what the connection
 * returns to after a statement that fails, and what it has done here lies before it. */
static int spoil(struct rp_pg_conn *c, const struct rp_buf *statement, struct rp_err **err)
{
	if (rp_pg_exec(c, "SET LOCAL session_replication_role = replica", err) < 0 ||
	    rp_pg_exec(c, "SET LOCAL lock_timeout = '10s'", err) < 0 ||
	    rp_pg_exec(c, rp_buf_text(statement), err) < 0 || rp_pg_exec(c, "SAVEPOINT reprove", err) < 0)
		return -1;
	c->moment = true;
	return 0;
}

int rp_pg_damage(struct rp_conn *conn, const struct rp_engine_damage *d, const struct rp_relation *r,
		 struct rp_buf *what, struct rp_err **err)
{
	struct rp_pg_conn *c = rp_pg_of(conn);
	rp_autobuf statement = RP_BUF_INIT(1 << 20);
	if (choose(c, d, r, &statement, err) < 0 || rp_pg_allow_writing(c, err) < 0 ||
	    rp_pg_exec(c, "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE", err) < 0)
		return -1;
	rp_buf_add(what, rp_buf_text(&statement));
	if (spoil(c, &statement, err) == 0)
		return 0;
	/* What the database itself refuses need not be shown. */
	rp_autoerr struct rp_err *stuck = NULL;
	if (rp_pg_undo(conn, &stuck) == 0)
		return -1;
	if (err != NULL)
		rp_err_free(rp_take(*err));
	return rp_err_set(err, RP_ERR_ENGINE, "the damage could not be undone: %s", rp_err_text(stuck));
}
