/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/server/own_server.h"
#include "verifier/engine/db.h"
#include "verifier/engine/postgres/catalog.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

/* The catalogue of a real PostgreSQL: every kind of object is found, a dump and restore changes nothing, what is
 * hidden is told, and the engine's own tests find damage. RP_PG_BINDIR chooses the server, RP_PG_BINDIR_TO (if any)
 * a newer one to restore to; then what the version explains may differ. */

#define NOT_RUN 77

static struct own_server server, newer;
static struct own_server *restored_at = &server;

static const char *uri(const char *user, const char *database)
{
	return own_server_uri(strcmp(database, "restored") == 0 ? restored_at : &server, user, database);
}

static struct rp_db *open_db(const char *user, const char *database)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_db *db = NULL;
	if (rp_db_open(&db, uri(user, database), 1, NULL, &server.run, &err) < 0)
		fail_msg("open: %s", rp_err_text(err));
	return db;
}

static struct rp_survey *describe(struct rp_db *db)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_survey *s = NULL;
	struct rp_identity who = {0};
	struct rp_position at = {0};
	struct rp_conn *c = rp_db_conn(db, 0);
	if (rp_survey_new(&s, &err) < 0 || rp_db_engine(db)->identify(c, &who, &at, &err) < 0 ||
	    rp_survey_identify(s, &who, &at, &err) < 0 || rp_pg_describe(c, s, &err) < 0 ||
	    rp_survey_finish(s, &err) < 0)
		fail_msg("describe: %s", rp_err_text(err));
	return s;
}

static struct rp_survey *describe_as(const char *user, const char *database)
{
	rp_auto(rp_db) db = open_db(user, database);
	return describe(db);
}

static void run_tool(const char *tool, const char *database, const char *option, const char *file)
{
	rp_cleanup(rp_argv_done) struct rp_argv argv = {0};
	rp_autobuf said = RP_BUF_INIT(64 * 1024);
	rp_autoerr struct rp_err *err = NULL;
	struct rp_program p = RP_PROGRAM_INIT;
	rp_argv_addf(&argv, "%s/%s", strcmp(database, "restored") == 0 ? restored_at->bindir : server.bindir,
		     tool);
	rp_argv_addf(&argv, "-d%s", uri("boss", database));
	rp_argv_add(&argv, option);
	rp_argv_add(&argv, file);
	p.argv = argv.v;
	if (rp_proc_run(&p, NULL, &said, &said, &server.run, &err) < 0)
		fail_msg("%s: %s %s", tool, rp_err_text(err), rp_buf_text(&said));
}

/* One string, as the fixture's first lines promise. */
static void load_fixture(const char *database)
{
	char path[400], make[100];
	rp_autobuf sql = RP_BUF_INIT(1 << 20);
	(void)snprintf(path, sizeof path, "%s/postgres/everything.sql", getenv("RP_FIXTURES"));
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	char block[4096];
	for (size_t n; (n = fread(block, 1, sizeof block, f)) > 0;)
		rp_buf_add_mem(&sql, block, n);
	(void)fclose(f);
	(void)snprintf(make, sizeof make, "CREATE DATABASE %s", database);
	own_server_sql(&server, "postgres", make);
	own_server_sql(&server, database, rp_buf_text(&sql));
}

/* Another server, with the roles that the fixture names. */
static void start_newer(void)
{
	const char *bindir = getenv("RP_PG_BINDIR_TO");
	if (bindir == NULL)
		return;
	(void)snprintf(newer.bindir, sizeof newer.bindir, "%s", bindir);
	assert_int_equal(own_server_start(&newer), 0);
	restored_at = &newer;
	own_server_sql(&newer, "postgres",
		       "CREATE ROLE fix_owner; CREATE ROLE fix_reader; CREATE ROLE fix_writer;"
		       "CREATE ROLE \"Fix \"\"Odd\"\" Role, \\ x\"; CREATE ROLE \"PUBLIC role\"");
}

