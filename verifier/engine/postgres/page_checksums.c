/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "verifier/engine/postgres/private.h"
#include "verifier/engine/postgres/tests.h"
#include "verifier/util/buf.h"

/* The server checks a page's checksum when it reads it from disk, and a page that is in its buffers it does not read. So
 * the files are read as files, and each page's checksum is computed by the server's own function. */

#define NAME_MAX_BYTES	(8 << 10)
#define BATCH_FILES	500
#define BATCH_BYTES	(64u << 20) /* about a second's work, so that Ctrl-C does not wait */
#define BATCH_SQL_BYTES (1u << 20)

/* clang-format off */
/* Every file of every relation: its fork, segments behind the first, size (NULL: it is not there) and the number of
 * its first block. */
static const char files_sql[] =
	"WITH RECURSIVE z AS (SELECT (SELECT setting::int FROM pg_settings WHERE name = 'segment_size') AS blocks,"
	" current_setting('block_size')::int AS page), f(schema, name, fork, path, segment, size) AS (SELECT"
	" n.nspname, c.relname, k.fork, pg_relation_filepath(c.oid) || k.suffix, 0, s.size FROM pg_class c JOIN"
	" pg_namespace n ON n.oid = c.relnamespace CROSS JOIN (VALUES ('', ''), ('_fsm', ' of its free space map'),"
	" ('_vm', ' of its visibility map'), ('_init', ' of its empty state')) k(suffix, fork) CROSS JOIN LATERAL"
	" pg_stat_file(pg_relation_filepath(c.oid) || k.suffix, true) s WHERE c.relpersistence <> 't' AND"
	" pg_relation_filepath(c.oid) IS NOT NULL UNION ALL SELECT f.schema, f.name, f.fork, f.path, f.segment + 1,"
	" s.size FROM f CROSS JOIN z CROSS JOIN LATERAL pg_stat_file(f.path || '.' || (f.segment + 1), true) s WHERE"
	" f.size = z.blocks::bigint * z.page AND s.size IS NOT NULL) SELECT f.schema, f.name, f.fork, f.path || CASE"
	" f.segment WHEN 0 THEN '' ELSE '.' || f.segment END, f.size, f.segment * z.blocks, f.size % z.page <> 0 FROM"
	" f CROSS JOIN z WHERE f.size IS NOT NULL OR f.fork = '' ORDER BY f.schema, f.name, f.fork, f.segment";
enum { SCHEMA, NAME, FORK, FILE_PATH, SIZE, FIRST_BLOCK, CUT };

/* Files $1 of sizes $2 whose first blocks are $3: which of them, blocks, bad ones, the first ten of those. A page with
 * nothing on it (upper 0) has no checksum, and must have nothing else either. 1 MiB is read at a time. */
#define PAGES_SQL                                                                                            \
	"SELECT w.n - 1, count(*), count(*) FILTER (WHERE w.bad), array_to_string((array_agg(w.block ORDER"  \
	" BY w.block) FILTER (WHERE w.bad))[1:10], ', ') FROM (SELECT a.n, a.first + k.k * 128 + i.i AS"      \
	" block, CASE WHEN h.upper = 0 THEN b.bytes <> decode(repeat('00', z.page), 'hex') ELSE h.checksum <>" \
	" %s.page_checksum(b.bytes, a.first + k.k * 128 + i.i) END AS bad FROM unnest($1::text[],"            \
	" $2::bigint[], $3::int[]) WITH ORDINALITY a(path, size, first, n), (SELECT"                          \
	" current_setting('block_size')::int) z(page), LATERAL generate_series(0, ((a.size / z.page + 127) /" \
	" 128)::int - 1) k(k), LATERAL (SELECT pg_read_binary_file(a.path, k.k::bigint * 128 * z.page, 128 *" \
	" z.page::bigint) OFFSET 0) d(bytes), LATERAL generate_series(0, length(d.bytes) / z.page - 1) i(i),"  \
	" LATERAL (SELECT substr(d.bytes, i.i * z.page + 1, z.page) OFFSET 0) b(bytes), LATERAL"              \
	" %s.page_header(b.bytes) h OFFSET 0) w GROUP BY w.n"
/* clang-format on */
enum { FILE_NUMBER, BLOCKS, BAD, WHICH };

struct reading {
	struct rp_pg_conn *c;
	struct rp_findings *to;
	const PGresult *files;
	const char *sql;
	uint64_t blocks;
	bool damaged;
	struct rp_err **err;
};

static int name_of(const struct reading *r, int row, struct rp_buf *name)
{
	rp_name_add(name, PQgetvalue(r->files, row, SCHEMA));
	rp_name_add(name, PQgetvalue(r->files, row, NAME));
	return rp_buf_check(name, r->err);
}

/* What is wrong with a file is seen before its pages are. */
static int judge_file(struct reading *r, int row)
{
	rp_autobuf name = RP_BUF_INIT(NAME_MAX_BYTES);
	bool missing = PQgetisnull(r->files, row, SIZE), cut = rp_pg_true(r->files, row, CUT);
	if (!missing && !cut)
		return 0;
	if (name_of(r, row, &name) < 0)
		return -1;
	r->damaged = true;
	rp_fail(r->to, rp_buf_text(&name), NULL, NULL, "its file '%s' %s",
		PQgetvalue(r->files, row, FILE_PATH), missing ? "is missing" : "ends within a page");
	return 0;
}

