/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mysql.h>

#include "tests/server/own_mysql.h"
#include "verifier/engine/db.h"
#include "verifier/engine/mysql/encoding.h"
#include "verifier/survey/digest.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

/* The rows of a real server: what its values become, that each is given once, and what may not be taken for the end
 * of them. */

#define NOT_RUN 77
static struct own_mysql server;

#define COLUMNS 80

struct table {
	struct rp_relation r;
	struct rp_column columns[COLUMNS];
	char text[COLUMNS][3][1200]; /* name, type */
	char source[200];
};

static MYSQL *enter(void)
{
	char path[100];
	MYSQL *my = mysql_init(NULL);
	(void)snprintf(path, sizeof path, "%s/s", server.dir);
	assert_non_null(mysql_real_connect(my, "localhost", "root", "", NULL, 0, path, 0));
	return my;
}

static struct rp_conn *connect_to(const char *database)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_conn *c = NULL;
	const char *uri = own_mysql_uri(&server, "root", database, NULL);
	if (rp_engine_for(uri)->connect(&c, uri, &server.run, &err) < 0)
		fail_msg("connect: %s", rp_err_text(err));
	return c;
}

static const struct rp_engine *engine(void)
{
	return rp_engine_named("mysql");
}

/* A relation as the catalogue has it; its key is the index 'key'. */
static void look_at(struct table *t, const char *database, const char *name, const char *key)
{
	char sql[1200];
	memset(t, 0, sizeof *t);
	(void)snprintf(
		sql, sizeof sql,
		"SELECT c.COLUMN_NAME, c.DATA_TYPE, c.COLUMN_TYPE, c.CHARACTER_SET_NAME, (SELECT"
		" s.SEQ_IN_INDEX FROM information_schema.STATISTICS s WHERE s.TABLE_SCHEMA = c.TABLE_SCHEMA"
		" AND s.TABLE_NAME = c.TABLE_NAME AND s.COLUMN_NAME = c.COLUMN_NAME AND s.INDEX_NAME ="
		" '%s') FROM information_schema.COLUMNS c WHERE c.TABLE_SCHEMA = '%s' AND c.TABLE_NAME ="
		" '%s' ORDER BY c.ORDINAL_POSITION",
		key, database, name);
	MYSQL *my = enter();
	assert_int_equal(mysql_query(my, sql), 0);
	MYSQL_RES *r = mysql_store_result(my);
	for (MYSQL_ROW row = NULL; (row = mysql_fetch_row(r)) != NULL;) {
		size_t i = t->r.n_columns++;
		assert_true(i < COLUMNS);
		(void)snprintf(t->text[i][0], sizeof t->text[i][0], "%s", row[0]);
		(void)snprintf(t->text[i][1], sizeof t->text[i][1], "%s%s%s", row[2],
			       row[3] != NULL ? " character set " : "", row[3] != NULL ? row[3] : "");
		t->columns[i] =
			(struct rp_column){.name = t->text[i][0],
					   .type = t->text[i][1],
					   .encoding = rp_my_encoding_of(row[1], row[2]),
					   .key = row[4] != NULL ? (unsigned)strtoul(row[4], NULL, 10) : 0};
		if (t->columns[i].encoding == NULL)
			fail_msg("no encoding for '%s'", row[1]);
	}
	mysql_free_result(r);
	mysql_close(my);
	(void)snprintf(t->source, sizeof t->source, "`%s`.`%s`", database, name);
	t->r.columns = t->columns;
	t->r.name = name;
	t->r.source = t->source;
	t->r.weight = 100 << 20;
}

static void make_database(const char *name, const char *sql)
{
	rp_autobuf all = RP_BUF_INIT(4 << 20);
	rp_buf_addf(&all,
		    "SET NAMES utf8mb4; DROP DATABASE IF EXISTS %s; CREATE DATABASE %s CHARACTER SET utf8mb4;"
		    " USE %s; %s",
		    name, name, name, sql);
	assert_false(all.failed);
	own_mysql_sql(&server, all.s);
}

/* Everything as text, for a small table: "hex hex NULL\n" a row. */
static int print_row(void *ctx, const uint8_t *row, size_t len, struct rp_err **err)
{
	(void)err;
	const uint8_t *at = row;
	struct rp_field f;
	while (rp_row_next(&at, row + len, &f) > 0) {
		if (f.value == NULL)
			rp_buf_add(ctx, "NULL");
		else
			rp_buf_add_hex(ctx, f.value, f.len);
		rp_buf_add(ctx, at < row + len ? " " : "\n");
	}
	return 0;
}

static void assert_row(struct rp_conn *c, const struct table *t, const char *wanted)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf found = RP_BUF_INIT(1 << 20);
	if (engine()->stream(c, &t->r, NULL, print_row, &found, &err) < 0)
		fail_msg("stream '%s': %s", t->r.name, rp_err_text(err));
	const char *is = rp_buf_text(&found);
	for (size_t i = 0; i < t->r.n_columns; i++) { /* one by one, so that it can be read */
		size_t n = strcspn(is, " \n"), m = strcspn(wanted, " \n");
		if (n != m || strncmp(is, wanted, n) != 0)
			fail_msg("%s of type %s: %.*s and not %.*s", t->columns[i].name, t->columns[i].type,
				 (int)n, is, (int)m, wanted);
		is += n + 1;
		wanted += m + 1;
	}
	assert_string_equal(is, wanted);
}

