/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>

#include "verifier/recovery/my_filter.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

#define TITLE	"-- MariaDB dump 10.19  Distrib 10.11.19-MariaDB, for debian-linux-gnu (x86_64)\n--\n"
#define SANDBOX "/*M!999999\\- enable the sandbox mode */ \n"
#define SETS	"\n/*!40101 SET NAMES utf8mb4 */;\n/*!40111 SET @OLD_SQL_NOTES=@@SQL_NOTES, SQL_NOTES=0 */;\n\n"
#define TABLE                                                                                                \
	"--\n-- Table structure for table `t`\n--\n\nDROP TABLE IF EXISTS `t`;\n/*!40101 SET "               \
	"character_set_client = utf8mb4 */;\nCREATE TABLE `t` (\n  `id` int(11) NOT NULL,\n  `e` "           \
	"varchar(9) DEFAULT NULL\n) ENGINE=InnoDB;\n\nLOCK TABLES `t` WRITE;\nINSERT INTO `t` "              \
	"VALUES\n(1,'a;b\\n'),\n(2,'USE `x`;');\nUNLOCK TABLES;\n"
#define ROUTINE	  "DELIMITER ;;\nCREATE PROCEDURE `pr`()\nbegin select 1; select 'it''s'; end ;;\nDELIMITER ;\n"
#define FOOT	  "/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;\n\n"
#define DONE	  "-- Dump completed on 2026-11-21 13:44:13\n"
#define LOGS	  "SET @MYSQLDUMP_TEMP_LOG_BIN = @@SESSION.SQL_LOG_BIN;\nSET @@SESSION.SQL_LOG_BIN= 0;\n"
#define LOGS_BACK "SET @@SESSION.SQL_LOG_BIN = @MYSQLDUMP_TEMP_LOG_BIN;\n"

/* What the client would get, without the sentinel's statement. */
static const char *wanted;
static bool asked;

static int filter(const char *in, size_t len, size_t piece, struct rp_buf *out, struct rp_err **err)
{
	struct rp_stream *below = NULL;
	rp_auto(rp_stream) s = NULL;
	assert_int_equal(rp_stream_of_memory(&below, in, len, err), 0);
	assert_int_equal(rp_my_filter_new(&s, below, wanted, asked, err), 0);
	rp_autobuf raw = RP_BUF_INIT(64 << 20);
	char *buf = malloc(piece);
	ssize_t n;
	while ((n = rp_stream_read(s, buf, piece, err)) > 0)
		rp_buf_add_mem(&raw, buf, (size_t)n);
	free(buf);
	if (n < 0) {
		assert_false(rp_my_filter_whole(s));
		/* What has come out until then is the dump's beginning and nothing else. */
		assert_true(raw.len <= len);
		return -1;
	}
	assert_true(rp_my_filter_whole(s));
	char last[100];
	assert_int_equal(strspn(rp_my_filter_sentinel(s), "0123456789abcdef"), 32);
	(void)snprintf(last, sizeof last, "\nselect '%s';\n", rp_my_filter_sentinel(s));
	assert_int_equal(raw.len, len + strlen(last));
	assert_memory_equal(raw.s + len, last, strlen(last));
	rp_buf_add_mem(out, raw.s, len);
	return 0;
}

/* 'blanks': text of 'in' of which nothing but the ends of lines is to be left; NULL-terminated. */
static void expect(const char *in, const char *const *blanks)
{
	rp_autobuf want = RP_BUF_INIT(1 << 20);
	rp_buf_add(&want, in);
	for (; blanks != NULL && *blanks != NULL; blanks++) {
		char *at = strstr(want.s, *blanks);
		assert_non_null(at);
		for (size_t i = 0; i < strlen(*blanks); i++)
			at[i] = at[i] == '\n' ? '\n' : ' ';
	}
	for (size_t piece = 1; piece < 100000; piece = piece * 3 + 4) {
		rp_autoerr struct rp_err *err = NULL;
		rp_autobuf got = RP_BUF_INIT(1 << 20);
		assert_int_equal(filter(in, strlen(in), piece, &got, &err), 0);
		assert_string_equal(rp_buf_text(&got), rp_buf_text(&want));
	}
}

