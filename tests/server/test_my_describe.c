/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/server/own_mysql.h"
#include "verifier/engine/db.h"
#include "verifier/engine/mysql/catalog.h"
#include "verifier/engine/mysql/conn.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

/* The catalogue of a real server: every kind of object is found, a dump and restore changes nothing, and
 * an account that is shown only a part of the database gets no survey. RP_MY_BINDIR chooses the server,
 * RP_MY_BINDIR_TO (if any) a newer one to restore to; then what the version explains may differ. */

#define NOT_RUN 77

static struct own_mysql server, other;

static void run_client(struct own_mysql *s, const char *const words[], int in, int out)
{
	rp_cleanup(rp_argv_done) struct rp_argv argv = {0};
	rp_autoerr struct rp_err *err = NULL;
	struct rp_program p = RP_PROGRAM_INIT;
	struct rp_proc proc = RP_PROC_INIT;
	rp_argv_add(&argv, *words++);
	rp_argv_add(&argv, "--no-defaults");
	rp_argv_addf(&argv, "--socket=%s/s", s->dir);
	rp_argv_add(&argv, "--user=root");
	rp_argv_add(&argv, "--default-character-set=utf8mb4");
	for (; *words != NULL; words++)
		rp_argv_add(&argv, *words);
	p.argv = argv.v;
	p.in = in;
	p.out = out;
	p.errors = STDERR_FILENO;
	if (rp_proc_start(&proc, &p, &err) < 0)
		fail_msg("%s", rp_err_text(err));
	if (rp_proc_wait(&proc, &s->run, &err) != 0)
		fail_msg("%s failed", argv.v[0]);
}

static void load_file(struct own_mysql *s, const char *database, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail_msg("no file '%s'", path);
	run_client(s, (const char *const[]){s->client, database, NULL}, fd, -1);
	(void)close(fd);
}

static void make_database(struct own_mysql *s, const char *database, const char *how)
{
	char sql[500];
	(void)snprintf(sql, sizeof sql, "DROP DATABASE IF EXISTS `%s`; CREATE DATABASE `%s` %s", database,
		       database, how);
	own_mysql_sql(s, sql);
}

static void load_fixture(const char *database, const char *file)
{
	char path[400];
	(void)snprintf(path, sizeof path, "%s/%s", getenv("RP_FIXTURES"), file);
	make_database(&server, database, "");
	load_file(&server, database, path);
}

static void dump(const char *database, const char *path)
{
	char tool[400];
	const char *slash = strrchr(server.client, '/');
	(void)snprintf(tool, sizeof tool, "%.*s/%s", (int)(slash - server.client), server.client,
		       server.mariadb ? "mariadb-dump" : "mysqldump");
	/* The dump's own locks are in the way of defaults that take the next value of a sequence. */
	const char *const words[] = {tool,
				     "--single-transaction",
				     "--routines",
				     "--events",
				     "--triggers",
				     "--hex-blob",
				     "--skip-add-locks",
				     server.mariadb ? "--skip-lock-tables" : "--set-gtid-purged=OFF",
				     database,
				     NULL};
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	run_client(&server, words, -1, fd);
	(void)close(fd);
}

/* By way of a dump, into a database that is made as the first one was. */
static void restore(const char *from, struct own_mysql *to, const char *database)
{
	char path[200], sql[500];
	(void)snprintf(path, sizeof path, "%s/dump", server.dir);
	dump(from, path);
	(void)snprintf(sql, sizeof sql,
		       "SELECT CONCAT('CHARACTER SET ', DEFAULT_CHARACTER_SET_NAME, ' COLLATE ',"
		       " DEFAULT_COLLATION_NAME) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '%s'",
		       from);
	rp_autofree char *how = own_mysql_ask(&server, sql);
	make_database(to, database, how);
	load_file(to, database, path);
}

static struct rp_db *open_db(struct own_mysql *s, const char *user, const char *database)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_db *db = NULL;
	if (rp_db_open(&db, own_mysql_uri(s, user, database, NULL), 1, NULL, &s->run, &err) < 0)
		fail_msg("open: %s", rp_err_text(err));
	return db;
}

