/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "verifier/engine/postgres/private.h"
#include "verifier/engine/postgres/tests.h"
#include "verifier/util/buf.h"

/* The server checks a page's checksum when it reads it from disk, and a page that is in its buffers it does not read. So
 * the files are read as files, and each page's checksum is computed by the server's own function. */

#define NAME_MAX_BYTES (8 << 10)
#define PATH_MAX_BYTES 4096

/* oid, schema, name, file, blocks in a file's segment */
/* clang-format off */
static const char files_sql[] =
	"SELECT c.oid, n.nspname, c.relname, pg_relation_filepath(c.oid), (SELECT setting FROM pg_settings"
	" WHERE name = 'segment_size') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE"
	" c.relpersistence <> 't' AND pg_relation_filepath(c.oid) IS NOT NULL ORDER BY n.nspname, c.relname";
/* clang-format on */
enum { OID, SCHEMA, NAME, FILE_PATH, SEGMENT };

/* $1: the file, $2: its first block's number. Blocks, bad ones, their first ten, and whether it is there, in whole
 * pages. A page with nothing on it (upper 0) has no checksum, and must have nothing else either. 1 MiB is read at a
 * time. */
/* clang-format off */
#define PAGES_SQL                                                                                            \
	"WITH f AS (SELECT s.size, current_setting('block_size')::int AS page FROM pg_stat_file($1, true)"   \
	" s), b AS (SELECT $2::int + k.k * 128 + i.i AS block, substr(d.bytes, i.i * f.page + 1, f.page) AS" \
	" bytes FROM f, generate_series(0, ((f.size / f.page + 127) / 128)::int - 1) k(k), LATERAL (SELECT"  \
	" pg_read_binary_file($1, k.k::bigint * 128 * f.page, 128 * f.page::bigint) OFFSET 0) d(bytes),"     \
	" LATERAL generate_series(0, length(d.bytes) / f.page - 1) i(i) OFFSET 0), v AS (SELECT b.block,"    \
	" CASE WHEN h.upper = 0 THEN b.bytes <> decode(repeat('00', length(b.bytes)), 'hex') ELSE h.checksum" \
	" <> %s.page_checksum(b.bytes, b.block) END AS bad FROM b, LATERAL (SELECT"                          \
	" (%s.page_header(b.bytes)).* OFFSET 0) h) SELECT (SELECT count(*) FROM v), (SELECT count(*) FROM v" \
	" WHERE bad), (SELECT string_agg(x.block::text, ', ') FROM (SELECT block FROM v WHERE bad ORDER BY"  \
	" block LIMIT 10) x), (SELECT size IS NOT NULL FROM f), coalesce((SELECT size %% page = 0 FROM f),"  \
	" true)"
/* clang-format on */
enum { BLOCKS, BAD, WHICH, THERE, WHOLE };

struct reading {
	struct rp_pg_conn *c;
	struct rp_findings *to;
	const char *sql;
	const char *name;
	uint64_t blocks, damaged;
	struct rp_err **err;
};

/* 1: there is such a file, 0: there is none. */
static int read_file(struct reading *r, const char *path, uint64_t first, const char *fork)
{
	rp_autobuf number = RP_BUF_INIT(32);
	rp_autores *pages = NULL;
	uint64_t blocks, bad;
	rp_buf_addf(&number, "%llu", (unsigned long long)first);
	const char *const params[] = {path, rp_buf_text(&number)};
	if (rp_pg_query(r->c, r->sql, params, 2, &pages, r->err) < 0 ||
	    rp_pg_u64(pages, 0, BLOCKS, &blocks, r->err) < 0 || rp_pg_u64(pages, 0, BAD, &bad, r->err) < 0)
		return rp_err_wrap(r->err, "read the pages of '%s'", r->name);
	if (!rp_pg_true(pages, 0, THERE))
		return 0;
	r->blocks += blocks;
	r->damaged += bad > 0 || !rp_pg_true(pages, 0, WHOLE);
	if (bad > 0)
		rp_fail(r->to, r->name, NULL, NULL, "%llu of %llu pages%s are damaged: block %s",
			(unsigned long long)bad, (unsigned long long)blocks, fork,
			PQgetvalue(pages, 0, WHICH));
	if (!rp_pg_true(pages, 0, WHOLE))
		rp_fail(r->to, r->name, NULL, NULL, "its file%s ends within a page", fork);
	return 1;
}

