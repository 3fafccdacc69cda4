/* SPDX-License-Identifier: MIT */
/* Dumps made and restored by PostgreSQL's own tools, whole, cut, damaged and hostile. */
#include "tests/server/restore_lib.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/util/fd.h"

static const char shop[] =
	"CREATE SCHEMA shop;\n"
	"CREATE TABLE shop.customer (id int PRIMARY KEY, name text);\n"
	"INSERT INTO shop.customer SELECT g, 'customer ' || g FROM generate_series(1, 2000) g;\n"
	"INSERT INTO shop.customer VALUES (9001, E'\\restrict abc\\n\\\\unrestrict abc\\n\\\\! touch "
	"marker'),\n"
	" (9002, E'-- PostgreSQL database dump complete'), (9003, E'\\\\connect postgres');\n"
	"CREATE TABLE shop.orders (id int PRIMARY KEY, customer int REFERENCES shop.customer, total "
	"numeric(10,2));\n"
	"INSERT INTO shop.orders SELECT g, g % 2000 + 1, g * 1.5 FROM generate_series(1, 5000) g;\n"
	"CREATE INDEX ON shop.orders (total);\n"
	"CREATE FUNCTION shop.f() RETURNS text LANGUAGE sql AS $$ SELECT '\n"
	"\\restrict abc\n\\unrestrict abc\n\\connect postgres\n--\n-- PostgreSQL database dump "
	"complete\n--\n'::text $$;\n"
	"CREATE ROLE \"Owner, of it\";\nCREATE ROLE reader;\n"
	"ALTER TABLE shop.orders OWNER TO \"Owner, of it\";\nGRANT SELECT ON shop.orders TO reader;\n"
	"CREATE POLICY p ON shop.orders TO reader USING (true);\n"
	"CREATE TABLE shop.note (line text);\n"
	"INSERT INTO shop.note SELECT 'note ' || g FROM generate_series(1, 500) g;\n"
	"CREATE VIEW shop.v AS SELECT count(*) FROM shop.orders;\n"
	"ALTER VIEW shop.v OWNER TO \"Owner, of it\";\n"
	"SELECT lo_from_bytea(4711, 'large object');\n";

/* Ask the scratch; the first line of the answer. */
static void ask(struct rp_scratch *s, const char *sql, char *ret, size_t size)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf said = RP_BUF_INIT(4096);
	char command[1024];
	(void)snprintf(command, sizeof command, "--command=%s", sql);
	const char *const argv[] = {"psql",  "--no-psqlrc", "--no-password", "-At", "--set=ON_ERROR_STOP=1",
				    command, NULL};
	if (rp_scratch_feed(s, argv, NULL, &said, &err) < 0)
		(void)snprintf(ret, size, "%s", rp_err_text(err));
	else
		(void)snprintf(ret, size, "%.*s", (int)strcspn(rp_buf_text(&said), "\n"), rp_buf_text(&said));
}

static int make_dump(const char *const *command, const char *name, struct rp_file *ret, struct rp_err **err)
{
	rp_auto(rp_dump) d = NULL;
	rp_auto(rp_db) db = NULL;
	const struct rp_dump_wish wish = {.engine = engine, .command = command, .path = path_of(name)};
	struct rp_made made = {0};
	if (rp_dump_new(&d, &wish, err) < 0)
		return -1;
	rp_dump_heed(d, &run);
	if (rp_db_open(&db, source->uri, 1, rp_dump_guest(d), &run, err) < 0)
		return -1;
	if (rp_dump_finish(d, &made, err) < 0)
		return -1;
	*ret = made.files[0];
	free(made.files);
	return 0;
}

static void dump(const char *name, const char *const *command)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_file f = {0};
	if (make_dump(command, name, &f, &err) < 0)
		fail_msg("%s", rp_err_text(err));
	rp_autobuf got = RP_BUF_INIT(DUMP_MAX);
	read_file(name, &got);
	uint8_t want[RP_SHA256_LEN];
	rp_sha256(got.s, got.len, want);
	assert_int_equal(f.size, got.len);
	assert_memory_equal(f.sha256, want, sizeof want);
	assert_string_equal(f.name, name);
	rp_file_done(&f);
}