/* The rest of the program looks at this database, and at its twin by way of a dump. */
static int set_up(void **state)
{
	(void)state;
	if (own_server_start(&server) < 0)
		return -1;
	char dump[100];
	(void)snprintf(dump, sizeof dump, "%s/dump", server.dir);
	load_fixture("sealed");
	start_newer();
	own_server_sql(restored_at, "postgres", "CREATE DATABASE restored");
	rp_autofree char *to = NULL;
	assert_true(asprintf(&to, "-f%s", dump) > 0);
	run_tool("pg_dump", "sealed", "-Fc", to);
	run_tool("pg_restore", "restored", "-e", dump);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	own_server_stop(&server);
	if (restored_at == &newer)
		own_server_stop(&newer);
	return 0;
}

/* True: run on this server, the sealed text prints as what was found. */
static bool means_the_same(struct rp_conn *c, const struct rp_difference *d)
{
	rp_autobuf text = RP_BUF_INIT(1 << 20);
	rp_autoerr struct rp_err *err = NULL;
	if (d->change != RP_CHANGED || d->fact != NULL)
		return false;
	if (rp_pg_reparse(c, d->sealed, &text, &err) < 0) {
		(void)fprintf(stderr, "# %s\n", rp_err_text(err));
		return false;
	}
	return strcmp(rp_buf_text(&text), d->found->definition) == 0;
}

static unsigned count_differences(const struct rp_survey *a, const struct rp_survey *b, struct rp_conn *c,
				  unsigned *ret_reparsed)
{
	struct rp_differences all = {0};
	unsigned n = 0;
	assert_int_equal(rp_compare_objects(&all, a, b, rp_pg_drift, NULL), 0);
	for (size_t i = 0; i < all.n; i++) {
		const struct rp_difference *d = &all.all[i];
		const struct rp_object *o = d->sealed != NULL ? d->sealed : d->found;
		if (d->drift != NULL)
			continue;
		if (c != NULL && means_the_same(c, d)) {
			++*ret_reparsed;
			continue;
		}
		(void)fprintf(stderr, "# %s '%s' %s: '%s' and '%s'\n", o->kind, o->name,
			      d->fact != NULL ? d->fact : "", d->expected != NULL ? d->expected : "(nothing)",
			      d->got != NULL ? d->got : "(nothing)");
		n++;
	}
	rp_differences_done(&all);
	return n;
}

static void a_dump_and_restore_changes_nothing(void **state)
{
	(void)state;
	unsigned reparsed = 0;
	rp_auto(rp_survey) sealed = describe_as("boss", "sealed");
	rp_auto(rp_survey) restored = describe_as("boss", "restored");
	rp_auto(rp_db) db = open_db("boss", "restored");
	/* This one shares no moment: a fresh one, whose transaction is ended. */
	assert_int_equal(count_differences(sealed, restored, rp_db_conn(db, 0), &reparsed), 0);
	assert_true(reparsed > 0);
	assert_int_equal(sealed->n_relations, restored->n_relations);
	for (size_t i = 0; i < sealed->n_relations; i++) {
		const struct rp_relation *a = &sealed->relations[i], *b = &restored->relations[i];
		assert_string_equal(a->name, b->name);
		assert_int_equal(a->n_columns, b->n_columns);
	}
}

/* What a dump and restore printed prints the same for ever, and nothing that can be run here cannot. */
static void every_definition_can_be_run_again(void **state)
{
	(void)state;
	static const char *const kinds[] = {"view",
					    "materialized view",
					    "check constraint",
					    "exclusion constraint",
					    "index",
					    "trigger",
					    "rule",
					    "policy",
					    "column",
					    "domain",
					    "domain constraint",
					    "function",
					    "window function",
					    "procedure"};
	rp_auto(rp_survey) s = describe_as("boss", "restored");
	rp_auto(rp_db) db = open_db("boss", "restored");
	for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
		unsigned n = 0;
		for (size_t i = 0; i < s->n_objects; i++) {
			const struct rp_object *o = &s->objects[i];
			/* A key WITHOUT OVERLAPS prints as an index that nobody can make. */
			if (strcmp(o->kind, kinds[k]) != 0 || o->definition[0] == '\0' ||
			    strcmp(o->name, "kinds.periods_pkey") == 0)
				continue;
			rp_autobuf text = RP_BUF_INIT(1 << 20);
			rp_autoerr struct rp_err *err = NULL;
			if (rp_pg_reparse(rp_db_conn(db, 0), o, &text, &err) < 0)
				fail_msg("%s", rp_err_text(err));
			assert_string_equal(rp_buf_text(&text), o->definition);
			n++;
		}
		if (n == 0)
			fail_msg("no %s was run again", kinds[k]);
	}
}

