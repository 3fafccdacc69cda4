/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "verifier/engine/postgres/conn.h"
#include "verifier/engine/postgres/encoding.h"
#include "verifier/engine/postgres/pace.h"
#include "verifier/engine/postgres/part.h"
#include "verifier/util/buf.h"
#include "verifier/util/parse.h"
#include "verifier/util/run.h"

/* Rows, by COPY in its binary form: what stands behind the field count of a row is our encoding, so a row is
 * handed on where libpq put it. */

/* A relation that is smaller than this is read before pacing would matter. */
#define LARGE	(8u * 1024 * 1024)
#define SQL_MAX (4u * 1024 * 1024)

#define TARGET_MIN (64u * 1024)
#define TARGET_MAX (256u * 1024) /* a quarter of what libpq can take at once */

struct copy {
	struct rp_pg_conn *c;
	unsigned fields; /* of every row */
	rp_row_fn *fn;
	void *ctx;
	uint64_t rows;
	bool header, trailer; /* seen */
	size_t bytes;	      /* since the last read */
	struct rp_pace pace;
};

static int64_t clock_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* libpq begins with 16 KB and never shrinks: one large value makes room for many rows a read. Not asked of a
 * connection that only meets small tables. */
static int grow(struct rp_pg_conn *c, struct rp_err **err)
{
	if (c->grown)
		return 0;
	if (rp_pg_exec(c, "SELECT repeat('x', 1000000)", err) < 0)
		return -1;
	c->grown = true;
	return 0;
}

/* Half of what the socket holds. For a unix socket that is the sender's buffer, whose size we cannot ask for, but
 * ours has the same default. An encrypted connection is read record by record, one of 8 KB a call: a wait before
 * each would be its ruin. */
static size_t target_bytes(struct rp_pg_conn *c)
{
	int size = 0;
	socklen_t len = sizeof size;
	if (!c->grown || rp_pg_is_encrypted(c) ||
	    getsockopt(PQsocket(c->pg), SOL_SOCKET, SO_SNDBUF, &size, &len) != 0 || size <= 0)
		return 0;
	size_t half = (size_t)size / 2;
	return half < TARGET_MIN ? TARGET_MIN : half > TARGET_MAX ? TARGET_MAX : half;
}

static int write_columns(struct rp_buf *sql, const struct rp_relation *r, struct rp_err **err)
{
	for (size_t i = 0; i < r->n_columns; i++) {
		rp_buf_add(sql, i > 0 ? ", " : "");
		if (rp_pg_encode(sql, &r->columns[i], err) < 0)
			return -1;
	}
	return 0;
}

static int write_select(struct rp_buf *sql, const struct rp_relation *r, const struct rp_range *part,
			struct rp_err **err)
{
	rp_buf_add(sql, "COPY (SELECT ");
	if (write_columns(sql, r, err) < 0)
		return -1;
	rp_buf_addf(sql, " FROM %s", r->source);
	if (rp_pg_part_where(sql, part, err) < 0)
		return -1;
	rp_buf_add(sql, ") TO STDOUT (FORMAT binary)");
	return rp_buf_check(sql, err);
}

/* A whole table as it is, without a query around it: a twentieth faster. Not every relation can be read so. */
static bool is_whole(const struct rp_relation *r, const struct rp_range *part)
{
	if ((part != NULL && (part->from != NULL || part->to != NULL)) || rp_pg_plain_source(r) == r->source)
		return false;
	for (size_t i = 0; i < r->n_columns; i++)
		if (!rp_pg_is_binary(&r->columns[i]))
			return false;
	return r->n_columns > 0;
}

static int write_table(struct rp_buf *sql, const struct rp_relation *r, struct rp_err **err)
{
	rp_buf_addf(sql, "COPY %s (", rp_pg_plain_source(r));
	if (write_columns(sql, r, err) < 0)
		return -1;
	rp_buf_add(sql, ") TO STDOUT (FORMAT binary)");
	return rp_buf_check(sql, err);
}

/* Where the server cannot be told to read tables only: hold the name with a lock, then look what it is. */
static int guard(struct rp_pg_conn *c, const struct rp_relation *r, struct rp_err **err)
{
	if (c->guarded || r->source[0] == '(')
		return 0;
	rp_autobuf sql = RP_BUF_INIT(4096);
	rp_buf_addf(&sql, "LOCK TABLE %s IN ACCESS SHARE MODE", r->source);
	if (rp_buf_check(&sql, err) < 0 || rp_pg_exec(c, sql.s, err) < 0)
		return -1;
	const char *const params[] = {rp_pg_plain_source(r)};
	rp_autores *kind = NULL;
	if (rp_pg_query(c, "SELECT relkind FROM pg_class WHERE oid = to_regclass($1)", params, 1, &kind,
			err) < 0)
		return -1;
	if (PQntuples(kind) != 1 || strchr("rm", PQgetvalue(kind, 0, 0)[0]) == NULL)
		return rp_err_set(err, RP_ERR_OBJECT, "it is no table any more");
	return 0;
}