static const char everything[] =
	"SELECT (SELECT count(*) FROM shop.customer) || ' ' || (SELECT count FROM shop.v) || ' ' ||"
	" (SELECT count(*) FROM pg_constraint WHERE contype = 'f') || ' ' ||"
	" (SELECT md5(string_agg(md5(c::text), '' ORDER BY id)) FROM shop.customer c) || ' ' || "
	"md5(shop.f()) || ' ' ||"
	" (SELECT string_agg(relname || ' ' || relowner::regrole || ' ' || coalesce(relacl::text, ''), ' ' "
	"ORDER BY relname)"
	" FROM pg_class WHERE relnamespace = 'shop'::regnamespace AND relowner::regrole::text !~ '^admin')"
	" || ' ' || (SELECT count(*) FROM shop.note) || ' ' || convert_from(lo_get(4711), 'UTF8')";

#define PG_DUMP(...) WORDS("pg_dump", "--no-password", "--snapshot={snapshot}", __VA_ARGS__)

static const char *const *loader(const struct rp_scratch *made)
{
	static const char *const argv[] = {"psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", NULL};
	(void)made;
	return argv;
}

struct restore_test this_test = {
	.engine = "postgresql", .sql = shop, .loader = loader, .everything = everything, .ask = ask};

static void custom_dump_comes_back_whole(void **state)
{
	(void)state;
	dump("custom", NULL);
	expect_whole("custom", "pg_dump custom", "large object");
}

static void plain_dump_comes_back_whole(void **state)
{
	(void)state;
	dump("plain", PG_DUMP("--format=plain"));
	expect_whole("plain", "pg_dump plain", "large object");
}

static void plain_dump_with_inserts_comes_back_whole(void **state)
{
	(void)state;
	dump("inserts", PG_DUMP("--inserts"));
	expect_whole("inserts", "pg_dump plain", "large object");
}

static void dump_made_with_clean_comes_back_whole(void **state)
{
	(void)state;
	dump("clean", PG_DUMP("--clean"));
	expect_whole("clean", "pg_dump plain", "large object");
	dump("clean-if-exists", PG_DUMP("--clean", "--if-exists"));
	expect_whole("clean-if-exists", "pg_dump plain", "large object");
}

static void dump_made_with_create_comes_back_whole(void **state)
{
	(void)state;
	dump("create", PG_DUMP("--create"));
	expect_whole("create", "pg_dump plain --create", "large object");
	dump("create-clean", PG_DUMP("--create", "--clean", "--if-exists"));
	expect_whole("create-clean", "pg_dump plain --create", "large object");
}

static void zipped_dumps_come_back_whole(void **state)
{
	(void)state;
	zip("plain", "plain.gz");
	expect_whole("plain.gz", "pg_dump plain", "large object");
	zip("custom", "custom.gz");
	expect_whole("custom.gz", "pg_dump custom", "large object");
}

static void cut_copy(const char *from, const char *to, size_t len)
{
	rp_autobuf in = RP_BUF_INIT(DUMP_MAX);
	read_file(from, &in);
	assert_true(len < in.len);
	write_file(to, in.s, len);
}

static size_t offset_of(const char *name, const char *text)
{
	rp_autobuf in = RP_BUF_INIT(DUMP_MAX);
	read_file(name, &in);
	const char *at = memmem(in.s, in.len, text, strlen(text));
	assert_non_null(at);
	return (size_t)(at - in.s);
}

static void cut_plain_dump_is_not_whole(void **state)
{
	(void)state;
	/* Within a table's rows; between two statements; before its last line. psql alone ends with 0 in each. */
	cut_copy("plain", "cut-in-copy", offset_of("plain", "customer 1500\n"));
	expect_failure("cut-in-copy", RP_ERR_BACKUP, "truncated");
	cut_copy("plain", "cut-between", offset_of("plain", "ALTER TABLE ONLY shop.customer"));
	expect_failure("cut-between", RP_ERR_BACKUP, "truncated");
	cut_copy("plain", "cut-last", offset_of("plain", "\\unrestrict") + 20);
	expect_failure("cut-last", RP_ERR_BACKUP, "");
	cut_copy("plain", "cut-head", 60);
	expect_failure("cut-head", RP_ERR_BACKUP, "truncated");
}