static int try_describe(struct rp_db *db, struct rp_survey **ret, struct rp_err **err)
{
	struct rp_identity who = {0};
	struct rp_position at = {0};
	struct rp_conn *c = rp_db_conn(db, 0);
	assert_int_equal(rp_survey_new(ret, err), 0);
	assert_int_equal(rp_db_engine(db)->identify(c, &who, &at, err), 0);
	assert_int_equal(rp_survey_identify(*ret, &who, &at, err), 0);
	if (rp_db_engine(db)->describe(c, *ret, err) < 0)
		return -1;
	assert_int_equal(rp_survey_finish(*ret, err), 0);
	return 0;
}

static struct rp_survey *describe_db(struct rp_db *db)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_survey *s = NULL;
	if (try_describe(db, &s, &err) < 0)
		fail_msg("describe: %s", rp_err_text(err));
	return s;
}

static struct rp_survey *describe(struct own_mysql *s, const char *user, const char *database)
{
	rp_auto(rp_db) db = open_db(s, user, database);
	return describe_db(db);
}

/* What no dump carries: mariadb-dump does not write REF_SYSTEM_ID either. */
static bool is_not_carried(const struct rp_object *o, const char *fact)
{
	bool database = strcmp(o->kind, RP_MY_KIND_DATABASE) == 0;
	return (database && (strcmp(o->name, RP_MY_RIGHTS) == 0 || strcmp(o->name, RP_MY_SERVER) == 0)) ||
	       (fact != NULL && strcmp(fact, "ref system id") == 0);
}

static unsigned count_differences(const struct rp_survey *a, const struct rp_survey *b)
{
	struct rp_differences all = {0};
	unsigned n = 0;
	assert_int_equal(rp_compare_objects(&all, a, b, rp_my_drift, NULL), 0);
	for (size_t i = 0; i < all.n; i++) {
		const struct rp_difference *d = &all.all[i];
		const struct rp_object *o = d->sealed != NULL ? d->sealed : d->found;
		if (d->drift != NULL || is_not_carried(o, d->fact))
			continue;
		(void)fprintf(stderr, "# %s '%s' %s: '%s' and '%s'\n", o->kind, o->name,
			      d->fact != NULL ? d->fact : "", d->expected != NULL ? d->expected : "(nothing)",
			      d->got != NULL ? d->got : "(nothing)");
		n++;
	}
	rp_differences_done(&all);
	return n;
}

static void assert_same_relations(const struct rp_survey *a, const struct rp_survey *b)
{
	assert_int_equal(a->n_relations, b->n_relations);
	for (size_t i = 0; i < a->n_relations; i++) {
		const struct rp_relation *r = &a->relations[i], *s = &b->relations[i];
		assert_string_equal(r->name, s->name);
		assert_int_equal(r->n_columns, s->n_columns);
		for (size_t k = 0; k < r->n_columns; k++) {
			assert_string_equal(r->columns[k].name, s->columns[k].name);
			assert_string_equal(r->columns[k].type, s->columns[k].type);
			assert_string_equal(r->columns[k].encoding, s->columns[k].encoding);
			assert_int_equal(r->columns[k].key, s->columns[k].key);
		}
	}
}

static void assert_survives(const char *from, struct own_mysql *to, const char *database)
{
	restore(from, to, database);
	rp_auto(rp_survey) sealed = describe(&server, "root", from);
	rp_auto(rp_survey) restored = describe(to, "root", database);
	assert_int_equal(count_differences(sealed, restored), 0);
	assert_same_relations(sealed, restored);
}

/* Texts name the database that they are in, so the other server's has its name. */
static void a_dump_and_restore_changes_nothing(void **state)
{
	(void)state;
	static const char *const fixtures[] = {"objects", "everything", "shop", "engines", "only"};
	for (size_t i = 0; i < sizeof fixtures / sizeof fixtures[0]; i++)
		assert_survives(fixtures[i], &other, fixtures[i]);
}

