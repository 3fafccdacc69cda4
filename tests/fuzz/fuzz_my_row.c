/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/literal.h"
#include "verifier/engine/mysql/part.h"
#include "verifier/engine/mysql/wire.h"
#include "verifier/survey/row.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define COLUMNS 12

static const struct {
	const char *encoding, *type, *charset;
} how[RP_MY_WIRE_N] = {
	[RP_MY_WIRE_I8] = {"int", "tinyint", NULL},
	[RP_MY_WIRE_U8] = {"number", "enum('a','','c')", NULL},
	[RP_MY_WIRE_I16] = {"int", "smallint", NULL},
	[RP_MY_WIRE_U16] = {"uint", "year", NULL},
	[RP_MY_WIRE_I32] = {"int", "int", NULL},
	[RP_MY_WIRE_U32] = {"number", "set('a','','c')", NULL},
	[RP_MY_WIRE_64] = {"uint", "bigint unsigned", NULL},
	[RP_MY_WIRE_FLOAT] = {"float", "float", NULL},
	[RP_MY_WIRE_DOUBLE] = {"double", "double", NULL},
	[RP_MY_WIRE_BYTES] = {"bytes", "varchar(9) character set utf8mb4", "utf8mb4"},
	[RP_MY_WIRE_DECIMAL] = {"decimal", "decimal(10,2)", NULL},
	[RP_MY_WIRE_DATE] = {"date", "date", NULL},
	[RP_MY_WIRE_TIME] = {"time", "time(6)", NULL},
	[RP_MY_WIRE_DATETIME] = {"datetime", "timestamp(6)", NULL},
	[RP_MY_WIRE_UUID] = {"uuid", "uuid", NULL},
	[RP_MY_WIRE_INET4] = {"inet4", "inet4", NULL},
	[RP_MY_WIRE_INET6] = {"inet6", "inet6", NULL},
};

/* A value is shown; and as SQL it is a bound that is taken for one, which nothing in it can turn into something else.
 * So is the middle between it and the one before. */
static void use(struct rp_column *col, const char *charset, const struct rp_field *last,
		const struct rp_field *f)
{
	rp_autobuf shown = RP_BUF_INIT(1 << 20);
	rp_autobuf literal = RP_BUF_INIT(1 << 20);
	rp_autobuf half = RP_BUF_INIT(1 << 20);
	rp_autobuf sql = RP_BUF_INIT(1 << 20);
	struct rp_my_key_column k;
	struct rp_relation r = {.source = "t", .columns = col, .n_columns = 1};
	rp_my_show(col, f, &shown);
	if (!rp_my_key_is_ordered(col))
		return;
	rp_my_key_column(&k, col, charset);
	if (rp_my_middle(&half, &k, last, f)) {
		struct rp_field m = {(const uint8_t *)half.s, half.len};
		if (!rp_my_add_literal(&literal, &k, &m))
			abort();
		rp_buf_reset(&literal);
	}
	if (f->value != NULL && !rp_my_add_literal(&literal, &k, f))
		abort();
	/* What is not finite cannot be a key, nor a bound. */
	bool real = k.form == RP_MY_FLOAT || k.form == RP_MY_DOUBLE;
	if (f->value != NULL && rp_my_add_bound(&sql, &r, rp_buf_text(&literal), false, NULL) < 0 && !real)
		abort();
}

/* First bytes: what columns there are. The rest: a packet, of its own so that reading past it is seen. What becomes of
 * it is a row of as many fields. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rp_my_line line = {0};
	enum rp_my_wire wire[COLUMNS];
	rp_autoerr struct rp_err *err = NULL;
	if (size < COLUMNS)
		return 0;
	for (size_t i = 0; i < COLUMNS; i++)
		wire[i] = (enum rp_my_wire)(data[i] % RP_MY_WIRE_N);
	rp_autofree uint8_t *packet = malloc(size - COLUMNS + 1);
	if (packet == NULL)
		return 0;
	memcpy(packet, data + COLUMNS, size - COLUMNS);
	packet = realloc(packet, size - COLUMNS > 0 ? size - COLUMNS : 1);
	if (rp_my_wire_row(&line, wire, COLUMNS, packet, size - COLUMNS, &err) == 0) {
		const uint8_t *at = line.bytes, *end = at + line.len;
		struct rp_field last = {0}, f = {0};
		for (size_t i = 0; i < COLUMNS; i++, last = f) {
			struct rp_column col = {.name = "c",
						.encoding = how[wire[i]].encoding,
						.type = how[wire[i]].type,
						.key = 1};
			if (rp_row_next(&at, end, &f) != 1)
				abort();
			use(&col, how[wire[i]].charset, &last, &f);
		}
		if (at != end)
			abort();
	}
	free(line.bytes);
	return 0;
}
