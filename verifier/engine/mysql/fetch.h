/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_FETCH_H
#define RP_ENGINE_MYSQL_FETCH_H

#include <stddef.h>
#include <stdint.h>

#include "verifier/survey/row.h"

struct rp_column;
struct rp_err;
struct rp_my_conn;

/* Rows of one SELECT by the binary protocol, in our encoding, as they come: nothing is kept. */
struct rp_my_fetch {
	const char *sql;
	const struct rp_column *columns; /* of the result, in its order */
	size_t n;
	rp_row_fn *fn;
	void *ctx;
};

/* 0 only when the server has said that this was all. RP_ERR_OBJECT: the connection can go on. After any other
 * failure, fn's own included, it is shut down. */
int rp_my_fetch(struct rp_my_conn *c, const struct rp_my_fetch *what, struct rp_err **err);

/* What the server said of a statement about one table that was altered or replaced is that table's fault, and leaves
 * the moment as it is: record RP_ERR_OBJECT for that, else what 'why' says. Returns -1. */
int rp_my_refuse(struct rp_my_conn *c, const struct rp_err *why, struct rp_err **err);

#endif
