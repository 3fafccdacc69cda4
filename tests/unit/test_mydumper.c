/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>

#include "verifier/recovery/my_script.h"
#include "verifier/recovery/mydumper.h"
#include "verifier/survey/survey.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

static void files_are_known_by_how_their_names_end(void **state)
{
	(void)state;
	static const struct {
		const char *file, *about;
		enum rp_mydumper_part part;
	} all[] = {
		{"shop-schema-create.sql", "shop", RP_MYDUMPER_CREATE},
		{"shop-schema-create.sql.zst", "shop", RP_MYDUMPER_CREATE},
		{"shop-schema-post.sql", "shop", RP_MYDUMPER_POST},
		{"shop-schema-triggers.sql", "shop", RP_MYDUMPER_TRIGGERS},
		{"shop.t-schema-triggers.sql.gz", "shop.t", RP_MYDUMPER_TRIGGERS},
		{"shop.t-schema.sql", "shop.t", RP_MYDUMPER_TABLE},
		{"shop.s-schema-sequence.sql", "shop.s", RP_MYDUMPER_SEQUENCE},
		{"shop.v-schema-view.sql", "shop.v", RP_MYDUMPER_VIEW},
		{"shop.t.sql", "shop.t", RP_MYDUMPER_ROWS},
		{"shop.t.00000.sql.gz", "shop.t", RP_MYDUMPER_ROWS},
		{"shop.t.00012.00003.sql", "shop.t", RP_MYDUMPER_ROWS},
		{"shop.a.b c.00000.sql", "shop.a.b c", RP_MYDUMPER_ROWS},
		{"shop.2024.sql", "shop.2024", RP_MYDUMPER_ROWS},
		{"metadata", "", RP_MYDUMPER_ASIDE},
		{"shop.t-checksum", "shop.t", RP_MYDUMPER_ASIDE},
		{"shop.t-schema-checksum", "shop.t", RP_MYDUMPER_ASIDE},
		{"shop.t.00000.dat", "", RP_MYDUMPER_UNKNOWN},
		{"../shop.t.sql", "", RP_MYDUMPER_UNKNOWN},
		{"shop/t.sql", "", RP_MYDUMPER_UNKNOWN},
		{".sql", "", RP_MYDUMPER_UNKNOWN},
		{"metadata.partial", "", RP_MYDUMPER_UNKNOWN},
		{"", "", RP_MYDUMPER_UNKNOWN},
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		size_t len = 99;
		if (rp_mydumper_part_of(all[i].file, &len) != all[i].part || len != strlen(all[i].about) ||
		    memcmp(all[i].file, all[i].about, len) != 0)
			fail_msg("'%s': '%.*s'", all[i].file, (int)len, all[i].file);
	}
}

static struct rp_mydumper_head parse(const char *text, bool is)
{
	struct rp_mydumper_head h;
	assert_int_equal(rp_mydumper_parse(text, strlen(text), &h), is);
	return h;
}

static void position_and_end_are_read(void **state)
{
	(void)state;
	struct rp_mydumper_head h =
		parse("Started dump at: 2026-11-21 16:56:37\nSHOW MASTER STATUS:\n\tLog: binlog.000001\n"
		      "\tPos: 7155\n\tGTID:0-1-28\n\nSHOW SLAVE STATUS:\n\tHost: db\n\tLog: other.000007\n"
		      "\tPos: 5\n\tGTID:\n\nFinished dump at: 2026-11-21 16:56:37\n",
		      true);
	assert_true(h.finished);
	assert_string_equal(h.log_file, "binlog.000001");
	assert_string_equal(h.log_pos, "7155");
	assert_string_equal(h.gtid, "0-1-28");
}

#define NEWER                                                                                                  \
	"# Started dump at: 2023-06-09 11:47:18\n[config]\nquote-character = BACKTICK\n\n[master]\n"           \
	"# Channel_Name = ''\nFile = bin.000017\nPosition = 241\nExecuted_Gtid_Set = 7b166a41:1-2\n\n"         \
	"[replication]\nFile = other\nPosition = 1\n\n[`shop`.`orders`]\nreal_table_name=orders\nrows = 2\n\n" \
	"[`shop`.`none`]\nRows = 0\n"

static void newer_ones_are_read_too(void **state)
{
	(void)state;
	struct rp_mydumper_head h = parse(NEWER "# Finished dump at: 2023-06-09 11:47:18\n", true);
	assert_true(h.finished);
	assert_string_equal(h.log_file, "bin.000017");
	assert_string_equal(h.log_pos, "241");
	assert_string_equal(h.gtid, "7b166a41:1-2");
	h = parse("# Started dump at: x\n[source]\n# SOURCE_LOG_FILE = \"b.1\"\n#SOURCE_LOG_POS = 9\n", true);
	assert_string_equal(h.log_file, "b.1");
	assert_string_equal(h.log_pos, "9");
	assert_false(h.finished);
}