struct sample {
	const char *type, *value, *bytes;
	char only; /* 'a': MariaDB, 'y': MySQL, 0: both */
};

static const struct sample samples[] = {
	{"tinyint", "-1", "ffffffffffffffff", 0},
	{"tinyint unsigned", "255", "00000000000000ff", 0},
	{"boolean", "true", "0000000000000001", 0},
	{"smallint", "-32768", "ffffffffffff8000", 0},
	{"smallint unsigned zerofill", "65535", "000000000000ffff", 0},
	{"mediumint", "-8388608", "ffffffffff800000", 0},
	{"mediumint unsigned", "16777215", "0000000000ffffff", 0},
	{"int", "-2147483648", "ffffffff80000000", 0},
	{"int unsigned", "4294967295", "00000000ffffffff", 0},
	{"bigint", "-9223372036854775808", "8000000000000000", 0},
	{"bigint unsigned", "18446744073709551615", "ffffffffffffffff", 0},
	{"year", "2155", "000000000000086b", 0},
	{"year", "0000", "0000000000000000", 0},
	{"float", "16777216", "4b800000", 0},
	{"float(7,2)", "-1.5", "bfc00000", 0},
	{"double", "0.1e0", "3fb999999999999a", 0},
	{"double", "-2.5e0", "c004000000000000", 0},
	{"double", "5e-324", "0000000000000001", 0},
	{"decimal(10,3)", "-12.5", "2d31322e353030", 0},
	{"decimal(10,3) zerofill", "12.5", "31322e353030", 0},
	{"decimal(5,5)", "0.00001", "302e3030303031", 0},
	{"decimal(30,0)", "-999999999999999999999999999999",
	 "2d393939393939393939393939393939393939393939393939393939393939", 0},
	{"date", "'2024-02-29'", "07e8021d", 0},
	{"date", "'0000-00-00'", "00000000", 0},
	{"date", "'2024-00-00'", "07e80000", 0},
	{"date", "'9999-12-31'", "270f0c1f", 0},
	{"time", "'-838:59:59'", "fffffd40c230c640", 0},
	{"time(6)", "'100:00:00.000001'", "00000053d1ac1001", 0},
	{"time(2)", "'-00:00:00.01'", "ffffffffffffd8f0", 0},
	{"time", "'00:00:00'", "0000000000000000", 0},
	{"datetime", "'2024-01-02 03:04:05'", "07e8010203040500000000", 0},
	{"datetime(6)", "'2024-01-02 00:00:00.5'", "07e801020000000007a120", 0},
	{"datetime", "'2024-01-02'", "07e8010200000000000000", 0},
	{"datetime", "'0000-00-00'", "0000000000000000000000", 0},
	{"timestamp(3) null", "'2024-07-01 12:00:00.25'", "07e807010c00000003d090", 0},
	{"timestamp null", "'0000-00-00'", "0000000000000000000000", 0},
	{"char(5)", "'a  '", "61", 0},
	{"char(5) character set ucs2", "'a'", "0061", 0},
	{"varchar(5)", "'a  '", "612020", 0},
	{"varchar(5) character set latin1", "_utf8mb4 x'c3a4'", "e4", 0},
	{"varchar(5) character set utf8mb3", "_utf8mb4 x'c3a4'", "c3a4", 0},
	{"varchar(5)", "_utf8mb4 x'f09f9880'", "f09f9880", 0},
	{"varchar(5) character set utf16", "_utf8mb4 x'f09f9880'", "d83dde00", 0},
	{"varchar(5) character set sjis", "_utf8mb4 x'e38182'", "82a0", 0},
	{"text character set utf32", "'a'", "00000061", 0},
	{"longtext", "''", "", 0},
	{"tinytext", "'t'", "74", 0},
	{"binary(4)", "x'00ff'", "00ff0000", 0},
	{"varbinary(4)", "x'00ff20'", "00ff20", 0},
	{"blob", "x'0d0a00'", "0d0a00", 0},
	{"mediumblob", "x'fe'", "fe", 0},
	{"enum('a','b') character set latin1", "'b'", "62", 0},
	{"enum('a','b')", "0", "", 0},
	{"enum('a','','c')", "''", "0000000000000002", 0},
	{"enum('a','','c')", "0", "0000000000000000", 0},
	{"set('x','y')", "'y,x'", "782c79", 0},
	{"set('','y')", "1", "0000000000000001", 0},
	{"set('','y')", "0", "0000000000000000", 0},
	{"bit(1)", "1", "01", 0},
	{"bit(12)", "b'101010101010'", "0aaa", 0},
	{"bit(64)", "18446744073709551615", "ffffffffffffffff", 0},
	{"point", "ST_GeomFromText('POINT(1 2)')", "000000000101000000000000000000f03f0000000000000040", 0},
	{"geometry", "ST_GeomFromText('POINT(1 2)', 3857)",
	 "110f00000101000000000000000000f03f0000000000000040", 0},
	{"json", "'{\"b\": 1, \"a\":[1.0,  2]}'", "7b2262223a20312c202261223a5b312e302c2020325d7d", 'a'},
	{"json", "'{\"bb\": 1, \"a\":[1.0,  2]}'", "7b2261223a205b312e302c20325d2c20226262223a20317d", 'y'},
	{"varchar(50) compressed", "'aaaaaaaaaaaaaaaaaaaa'", "6161616161616161616161616161616161616161", 'a'},
	{"inet6", "'2001:DB8::1'", "20010db8000000000000000000000001", 'a'},
	{"inet6", "'::ffff:192.0.2.1'", "00000000000000000000ffffc0000201", 'a'},
	/* Not before 10.7 and 10.10: */
	{"uuid", "'123E4567-E89B-12D3-A456-426655440000'", "123e4567e89b12d3a456426655440000", 'u'},
	{"inet4", "'192.0.2.1'", "c0000201", 'u'},
	/* From 11.7 and 9.0 on: */
	{"vector(2)", "x'0000803f000000c0'", "0000803f000000c0", 'v'},
};
#define N_SAMPLES (sizeof samples / sizeof samples[0])

