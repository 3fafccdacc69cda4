/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>

#include "verifier/recovery/mysqldump.h"
#include "verifier/survey/survey.h"
#include "verifier/util/error.h"

#define SANDBOX "/*M!999999\\- enable the sandbox mode */ \n"
#define RULE	"-- ------------------------------------------------------\n"
#define MARIADB                                                                                              \
	SANDBOX "-- MariaDB dump 10.19  Distrib 10.11.19-MariaDB, for debian-linux-gnu (x86_64)\n--\n"       \
		"-- Host: localhost    Database: shop\n" RULE                                                \
		"-- Server version\t10.11.19-MariaDB-0+deb12u1\n\n"
#define MYSQL                                                                                                     \
	"-- MySQL dump 10.13  Distrib 9.7.4, for Linux (x86_64)\n--\n-- Host: localhost    Database: shop\n" RULE \
	"-- Server version\t9.7.4-2\n\n"
#define SETS "/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;\n"

static int parse(const char *text, struct rp_mysqldump_head *ret)
{
	return rp_mysqldump_parse((const uint8_t *)text, strlen(text), ret);
}

static void headers_of_both_vendors_are_read(void **state)
{
	(void)state;
	struct rp_mysqldump_head h;
	assert_true(parse(MARIADB SETS, &h) > 0);
	assert_true(h.mariadb);
	assert_int_equal(h.end, RP_MYSQLDUMP_COMMENT);
	assert_string_equal(h.tool, "10.11.19-MariaDB");
	assert_string_equal(h.server, "10.11.19-MariaDB-0+deb12u1");
	assert_string_equal(h.database, "shop");
	assert_string_equal(h.log_file, "");
	assert_true(parse(MYSQL SETS, &h) > 0);
	assert_false(h.mariadb);
	assert_string_equal(h.tool, "9.7.4");
	assert_string_equal(h.server, "9.7.4-2");
	assert_true(parse("-- MariaDB dump 10.19-11.8.6-MariaDB, for debian-linux-gnu (x86_64)\n", &h) > 0);
	assert_string_equal(h.tool, "11.8.6-MariaDB");
	/* mysqldump of MariaDB before 10.6 or so. */
	assert_true(parse("-- MySQL dump 10.19  Distrib 10.3.39-MariaDB, for debian-linux-gnu (x86_64)\n",
			  &h) > 0);
	assert_string_equal(h.tool, "10.3.39-MariaDB");
}

static void positions_are_read_commented_or_not(void **state)
{
	(void)state;
	struct rp_mysqldump_head h;
	static const char *const lines[] = {
		"-- CHANGE MASTER TO MASTER_LOG_FILE='bin.000001', MASTER_LOG_POS=2990;\n",
		"CHANGE MASTER TO MASTER_LOG_FILE='bin.000001', MASTER_LOG_POS=2990;\n",
		"-- CHANGE REPLICATION SOURCE TO SOURCE_LOG_FILE='bin.000001', SOURCE_LOG_POS=2990;\n",
		("-- CHANGE MASTER TO MASTER_USE_GTID=slave_pos;\n-- CHANGE MASTER TO MASTER_LOG_FILE='bin.000001', "
		 "MASTER_LOG_POS=2990;\n"),
	};
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		char text[2000];
		(void)snprintf(text, sizeof text, "%s%s", MARIADB, lines[i]);
		assert_true(parse(text, &h) > 0);
		assert_string_equal(h.log_file, "bin.000001");
		assert_string_equal(h.log_pos, "2990");
	}
	/* Where the one that it follows stands is another server's position. */
	assert_true(parse(MARIADB "CHANGE MASTER '' TO MASTER_LOG_FILE='bin.000001', MASTER_LOG_POS=2990;\n",
			  &h) > 0);
	assert_string_equal(h.log_file, "");
	assert_true(
		parse(MYSQL
		      "-- Position to start replication or point-in-time recovery from (the source of this "
		      "replica)\n-- CHANGE REPLICATION SOURCE TO SOURCE_LOG_FILE='b', SOURCE_LOG_POS=1;\n",
		      &h) > 0);
	assert_string_equal(h.log_file, "");
}

