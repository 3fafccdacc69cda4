/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <utime.h>

#include "tests/unit/recovery_fake.h"
#include "verifier/recovery/choose.h"
#include "verifier/util/fd.h"

static int clear(void **state)
{
	(void)state;
	return chdir("/") == 0 ? rp_tree_remove(place, NULL) : -1;
}

static void make(const char *name, const char *data, long at)
{
	write_file(name, data, strlen(data));
	assert_int_equal(utime(name, &(struct utimbuf){at, at}), 0);
}

static const char dump[] =
	"-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB, for debian-linux-gnu (x86_64)\n--\n"
	"-- Host: localhost    Database: shop\n"
	"-- ------------------------------------------------------\n"
	"-- Server version\t10.11.6-MariaDB\n\n"
	"-- Position to start replication or point-in-time recovery from\n\n"
	"-- CHANGE MASTER TO MASTER_LOG_FILE='mysql-bin.00000%d', MASTER_LOG_POS=%d;\n";

static void make_dump(const char *name, int file, int at, long when)
{
	char text[1024];
	(void)snprintf(text, sizeof text, dump, file, at);
	make(name, text, when);
}

/* What is chosen, or why nothing is. */
static void expect(const struct rp_pick *pick, const char *method, const char *chosen)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_auto(rp_store) store = NULL;
	rp_auto(rp_point) p = NULL;
	rp_cleanup(rp_choice_done) struct rp_choice c = {0};
	assert_int_equal(rp_store_open(&store, place, &quiet, &err), 0);
	int r = rp_choose(store, pick, NULL, &p, &c, &err);
	assert_string_equal(r == 0 ? p->id : rp_err_text(err), chosen);
	assert_int_equal(r, method == NULL ? -1 : 0);
	if (method != NULL)
		assert_string_equal(c.method, method);
}

static void by_name_time_and_place(void **state)
{
	(void)state;
	struct rp_pick at = {0};
	struct rp_file sealed[] = {{.name = (char[]){"b"}, .size = 3}};
	struct rp_pick by_files = {.sealed = sealed, .n_sealed = 1};
	make("a", "one", 1000);
	make("b", "two", 2000);
	make("c.json", "{\"payload\":\"e30=\",\"payloadType\":\"x\"}", 4000);
	make("d", "the newest", 3000);
	expect(&(struct rp_pick){0}, "newest", "d");
	expect(&(struct rp_pick){.which = "newest"}, "newest", "d");
	expect(&(struct rp_pick){.which = "./a"}, "by name", "a");
	expect(&(struct rp_pick){.which = "c.json"}, NULL, "none of 3 backups is 'c.json'");
	expect(&by_files, "by its manifest", "b");
	/* Cut, it is that one still. */
	sealed[0].size = 99;
	expect(&by_files, "by its manifest", "b");
	assert_int_equal(rp_pick_at(&at, "2026-11-21T06:00:00Z", NULL), 0);
	expect(&at, "by time", "d");
	expect(&(struct rp_pick){.by_time = true, .at_ms = 2500000}, "by time", "b");
	expect(&(struct rp_pick){.by_time = true, .at_ms = 2000000}, "by time", "b");
	expect(&(struct rp_pick){.by_time = true, .at_ms = 1}, NULL,
	       "all of 3 backups are newer than 1970-01-01T00:00:00.001Z");
}

static void by_its_place_in_a_log(void **state)
{
	(void)state;
	struct rp_pick at = {0};
	make_dump("a", 1, 500, 4000); /* the newest file, of the oldest moment */
	make_dump("b", 1, 700, 2000);
	make_dump("c", 2, 100, 1000);
	make("d", "tells nothing", 9000);
	assert_int_equal(rp_pick_at(&at, "binlog:other-bin.000002:99", NULL), 0);
	expect(&at, "by position", "b");
	assert_int_equal(rp_pick_at(&at, "binlog:mysql-bin.000002:100", NULL), 0);
	expect(&at, "by position", "c");
	assert_int_equal(rp_pick_at(&at, "binlog:mysql-bin.000001:600", NULL), 0);
	expect(&at, "by position", "a");
	assert_int_equal(rp_pick_at(&at, "binlog:mysql-bin.000001:499", NULL), 0);
	expect(&at, NULL,
	       "none of 4 backups is of 'binlog:mysql-bin.000001:499' or before (1 of them do not tell their "
	       "position)");
	const char *const bad[] = {
		"",	    "lsn:",	  "lsn:1",	 "lsn:123456789/0",    "lsn:0/1x",
		"binlog:x", "binlog:x:1", "binlog:x.1:", "binlog:x.000001:-1", "yesterday"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(rp_pick_at(&at, bad[i], NULL), -1);
	assert_int_equal(rp_pick_at(&at, "lsn:16/B374D848", NULL), 0);
}

/* The numbers are what sha256sum says. */
static void a_seed_chooses_what_anybody_can_compute(void **state)
{
	(void)state;
	assert_int_equal(rp_choose_by_seed("", 10), 0xe3b0c44298fc1c14ULL % 10);
	assert_int_equal(rp_choose_by_seed("abc", 1000), 0xba7816bf8f01cfeaULL % 1000);
	assert_int_equal(rp_choose_by_seed("abc", 1), 0);
	assert_int_equal(rp_choose_by_seed("abc", 0), 0);
}

static void what_lies_beside_backups_is_none(void **state)
{
	static const struct {
		const char *name, *data, *what;
	} cases[] = {
		{"x", "{ \"payloadType\": \"x\"}", "a signed manifest"},
		{"x", "-----BEGIN PUBLIC KEY-----\n", "a key or certificate"},
		{"x", "{\n  \"schema\": \"reprove/result/v1\",", "a recorded result"},
		{"x", "d41d8cd98f00b204e9800998ecf8427e  shop.dump\n", "a list of digests"},
		{"x",
		 "\xfe"
		 "bin\x01",
		 "a binary log"},
		{"000000010000000000000007", "\x10\xd1", "a file of PostgreSQL's log archive"},
		{"000000010000000000000007", "PGDMP", NULL},
		{"000000010000000000000007.gz", "\x1f\x8b", "a file of PostgreSQL's log archive"},
		{"00000002.history", "1\t0/3000000\n", "a file of PostgreSQL's log archive"},
		{"x", "{\"some\": \"json\"}", NULL},
		{"x", "", NULL},
		{"x", "d41d8cd98f00b204", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rp_autoerr struct rp_err *err = NULL;
		rp_auto(rp_store) store = NULL;
		rp_auto(rp_point) p = NULL;
		make(cases[i].name, cases[i].data, 1000);
		assert_int_equal(rp_store_open(&store, place, &quiet, &err), 0);
		assert_int_equal(rp_store_choose(store, cases[i].name, &p, NULL, &err), 0);
		const char *what = rp_point_beside(store, p);
		assert_int_equal(what == NULL, cases[i].what == NULL);
		if (what != NULL)
			assert_string_equal(what, cases[i].what);
		assert_int_equal(unlink(cases[i].name), 0);
	}
}

#define IN_DIRECTORY(f) cmocka_unit_test_setup_teardown(f, in_a_directory, clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(by_name_time_and_place),
		IN_DIRECTORY(by_its_place_in_a_log),
		cmocka_unit_test(a_seed_chooses_what_anybody_can_compute),
		IN_DIRECTORY(what_lies_beside_backups_is_none),
	};
	return cmocka_run_group_tests_name("choose", tests, NULL, NULL);
}