#define expect_blanks(in, ...) expect(in, (const char *const[]){__VA_ARGS__, NULL})

static void expect_error(const char *in, size_t len, enum rp_err_kind kind, const char *text)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf got = RP_BUF_INIT(64 << 20);
	assert_int_equal(filter(in, len, 4096, &got, &err), -1);
	assert_int_equal(rp_err_kind(err), kind);
	if (strstr(rp_err_text(err), text) == NULL)
		fail_msg("'%s' is not in '%s'", text, rp_err_text(err));
}

#define expect_damage(in, text) expect_error(in, strlen(in), RP_ERR_BACKUP, text)

static void ordinary_dump_passes_as_it_is(void **state)
{
	(void)state;
	expect(TITLE SETS TABLE ROUTINE FOOT DONE, NULL);
	expect("-- MySQL dump 10.13  Distrib 9.7.4, for Linux (x86_64)\n" SETS TABLE FOOT
	       "-- Dump completed\n",
	       NULL);
	expect(TITLE SETS TABLE FOOT "-- Dump completed on 2026-11-21 13:44:13", NULL);
}

static void dump_cut_at_any_byte_before_its_trailer_fails(void **state)
{
	(void)state;
	static const char in[] = TITLE SETS TABLE ROUTINE FOOT DONE;
	size_t end = (size_t)(strstr(in, "-- Dump completed") - in) + strlen("-- Dump completed");
	for (size_t n = 0; n < end; n++) {
		rp_autoerr struct rp_err *err = NULL;
		rp_autobuf got = RP_BUF_INIT(1 << 20);
		assert_int_equal(filter(in, n, 4096, &got, &err), -1);
		assert_int_equal(rp_err_kind(err), RP_ERR_BACKUP);
		assert_non_null(strstr(rp_err_text(err), "truncated"));
	}
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf got = RP_BUF_INIT(1 << 20);
	assert_int_equal(filter(in, end, 4096, &got, &err), 0);
}

static void dump_without_comments_cut_at_any_byte_fails(void **state)
{
	(void)state;
	static const char in[] =
		SANDBOX SETS "CREATE TABLE `t` (\n  `id` int\n);\nINSERT INTO `t` VALUES (1);\n" FOOT;
	size_t end = sizeof in - 1 - 2;
	for (size_t n = 0; n < end; n++) {
		rp_autoerr struct rp_err *err = NULL;
		rp_autobuf got = RP_BUF_INIT(1 << 20);
		assert_int_equal(filter(in, n, 4096, &got, &err), -1);
		assert_non_null(strstr(rp_err_text(err), "puts back"));
	}
	expect_blanks(in, "/*M!999999\\- enable the sandbox mode */");
}

static void place_of_the_cut_is_told(void **state)
{
	(void)state;
	expect_damage(TITLE SETS TABLE, "truncated between two statements");
	expect_damage(TITLE SETS "INSERT INTO `t` VALUES\n(1,'a'),\n", "truncated inside of a statement");
	expect_damage(TITLE SETS "INSERT INTO `t` VALUES (1,'a;", "truncated inside of a statement");
	expect_damage(TITLE SETS "INSERT INTO `t` VALUES (1);\n-- Tabl", "truncated between two statements");
	expect_damage(TITLE SETS "DELIMITER ;;\nCREATE PROCEDURE `p`()\nselect 1;\n",
		      "truncated inside of a routine");
	expect_damage(TITLE SETS "CREATE TABLE `t` (\n  `id` int", "truncated inside of a statement");
}

static void trailer_within_a_routine_is_none(void **state)
{
	(void)state;
	expect_damage(TITLE SETS "DELIMITER ;;\nCREATE PROCEDURE `p`()\nbegin\n" DONE "end ;;\nDELIMITER ;\n",
		      "truncated between two statements");
	/* Nor is one behind something that was not ended. */
	expect_damage(TITLE SETS "INSERT INTO `t` VALUES (1)\n" DONE, "truncated inside of a statement");
}