static void gtids_are_read(void **state)
{
	(void)state;
	struct rp_mysqldump_head h;
	assert_true(parse(MYSQL "SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ 'a-b:1-12';\n", &h) > 0);
	assert_string_equal(h.gtid, "a-b:1-12");
	assert_true(parse(MYSQL "SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ 'a-b:1-12,\nc-d:1-3:7';\n", &h) > 0);
	assert_string_equal(h.gtid, "a-b:1-12,c-d:1-3:7");
	assert_true(parse(MYSQL "/* SET @@GLOBAL.GTID_PURGED='+a-b:1-25';*/\n", &h) > 0);
	assert_string_equal(h.gtid, "a-b:1-25");
	assert_true(parse(MARIADB "-- SET GLOBAL gtid_slave_pos='3-7-12';\n", &h) > 0);
	assert_string_equal(h.gtid, "3-7-12");
	assert_true(parse(MYSQL "SET @@GLOBAL.GTID_PURGED='", &h) > 0);
	assert_string_equal(h.gtid, "");
	assert_true(parse(MYSQL "SET @@GLOBAL.GTID_PURGED=;'", &h) > 0);
	assert_string_equal(h.gtid, "");
}

static void database_of_a_dump_with_databases_is_the_first_used(void **state)
{
	(void)state;
	struct rp_mysqldump_head h;
	assert_true(parse("-- MySQL dump 10.13  Distrib 9.7.4, for Linux (x86_64)\n--\n"
			  "-- Host: localhost    Database: \n" RULE "\nUSE `sh``op`;\n",
			  &h) > 0);
	assert_string_equal(h.database, "sh`op");
	/* Of all databases: this one says nothing. */
	assert_true(parse("-- MySQL dump 10.13  Distrib 9.7.4, for Linux (x86_64)\nUSE `mysql`;\n", &h) > 0);
	assert_string_equal(h.database, "");
}

static void dumps_without_comments_are_known_by_their_first_statement(void **state)
{
	(void)state;
	struct rp_mysqldump_head h;
	assert_true(parse("\n" SETS, &h) > 0);
	assert_int_equal(h.end, RP_MYSQLDUMP_SETTINGS);
	assert_true(parse(SANDBOX "\n" SETS, &h) > 0);
	assert_int_equal(h.end, RP_MYSQLDUMP_SETTINGS);
	assert_true(h.mariadb);
	assert_true(parse("/*!999999\\- enable the sandbox mode */ \n" MYSQL, &h) > 0);
	assert_int_equal(h.end, RP_MYSQLDUMP_COMMENT);
	assert_true(parse(SANDBOX "CREATE TABLE `a` (\n", &h) > 0);
	assert_int_equal(h.end, RP_MYSQLDUMP_NONE);
	assert_true(parse("/*!40101 SET @saved_cs_client     = @@character_set_client */;\n", &h) > 0);
	assert_int_equal(h.end, RP_MYSQLDUMP_NONE);
	assert_true(parse("SET @MYSQLDUMP_TEMP_LOG_BIN = @@SESSION.SQL_LOG_BIN;\n", &h) > 0);
	assert_int_equal(h.end, RP_MYSQLDUMP_NONE);
}

static void others_are_not_taken_for_it(void **state)
{
	(void)state;
	struct rp_mysqldump_head h;
	static const char *const others[] = {
		"",
		"\n",
		"--\n-- PostgreSQL database dump\n--\n",
		("-- phpMyAdmin SQL Dump\n" SETS),
		"CREATE TABLE t (a int);\n",
		"<?xml version=\"1.0\"?>\n",
		"x-- MySQL dump 10.13\n",
		"-- MySQL dum",
		"mysqldump: Got error: 1045: Access denied\n",
	};
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_int_equal(parse(others[i], &h), 0);
}

static void messages_before_the_title_are_kept(void **state)
{
	(void)state;
	struct rp_mysqldump_head h;
	assert_true(parse("mysqldump: [Warning] Using a password can be insecure.\n" MYSQL, &h) > 0);
	assert_string_equal(h.message, "mysqldump: [Warning] Using a password can be insecure.");
	assert_string_equal(h.server, "9.7.4-2");
	assert_true(parse("Warning: A partial dump from a server that has GTIDs will\n" MYSQL, &h) > 0);
	assert_string_not_equal(h.message, "");
}

static void text_of_windows_is_recognised(void **state)
{
	(void)state;
	struct rp_mysqldump_head h;
	static const char wide[] = "\xff\xfe-\0-\0 \0M\0y\0S\0Q\0L\0";
	assert_true(rp_mysqldump_parse((const uint8_t *)wide, sizeof wide - 1, &h) > 0);
	assert_true(h.wide);
	assert_true(parse("\xef\xbb\xbf" MYSQL, &h) > 0);
	assert_false(h.wide);
	assert_string_equal(h.server, "9.7.4-2");
	assert_true(
		parse("-- MySQL dump 10.13  Distrib 9.7.4, for Win64 (x86_64)\r\n-- Server version\t9.7.4\r\n",
		      &h) > 0);
	assert_string_equal(h.server, "9.7.4");
}

