/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include "verifier/engine/mysql/brought.h"
#include "verifier/recovery/mariadb_backup.h"
#include "verifier/recovery/mariadb_backup_pages.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

static void checkpoints_are_read_or_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int r;
		enum rp_mb_type type;
		uint64_t from, to, last;
	} all[] = {
		{"backup_type = full-backuped\nfrom_lsn = 0\nto_lsn = 44388\nlast_lsn = 46663\n", 0,
		 RP_MB_FULL, 0, 44388, 46663},
		{"backup_type = log-applied\nfrom_lsn = 0\nto_lsn = 5\n", 0, RP_MB_PREPARED, 0, 5, 5},
		{"backup_type = incremental\r\nfrom_lsn = 5\r\nto_lsn = 9\r\nlast_lsn = 12\r\n", 0,
		 RP_MB_INCREMENTAL, 5, 9, 12},
		{"backup_type = incremental\nfrom_lsn = 9\nto_lsn = 5\n", -1, 0, 0, 0, 0},
		{"backup_type = else\nfrom_lsn = 0\nto_lsn = 5\n", -1, 0, 0, 0, 0},
		{"backup_type = full-backuped\nfrom_lsn = x\nto_lsn = 5\n", -1, 0, 0, 0, 0},
		{"backup_type = full-backuped\nfrom_lsn = 0\n", -1, 0, 0, 0, 0},
		{"", -1, 0, 0, 0, 0},
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		struct rp_mb_checkpoints c;
		assert_int_equal(rp_mb_checkpoints_parse(all[i].text, strlen(all[i].text), &c, NULL),
				 all[i].r);
		if (all[i].r < 0)
			continue;
		assert_int_equal(c.type, all[i].type);
		assert_int_equal(c.from, all[i].from);
		assert_int_equal(c.to, all[i].to);
		assert_int_equal(c.last, all[i].last);
	}
}

static void a_backup_says_who_made_it(void **state)
{
	(void)state;
	static const char text[] = "tool_name = mariadb-backup\ntool_command = --backup\n"
				   "server_version = 10.11.19-MariaDB-log\npartial = Y\nincremental = N\n"
				   "compressed = compressed\nencrypted = N\n";
	struct rp_mb_info i;
	rp_mb_info_parse(text, sizeof text - 1, &i);
	assert_string_equal(i.tool, "mariadb-backup");
	assert_string_equal(i.server_version, "10.11.19-MariaDB-log");
	assert_string_equal(i.tool_version, "");
	assert_true(i.partial && i.compressed && !i.encrypted);
}

static void a_position_is_a_file_and_a_number(void **state)
{
	(void)state;
	struct rp_binlog_position p;
	assert_true(rp_mb_position_parse("mysql-bin.000001\t642\t0-7-2\n", 29, &p));
	assert_string_equal(p.file, "mysql-bin.000001");
	assert_int_equal(p.at, 642);
	assert_string_equal(p.gtid, "0-7-2");
	assert_true(rp_mb_position_parse("mysql-bin.000001\t642", 20, &p));
	assert_string_equal(p.gtid, "");
	assert_false(rp_mb_position_parse("../mysql-bin.000001\t642\n", 24, &p));
	assert_false(rp_mb_position_parse("mysql-bin.000001\t3\n", 19, &p));
	assert_false(rp_mb_position_parse("mysql-bin.000001\n", 17, &p));
	assert_false(rp_mb_position_parse("", 0, &p));
}

#define FULL(to_, last_)                                                                                     \
	{                                                                                                    \
		.at = { RP_MB_FULL, 0, to_, last_ }                                                          \
	}
#define INC(from_, to_, last_)                                                                               \
	{                                                                                                    \
		.at = { RP_MB_INCREMENTAL, from_, to_, last_ }                                               \
	}

static size_t chain(struct rp_mb_link *links, size_t n, const char *order, struct rp_err **err)
{
	size_t count = 0;
	for (size_t i = 0; i < n; i++) {
		links[i].name = "x";
		links[i].number = i;
	}
	if (rp_mb_chain(links, n, &count, err) < 0)
		return 0;
	assert_int_equal(count, strlen(order));
	for (size_t i = 0; i < count; i++)
		assert_int_equal(links[i].number, order[i] - '0');
	return count;
}

