/* SPDX-License-Identifier: MIT */
/* Dumps made and restored by the tools of MariaDB or MySQL, whole, cut, damaged and hostile. */
#include "tests/unit/cmocka_all.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include <zlib.h>

#include "verifier/engine/db.h"
#include "verifier/engine/mysql/traits.h"
#include "verifier/recovery/format.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/run.h"

#define DUMP_MAX (256 << 20)

static struct rp_run run = {.cancel_fd = -1};
static const struct rp_engine *engine;
static char dir[64];
static struct rp_scratch *source;
static bool mariadb;

/* Bodies of routines and rows hold what the filter looks for elsewhere. */
static const char shop[] =
	"create table customer (id int primary key, name varchar(100));\n"
	"insert into customer values (9001, 'x\\nUSE `other`;\\n-- Dump completed\\n'), (9002, '\\\\'), (9003, "
	"'\\0\\Z\\r\\n\\\"'), (9004, 'it''s; -- x');\n"
	"create table orders (id int primary key auto_increment, customer int, total decimal(10,2), due int as "
	"(customer + 1) stored, constraint fk foreign key (customer) references customer (id));\n"
	"insert into orders (customer, total) select id, id / 3 from customer;\n"
	"insert into orders (customer, total) select customer, total from orders;\n"
	"insert into orders (customer, total) select customer, total from orders;\n"
	"insert into orders (customer, total) select customer, total from orders;\n"
	"create table picture (id int primary key, b longblob);\n"
	"insert into picture values (1, repeat('x', 20000)), (2, repeat(unhex('00ff0d0a275c1a3b'), 1000));\n"
	"create view v as select count(*) as n from orders;\n"
	"delimiter ;;\n"
	"create procedure p() begin -- a comment; it's\n"
	"select 'USE `other`;\nDELIMITER'; # another\n"
	"end;;\n"
	"create function f(a int) returns int deterministic return a + 1;;\n"
	"create trigger t before insert on customer for each row begin set new.name = concat(new.name, ';'); end;;\n"
	"delimiter ;\n"
	"select 1;\n";

static const char everything[] =
	"select concat_ws(' ', (select count(*) from customer), (select sum(crc32(name)) from customer), (select "
	"sum(total * due) from orders), (select n from v), (select sum(crc32(b)) from picture), f(1), (select "
	"crc32(routine_definition) from information_schema.routines where routine_name = 'p' and routine_schema = "
	"database()), (select count(*) from information_schema.triggers where trigger_schema = database()))";

static const char *client(void)
{
	return mariadb ? "mariadb" : "mysql";
}

/* The first line of the answer. */
static void ask(struct rp_scratch *s, const char *sql, char *ret, size_t size)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf said = RP_BUF_INIT(4096);
	char command[2048];
	(void)snprintf(command, sizeof command, "--execute=%s", sql);
	const char *const argv[] = {client(), "--batch", "--skip-column-names", command, NULL};
	if (rp_scratch_feed(s, argv, NULL, &said, &err) < 0)
		(void)snprintf(ret, size, "%s", rp_err_text(err));
	else
		(void)snprintf(ret, size, "%.*s", (int)strcspn(rp_buf_text(&said), "\n"), rp_buf_text(&said));
}

static char *path_of(const char *name)
{
	static char path[8][160];
	static unsigned next;
	char *p = path[next++ % 8];
	(void)snprintf(p, sizeof path[0], "%s/%s", dir, name);
	return p;
}

static void read_file(const char *name, struct rp_buf *into)
{
	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(rp_file_read(path_of(name), into, &err), 0);
}

static void write_file(const char *name, const void *data, size_t len)
{
	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(rp_file_replace(path_of(name), data, len, 0600, &err), 0);
}

/* Of the source; stdout is kept in a quarter of the room. */
static void dump(const char *name, const char *const *more)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf said = RP_BUF_INIT(DUMP_MAX);
	const char *argv[16] = {mariadb ? "mariadb-dump" : "mysqldump", "--no-tablespaces",
				"--max-allowed-packet=1G", "--routines", "--events"};
	size_t n = 5;
	for (; more != NULL && *more != NULL && n < 14; more++)
		argv[n++] = *more;
	argv[n] = source->database;
	if (rp_scratch_feed(source, argv, NULL, &said, &err) < 0)
		fail_msg("%s", rp_err_text(err));
	/* Messages come first; a dump begins with a comment, a line that is empty or the sandbox line. */
	const char *s = rp_buf_text(&said);
	while (*s != '-' && *s != '/' && *s != '\n' && *s != '\0')
		s = strchr(s, '\n') + 1;
	write_file(name, s, said.len - (size_t)(s - rp_buf_text(&said)));
}
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct rp_identity wanted(void)
{
	return (struct rp_identity){
		.engine = "mysql", .version = getenv("RP_MY_VERSION"), .database = "shop"};
}

