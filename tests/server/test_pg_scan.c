/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/server/own_server.h"
#include "verifier/scan/scan.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

/* The survey of a real PostgreSQL: what is summed, in which moment, and what its database may try against it. */

#define NOT_RUN 77
static struct own_server server;

static const char *uri(const char *user, const char *database)
{
	return own_server_uri(&server, user, database);
}

static struct rp_db *open_db(const char *user, const char *database, unsigned jobs)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_db *db = NULL;
	if (rp_db_open(&db, uri(user, database), jobs, NULL, &server.run, &err) < 0)
		fail_msg("open: %s", rp_err_text(err));
	return db;
}

static struct rp_survey *take(struct rp_db *db)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_survey *s = NULL;
	struct rp_scan_wish wish = {.sketch_bytes = 8192, .whole_keys = true};
	if (rp_survey_take(&s, db, &wish, &err) < 0)
		fail_msg("take: %s", rp_err_text(err));
	return s;
}

static struct rp_survey *retake(struct rp_db *db, const struct rp_survey *sealed)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_survey *s = NULL;
	if (rp_survey_retake(&s, db, sealed, &err) < 0)
		fail_msg("retake: %s", rp_err_text(err));
	return s;
}

static const struct rp_relation *relation(const struct rp_survey *s, const char *name)
{
	const struct rp_relation *r = rp_survey_relation(s, name);
	if (r == NULL)
		fail_msg("no relation '%s'", name);
	return r;
}

static void assert_equal_rows(const struct rp_survey *a, const struct rp_survey *b)
{
	assert_int_equal(a->n_relations, b->n_relations);
	for (size_t i = 0; i < a->n_relations; i++) {
		const struct rp_relation *r = &a->relations[i], *q = relation(b, r->name);
		assert_null(r->not_surveyed);
		assert_null(q->not_surveyed);
		assert_int_equal(r->rows, q->rows);
		if (r->digest.lo != q->digest.lo || r->digest.hi != q->digest.hi)
			fail_msg("digests of '%s' differ", r->name);
		for (size_t c = 0; c < r->n_columns; c++) {
			assert_int_equal(r->columns[c].digest, q->columns[c].digest);
			assert_int_equal(r->columns[c].nulls, q->columns[c].nulls);
		}
	}
}

/* A database of its own for each test that changes one. */
static void make_database(const char *name, const char *sql)
{
	rp_autobuf make = RP_BUF_INIT(256);
	rp_buf_addf(&make, "CREATE DATABASE %s", name);
	own_server_sql(&server, "postgres", rp_buf_text(&make));
	own_server_sql(&server, name, sql);
}

static void several_connections_sum_up_to_what_one_does(void **state)
{
	(void)state;
	make_database("many",
		      "CREATE TABLE big AS SELECT g AS id, repeat(md5(g::text), 4) AS text, g * 0.5 AS n"
		      " FROM generate_series(1, 120000) g; ALTER TABLE big ADD PRIMARY KEY (id);"
		      "CREATE TABLE none(a int); CREATE TABLE nothing(); INSERT INTO nothing SELECT"
		      " FROM generate_series(1, 3)");
	rp_auto(rp_db) one = open_db("boss", "many", 1);
	rp_auto(rp_db) four = open_db("boss", "many", 4);
	assert_int_equal(rp_db_jobs(four), 4);
	rp_auto(rp_survey) sealed = take(one);
	rp_auto(rp_survey) found = retake(four, sealed);
	assert_equal_rows(sealed, found);
	assert_int_equal(relation(found, "public.big")->rows, 120000);
	assert_int_equal(relation(found, "public.none")->rows, 0);
	assert_int_equal(relation(found, "public.nothing")->rows, 3);
	assert_true(found->position.bound);
}

static void a_plan_cuts_large_tables_and_begins_with_the_heaviest(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	rp_auto(rp_db) db = open_db("boss", "many", 2);
	rp_auto(rp_survey) s = take(db);
	struct rp_plan plan = {0};
	assert_int_equal(rp_plan_make(&plan, db, s, &err), 0);
	size_t parts = 0;
	for (size_t i = 0; i < plan.n; i++) {
		assert_true(i == 0 || plan.items[i - 1].weight >= plan.items[i].weight);
		parts += strcmp(s->relations[plan.items[i].relation].name, "public.big") == 0;
	}
	assert_true(parts == 16 || strstr(s->identity.version, "13.") == s->identity.version);
	rp_plan_done(&plan);
}

static void rows_written_after_the_moment_are_not_seen(void **state)
{
	(void)state;
	make_database("moment", "CREATE TABLE t AS SELECT generate_series(1, 1000) AS a");
	rp_auto(rp_db) db = open_db("boss", "moment", 3);
	own_server_sql(&server, "moment",
		       "INSERT INTO t SELECT generate_series(1001, 1500); DELETE FROM t WHERE a < 11");
	rp_auto(rp_survey) s = take(db);
	assert_int_equal(relation(s, "public.t")->rows, 1000);
}