/* One fork in all its segments; the first is there if any is. */
static int read_fork(struct reading *r, const char *file, const char *suffix, const char *fork,
		     uint64_t segment)
{
	for (uint64_t i = 0;; i++) {
		rp_autobuf path = RP_BUF_INIT(PATH_MAX_BYTES);
		rp_buf_addf(&path, "%s%s", file, suffix);
		if (i > 0)
			rp_buf_addf(&path, ".%llu", (unsigned long long)i);
		if (rp_buf_check(&path, r->err) < 0)
			return -1;
		int there = read_file(r, rp_buf_text(&path), i * segment, fork);
		if (there <= 0)
			return there < 0 ? -1 : i > 0;
	}
}

static int read_relation(struct reading *r, const PGresult *files, int row)
{
	static const struct {
		const char *suffix, *name;
	} forks[] = {{"_fsm", " of its free space map"},
		     {"_vm", " of its visibility map"},
		     {"_init", " of its empty state"}};
	rp_autobuf name = RP_BUF_INIT(NAME_MAX_BYTES);
	const char *file = PQgetvalue(files, row, FILE_PATH);
	uint64_t segment;
	rp_name_add(&name, PQgetvalue(files, row, SCHEMA));
	rp_name_add(&name, PQgetvalue(files, row, NAME));
	if (rp_buf_check(&name, r->err) < 0 || rp_pg_u64(files, row, SEGMENT, &segment, r->err) < 0)
		return -1;
	r->name = rp_buf_text(&name);
	int there = read_fork(r, file, "", "", segment);
	if (there == 0) {
		rp_fail(r->to, r->name, "a file", "none", "its file '%s' is missing", file);
		r->damaged++;
	}
	for (size_t i = 0; there >= 0 && i < sizeof forks / sizeof forks[0]; i++)
		there = read_fork(r, file, forks[i].suffix, forks[i].name, segment);
	return there < 0 ? -1 : 0;
}

static int read_all(struct rp_pg_conn *c, const char *schema, struct rp_findings *to, struct rp_err **err)
{
	rp_autobuf sql = RP_BUF_INIT(8192);
	rp_autores *files = NULL;
	rp_buf_addf(&sql, PAGES_SQL, schema, schema);
	if (rp_buf_check(&sql, err) < 0 || rp_pg_query(c, files_sql, NULL, 0, &files, err) < 0)
		return -1;
	struct reading r = {.c = c, .to = to, .sql = rp_buf_text(&sql), .err = err};
	for (int row = 0; row < PQntuples(files); row++)
		if (read_relation(&r, files, row) < 0)
			return -1;
	if (r.damaged == 0)
		rp_pass(to, "", r.blocks);
	return 0;
}

/* NULL: it can be looked at. */
static int why_not(struct rp_pg_conn *c, const char **ret, struct rp_err **err)
{
	rp_autores *set = NULL;
	if (rp_pg_query(c, "SELECT current_setting('data_checksums') = 'on'", NULL, 0, &set, err) < 0)
		return -1;
	*ret = rp_pg_true(set, 0, 0) ? NULL : "the restored server was made without data checksums";
	return 0;
}

static int run(struct rp_pg_conn *c, struct rp_findings *to, struct rp_err **err)
{
	rp_autofree char *schema = NULL;
	const char *why = NULL;
	rp_autoerr struct rp_err *refused = NULL;
	/* What is only in its buffers has not been written, and is not there to be read. */
	if (rp_pg_private_end(c, err) < 0)
		return -1;
	int there = rp_pg_exec(c, "CHECKPOINT", &refused) < 0 || rp_pg_private_begin(c, &schema, &refused) < 0
			    ? -1
			    : rp_pg_private_extension(c, "pageinspect", schema, &why, &refused);
	if (there < 0 && rp_err_kind(refused) == RP_ERR_OBJECT)
		why = rp_err_text(refused);
	else if (there < 0) {
		if (err != NULL)
			*err = rp_take(refused);
		return -1;
	}
	if (there <= 0) {
		rp_not_run(to, "", "extension pageinspect cannot be used: %s", why);
		return 0;
	}
	return rp_pg_private_safe(c, err) < 0 ? -1 : read_all(c, schema, to, err);
}

int rp_pg_test_page_checksums(struct rp_conn *conn, const struct rp_survey *found, struct rp_findings *to,
			      struct rp_err **err)
{
	struct rp_pg_conn *c = rp_pg_of(conn);
	const char *why = NULL;
	(void)found;
	if (why_not(c, &why, err) < 0)
		return -1;
	if (why == NULL && c->standby)
		why = "a server in recovery lets nobody make the extension pageinspect: promote it first";
	if (why != NULL) {
		rp_not_run(to, "", "%s", why);
		return 0;
	}
	if (run(c, to, err) < 0) {
		(void)rp_pg_private_end(c, NULL);
		return -1;
	}
	return rp_pg_private_end(c, err);
}
