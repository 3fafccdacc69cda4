/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>

#include "verifier/recovery/pg_archive.h"
#include "verifier/recovery/pg_toc.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/stream.h"

/* A table of contents as pg_dump writes it, in the words of pg_backup_archiver.c. */

static void add_byte(struct rp_buf *b, unsigned byte)
{
	const char c = (char)byte;
	rp_buf_add_mem(b, &c, 1);
}

static void add_int(struct rp_buf *b, int v)
{
	unsigned u = v < 0 ? (unsigned)-v : (unsigned)v;
	add_byte(b, v < 0);
	for (int i = 0; i < 4; i++)
		add_byte(b, u >> (8 * i) & 255);
}

static void add_text(struct rp_buf *b, const char *s)
{
	if (s == NULL) {
		add_int(b, -1);
		return;
	}
	add_int(b, (int)strlen(s));
	rp_buf_add(b, s);
}

static void add_header(struct rp_buf *b, unsigned minor, int entries)
{
	rp_buf_add(b, "PGDMP");
	const unsigned bytes[] = {1, minor, 0, 4, 8, RP_PG_TAR};
	for (size_t i = 0; i < 6; i++)
		add_byte(b, bytes[i]);
	if (minor >= 15)
		add_byte(b, 1);
	else
		add_int(b, -1);
	for (int i = 0; i < 7; i++)
		add_int(b, 1);
	add_text(b, "shop");
	add_text(b, "15.1");
	add_text(b, "17.1");
	add_int(b, entries);
}

static void add_entry(struct rp_buf *b, unsigned minor, const char *kind, const char *copy, const char *file)
{
	add_int(b, 7);
	add_int(b, 1);
	add_text(b, "1259");
	add_text(b, "16401");
	add_text(b, "it's a tag");
	add_text(b, kind);
	add_int(b, 3);
	add_text(b, "CREATE ../x;");
	add_text(b, "");
	add_text(b, copy);
	add_text(b, "public");
	add_text(b, NULL);
	if (minor >= 14)
		add_text(b, "heap");
	if (minor >= 16)
		add_int(b, 'r');
	add_text(b, "app");
	add_text(b, "false");
	add_text(b, "5");
	add_text(b, "6");
	add_text(b, NULL);
	add_text(b, file);
}

static int take(void *ctx, const char *name, const char *end, struct rp_err **err)
{
	(void)err;
	rp_buf_addf(ctx, "%s%s ", name, end == NULL ? "" : end[0] == '\\' ? "!" : "?");
	return 0;
}

static int read_it(const char *s, size_t n, bool list, struct rp_buf *names, struct rp_err **err)
{
	rp_auto(rp_stream) from = NULL;
	assert_int_equal(rp_stream_of_memory(&from, s, n, err), 0);
	return list ? rp_pg_blobs_read(from, take, names, err) : rp_pg_toc_read(from, take, names, err);
}

static void expect_error(const struct rp_buf *b, size_t n, bool list, const char *text)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf names = RP_BUF_INIT(4096);
	assert_int_equal(read_it(b->s, n, list, &names, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_BACKUP);
	if (strstr(rp_err_text(err), text) == NULL)
		fail_msg("'%s' is not in '%s'", text, rp_err_text(err));
}

static void files_are_told_in_every_version(void **state)
{
	(void)state;
	static const unsigned minors[] = {12, 13, 14, 15, 16};
	for (size_t i = 0; i < sizeof minors / sizeof minors[0]; i++) {
		rp_autoerr struct rp_err *err = NULL;
		rp_autobuf b = RP_BUF_INIT(64 << 10);
		rp_autobuf names = RP_BUF_INIT(4096);
		add_header(&b, minors[i], 5);
		add_entry(&b, minors[i], "TABLE", "COPY t FROM stdin;\n", NULL);
		add_entry(&b, minors[i], "TABLE DATA", "COPY t FROM stdin;\n", "3456.dat");
		add_entry(&b, minors[i], "BLOBS", "COPY t FROM stdin;\n", "blobs.toc");
		add_entry(&b, minors[i], "TABLE DATA", "", "7.dat");
		add_entry(&b, minors[i], "TABLE", NULL, "");
		if (read_it(b.s, b.len, false, &names, &err) < 0)
			fail_msg("%s", rp_err_text(err));
		assert_string_equal(rp_buf_text(&names), "3456.dat! blobs.toc 7.dat? ");
		for (size_t cut = 0; cut < b.len; cut++)
			expect_error(&b, cut, false, "toc.dat");
	}
}

static void names_that_lead_elsewhere_are_refused(void **state)
{
	(void)state;
	static const char *const names[] = {"../x",	"/etc/passwd", "..",	   ".hidden", "a/b",
					    "a\nb.dat", "a b",	       "\x1b[31m", "a\\b"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		rp_autobuf b = RP_BUF_INIT(64 << 10);
		add_header(&b, 14, 1);
		add_entry(&b, 14, "TABLE DATA", "COPY t FROM stdin;\n", names[i]);
		expect_error(&b, b.len, false, "tampered");
	}
	rp_autobuf b = RP_BUF_INIT(64 << 10);
	add_header(&b, 14, 1);
	add_entry(&b, 14, "TABLE DATA", "COPY t FROM stdin;\n",
		  "1234567890123456789012345678901234567890123456789012345678901234.dat");
	expect_error(&b, b.len, false, "tampered");
}

static void more_entries_than_there_are_is_damage(void **state)
{
	(void)state;
	rp_autobuf b = RP_BUF_INIT(64 << 10);
	add_header(&b, 16, 0x7fffffff);
	add_entry(&b, 16, "TABLE DATA", "COPY t FROM stdin;\n", "1.dat");
	expect_error(&b, b.len, false, "truncated or damaged");
}

static void large_objects_are_told(void **state)
{
	(void)state;
	static const struct {
		const char *list, *names, *error;
	} all[] = {
		{"", "", NULL},
		{"1 blob_1.dat\n4294967295 blob_4294967295.dat\n", "blob_1.dat blob_4294967295.dat ", NULL},
		{"1 ../x\n", NULL, "tampered"},
		{"1 blob_1.dat", NULL, "truncated"},
		{"x blob_1.dat\n", NULL, "damaged"},
		{"1  blob_1.dat\n", NULL, "tampered"},
		{"\n", NULL, "damaged"},
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		rp_autoerr struct rp_err *err = NULL;
		rp_autobuf b = RP_BUF_INIT(4096);
		rp_autobuf names = RP_BUF_INIT(4096);
		rp_buf_add(&b, all[i].list);
		if (all[i].error != NULL) {
			expect_error(&b, b.len, true, all[i].error);
			continue;
		}
		assert_int_equal(read_it(rp_buf_text(&b), b.len, true, &names, &err), 0);
		assert_string_equal(rp_buf_text(&names), all[i].names);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_told_in_every_version),
		cmocka_unit_test(names_that_lead_elsewhere_are_refused),
		cmocka_unit_test(more_entries_than_there_are_is_damage),
		cmocka_unit_test(large_objects_are_told),
	};
	return cmocka_run_group_tests_name("pg_toc", tests, NULL, NULL);
}
