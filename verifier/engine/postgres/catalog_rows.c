/* SPDX-License-Identifier: MIT */
#include "verifier/engine/postgres/catalog_rows.h"

#include <stdlib.h>
#include <string.h>

#include "verifier/engine/postgres/encoding.h"
#include "verifier/util/buf.h"

#define PG_CATALOG 11u
#define PUBLIC	   2200u /* the one schema below that is the user's: renamed, given away, dropped */
#define ROWS_MAX   (1u << 20)

void rp_pg_rows_done(struct rp_pg_rows *l)
{
	free(l->all);
	free(l->strangers);
}

/* Field number i of a row as COPY sends it; NULL: there is none, or it is NULL. */
static const uint8_t *field(const uint8_t *row, size_t len, unsigned i, uint32_t *ret_len)
{
	size_t at = 0;
	for (;; i--) {
		if (len - at < 4)
			return NULL;
		uint32_t size = (uint32_t)row[at] << 24 | (uint32_t)row[at + 1] << 16 |
				(uint32_t)row[at + 2] << 8 | row[at + 3];
		at += 4;
		size_t bytes = size == UINT32_MAX ? 0 : size;
		if (bytes > len - at)
			return NULL;
		if (i == 0) {
			*ret_len = size;
			return size == UINT32_MAX ? NULL : row + at;
		}
		at += bytes;
	}
}

static uint32_t number(const uint8_t *row, size_t len, unsigned i)
{
	uint32_t size = 0;
	const uint8_t *at = field(row, len, i, &size);
	return at == NULL || size != 4
		       ? UINT32_MAX
		       : (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static struct rp_pg_entry *add(struct rp_pg_entry **all, size_t *n, size_t *room, struct rp_err **err)
{
	if (*n == ROWS_MAX) {
		rp_err_set(err, RP_ERR_ENGINE,
			   "the catalogue has more rows of the server's own than there are");
		return NULL;
	}
	if (*n == *room) {
		size_t more = *room * 2 + 256;
		struct rp_pg_entry *grown = reallocarray(*all, more, sizeof *grown);
		if (grown == NULL) {
			rp_err_set(err, RP_ERR_NOMEM, "out of memory");
			return NULL;
		}
		*all = grown;
		*room = more;
	}
	struct rp_pg_entry *e = &(*all)[(*n)++];
	*e = (struct rp_pg_entry){0};
	return e;
}

/* An rp_row_fn. Columns: the key, then label and schema where there are such, then the rest. */
static int take_row(void *ctx, const uint8_t *row, size_t len, struct rp_err **err)
{
	struct rp_pg_rows *l = ctx;
	unsigned next = 1, label = l->of->label != NULL ? next++ : 0;
	uint32_t key = number(row, len, 0), size = 0;
	bool own = key < RP_PG_FIRST_NORMAL && !(key == PUBLIC && strcmp(l->of->name, "pg_namespace") == 0);
	if (!own &&
	    (l->of->schema == NULL || key < RP_PG_FIRST_NORMAL || number(row, len, next) != PG_CATALOG))
		return 0;
	struct rp_pg_entry *e = own ? add(&l->all, &l->n, &l->room, err)
				    : add(&l->strangers, &l->n_strangers, &l->strangers_room, err);
	if (e == NULL)
		return -1;
	e->key = key;
	e->hash = rp_row_hash(row, len, l->seed);
	const uint8_t *name = label > 0 ? field(row, len, label, &size) : NULL;
	if (name != NULL)
		memcpy(e->label, name, size < sizeof e->label - 1 ? size : sizeof e->label - 1);
	return 0;
}

int rp_pg_rows_order(const void *a, const void *b)
{
	const struct rp_pg_entry *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return memcmp(&x->hash, &y->hash, sizeof x->hash);
}

int rp_pg_rows_read(struct rp_pg_rows *ret, struct rp_pg_conn *c, const struct rp_pg_catalogue *of,
		    const PGresult *columns, uint64_t seed, struct rp_err **err)
{
	rp_autofree struct rp_column *all = calloc((size_t)PQntuples(columns) + 1, sizeof *all);
	rp_autobuf source = RP_BUF_INIT(256);
	if (all == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (int i = 0; i < PQntuples(columns); i++)
		all[i] = (struct rp_column){.name = PQgetvalue(columns, i, 0), .encoding = RP_PG_BINARY};
	rp_buf_addf(&source, "ONLY pg_catalog.%s", of->name);
	const struct rp_relation r = {.name = of->name,
				      .source = rp_buf_text(&source),
				      .columns = all,
				      .n_columns = (size_t)PQntuples(columns)};
	ret->of = of;
	ret->seed = seed;
	if (rp_pg_stream(&c->base, &r, NULL, take_row, ret, err) < 0)
		return rp_err_wrap(err, "read '%s'", of->name);
	if (ret->n > 0)
		qsort(ret->all, ret->n, sizeof *ret->all, rp_pg_rows_order);
	return 0;
}