static void another_name_changes_nothing(void **state)
{
	(void)state;
	own_mysql_sql(
		&server,
		"USE named; CREATE TABLE a (id int PRIMARY KEY, b int, CONSTRAINT up FOREIGN KEY (b) REFERENCES a (id));"
		"CREATE TABLE b (id int PRIMARY KEY, t varchar(40) DEFAULT '`named`.`a`');"
		"CREATE FUNCTION f(x int) RETURNS int DETERMINISTIC RETURN x;"
		"CREATE VIEW plain AS SELECT a.id, 'from `named`.`a`' AS t FROM a;"
		"CREATE VIEW comma AS SELECT a.id, b.t FROM a, b, a c WHERE a.id = b.id AND c.id = a.b;"
		"CREATE VIEW alias AS SELECT named.id, f(named.id) AS x FROM a named JOIN b ON b.id = named.id;"
		"CREATE VIEW twice AS SELECT id FROM a UNION SELECT x.id FROM (SELECT id FROM b) x LEFT JOIN (a, b)"
		" ON x.id = a.id;"
		"CREATE VIEW inner_one AS SELECT id FROM plain WHERE id IN (SELECT id FROM b WHERE b.id = plain.id)");
	assert_survives("named", &server, "another");
	assert_survives("named", &other, "named");
}

static void every_kind_of_object_is_found(void **state)
{
	(void)state;
	static const struct {
		const char *database, *kind;
		bool only_mariadb;
	} kinds[] = {
		{"objects", "auto increment", false}, {"objects", "check constraint", false},
		{"objects", "column", false},	      {"objects", "database", false},
		{"objects", "event", false},	      {"objects", "foreign key", false},
		{"objects", "function", false},	      {"objects", "index", false},
		{"objects", "partition", false},      {"objects", "partitioning", false},
		{"objects", "primary key", false},    {"objects", "procedure", false},
		{"objects", "table", false},	      {"objects", "trigger", false},
		{"objects", "view", false},	      {"only", "sequence", true},
		{"only", "column check", true},
	};
	for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
		if (kinds[k].only_mariadb && !server.mariadb)
			continue;
		rp_auto(rp_survey) s = describe(&server, "root", kinds[k].database);
		size_t i = 0;
		while (i < s->n_coverage && strcmp(s->coverage[i].what, kinds[k].kind) != 0)
			i++;
		if (i == s->n_coverage || s->coverage[i].count == 0 || s->coverage[i].reason != NULL)
			fail_msg("no %s was surveyed", kinds[k].kind);
	}
}

static const struct rp_object *object(const struct rp_survey *s, const char *kind, const char *name)
{
	const struct rp_object *o = rp_survey_object(s, kind, name);
	if (o == NULL)
		fail_msg("no %s '%s'", kind, name);
	return o;
}

static const char *fact(const struct rp_survey *s, const char *kind, const char *name, const char *what)
{
	const char *value = rp_object_fact(object(s, kind, name), what);
	return value != NULL ? value : "";
}