static void rows_that_pose_as_the_end_do_not_fool_it(void **state)
{
	(void)state;
	rp_autobuf in = RP_BUF_INIT(DUMP_MAX);
	read_file("plain", &in);
	size_t at = offset_of("plain", "\nnote 300\n") + strlen("\nnote 300\n");
	size_t token = offset_of("plain", "\\restrict ") + strlen("\\restrict ");
	rp_autobuf out = RP_BUF_INIT(DUMP_MAX);
	rp_buf_add_mem(&out, in.s, at);
	rp_buf_addf(&out, "--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict %.*s\n",
		    (int)strcspn(in.s + token, "\n"), in.s + token);
	write_file("posing", out.s, out.len);
	expect_failure("posing", RP_ERR_BACKUP, "ends inside of a statement or of a table's rows");
}

static void cut_or_damaged_archive_is_not_whole(void **state)
{
	(void)state;
	struct stat st;
	assert_int_equal(stat(path_of("custom"), &st), 0);
	cut_copy("custom", "cut-custom", (size_t)st.st_size - 2000);
	expect_failure("cut-custom", RP_ERR_BACKUP, "pg_restore");
	cut_copy("custom", "cut-toc", 500);
	expect_failure("cut-toc", RP_ERR_BACKUP, "pg_restore");
	cut_copy("custom", "cut-header", 30);
	expect_failure("cut-header", RP_ERR_BACKUP, "its header makes no sense");
}

static void cut_or_damaged_gzip_is_not_whole(void **state)
{
	(void)state;
	zip("plain", "bad.gz");
	rp_autobuf in = RP_BUF_INIT(DUMP_MAX);
	read_file("bad.gz", &in);
	cut_copy("bad.gz", "cut.gz", in.len - 5);
	expect_failure("cut.gz", RP_ERR_BACKUP, "gzip: truncated");
	in.s[in.len - 6] ^= 1;
	write_file("flipped.gz", in.s, in.len);
	expect_failure("flipped.gz", RP_ERR_BACKUP, "gzip: damaged");
}

/* A flip in an archive's compressed rows is told by pg_restore, or not at all; then the digest differs, which
 * restore() above compares. None may hang, or pass for another format. */
static void flipped_archives_end_one_way_or_the_other(void **state)
{
	(void)state;
	rp_autobuf in = RP_BUF_INIT(DUMP_MAX);
	read_file("custom", &in);
	for (size_t i = 1; i < 6; i++) {
		size_t at = in.len * i / 6;
		in.s[at] ^= 4;
		write_file("flipped", in.s, in.len);
		in.s[at] ^= 4;
		rp_autooutcome o = {0};
		if (restore(&o, "flipped") < 0 && rp_err_kind(o.err) != RP_ERR_BACKUP)
			fail_msg("%s", rp_err_text(o.err));
	}
}

static const char *const hostile[] = {
	"\\! touch %s",
	"\\q",
	"\\unrestrict abc",
	"\\restrict zzz",
	"\\copy shop.customer from program 'touch %s'",
	"\\copy shop.customer to '%s'",
	"\\set ON_ERROR_STOP off",
	"\\set x `touch %s`",
	"\\echo `touch %s`",
	"\\if `touch %s`",
	"\\o |touch %s",
	"\\w %s",
	"\\i /etc/passwd",
	"\\lo_import /etc/passwd",
	"\\connect postgres",
	"SELECT 1 \\g |touch %s",
	"SELECT 'select 1' \\gexec",
	"SELECT 1 AS x \\gset",
	"/* x */ \\! touch %s",
	"SELECT :`touch %s`;",
};

/* One server for all of them: each is refused before it has made anything. */
static void commands_of_psql_in_a_dump_run_nothing(void **state)
{
	(void)state;
	rp_autobuf in = RP_BUF_INIT(DUMP_MAX);
	read_file("plain", &in);
	size_t at = offset_of("plain", "\nCREATE SCHEMA") + 1;
	char marker[160];
	(void)snprintf(marker, sizeof marker, "%s", path_of("marker"));
	for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
		rp_autobuf out = RP_BUF_INIT(DUMP_MAX);
		rp_buf_add_mem(&out, in.s, at);
		const char *hole = strstr(hostile[i], "%s");
		rp_buf_add_mem(&out, hostile[i],
			       hole != NULL ? (size_t)(hole - hostile[i]) : strlen(hostile[i]));
		if (hole != NULL)
			rp_buf_addf(&out, "%s%s", marker, hole + 2);
		rp_buf_add(&out, "\n");
		rp_buf_add_mem(&out, in.s + at, in.len - at);
		write_file("hostile", out.s, out.len);
		expect_failure("hostile", RP_ERR_BACKUP, "psql");
		assert_int_equal(access(marker, F_OK), -1);
	}
}