static void what_is_about_the_server_is_not_run(void **state)
{
	(void)state;
#define GTID "SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-12';\n"
#define GTIDS                                                                                                \
	"SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-12,\n"              \
	"aaaaaaaa-71ca-11e1-9e33-c80aa9429562:1-5';\n"
	expect_blanks(TITLE SETS LOGS GTID TABLE LOGS_BACK FOOT DONE, LOGS GTID, LOGS_BACK);
	expect_blanks(TITLE SETS LOGS GTIDS TABLE GTIDS LOGS_BACK FOOT DONE, LOGS GTIDS, GTIDS LOGS_BACK);
	static const char *const others[] = {
		"CHANGE MASTER TO MASTER_LOG_FILE='bin.000001', MASTER_LOG_POS=2990;\n",
		"CHANGE MASTER '' TO MASTER_USE_GTID=slave_pos;\n",
		"CHANGE REPLICATION SOURCE TO SOURCE_LOG_FILE='binlog.000001', SOURCE_LOG_POS=6266;\n",
		"SET GLOBAL gtid_slave_pos='3-7-12';\n",
		"STOP ALL SLAVES;\n",
		"START SLAVE;\n",
		"STOP REPLICA;\n",
	};
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		rp_autobuf in = RP_BUF_INIT(1 << 16);
		rp_buf_addf(&in, "%s%s%s%s%s%s", TITLE, SETS, others[i], TABLE, FOOT, DONE);
		expect_blanks(rp_buf_text(&in), others[i]);
	}
}

static void a_statement_behind_a_dropped_one_stays(void **state)
{
	(void)state;
	expect_blanks(TITLE SETS GTIDS "CREATE TABLE `a` (\n  `b` int\n);\n" FOOT DONE, GTIDS);
}

static void what_looks_like_it_elsewhere_stays(void **state)
{
	(void)state;
	/* Commented, within a statement, within a routine. */
	expect(TITLE SETS "-- CHANGE MASTER TO MASTER_LOG_FILE='b', MASTER_LOG_POS=4;\n" FOOT DONE, NULL);
	expect(TITLE SETS "INSERT INTO `t` VALUES ('\nSET @@SESSION.SQL_LOG_BIN= 0;\n');\n" FOOT DONE, NULL);
	expect(TITLE SETS
	       "DELIMITER ;;\nCREATE PROCEDURE `p`()\nbegin\nSTART SLAVE;\nUSE `b`;\nmysqldump: x;\nend ;;\n"
	       "DELIMITER ;\n" FOOT DONE,
	       NULL);
	/* Not at the beginning of a line, or followed by more than the tool writes. */
	expect(TITLE SETS
	       " SET @@SESSION.SQL_LOG_BIN= 0;\nSET @@SESSION.SQL_LOG_BIN= 0; DROP TABLE t;\n" FOOT DONE,
	       NULL);
}

static void one_database_goes_into_ours(void **state)
{
	(void)state;
#define CREATE                                                                                               \
	"CREATE DATABASE /*!32312 IF NOT EXISTS*/ `shop` /*!40100 DEFAULT CHARACTER SET latin1 COLLATE "     \
	"latin1_swedish_ci */;"
#define DROP "/*!40000 DROP DATABASE IF EXISTS `shop`*/;"
#define USE  "USE `shop`;"
	expect_blanks(TITLE SETS "--\n-- Current Database: `shop`\n--\n\n" DROP "\n\n" CREATE "\n\n" USE
				 "\n" TABLE "\n" USE "\n" FOOT DONE,
		      DROP "\n\n" CREATE "\n\n" USE, USE);
}

static void several_databases_are_named_when_none_is_wanted(void **state)
{
	(void)state;
	static const char in[] =
		TITLE SETS "USE `a`;\n" TABLE "USE `b``c`;\n" TABLE "USE `a`;\nUSE `d\x1b`;\n" FOOT DONE;
	expect_error(in, sizeof in - 1, RP_ERR_USAGE, "several databases: 'a', 'b`c', 'd");
	rp_autobuf many = RP_BUF_INIT(1 << 16);
	rp_buf_addf(&many, "%s%s", TITLE, SETS);
	for (int i = 0; i < 40; i++)
		rp_buf_addf(&many, "USE `d%d`;\n", i);
	expect_error(many.s, many.len, RP_ERR_USAGE, "'d31', ...");
	expect_damage(TITLE SETS "USE `" FOOT, "names none that is possible");
}