static void facts_say_what_was_declared(void **state)
{
	(void)state;
	make_database(&server, "declared", "CHARACTER SET latin1 COLLATE latin1_german1_ci");
	own_mysql_sql(
		&server,
		"CREATE USER IF NOT EXISTS `some one`@`10.%`; USE declared;"
		"CREATE TABLE t (id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'it''s',"
		" a varchar(9) CHARACTER SET utf8mb3 COLLATE utf8mb3_bin DEFAULT 'x',"
		" ts timestamp(2) NOT NULL DEFAULT CURRENT_TIMESTAMP(2) ON UPDATE CURRENT_TIMESTAMP(2),"
		" n varchar(9) DEFAULT 'NULL', o varchar(9) DEFAULT NULL, e varchar(9) DEFAULT '',"
		" i int INVISIBLE, g int GENERATED ALWAYS AS (i + 1) STORED,"
		" KEY part (a(3)), UNIQUE both_of (a, ts)) ENGINE=InnoDB COMMENT='c'"
		" ROW_FORMAT=COMPACT AUTO_INCREMENT=41;"
		"INSERT INTO t (a) VALUES ('y');"
		"CREATE DEFINER=`some one`@`10.%` VIEW v AS SELECT id AS `odd.name` FROM t;"
		"CREATE EVENT e ON SCHEDULE EVERY 2 HOUR STARTS '2030-01-02 03:04:05' DISABLE DO SELECT 1");
	rp_auto(rp_survey) s = describe(&server, "root", "declared");
	assert_string_equal(fact(s, "database", RP_MY_DEFAULTS, RP_MY_FACT_CHARSET), "latin1");
	assert_string_equal(fact(s, "database", RP_MY_DEFAULTS, RP_MY_FACT_COLLATION), "latin1_german1_ci");
	assert_string_equal(fact(s, "database", RP_MY_SERVER, RP_MY_FACT_CASE), "0");
	assert_string_equal(fact(s, "table", "t", RP_MY_FACT_ENGINE), "InnoDB");
	assert_string_equal(fact(s, "table", "t", "options"), "row_format=COMPACT");
	assert_string_equal(fact(s, "table", "t", "comment"), "c");
	assert_string_equal(fact(s, "column", "t.id", "type"), "int unsigned");
	assert_string_equal(fact(s, "column", "t.id", "not null"), "true");
	assert_string_equal(fact(s, "column", "t.id", "auto increment"), "true");
	assert_string_equal(fact(s, "column", "t.id", "comment"), "it's");
	assert_string_equal(fact(s, "column", "t.a", RP_MY_FACT_COLLATION), "utf8mb3_bin");
	assert_string_equal(fact(s, "column", "t.ts", "on update"), "current_timestamp(2)");
	assert_string_equal(object(s, "column", "t.ts")->definition, "DEFAULT current_timestamp(2)");
	assert_string_equal(object(s, "column", "t.n")->definition, "DEFAULT 'NULL'");
	assert_string_equal(object(s, "column", "t.o")->definition, "");
	assert_string_equal(object(s, "column", "t.e")->definition, "DEFAULT ''");
	assert_string_equal(fact(s, "column", "t.i", "invisible"), "true");
	assert_non_null(strstr(object(s, "column", "t.g")->definition, " STORED"));
	assert_string_equal(object(s, "index", "t.part")->definition, "INDEX (`a`(3))");
	assert_string_equal(object(s, "index", "t.both_of")->definition, "UNIQUE (`a`, `ts`)");
	assert_string_equal(fact(s, RP_MY_KIND_AUTO_INCREMENT, "t.id", RP_FACT_POSITION), "42");
	assert_string_equal(fact(s, "view", "v", RP_FACT_OWNER), "some one@10.%");
	assert_string_equal(object(s, "view", "v")->definition, "select `t`.`id` AS `odd.name` from `t`");
	assert_string_equal(fact(s, "column", "v.odd\\.name", "ordinal"), "1");
	assert_string_equal(fact(s, "event", "e", "every"), "2 HOUR");
	assert_string_equal(fact(s, "event", "e", "starts"), "2030-01-02 03:04:05");
	assert_string_equal(fact(s, "event", "e", "enabled"), "false");
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
	make_database(&server, "held", "");
	own_mysql_sql(
		&server,
		"USE held; CREATE TABLE part (a varchar(9) NOT NULL, UNIQUE (a(3)));"
		"CREATE TABLE nullable (a int UNIQUE, b int NOT NULL, c int NOT NULL, UNIQUE (c, b));"
		"CREATE TABLE both_of (a int NOT NULL UNIQUE, b int, PRIMARY KEY (b, a));"
		"CREATE TABLE `o\"d'd``.x` (`a.b` int PRIMARY KEY, g int GENERATED ALWAYS AS (`a.b` + 1) VIRTUAL);"
		"CREATE TABLE m (a int) ENGINE=MyISAM; CREATE TABLE merged (a int) ENGINE=MERGE UNION=(m);"
		"CREATE VIEW v AS SELECT 1 AS x");
	rp_auto(rp_survey) s = describe(&server, "root", "held");
	assert_int_equal(s->n_relations, 5);
	assert_int_equal(relation(s, "part")->columns[0].key, 0);
	assert_int_equal(relation(s, "nullable")->columns[0].key, 0);
	assert_int_equal(relation(s, "nullable")->columns[1].key, 2);
	assert_int_equal(relation(s, "nullable")->columns[2].key, 1);
	assert_int_equal(relation(s, "both_of")->columns[0].key, 2);
	assert_int_equal(relation(s, "both_of")->columns[1].key, 1);
	const struct rp_relation *odd = relation(s, "o\"d'd`\\.x");
	assert_string_equal(odd->source, "`held`.`o\"d'd``.x`");
	assert_string_equal(odd->columns[0].name, "a.b");
	assert_string_equal(odd->columns[1].type, "int generated");
	assert_string_equal(odd->columns[1].encoding, "int");
	assert_non_null(relation(s, "m"));
	assert_null(rp_survey_relation(s, "merged"));
	assert_null(rp_survey_relation(s, "v"));
}