static int judge_pages(struct reading *r, int first, const PGresult *pages, int i)
{
	rp_autobuf name = RP_BUF_INIT(NAME_MAX_BYTES);
	uint64_t number, blocks, bad;
	if (rp_pg_u64(pages, i, FILE_NUMBER, &number, r->err) < 0 ||
	    rp_pg_u64(pages, i, BLOCKS, &blocks, r->err) < 0 || rp_pg_u64(pages, i, BAD, &bad, r->err) < 0)
		return -1;
	r->blocks += blocks;
	if (bad == 0)
		return 0;
	if (number >= (uint64_t)(PQntuples(r->files) - first))
		return rp_err_set(r->err, RP_ERR_ENGINE, "the server answered about another file");
	int row = first + (int)number;
	if (name_of(r, row, &name) < 0)
		return -1;
	r->damaged = true;
	rp_fail(r->to, rp_buf_text(&name), NULL, NULL, "%llu of %llu pages%s are damaged: block %s",
		(unsigned long long)bad, (unsigned long long)blocks, PQgetvalue(r->files, row, FORK),
		PQgetvalue(pages, i, WHICH));
	return 0;
}

static void add_to_array(struct rp_buf *array, const char *value)
{
	rp_buf_add(array, array->len == 0 ? "{\"" : ",\"");
	for (; *value != '\0'; value++)
		rp_buf_addf(array, *value == '"' || *value == '\\' ? "\\%c" : "%c", *value);
	rp_buf_add(array, "\"");
}

/* As many files from 'first' on as make a batch, but at least one; returns the first that is not in it. */
static int read_batch(struct reading *r, int first, int *ret_next)
{
	static const int columns[] = {FILE_PATH, SIZE, FIRST_BLOCK};
	rp_autobuf paths = RP_BUF_INIT(BATCH_SQL_BYTES), sizes = RP_BUF_INIT(BATCH_SQL_BYTES);
	rp_autobuf starts = RP_BUF_INIT(BATCH_SQL_BYTES);
	struct rp_buf *arrays[] = {&paths, &sizes, &starts};
	rp_autores *pages = NULL;
	uint64_t bytes = 0, size;
	int row = first;
	for (; row < PQntuples(r->files) && row - first < BATCH_FILES && bytes < BATCH_BYTES; row++) {
		if (judge_file(r, row) < 0)
			return -1;
		bool missing = PQgetisnull(r->files, row, SIZE);
		if (!missing && rp_pg_u64(r->files, row, SIZE, &size, r->err) < 0)
			return -1;
		bytes += missing ? 0 : size;
		/* One that is missing keeps its place, and has no pages. */
		for (size_t i = 0; i < 3; i++)
			add_to_array(arrays[i], missing && columns[i] == SIZE
							? "0"
							: PQgetvalue(r->files, row, columns[i]));
	}
	for (size_t i = 0; i < 3; i++) {
		rp_buf_add(arrays[i], "}");
		if (rp_buf_check(arrays[i], r->err) < 0)
			return -1;
	}
	const char *const params[] = {rp_buf_text(&paths), rp_buf_text(&sizes), rp_buf_text(&starts)};
	if (rp_pg_query(r->c, r->sql, params, 3, &pages, r->err) < 0)
		return rp_err_wrap(r->err, "read the pages of '%s' and others",
				   PQgetvalue(r->files, first, NAME));
	for (int i = 0; i < PQntuples(pages); i++)
		if (judge_pages(r, first, pages, i) < 0)
			return -1;
	*ret_next = row;
	return 0;
}

static int read_all(struct rp_pg_conn *c, const char *schema, struct rp_findings *to, struct rp_err **err)
{
	rp_autobuf sql = RP_BUF_INIT(8192);
	rp_autores *files = NULL;
	rp_buf_addf(&sql, PAGES_SQL, schema, schema);
	if (rp_buf_check(&sql, err) < 0 || rp_pg_query(c, files_sql, NULL, 0, &files, err) < 0)
		return -1;
	struct reading r = {.c = c, .to = to, .files = files, .sql = rp_buf_text(&sql), .err = err};
	for (int row = 0; row < PQntuples(files);)
		if (read_batch(&r, row, &row) < 0)
			return -1;
	if (!r.damaged)
		rp_pass(to, "", r.blocks);
	return 0;
}

/* What was backed up writes none, and a dump's own server does. */
const char *rp_pg_page_checksums_moot(struct rp_conn *conn)
{
	rp_autores *set = NULL;
	if (rp_pg_query(rp_pg_of(conn), "SELECT current_setting('data_checksums') = 'off'", NULL, 0, &set,
			NULL) < 0 ||
	    !rp_pg_true(set, 0, 0))
		return NULL;
	return "the server that was backed up keeps no checksums of its pages (initdb --data-checksums)";
}

int rp_pg_test_page_checksums(struct rp_conn *conn, const struct rp_survey *found, struct rp_findings *to,
			      struct rp_err **err)
{
	struct rp_pg_conn *c = rp_pg_of(conn);
	(void)found;
	/* What is only in its buffers has not been written, and is not there to be read. */
	if (!c->standby && rp_pg_private_end(c, err) < 0)
		return -1;
	return rp_pg_private_test(c, "pageinspect", "CHECKPOINT", read_all, to, err);
}
