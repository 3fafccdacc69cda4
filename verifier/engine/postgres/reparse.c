/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/postgres/catalog.h"
#include "verifier/engine/postgres/objects.h"
#include "verifier/engine/postgres/private.h"
#include "verifier/engine/postgres/rename.h"
#include "verifier/util/buf.h"

/* "varchar IN ('a', 'b')" comes back from a dump and restore as another text of the same meaning, so texts that
 * differ are no proof. The sealed text is run here, on an empty copy of its table, and printed by the function
 * that printed it when it was sealed. Equal text then means equal. All of it happens in a transaction that is
 * rolled back, one statement at a time, with what the server prints as the only thing that gets out. */

#define SQL_MAX (64u << 20)
/* clang-format off */
#define LIMITS                                                                                               \
	"SELECT set_config('statement_timeout', '30s', true), set_config('check_function_bodies', 'off',"    \
	" true)"
/* clang-format on */

struct parse {
	struct rp_pg_conn *c;
	const struct rp_object *sealed;
	const char *parts[4]; /* of the sealed name */
	char *parts_text;
	char *schema;	    /* of our copies; owned */
	PGresult *relation; /* RELATION_*: the table that the object is on */
	struct rp_err **err;
};
enum { RELATION_NAME, RELATION_LAST_NAME, RELATION_KIND, RELATION_PARTITIONED, RELATION_OID };

static void parse_done(struct parse *p)
{
	free(p->parts_text);
	free(p->schema);
	PQclear(p->relation);
}

static const char *of_relation(const struct parse *p, int col)
{
	return PQgetvalue(p->relation, 0, col);
}

static int find_relation(struct parse *p)
{
	/* An index is named beside its table, all other parts behind it. */
	/* clang-format off */
	static const char sql[] =
		"SELECT format('%I.%I', n.nspname, c.relname), quote_ident(c.relname), c.relkind,"
		" pg_get_partkeydef(c.oid), c.oid FROM pg_class c JOIN pg_namespace n ON n.oid ="
		" c.relnamespace WHERE c.oid = (SELECT coalesce(i.indrelid, x.oid) FROM pg_class x JOIN"
		" pg_namespace xn ON xn.oid = x.relnamespace LEFT JOIN pg_index i ON i.indexrelid = x.oid"
		" WHERE xn.nspname = $1 AND x.relname = $2)";
	/* clang-format on */
	PQclear(p->relation);
	p->relation = NULL;
	if (rp_pg_query(p->c, sql, p->parts, 2, &p->relation, p->err) < 0)
		return -1;
	if (PQntuples(p->relation) != 1)
		return rp_err_set(p->err, RP_ERR_OBJECT, "what it belongs to is not here");
	return 0;
}

/* An empty relation with the same columns. */
static int copy_relation(struct parse *p)
{
	rp_autobuf sql = RP_BUF_INIT(SQL_MAX);
	if (find_relation(p) < 0)
		return -1;
	const char *name = of_relation(p, RELATION_NAME), *last = of_relation(p, RELATION_LAST_NAME);
	if (of_relation(p, RELATION_KIND)[0] == 'v')
		rp_buf_addf(&sql, "CREATE VIEW %s.%s AS SELECT * FROM ONLY %s", p->schema, last, name);
	else
		rp_buf_addf(&sql, "CREATE TABLE %s.%s (LIKE %s)%s%s", p->schema, last, name,
			    PQgetisnull(p->relation, 0, RELATION_PARTITIONED) ? "" : " PARTITION BY ",
			    of_relation(p, RELATION_PARTITIONED));
	return rp_buf_check(&sql, p->err) < 0 ? -1 : rp_pg_exec(p->c, rp_buf_text(&sql), p->err);
}

/* before + the sealed text, about the copy instead of the table, + after. */
static int run_sealed(struct parse *p, const char *before, const char *text, const char *after)
{
	rp_autobuf sql = RP_BUF_INIT(SQL_MAX), copy = RP_BUF_INIT(SQL_MAX);
	rp_buf_add(&sql, before);
	if (p->relation == NULL) {
		rp_buf_add(&sql, text);
	} else {
		rp_buf_addf(&copy, "%s.%s", p->schema, of_relation(p, RELATION_LAST_NAME));
		rp_pg_rename(&sql, text, of_relation(p, RELATION_NAME), rp_buf_text(&copy));
	}
	rp_buf_add(&sql, after);
	if (rp_buf_check(&sql, p->err) < 0 || rp_buf_check(&copy, p->err) < 0)
		return -1;
	return rp_pg_exec(p->c, rp_buf_text(&sql), p->err);
}