static void complaint_names_the_line_of_the_dump(void **state)
{
	(void)state;
	rp_autobuf in = RP_BUF_INIT(DUMP_MAX);
	read_file("plain", &in);
	size_t at = offset_of("plain", "\nCREATE TABLE") + 1;
	unsigned line = 1;
	for (size_t i = 0; i < at; i++)
		line += in.s[i] == '\n';
	rp_autobuf out = RP_BUF_INIT(DUMP_MAX);
	rp_buf_add_mem(&out, in.s, at);
	rp_buf_add(&out, "CREATE NONSENSE;\n");
	rp_buf_add_mem(&out, in.s + at, in.len - at);
	write_file("nonsense", out.s, out.len);
	char want[64];
	(void)snprintf(want, sizeof want, "psql:<stdin>:%u: ERROR:", line);
	expect_failure("nonsense", RP_ERR_BACKUP, want);
}

static void archive_of_a_later_version_is_no_damage(void **state)
{
	(void)state;
	rp_autobuf in = RP_BUF_INIT(DUMP_MAX);
	read_file("custom", &in);
	in.s[6] = 99; /* the minor version of the archive's format */
	write_file("newer", in.s, in.len);
	expect_failure("newer", RP_ERR_ENGINE, "which pg_restore");
}

static void dump_tells_what_it_is(void **state)
{
	(void)state;
	static const char *const names[] = {"custom", "plain"};
	for (size_t i = 0; i < 2; i++) {
		rp_autooutcome o = {0};
		const struct rp_format *f = NULL;
		struct rp_identity id = {0};
		struct rp_position at = {0};
		assert_int_equal(rp_store_open(&o.store, path_of(names[i]), &run, &o.err), 0);
		assert_int_equal(rp_store_choose(o.store, "newest", &o.point, NULL, &o.err), 0);
		assert_int_equal(rp_artifact_open(&o.artifact, o.store, o.point, NULL, &o.err), 0);
		assert_int_equal(rp_format_of(&f, o.artifact, &o.err), 0);
		assert_int_equal(f->tell(o.artifact, &id, &at, &o.err), 0);
		assert_string_equal(id.engine, "postgresql");
		char server[200];
		ask(source, "SHOW server_version", server, sizeof server);
		assert_string_equal(id.version, server);
		assert_string_equal(at.facts[0].name, "pg_dump");
	}
}

static void failing_pg_dump_leaves_no_file(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	struct rp_file f = {0};
	assert_int_equal(make_dump(PG_DUMP("--table=nosuch"), "none", &f, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_ENGINE);
	assert_non_null(strstr(rp_err_text(err), "exit status 1: pg_dump: error: no matching tables"));
	assert_int_equal(access(path_of("none"), F_OK), -1);
}

int main(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
	rp_autoerr struct rp_err *err = NULL;
	struct rp_installation with = {0};
	engine = rp_engine_named("postgresql");
	if (engine == NULL || engine->hosting == NULL || engine->hosting->choose(&with, NULL, &err) < 0) {
		print_message("no PostgreSQL server here\n");
		return getenv("RP_REQUIRE_SERVERS") != NULL ? 1 : 77;
	}
	rp_installation_done(&with);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(custom_dump_comes_back_whole),
		cmocka_unit_test(plain_dump_comes_back_whole),
		cmocka_unit_test(plain_dump_with_inserts_comes_back_whole),
		cmocka_unit_test(dump_made_with_clean_comes_back_whole),
		cmocka_unit_test(dump_made_with_create_comes_back_whole),
		cmocka_unit_test(zipped_dumps_come_back_whole),
		cmocka_unit_test(cut_plain_dump_is_not_whole),
		cmocka_unit_test(rows_that_pose_as_the_end_do_not_fool_it),
		cmocka_unit_test(cut_or_damaged_archive_is_not_whole),
		cmocka_unit_test(cut_or_damaged_gzip_is_not_whole),
		cmocka_unit_test(flipped_archives_end_one_way_or_the_other),
		cmocka_unit_test(commands_of_psql_in_a_dump_run_nothing),
		cmocka_unit_test(complaint_names_the_line_of_the_dump),
		cmocka_unit_test(archive_of_a_later_version_is_no_damage),
		cmocka_unit_test(dump_tells_what_it_is),
		cmocka_unit_test(failing_pg_dump_leaves_no_file),
	};
	return cmocka_run_group_tests_name("restore", tests, set_up, tear_down);
}