static void rows_that_a_table_no_longer_shows_are_a_relation(void **state)
{
	(void)state;
	if (!server.mariadb)
		return;
	make_database(&server, "versions", "");
	own_mysql_sql(&server,
		      "USE versions; CREATE TABLE t (id int PRIMARY KEY, v int) WITH SYSTEM VERSIONING;"
		      "INSERT INTO t VALUES (1, 1); UPDATE t SET v = 2; UPDATE t SET v = 3;"
		      "CREATE TABLE u (id int PRIMARY KEY, f timestamp(6) GENERATED ALWAYS AS ROW START,"
		      " u timestamp(6) GENERATED ALWAYS AS ROW END INVISIBLE, PERIOD FOR SYSTEM_TIME (f, u))"
		      " WITH SYSTEM VERSIONING");
	rp_auto(rp_survey) s = describe(&server, "root", "versions");
	const struct rp_relation *r = relation(s, "t." RP_MY_HISTORY);
	rp_autobuf sql = RP_BUF_INIT(4000);
	assert_int_equal(relation(s, "u")->columns[2].key, 0);
	assert_string_equal(relation(s, "u")->columns[1].type, "timestamp(6) generated as row start");
	assert_int_equal(relation(s, "u." RP_MY_HISTORY)->columns[2].key, 2);
	assert_int_equal(relation(s, "t")->n_columns, 2);
	assert_int_equal(r->n_columns, 4);
	assert_string_equal(r->columns[3].name, "row_end");
	assert_int_equal(r->columns[3].key, 2);
	rp_buf_addf(&sql, "SELECT COUNT(*) FROM %s", r->source);
	rp_autofree char *n = own_mysql_ask(&server, rp_buf_text(&sql));
	assert_string_equal(n, "2");
}

/* MariaDB's catalogue takes 'a' for 'A' where it is asked with an ordinary comparison. */
static void names_that_differ_in_case_are_two(void **state)
{
	(void)state;
	make_database(&server, "cased", "");
	make_database(&server, "CASED", "");
	own_mysql_sql(
		&server,
		"USE cased; CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, b int, CONSTRAINT c1 CHECK (b > 0));"
		"CREATE TABLE T (id bigint AUTO_INCREMENT PRIMARY KEY, b int, KEY (b), CONSTRAINT c2 CHECK (b > 1));"
		"CREATE TABLE e (id int, CONSTRAINT f1 FOREIGN KEY (id) REFERENCES t (id));"
		"CREATE TABLE E (id bigint, CONSTRAINT f2 FOREIGN KEY (id) REFERENCES T (id));"
		"INSERT INTO T (b) VALUES (5); CREATE VIEW v AS SELECT 1 AS x; CREATE VIEW V AS SELECT 2 AS y;"
		"CREATE TABLE CASED.t (x int); CREATE TABLE CASED.other (x int)");
	rp_auto(rp_survey) s = describe(&server, "root", "cased");
	assert_int_equal(s->n_relations, 4);
	assert_string_equal(fact(s, RP_MY_KIND_AUTO_INCREMENT, "T.id", RP_FACT_POSITION), "2");
	assert_string_equal(fact(s, RP_MY_KIND_AUTO_INCREMENT, "t.id", RP_FACT_POSITION), "1");
	assert_string_equal(object(s, "foreign key", "E.f2")->definition, "REFERENCES `T` (`id` = `id`)");
	assert_string_equal(relation(s, "T")->columns[0].type, "bigint");
	assert_null(rp_survey_object(s, "index", "t.b"));
	assert_survives("cased", &other, "cased");
	/* mariadb-dump 10.5 would stumble over it. */
	own_mysql_sql(&server, "CREATE PROCEDURE CASED.p() SELECT 1");
	rp_auto(rp_survey) again = describe(&server, "root", "cased");
	assert_int_equal(count_differences(s, again), 0);
}