static int begin(struct rp_pg_conn *c, const char *sql, struct rp_err **err)
{
	rp_autores *r = NULL;
	if (!PQsendQueryParams(c->pg, sql, 0, NULL, NULL, NULL, NULL, 0))
		return rp_pg_fail(c, NULL, err);
	if (rp_pg_next(c, &r, err) < 0)
		return -1;
	if (PQresultStatus(r) == PGRES_COPY_OUT)
		return 0;
	if (PQresultStatus(r) != PGRES_FATAL_ERROR)
		return rp_err_set(err, RP_ERR_ENGINE, "the server answered COPY with %s",
				  PQresStatus(PQresultStatus(r)));
	return rp_pg_fail(c, r, err);
}

/* The file header stands before the first row, in the same message or in one of its own; the trailer stands
 * where a row's field count would. Both are what they are or the stream is not what we take it for. */
static int take_header(struct copy *k, const uint8_t **at, const uint8_t *end, struct rp_err **err)
{
	static const uint8_t header[19] = "PGCOPY\n\377\r\n\0"; /* flags and extension: none */
	if ((size_t)(end - *at) < sizeof header || memcmp(*at, header, sizeof header) != 0)
		return rp_err_set(err, RP_ERR_ENGINE,
				  "the server's COPY has a header that is not known here");
	*at += sizeof header;
	k->header = true;
	return 0;
}

static int take_message(struct copy *k, const uint8_t *at, size_t len, struct rp_err **err)
{
	const uint8_t *end = at + len;
	k->bytes += len + 5;
	if (!k->header && take_header(k, &at, end, err) < 0)
		return -1;
	if (at == end)
		return 0;
	if (end - at < 2 || k->trailer)
		return rp_err_set(err, RP_ERR_ENGINE, "the server's COPY goes on where it should not");
	unsigned fields = (unsigned)at[0] << 8 | at[1];
	if (fields == 0xffff && end - at == 2) {
		k->trailer = true;
		return 0;
	}
	if (fields != k->fields)
		return rp_err_set(err, RP_ERR_ENGINE, "the server sent a row of %u fields instead of %u",
				  fields, k->fields);
	k->rows++;
	return k->fn(k->ctx, at + 2, (size_t)(end - at) - 2, err);
}

/* Everything that libpq has. 1: more will come, 0: that was the end of the data. */
static int take_all(struct copy *k, struct rp_err **err)
{
	for (;;) {
		char *message = NULL;
		int len = PQgetCopyData(k->c->pg, &message, 1);
		if (len == 0)
			return 1;
		if (len == -1)
			return 0;
		if (len < 0)
			return rp_pg_fail(k->c, NULL, err);
		int r = take_message(k, (const uint8_t *)message, (size_t)len, err);
		PQfreemem(message);
		if (r < 0)
			return -1;
	}
}

/* Not rp_run_poll(): its clock is too coarse, and a millisecond is no time that anybody waits for. */
static void nap(unsigned us)
{
	struct timespec t = {.tv_nsec = (long)us * 1000};
	(void)nanosleep(&t, NULL);
}

static int receive(struct copy *k, struct rp_err **err)
{
	struct pollfd fd = {.fd = PQsocket(k->c->pg), .events = POLLIN};
	bool encrypted = rp_pg_is_encrypted(k->c);
	for (;;) {
		k->bytes = 0;
		int more = take_all(k, err);
		if (more <= 0)
			return more;
		if (rp_run_check(k->c->base.run, err) < 0)
			return -1;
		unsigned us = rp_pace_next(&k->pace, k->bytes, clock_us());
		if (us > 0)
			nap(us);
		/* Encrypted: wait only when a read brings nothing. */
		else if ((!encrypted || k->bytes == 0) && rp_run_poll(k->c->base.run, &fd, 1, err) < 0)
			return -1;
		if (!PQconsumeInput(k->c->pg))
			return rp_pg_fail(k->c, NULL, err);
	}
}

