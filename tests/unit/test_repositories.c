/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <string.h>
#include <sys/stat.h>

#include "tests/unit/recovery_fake.h"
#include "verifier/recovery/pgbackrest.h"
#include "verifier/recovery/store_sets.h"
#include "verifier/util/fd.h"

/* Directories in which a tool keeps many backups. */

#define FULL "20261121-171045F"
#define INCR FULL "_20261121-171051I"
#define DIFF FULL "_20261122-171051D"

static const char info[] =
	"[backrest]\nbackrest-format=5\nbackrest-version=\"2.45\"\n\n[backup:current]\n" FULL
	"={\"backrest-version\":\"2.45\",\"backup-lsn-stop\":\"0/3000100\",\"backup-timestamp-stop\":1795281050,\"db-id\":1}\n" INCR
	"={\"backrest-version\":\"2.46dev\",\"backup-lsn-stop\":\"0/5000100\",\"db-id\":2}\n" DIFF
	"=[]\n\n[db]\ndb-version=\"17\"\n\n[db:history]\n1={\"db-version\":\"15\"}\n2={\"db-version\":\"9.6\"}\n";

static void what_backup_info_says_is_of_the_set_that_is_asked_for(void **state)
{
	struct rp_backrest_info i;
	(void)state;
	assert_true(rp_backrest_info_parse(info, sizeof info - 1, FULL, &i));
	assert_string_equal(i.version, "15");
	assert_string_equal(i.tool, "2.45");
	assert_string_equal(i.lsn_stop, "0/3000100");
	assert_int_equal(i.finished_s, 1795281050);
	assert_true(rp_backrest_info_parse(info, sizeof info - 1, INCR, &i));
	assert_string_equal(i.version, "9.6");
	assert_int_equal(i.finished_s, 0);
	assert_false(rp_backrest_info_parse(info, sizeof info - 1, DIFF, &i));
	assert_false(rp_backrest_info_parse(info, sizeof info - 1, "20261121-171045", &i));
	/* Not in this section. */
	assert_false(rp_backrest_info_parse(info, sizeof info - 1, "1", &i));
	assert_false(rp_backrest_info_parse("Salted__\x01\x02", 10, FULL, &i));
	/* Cut within the line. */
	const char *at = strstr(info, "backup-timestamp");
	assert_false(rp_backrest_info_parse(info, (size_t)(at - info), FULL, &i));
}

static void labels_of_sets_and_what_they_rest_upon(void **state)
{
	static const char *const bad[] = {"",
					  "latest",
					  "backup.history",
					  "20261121-171045",
					  FULL "_",
					  FULL "_20261121I",
					  FULL "F",
					  "20261121-171045D",
					  INCR "/..",
					  "20261121_171045F",
					  FULL "_20261121-171051F"};
	(void)state;
	assert_true(rp_pgbackrest_is_label(FULL));
	assert_true(rp_pgbackrest_is_label(INCR));
	assert_true(rp_pgbackrest_is_label(DIFF));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(rp_pgbackrest_is_label(bad[i]));
	assert_true(rp_pgbackrest_rests_upon(DIFF, FULL));
	assert_true(rp_pgbackrest_rests_upon(DIFF, INCR));
	assert_true(rp_pgbackrest_rests_upon(FULL, FULL));
	assert_false(rp_pgbackrest_rests_upon(FULL, INCR));
	assert_false(rp_pgbackrest_rests_upon(INCR, DIFF));
	assert_false(rp_pgbackrest_rests_upon("20261128-171045F", FULL));
}

static void files_of_the_log_are_known_by_their_names_and_sums(void **state)
{
	static const char wal[] = "000000010000000000000003",
			  sum[] = "d024ff26ae9743919f76553b0f9f1adc3de85138";
	static const struct {
		const char *before, *after;
		bool is;
	} all[] = {{"-", "", true},	{"-", ".gz", true},
		   {"-", ".zst", true}, {"-", ".lz4", true},
		   {"-", ".sh", false}, {"-", "0", false},
		   {"_", "", false},	{".00000028.backup", "", false}};
	char name[128];
	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		(void)snprintf(name, sizeof name, "%s%s%s%s", wal, all[i].before, sum, all[i].after);
		assert_int_equal(rp_backrest_is_file(name, wal), all[i].is);
	}
	assert_true(rp_backrest_is_file("00000002.history", "00000002.history"));
	assert_false(rp_backrest_is_file("000000010000000000000003-abc", wal));
	assert_false(rp_backrest_is_file("000000010000000000000004", wal));
}

static void barmans_words_are_found_at_the_beginning_of_a_line(void **state)
{
	static const char text[] = "backup_label='version=9'\nversion=150020\nstatus=DONE";
	size_t len;
	(void)state;
	const char *v = rp_barman_value(text, sizeof text - 1, "version", &len);
	assert_non_null(v);
	assert_int_equal(len, 6);
	assert_memory_equal(v, "150020", 6);
	assert_non_null(rp_barman_value(text, sizeof text - 1, "status", &len));
	assert_int_equal(len, 4);
	assert_null(rp_barman_value(text, sizeof text - 1, "label", &len));
	assert_null(rp_barman_value(text, 0, "version", &len));
}