static void tables_truncated_or_replaced_meanwhile_are_not_surveyed(void **state)
{
	(void)state;
	make_database("rewrite",
		      "CREATE TABLE a AS SELECT 1 AS x; CREATE TABLE b AS SELECT 1 AS x; CREATE TABLE c AS"
		      " SELECT 1 AS x; CREATE TABLE d AS SELECT 1 AS x");
	rp_auto(rp_db) db = open_db("boss", "rewrite", 2);
	own_server_sql(&server, "rewrite",
		       "TRUNCATE a; ALTER TABLE b ALTER x TYPE bigint; DROP TABLE c; CREATE TABLE c AS"
		       " SELECT 2 AS x; INSERT INTO d VALUES (2)");
	rp_auto(rp_survey) s = take(db);
	static const char *const gone[] = {"public.a", "public.b", "public.c"};
	for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++) {
		assert_non_null(relation(s, gone[i])->not_surveyed);
		assert_non_null(strstr(relation(s, gone[i])->not_surveyed, "while it was being surveyed"));
	}
	assert_int_equal(relation(s, "public.d")->rows, 1);
}

static void more_tables_than_the_server_has_locks_are_surveyed(void **state)
{
	(void)state;
	make_database("crowd", "SELECT 1");
	for (int i = 0; i < 4; i++) { /* creating takes locks too */
		rp_autobuf sql = RP_BUF_INIT(1000);
		rp_buf_addf(
			&sql,
			"DO $$ BEGIN FOR i IN 1..800 LOOP EXECUTE format('CREATE TABLE t%d_%%s(a int)', i);"
			" END LOOP; END $$",
			i);
		own_server_sql(&server, "crowd", rp_buf_text(&sql));
	}
	rp_auto(rp_db) db = open_db("boss", "crowd", 2);
	rp_auto(rp_survey) s = take(db);
	assert_int_equal(s->n_relations, 3200);
	for (size_t i = 0; i < s->n_relations; i++)
		assert_null(s->relations[i].not_surveyed);
}

struct dump {
	struct rp_guest guest;
	char *seen; /* how many rows the snapshot that it was let in with has */
};

static int count_as_guest(struct rp_guest *g, const struct rp_fact *how, size_t n, struct rp_err **err)
{
	(void)err;
	struct dump *d = (struct dump *)(void *)g;
	own_server_sql(&server, "guest", "INSERT INTO t SELECT generate_series(1, 7)");
	const char *snapshot = NULL;
	for (size_t i = 0; i < n; i++)
		if (strcmp(how[i].name, "snapshot") == 0)
			snapshot = how[i].value;
	assert_non_null(snapshot);
	PGconn *pg = PQconnectdb(uri("boss", "guest"));
	PQclear(PQexec(pg, "BEGIN ISOLATION LEVEL REPEATABLE READ"));
	rp_autobuf sql = RP_BUF_INIT(200);
	rp_buf_addf(&sql, "SET TRANSACTION SNAPSHOT '%s'", snapshot);
	PQclear(PQexec(pg, rp_buf_text(&sql)));
	PGresult *r = PQexec(pg, "SELECT count(*) FROM t");
	d->seen = strdup(PQgetvalue(r, 0, 0));
	PQclear(r);
	PQfinish(pg);
	return 0;
}

static void a_guest_sees_the_moment_that_is_surveyed(void **state)
{
	(void)state;
	make_database("guest", "CREATE TABLE t AS SELECT generate_series(1, 50) AS a");
	rp_autoerr struct rp_err *err = NULL;
	rp_auto(rp_db) db = NULL;
	struct dump d = {.guest = {count_as_guest}};
	assert_int_equal(rp_db_open(&db, uri("boss", "guest"), 2, &d.guest, &server.run, &err), 0);
	rp_auto(rp_survey) s = take(db);
	assert_int_equal(relation(s, "public.t")->rows, 50);
	assert_string_equal(d.seen, "50");
	free(d.seen);
}

static void what_a_role_may_not_read_is_not_surveyed_and_the_rest_is(void **state)
{
	(void)state;
	make_database("rights",
		      "CREATE TABLE a_secret AS SELECT 1 AS a; CREATE TABLE b_policy AS SELECT"
		      " generate_series(1, 10) AS a; ALTER TABLE b_policy ENABLE ROW LEVEL SECURITY;"
		      "CREATE POLICY p ON b_policy USING (a < 3); CREATE TABLE c_open AS SELECT 1 AS a;"
		      "GRANT SELECT ON b_policy, c_open TO plain");
	rp_auto(rp_db) db = open_db("plain", "rights", 2);
	rp_auto(rp_survey) s = take(db);
	assert_non_null(relation(s, "public.a_secret")->not_surveyed);
	assert_non_null(relation(s, "public.b_policy")->not_surveyed);
	assert_null(relation(s, "public.c_open")->not_surveyed);
	assert_int_equal(relation(s, "public.c_open")->rows, 1);
}

