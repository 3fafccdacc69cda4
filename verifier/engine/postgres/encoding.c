/* SPDX-License-Identifier: MIT */
#include "verifier/engine/postgres/encoding.h"

#include <string.h>

#include "verifier/survey/relation.h"
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
