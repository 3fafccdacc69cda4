/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include "verifier/engine/mysql/normal.h"
#include "verifier/engine/mysql/objects.h"
#include "verifier/util/buf.h"

/* What servers print in several ways is one text, and what they hide is noticed. */

#define MAX 100000

struct expression {
	const char *from, *to;
};

static void assert_expression(const char *from, const char *to)
{
	rp_autobuf got = RP_BUF_INIT(MAX);
	rp_my_add_expression(&got, from, "shop");
	assert_string_equal(rp_buf_text(&got), to);
}

static void the_databases_own_name_is_left_out(void **state)
{
	(void)state;
	static const struct expression cases[] = {
		{"select `shop`.`a`.`id` AS `id` from `shop`.`a`", "select `a`.`id` AS `id` from `a`"},
		{"nextval(`shop`.`s`)", "nextval(`s`)"},
		{"`shop`.`f`(1)", "`f`(1)"},
		/* Of another database, of another kind. */
		{"from `shop2`.`a` join `other`.`shop`", "from `shop2`.`a` join `other`.`shop`"},
		{"select 'from `shop`.`a`' AS `x`", "select 'from `shop`.`a`' AS `x`"},
		{"select 'it\\'s `shop`.`a`','it''s `shop`.`a`'",
		 "select 'it\\'s `shop`.`a`','it''s `shop`.`a`'"},
		{"`a``shop`.`b`", "`a``shop`.`b`"},
		{"`shop`", "`shop`"},
		{"`other`.`shop`.`a`", "`other`.`shop`.`a`"},
		{"", ""},
		{"`", "`"},
		{"'", "'"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_expression(cases[i].from, cases[i].to);
}

static void an_alias_of_the_databases_name_stays(void **state)
{
	(void)state;
	assert_expression(
		"select `shop`.`id` AS `id`,`shop`.`f`(1) AS `f` from `shop`.`a` `shop` where `shop`.`id` > 1",
		"select `shop`.`id` AS `id`,`f`(1) AS `f` from `a` `shop` where `shop`.`id` > 1");
	assert_expression("select `shop`.`b`.`id` AS `id` from (`shop`.`a` `shop` join `shop`.`b`)",
			  "select `b`.`id` AS `id` from `a` `shop` join `b`");
	/* The restored database has another name: the same text. */
	rp_autobuf got = RP_BUF_INIT(MAX);
	rp_my_add_expression(
		&got,
		"select `shop`.`id` AS `id`,`x`.`f`(1) AS `f` from `x`.`a` `shop` where `shop`.`id` > 1",
		"x");
	assert_string_equal(rp_buf_text(&got),
			    "select `shop`.`id` AS `id`,`f`(1) AS `f` from `a` `shop` where `shop`.`id` > 1");
}

static void brackets_around_joins_say_nothing(void **state)
{
	(void)state;
	static const struct expression cases[] = {
		{"select 1 from (`a` join `b`) where 1", "select 1 from `a` join `b` where 1"},
		{"select 1 from ((`a` join `b` on(`a`.`x` = (1 + 2))) left join `c` on(f(1)))",
		 "select 1 from `a` join `b` on(`a`.`x` = (1 + 2)) left join `c` on(f(1))"},
		{"select 1 from (`a` join (`b` straight_join `c`))",
		 "select 1 from `a` join `b` straight_join `c`"},
		{"select 1 from ((select 2 AS `x` from (`a` join `b`)) `d` join `c`)",
		 "select 1 from (select 2 AS `x` from `a` join `b`) `d` join `c`"},
		{"select (1) from `a` where (`x` in (select 1 from `b`))",
		 "select (1) from `a` where (`x` in (select 1 from `b`))"},
		{"select ')' from ((`a` join `b`)", "select ')' from `a` join `b`"},
		{"))(", "))("},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_expression(cases[i].from, cases[i].to);
}

static void words_that_versions_print_differently_are_one(void **state)
{
	(void)state;
	static const struct expression cases[] = {
		{"DEFAULT CURRENT_TIMESTAMP", "DEFAULT current_timestamp"},
		{"DEFAULT current_timestamp()", "DEFAULT current_timestamp"},
		{"DEFAULT current_timestamp(3)", "DEFAULT current_timestamp(3)"},
		{"DEFAULT 'current_timestamp()'", "DEFAULT 'current_timestamp()'"},
		{"convert(`a` using utf8) collate utf8_bin",
		 "convert(`a` using utf8mb3) collate utf8mb3_bin"},
		{"convert(`utf8` using utf8mb4)", "convert(`utf8` using utf8mb4)"},
		{"concat(_latin1'x',_binary'y',_utf8mb4'z')", "concat('x',_binary'y','z')"},
		{"_underscore", "_underscore"},
		{"DEFAULT x'616200275c'", "DEFAULT 'ab\\0''\\\\'"},
		{"DEFAULT x'ff00'", "DEFAULT x'ff00'"},
		{"DEFAULT x'616'", "DEFAULT x'616'"},
		{"DEFAULT x''", "DEFAULT ''"},
		{"'?' '?"
		 "?"
		 "?"
		 "?'",
		 "'?' '?'"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_expression(cases[i].from, cases[i].to);
}

static void what_is_different_stays_different(void **state)
{
	(void)state;
	static const struct expression cases[] = {
		{"DEFAULT 'utf8'", "DEFAULT 'utf8mb3'"},
		{"DEFAULT 'x'", "DEFAULT 'X'"},
		{"select 1 from `a` join `b` on(1)", "select 1 from `a` left join `b` on(1)"},
		{"`x` in (1,2)", "`x` in (1,3)"},
		{"DEFAULT NULL", "DEFAULT 'NULL'"},
		{"`other`.`a`", "`shop`.`a`"},
		{"f(((1 + 2) * 3))", "f((1 + (2 * 3)))"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rp_autobuf a = RP_BUF_INIT(MAX), b = RP_BUF_INIT(MAX);
		rp_my_add_expression(&a, cases[i].from, "shop");
		rp_my_add_expression(&b, cases[i].to, "shop");
		assert_string_not_equal(rp_buf_text(&a), rp_buf_text(&b));
	}
}

static void backslashes_that_mysql_adds_are_taken_away(void **state)
{
	(void)state;
	static const struct expression cases[] = {
		{"concat(`a`,_utf8mb4\\'it\\\\\\'s\\')", "concat(`a`,_utf8mb4'it\\'s')"},
		{"'a\\n'", "'a\\n'"},
		{"\\", "\\"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rp_autobuf got = RP_BUF_INIT(MAX);
		rp_my_add_unescaped(&got, cases[i].from);
		assert_string_equal(rp_buf_text(&got), cases[i].to);
	}
}

static void types_are_without_what_is_only_shown(void **state)
{
	(void)state;
	static const struct expression cases[] = {
		{"int(11)", "int"},
		{"int(10) unsigned", "int unsigned"},
		{"int(6) unsigned zerofill", "int(6) unsigned zerofill"},
		{"tinyint(1)", "tinyint(1)"},
		{"tinyint(4)", "tinyint"},
		{"tinyint(1) unsigned", "tinyint unsigned"},
		{"year(4)", "year"},
		{"varchar(11)", "varchar(11)"},
		{"bit(1)", "bit(1)"},
		{"decimal(10,2)", "decimal(10,2)"},
		{"geomcollection", "geometrycollection"},
		{"varchar(9) /*!100301 COMPRESSED*/", "varchar(9) COMPRESSED"},
		{"varchar(9) /*M!100301 COMPRESSED*/", "varchar(9) COMPRESSED"},
		{"enum('int(11)','/*!1 x*/')", "enum('int(11)','/*!1 x*/')"},
		{"", ""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rp_autobuf got = RP_BUF_INIT(MAX);
		rp_my_add_type(&got, cases[i].from);
		assert_string_equal(rp_buf_text(&got), cases[i].to);
	}
}

static void options_come_in_one_order(void **state)
{
	(void)state;
	static const struct expression cases[] = {
		{"row_format=COMPRESSED KEY_BLOCK_SIZE=8 partitioned",
		 "key_block_size=8 row_format=COMPRESSED"},
		{"`PAGE_COMPRESSED`=1 `ENCRYPTED`=NO", "encrypted=NO page_compressed=1"},
		{"`PAGE_COMPRESSED`='1' `ENCRYPTED`='NO'", "encrypted=NO page_compressed=1"},
		{"`FILE`='it''s a b' COMPRESSION=\"z lib\"", "compression=\"z lib\" file='it''s a b'"},
		{"  ", ""},
		{"a='", "a='"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rp_autobuf got = RP_BUF_INIT(MAX);
		rp_my_add_options(&got, cases[i].from);
		assert_string_equal(rp_buf_text(&got), cases[i].to);
	}
}

static void bytes_that_are_no_text_can_be_told_apart(void **state)
{
	(void)state;
	static const struct {
		const char *from;
		size_t len;
		const char *to;
	} cases[] = {
		{"a\0b", 3, "a\\x00b"},
		{"\xff", 1, "\\xff"},
		{"\xc3\xa9", 2, "\xc3\xa9"},
		{"\xc3", 1, "\\xc3"},
		{"\xe2\x82\xac\xf0\x9f\x98\x80", 7, "\xe2\x82\xac\xf0\x9f\x98\x80"},
		{"\xc0\x80", 2, "\\xc0\\x80"},
		{"\xe0\x80\x80", 3, "\\xe0\\x80\\x80"},
		{"\xed\xa0\x80", 3, "\\xed\\xa0\\x80"},
		{"\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rp_autobuf got = RP_BUF_INIT(MAX);
		rp_my_add_utf8(&got, cases[i].from, cases[i].len);
		assert_string_equal(rp_buf_text(&got), cases[i].to);
	}
}

static void what_stands_behind_a_body_is_no_part_of_it(void **state)
{
	(void)state;
	static const struct expression cases[] = {{"RETURN 1;\n", "RETURN 1"},
						  {"BEGIN SET a = 1; END", "BEGIN SET a = 1; END"},
						  {" ; ", ""},
						  {"", ""}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rp_autobuf got = RP_BUF_INIT(MAX);
		rp_my_add_body(&got, cases[i].from);
		assert_string_equal(rp_buf_text(&got), cases[i].to);
	}
}

static unsigned rights(const char *first, const char *second, bool literal)
{
	const char *const lines[] = {first, second};
	return rp_my_rights_in("my_shop", literal, lines, second != NULL ? 2 : 1);
}

static void rights_are_read_as_the_server_tells_them(void **state)
{
	(void)state;
	static const struct {
		const char *first, *second;
		unsigned has;
		bool literal;
	} cases[] = {
		{"GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION", NULL, RP_MY_SEES_ALL,
		 false},
		{"GRANT SELECT ON *.* TO `a`@`b`", NULL, RP_MY_SEES_ROWS | RP_MY_SEES_ROUTINES, false},
		{"GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON `my\\_shop`.* TO `a`@`b`",
		 "GRANT SHOW_ROUTINE,BACKUP_ADMIN ON *.* TO `a`@`b`", RP_MY_SEES_ALL, false},
		{"GRANT SELECT ON `my_shop`.* TO `a`@`b`", NULL, RP_MY_SEES_ROWS, false},
		{"GRANT SELECT ON `my%`.* TO `a`@`b`", "GRANT EVENT ON `my\\_shop`.* TO `a`@`b`",
		 RP_MY_SEES_EVENTS, false},
		/* Two patterns: which of them counts is the server's affair. */
		{"GRANT SELECT, EVENT ON `my%`.* TO `a`@`b`", "GRANT EVENT ON `%shop`.* TO `a`@`b`",
		 RP_MY_SEES_EVENTS, false},
		{"GRANT SELECT ON `my%`.* TO `a`@`b`", NULL, 0, true},
		{"GRANT SELECT ON `my_shop`.* TO `a`@`b`", NULL, RP_MY_SEES_ROWS, true},
		{"GRANT SELECT ON *.* TO `a`@`b`", "REVOKE SELECT ON `my_shop`.* FROM `a`@`b`", 0, true},
		{"GRANT SELECT ON *.* TO `a`@`b`", "REVOKE SELECT ON `other`.* FROM `a`@`b`",
		 RP_MY_SEES_ROWS | RP_MY_SEES_ROUTINES, true},
		/* Less than the database, another one, no right to look at anything. */
		{"GRANT SELECT ON `my_shop`.`orders` TO `a`@`b`", NULL, 0, false},
		{"GRANT SELECT (`id`) ON `my_shop`.`orders` TO `a`@`b`", NULL, 0, false},
		{"GRANT SELECT ON `my_shop2`.* TO `a`@`b`", NULL, 0, false},
		{"GRANT EXECUTE ON FUNCTION `my_shop`.`f` TO `a`@`b`", NULL, 0, false},
		{"GRANT USAGE ON *.* TO `a`@`b`", NULL, 0, false},
		{"GRANT `r ON *.* `@`%` TO `a`@`b`", NULL, 0, false},
		{"GRANT PROXY ON ``@`` TO `root`@`localhost` WITH GRANT OPTION", NULL, 0, false},
		{"GRANT", "", 0, false},
		{"GRANT SELECT ON `my_shop", "REVOKE ", 0, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(rights(cases[i].first, cases[i].second, cases[i].literal), cases[i].has);
}

static const char *drift(const char *was, const char *is, const char *kind, const char *fact,
			 const char *expected, const char *got)
{
	const struct rp_identity sealed = {.version = was}, found = {.version = is};
	const struct rp_object o = {.kind = kind, .name = "t.c"};
	const struct rp_difference d = {.change = RP_CHANGED,
					.sealed = &o,
					.found = &o,
					.fact = fact,
					.expected = expected,
					.got = got};
	return rp_my_drift(&sealed, &found, &d);
}

static void only_what_a_version_changes_is_drift(void **state)
{
	(void)state;
	static const char old[] = "10.11.19-MariaDB", new[] = "11.8.6-MariaDB";
	assert_non_null(
		drift(old, new, "column", "collation", "utf8mb4_general_ci", "utf8mb4_uca1400_ai_ci"));
	assert_non_null(drift(old, new, "column", NULL, "DEFAULT '?'", "DEFAULT x'ff'"));
	assert_null(drift(old, new, "column", NULL, "DEFAULT 1", "DEFAULT x'ff'"));
	assert_null(drift(old, new, "column", "collation", "utf8mb4_general_ci", "utf8mb4_bin"));
	assert_null(drift(old, new, "column", "collation", "utf8mb4_general_ci", NULL));
	assert_null(drift(old, new, "column", "comment", "x_general_ci", "x_uca1400_ai_ci"));
	assert_null(drift(old, "10.11.20-MariaDB", "column", "collation", "utf8mb4_general_ci",
			  "utf8mb4_uca1400_ai_ci"));
	assert_null(drift("8.0.40", "9.7.4", "column", "collation", "utf8mb4_general_ci",
			  "utf8mb4_uca1400_ai_ci"));
	assert_null(drift("?", new, "column", "collation", "utf8mb4_general_ci", "utf8mb4_uca1400_ai_ci"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_databases_own_name_is_left_out),
		cmocka_unit_test(an_alias_of_the_databases_name_stays),
		cmocka_unit_test(brackets_around_joins_say_nothing),
		cmocka_unit_test(words_that_versions_print_differently_are_one),
		cmocka_unit_test(what_is_different_stays_different),
		cmocka_unit_test(backslashes_that_mysql_adds_are_taken_away),
		cmocka_unit_test(types_are_without_what_is_only_shown),
		cmocka_unit_test(options_come_in_one_order),
		cmocka_unit_test(bytes_that_are_no_text_can_be_told_apart),
		cmocka_unit_test(what_stands_behind_a_body_is_no_part_of_it),
		cmocka_unit_test(rights_are_read_as_the_server_tells_them),
		cmocka_unit_test(only_what_a_version_changes_is_drift),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