static void every_kind_of_object_is_found(void **state)
{
	(void)state;
	static const char *const kinds[] = {"access method",
					    "aggregate",
					    "attribute",
					    "base type",
					    "cast",
					    "check constraint",
					    "collation",
					    "column",
					    "comment",
					    "composite type",
					    "conversion",
					    "database",
					    "default privileges",
					    "domain",
					    "domain constraint",
					    "enum",
					    "event trigger",
					    "exclusion constraint",
					    "extension",
					    "foreign data wrapper",
					    "foreign key",
					    "foreign server",
					    "foreign table",
					    "function",
					    "index",
					    "inheritance",
					    "language",
					    "large objects",
					    "materialized view",
					    "operator",
					    "operator class",
					    "operator family",
					    "partition",
					    "policy",
					    "primary key",
					    "procedure",
					    "publication",
					    "range type",
					    "role",
					    "rule",
					    "schema",
					    "sequence",
					    "shell type",
					    "statistics",
					    "system object",
					    "table",
					    "text search configuration",
					    "text search dictionary",
					    "text search parser",
					    "text search template",
					    "transform",
					    "trigger",
					    "unique constraint",
					    "user mapping",
					    "view",
					    "window function"};
	rp_auto(rp_survey) s = describe_as("boss", "sealed");
	for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
		size_t i = 0;
		while (i < s->n_coverage && strcmp(s->coverage[i].what, kinds[k]) != 0)
			i++;
		if (i == s->n_coverage || s->coverage[i].count == 0 || s->coverage[i].reason != NULL)
			fail_msg("no %s was surveyed", kinds[k]);
	}
}

static const char *fact(const struct rp_survey *s, const char *kind, const char *name, const char *what)
{
	const struct rp_object *o = rp_survey_object(s, kind, name);
	if (o == NULL)
		fail_msg("no %s '%s'", kind, name);
	const char *value = rp_object_fact(o, what);
	return value != NULL ? value : "";
}

static void facts_say_what_was_declared(void **state)
{
	(void)state;
	rp_auto(rp_survey) s = describe_as("boss", "sealed");
	assert_string_equal(fact(s, "check constraint", "shop.customer.not_looked_at", RP_FACT_VALID),
			    "false");
	assert_string_equal(fact(s, "check constraint", "shop.customer.name_not_blank", RP_FACT_VALID),
			    "true");
	assert_string_equal(fact(s, "index", "shop.events_only", RP_FACT_VALID), "false");
	assert_string_equal(fact(s, "index", "shop.customer_brin", RP_FACT_VALID), "true");
	assert_string_equal(fact(s, "trigger", "shop.customer.touch", "fires"), "never");
	assert_string_equal(fact(s, "table", "shop.customer", RP_FACT_OWNER), "fix_owner");
	assert_string_equal(fact(s, "sequence", "shop.numbers", RP_FACT_POSITION), "-2");
	assert_string_equal(fact(s, "sequence", "shop.untouched", RP_FACT_POSITION), "9");
	assert_string_equal(fact(s, "materialized view", "shop.empty_one", "populated"), "false");
	assert_string_equal(fact(s, "column", "shop.customer.name", RP_FACT_GRANTS), "fix_writer INSERT");
	assert_string_equal(
		fact(s, "system object", "function.pg_catalog\\.pg_sleep(double precision)", RP_FACT_GRANTS),
		"-PUBLIC EXECUTE");
	assert_string_equal(fact(s, "database", RP_PG_LOCALE, RP_PG_FACT_ENCODING), "UTF8");
}