/* What a version does not have is left out of the table. */
static bool has(const struct sample *s, unsigned version)
{
	switch (s->only) {
	case 'a':
		return server.mariadb;
	case 'y':
		return !server.mariadb;
	case 'u':
		return server.mariadb && version >= 1010;
	case 'v':
		return server.mariadb ? version >= 1107 : version >= 900;
	default:
		return true;
	}
}

static unsigned version(void)
{
	rp_autofree char *text = own_mysql_ask(&server, "SELECT VERSION()");
	char *rest = NULL;
	unsigned long major = strtoul(text, &rest, 10);
	return (unsigned)(major * 100 + strtoul(rest + 1, NULL, 10));
}

static void every_type_has_its_bytes(void **state)
{
	(void)state;
	rp_autobuf make = RP_BUF_INIT(1 << 20);
	rp_autobuf wanted = RP_BUF_INIT(1 << 20);
	rp_autobuf nulls = RP_BUF_INIT(1 << 20);
	static struct table t, empty;
	unsigned v = version(), n = 0;
	rp_buf_add(&make, "SET sql_mode = '', time_zone = '+02:00'; CREATE TABLE t(");
	for (size_t i = 0; i < N_SAMPLES; i++)
		if (has(&samples[i], v))
			rp_buf_addf(&make, "%sc%u %s", n > 0 ? ", " : "", n, samples[i].type), n++;
	rp_buf_add(&make, "); SET time_zone = '+00:00'; INSERT INTO t VALUES (");
	n = 0;
	for (size_t i = 0; i < N_SAMPLES; i++) {
		if (!has(&samples[i], v))
			continue;
		rp_buf_addf(&make, "%s%s", n > 0 ? ", " : "", samples[i].value);
		rp_buf_addf(&wanted, "%s%s", n > 0 ? " " : "", samples[i].bytes);
		rp_buf_add(&nulls, n++ > 0 ? " NULL" : "NULL");
	}
	rp_buf_addf(&make, "); CREATE TABLE u LIKE t; INSERT INTO u VALUES (");
	for (unsigned i = 0; i < n; i++)
		rp_buf_add(&make, i > 0 ? ", NULL" : "NULL");
	rp_buf_add(&make, ")");
	rp_buf_add(&wanted, "\n");
	rp_buf_add(&nulls, "\n");
	make_database("rp_types", rp_buf_text(&make));
	look_at(&t, "rp_types", "t", "PRIMARY");
	look_at(&empty, "rp_types", "u", "PRIMARY");
	/* What the server and the session say is of no account. */
	own_mysql_sql(&server, "SET GLOBAL sql_mode = 'PAD_CHAR_TO_FULL_LENGTH', GLOBAL time_zone = '-05:00',"
			       " GLOBAL character_set_results = latin1, GLOBAL sql_select_limit = 0");
	struct rp_conn *c = connect_to("rp_types");
	assert_row(c, &t, rp_buf_text(&wanted));
	assert_row(c, &empty, rp_buf_text(&nulls));
	engine()->close(c);
	own_mysql_sql(
		&server,
		"SET GLOBAL sql_mode = DEFAULT, GLOBAL time_zone = 'SYSTEM', GLOBAL character_set_results ="
		" utf8mb4, GLOBAL sql_select_limit = DEFAULT");
}

/* Rows of parts and of the whole, by their hash: equal sums of equal counts are the same rows. */
struct sum {
	uint64_t rows;
	struct rp_u128 all;
};

static int add_up(void *ctx, const uint8_t *row, size_t len, struct rp_err **err)
{
	(void)err;
	struct sum *s = ctx;
	s->rows++;
	rp_u128_add(&s->all, rp_row_hash(row, len, 42));
	return 0;
}

#define PARTS 16

static unsigned assert_covered(struct rp_conn *c, const struct table *t)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_range parts[PARTS];
	struct sum whole = {0}, sum = {0};
	uint64_t counted = 0, most = 0;
	int n = engine()->split(c, &t->r, parts, PARTS, &err);
	if (n < 1)
		fail_msg("split '%s': %s", t->r.name, rp_err_text(err));
	assert_int_equal(engine()->stream(c, &t->r, NULL, add_up, &whole, &err), 0);
	assert_int_equal(engine()->count(c, &t->r, &counted, &err), 0);
	assert_int_equal(counted, whole.rows);
	for (int i = 0; i < n; i++) {
		uint64_t before = sum.rows;
		if (engine()->stream(c, &t->r, &parts[i], add_up, &sum, &err) < 0)
			fail_msg("part [%s, %s) of '%s': %s", parts[i].from, parts[i].to, t->r.name,
				 rp_err_text(err));
		most = sum.rows - before > most ? sum.rows - before : most;
		free(parts[i].from);
		free(parts[i].to);
	}
	print_message("# %s: %d parts, the largest %llu of %llu rows\n", t->r.name, n,
		      (unsigned long long)most, (unsigned long long)whole.rows);
	if (sum.rows != whole.rows || sum.all.lo != whole.all.lo || sum.all.hi != whole.all.hi)
		fail_msg("'%s': %llu rows in parts, %llu in all", t->r.name, (unsigned long long)sum.rows,
			 (unsigned long long)whole.rows);
	/* Of about the same size: none has a third of all. */
	if (n > 4 && whole.rows > 5000 && most >= whole.rows / 3)
		fail_msg("'%s': a part of %llu rows", t->r.name, (unsigned long long)most);
	return (unsigned)n;
}