static int make_source(struct rp_err **err)
{
	const struct rp_identity like = wanted();
	const struct rp_scratch_wish wish = {
		.engine = engine, .like = like.version != NULL ? &like : NULL, .unboxed = true};
	rp_auto(rp_stream) sql = NULL;
	rp_autobuf said = RP_BUF_INIT(64 << 10);
	if (rp_scratch_make(&source, &wish, &run, err) < 0 || rp_scratch_start(source, err) < 0)
		return -1;
	struct rp_my_traits is;
	mariadb = rp_my_traits_of(source->place.with.version, &is) && is.vendor == RP_MARIADB;
	const char *const argv[] = {client(), "--comments", "--max-allowed-packet=1G", NULL};
	return rp_stream_of_memory(&sql, shop, sizeof shop - 1, err) < 0
		       ? -1
		       : rp_scratch_feed(source, argv, sql, &said, err);
}

static int set_up(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	(void)snprintf(dir, sizeof dir, "/tmp/rp-my-restore-XXXXXX");
	if (mkdtemp(dir) == NULL || make_source(&err) < 0) {
		print_error("%s\n", err != NULL ? rp_err_text(err) : "no directory");
		return -1;
	}
	dump("whole", NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rp_scratch_free(source);
	return rp_tree_remove(dir, NULL);
}

/* One restore of one file, and what became of it. */
struct outcome {
	struct rp_store *store;
	struct rp_point *point;
	struct rp_artifact *artifact;
	struct rp_scratch *scratch;
	struct rp_restored restored;
	struct rp_err *err;
};

static void outcome_done(struct outcome *o)
{
	rp_restored_done(&o->restored);
	rp_scratch_free(o->scratch);
	rp_artifact_free(o->artifact);
	rp_point_free(o->point);
	rp_store_close(o->store);
	rp_err_free(o->err);
}
#define rp_autooutcome rp_cleanup(outcome_done) struct outcome

static int restore(struct outcome *o, const char *name)
{
	const struct rp_identity like = wanted();
	const struct rp_scratch_wish wish = {
		.engine = engine, .like = like.version != NULL ? &like : NULL, .unboxed = true};
	const struct rp_format *f = NULL;
	if (rp_store_open(&o->store, path_of(name), &run, &o->err) < 0 ||
	    rp_store_choose(o->store, "newest", &o->point, NULL, &o->err) < 0 ||
	    rp_artifact_open(&o->artifact, o->store, o->point, NULL, &o->err) < 0 ||
	    rp_format_of(&f, o->artifact, &o->err) < 0 ||
	    rp_scratch_make(&o->scratch, &wish, &run, &o->err) < 0)
		return -1;
	int r = rp_restore(&o->restored, f, o->artifact, o->scratch, &o->err);
	/* Whatever happened, every byte was hashed. */
	assert_true(o->artifact->files[0].digested);
	assert_int_equal(r == 0, o->restored.format == f);
	return r;
}

static void expect_whole(const char *name)
{
	rp_autooutcome o = {0};
	if (restore(&o, name) < 0)
		fail_msg("%s", rp_err_text(o.err));
	assert_string_equal(o.restored.format->name, "mysqldump");
	assert_string_equal(o.restored.said, "");
	char got[1000], want[1000];
	ask(o.scratch, everything, got, sizeof got);
	ask(source, everything, want, sizeof want);
	assert_string_equal(got, want);
	assert_int_equal(strncmp(got, "4 ", 2), 0);
}

static void expect_failure(const char *name, enum rp_err_kind kind, const char *text)
{
	rp_autooutcome o = {0};
	assert_int_equal(restore(&o, name), -1);
	if (rp_err_kind(o.err) != kind || strstr(rp_err_text(o.err), text) == NULL)
		fail_msg("kind %d: %s", (int)rp_err_kind(o.err), rp_err_text(o.err));
	assert_true(kind == RP_ERR_BACKUP || rp_err_hint_text(o.err) != NULL);
}

static void dumps_come_back_whole(void **state)
{
	(void)state;
	expect_whole("whole");
	dump("databases", WORDS("--add-drop-database", "--databases"));
	expect_whole("databases");
	dump("bare", WORDS("--skip-comments", "--hex-blob", "--skip-extended-insert"));
	expect_whole("bare");
}

/* The clients take 16 MB, unless they are told to take more. */
static void row_of_many_megabytes_comes_back(void **state)
{
	(void)state;
	char none[200];
	ask(source, "insert into picture values (3, repeat('x', 40000000))", none, sizeof none);
	dump("large", NULL);
	expect_whole("large");
	ask(source, "delete from picture where id = 3", none, sizeof none);
}

static void zip(const char *from, const char *to)
{
	rp_autobuf in = RP_BUF_INIT(DUMP_MAX);
	read_file(from, &in);
	gzFile f = gzopen(path_of(to), "wb1");
	assert_non_null(f);
	assert_int_equal(gzwrite(f, in.s, (unsigned)in.len), (int)in.len);
	assert_int_equal(gzclose(f), Z_OK);
}

static void zipped_dump_comes_back_whole(void **state)
{
	(void)state;
	zip("whole", "whole.gz");
	expect_whole("whole.gz");
	rp_autobuf in = RP_BUF_INIT(DUMP_MAX);
	read_file("whole.gz", &in);
	write_file("cut.gz", in.s, in.len - 20);
	expect_failure("cut.gz", RP_ERR_BACKUP, "truncated");
}

/* The whole dump up to where 'text' is, and 'more' of it. */
static void expect_cut(const char *text, size_t more, const char *says)
{
	rp_autobuf in = RP_BUF_INIT(DUMP_MAX);
	read_file("whole", &in);
	const char *at = memmem(in.s, in.len, text, strlen(text));
	assert_non_null(at);
	write_file("cut", in.s, (size_t)(at - in.s) + more);
	expect_failure("cut", RP_ERR_BACKUP, says);
}

static void cut_dump_is_not_whole(void **state)
{
	(void)state;
	expect_cut("(9002,", 0, "truncated inside of a statement"); /* between two rows */
	expect_cut("(9002,", 5, "truncated inside of a statement");
	expect_cut("it\\'s; -- x", 8, "truncated inside of a statement"); /* in a string */
	expect_cut("select 'USE `other`;", 10, "truncated inside of a routine");
	expect_cut("DROP TABLE IF EXISTS `orders`", 0, "truncated between two statements");
	expect_cut("-- Dump completed on", 0, "truncated between two statements"); /* behind the last table */
	expect_cut("Database: ", 3, "truncated");
}

/* The dump with 'text' in front of where 'at' is. */
static void put_in(const char *name, const char *at, const char *text)
{
	rp_autobuf in = RP_BUF_INIT(DUMP_MAX);
	rp_autobuf out = RP_BUF_INIT(DUMP_MAX);
	read_file("whole", &in);
	const char *there = memmem(in.s, in.len, at, strlen(at));
	assert_non_null(there);
	rp_buf_add_mem(&out, in.s, (size_t)(there - in.s));
	rp_buf_add(&out, text);
	rp_buf_add_mem(&out, there, in.len - (size_t)(there - in.s));
	write_file(name, out.s, out.len);
}

static void statements_about_the_server_are_not_run(void **state)
{
	(void)state;
	put_in("position", "DROP TABLE IF EXISTS `orders`",
	       "SET @MYSQLDUMP_TEMP_LOG_BIN = @@SESSION.SQL_LOG_BIN;\nSET @@SESSION.SQL_LOG_BIN= 0;\n"
	       "SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-12,\n"
	       "3e11fa47-71ca-11e1-9e33-c80aa9429563:1-5';\n"
	       "CHANGE REPLICATION SOURCE TO SOURCE_LOG_FILE='binlog.000001', SOURCE_LOG_POS=6266;\n"
	       "CHANGE MASTER TO MASTER_LOG_FILE='bin.000001', MASTER_LOG_POS=2990;\n"
	       "SET GLOBAL gtid_slave_pos='3-7-12';\nSTOP ALL SLAVES;\nSTART REPLICA;\n"
	       "SET @@SESSION.SQL_LOG_BIN = @MYSQLDUMP_TEMP_LOG_BIN;\n");
	expect_whole("position");
}

static void message_of_the_tool_is_told(void **state)
{
	(void)state;
	put_in("message", "DROP TABLE IF EXISTS `orders`",
	       "mysqldump: Error 2013: Lost connection to server during query when dumping table `x` at row: 7\n");
	expect_failure("message", RP_ERR_BACKUP, "Lost connection");
	put_in("message", "(9002,", "mysqldump: Error 2013: Lost connection\n");
	expect_failure("message", RP_ERR_BACKUP, "mysqldump");
	put_in("message", "-- Host", "x\n");
	expect_failure("message", RP_ERR_BACKUP, "ERROR 1064");
}

static void commands_of_the_client_in_a_dump_run_nothing(void **state)
{
	(void)state;
	char text[2000], marker[200];
	(void)snprintf(marker, sizeof marker, "%s", path_of("marker"));
	static const char *const commands[] = {"\\! touch %s\n", "system touch %s\n",		"tee %s\n",
					       "\\T %s\n",	 "pager cat > %s\nselect 1;\n", "\\. %s\n",
					       "source %s\n"};
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		(void)snprintf(text, sizeof text, commands[i], marker);
#pragma GCC diagnostic pop
		put_in("command", "DROP TABLE IF EXISTS `orders`", text);
		expect_failure("command", RP_ERR_BACKUP, "ERROR ");
		assert_int_equal(access(marker, F_OK), -1);
	}
	/* The client alone ends with 0 at these, and has restored half of it. */
	put_in("command", "DROP TABLE IF EXISTS `orders`", "\\q\n");
	expect_failure("command", RP_ERR_BACKUP, "");
	put_in("command", "DROP TABLE IF EXISTS `orders`", "quit\n");
	expect_failure("command", RP_ERR_BACKUP, "");
}