static int count_rows(void *ctx, const uint8_t *row, size_t len, struct rp_err **err)
{
	(void)row;
	(void)len;
	(void)err;
	++*(uint64_t *)ctx;
	return 0;
}

static void after_a_refused_table_the_connection_sees_the_same_moment(void **state)
{
	(void)state;
	rp_auto(rp_db) db = open_db("plain", "rights", 1);
	const struct rp_engine *engine = rp_db_engine(db);
	struct rp_column a[] = {{.name = "a", .type = "integer", .encoding = "binary"}};
	struct rp_relation policy = {
		.name = "p", .source = "ONLY public.b_policy", .columns = a, .n_columns = 1};
	struct rp_relation open = {.name = "o", .source = "ONLY public.c_open", .columns = a, .n_columns = 1};
	uint64_t rows = 0;
	own_server_sql(&server, "rights", "INSERT INTO c_open VALUES (2)");
	for (int i = 0; i < 3; i++) {
		rp_autoerr struct rp_err *err = NULL;
		assert_int_equal(engine->stream(rp_db_conn(db, 0), &policy, NULL, count_rows, &rows, &err),
				 -1);
		assert_int_equal(rp_err_kind(err), RP_ERR_OBJECT);
		assert_non_null(strstr(rp_err_text(err), "row-level security"));
	}
	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(rows, 0);
	rows = 0;
	assert_int_equal(engine->stream(rp_db_conn(db, 0), &open, NULL, count_rows, &rows, &err), -0);
	assert_true(rows == 1 || rows == 2); /* the moment began before or after nothing */
	uint64_t counted = 0;
	assert_int_equal(engine->count(rp_db_conn(db, 0), &open, &counted, &err), 0);
	assert_int_equal(counted, rows);
}

/* A page of garbage in a copy of the database, which no buffer holds yet. */
static void damage_a_page(void)
{
	rp_autofree char *version =
		own_server_ask(&server, "damage", "SELECT current_setting('server_version_num')");
	own_server_sql(&server, "postgres",
		       strtol(version, NULL, 10) >= 150000
			       ? "CREATE DATABASE damaged TEMPLATE damage STRATEGY file_copy"
			       : "CREATE DATABASE damaged TEMPLATE damage");
	rp_autofree char *file = own_server_ask(&server, "damaged", "SELECT pg_relation_filepath('bad')");
	rp_autobuf path = RP_BUF_INIT(4096);
	rp_buf_addf(&path, "%s/data/%s", server.dir, file);
	rp_autoclose int fd = open(rp_buf_text(&path), O_WRONLY | O_CLOEXEC);
	static const char garbage[8192] = "garbage";
	assert_int_equal(pwrite(fd, garbage, sizeof garbage, (off_t)100 * 8192), sizeof garbage);
}

static void a_damaged_page_in_the_middle_leaves_the_table_not_surveyed(void **state)
{
	(void)state;
	make_database(
		"damage",
		"CREATE TABLE bad AS SELECT g AS id, repeat('x', 100) AS v FROM generate_series(1, 50000) g;"
		"CREATE TABLE good AS SELECT generate_series(1, 500) AS a");
	damage_a_page();
	for (unsigned jobs = 1; jobs <= 2; jobs++) {
		rp_auto(rp_db) db = open_db("boss", "damaged", jobs);
		rp_auto(rp_survey) s = take(db);
		assert_non_null(relation(s, "public.bad")->not_surveyed);
		assert_non_null(strstr(relation(s, "public.bad")->not_surveyed, "invalid page in block 100"));
		assert_int_equal(relation(s, "public.good")->rows, 500);
	}
}

static void settings_of_database_role_and_environment_change_no_sum(void **state)
{
	(void)state;
	make_database(
		"settings",
		"CREATE TYPE mood AS ENUM ('sad', 'ok');"
		"CREATE TYPE mixed AS (f float8, t timestamptz, b bytea, i interval, m mood);"
		"CREATE TABLE t(c mixed, a mixed[], r regclass[], m money, x xml, ts timestamptz, f float4);"
		"INSERT INTO t VALUES ((0.1 + 0.2::float8, '2024-03-01 12:00 UTC', '\\xdead', '1 mon 2 "
		"days', 'ok'),"
		" ARRAY[(1e-300, 'infinity', '', '-1 s', NULL)::mixed], ARRAY['t'::regclass], '12.34',"
		" '<a>b</a>', 'epoch', 'nan')");
	rp_auto(rp_db) before = open_db("boss", "settings", 1);
	rp_auto(rp_survey) sealed = take(before);
	own_server_sql(&server, "settings",
		       "ALTER DATABASE settings SET search_path = public; ALTER DATABASE settings SET "
		       "timezone = 'Asia/Tokyo';"
		       "ALTER DATABASE settings SET datestyle = 'German'; ALTER ROLE boss SET bytea_output = "
		       "'escape';"
		       "ALTER DATABASE settings SET extra_float_digits = -15; ALTER DATABASE settings SET "
		       "xmloption = document;"
		       "ALTER DATABASE settings SET intervalstyle = 'iso_8601'; ALTER DATABASE settings SET "
		       "client_encoding = latin1;"
		       "ALTER DATABASE settings SET default_transaction_read_only = off;"
		       "ALTER DATABASE settings SET statement_timeout = 1; ALTER DATABASE settings SET "
		       "quote_all_identifiers = on");
	(void)setenv("PGTZ", "America/New_York", 1);
	(void)setenv("PGDATESTYLE", "SQL", 1);
	(void)setenv("PGOPTIONS", "-c search_path=public", 1);
	(void)setenv("PGCLIENTENCODING", "LATIN1", 1);
	rp_auto(rp_db) after = open_db("boss", "settings", 2);
	rp_auto(rp_survey) found = retake(after, sealed);
	(void)unsetenv("PGTZ");
	(void)unsetenv("PGDATESTYLE");
	(void)unsetenv("PGOPTIONS");
	(void)unsetenv("PGCLIENTENCODING");
	own_server_sql(&server, "postgres", "ALTER ROLE boss RESET ALL");
	assert_equal_rows(sealed, found);
}