#define ROWS(table) "INSERT INTO `" table "` VALUES\n(1,'a;b');\n"
#define BODY(name)                                                                                           \
	"DELIMITER ;;\nCREATE PROCEDURE `" name "`()\nbegin select 1;\nUSE `a`;\nend ;;\nDELIMITER ;\n"

static void only_the_wanted_one_of_several_goes_out(void **state)
{
	(void)state;
#define OF_A "CREATE DATABASE `a`;\n\nUSE `a`;\n" ROWS("of_a") BODY("of_a")
#define OF_B ROWS("of_b") BODY("of_b")
	static const char in[] = TITLE SETS OF_A "USE `b`;\n" OF_B "USE `a`;\nselect 1;\n" FOOT DONE;
	wanted = "b";
	expect_blanks(in, OF_A "USE `b`;\n", "USE `a`;\nselect 1;\n");
	wanted = "a";
	expect_blanks(in, "CREATE DATABASE `a`;\n\nUSE `a`;\n", "USE `b`;\n" OF_B "USE `a`;\n");
	/* A dump that names none is of one database. */
	wanted = "c";
	expect(TITLE SETS TABLE FOOT DONE, NULL);
	expect_error(in, sizeof in - 1, RP_ERR_BACKUP, "it holds no database 'c', but 'a', 'b'");
	asked = true;
	expect_error(in, sizeof in - 1, RP_ERR_USAGE, "it holds no database 'c', but 'a', 'b'");
	asked = false;
	wanted = NULL;
}

static void cut_dump_of_several_fails_wherever_it_was_cut(void **state)
{
	(void)state;
	static const char in[] = TITLE SETS "USE `a`;\n" ROWS("of_a") "USE `b`;\n" OF_B FOOT DONE;
	size_t end = (size_t)(strstr(in, "-- Dump completed") - in) + strlen("-- Dump completed");
	wanted = "a";
	for (size_t n = 0; n < end; n++) /* a name that was cut is no name */
		expect_error(in, n, RP_ERR_BACKUP, in[n - (n > 0)] == '`' || in[n] == '`' ? "" : "truncated");
	wanted = NULL;
}

static void servers_own_database_and_its_accounts_are_left_out(void **state)
{
	(void)state;
#define OWN	 "USE `mysql`;\nLOCK TABLES `user` WRITE;\n" ROWS("user") "UNLOCK TABLES;\n"
#define ACCOUNTS "CREATE USER `x`@`y`;\nGRANT ALL PRIVILEGES ON *.* TO `x`@`y` WITH GRANT OPTION;\n"
#define STATS	 "USE mysql;\n" ROWS("time_zone")
	expect_blanks(TITLE SETS OWN "USE `a`;\n" TABLE ACCOUNTS STATS FOOT DONE, OWN "USE `a`;\n",
		      ACCOUNTS STATS);
}

static void message_of_the_tool_is_told(void **state)
{
	(void)state;
#define LOST                                                                                                 \
	"mysqldump: Error 2013: Lost connection to server during query when dumping table `t` at row: 7\n"
	expect_damage(TITLE SETS TABLE LOST, "Lost connection");
	expect_damage(TITLE SETS TABLE "INSERT INTO `t` VALUES\n(1,'a'),\n" LOST FOOT DONE,
		      "Lost connection");
	expect_damage(
		"mysqldump: [Warning] Using a password on the command line interface can be insecure.\n" TITLE
			SETS TABLE FOOT DONE,
		"can be insecure");
	expect_damage(TITLE SETS TABLE "mariadb-dump: Couldn't execute '\x1b[2J'\n" FOOT DONE,
		      "Couldn't execute");
}

