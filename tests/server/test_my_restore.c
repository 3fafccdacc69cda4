/* SPDX-License-Identifier: MIT */
/* Dumps made and restored by the tools of MariaDB or MySQL, whole, cut, damaged and hostile. */
#include "tests/server/restore_lib.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "verifier/engine/mysql/traits.h"
#include "verifier/util/fd.h"

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

static const char *const *loader(const struct rp_scratch *made)
{
	static const char *argv[] = {"mysql", "--comments", "--max-allowed-packet=1G", NULL};
	struct rp_my_traits is;
	mariadb = rp_my_traits_of(made->place.with.version, &is) && is.vendor == RP_MARIADB;
	argv[0] = client();
	return argv;
}

struct restore_test this_test = {
	.engine = "mysql", .sql = shop, .loader = loader, .everything = everything, .ask = ask};

static int set_up_with_a_dump(void **state)
{
	if (set_up(state) < 0)
		return -1;
	dump("whole", NULL);
	return 0;
}

static void dumps_come_back_whole(void **state)
{
	(void)state;
	expect_whole("whole", "mysqldump", "4 ");
	dump("databases", WORDS("--add-drop-database", "--databases"));
	expect_whole("databases", "mysqldump", "4 ");
	dump("bare", WORDS("--skip-comments", "--hex-blob", "--skip-extended-insert"));
	expect_whole("bare", "mysqldump", "4 ");
}

/* The clients take 16 MB, unless they are told to take more. */
static void row_of_many_megabytes_comes_back(void **state)
{
	(void)state;
	char none[200];
	ask(source, "insert into picture values (3, repeat('x', 40000000))", none, sizeof none);
	dump("large", NULL);
	expect_whole("large", "mysqldump", "4 ");
	ask(source, "delete from picture where id = 3", none, sizeof none);
}

static void zipped_dump_comes_back_whole(void **state)
{
	(void)state;
	zip("whole", "whole.gz");
	expect_whole("whole.gz", "mysqldump", "4 ");
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
	expect_whole("position", "mysqldump", "4 ");
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
	this_test.version = getenv("RP_MY_VERSION");
	const struct rp_identity like = {.engine = "mysql", .version = this_test.version, .database = "shop"};
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
	return cmocka_run_group_tests_name("my_restore", tests, set_up_with_a_dump, tear_down);
}