static void null_and_a_row_of_nulls_and_nothing_are_three_values(void **state)
{
	(void)state;
	make_database("nulls", "CREATE TYPE mood AS ENUM ('sad'); CREATE TYPE pair AS (m mood, t text);"
			       "CREATE TABLE a(c pair); INSERT INTO a VALUES (NULL);"
			       "CREATE TABLE b(c pair); INSERT INTO b VALUES (ROW(NULL, NULL));"
			       "CREATE TABLE c(c pair); INSERT INTO c VALUES (ROW(NULL, ''))");
	rp_auto(rp_db) db = open_db("boss", "nulls", 1);
	rp_auto(rp_survey) s = take(db);
	const struct rp_relation *a = relation(s, "public.a"), *b = relation(s, "public.b"),
				 *c = relation(s, "public.c");
	assert_string_equal(a->columns[0].encoding, "text");
	assert_int_equal(a->columns[0].nulls, 1);
	assert_int_equal(b->columns[0].nulls, 0);
	assert_true(a->digest.lo != b->digest.lo && b->digest.lo != c->digest.lo &&
		    a->digest.lo != c->digest.lo);
}

static void code_of_the_database_is_not_run(void **state)
{
	(void)state;
	make_database(
		"code",
		"CREATE FUNCTION boom(VARIADIC anyarray) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE "
		"'captured'; END $$;"
		"CREATE TYPE pair AS (a int, b text);"
		"CREATE FUNCTION cast_boom(pair) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'captured'; "
		"END $$;"
		"CREATE CAST (pair AS text) WITH FUNCTION cast_boom(pair);"
		"CREATE FUNCTION eq_boom(pair, pair) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE "
		"'captured'; END $$;"
		"CREATE OPERATOR = (LEFTARG = pair, RIGHTARG = pair, FUNCTION = eq_boom);"
		"CREATE FUNCTION public.format(text, VARIADIC \"any\") RETURNS text LANGUAGE internal AS "
		"'pg_typeof';"
		"CREATE FUNCTION public.count(VARIADIC text[]) RETURNS bigint LANGUAGE sql AS 'SELECT "
		"0::bigint';"
		"CREATE TABLE t(p pair, q pair[]); INSERT INTO t VALUES ((1, 'x'), ARRAY[(2, 'y')::pair])");
	rp_auto(rp_db) db = open_db("boss", "code", 1);
	rp_auto(rp_survey) s = take(db);
	assert_null(relation(s, "public.t")->not_surveyed);
	assert_int_equal(relation(s, "public.t")->rows, 1);
}