static void secrets_stay_where_they_are(void **state)
{
	(void)state;
	rp_auto(rp_survey) s = describe_as("boss", "sealed");
	for (size_t i = 0; i < s->n_objects; i++) {
		assert_null(strstr(s->objects[i].definition, "never seen"));
		for (size_t j = 0; j < s->objects[i].n_facts; j++)
			assert_null(strstr(s->objects[i].facts[j].value, "never seen"));
	}
}

static void a_name_of_any_kind_is_one_name(void **state)
{
	(void)state;
	rp_auto(rp_survey) s = describe_as("boss", "sealed");
	const struct rp_relation *r = rp_survey_relation(
		s, "Mixed\\.Case \"x\" \\\\ \xc3\xa9.select * from \"t\";\n-- '; DROP TABLE x");
	assert_non_null(r);
	assert_int_equal(r->n_columns, 7);
	assert_string_equal(r->columns[0].name, "a.b");
	assert_int_equal(r->columns[4].key, 1); /* "A", and not "a" */
	assert_int_equal(r->columns[1].key, 2);
}

static const struct rp_relation *relation(const struct rp_survey *s, const char *name)
{
	const struct rp_relation *r = rp_survey_relation(s, name);
	if (r == NULL)
		fail_msg("no relation '%s'", name);
	return r;
}

static void only_what_holds_rows_is_a_relation(void **state)
{
	(void)state;
	rp_auto(rp_survey) s = describe_as("boss", "sealed");
	assert_null(rp_survey_relation(s, "shop.events"));
	assert_null(rp_survey_relation(s, "shop.by_status"));
	assert_null(rp_survey_relation(s, "shop.totals"));
	assert_null(rp_survey_relation(s, "shop.elsewhere"));
	assert_string_equal(relation(s, "shop.events_2026_c")->columns[0].name, "body");
	assert_string_equal(relation(s, "shop.parent")->source, "ONLY shop.parent");
	assert_int_equal(relation(s, "shop.no_columns")->n_columns, 0);
	assert_int_equal(relation(s, "shop.no_key")->columns[0].key, 0);
	assert_string_equal(relation(s, RP_PG_LARGE_OBJECTS)->columns[1].name, "sha256");
	/* The dropped column is not there, the generated one is. */
	assert_int_equal(relation(s, "shop.customer")->n_columns, 9);
}

/* Another role sees every object alike; rows that it cannot read are told. */
static void what_a_role_may_not_read_is_told(void **state)
{
	(void)state;
	own_server_sql(&server, "sealed",
		       "CREATE ROLE surveyor LOGIN; GRANT USAGE ON SCHEMA shop TO surveyor;"
		       "GRANT SELECT ON shop.customer, shop.orders, shop.parent, shop.numbers TO surveyor");
	rp_auto(rp_survey) s = describe_as("surveyor", "sealed");
	assert_null(relation(s, "shop.customer")->not_surveyed);
	assert_string_equal(relation(s, "shop.child")->not_surveyed, "no right to read it");
	assert_string_equal(relation(s, "kinds.builtin")->not_surveyed, "no right to use its schema");
	assert_non_null(strstr(relation(s, "shop.orders")->not_surveyed, "row-level security"));
	assert_non_null(strstr(relation(s, RP_PG_LARGE_OBJECTS)->not_surveyed, "no right"));
	assert_string_equal(fact(s, "sequence", "shop.numbers", RP_FACT_POSITION), "-2");
	assert_string_equal(fact(s, "sequence", "shop.untouched", RP_FACT_POSITION), "");
	/* Only the positions of sequences are hidden from it, of all that the superuser sees. */
	rp_auto(rp_survey) all = describe_as("boss", "sealed");
	assert_int_equal(all->n_objects, s->n_objects);
	for (size_t i = 0; i < all->n_objects; i++)
		if (strcmp(all->objects[i].kind, "sequence") != 0)
			assert_int_equal(all->objects[i].n_facts, s->objects[i].n_facts);
	own_server_sql(&server, "sealed", "DROP OWNED BY surveyor; DROP ROLE surveyor");
}

