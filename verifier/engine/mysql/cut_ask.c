/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "verifier/engine/mysql/cut.h"
#include "verifier/engine/mysql/fetch.h"
#include "verifier/engine/mysql/literal.h"
#include "verifier/util/buf.h"

void rp_my_cut_done(struct rp_my_cut *c)
{
	free(c->bound);
	free(c->key);
	*c = (struct rp_my_cut){0};
}

static int keep_key(void *ctx, const uint8_t *row, size_t len, struct rp_err **err)
{
	struct rp_my_cut *c = ctx;
	if (c->key != NULL)
		return rp_err_set(err, RP_ERR_ENGINE, "the server sent two rows where one was asked for");
	c->key = malloc(len + 1);
	if (c->key == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	memcpy(c->key, row, len);
	c->len = len;
	return 0;
}

/* Field i of a key. */
struct rp_field rp_my_cut_field(const struct rp_my_cut *c, size_t i)
{
	const uint8_t *at = c->key;
	struct rp_field f = {0};
	for (size_t k = 0; k <= i; k++)
		if (rp_row_next(&at, c->key + c->len, &f) <= 0)
			return (struct rp_field){0};
	return f;
}

/* The first n columns of a key as a bound; nothing where it would be too long. */
void rp_my_cut_bound(struct rp_buf *to, const struct rp_my_cutting *k, const struct rp_my_cut *c, size_t n)
{
	rp_buf_add(to, k->by_primary ? "PRIMARY:" : "");
	for (size_t i = 0; i < n; i++) {
		struct rp_field f = rp_my_cut_field(c, i);
		rp_buf_add(to, i > 0 ? "," : "");
		if (!rp_my_add_literal(to, &k->key[i], &f))
			to->failed = true;
	}
}

void rp_my_cut_columns(struct rp_buf *sql, const struct rp_my_cutting *k, const char *behind)
{
	for (size_t i = 0; i < k->n_key; i++) {
		rp_buf_add(sql, i > 0 ? ", " : "");
		rp_my_add_name(sql, k->columns[i].name);
		rp_buf_add(sql, behind);
	}
}

static int add_place(struct rp_buf *sql, const struct rp_my_cutting *k, const struct rp_my_between *p,
		     struct rp_err **err)
{
	const char *word = " WHERE ";
	const char *const bounds[] = {p->from != NULL ? p->from->bound : NULL, p->probe,
				      p->to != NULL ? p->to->bound : NULL};
	for (size_t i = 0; i < 3; i++) {
		if (bounds[i] == NULL)
			continue;
		rp_buf_add(sql, word);
		if (rp_my_add_bound(sql, k->r, bounds[i], i == 2, err) < 0)
			return -1;
		word = " AND ";
	}
	for (size_t i = 0; p->same != NULL && i < p->n_same; i++) {
		struct rp_field f = rp_my_cut_field(p->same, i);
		rp_buf_add(sql, word);
		rp_my_add_name(sql, k->columns[i].name);
		rp_buf_add(sql, " = ");
		if (!rp_my_add_literal(sql, &k->key[i], &f))
			sql->failed = true;
		word = " AND ";
	}
	return 0;
}

/* *ret is empty: there is no such key, or it is one that we do not cut at. */
int rp_my_look_up(struct rp_my_cutting *k, const struct rp_my_between *p, struct rp_my_cut *ret,
		  struct rp_err **err)
{
	rp_autobuf sql = RP_BUF_INIT(SQL_MAX);
	rp_autobuf bound = RP_BUF_INIT(BOUND_MAX);
	rp_buf_add(&sql, "SELECT ");
	rp_my_cut_columns(&sql, k, "");
	rp_my_add_from(&sql, k->r, k->by_primary ? RP_MY_BY_PRIMARY : RP_MY_BY_ANY);
	if (add_place(&sql, k, p, err) < 0)
		return -1;
	rp_buf_add(&sql, " ORDER BY ");
	rp_my_cut_columns(&sql, k, p->last ? " DESC" : "");
	rp_buf_addf(&sql, " LIMIT 1 OFFSET %llu", (unsigned long long)p->skip);
	if (rp_buf_check(&sql, err) < 0)
		return -1;
	k->asked++;
	rp_my_cut_done(ret);
	struct rp_my_fetch what = {
		.sql = rp_buf_text(&sql), .columns = k->columns, .n = k->n_key, .fn = keep_key, .ctx = ret};
	if (rp_my_fetch(k->c, &what, err) < 0)
		return -1;
	if (ret->key == NULL)
		return 0;
	rp_my_cut_bound(&bound, k, ret, k->n_key);
	ret->bound = rp_buf_take(&bound);
	if (ret->bound == NULL)
		rp_my_cut_done(ret);
	return 0;
}

static const char *cell(MYSQL_RES *r, MYSQL_ROW row, const char *name)
{
	for (unsigned i = 0; i < mysql_num_fields(r); i++)
		if (strcasecmp(mysql_fetch_field_direct(r, i)->name, name) == 0)
			return row[i];
	return NULL;
}

int rp_my_suppose(struct rp_my_cutting *k, const char *sql, struct rp_my_supposed *ret, struct rp_err **err)
{
	rp_autobuf all = RP_BUF_INIT(SQL_MAX);
	rp_autorows *said = NULL;
	*ret = (struct rp_my_supposed){0};
	rp_buf_addf(&all, "EXPLAIN FORMAT=TRADITIONAL %s", sql);
	if (rp_buf_check(&all, err) < 0 || rp_my_query(k->c, rp_buf_text(&all), &said, err) < 0)
		return -1;
	k->asked++;
	MYSQL_ROW row = mysql_fetch_row(said);
	if (row == NULL)
		return 0;
	const char *rows = cell(said, row, "rows"), *key = cell(said, row, "key");
	const char *type = cell(said, row, "type"), *extra = cell(said, row, "Extra");
	ret->by_index = key != NULL && type != NULL && strcmp(type, "ALL") != 0;
	ret->by_primary = key != NULL && strcmp(key, "PRIMARY") == 0;
	ret->sorted = extra == NULL || strstr(extra, "filesort") == NULL;
	return rows != NULL ? rp_my_u64(rows, &ret->rows, err) : 0;
}

int rp_my_weigh(struct rp_my_cutting *k, size_t i, struct rp_err **err)
{
	rp_autobuf sql = RP_BUF_INIT(SQL_MAX);
	struct rp_my_supposed s = {0};
	struct rp_my_between p = {.from = &k->cuts[i], .to = &k->cuts[i + 1]};
	rp_buf_add(&sql, "SELECT ");
	rp_my_cut_columns(&sql, k, "");
	rp_my_add_from(&sql, k->r, k->by_primary ? RP_MY_SUPPOSE_PRIMARY : RP_MY_BY_ANY);
	if (add_place(&sql, k, &p, err) < 0 || rp_buf_check(&sql, err) < 0 ||
	    rp_my_suppose(k, rp_buf_text(&sql), &s, err) < 0)
		return -1;
	k->cuts[i].weight = s.rows;
	return 0;
}
