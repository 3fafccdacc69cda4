/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "verifier/engine/mysql/cut.h"
#include "verifier/engine/mysql/fetch.h"
#include "verifier/engine/mysql/literal.h"
#include "verifier/util/buf.h"

/* A table is cut at keys that are there. Between two of them the server is asked for the first key from about the
 * middle on, and the optimiser how many rows it supposes on either side (it looks into the index, at no cost); what
 * weighs most is cut again. Each new key is asked for between its neighbours, in the column's own order, so whatever
 * was guessed: the parts cover every row once. */

static void cutting_done(struct rp_my_cutting **p)
{
	for (size_t i = 0; *p != NULL && i < (*p)->n; i++)
		rp_my_cut_done(&(*p)->cuts[i]);
	free(*p);
}

/* First and last key. 0: there is nothing between them, or the server would have to sort for what we ask. */
static int find_ends(struct rp_my_cutting *k, struct rp_err **err)
{
	rp_autobuf sql = RP_BUF_INIT(SQL_MAX);
	struct rp_my_supposed s = {0};
	rp_buf_add(&sql, "SELECT ");
	rp_my_cut_columns(&sql, k, "");
	rp_my_add_from(&sql, k->r, RP_MY_BY_ANY);
	rp_buf_add(&sql, " ORDER BY ");
	rp_my_cut_columns(&sql, k, "");
	rp_buf_add(&sql, " LIMIT 1");
	if (rp_buf_check(&sql, err) < 0 || rp_my_suppose(k, rp_buf_text(&sql), &s, err) < 0)
		return -1;
	if (!s.by_index || !s.sorted)
		return 0;
	k->by_primary = s.by_primary;
	for (k->n = 0; k->n < 2; k->n++) {
		struct rp_my_between p = {.last = k->n == 1};
		if (rp_my_look_up(k, &p, &k->cuts[k->n], err) < 0)
			return -1;
		if (k->cuts[k->n].bound == NULL)
			return 0;
	}
	return rp_my_weigh(k, 0, err) < 0 ? -1 : strcmp(k->cuts[0].bound, k->cuts[1].bound) != 0;
}

/* The first columns of the key, as far as one can ask for what comes after a value. */
static int describe_key(struct rp_my_cutting *k, struct rp_err **err)
{
	const struct rp_column *key[RP_MY_KEY_MAX];
	size_t n = rp_my_key_of(k->r, key);
	rp_autobuf sql = RP_BUF_INIT(SQL_MAX);
	rp_autorows *said = NULL;
	while (k->n_key < n && rp_my_key_is_ordered(key[k->n_key]))
		k->n_key++;
	if (k->n_key == 0)
		return 0;
	for (size_t i = 0; i < k->n_key; i++) {
		rp_buf_add(&sql, i == 0 ? "SELECT CHARSET(" : "), CHARSET(");
		rp_my_add_name(&sql, key[i]->name);
	}
	rp_buf_add(&sql, ")");
	rp_my_add_from(&sql, k->r, RP_MY_BY_ANY);
	rp_buf_add(&sql, " LIMIT 1");
	if (rp_buf_check(&sql, err) < 0 || rp_my_query(k->c, rp_buf_text(&sql), &said, err) < 0)
		return -1;
	MYSQL_ROW row = mysql_fetch_row(said);
	for (size_t i = 0; i < k->n_key; i++) {
		rp_my_key_column(&k->key[i], key[i], row != NULL ? row[i] : NULL);
		k->columns[i] = *key[i];
	}
	return row != NULL;
}

static int add_end(struct rp_range *ret, unsigned i, const char *bound, struct rp_err **err)
{
	ret[i - 1].to = strdup(bound);
	ret[i].from = strdup(bound);
	if (ret[i - 1].to == NULL || ret[i].from == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	return 0;
}

static void ranges_done(struct rp_range *ret, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		free(ret[i].from);
		free(ret[i].to);
		ret[i] = (struct rp_range){0};
	}
}

/* Neighbours together, until they weigh what a part should. Open at both ends: every row is in one. */
static int choose(const struct rp_my_cutting *k, struct rp_range *ret, unsigned n, struct rp_err **err)
{
	uint64_t all = 0, so_far = 0;
	unsigned made = 1;
	for (size_t i = 0; i + 1 < k->n; i++)
		all += k->cuts[i].weight;
	for (size_t i = 1; i + 1 < k->n && made < n; i++) {
		uint64_t before = k->cuts[i - 1].weight, due = all / n * made;
		so_far += before;
		/* Whichever of the two keys around it is nearer to where a part should end. */
		if (so_far + k->cuts[i].weight / 2 < due)
			continue;
		if (add_end(ret, made, k->cuts[i].bound, err) < 0)
			return -1;
		made++;
	}
	return (int)made;
}

/* The parts are worth it when the server reads each by the index, and not the whole table every time. */
static int is_worth(struct rp_my_cutting *k, const struct rp_range *part, struct rp_err **err)
{
	rp_autobuf sql = RP_BUF_INIT(SQL_MAX);
	struct rp_my_supposed s = {0};
	rp_buf_add(&sql, "SELECT ");
	for (size_t i = 0; i < k->r->n_columns; i++) {
		rp_buf_add(&sql, i > 0 ? ", " : "");
		rp_my_add_name(&sql, k->r->columns[i].name);
	}
	rp_my_add_from(&sql, k->r, k->by_primary ? RP_MY_BY_PRIMARY : RP_MY_BY_ANY);
	if (rp_my_add_where(&sql, k->r, part, err) < 0 || rp_buf_check(&sql, err) < 0 ||
	    rp_my_suppose(k, rp_buf_text(&sql), &s, err) < 0)
		return -1;
	return s.by_index;
}

static int split(struct rp_my_cutting *k, struct rp_range *ret, unsigned n, struct rp_err **err)
{
	int r = describe_key(k, err);
	if (r > 0)
		r = find_ends(k, err);
	if (r <= 0)
		return r < 0 ? -1 : 1;
	if (rp_my_cut_all(k, n, err) < 0)
		return -1;
	r = choose(k, ret, n, err);
	if (r < 2)
		return r;
	int worth = is_worth(k, &ret[r / 2], err);
	if (worth > 0)
		return r;
	ranges_done(ret, n);
	return worth < 0 ? -1 : 1;
}

int rp_my_split(struct rp_conn *conn, const struct rp_relation *r, struct rp_range *ret, unsigned n,
		struct rp_err **err)
{
	for (unsigned i = 0; i < n; i++)
		ret[i] = (struct rp_range){0};
	if (n < 2 || r->source == NULL || r->source[0] == '(' || r->n_columns == 0)
		return n > 0 ? 1 : 0;
	rp_cleanup(cutting_done) struct rp_my_cutting *k = calloc(1, sizeof *k);
	if (k == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	k->c = rp_my_of(conn);
	k->r = r;
	rp_autoerr struct rp_err *why = NULL;
	int made = split(k, ret, n, &why);
	if (made >= 0)
		return made;
	ranges_done(ret, n);
	return rp_my_refuse(k->c, why, err);
}