/* "ALTER TABLE copy " and the like. */
static int run_on_copy(struct parse *p, const char *verb, const char *clause, const char *name,
		       const char *text)
{
	rp_autobuf before = RP_BUF_INIT(SQL_MAX);
	rp_buf_addf(&before, "%s %s.%s %s ", verb, p->schema, of_relation(p, RELATION_LAST_NAME), clause);
	if (name != NULL)
		rp_buf_add_ident(&before, name);
	rp_buf_add(&before, " ");
	return rp_buf_check(&before, p->err) < 0 ? -1 : run_sealed(p, rp_buf_text(&before), text, "");
}

/* One text, asked for with our schema's name and up to two more; written about the table again. */
static int print(struct parse *p, struct rp_buf *ret, const char *sql, const char *name, const char *more)
{
	rp_autores *found = NULL;
	rp_autobuf copy = RP_BUF_INIT(SQL_MAX);
	const char *const params[] = {p->schema, name, more};
	if (rp_pg_query(p->c, sql, params, more != NULL ? 3 : 2, &found, p->err) < 0)
		return -1;
	if (PQntuples(found) != 1 || PQgetisnull(found, 0, 0))
		return rp_err_set(p->err, RP_ERR_OBJECT, "it did not become what it was");
	if (p->relation == NULL) {
		rp_buf_add(ret, PQgetvalue(found, 0, 0));
		return rp_buf_check(ret, p->err);
	}
	rp_buf_addf(&copy, "%s.%s", p->schema, of_relation(p, RELATION_LAST_NAME));
	rp_pg_rename(ret, PQgetvalue(found, 0, 0), rp_buf_text(&copy), of_relation(p, RELATION_NAME));
	return rp_buf_check(&copy, p->err) < 0 ? -1 : rp_buf_check(ret, p->err);
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static int not_ours(struct parse *p)
{
	return rp_err_set(p->err, RP_ERR_OBJECT, "its sealed text is none that this server prints");
}

/* A materialized view's text is printed by the same function, and made as a view it computes nothing. */
static int parse_view(struct parse *p, struct rp_buf *ret)
{
	rp_autobuf before = RP_BUF_INIT(SQL_MAX);
	rp_buf_addf(&before, "CREATE VIEW %s.v AS ", p->schema);
	if (rp_buf_check(&before, p->err) < 0 ||
	    run_sealed(p, rp_buf_text(&before), p->sealed->definition, "") < 0)
		return -1;
	return print(p, ret, "SELECT pg_get_viewdef(to_regclass(quote_ident($1) || '.' || quote_ident($2)))",
		     "v", NULL);
}

static int parse_constraint(struct parse *p, struct rp_buf *ret)
{
	if (copy_relation(p) < 0 ||
	    run_on_copy(p, "ALTER TABLE", "ADD CONSTRAINT", p->parts[2], p->sealed->definition) < 0)
		return -1;
	return print(
		p, ret,
		"SELECT regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '') FROM pg_constraint k"
		" JOIN pg_namespace n ON n.oid = k.connamespace WHERE n.nspname = $1 AND k.conname = $2",
		p->parts[2], NULL);
}

static int parse_index(struct parse *p, struct rp_buf *ret)
{
	const char *text = p->sealed->definition;
	if (!begins(text, "CREATE INDEX ") && !begins(text, "CREATE UNIQUE INDEX "))
		return not_ours(p);
	if (copy_relation(p) < 0 || run_sealed(p, "", text, "") < 0)
		return -1;
	return print(
		p, ret,
		"SELECT pg_get_indexdef(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
		" WHERE n.nspname = $1 AND c.relname = $2",
		p->parts[1], NULL);
}

static int parse_trigger(struct parse *p, struct rp_buf *ret)
{
	const char *text = p->sealed->definition;
	if (!begins(text, "CREATE TRIGGER ") && !begins(text, "CREATE CONSTRAINT TRIGGER "))
		return not_ours(p);
	if (copy_relation(p) < 0 || run_sealed(p, "", text, "") < 0)
		return -1;
	return print(p, ret,
		     "SELECT pg_get_triggerdef(g.oid) FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid"
		     " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND g.tgname = $2",
		     p->parts[2], NULL);
}

static int parse_rule(struct parse *p, struct rp_buf *ret)
{
	if (!begins(p->sealed->definition, "CREATE RULE "))
		return not_ours(p);
	if (copy_relation(p) < 0 || run_sealed(p, "", p->sealed->definition, "") < 0)
		return -1;
	return print(
		p, ret,
		"SELECT pg_get_ruledef(r.oid) FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class"
		" JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND r.rulename = $2",
		p->parts[2], NULL);
}

static int parse_policy(struct parse *p, struct rp_buf *ret)
{
	rp_autobuf before = RP_BUF_INIT(SQL_MAX);
	const char *command = rp_object_fact(p->sealed, "command");
	if (copy_relation(p) < 0)
		return -1;
	rp_buf_add(&before, "CREATE POLICY ");
	rp_buf_add_ident(&before, p->parts[2]);
	rp_buf_addf(&before, " ON %s.%s FOR %s ", p->schema, of_relation(p, RELATION_LAST_NAME),
		    command != NULL && strlen(command) == 6 ? command : "all");
	if (rp_buf_check(&before, p->err) < 0 ||
	    run_sealed(p, rp_buf_text(&before), p->sealed->definition, "") < 0)
		return -1;
	return print(p, ret,
		     "SELECT concat_ws(' ', 'USING (' || pg_get_expr(p.polqual, p.polrelid) || ')',"
		     " 'WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')') FROM pg_policy p"
		     " JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
		     " WHERE n.nspname = $1 AND p.polname = $2",
		     p->parts[2], NULL);
}

/* A column cannot become a generated one, so it is taken out of the copy and put in again. */
static int replace_column(struct parse *p)
{
	/* clang-format off */
	static const char sql[] =
		"SELECT format('%s%s', format_type(a.atttypid, a.atttypmod), CASE WHEN a.attcollation <>"
		" t.typcollation THEN ' COLLATE ' || " RP_PG_COLLATION_NAME("a.attcollation")
		" END) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid = $1::oid"
		" AND a.attname = $2 AND a.attnum > 0";
	/* clang-format on */
	rp_autores *type = NULL;
	const char *const params[] = {of_relation(p, RELATION_OID), p->parts[2]};
	rp_autobuf before = RP_BUF_INIT(SQL_MAX);
	if (rp_pg_query(p->c, sql, params, 2, &type, p->err) < 0)
		return -1;
	if (PQntuples(type) != 1)
		return rp_err_set(p->err, RP_ERR_OBJECT, "the column is not here");
	if (run_on_copy(p, "ALTER TABLE", "DROP COLUMN", p->parts[2], "") < 0)
		return -1;
	rp_buf_add(&before, "ADD COLUMN ");
	rp_buf_add_ident(&before, p->parts[2]);
	rp_buf_addf(&before, " %s", PQgetvalue(type, 0, 0));
	return rp_buf_check(&before, p->err) < 0
		       ? -1
		       : run_on_copy(p, "ALTER TABLE", rp_buf_text(&before), NULL, p->sealed->definition);
}

static int parse_column(struct parse *p, struct rp_buf *ret)
{
	const char *text = p->sealed->definition;
	bool is_default = begins(text, "DEFAULT ");
	if (!is_default && !begins(text, "GENERATED ALWAYS AS ("))
		return not_ours(p);
	if (copy_relation(p) < 0)
		return -1;
	rp_autobuf set = RP_BUF_INIT(SQL_MAX);
	rp_buf_add(&set, "ALTER COLUMN ");
	rp_buf_add_ident(&set, p->parts[2]);
	rp_buf_add(&set, " SET");
	if (rp_buf_check(&set, p->err) < 0 ||
	    (is_default ? run_on_copy(p, "ALTER TABLE", rp_buf_text(&set), NULL, text) : replace_column(p)) <
		    0)
		return -1;
	return print(p, ret,
		     "SELECT CASE a.attgenerated WHEN '' THEN 'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid)"
		     " ELSE 'GENERATED ALWAYS AS (' || pg_get_expr(d.adbin, d.adrelid) || ')' ||"
		     " CASE a.attgenerated WHEN 's' THEN ' STORED' ELSE '' END END FROM pg_attrdef d"
		     " JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum"
		     " JOIN pg_class c ON c.oid = d.adrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
		     " WHERE n.nspname = $1 AND a.attname = $2 AND c.relname = $3",
		     p->parts[2], p->parts[1]);
}

/* domain and domain constraint: on a domain of ours over the same type. */
static int parse_domain(struct parse *p, struct rp_buf *ret)
{
	/* clang-format off */
	static const char sql[] =
		"SELECT format_type(t.typbasetype, t.typtypmod) FROM pg_type t JOIN pg_namespace n ON n.oid"
		" = t.typnamespace WHERE n.nspname = $1 AND t.typname = $2 AND t.typtype = 'd'";
	/* clang-format on */
	const char *text = p->sealed->definition;
	rp_autores *type = NULL;
	rp_autobuf before = RP_BUF_INIT(SQL_MAX);
	if (rp_pg_query(p->c, sql, p->parts, 2, &type, p->err) < 0)
		return -1;
	if (PQntuples(type) != 1)
		return rp_err_set(p->err, RP_ERR_OBJECT, "the domain is not here");
	if (!begins(text, "DEFAULT ") && !begins(text, "CHECK "))
		return not_ours(p);
	rp_buf_addf(&before, "CREATE DOMAIN %s.d AS %s CONSTRAINT c ", p->schema, PQgetvalue(type, 0, 0));
	if (begins(text, "DEFAULT ")) {
		rp_buf_reset(&before);
		rp_buf_addf(&before, "CREATE DOMAIN %s.d AS %s ", p->schema, PQgetvalue(type, 0, 0));
	}
	if (rp_buf_check(&before, p->err) < 0 || run_sealed(p, rp_buf_text(&before), text, "") < 0)
		return -1;
	return print(p, ret,
		     begins(text, "DEFAULT ")
			     ? "SELECT 'DEFAULT ' || pg_get_expr(t.typdefaultbin, 0) FROM pg_type t JOIN "
			       "pg_namespace n"
			       " ON n.oid = t.typnamespace WHERE n.nspname = $1 AND t.typname = $2"
			     : "SELECT regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '') FROM "
			       "pg_constraint k"
			       " JOIN pg_type t ON t.oid = k.contypid JOIN pg_namespace n ON n.oid = "
			       "t.typnamespace"
			       " WHERE n.nspname = $1 AND t.typname = $2",
		     "d", NULL);
}

/* CREATE OR REPLACE in its own place, as it names itself; nobody else has a lock on it. */
static int parse_function(struct parse *p, struct rp_buf *ret)
{
	/* clang-format off */
	static const char sql[] =
		"SELECT pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid ="
		" p.pronamespace WHERE n.nspname = $1 AND p.proname || '(' || oidvectortypes(p.proargtypes)"
		" || ')' = $2";
	/* clang-format on */
	rp_autores *found = NULL;
	const char *text = p->sealed->definition;
	if (!begins(text, "CREATE OR REPLACE FUNCTION ") && !begins(text, "CREATE OR REPLACE PROCEDURE "))
		return not_ours(p);
	if (run_sealed(p, "", text, "") < 0 || rp_pg_query(p->c, sql, p->parts, 2, &found, p->err) < 0)
		return -1;
	if (PQntuples(found) != 1)
		return rp_err_set(p->err, RP_ERR_OBJECT, "the function is not here");
	rp_buf_add(ret, PQgetvalue(found, 0, 0));
	return rp_buf_check(ret, p->err);
}

static const struct {
	const char *kind;
	unsigned parts; /* of a name of this kind */
	int (*run)(struct parse *p, struct rp_buf *ret);
} parsers[] = {
	{"view", 2, parse_view},
	{"materialized view", 2, parse_view},
	{"check constraint", 3, parse_constraint},
	{"exclusion constraint", 3, parse_constraint},
	{"index", 2, parse_index},
	{"trigger", 3, parse_trigger},
	{"rule", 3, parse_rule},
	{"policy", 3, parse_policy},
	{"column", 3, parse_column},
	{"domain", 2, parse_domain},
	{"domain constraint", 3, parse_domain},
	{"function", 2, parse_function},
	{"window function", 2, parse_function},
	{"procedure", 2, parse_function},
};

static int run_parser(struct parse *p, struct rp_buf *ret)
{
	for (size_t i = 0; i < sizeof parsers / sizeof parsers[0]; i++) {
		if (strcmp(parsers[i].kind, p->sealed->kind) != 0)
			continue;
		if (rp_pg_split_name(p->sealed->name, p->parts_text, p->parts, 4) != parsers[i].parts)
			return not_ours(p);
		if (rp_pg_private_begin(p->c, &p->schema, p->err) < 0 || rp_pg_exec(p->c, LIMITS, p->err) < 0)
			return -1;
		return parsers[i].run(p, ret);
	}
	return rp_err_set(p->err, RP_ERR_OBJECT, "the text of a '%s' means only itself", p->sealed->kind);
}

int rp_pg_reparse(struct rp_conn *conn, const struct rp_object *sealed, struct rp_buf *ret,
		  struct rp_err **err)
{
	rp_autoerr struct rp_err *why = NULL;
	rp_cleanup(parse_done) struct parse p = {.c = rp_pg_of(conn), .sealed = sealed, .err = &why};
	if (sealed->definition == NULL)
		return rp_err_set(err, RP_ERR_OBJECT, "its text was not sealed");
	p.parts_text = malloc(strlen(sealed->name) + 1);
	if (p.parts_text == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "no memory for a name");
	int done = run_parser(&p, ret);
	/* Whatever happened, nothing of it stays; where this fails the connection is lost, and with it the
	 * transaction. */
	if (rp_pg_private_end(p.c, done < 0 ? NULL : err) < 0)
		return done < 0 && err != NULL ? (*err = rp_take(why), -1) : -1;
	if (done == 0)
		return 0;
	if (err != NULL)
		*err = rp_take(why);
	return rp_err_wrap(err, "run the sealed definition of %s '%s'", sealed->kind, sealed->name);
}