static void positions_read_again_become_intervals(void **state)
{
	(void)state;
	own_server_sql(&server, "postgres", "CREATE DATABASE seq");
	own_server_sql(
		&server, "seq",
		"CREATE SEQUENCE up; CREATE SEQUENCE down INCREMENT -5 MAXVALUE 0; SELECT nextval('up');"
		"CREATE SEQUENCE low MINVALUE -9223372036854775808 START -9223372036854775808");
	rp_auto(rp_db) db = open_db("boss", "seq");
	rp_auto(rp_survey) s = describe(db);
	assert_string_equal(fact(s, "sequence", "public.low", RP_FACT_POSITION), "-9223372036854775809");
	own_server_sql(&server, "seq",
		       "SELECT nextval('up'), nextval('up'), nextval('down'), nextval('down')");
	assert_int_equal(rp_pg_reread(rp_db_conn(db, 0), s, NULL), 0);
	assert_string_equal(fact(s, "sequence", "public.up", RP_FACT_POSITION), "1..3");
	assert_string_equal(fact(s, "sequence", "public.down", RP_FACT_POSITION), "-5..5");
	assert_string_equal(fact(s, "sequence", "public.low", RP_FACT_POSITION),
			    "-9223372036854775809..-9223372036854775809");
}

static void a_sealed_text_is_one_statement_or_nothing(void **state)
{
	(void)state;
	static const struct rp_object hostile[] = {
		{.kind = "view", .name = "shop.tree", .definition = "SELECT 1; DROP TABLE shop.no_key"},
		{.kind = "index", .name = "shop.customer_brin", .definition = "DROP TABLE shop.no_key"},
		{.kind = "rule", .name = "shop.no_key.copy_in", .definition = "COMMIT"},
		{.kind = "function", .name = "kinds.nth(internal)", .definition = "DROP TABLE shop.no_key"},
		{.kind = "policy", .name = "shop.orders.strict", .definition = "USING (true); COMMIT"},
		{.kind = "column", .name = "shop.orders.paid", .definition = "DEFAULT true; COMMIT"},
		{.kind = "view", .name = "one part", .definition = "SELECT 1"},
		{.kind = "table", .name = "shop.orders", .definition = "SELECT 1"},
	};
	rp_auto(rp_db) db = open_db("boss", "sealed");
	for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
		rp_autobuf text = RP_BUF_INIT(1 << 20);
		rp_autoerr struct rp_err *err = NULL;
		assert_int_equal(rp_pg_reparse(rp_db_conn(db, 0), &hostile[i], &text, &err), -1);
		assert_int_equal(rp_err_kind(err), RP_ERR_OBJECT);
	}
	free(own_server_ask(&server, "sealed", "SELECT 1 FROM shop.no_key"));
	rp_autofree char *left = own_server_ask(
		&server, "sealed", "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'reprove%'");
	assert_string_equal(left, "0");
}

/* The engine's test of that name. */
static struct rp_findings ask(const char *database, const char *name)
{
	struct rp_findings to = {0};
	rp_autoerr struct rp_err *err = NULL;
	rp_auto(rp_db) db = open_db("boss", database);
	const struct rp_engine_test *t = rp_pg_tests;
	while (t->name != NULL && strcmp(t->name, name) != 0)
		t++;
	assert_non_null(t->name);
	rp_ask(&to, t->name, t->severity);
	if (t->run(rp_db_conn(db, 0), NULL, &to, &err) < 0)
		fail_msg("%s: %s", name, rp_err_text(err));
	return to;
}

static void assert_passes(const char *database, const char *name)
{
	struct rp_findings to = ask(database, name);
	assert_int_equal(to.n, 1);
	assert_int_equal(to.all[0].verdict, RP_PASS);
	assert_true(to.all[0].looked > 50);
	rp_findings_done(&to);
}

static void assert_fails(const char *database, const char *name, const char *object)
{
	struct rp_findings to = ask(database, name);
	assert_true(to.n >= 1);
	for (size_t i = 0; i < to.n; i++) {
		assert_int_equal(to.all[i].verdict, RP_FAIL);
		assert_string_equal(to.all[i].object, object);
	}
	rp_findings_done(&to);
}