struct shape {
	const char *name, *columns, *values; /* of the number n, from 1 to 20,000 */
	unsigned at_least;		     /* so many parts */
	char only;
	const char *options;
};

static const struct shape shapes[] = {
	{"whole", "k int primary key", "n", PARTS, 0},
	{"negative", "k bigint primary key", "(n - 10000) * 900000000000000", PARTS, 0},
	{"large", "k bigint unsigned primary key", "18446744073709551615 - n", PARTS, 0},
	{"gap", "k bigint primary key", "IF(n = 20000, 9223372036854775807, n)", PARTS, 0},
	{"two_heaps", "k bigint primary key", "IF(n % 2 = 0, n, 9000000000000000000 + n)", PARTS, 0},
	{"text", "k varchar(50) primary key", "CONCAT('customer-', n)", PARTS, 0},
	{"text_ci", "k varchar(50) character set latin1 collate latin1_swedish_ci primary key",
	 "CONCAT(ELT(n % 3 + 1, 'a', 'B', 'c'), n)", PARTS, 0},
	{"text_bin", "k varchar(50) character set utf8mb4 collate utf8mb4_bin primary key",
	 "CONCAT(ELT(n % 4 + 1, 'a', 'A', 'Z', 'z'), MD5_(n))", PARTS, 0},
	{"text_wide", "k varchar(50) character set utf16 collate utf16_general_ci primary key",
	 "CONCAT('x', n)", 4, 0},
	{"text_beyond", "k varchar(50) character set utf8mb4 primary key",
	 "CONCAT(_utf8mb4 x'c3a4c3b6f09f9880', n)", 8, 0},
	{"char_ci_ties",
	 "a varchar(3) character set utf8mb4 collate utf8mb4_general_ci, b int, primary key (a, b)",
	 "ELT(n % 4 + 1, 'x', 'X', 'y', 'Y'), n", 8, 0},
	{"fixed", "k char(36) character set ascii primary key", "UUID_(n)", PARTS, 0},
	{"bytes", "k binary(16) primary key", "UNHEX(MD5_(n))", PARTS, 0},
	{"short_bytes", "k varbinary(9) primary key", "UNHEX(SUBSTR(MD5_(n), 1, 12))", PARTS, 0},
	{"decimal_", "k decimal(20,4) primary key", "n / 7", 8, 0},
	{"double_", "k double primary key", "n / 3e0", PARTS, 0},
	{"float_", "k float primary key", "n * 0.5", PARTS, 0},
	{"date_", "k date, n int, primary key (k, n)", "'2000-01-31' + INTERVAL n % 3000 DAY, n", PARTS, 0},
	{"datetime_", "k datetime(6) primary key", "'1999-12-31 23:59:59.5' + INTERVAL n * 1237 SECOND",
	 PARTS, 0},
	{"timestamp_", "k timestamp primary key", "'2001-01-01' + INTERVAL n * 7 SECOND", PARTS, 0},
	{"time_", "k time(3) primary key", "SEC_TO_TIME((n - 10000) * 200.125)", PARTS, 0},
	{"year_", "k year, n int, primary key (k, n)", "1950 + n % 150, n", PARTS, 0},
	{"bit_", "k bit(20) primary key", "n", PARTS, 0},
	{"tenants", "t int, k bigint, primary key (t, k)", "n % 3, n", PARTS, 0},
	{"one_tenant", "t int, k varchar(20), primary key (t, k)", "7, CONCAT('k', n)", PARTS, 0},
	{"neighbours", "t int, k int, primary key (t, k)", "IF(n < 100, 1, 2), n", PARTS, 0},
	{"three", "a char(2), b date, c int, primary key (a, b, c)",
	 "ELT(n % 2 + 1, 'de', 'fr'), '2020-01-01' + INTERVAL n % 5 DAY, n", PARTS, 0},
	{"backwards", "a int, b int, primary key (b, a)", "n, n % 10", PARTS, 0},
	{"unique_only", "k int not null, v char(40), unique key u (k)", "n, 'v'", 2, 0},
	{"enum_first", "e enum('a','b') not null, k int, primary key (e, k)", "1 + n % 2, n", 1, 0},
	{"enum_behind", "k int, e enum('b','a') not null, primary key (k, e)", "n, 1 + n % 2", PARTS, 0},
	{"no_key", "k int, v text", "n, 'x'", 1, 0},
	{"partitioned", "k int primary key", "n", 8, 0, "PARTITION BY HASH(k) PARTITIONS 4"},
	{"uuid_", "k uuid primary key", "UUID_(n)", PARTS, 'u'},
	{"inet_", "k inet6 primary key", "INET6_NTOA(UNHEX(MD5_(n)))", PARTS, 'a'},
	{"aria_", "k int primary key", "n", 1, 'a', "ENGINE=Aria"},
	{"myisam_", "k int primary key, v int", "n, n", 1, 0, "ENGINE=MyISAM"},
	{"prefix", "k text not null, primary key (k(12))", "CONCAT(n, '-', n)", 1, 0},
};
#define N_SHAPES (sizeof shapes / sizeof shapes[0])