static void files_of_this_machine_are_not_read(void **state)
{
	(void)state;
	char text[1000];
	write_file("secret", "1\tsecret\n", 9);
	(void)snprintf(text, sizeof text, "LOAD DATA LOCAL INFILE '%s' INTO TABLE customer;\n",
		       path_of("secret"));
	put_in("command", "DROP TABLE IF EXISTS `orders`", text);
	expect_failure("command", RP_ERR_BACKUP, "ERROR ");
}

static void what_this_server_does_not_know_is_no_damage(void **state)
{
	(void)state;
	put_in("collation", "DROP TABLE IF EXISTS `orders`",
	       "create table x (a text collate utf8mb4_0901_x_ci);\n");
	expect_failure("collation", RP_ERR_ENGINE, "Unknown collation");
	dump("compact", WORDS("--compact"));
	expect_failure("compact", RP_ERR_ENGINE, "--compact");
	put_in("several", "DROP TABLE IF EXISTS `orders`", "USE `a`;\nUSE `b`;\n");
	expect_failure("several", RP_ERR_USAGE, "'a', 'b'");
}

static void dump_tells_what_it_is(void **state)
{
	(void)state;
	rp_autooutcome o = {0};
	const struct rp_format *f = NULL;
	struct rp_identity id = {0};
	struct rp_position at = {0};
	assert_int_equal(rp_store_open(&o.store, path_of("whole"), &run, &o.err), 0);
	assert_int_equal(rp_store_choose(o.store, "newest", &o.point, NULL, &o.err), 0);
	assert_int_equal(rp_artifact_open(&o.artifact, o.store, o.point, NULL, &o.err), 0);
	assert_int_equal(rp_format_of(&f, o.artifact, &o.err), 0);
	assert_int_equal(f->tell(o.artifact, &id, &at, &o.err), 0);
	assert_string_equal(id.engine, "mysql");
	assert_string_equal(id.database, source->database);
	char server[200];
	ask(source, "select version()", server, sizeof server);
	assert_string_equal(id.version, server);
	assert_true(at.n_facts >= 1);
}

int main(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
	rp_autoerr struct rp_err *err = NULL;
	struct rp_installation with = {0};
	const struct rp_identity like = wanted();
	engine = rp_engine_named("mysql");
	if (engine == NULL || engine->hosting == NULL ||
	    engine->hosting->choose(&with, like.version != NULL ? &like : NULL, &err) < 0) {
		print_message("no server of MariaDB or MySQL here\n");
		return getenv("RP_REQUIRE_SERVERS") != NULL ? 1 : 77;
	}
	rp_installation_done(&with);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dumps_come_back_whole),
		cmocka_unit_test(row_of_many_megabytes_comes_back),
		cmocka_unit_test(zipped_dump_comes_back_whole),
		cmocka_unit_test(cut_dump_is_not_whole),
		cmocka_unit_test(statements_about_the_server_are_not_run),
		cmocka_unit_test(message_of_the_tool_is_told),
		cmocka_unit_test(commands_of_the_client_in_a_dump_run_nothing),
		cmocka_unit_test(files_of_this_machine_are_not_read),
		cmocka_unit_test(what_this_server_does_not_know_is_no_damage),
		cmocka_unit_test(dump_tells_what_it_is),
	};
	return cmocka_run_group_tests_name("my_restore", tests, set_up, tear_down);
}
