/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_WIRE_H
#define RP_ENGINE_MYSQL_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include <mysql.h>

#include "verifier/engine/mysql/encoding.h"

struct rp_err;

/* A row of the binary protocol, taken where libmariadb has put its packet and written in our encoding. */

/* How a value stands in the packet, and what becomes of it. */
enum rp_my_wire {
	RP_MY_WIRE_I8,
	RP_MY_WIRE_U8,
	RP_MY_WIRE_I16,
	RP_MY_WIRE_U16,
	RP_MY_WIRE_I32,
	RP_MY_WIRE_U32,
	RP_MY_WIRE_64,
	RP_MY_WIRE_FLOAT,
	RP_MY_WIRE_DOUBLE,
	RP_MY_WIRE_BYTES,
	RP_MY_WIRE_DECIMAL,
	RP_MY_WIRE_DATE,
	RP_MY_WIRE_TIME,
	RP_MY_WIRE_DATETIME,
	RP_MY_WIRE_UUID,
	RP_MY_WIRE_INET4,
	RP_MY_WIRE_INET6,
	RP_MY_WIRE_N /* none: the column is of another type than its encoding is for */
};
enum rp_my_wire rp_my_wire_of(const MYSQL_FIELD *f, enum rp_my_form form);

/* One row, used again for the next. */
struct rp_my_line {
	uint8_t *bytes; /* owned: free() */
	size_t len, cap;
};

/* Write the row in 'packet' to 'ret'. RP_ERR_ENGINE: it is not such a row. */
int rp_my_wire_row(struct rp_my_line *ret, const enum rp_my_wire *columns, size_t n, const uint8_t *packet,
		   size_t len, struct rp_err **err);

#endif
