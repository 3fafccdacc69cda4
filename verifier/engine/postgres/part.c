/* SPDX-License-Identifier: MIT */
#include "verifier/engine/postgres/part.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/postgres/conn.h"
#include "verifier/util/buf.h"
#include "verifier/util/parse.h"

#define BLOCK_MAX UINT32_MAX

const char *rp_pg_plain_source(const struct rp_relation *r)
{
	static const char only[] = "ONLY ";
	size_t n = strlen(only);
	return strncmp(r->source, only, n) == 0 ? r->source + n : r->source;
}

static int add_bound(struct rp_buf *sql, const char *word, const char *comparison, const char *block,
		     struct rp_err **err)
{
	uint64_t n = 0;
	if (!rp_parse_u64(block, 0, BLOCK_MAX, &n))
		return rp_err_set(err, RP_ERR_ENGINE, "'%.40s' is no block of a table", block);
	rp_buf_addf(sql, " %s ctid %s '(%llu,0)'", word, comparison, (unsigned long long)n);
	return 0;
}

int rp_pg_part_where(struct rp_buf *sql, const struct rp_range *part, struct rp_err **err)
{
	const char *word = "WHERE";
	if (part != NULL && part->from != NULL) {
		if (add_bound(sql, word, ">=", part->from, err) < 0)
			return -1;
		word = "AND";
	}
	return part != NULL && part->to != NULL ? add_bound(sql, word, "<", part->to, err) : 0;
}

/* How many blocks a table has whose rows can be asked for by block; 0: it is none of these. */
static int blocks(struct rp_pg_conn *c, const struct rp_relation *r, uint64_t *ret, struct rp_err **err)
{
	*ret = 0;
	/* Below 14 a range of blocks is a filter on a scan of them all. */
	if (c->version < 140000 || r->source == NULL || r->source[0] == '(')
		return 0;
	const char *const params[] = {rp_pg_plain_source(r)};
	rp_autores *found = NULL;
	if (rp_pg_query(c,
			"SELECT pg_relation_size(k.oid) / current_setting('block_size')::bigint"
			" FROM pg_class k JOIN pg_am a ON a.oid = k.relam"
			" WHERE k.oid = to_regclass($1) AND k.relkind IN ('r', 'm') AND a.amname = 'heap'",
			params, 1, &found, err) < 0)
		return -1;
	if (PQntuples(found) == 0 || PQgetisnull(found, 0, 0))
		return 0;
	return rp_pg_u64(found, 0, 0, ret, err);
}

static char *block_name(uint64_t block)
{
	char *name = NULL;
	return asprintf(&name, "%llu", (unsigned long long)block) < 0 ? NULL : name;
}

int rp_pg_split(struct rp_conn *conn, const struct rp_relation *r, struct rp_range *ret, unsigned n,
		struct rp_err **err)
{
	uint64_t all = 0;
	if (blocks(rp_pg_of(conn), r, &all, err) < 0)
		return -1;
	if (n > all)
		n = all > 0 ? (unsigned)all : 1;
	/* Open at both ends: whatever the size is by now, every row is in one part. */
	for (unsigned i = 0; i < n; i++)
		ret[i] = (struct rp_range){0};
	for (unsigned i = 1; i < n; i++) {
		ret[i - 1].to = block_name(all * i / n);
		ret[i].from = block_name(all * i / n);
		if (ret[i - 1].to != NULL && ret[i].from != NULL)
			continue;
		for (unsigned k = 0; k <= i; k++) {
			free(rp_take(ret[k].from));
			free(rp_take(ret[k].to));
		}
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	return (int)n;
}

int rp_pg_check_same(struct rp_pg_conn *c, const struct rp_relation *r, struct rp_err **err)
{
	if (!c->moment || r->source[0] == '(')
		return 0;
	const char *const params[] = {rp_pg_plain_source(r)};
	rp_autores *same = NULL;
	/* A row of pg_class is read as of our moment, a function looks at the present. */
	if (rp_pg_query(c,
			"SELECT relfilenode = pg_relation_filenode(oid) FROM pg_class WHERE oid = "
			"to_regclass($1)",
			params, 1, &same, err) < 0)
		return -1;
	if (PQntuples(same) == 1 && rp_pg_true(same, 0, 0))
		return 0;
	return rp_err_set(err, RP_ERR_OBJECT,
			  "it was rewritten, truncated or replaced while it was being surveyed");
}

int rp_pg_count(struct rp_conn *conn, const struct rp_relation *r, uint64_t *ret, struct rp_err **err)
{
	struct rp_pg_conn *c = rp_pg_of(conn);
	rp_autobuf sql = RP_BUF_INIT(64 * 1024);
	rp_autores *counted = NULL;
	if (r->source == NULL)
		return rp_err_set(err, RP_ERR_OBJECT, "it is not described well enough to be counted");
	rp_buf_addf(&sql, "SELECT count(*) FROM %s", r->source);
	if (rp_buf_check(&sql, err) < 0 || rp_pg_query(c, sql.s, NULL, 0, &counted, err) < 0 ||
	    rp_pg_check_same(c, r, err) < 0)
		return -1;
	return rp_pg_u64(counted, 0, 0, ret, err) < 0 ? -1 : rp_pg_let_go(c, err);
}
