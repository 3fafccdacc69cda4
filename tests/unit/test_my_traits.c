/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include "verifier/engine/mysql/traits.h"

static void versions_of_both_vendors_are_told(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum rp_my_vendor vendor;
		unsigned version;
	} all[] = {
		{"10.11.19-MariaDB-0+deb12u1", RP_MARIADB, 101119},
		{"10.5.23-MariaDB-0+deb11u1-log", RP_MARIADB, 100523},
		{"11.8.6-MariaDB-0+deb13u1 from Debian", RP_MARIADB, 110806},
		{"5.5.5-10.6.12-MariaDB", RP_MARIADB, 100612},
		{"9.7.4-2", RP_MYSQL, 90704},
		{"8.0.36-28", RP_MYSQL, 80036},
		{"8.4.0", RP_MYSQL, 80400},
		{"5.5.5", RP_MYSQL, 50505},
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		struct rp_my_traits is = {0};
		assert_true(rp_my_traits_of(all[i].text, &is));
		assert_int_equal(is.vendor, all[i].vendor);
		assert_int_equal(is.version, all[i].version);
	}
}

static void what_is_no_version_is_refused(void **state)
{
	(void)state;
	static const char *const all[] = {
		"",	  "MariaDB", "10",	"10.11",	 "10.",		  "x10.11.1",
		"-1.2.3", "1..2",    "100.1.1", "10.11.MariaDB", "4294967297.1.1"};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		struct rp_my_traits is = {.version = 7};
		assert_false(rp_my_traits_of(all[i], &is));
		assert_int_equal(is.version, 7);
	}
}

static void a_trait_begins_with_its_version_and_ends_with_it(void **state)
{
	(void)state;
	static const struct {
		const char *version;
		enum rp_my_trait trait;
		bool has;
	} all[] = {
		{"10.5.23-MariaDB", RP_MY_SEQUENCES, true},
		{"9.7.4", RP_MY_SEQUENCES, false},
		{"10.5.23-MariaDB", RP_MY_INDEX_IGNORED, false},
		{"10.6.0-MariaDB", RP_MY_INDEX_IGNORED, true},
		{"8.0.12", RP_MY_INDEX_EXPRESSION, false},
		{"8.0.13", RP_MY_INDEX_EXPRESSION, true},
		{"8.1.0", RP_MY_BINARY_LOG_STATUS, false},
		{"8.2.0", RP_MY_BINARY_LOG_STATUS, true},
		{"11.8.6-MariaDB", RP_MY_BINARY_LOG_STATUS, false},
		{"8.0.0", RP_MY_SERVER_UUID, true},
		{"11.8.6-MariaDB", RP_MY_SERVER_UUID, false},
		{"11.8.6-MariaDB", RP_MY_STATEMENT_LIMIT, true},
		{"9.7.4", RP_MY_STATEMENT_LIMIT, false},
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		struct rp_my_traits is = {0};
		assert_true(rp_my_traits_of(all[i].version, &is));
		assert_int_equal(is.has[all[i].trait], all[i].has);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_of_both_vendors_are_told),
		cmocka_unit_test(what_is_no_version_is_refused),
		cmocka_unit_test(a_trait_begins_with_its_version_and_ends_with_it),
	};
	return cmocka_run_group_tests_name("my_traits", tests, NULL, NULL);
}
