/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/encoding.h"
#include "verifier/engine/mysql/fetch.h"
#include "verifier/engine/mysql/part.h"
#include "verifier/util/buf.h"

/* 4096 columns with names of 64 characters, and the bounds of a part. */
#define SQL_MAX (4u << 20)

static int write_select(struct rp_buf *sql, const struct rp_relation *r, const struct rp_range *part,
			struct rp_err **err)
{
	/* By name and never "*", which leaves out invisible columns. An answer kept by the server from some other
	 * time is no scan. */
	rp_buf_add(sql, "SELECT /*M! SQL_NO_CACHE */ ");
	for (size_t i = 0; i < r->n_columns; i++) {
		rp_buf_add(sql, i > 0 ? ", " : "");
		if (rp_my_encode(sql, &r->columns[i], err) < 0)
			return -1;
	}
	rp_my_add_from(sql, r, rp_my_is_by_primary(part) ? RP_MY_BY_PRIMARY : RP_MY_BY_ANY);
	if (rp_my_add_where(sql, r, part, err) < 0)
		return -1;
	return rp_buf_check(sql, err);
}

int rp_my_stream(struct rp_conn *conn, const struct rp_relation *r, const struct rp_range *part,
		 rp_row_fn *fn, void *ctx, struct rp_err **err)
{
	rp_autobuf sql = RP_BUF_INIT(SQL_MAX);
	if (r->source == NULL || r->n_columns == 0)
		return rp_err_set(err, RP_ERR_OBJECT, "it is not described well enough to be read");
	if (write_select(&sql, r, part, err) < 0)
		return -1;
	struct rp_my_fetch what = {
		.sql = rp_buf_text(&sql), .columns = r->columns, .n = r->n_columns, .fn = fn, .ctx = ctx};
	return rp_my_fetch(rp_my_of(conn), &what, err);
}

/* Another way than the scan's: no row leaves the server, and it takes the index that it likes best. */
int rp_my_count(struct rp_conn *conn, const struct rp_relation *r, uint64_t *ret, struct rp_err **err)
{
	rp_autobuf sql = RP_BUF_INIT(64 * 1024);
	rp_autofree char *counted = NULL;
	if (r->source == NULL)
		return rp_err_set(err, RP_ERR_OBJECT, "it is not described well enough to be counted");
	rp_buf_add(&sql, "SELECT /*M! SQL_NO_CACHE */ COUNT(*)");
	rp_my_add_from(&sql, r, RP_MY_BY_ANY);
	rp_autoerr struct rp_err *why = NULL;
	if (rp_buf_check(&sql, err) < 0)
		return -1;
	if (rp_my_value(rp_my_of(conn), rp_buf_text(&sql), &counted, &why) < 0)
		return rp_my_refuse(rp_my_of(conn), why, err);
	return rp_my_u64(counted, ret, err);
}