static void what_has_no_end_is_not_finished(void **state)
{
	(void)state;
	assert_false(parse(NEWER, true).finished);
	assert_false(parse("Started dump at: x\nFinished dump at: y\nmore\n", true).finished);
	assert_false(parse("Started dump at: x\nFinished dump a", true).finished);
	(void)parse("{\"a\": 1}\n", false);
	(void)parse("", false);
}

static void rows_are_counted_by_newer_ones(void **state)
{
	(void)state;
	static const char text[] = NEWER
		"[`a`.`b.c`]\nRows = 17\n[`nothing`]\nRows = 3\n[``]\nrows = 1\n[`.`orders`]\nRows = 5\n[`]\n[`a`.`d`]\nRows = ";
	char about[RP_MYDUMPER_ABOUT_MAX];
	const char *at = text, *end = text + sizeof text - 1;
	assert_true(rp_mydumper_next_counted(&at, end, about));
	assert_string_equal(about, "shop.orders");
	assert_true(rp_mydumper_next_counted(&at, end, about));
	assert_string_equal(about, "a.b.c");
	assert_false(rp_mydumper_next_counted(&at, end, about));
	assert_ptr_equal(at, end);
}

static void warnings_are_told_from_losses(void **state)
{
	(void)state;
	static const char ok[] =
		"** (mydumper:7): WARNING **: 16:58: Executing in no-locks mode, snapshot will notbe "
		"consistent",
			  lost[] = "** (mydumper:7): WARNING **: 16:58: Broken table detected, skipping: a.b",
			  bad[] = "** (mydumper:7): CRITICAL **: 16:58: Error dumping schemas",
			  other[] = "Segmentation";
	assert_true(rp_mydumper_harmless(ok, strlen(ok)));
	assert_true(rp_mydumper_harmless("", 0));
	assert_false(rp_mydumper_harmless(lost, strlen(lost)));
	assert_false(rp_mydumper_harmless(bad, strlen(bad)));
	assert_false(rp_mydumper_harmless(other, strlen(other)));
}

static void what_it_does_not_write_is_known(void **state)
{
	(void)state;
	const struct rp_object trigger = {.kind = "trigger", .name = "t.x"};
	assert_non_null(rp_mydumper_omits(&trigger, "sql mode"));
	assert_null(rp_mydumper_omits(&trigger, "owner"));
	assert_null(rp_mydumper_omits(&trigger, NULL));
	const struct rp_column real = {.name = "f", .type = "float"},
			       fixed = {.name = "f", .type = "float(7,3)"},
			       uuid = {.name = "u", .type = "uuid"}, text = {.name = "t", .type = "text"};
	assert_non_null(rp_mydumper_loses(&real));
	assert_non_null(rp_mydumper_loses(&uuid));
	assert_null(rp_mydumper_loses(&fixed));
	assert_null(rp_mydumper_loses(&text));
}

/* The files' bytes; a text is a file's name, too. */
static int open_text(void *ctx, size_t i, struct rp_stream **ret, struct rp_err **err)
{
	const char *const *texts = ctx;
	return rp_stream_of_memory(ret, texts[i], strlen(texts[i]), err);
}

static int script(const char *const *texts, bool code, size_t piece, struct rp_buf *out, struct rp_err **err)
{
	struct rp_my_script_file files[4] = {0};
	size_t n = 0;
	for (; texts[n] != NULL; n++)
		files[n] = (struct rp_my_script_file){.name = "file", .code = code, .may_be_empty = n == 1};
	const struct rp_my_script what = {
		.files = files, .n = n, .open = open_text, .ctx = (void *)(uintptr_t)texts};
	rp_auto(rp_stream) s = NULL;
	assert_int_equal(rp_my_script_new(&s, &what, err), 0);
	char buf[4096];
	ssize_t r;
	while ((r = rp_stream_read(s, buf, piece, err)) > 0)
		rp_buf_add_mem(out, buf, (size_t)r);
	assert_int_equal(rp_my_script_whole(s), r == 0);
	return (int)r;
}

#define script_of(code, piece, out, err, ...)                                                                \
	script((const char *const[]){__VA_ARGS__, NULL}, code, piece, out, err)