/* MD5() is not in all of them. */
static void spell_out(struct rp_buf *sql, const char *values)
{
	for (const char *p = values; *p != '\0';) {
		if (strncmp(p, "MD5_(n)", 7) == 0) {
			rp_buf_add(sql, "SUBSTR(SHA2(n, 256), 1, 32)");
			p += 7;
		} else if (strncmp(p, "UUID_(n)", 8) == 0) {
			rp_buf_add(
				sql,
				"INSERT(INSERT(INSERT(INSERT(INSERT(INSERT(SUBSTR(SHA2(n, 256), 1, 32), 9, 0,"
				" '-'), 14, 0, '-'), 19, 0, '-'), 24, 0, '-'), 15, 1, '4'), 20, 1, 'a')");
			p += 8;
		} else {
			rp_buf_add_mem(sql, p++, 1);
		}
	}
}

static void parts_cover_every_row_once_whatever_the_key(void **state)
{
	(void)state;
	rp_autobuf make = RP_BUF_INIT(1 << 20);
	static struct table t;
	unsigned v = version();
	rp_buf_add(&make,
		   "SET sql_mode = ''; CREATE TABLE d(d int); INSERT INTO d VALUES"
		   " (0),(1),(2),(3),(4),(5),(6),(7),(8),(9);"
		   " CREATE TABLE numbers(n int primary key); INSERT INTO numbers SELECT 1 + a.d + 10 * b.d +"
		   " 100 * c.d + 1000 * e.d + 10000 * f.d FROM d a, d b, d c, d e, d f WHERE f.d < 2;");
	for (size_t i = 0; i < N_SHAPES; i++) {
		const struct shape *s = &shapes[i];
		if (!has(&(struct sample){.only = s->only}, v))
			continue;
		rp_buf_addf(&make, "CREATE TABLE %s(%s) %s; INSERT INTO %s SELECT ", s->name, s->columns,
			    s->options != NULL ? s->options : "", s->name);
		spell_out(&make, s->values);
		rp_buf_addf(&make,
			    " FROM numbers; CREATE TABLE none_%s LIKE %s; CREATE TABLE one_%s LIKE %s; INSERT"
			    " INTO one_%s SELECT * FROM %s LIMIT 1;",
			    s->name, s->name, s->name, s->name, s->name, s->name);
	}
	make_database("rp_parts", rp_buf_text(&make));
	struct rp_conn *c = connect_to("rp_parts");
	for (size_t i = 0; i < N_SHAPES; i++) {
		const struct shape *s = &shapes[i];
		char name[60];
		if (!has(&(struct sample){.only = s->only}, v))
			continue;
		const char *key = strcmp(s->name, "unique_only") == 0 ? "u" : "PRIMARY";
		look_at(&t, "rp_parts", s->name, key);
		unsigned n = assert_covered(c, &t);
		if (n < s->at_least)
			fail_msg("'%s' has %u parts only", s->name, n);
		(void)snprintf(name, sizeof name, "none_%s", s->name);
		look_at(&t, "rp_parts", name, key);
		assert_int_equal(assert_covered(c, &t), 1);
		(void)snprintf(name, sizeof name, "one_%s", s->name);
		look_at(&t, "rp_parts", name, key);
		assert_int_equal(assert_covered(c, &t), 1);
	}
	engine()->close(c);
}

static enum rp_err_kind refused(struct rp_conn *c, const struct table *t, const char *says)
{
	rp_autoerr struct rp_err *err = NULL;
	struct sum sum = {0};
	if (engine()->stream(c, &t->r, NULL, add_up, &sum, &err) == 0)
		fail_msg("'%s' was read: %llu rows", t->r.name, (unsigned long long)sum.rows);
	if (strstr(rp_err_text(err), says) == NULL)
		fail_msg("'%s': %s", t->r.name, rp_err_text(err));
	return rp_err_kind(err);
}

static uint64_t rows_of(struct rp_conn *c, const struct table *t)
{
	rp_autoerr struct rp_err *err = NULL;
	struct sum sum = {0};
	uint64_t counted = 0;
	if (engine()->stream(c, &t->r, NULL, add_up, &sum, &err) < 0 ||
	    engine()->count(c, &t->r, &counted, &err) < 0)
		fail_msg("'%s': %s", t->r.name, rp_err_text(err));
	assert_int_equal(counted, sum.rows);
	return sum.rows;
}

/* A connection in a moment of its own, as hold() makes them. */
static struct rp_db *open_db(const char *database)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_db *db = NULL;
	if (rp_db_open(&db, own_mysql_uri(&server, "root", database, NULL), 1, NULL, &server.run, &err) < 0)
		fail_msg("open: %s", rp_err_text(err));
	return db;
}