static void the_newest_end_is_reached_from_its_base(void **state)
{
	(void)state;
	struct rp_mb_link alone[] = {FULL(5, 5)};
	struct rp_mb_link mixed[] = {INC(9, 12, 12), FULL(5, 6), INC(5, 9, 10)};
	struct rp_mb_link two_fulls[] = {FULL(5, 6), INC(5, 9, 10), FULL(20, 21)};
	struct rp_mb_link quiet[] = {INC(5, 5, 8), INC(5, 5, 7), FULL(5, 6)};
	struct rp_mb_link branch[] = {FULL(5, 6), INC(5, 9, 10), INC(5, 14, 14)};
	chain(alone, 1, "0", NULL);
	chain(mixed, 3, "120", NULL);
	chain(two_fulls, 3, "2", NULL);
	chain(quiet, 3, "210", NULL);
	chain(branch, 3, "02", NULL);
}

static void a_broken_chain_is_told(void **state)
{
	(void)state;
	struct rp_mb_link gap[] = {FULL(5, 6), INC(9, 12, 12)};
	struct rp_mb_link none[] = {INC(9, 12, 12)};
	rp_autoerr struct rp_err *one = NULL, *two = NULL;
	assert_int_equal(chain(gap, 2, "", &one), 0);
	assert_int_equal(rp_err_kind(one), RP_ERR_BACKUP);
	assert_non_null(strstr(rp_err_text(one), "begins at 9"));
	assert_int_equal(chain(none, 1, "", &two), 0);
	assert_int_equal(rp_err_kind(two), RP_ERR_USAGE);
}

static void of_an_option_file_a_few_numbers_count(void **state)
{
	(void)state;
	static const char text[] = "# x\n[mysqld]\ninnodb-page-size = 8192\nplugin_load=evil.so\n"
				   "innodb_data_file_path=ibdata1:12M;more:50M:autoextend\n"
				   "innodb_undo_tablespaces=3\ninit_file=/etc/passwd\n";
	struct rp_my_brought b;
	rp_autobuf out = RP_BUF_INIT(4096);
	rp_cleanup(rp_argv_done) struct rp_argv line = {0};
	assert_int_equal(rp_my_brought_parse(text, sizeof text - 1, &b, NULL), 0);
	assert_int_equal(b.page_size, 8192);
	assert_string_equal(b.plugin, "evil.so");
	rp_my_brought_write(&b, &out);
	assert_string_equal(rp_buf_text(&out), "[mysqld]\ninnodb_undo_directory=./\ninnodb_page_size=8192\n"
					       "innodb_undo_tablespaces=3\n"
					       "innodb_data_file_path=ibdata1:12M;more:50M:autoextend\n");
	rp_my_brought_add(&b, &line);
	assert_int_equal(line.n, 3);
	assert_string_equal(line.v[0], "--innodb-page-size=8192");
}

static void settings_that_no_server_has_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum rp_err_kind kind;
	} all[] = {
		{"innodb_page_size=12345\n", RP_ERR_BACKUP},
		{"innodb_page_size=\n", RP_ERR_BACKUP},
		{"innodb_undo_tablespaces=-1\n", RP_ERR_BACKUP},
		{"innodb_data_file_path=/etc/ibdata1:12M\n", RP_ERR_ENGINE},
		{"innodb_data_file_path=../ibdata1:12M\n", RP_ERR_ENGINE},
		{"innodb_data_file_path=sda1:3Gnewraw\n", RP_ERR_ENGINE},
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		struct rp_my_brought b;
		rp_autoerr struct rp_err *err = NULL;
		assert_int_equal(rp_my_brought_parse(all[i].text, strlen(all[i].text), &b, &err), -1);
		assert_int_equal(rp_err_kind(err), all[i].kind);
	}
}

static void a_page_is_good_with_its_checksum(void **state)
{
	(void)state;
	/* The check value of CRC-32C: of "123456789" it is e3069283. */
	uint8_t page[13] = {'1', '2', '3', '4', '5', '6', '7', '8', '9', 0xe3, 0x06, 0x92, 0x83};
	uint8_t blank[13] = {0};
	assert_true(rp_mb_page_is_good(page, sizeof page));
	assert_true(rp_mb_page_is_good(blank, sizeof blank));
	page[3] ^= 1;
	assert_false(rp_mb_page_is_good(page, sizeof page));
	blank[12] = 1;
	assert_false(rp_mb_page_is_good(blank, sizeof blank));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checkpoints_are_read_or_refused),
		cmocka_unit_test(a_backup_says_who_made_it),
		cmocka_unit_test(a_position_is_a_file_and_a_number),
		cmocka_unit_test(the_newest_end_is_reached_from_its_base),
		cmocka_unit_test(a_broken_chain_is_told),
		cmocka_unit_test(of_an_option_file_a_few_numbers_count),
		cmocka_unit_test(settings_that_no_server_has_are_refused),
		cmocka_unit_test(a_page_is_good_with_its_checksum),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