/* How the statements are told apart: the first word that is given to the client. */
static void delimiter(const struct rp_buf *out, char ret[16])
{
	assert_int_equal(sscanf(out->s, "DELIMITER %15s\n", ret), 1);
	assert_int_equal(strlen(ret), 13);
}

static size_t count(const struct rp_buf *out, const char *text)
{
	size_t n = 0;
	for (const char *at = rp_buf_text(out); (at = strstr(at, text)) != NULL; at++)
		n++;
	return n;
}

static void statements_end_where_mydumper_ends_them(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 4096; piece = piece * 5 + 2) {
		rp_autobuf out = RP_BUF_INIT(1 << 20);
		char word[16], want[200];
		assert_int_equal(script_of(true, piece, &out, NULL,
					   "CREATE PROCEDURE p()\nBEGIN select ';'; \nselect 2; -- x\n"
					   "END;\nSET a;\n"),
				 0);
		delimiter(&out, word);
		(void)snprintf(want, sizeof want, "BEGIN select ';';\nselect 2; -- x\nEND\n%s\nSET a\n%s\n",
			       word, word);
		assert_non_null(strstr(out.s, want));
		assert_int_equal(count(&out, word),
				 1 + 3 + 2 + 1); /* DELIMITER, ours, the file's, the sentinel's */
	}
}

static void rows_pass_as_they_are(void **state)
{
	(void)state;
	rp_autobuf out = RP_BUF_INIT(1 << 20);
	assert_int_equal(
		script_of(false, 7, &out, NULL, "INSERT INTO `t` VALUES\n(1,\"a; \"),\n(2,\"; \n;\\n\");\n"),
		0);
	assert_non_null(strstr(out.s, "INSERT INTO `t` VALUES\n(1,\"a; \"),\n(2,\"; \n;\\n\")\n$"));
	assert_non_null(strstr(out.s, "NO_AUTO_VALUE_ON_ZERO"));
}

static void databases_are_neither_made_nor_used(void **state)
{
	(void)state;
	rp_autobuf out = RP_BUF_INIT(1 << 20);
	assert_int_equal(
		script_of(false, 64, &out, NULL, "USE `mysql`;\nCREATE DATABASE `a`;\nselect 'USE `b`';\n"),
		0);
	assert_null(strstr(out.s, "USE `mysql`"));
	assert_null(strstr(out.s, "CREATE DATABASE"));
	assert_non_null(strstr(out.s, "select 'USE `b`'\n$"));
}

static void expect_damage(const char *text, const char *says)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf out = RP_BUF_INIT(1 << 20);
	assert_int_equal(script_of(false, 64, &out, &err, "SET a;\n", "", text), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_BACKUP);
	assert_non_null(strstr(rp_err_text(err), says));
}

static void file_that_was_cut_fails(void **state)
{
	(void)state;
	static const char whole[] = "SET a;\nINSERT INTO `t` VALUES\n(1,\";\\n\");\n";
	expect_damage("", "is empty");
	for (size_t n = 1; n < sizeof whole - 1; n++) {
		char cut[sizeof whole] = "";
		memcpy(cut, whole, n);
		if (n != strlen("SET a;\n")) /* between two statements: nothing tells */
			expect_damage(cut, "truncated inside of a statement");
	}
}

static void long_lines_are_never_held(void **state)
{
	(void)state;
	rp_autobuf in = RP_BUF_INIT(1 << 20);
	rp_autobuf out = RP_BUF_INIT(1 << 20);
	rp_buf_add(&in, "INSERT INTO `t` VALUES (\"");
	for (size_t i = 0; i < 200000; i++)
		rp_buf_add(&in, ";");
	rp_buf_add(&in, "\");\n");
	assert_int_equal(script_of(true, 4096, &out, NULL, in.s), 0);
	assert_int_equal(count(&out, ";;"), 199999);
	assert_non_null(strstr(out.s, ";\")\n$"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_known_by_how_their_names_end),
		cmocka_unit_test(position_and_end_are_read),
		cmocka_unit_test(newer_ones_are_read_too),
		cmocka_unit_test(what_has_no_end_is_not_finished),
		cmocka_unit_test(rows_are_counted_by_newer_ones),
		cmocka_unit_test(warnings_are_told_from_losses),
		cmocka_unit_test(what_it_does_not_write_is_known),
		cmocka_unit_test(statements_end_where_mydumper_ends_them),
		cmocka_unit_test(rows_pass_as_they_are),
		cmocka_unit_test(databases_are_neither_made_nor_used),
		cmocka_unit_test(file_that_was_cut_fails),
		cmocka_unit_test(long_lines_are_never_held),
	};
	return cmocka_run_group_tests_name("mydumper", tests, NULL, NULL);
}