static void a_table_that_became_a_view_is_not_read(void **state)
{
	(void)state;
	make_database("swap",
		      "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE 'captured'; END $$;"
		      "CREATE VIEW v AS SELECT f() AS a");
	rp_auto(rp_db) db = open_db("boss", "swap", 1);
	struct rp_column a[] = {{.name = "a", .type = "integer", .encoding = "binary"}};
	struct rp_relation v = {.name = "v", .source = "ONLY public.v", .columns = a, .n_columns = 1};
	rp_autoerr struct rp_err *err = NULL;
	uint64_t rows = 0;
	assert_int_equal(rp_db_engine(db)->stream(rp_db_conn(db, 0), &v, NULL, count_rows, &rows, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_OBJECT);
	assert_null(strstr(rp_err_text(err), "captured"));
}

static void parents_are_read_without_children_and_generated_columns_are_read(void **state)
{
	(void)state;
	make_database("parents", "CREATE TABLE parent(a int); CREATE TABLE child() INHERITS (parent);"
				 "INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2), (3);"
				 "CREATE TABLE g(a int, twice int GENERATED ALWAYS AS (a * 2) STORED); "
				 "INSERT INTO g VALUES (4)");
	rp_auto(rp_db) db = open_db("boss", "parents", 1);
	rp_auto(rp_survey) s = take(db);
	assert_int_equal(relation(s, "public.parent")->rows, 1);
	assert_int_equal(relation(s, "public.child")->rows, 2);
	assert_int_equal(relation(s, "public.g")->rows, 1);
	assert_int_equal(relation(s, "public.g")->n_columns, 2);
}

static void a_column_that_is_gone_leaves_its_table_not_surveyed(void **state)
{
	(void)state;
	make_database("gone", "CREATE TABLE t(a int, b int); CREATE TABLE u(a int)");
	rp_auto(rp_db) before = open_db("boss", "gone", 1);
	rp_auto(rp_survey) sealed = take(before);
	for (size_t i = 0; i < sealed->n_relations; i++)
		if (strcmp(sealed->relations[i].name, "public.u") == 0)
			sealed->relations[i].columns[0].encoding = "morse";
	rp_db_close(rp_take(before));
	own_server_sql(&server, "gone", "ALTER TABLE t DROP COLUMN b, ADD COLUMN c int");
	rp_auto(rp_db) after = open_db("boss", "gone", 2);
	rp_auto(rp_survey) found = retake(after, sealed);
	assert_string_equal(relation(found, "public.t")->not_surveyed, "it has no column 'b'");
	assert_non_null(strstr(relation(found, "public.u")->not_surveyed, "morse"));
}

static void rows_that_differ_are_named_and_found(void **state)
{
	(void)state;
	make_database("rows",
		      "CREATE TABLE t(id bigint PRIMARY KEY, v text); INSERT INTO t SELECT g, 'v' || g FROM"
		      " generate_series(1, 5000) g");
	rp_auto(rp_db) before = open_db("boss", "rows", 1);
	rp_auto(rp_survey) sealed = take(before);
	rp_db_close(rp_take(before));
	own_server_sql(&server, "rows",
		       "UPDATE t SET v = 'other' WHERE id = 77; DELETE FROM t WHERE id = 78;"
		       "INSERT INTO t VALUES (9999, 'new')");
	rp_auto(rp_db) after = open_db("boss", "rows", 2);
	rp_auto(rp_survey) found = retake(after, sealed);
	struct rp_row_changes changes = {0};
	rp_autoerr struct rp_err *err = NULL;
	const struct rp_relation *r = relation(found, "public.t");
	assert_int_equal(rp_compare_rows(&changes, relation(sealed, "public.t"), r, &err), 0);
	assert_true(changes.complete);
	assert_int_equal(changes.n, 3);
	assert_int_equal(rp_rows_find(after, found, r, &changes, &err), 0);
	for (size_t i = 0; i < changes.n; i++) {
		assert_int_equal(changes.all[i].row == NULL, changes.all[i].change == RP_LOST);
		if (changes.all[i].change != RP_CHANGED)
			continue;
		static const uint8_t expected[] = "\0\0\0\10\0\0\0\0\0\0\0M\0\0\0\5other";
		assert_int_equal(changes.all[i].row_len, sizeof expected - 1);
		assert_memory_equal(changes.all[i].row, expected, sizeof expected - 1);
	}
	rp_row_changes_done(&changes);
}

/* What a person is shown is what the server itself prints. */
static void values_are_shown_as_the_server_prints_them(void **state)
{
	(void)state;
	static const struct {
		const char *type, *values;
	} all[] = {
		{"smallint", "-32768, 0, 7"},
		{"integer", "-2147483648, -1, 2147483647"},
		{"bigint", "-9223372036854775807 - 1, 42"},
		{"boolean", "true, false"},
		{"double precision", "'NaN', '-Infinity', 'Infinity', 0.5, -3"},
		{"numeric", "0, 0.00, 1, -1, 10000, 12345678.9, 0.00001234, -0.5, 1e20, 100000000, 'NaN', "
			    "99990000.0001"},
		{"numeric(12,2)", "1, -0.01, 12345.67"},
		{"uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"},
		{"date",
		 "'2000-01-01', '1999-12-31', '2024-02-29', '1900-03-01', '0001-01-01', '0001-12-31 BC',"
		 " '4713-01-01 BC', '5874897-12-31', 'infinity', '-infinity', '1600-02-29'"},
		{"timestamp without time zone",
		 "'2024-02-29 23:59:59.999999', '1969-12-31 12:00', '2000-01-01 00:00:00.5',"
		 " '0044-03-15 10:00 BC', 'infinity'"},
		{"timestamp with time zone", "'2024-02-29 23:59:59.1+00', 'epoch', '-infinity'"},
		{"time without time zone", "'00:00', '23:59:59.999', '24:00'"},
		{"bytea", "'', '\\xdeadbeef'"},
		{"text", "'', 'a b', 'Zürich'"},
		{"character varying(10)", "'x'"},
		{"jsonb", "'{\"a\": [1, 2]}'"},
		{"oid", "0, 4294967295"},
	};
	rp_auto(rp_db) db = open_db("boss", "postgres", 1);
	PGconn *pg = PQconnectdb(uri("boss", "postgres"));
	PQclear(PQexec(pg, "SET timezone = 'UTC'"));
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		rp_autobuf sql = RP_BUF_INIT(4096);
		rp_buf_addf(&sql, "SELECT v::%s FROM unnest(ARRAY[%s]::%s[]) v", all[i].type, all[i].values,
			    all[i].type);
		PGresult *text = PQexecParams(pg, rp_buf_text(&sql), 0, NULL, NULL, NULL, NULL, 0);
		PGresult *binary = PQexecParams(pg, rp_buf_text(&sql), 0, NULL, NULL, NULL, NULL, 1);
		assert_true(PQntuples(binary) > 0);
		struct rp_column col = {.name = "v", .type = all[i].type, .encoding = "binary"};
		for (int row = 0; row < PQntuples(binary); row++) {
			rp_autobuf shown = RP_BUF_INIT(4096);
			struct rp_field f = {(const uint8_t *)PQgetvalue(binary, row, 0),
					     (size_t)PQgetlength(binary, row, 0)};
			rp_db_engine(db)->show(&col, &f, &shown);
			const char *printed = PQgetvalue(text, row, 0);
			if (strcmp(all[i].type, "boolean") == 0)
				printed = printed[0] == 't' ? "true" : "false";
			assert_string_equal(rp_buf_text(&shown), printed);
		}
		PQclear(text);
		PQclear(binary);
	}
	PQfinish(pg);
}