static void a_head_cut_at_any_byte_is_read_as_far_as_it_goes(void **state)
{
	(void)state;
	static const char in[] =
		MARIADB SETS "SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ 'a-b:1-12';\n"
			     "-- CHANGE MASTER TO MASTER_LOG_FILE='bin.000001', MASTER_LOG_POS=2990;\n"
			     "USE `b`;\n";
	for (size_t n = 0; n < sizeof in; n++) {
		/* A copy of the exact size, so that one byte too far is found. */
		uint8_t *copy = malloc(n > 0 ? n : 1);
		struct rp_mysqldump_head h;
		memcpy(copy, in, n);
		assert_true(rp_mysqldump_parse(copy, n, &h) >= 0);
		free(copy);
	}
}

static const char *loses(const char *type)
{
	return rp_mysqldump_loses(&(struct rp_column){.name = "c", .type = type});
}

static void float_and_json_are_lossy_and_nothing_else(void **state)
{
	(void)state;
	assert_non_null(loses("float"));
	assert_non_null(loses("float unsigned"));
	assert_null(loses("float(7,3)"));
	assert_non_null(loses("json"));
	assert_null(loses("longtext"));
	assert_null(loses("double"));
	assert_null(loses("decimal(10,2)"));
	assert_null(loses(NULL));
}

static const char *lacks(const char *relation)
{
	return rp_mysqldump_lacks(&(struct rp_relation){.name = relation});
}

static void history_is_left_out_and_made_anew(void **state)
{
	(void)state;
	assert_non_null(lacks("sv.history"));
	assert_null(lacks("history"));
	assert_null(lacks("sv"));
	assert_non_null(loses("timestamp(6) generated as row start"));
	assert_null(loses("timestamp(6)"));
}

static const char *omits(const char *kind, const char *name, const char *fact, const struct rp_fact *facts,
			 size_t n)
{
	const struct rp_object o = {.kind = kind, .name = name, .facts = facts, .n_facts = n};
	return rp_mysqldump_omits(&o, fact);
}

static void what_is_the_servers_is_not_in_a_dump(void **state)
{
	(void)state;
	assert_non_null(omits("database", "server", "sql mode", NULL, 0));
	assert_non_null(omits("database", "rights", "grants", NULL, 0));
	assert_non_null(omits("database", "rights", NULL, NULL, 0));
	assert_null(omits("database", "defaults", "character set", NULL, 0));
	assert_non_null(omits("column", "t.p", "ref system id", NULL, 0));
	assert_null(omits("column", "t.p", "srs", NULL, 0));
	assert_null(omits("column", "t.p", NULL, NULL, 0));
	static const char *const kinds[] = {"table",   "column", "routine", "event",
					    "trigger", "view",	 "sequence"};
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		assert_null(omits(kinds[i], "server", NULL, NULL, 0));
		assert_null(omits(kinds[i], "server", "grants", NULL, 0));
	}
}

static void event_whose_time_is_over_is_not_made_again(void **state)
{
	(void)state;
	const struct rp_fact past[] = {{"at", "2020-01-01 00:00:00"}},
			     future[] = {{"at", "2999-01-01 00:00:00"}},
			     ended[] = {{"ends", "2020-01-01 00:00:00"}},
			     kept[] = {{"at", "2020-01-01 00:00:00"}, {"on completion", "preserve"}};
	assert_non_null(omits("event", "e", NULL, past, 1));
	assert_non_null(omits("event", "e", NULL, ended, 1));
	assert_null(omits("event", "e", "at", past, 1));
	assert_null(omits("event", "e", NULL, future, 1));
	assert_null(omits("event", "e", NULL, kept, 2));
	assert_null(omits("table", "e", NULL, past, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_of_both_vendors_are_read),
		cmocka_unit_test(positions_are_read_commented_or_not),
		cmocka_unit_test(gtids_are_read),
		cmocka_unit_test(database_of_a_dump_with_databases_is_the_first_used),
		cmocka_unit_test(dumps_without_comments_are_known_by_their_first_statement),
		cmocka_unit_test(others_are_not_taken_for_it),
		cmocka_unit_test(messages_before_the_title_are_kept),
		cmocka_unit_test(text_of_windows_is_recognised),
		cmocka_unit_test(a_head_cut_at_any_byte_is_read_as_far_as_it_goes),
		cmocka_unit_test(float_and_json_are_lossy_and_nothing_else),
		cmocka_unit_test(history_is_left_out_and_made_anew),
		cmocka_unit_test(what_is_the_servers_is_not_in_a_dump),
		cmocka_unit_test(event_whose_time_is_over_is_not_made_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
