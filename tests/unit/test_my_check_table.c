/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <string.h>

#include "verifier/engine/mysql/check_table.h"

static struct rp_my_checked of(const char *const rows[][2], size_t n)
{
	struct rp_my_checked k = {0};
	for (size_t i = 0; i < n; i++)
		rp_my_checked_add(&k, rows[i][0], rows[i][1]);
	rp_my_checked_end(&k);
	return k;
}
#define OF(...)                                                                                              \
	of((const char *const[][2]){__VA_ARGS__},                                                            \
	   sizeof((const char *const[][2]){__VA_ARGS__}) / (2 * sizeof(char *)))

static void only_an_ok_is_an_ok(void **state)
{
	(void)state;
	assert_int_equal(OF({"status", "OK"}).outcome, RP_MY_CHECK_OK);
	assert_string_equal(OF({"status", "OK"}).said, "");
	assert_int_equal(OF({"status", "Table is already up to date"}).outcome, RP_MY_CHECK_NOT_DONE);
	assert_int_equal(OF({"status", "ok?"}).outcome, RP_MY_CHECK_NOT_DONE);
	assert_int_equal(OF({"verdict", "fine"}).outcome, RP_MY_CHECK_UNTOLD);
	assert_int_equal(OF({NULL, "OK"}).outcome, RP_MY_CHECK_UNTOLD);
	assert_int_equal(OF({"status", NULL}).outcome, RP_MY_CHECK_NOT_DONE);
}

static void no_row_and_no_end_are_no_answer(void **state)
{
	struct rp_my_checked none = {0};
	(void)state;
	rp_my_checked_end(&none);
	assert_int_equal(none.outcome, RP_MY_CHECK_UNTOLD);
	assert_int_equal(OF({"note", "half way"}).outcome, RP_MY_CHECK_UNTOLD);
}

static void a_warning_before_an_ok_is_kept(void **state)
{
	struct rp_my_checked k =
		OF({"warning", "1 client is using or hasn't closed the table properly"}, {"status", "OK"});
	(void)state;
	assert_int_equal(k.outcome, RP_MY_CHECK_WARNED);
	assert_string_equal(k.said, "1 client is using or hasn't closed the table properly");
}

static void damage_is_damage_in_every_spelling(void **state)
{
	(void)state;
	assert_int_equal(
		OF({"Error", "Table 's.t' doesn't exist in engine"}, {"status", "Operation failed"}).outcome,
		RP_MY_CHECK_DAMAGED);
	assert_int_equal(OF({"error", "Corrupt"}).outcome, RP_MY_CHECK_DAMAGED);
	assert_int_equal(OF({"status", "Operation failed"}).outcome, RP_MY_CHECK_DAMAGED);
	assert_int_equal(
		OF({"Warning", "InnoDB: Index 'g' contains 0 entries, should be 2."}, {"error", "Corrupt"})
			.outcome,
		RP_MY_CHECK_DAMAGED);
	assert_int_equal(OF({"warning", "Table is marked as crashed"}, {"error", "Corrupt"}).outcome,
			 RP_MY_CHECK_DAMAGED);
	assert_int_equal(OF({"error", "Found a misplaced row in part 0 should be in part 1:\n id:500"},
			    {"error", "Table upgrade required. Please do \"REPAIR TABLE `pt`\""})
				 .outcome,
			 RP_MY_CHECK_DAMAGED);
	assert_int_equal(OF({"error", "Record file is crashed"}, {"status", "OK"}).outcome,
			 RP_MY_CHECK_DAMAGED);
}

static void what_was_not_looked_at_is_neither_whole_nor_damaged(void **state)
{
	(void)state;
	assert_int_equal(OF({"note", "The storage engine for the table doesn't support check"}).outcome,
			 RP_MY_CHECK_UNSUPPORTED);
	assert_int_equal(OF({"error", "Table upgrade required. Please do \"REPAIR TABLE `t`\""}).outcome,
			 RP_MY_CHECK_NOT_DONE);
	assert_int_equal(OF({"Error", "Unknown storage engine 'ROCKSDB'"}, {"error", "Corrupt"}).outcome,
			 RP_MY_CHECK_NOT_DONE);
	assert_int_equal(OF({"Error", "SELECT command denied to user 'x'@'y' for table 't'"},
			    {"status", "Operation failed"})
				 .outcome,
			 RP_MY_CHECK_UNTOLD);
	assert_int_equal(
		OF({"error", "Query execution was interrupted"}, {"status", "Operation failed"}).outcome,
		RP_MY_CHECK_UNTOLD);
}

/* A table may be called anything. */
static void a_tables_name_does_not_excuse_its_damage(void **state)
{
	(void)state;
	assert_int_equal(
		OF({"Error", "Table 's.The storage engine for the table doesn't support check' is crashed"},
		   {"error", "Corrupt"})
			.outcome,
		RP_MY_CHECK_DAMAGED);
	assert_int_not_equal(
		OF({"Error", "Table 's.Access denied' is crashed"}, {"error", "Corrupt"}).outcome,
		RP_MY_CHECK_WARNED);
}

static void what_is_said_is_cut_and_not_overrun(void **state)
{
	char text[900];
	struct rp_my_checked k = {0};
	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	for (int i = 0; i < 5; i++)
		rp_my_checked_add(&k, "error", text);
	rp_my_checked_end(&k);
	assert_int_equal(strlen(k.said), sizeof k.said - 1);
	assert_int_equal(k.outcome, RP_MY_CHECK_DAMAGED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_an_ok_is_an_ok),
		cmocka_unit_test(no_row_and_no_end_are_no_answer),
		cmocka_unit_test(a_warning_before_an_ok_is_kept),
		cmocka_unit_test(damage_is_damage_in_every_spelling),
		cmocka_unit_test(what_was_not_looked_at_is_neither_whole_nor_damaged),
		cmocka_unit_test(a_tables_name_does_not_excuse_its_damage),
		cmocka_unit_test(what_is_said_is_cut_and_not_overrun),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