static int ask(struct rp_db *db, const char *text, const char *role, unsigned limit_ms,
	       struct rp_reply *reply, struct rp_err **err)
{
	struct rp_question q = {.text = text, .role = role, .limit_ms = limit_ms};
	*reply = (struct rp_reply){0};
	return rp_db_engine(db)->ask(rp_db_conn(db, 0), &q, reply, err);
}

static void questions_are_answered_in_the_databases_own_search_path(void **state)
{
	(void)state;
	make_database("ask",
		      "CREATE SCHEMA shop; CREATE TABLE shop.orders AS SELECT generate_series(10, 30) AS id;"
		      "ALTER DATABASE ask SET search_path = shop; GRANT USAGE ON SCHEMA shop TO plain;"
		      "GRANT SELECT ON shop.orders TO plain; CREATE TABLE shop.secret(a int)");
	rp_auto(rp_db) db = open_db("boss", "ask", 1);
	rp_autoerr struct rp_err *err = NULL;
	struct rp_reply reply;
	assert_int_equal(
		ask(db, "SELECT id FROM orders ORDER BY 1; -- that is all", NULL, 5000, &reply, &err), 0);
	assert_int_equal(reply.rows, 21);
	assert_string_equal(reply.first, "10");
	free(reply.first);
	assert_int_equal(ask(db, "SELECT NULL WHERE false", NULL, 0, &reply, &err), 0);
	assert_int_equal(reply.rows, 0);
	assert_null(reply.first);
	assert_int_equal(ask(db, "SELECT current_user FROM orders", "plain", 5000, &reply, &err), 0);
	assert_string_equal(reply.first, "plain");
	free(reply.first);
}

/* The private server's own login is a superuser, and a question calls what the backup brought. */
static void questions_have_a_login_without_rights(void **state)
{
	(void)state;
	make_database(
		"asks",
		"CREATE TABLE t AS SELECT generate_series(1, 7) AS id; CREATE ROLE owns NOLOGIN; CREATE ROLE above"
		" SUPERUSER NOLOGIN; CREATE ROLE under NOLOGIN; GRANT above TO under; ALTER TABLE t OWNER TO owns;"
		" ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (id > 5)");
	static const struct {
		const char *text, *role, *answer; /* NULL: refused */
	} all[] = {
		{"SELECT current_setting('is_superuser')", NULL, "off"},
		{"SELECT count(*) FROM t", NULL, "7"},
		{"SELECT current_setting('is_superuser')", "owns", "off"},
		{"SELECT current_user", "owns", "owns"},
		{"SELECT count(*) FROM t", "owns", "7"},
		{"SELECT session_user LIKE 'reprove_asks_%'", "owns", "t"},
		{"SELECT set_config('role', 'none', false) || current_setting('is_superuser')", "owns",
		 "noneoff"},
		{"SELECT set_config('session_authorization', 'boss', false)", NULL, NULL},
		{"SELECT set_config('role', 'boss', false)", NULL, NULL},
		{"SELECT set_config('role', 'above', false)", "owns", NULL},
		{"SELECT pg_read_file('/etc/passwd')", NULL, NULL},
		{"COPY (SELECT 1) TO PROGRAM 'true'", NULL, NULL},
		{"SELECT lo_export(1, '/tmp/x')", NULL, NULL},
		{"SELECT 1", "above", NULL},
		{"SELECT 1", "under", NULL},
		{"SELECT 1", "boss", NULL},
	};
	rp_auto(rp_db) db = open_db("boss", "asks", 1);
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		rp_autoerr struct rp_err *err = NULL;
		struct rp_reply reply;
		int asked = ask(db, all[i].text, all[i].role, 5000, &reply, &err);
		if ((asked == 0) != (all[i].answer != NULL))
			fail_msg("'%s' as '%s': %s", all[i].text, all[i].role != NULL ? all[i].role : "",
				 asked == 0 ? "is answered" : rp_err_text(err));
		if (asked == 0)
			assert_string_equal(reply.first, all[i].answer);
		else
			assert_int_equal(rp_err_kind(err), RP_ERR_OBJECT);
		free(reply.first);
	}
}