static void dumps_one_behind_the_other_must_all_be_whole(void **state)
{
	(void)state;
	expect_blanks(SANDBOX TITLE SETS TABLE FOOT DONE SANDBOX TITLE SETS TABLE FOOT DONE,
		      "/*M!999999\\- enable the sandbox mode */", "/*M!999999\\- enable the sandbox mode */");
	expect_damage(TITLE SETS TABLE TITLE SETS TABLE FOOT DONE, "second dump begins");
	expect_damage(TITLE SETS TABLE FOOT DONE TITLE SETS TABLE FOOT, "truncated");
	expect_damage(SETS TABLE SETS TABLE FOOT, "second dump begins");
	expect_damage(SETS TABLE FOOT SETS TABLE, "truncated");
	expect_damage(TITLE SETS TABLE FOOT DONE SETS TABLE, "truncated");
	/* The first one ends inside of a statement. */
	expect_damage(TITLE SETS "INSERT INTO `t` VALUES (1,'\n" TITLE SETS TABLE FOOT DONE,
		      "second dump begins");
	/* ... or of a comment. */
	expect_damage(TITLE SETS TABLE "-- Table str" TITLE SETS TABLE FOOT DONE, "second dump begins");
}

static void line_longer_than_any_buffer_passes(void **state)
{
	(void)state;
	rp_autobuf in = RP_BUF_INIT(8 << 20);
	rp_buf_addf(&in, "%s%sINSERT INTO `t` VALUES (1,'", TITLE, SETS);
	for (int i = 0; i < 300000; i++)
		rp_buf_add(&in, "USE `x`;");
	rp_buf_addf(&in, "');\n%s%sSET @@GLOBAL.GTID_PURGED='", TABLE, LOGS);
	size_t at = in.len;
	for (int i = 0; i < 30000; i++)
		rp_buf_addf(&in, ":%d", i);
	size_t end = in.len;
	rp_buf_addf(&in, "';\n%s%s%s", TABLE, FOOT, DONE);
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf got = RP_BUF_INIT(8 << 20);
	assert_int_equal(filter(in.s, in.len, 5000, &got, &err), 0);
	assert_null(memchr(got.s + at, ':', end - at));
	assert_string_equal(got.s + end + 2, in.s + end + 2);
	at = (size_t)(strstr(in.s, "SET @MYSQLDUMP") - in.s);
	assert_memory_equal(got.s, in.s, at);
	/* And cut within it. */
	expect_error(in.s, 100000, RP_ERR_BACKUP, "truncated inside of a statement");
}

static void ends_of_lines_may_be_of_another_system(void **state)
{
	(void)state;
	expect_blanks(
		"-- MySQL dump 10.13  Distrib 9.7.4, for Win64 (x86_64)\r\n\r\nUSE `shop`;\r\n"
		"DELIMITER ;;\r\nCREATE PROCEDURE p()\r\nUSE `b`;\r\n;;\r\nDELIMITER ;\r\nUSE `shop`;\r\n"
		"-- Dump completed on 2026-11-21 13:44:13\r\n",
		"USE `shop`;\r", "USE `shop`;\r");
}

static void empty_input_is_truncated(void **state)
{
	(void)state;
	expect_error("", 0, RP_ERR_BACKUP, "truncated");
	expect_error("\n\n", 2, RP_ERR_BACKUP, "truncated");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary_dump_passes_as_it_is),
		cmocka_unit_test(dump_cut_at_any_byte_before_its_trailer_fails),
		cmocka_unit_test(dump_without_comments_cut_at_any_byte_fails),
		cmocka_unit_test(place_of_the_cut_is_told),
		cmocka_unit_test(trailer_within_a_routine_is_none),
		cmocka_unit_test(what_is_about_the_server_is_not_run),
		cmocka_unit_test(a_statement_behind_a_dropped_one_stays),
		cmocka_unit_test(what_looks_like_it_elsewhere_stays),
		cmocka_unit_test(one_database_goes_into_ours),
		cmocka_unit_test(several_databases_are_named_when_none_is_wanted),
		cmocka_unit_test(only_the_wanted_one_of_several_goes_out),
		cmocka_unit_test(cut_dump_of_several_fails_wherever_it_was_cut),
		cmocka_unit_test(servers_own_database_and_its_accounts_are_left_out),
		cmocka_unit_test(message_of_the_tool_is_told),
		cmocka_unit_test(dumps_one_behind_the_other_must_all_be_whole),
		cmocka_unit_test(line_longer_than_any_buffer_passes),
		cmocka_unit_test(ends_of_lines_may_be_of_another_system),
		cmocka_unit_test(empty_input_is_truncated),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