static void a_sound_database_passes_the_engines_tests(void **state)
{
	(void)state;
	assert_passes("restored", "catalog.intact");
	assert_passes("restored", "engine.amcheck");
	assert_passes("restored", "engine.page_checksums");
}

/* Each in a database of its own, so that each is the only thing that is found. */
static void what_stands_in_for_the_catalogue_is_named(void **state)
{
	(void)state;
	static const struct {
		const char *sql, *object;
	} replaced[] = {
		{"CREATE OR REPLACE FUNCTION pg_catalog.pg_get_viewdef(oid) RETURNS text LANGUAGE sql STABLE STRICT"
		 " AS 'SELECT ''SELECT 1''::text'",
		 "pg_catalog.pg_get_viewdef"},
		{"ALTER FUNCTION pg_catalog.pg_get_viewdef(oid) SECURITY DEFINER",
		 "pg_catalog.pg_get_viewdef"},
		{"ALTER FUNCTION pg_catalog.pg_get_viewdef(oid) OWNER TO someone",
		 "pg_catalog.pg_get_viewdef"},
		/* One that fits our calls better than the server's. */
		{"CREATE FUNCTION pg_catalog.format(text, name) RETURNS text LANGUAGE sql AS 'SELECT $1'",
		 "pg_catalog.format"},
		{"CREATE OPERATOR pg_catalog.=== (LEFTARG = name, RIGHTARG = name, FUNCTION = pg_catalog.nameeq)",
		 NULL},
		{"UPDATE pg_cast SET castcontext = 'e' WHERE castsource = 'regclass'::regtype AND"
		 " casttarget = 'int4'::regtype",
		 NULL},
		{"UPDATE pg_operator SET oprcode = 'int8ne' WHERE oid = 410", "pg_catalog.="},
		{"DELETE FROM pg_cast WHERE castsource = 'name'::regtype AND casttarget = 'text'::regtype",
		 "pg_catalog.pg_cast"},
		{"SET allow_system_table_mods = on; CREATE OR REPLACE VIEW pg_catalog.pg_group AS SELECT rolname AS groname,"
		 " oid AS grosysid, ARRAY[oid] AS grolist FROM pg_authid",
		 NULL},
		{"SET allow_system_table_mods = on; CREATE TABLE more () INHERITS (pg_catalog.pg_cast)",
		 NULL},
		{"SET allow_system_table_mods = on; ALTER TABLE pg_catalog.pg_policy RENAME TO pg_policy_was; CREATE TABLE"
		 " pg_catalog.pg_policy AS TABLE pg_catalog.pg_policy_was",
		 NULL},
	};
	own_server_sql(&server, "postgres", "CREATE ROLE someone");
	for (size_t i = 0; i < sizeof replaced / sizeof replaced[0]; i++) {
		bool named = replaced[i].object == NULL;
		own_server_sql(&server, "postgres", "CREATE DATABASE replaced");
		own_server_sql(&server, "replaced", "CREATE TABLE t (a int); CREATE VIEW v AS TABLE t");
		assert_passes("replaced", "catalog.intact");
		own_server_sql(&server, "replaced", replaced[i].sql);
		struct rp_findings to = ask("replaced", "catalog.intact");
		assert_true(to.n >= 1);
		for (size_t k = 0; k < to.n; k++) {
			if (to.all[k].verdict != RP_FAIL)
				fail_msg("not noticed: %s", replaced[i].sql);
			named |= replaced[i].object != NULL &&
				 strcmp(to.all[k].object, replaced[i].object) == 0;
		}
		if (!named)
			fail_msg("'%s' is not named, but '%s'", replaced[i].object, to.all[0].object);
		rp_findings_done(&to);
		own_server_sql(&server, "postgres", "DROP DATABASE replaced");
	}
}

