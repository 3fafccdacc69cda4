/* SPDX-License-Identifier: MIT */
#include "verifier/engine/postgres/encoding.h"

#include <string.h>

#include "verifier/engine/postgres/conn.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

bool rp_pg_is_binary(const struct rp_column *col)
{
	return col->encoding != NULL && strcmp(col->encoding, RP_PG_BINARY) == 0;
}

int rp_pg_encode(struct rp_buf *sql, const struct rp_column *col, struct rp_err **err)
{
	bool text = col->encoding != NULL && strcmp(col->encoding, RP_PG_TEXT) == 0;
	if (!text && !rp_pg_is_binary(col))
		return rp_err_set(err, RP_ERR_OBJECT,
				  "column '%s' has the encoding '%s', which is not known here", col->name,
				  col->encoding != NULL ? col->encoding : "");
	if (!text) {
		rp_buf_add_ident(sql, col->name);
		return 0;
	}
	/* Never col::text, which may be a cast of the user's own and then runs as us; format() knows the output
	 * function only. It gives '' for NULL, and IS NULL is true of a composite of NULLs: IS DISTINCT FROM
	 * NULL is neither, and looks for no operator either. */
	rp_buf_add(sql, "CASE WHEN ");
	rp_buf_add_ident(sql, col->name);
	rp_buf_add(sql, " IS DISTINCT FROM NULL THEN pg_catalog.format('%s', ");
	rp_buf_add_ident(sql, col->name);
	rp_buf_add(sql, ") END");
	return 0;
}

/* What the send functions of keys give; a text is in the order of its bytes, whatever its collation says. */
static const struct {
	const char *type;
	struct rp_order order;
} orders[] = {
	{"smallint", {RP_ORDER_SIGNED, 2}},
	{"integer", {RP_ORDER_SIGNED, 4}},
	{"bigint", {RP_ORDER_SIGNED, 8}},
	{"date", {RP_ORDER_SIGNED, 4}},
	{"timestamp without time zone", {RP_ORDER_SIGNED, 8}},
	{"timestamp with time zone", {RP_ORDER_SIGNED, 8}},
	{"oid", {RP_ORDER_UNSIGNED, 4}},
	{"uuid", {RP_ORDER_UNSIGNED, 16}},
	{"text", {RP_ORDER_BYTES, 0}},
	{"character varying", {RP_ORDER_BYTES, 0}},
	{"character", {RP_ORDER_BYTES, 0}},
	{"bytea", {RP_ORDER_BYTES, 0}},
};

struct rp_order rp_pg_order(const struct rp_column *col)
{
	for (size_t i = 0; rp_pg_is_binary(col) && i < sizeof orders / sizeof orders[0]; i++)
		if (rp_pg_is_type(col->type, orders[i].type))
			return orders[i].order;
	return (struct rp_order){RP_ORDER_NONE, 0};
}