/* The server hides what an account has no right to and says nothing: nothing must not be a survey. */
static void who_is_shown_a_part_gets_no_survey(void **state)
{
	(void)state;
	static const char *const steps[] = {
		"CREATE USER part@localhost; GRANT SELECT ON objects.countries TO part@localhost",
		"GRANT SELECT ON objects.* TO part@localhost",
		"GRANT SHOW VIEW ON objects.* TO part@localhost",
		"GRANT EVENT ON objects.* TO part@localhost",
		"GRANT TRIGGER ON objects.* TO part@localhost",
	};
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		own_mysql_sql(&server, steps[i]);
		rp_auto(rp_db) db = open_db(&server, "part", "objects");
		rp_auto(rp_survey) s = NULL;
		rp_autoerr struct rp_err *err = NULL;
		assert_int_equal(try_describe(db, &s, &err), -1);
		assert_non_null(strstr(rp_err_text(err), "hides a part"));
		assert_non_null(rp_err_hint_text(err));
	}
	own_mysql_sql(&server, server.mariadb ? "GRANT SELECT ON mysql.proc TO part@localhost"
					      : "GRANT SHOW_ROUTINE ON *.* TO part@localhost");
	rp_auto(rp_survey) part = describe(&server, "part", "objects");
	rp_auto(rp_survey) all = describe(&server, "root", "objects");
	assert_int_equal(count_differences(all, part), 0);
	assert_same_relations(all, part);
	own_mysql_sql(&server, "DROP USER part@localhost");
}

static void positions_read_again_become_intervals(void **state)
{
	(void)state;
	make_database(&server, "counters", "");
	own_mysql_sql(&server,
		      "USE counters; CREATE TABLE t (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, v int);"
		      "CREATE TABLE never (id int AUTO_INCREMENT PRIMARY KEY);"
		      "INSERT INTO t (v) VALUES (1), (2)");
	if (server.mariadb)
		own_mysql_sql(&server, "CREATE SEQUENCE counters.s INCREMENT -5 NOCACHE");
	rp_auto(rp_db) db = open_db(&server, "root", "counters");
	rp_auto(rp_survey) s = describe_db(db);
	assert_string_equal(fact(s, RP_MY_KIND_AUTO_INCREMENT, "t.id", RP_FACT_POSITION), "3");
	assert_string_equal(fact(s, RP_MY_KIND_AUTO_INCREMENT, "never.id", RP_FACT_POSITION), "1");
	own_mysql_sql(&server, "INSERT INTO counters.t VALUES (18446744073709551000, 1)");
	if (server.mariadb)
		own_mysql_sql(&server, "SELECT NEXTVAL(counters.s), NEXTVAL(counters.s)");
	assert_int_equal(rp_my_reread(rp_db_conn(db, 0), s, NULL), 0);
	assert_string_equal(fact(s, RP_MY_KIND_AUTO_INCREMENT, "t.id", RP_FACT_POSITION),
			    "3..18446744073709551001");
	assert_string_equal(fact(s, RP_MY_KIND_AUTO_INCREMENT, "never.id", RP_FACT_POSITION), "1..1");
	if (server.mariadb)
		assert_string_equal(fact(s, RP_MY_KIND_SEQUENCE, "s", RP_FACT_POSITION), "-11..-1");
}