static void a_view_in_a_tables_place_is_refused_and_its_code_not_run(void **state)
{
	(void)state;
	static struct table t;
	rp_autoerr struct rp_err *err = NULL;
	uint64_t counted = 0;
	struct rp_range parts[4];
	own_mysql_sql(&server, "SET GLOBAL log_bin_trust_function_creators = 1");
	make_database("rp_view", "CREATE TABLE t(a int primary key); INSERT INTO t VALUES (1), (2);"
				 " CREATE TABLE ran(n int) ENGINE=MyISAM; CREATE FUNCTION boom() RETURNS int"
				 " DETERMINISTIC BEGIN INSERT INTO ran VALUES (1); RETURN 7; END");
	look_at(&t, "rp_view", "t", "PRIMARY");
	own_mysql_sql(&server,
		      "USE rp_view; DROP TABLE t; CREATE SQL SECURITY INVOKER VIEW t AS SELECT boom() AS a");
	struct rp_conn *c = connect_to("rp_view");
	assert_int_equal(refused(c, &t, "no table any more"), RP_ERR_OBJECT);
	assert_int_equal(engine()->count(c, &t.r, &counted, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_OBJECT);
	assert_int_equal(engine()->split(c, &t.r, parts, 4, NULL), -1);
	look_at(&t, "rp_view", "ran", "PRIMARY");
	assert_int_equal(rows_of(c, &t), 0);
	engine()->close(c);
}

static void what_is_altered_meanwhile_is_refused_and_the_moment_stays(void **state)
{
	(void)state;
	static struct table altered, cut, made, kept;
	make_database("rp_moment", "CREATE TABLE altered(a int primary key); INSERT INTO altered VALUES (1);"
				   " CREATE TABLE cut LIKE altered; INSERT INTO cut VALUES (1);"
				   " CREATE TABLE made LIKE altered; INSERT INTO made VALUES (1);"
				   " CREATE TABLE kept LIKE altered; INSERT INTO kept VALUES (1), (2), (3)");
	look_at(&altered, "rp_moment", "altered", "PRIMARY");
	look_at(&cut, "rp_moment", "cut", "PRIMARY");
	look_at(&made, "rp_moment", "made", "PRIMARY");
	look_at(&kept, "rp_moment", "kept", "PRIMARY");
	rp_auto(rp_db) db = open_db("rp_moment");
	struct rp_conn *c = rp_db_conn(db, 0);
	own_mysql_sql(&server,
		      "USE rp_moment; ALTER TABLE altered MODIFY a bigint, FORCE; TRUNCATE TABLE cut;"
		      " DROP TABLE made; CREATE TABLE made(a int primary key); INSERT INTO made VALUES (1);"
		      " INSERT INTO kept VALUES (4)");
	assert_int_equal(refused(c, &altered, "while it was being surveyed"), RP_ERR_OBJECT);
	assert_int_equal(refused(c, &cut, "while it was being surveyed"), RP_ERR_OBJECT);
	assert_int_equal(refused(c, &made, "while it was being surveyed"), RP_ERR_OBJECT);
	assert_int_equal(rows_of(c, &kept), 3);
	struct rp_range parts[4];
	rp_autoerr struct rp_err *err = NULL;
	uint64_t counted = 0;
	assert_int_equal(engine()->split(c, &cut.r, parts, 4, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_OBJECT);
	assert_int_equal(engine()->count(c, &cut.r, &counted, NULL), -1);
}

static void a_column_of_another_type_is_refused_and_the_next_table_is_read(void **state)
{
	(void)state;
	static struct table t, u;
	rp_autobuf make = RP_BUF_INIT(1 << 20);
	rp_buf_add(
		&make,
		"CREATE TABLE t(a int, b int); CREATE TABLE u(a int); INSERT INTO u VALUES (1); INSERT INTO t"
		" VALUES (1, 1)");
	for (int i = 0; i < 2000; i++)
		rp_buf_addf(&make, ", (%d, 2)", i);
	make_database("rp_retyped", rp_buf_text(&make));
	look_at(&t, "rp_retyped", "t", "PRIMARY");
	look_at(&u, "rp_retyped", "u", "PRIMARY");
	struct rp_conn *c = connect_to("rp_retyped");
	own_mysql_sql(&server, "USE rp_retyped; ALTER TABLE t MODIFY b int unsigned");
	assert_int_equal(refused(c, &t, "column 'b' is no longer of a type"), RP_ERR_OBJECT);
	assert_int_equal(rows_of(c, &u), 1);
	own_mysql_sql(&server, "USE rp_retyped; ALTER TABLE t DROP COLUMN b");
	assert_int_equal(refused(c, &t, "b"), RP_ERR_OBJECT);
	t.columns[1].encoding = "unheard of";
	assert_int_equal(refused(c, &t, "not known here"), RP_ERR_OBJECT);
	own_mysql_sql(&server, "USE rp_retyped; DROP TABLE t");
	t.columns[1].encoding = "int";
	assert_int_equal(refused(c, &t, "doesn't exist"), RP_ERR_OBJECT);
	assert_int_equal(rows_of(c, &u), 1);
	engine()->close(c);
}

struct killer {
	struct rp_conn *conn;
	const char *how;
	uint64_t rows, at;
	bool done;
};

/* In the middle of the rows, by somebody else. */
static int kill_after_some(void *ctx, const uint8_t *row, size_t len, struct rp_err **err)
{
	(void)row;
	(void)len;
	(void)err;
	struct killer *k = ctx;
	if (++k->rows < k->at || k->done)
		return 0;
	rp_autofree char *id = own_mysql_ask(
		&server, "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = 'rp_killed' AND ID <>"
			 " CONNECTION_ID()");
	char sql[100];
	(void)snprintf(sql, sizeof sql, "KILL %s %s", k->how, id);
	own_mysql_sql(&server, sql);
	k->done = true;
	(void)usleep(200 * 1000);
	return 0;
}

static void a_scan_that_is_killed_has_no_end(void **state)
{
	(void)state;
	static struct table t;
	make_database(
		"rp_killed",
		"CREATE TABLE d(d int); INSERT INTO d VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9);"
		" CREATE TABLE t(a int primary key, v varchar(500)); INSERT INTO t SELECT 1 + a.d + 10 * b.d"
		" + 100 * c.d + 1000 * e.d, REPEAT('x', 500) FROM d a, d b, d c, d e; INSERT INTO t SELECT a +"
		" 10000, v FROM t; INSERT INTO t SELECT a + 20000, v FROM t");
	look_at(&t, "rp_killed", "t", "PRIMARY");
	static const char *const how[] = {"QUERY", "CONNECTION"};
	for (size_t i = 0; i < 2; i++) {
		rp_autoerr struct rp_err *err = NULL;
		struct killer k = {.how = how[i], .at = 100, .conn = connect_to("rp_killed")};
		assert_int_equal(engine()->stream(k.conn, &t.r, NULL, kill_after_some, &k, &err), -1);
		assert_true(rp_err_kind(err) == RP_ERR_ENGINE);
		assert_true(k.rows < 40000);
		engine()->close(k.conn);
	}
}

/* A server that answers nothing is left when the run's time is over. */
static void a_scan_that_must_wait_ends_with_the_run(void **state)
{
	(void)state;
	static struct table t;
	struct rp_run run = server.run;
	rp_autoerr struct rp_err *err = NULL;
	struct rp_conn *c = NULL;
	struct sum sum = {0};
	look_at(&t, "rp_killed", "t", "PRIMARY");
	MYSQL *other = enter();
	assert_int_equal(mysql_query(other, "LOCK TABLES rp_killed.t WRITE"), 0);
	run.deadline_ns = (rp_run_clock_ms() + 1500) * 1000000;
	assert_int_equal(engine()->connect(&c, own_mysql_uri(&server, "root", "rp_killed", NULL), &run, &err),
			 0);
	assert_int_equal(engine()->stream(c, &t.r, NULL, add_up, &sum, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_TIMEOUT);
	assert_true(rp_run_clock_ms() * 1000000 < run.deadline_ns + (int64_t)3000 * 1000000);
	engine()->close(c);
	mysql_close(other);
}

/* Where the server has a certificate: MySQL and MariaDB from 11.4 on make themselves one. */
static void an_encrypted_line_brings_the_same_rows(void **state)
{
	(void)state;
	static struct table t;
	char uri[200];
	rp_autoerr struct rp_err *err = NULL;
	struct rp_conn *local = connect_to("rp_killed"), *c = NULL;
	struct sum one = {0}, other = {0};
	look_at(&t, "rp_killed", "t", "PRIMARY");
	assert_int_equal(engine()->stream(local, &t.r, NULL, add_up, &one, &err), 0);
	engine()->close(local);
	(void)snprintf(uri, sizeof uri, "mysql://root@127.0.0.1:%u/rp_killed?ssl-mode=required&no-defaults=1",
		       server.port);
	if (engine()->connect(&c, uri, &server.run, &err) < 0) {
		print_message("# %s\n", rp_err_text(err));
		skip();
	}
	assert_int_equal(engine()->stream(c, &t.r, NULL, add_up, &other, &err), 0);
	assert_true(one.rows == other.rows && one.all.lo == other.all.lo && one.all.hi == other.all.hi);
	engine()->close(c);
}

static int stop_at_once(void *ctx, const uint8_t *row, size_t len, struct rp_err **err)
{
	(void)ctx;
	(void)row;
	(void)len;
	return rp_err_set(err, RP_ERR_CANCELLED, "enough");
}

static void who_stops_a_scan_gets_nothing_else_from_its_connection(void **state)
{
	(void)state;
	static struct table t;
	look_at(&t, "rp_killed", "t", "PRIMARY");
	struct rp_conn *c = connect_to("rp_killed");
	rp_autoerr struct rp_err *err = NULL;
	uint64_t counted = 0;
	assert_int_equal(engine()->stream(c, &t.r, NULL, stop_at_once, NULL, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_CANCELLED);
	assert_string_equal(rp_err_text(err), "enough");
	assert_int_equal(engine()->count(c, &t.r, &counted, NULL), -1);
	engine()->close(c);
}

static void rows_of_more_than_a_packet_come_whole(void **state)
{
	(void)state;
	static struct table t;
	rp_autofree char *most = own_mysql_ask(&server, "SELECT @@global.max_allowed_packet");
	own_mysql_sql(&server, "SET GLOBAL max_allowed_packet = 1073741824");
	/* At the limit of a packet, a byte to either side, and twice that. */
	make_database(
		"rp_long",
		"CREATE TABLE t(k int primary key, v longblob, w longblob, z int); INSERT INTO t VALUES"
		" (1, REPEAT('a', 16777215), NULL, 1), (2, REPEAT('b', 16777190), 'x', 2),"
		" (3, REPEAT('c', 17000000), REPEAT('d', 17000000), 3), (4, '', REPEAT('e', 70000), 4);"
		" INSERT INTO t SELECT k + 10 * n, REPEAT('f', 16777180 + n), NULL, n FROM t, (SELECT 1 n UNION"
		" SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION"
		" SELECT 8 UNION SELECT 9 UNION SELECT 10 UNION SELECT 11 UNION SELECT 12 UNION SELECT 13) x"
		" WHERE k = 4");
	look_at(&t, "rp_long", "t", "PRIMARY");
	struct rp_conn *c = connect_to("rp_long");
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf found = RP_BUF_INIT(800u << 20);
	assert_int_equal(engine()->stream(c, &t.r, NULL, print_row, &found, &err), 0);
	const char *at = rp_buf_text(&found);
	static const size_t first[] = {16777215, 16777190, 17000000, 0};
	for (size_t i = 0; i < 17; i++) {
		size_t wanted = i < 4 ? first[i] : 16777180 + (i - 3);
		assert_int_equal(strcspn(at, " "), 16);
		at += 17;
		assert_int_equal(strcspn(at, " "), 2 * wanted);
		at += 2 * wanted + 1;
		at += strcspn(at, "\n") + 1;
	}
	assert_int_equal(*at, '\0');
	engine()->close(c);
	char sql[200];
	(void)snprintf(sql, sizeof sql, "SET GLOBAL max_allowed_packet = %s; DROP DATABASE rp_long", most);
	own_mysql_sql(&server, sql);
}

static void columns_that_are_generated_or_not_seen_are_read(void **state)
{
	(void)state;
	static struct table t;
	make_database("rp_hidden",
		      "CREATE TABLE t(a int, b int GENERATED ALWAYS AS (a * 2) STORED, c int GENERATED"
		      " ALWAYS AS (a * 3) VIRTUAL, d int DEFAULT 9 INVISIBLE, `select ``\"'x` int);"
		      " INSERT INTO t(a, d, `select ``\"'x`) VALUES (2, 8, 5)");
	look_at(&t, "rp_hidden", "t", "PRIMARY");
	assert_int_equal(t.r.n_columns, 5);
	struct rp_conn *c = connect_to("rp_hidden");
	assert_row(c, &t,
		   "0000000000000002 0000000000000004 0000000000000006 0000000000000008 0000000000000005\n");
	engine()->close(c);
}

/* As many as a table can have; bits for NULL in more than a byte. */
static void wide_tables_are_read(void **state)
{
	(void)state;
	static struct rp_column columns[1000];
	static char names[1000][8];
	rp_autobuf make = RP_BUF_INIT(1 << 20);
	rp_autobuf found = RP_BUF_INIT(1 << 20);
	rp_buf_add(&make, "CREATE TABLE t(");
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(names[i], sizeof names[i], "c%d", i);
		columns[i] = (struct rp_column){.name = names[i], .type = "int", .encoding = "int"};
		rp_buf_addf(&make, "%sc%d int", i > 0 ? ", " : "", i);
	}
	rp_buf_add(&make, "); INSERT INTO t(c0, c7, c999) VALUES (1, 7, 999)");
	make_database("rp_wide", rp_buf_text(&make));
	struct rp_relation r = {
		.name = "t", .source = "`rp_wide`.`t`", .columns = columns, .n_columns = 1000};
	struct rp_conn *c = connect_to("rp_wide");
	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(engine()->stream(c, &r, NULL, print_row, &found, &err), 0);
	const char *at = found.s;
	for (int i = 0; i < 1000; i++) {
		char wanted[20] = "NULL";
		if (i == 0 || i == 7 || i == 999)
			(void)snprintf(wanted, sizeof wanted, "%016x", i == 0 ? 1u : (unsigned)i);
		if (strncmp(at, wanted, strlen(wanted)) != 0)
			fail_msg("column %d is not '%s'", i, wanted);
		at += strlen(wanted) + 1;
	}
	r.n_columns = 0;
	assert_int_equal(engine()->stream(c, &r, NULL, print_row, &found, NULL), -1);
	engine()->close(c);
}

static int start(void **state)
{
	(void)state;
	return own_mysql_start(&server);
}

static int stop(void **state)
{
	(void)state;
	own_mysql_stop(&server);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_has_its_bytes),
		cmocka_unit_test(parts_cover_every_row_once_whatever_the_key),
		cmocka_unit_test(a_view_in_a_tables_place_is_refused_and_its_code_not_run),
		cmocka_unit_test(what_is_altered_meanwhile_is_refused_and_the_moment_stays),
		cmocka_unit_test(a_column_of_another_type_is_refused_and_the_next_table_is_read),
		cmocka_unit_test(a_scan_that_is_killed_has_no_end),
		cmocka_unit_test(a_scan_that_must_wait_ends_with_the_run),
		cmocka_unit_test(an_encrypted_line_brings_the_same_rows),
		cmocka_unit_test(who_stops_a_scan_gets_nothing_else_from_its_connection),
		cmocka_unit_test(rows_of_more_than_a_packet_come_whole),
		cmocka_unit_test(columns_that_are_generated_or_not_seen_are_read),
		cmocka_unit_test(wide_tables_are_read),
	};
	if (own_mysql_missing(&server))
		return NOT_RUN;
	return cmocka_run_group_tests(tests, start, stop);
}