static void questions_that_are_none_are_refused_and_change_nothing(void **state)
{
	(void)state;
	static const struct {
		const char *text, *role, *says;
	} all[] = {
		{"INSERT INTO orders VALUES (1)", NULL, "read-only transaction"},
		{"SELECT 1; DROP TABLE orders", NULL, "multiple commands"},
		{"COMMIT", NULL, "ended the transaction"},
		{"SELECT * FROM secret", "plain", "permission denied"},
		{"COPY orders TO STDOUT", NULL, "no question"},
		{"SELECT pg_sleep(60)", NULL, "statement timeout"},
		{"SELECT nonsense(", NULL, "syntax error"},
		{"SELECT 1", "nosuch", "nosuch"},
	};
	rp_auto(rp_db) db = open_db("boss", "ask", 1);
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		rp_autoerr struct rp_err *err = NULL;
		struct rp_reply reply;
		assert_int_equal(ask(db, all[i].text, all[i].role, 300, &reply, &err), -1);
		if (strstr(rp_err_text(err), all[i].says) == NULL)
			fail_msg("'%s': %s", all[i].text, rp_err_text(err));
		assert_int_equal(rp_err_kind(err), RP_ERR_OBJECT);
	}
	rp_autofree char *rows = own_server_ask(&server, "ask", "SELECT count(*) FROM shop.orders");
	assert_string_equal(rows, "21");
}

static void assert_refused(const char *where, enum rp_err_kind kind, const char *says)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_db *db = NULL;
	assert_int_equal(rp_db_open(&db, where, 1, NULL, &server.run, &err), -1);
	if (strstr(rp_err_text(err), says) == NULL)
		fail_msg("%s", rp_err_text(err));
	assert_int_equal(rp_err_kind(err), kind);
	assert_null(strstr(rp_err_text(err), "hunter2"));
}

static void uris_with_secrets_or_detours_are_refused(void **state)
{
	(void)state;
	assert_refused("postgresql://boss:hunter2@/postgres", RP_ERR_USAGE, "password in a URI");
	assert_refused("postgresql:///postgres?password=hunter2", RP_ERR_USAGE, "password in a URI");
	assert_refused("postgresql:///postgres?hunter2=x", RP_ERR_USAGE, "not a URI");
	assert_refused("oracle://hunter2@x/", RP_ERR_USAGE, "no engine for 'oracle:'");
	(void)setenv("PGHOSTADDR", "127.0.0.1", 1);
	assert_refused(uri("boss", "postgres"), RP_ERR_USAGE, "PGHOSTADDR");
	(void)unsetenv("PGHOSTADDR");
	assert_refused(uri("boss", "nosuch"), RP_ERR_ENGINE, "does not exist");
}

static void a_server_that_skips_damage_silently_is_refused(void **state)
{
	(void)state;
	make_database("zero", "ALTER DATABASE zero SET zero_damaged_pages = on");
	assert_refused(uri("boss", "zero"), RP_ERR_ENGINE, "zero_damaged_pages");
}

static void libraries_that_the_database_loads_at_login_are_not(void **state)
{
	(void)state;
	make_database("preload", "ALTER DATABASE preload SET session_preload_libraries = 'no_such_library'");
	rp_auto(rp_db) db = open_db("boss", "preload", 2);
	assert_int_equal(rp_db_jobs(db), 2);
}

/* 17 and newer. As a superuser we keep it out; who cannot is told, for it has run as them. */
static void login_triggers_do_not_run_or_the_login_is_refused(void **state)
{
	(void)state;
	rp_autofree char *version =
		own_server_ask(&server, "postgres", "SELECT current_setting('server_version_num')");
	if (strtol(version, NULL, 10) < 170000)
		return;
	make_database(
		"trigger",
		"CREATE TABLE ran(a int); CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql"
		" SECURITY DEFINER AS $$ BEGIN IF current_setting('application_name') = 'reprove' THEN"
		" INSERT INTO public.ran VALUES (1); END IF; END $$;"
		"CREATE EVENT TRIGGER t ON login EXECUTE FUNCTION f(); ALTER EVENT TRIGGER t ENABLE ALWAYS");
	rp_auto(rp_db) db = open_db("boss", "trigger", 2);
	rp_auto(rp_survey) s = take(db);
	assert_int_equal(relation(s, "public.ran")->rows, 0);
	own_server_sql(&server, "trigger",
		       "CREATE OR REPLACE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS"
		       " $$ BEGIN NULL; END $$");
	assert_refused(uri("plain", "trigger"), RP_ERR_ENGINE, "login event trigger 't'");
}