static void make_path(const char *path)
{
	char part[256];
	for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		(void)snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
		(void)mkdir(part, 0700);
	}
}

static void put(const char *path, const char *text)
{
	make_path(path);
	write_file(path, text, strlen(text));
}

struct seen {
	char text[1024];
};

static int see(void *ctx, const struct rp_point *p, struct rp_err **err)
{
	struct seen *s = ctx;
	(void)err;
	(void)snprintf(s->text + strlen(s->text), sizeof s->text - strlen(s->text), "%s%s:", p->id,
		       p->aside != NULL ? " (aside)" : "");
	for (size_t i = 0; i < p->n_files; i++)
		(void)snprintf(s->text + strlen(s->text), sizeof s->text - strlen(s->text), " %s",
			       p->files[i].name);
	(void)snprintf(s->text + strlen(s->text), sizeof s->text - strlen(s->text), "\n");
	return 0;
}

static void list_it(const char *path, struct seen *ret)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_auto(rp_store) store = NULL;
	*ret = (struct seen){0};
	assert_int_equal(rp_store_open(&store, path, &quiet, &err), 0);
	assert_string_equal(store->driver->name, "repository");
	assert_int_equal(store->driver->list(store, see, ret, &err), 0);
}

static void a_point_is_a_set_with_all_that_it_rests_upon(void **state)
{
	struct seen s;
	(void)state;
	put("r/archive/main/archive.info", "x");
	put("r/archive/main/15-1/0000000100000000/000000010000000000000003-x", "x");
	put("r/backup/main/backup.info", info);
	put("r/backup/main/" FULL "/backup.manifest", "[backrest]");
	put("r/backup/main/" FULL "/pg_data/PG_VERSION.gz", "x");
	put("r/backup/main/" INCR "/backup.manifest.copy", "[backrest]");
	assert_int_equal(symlink(FULL, "r/backup/main/latest"), 0);
	assert_int_equal(symlink("/etc", "r/backup/main/" FULL "/out"), 0);
	list_it("r", &s);
	/* One that is being made has no manifest yet; a link is nobody's backup. Their order is that of their times. */
	assert_non_null(strstr(s.text, "main/" INCR " (aside):\n"));
	assert_non_null(strstr(s.text, "main/" FULL ": archive/main/archive.info backup/main/" FULL
				       "/backup.manifest backup/main/" FULL
				       "/pg_data/PG_VERSION.gz backup/main/backup.info\n"));
	put("r/backup/main/" INCR "/backup.manifest", "[backrest]");
	list_it("r", &s);
	const char *at = strstr(s.text, "main/" INCR ":");
	assert_non_null(at);
	assert_non_null(strstr(at, "backup/main/" FULL "/pg_data/PG_VERSION.gz"));
	assert_non_null(strstr(at, "backup/main/" INCR "/backup.manifest "));
}

static void barmans_home_and_a_servers_directory_in_it_are_both_known(void **state)
{
	struct seen s;
	(void)state;
	put("b/main/wals/xlog.db", "x");
	put("b/main/base/20261121T172152/backup.info", "status=DONE\nversion=150020\n");
	put("b/main/base/20261121T172152/data/PG_VERSION", "15\n");
	put("b/main/base/20261122T172152/backup.info", "status=FAILED\n");
	put("b/main/base/20261123T172152/backup.info", "status=STARTED\n");
	list_it("b", &s);
	assert_non_null(strstr(s.text, "main/20261121T172152: base/20261121T172152/backup.info "
				       "base/20261121T172152/data/PG_VERSION\n"));
	assert_non_null(strstr(s.text, "main/20261122T172152 (aside):"));
	assert_non_null(strstr(s.text, "main/20261123T172152 (aside):"));
	list_it("b/main", &s);
	assert_non_null(strstr(s.text, "20261121T172152: base/20261121T172152/backup.info "));
	assert_null(strstr(s.text, "main/"));
}

static void other_directories_are_left_to_their_own_store(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	rp_auto(rp_store) store = NULL;
	put("o/backup/main/somebody.sql", "x");
	put("o/archive/x", "x");
	assert_int_equal(rp_store_open(&store, "o", &quiet, &err), 0);
	assert_string_equal(store->driver->name, "directory");
}

static int remove_all(void **state)
{
	(void)state;
	return chdir("/") == 0 ? rp_tree_remove(place, NULL) : -1;
}
#define IN_DIRECTORY(f) cmocka_unit_test_setup_teardown(f, in_a_directory, remove_all)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_backup_info_says_is_of_the_set_that_is_asked_for),
		cmocka_unit_test(labels_of_sets_and_what_they_rest_upon),
		cmocka_unit_test(files_of_the_log_are_known_by_their_names_and_sums),
		cmocka_unit_test(barmans_words_are_found_at_the_beginning_of_a_line),
		IN_DIRECTORY(a_point_is_a_set_with_all_that_it_rests_upon),
		IN_DIRECTORY(barmans_home_and_a_servers_directory_in_it_are_both_known),
		IN_DIRECTORY(other_directories_are_left_to_their_own_store),
	};
	return cmocka_run_group_tests_name("repositories", tests, NULL, NULL);
}