/* What the server says it has sent, which must be what we got. */
static int finish(struct copy *k, struct rp_err **err)
{
	rp_autores *r = NULL;
	rp_autores *end = NULL;
	if (rp_pg_next(k->c, &r, err) < 0)
		return -1;
	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		return rp_pg_fail(k->c, r, err);
	if (rp_pg_next(k->c, &end, err) < 0)
		return -1;
	if (end != NULL)
		return rp_pg_fail(k->c, end, err);
	uint64_t sent = 0;
	if (!k->trailer || !rp_parse_u64(PQcmdTuples(r), 0, UINT64_MAX, &sent) || sent != k->rows)
		return rp_err_set(err, RP_ERR_ENGINE, "%llu rows came and the server says '%.40s'",
				  (unsigned long long)k->rows, PQcmdStatus(r));
	return 0;
}

/* Read and drop what the server still sends of a COPY that nobody wants any more. */
static int abandon(struct rp_pg_conn *c, struct rp_err **err)
{
	struct pollfd fd = {.fd = PQsocket(c->pg), .events = POLLIN};
	rp_pg_cancel(c);
	for (;;) {
		char *message = NULL;
		int len = PQgetCopyData(c->pg, &message, 1);
		PQfreemem(message);
		if (len < 0)
			return 0;
		if (len > 0)
			continue;
		if (rp_run_poll(c->base.run, &fd, 1, err) < 0)
			return -1;
		if (!PQconsumeInput(c->pg))
			return rp_pg_fail(c, NULL, err);
	}
}

/* COPY of a table takes no generated columns, nor a view of any kind: what it refuses is asked for by a query. */
static int begin_either(struct copy *k, const struct rp_relation *r, const struct rp_range *part,
			struct rp_err **err)
{
	rp_autobuf table = RP_BUF_INIT(SQL_MAX);
	rp_autobuf select = RP_BUF_INIT(SQL_MAX);
	rp_autoerr struct rp_err *why = NULL;
	if (write_select(&select, r, part, err) < 0 || (is_whole(r, part) && write_table(&table, r, err) < 0))
		return -1;
	if (table.len > 0) {
		if (begin(k->c, table.s, &why) == 0)
			return 0;
		if (rp_err_kind(why) != RP_ERR_OBJECT)
			return rp_err_set(err, rp_err_kind(why), "%s", rp_err_text(why));
		if (rp_pg_recover(k->c, err) < 0)
			return -1;
	}
	return begin(k->c, select.s, err);
}

static int copy(struct copy *k, const struct rp_relation *r, const struct rp_range *part, struct rp_err **err)
{
	if (begin_either(k, r, part, err) < 0)
		return -1;
	rp_pace_begin(&k->pace, target_bytes(k->c), clock_us());
	if (receive(k, err) < 0 || finish(k, err) < 0 || rp_pg_check_same(k->c, r, err) < 0)
		return -1;
	return rp_pg_let_go(k->c, err);
}

/* RP_ERR_OBJECT promises that the connection can go on; keep it or take it back. */
static int recover(struct rp_pg_conn *c, struct rp_err *why, struct rp_err **err)
{
	rp_autoerr struct rp_err *lost = NULL;
	enum rp_err_kind kind = rp_err_kind(why);
	if (kind == RP_ERR_OBJECT &&
	    ((PQtransactionStatus(c->pg) == PQTRANS_ACTIVE && abandon(c, &lost) < 0) ||
	     rp_pg_recover(c, &lost) < 0))
		return rp_err_set(err, RP_ERR_ENGINE, "%s, and then: %s", rp_err_text(why),
				  rp_err_text(lost));
	rp_err_set(err, kind, "%s", rp_err_text(why));
	return rp_err_hint_text(why) != NULL ? rp_err_hint(err, "%s", rp_err_hint_text(why)) : -1;
}

int rp_pg_stream(struct rp_conn *conn, const struct rp_relation *r, const struct rp_range *part,
		 rp_row_fn *fn, void *ctx, struct rp_err **err)
{
	struct copy k = {.c = rp_pg_of(conn), .fields = (unsigned)r->n_columns, .fn = fn, .ctx = ctx};
	if (r->source == NULL || r->n_columns > 1664) /* the server's own limit */
		return rp_err_set(err, RP_ERR_OBJECT, "it is not described well enough to be read");
	if (guard(k.c, r, err) < 0 || (r->weight >= LARGE && grow(k.c, err) < 0))
		return -1;
	rp_autoerr struct rp_err *why = NULL;
	return copy(&k, r, part, &why) == 0 ? 0 : recover(k.c, why, err);
}