static int kill_backends(void *ctx, const uint8_t *row, size_t len, struct rp_err **err)
{
	uint64_t *rows = ctx;
	if (*rows == 10)
		own_server_sql(&server, "postgres",
			       "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
			       " WHERE application_name = 'reprove'");
	return count_rows(rows, row, len, err);
}

static void a_lost_connection_is_no_fault_of_the_table(void **state)
{
	(void)state;
	rp_auto(rp_db) db = open_db("boss", "many", 1);
	rp_autoerr struct rp_err *err = NULL;
	uint64_t rows = 0;
	rp_auto(rp_survey) s = take(db);
	const struct rp_relation *big = relation(s, "public.big");
	assert_int_equal(rp_db_engine(db)->stream(rp_db_conn(db, 0), big, NULL, kill_backends, &rows, &err),
			 -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_ENGINE);
}

static int fail_at_once(void *ctx, const uint8_t *row, size_t len, struct rp_err **err)
{
	(void)ctx;
	(void)row;
	(void)len;
	return rp_err_set(err, RP_ERR_OBJECT, "seen enough");
}

static void a_reader_that_stops_early_leaves_a_good_connection(void **state)
{
	(void)state;
	rp_auto(rp_db) db = open_db("boss", "many", 1);
	const struct rp_engine *engine = rp_db_engine(db);
	rp_auto(rp_survey) s = take(db);
	const struct rp_relation *big = relation(s, "public.big");
	for (int i = 0; i < 3; i++) {
		rp_autoerr struct rp_err *err = NULL;
		assert_int_equal(engine->stream(rp_db_conn(db, 0), big, NULL, fail_at_once, NULL, &err), -1);
		assert_string_equal(rp_err_text(err), "seen enough");
	}
	uint64_t rows = 0;
	assert_int_equal(engine->stream(rp_db_conn(db, 0), big, NULL, count_rows, &rows, NULL), 0);
	assert_int_equal(rows, 120000);
}

static void roles_without_connections_left_get_fewer_workers(void **state)
{
	(void)state;
	own_server_sql(&server, "postgres", "CREATE ROLE narrow LOGIN CONNECTION LIMIT 2");
	rp_auto(rp_db) db = open_db("narrow", "many", 4);
	assert_int_equal(rp_db_jobs(db), 2);
}

int main(void)
{
	if (own_server_missing(&server)) {
		(void)fprintf(stderr, "no PostgreSQL server is installed\n");
		return NOT_RUN;
	}
	if (own_server_start(&server) < 0) {
		own_server_stop(&server);
		return 1;
	}
	own_server_sql(&server, "postgres", "CREATE ROLE plain LOGIN");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(several_connections_sum_up_to_what_one_does),
		cmocka_unit_test(a_plan_cuts_large_tables_and_begins_with_the_heaviest),
		cmocka_unit_test(rows_written_after_the_moment_are_not_seen),
		cmocka_unit_test(tables_truncated_or_replaced_meanwhile_are_not_surveyed),
		cmocka_unit_test(more_tables_than_the_server_has_locks_are_surveyed),
		cmocka_unit_test(a_guest_sees_the_moment_that_is_surveyed),
		cmocka_unit_test(what_a_role_may_not_read_is_not_surveyed_and_the_rest_is),
		cmocka_unit_test(after_a_refused_table_the_connection_sees_the_same_moment),
		cmocka_unit_test(a_damaged_page_in_the_middle_leaves_the_table_not_surveyed),
		cmocka_unit_test(settings_of_database_role_and_environment_change_no_sum),
		cmocka_unit_test(null_and_a_row_of_nulls_and_nothing_are_three_values),
		cmocka_unit_test(code_of_the_database_is_not_run),
		cmocka_unit_test(a_table_that_became_a_view_is_not_read),
		cmocka_unit_test(parents_are_read_without_children_and_generated_columns_are_read),
		cmocka_unit_test(a_column_that_is_gone_leaves_its_table_not_surveyed),
		cmocka_unit_test(rows_that_differ_are_named_and_found),
		cmocka_unit_test(values_are_shown_as_the_server_prints_them),
		cmocka_unit_test(questions_are_answered_in_the_databases_own_search_path),
		cmocka_unit_test(questions_have_a_login_without_rights),
		cmocka_unit_test(questions_that_are_none_are_refused_and_change_nothing),
		cmocka_unit_test(uris_with_secrets_or_detours_are_refused),
		cmocka_unit_test(a_server_that_skips_damage_silently_is_refused),
		cmocka_unit_test(libraries_that_the_database_loads_at_login_are_not),
		cmocka_unit_test(login_triggers_do_not_run_or_the_login_is_refused),
		cmocka_unit_test(a_lost_connection_is_no_fault_of_the_table),
		cmocka_unit_test(a_reader_that_stops_early_leaves_a_good_connection),
		cmocka_unit_test(roles_without_connections_left_get_fewer_workers),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	own_server_stop(&server);
	return failed;
}