static void what_differs_is_found(void **state)
{
	(void)state;
	static const char *const changes[] = {
		"ALTER TABLE orders COMMENT 'x'",
		"CREATE INDEX another ON orders (id)",
		"CREATE OR REPLACE VIEW shown AS SELECT id FROM orders WHERE id > 2",
		"ALTER TABLE orders ALTER name SET DEFAULT 'y'",
		"ALTER TABLE orders MODIFY name varchar(20)",
		"ALTER TABLE orders DROP CHECK positive",
		"DROP TRIGGER watch",
		"DROP FUNCTION f",
		"ALTER EVENT tick DISABLE",
		"ALTER TABLE orders MODIFY name varchar(10) FIRST",
	};
	make_database(&server, "changed", "");
	rp_auto(rp_survey) was = NULL;
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		char sql[2000];
		make_database(&server, "changed", "");
		own_mysql_sql(
			&server,
			"USE changed; CREATE TABLE orders (id int PRIMARY KEY, name varchar(10) DEFAULT 'x',"
			" CONSTRAINT positive CHECK (id > 0));"
			"CREATE VIEW shown AS SELECT id FROM orders WHERE id > 1;"
			"CREATE TRIGGER watch BEFORE INSERT ON orders FOR EACH ROW SET NEW.id = 1;"
			"CREATE FUNCTION f() RETURNS int DETERMINISTIC RETURN 1;"
			"CREATE EVENT tick ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO SELECT 1");
		if (was == NULL)
			was = describe(&server, "root", "changed");
		(void)snprintf(sql, sizeof sql, "USE changed; %s", changes[i]);
		if (server.mariadb && strstr(sql, "DROP CHECK") != NULL)
			memcpy(strstr(sql, "DROP CHECK"), "DROP CONSTRAINT positive", 25);
		own_mysql_sql(&server, sql);
		rp_auto(rp_survey) is = describe(&server, "root", "changed");
		if (count_differences(was, is) == 0)
			fail_msg("not noticed: %s", changes[i]);
	}
}

static int start_other(void)
{
	const char *to = getenv("RP_MY_BINDIR_TO"), *from = getenv("RP_MY_BINDIR");
	rp_autofree char *kept = from != NULL ? strdup(from) : NULL;
	if (to != NULL)
		(void)setenv("RP_MY_BINDIR", to, 1);
	if (own_mysql_missing(&other) || own_mysql_start(&other) < 0)
		return -1;
	if (kept != NULL)
		(void)setenv("RP_MY_BINDIR", kept, 1);
	else
		(void)unsetenv("RP_MY_BINDIR");
	own_mysql_sql(&other, "CREATE USER `rp_owner`@`localhost`; CREATE USER `some one`@`10.%`");
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	if (own_mysql_start(&server) < 0 || start_other() < 0)
		return -1;
	static const char trust[] = "SET GLOBAL log_bin_trust_function_creators = 1";
	own_mysql_sql(&server, trust);
	own_mysql_sql(&other, trust);
	load_fixture("objects", "mysql/objects.sql");
	load_fixture("everything", "mysql/everything.sql");
	load_fixture("shop", "mysql/shop.sql");
	load_fixture("engines", "mysql/engines.sql");
	load_fixture("only", server.mariadb ? "mariadb-only/maria.sql" : "mysql-only/oracle.sql");
	make_database(&server, "named", "");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	own_mysql_stop(&server);
	own_mysql_stop(&other);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_object_is_found),
		cmocka_unit_test(facts_say_what_was_declared),
		cmocka_unit_test(only_what_holds_rows_is_a_relation),
		cmocka_unit_test(rows_that_a_table_no_longer_shows_are_a_relation),
		cmocka_unit_test(names_that_differ_in_case_are_two),
		cmocka_unit_test(who_is_shown_a_part_gets_no_survey),
		cmocka_unit_test(positions_read_again_become_intervals),
		cmocka_unit_test(what_differs_is_found),
		cmocka_unit_test(another_name_changes_nothing),
		cmocka_unit_test(a_dump_and_restore_changes_nothing),
	};
	if (own_mysql_missing(&server))
		return NOT_RUN;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