/* Rights, statistics, the schema public, and what an extension or a user may have. */
static void a_catalogue_in_use_is_intact(void **state)
{
	(void)state;
	own_server_sql(&server, "postgres", "CREATE DATABASE used");
	own_server_sql(
		&server, "used",
		"GRANT SELECT ON pg_catalog.pg_authid TO someone; REVOKE EXECUTE ON FUNCTION"
		" pg_catalog.pg_sleep(float8) FROM PUBLIC; ALTER SCHEMA public OWNER TO someone;"
		" ALTER SCHEMA public RENAME TO private; DROP EXTENSION plpgsql; CREATE EXTENSION plpgsql;"
		" CREATE CAST (int4 AS uuid) WITH INOUT; ANALYZE");
	own_server_sql(&server, "used", "VACUUM FULL pg_catalog.pg_class");
	assert_passes("used", "catalog.intact");
	rp_autofree char *brings = own_server_ask(
		&server, "used", "SELECT count(*) FROM pg_available_extensions WHERE name = 'adminpack'");
	if (strcmp(brings, "1") == 0) /* it has functions in pg_catalog; until 16 */
		own_server_sql(&server, "used", "CREATE EXTENSION adminpack");
	assert_passes("used", "catalog.intact");
}

/* A function that changes its mind leaves an index in an order that is none: what a new collation does. */
static void amcheck_names_a_damaged_index(void **state)
{
	(void)state;
	own_server_sql(&server, "postgres", "CREATE DATABASE disorder");
	own_server_sql(&server, "disorder",
		       "CREATE FUNCTION turn(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';"
		       "CREATE TABLE t (a int); CREATE TABLE sound (a int PRIMARY KEY);"
		       "INSERT INTO t SELECT generate_series(1, 1000); CREATE INDEX turned ON t (turn(a));"
		       "CREATE FUNCTION amcheck() RETURNS int LANGUAGE sql AS 'SELECT 1';");
	assert_passes("disorder", "engine.amcheck");
	own_server_sql(
		&server, "disorder",
		"CREATE OR REPLACE FUNCTION turn(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT -$1'");
	assert_fails("disorder", "engine.amcheck", "public.turned");
}

static void page_checksums_name_a_damaged_page(void **state)
{
	(void)state;
	own_server_sql(&server, "postgres", "CREATE DATABASE torn");
	own_server_sql(&server, "torn",
		       "CREATE TABLE t AS SELECT g, repeat('x', 500) FROM generate_series(1, 1000) g");
	assert_passes("torn", "engine.page_checksums");
	rp_autofree char *file = own_server_ask(&server, "torn", "SELECT pg_relation_filepath('t')");
	rp_autofree char *path = NULL;
	assert_true(asprintf(&path, "%s/data/%s", server.dir, file) > 0);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "y", 1, 3 * 8192 + 4000), 1);
	(void)close(fd);
	struct rp_findings to = ask("torn", "engine.page_checksums");
	assert_int_equal(to.n, 1);
	assert_string_equal(to.all[0].object, "public.t");
	assert_non_null(strstr(to.all[0].message, "block 3"));
	rp_findings_done(&to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dump_and_restore_changes_nothing),
		cmocka_unit_test(every_definition_can_be_run_again),
		cmocka_unit_test(every_kind_of_object_is_found),
		cmocka_unit_test(facts_say_what_was_declared),
		cmocka_unit_test(secrets_stay_where_they_are),
		cmocka_unit_test(a_name_of_any_kind_is_one_name),
		cmocka_unit_test(only_what_holds_rows_is_a_relation),
		cmocka_unit_test(what_a_role_may_not_read_is_told),
		cmocka_unit_test(positions_read_again_become_intervals),
		cmocka_unit_test(a_sealed_text_is_one_statement_or_nothing),
		cmocka_unit_test(a_sound_database_passes_the_engines_tests),
		cmocka_unit_test(what_stands_in_for_the_catalogue_is_named),
		cmocka_unit_test(a_catalogue_in_use_is_intact),
		cmocka_unit_test(amcheck_names_a_damaged_index),
		cmocka_unit_test(page_checksums_name_a_damaged_page),
	};
	if (own_server_missing(&server))
		return NOT_RUN;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
