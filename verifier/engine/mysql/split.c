/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/fetch.h"
#include "verifier/engine/mysql/literal.h"
#include "verifier/engine/mysql/part.h"
#include "verifier/util/buf.h"

/* A table is cut at keys that are there. Between two of them the server is asked for the first key from about the
 * middle on, and the optimiser how many rows it supposes on either side (it looks into the index, at no cost); what
 * weighs most is cut again. Each new key is asked for between its neighbours, in the column's own order, so whatever
 * was guessed: the parts cover every row once. */

#define SQL_MAX	    (1u << 20)
#define BOUND_MAX   8192     /* a key longer than that is not cut at */
#define CUTS_MAX    512	     /* of how many keys we choose the bounds */
#define CUTS_A_PART 6	     /* so that parts weigh about the same */
#define GUESSES	    70	     /* halvings of a number of 64 bits, and some */
#define ASKED_MAX   20000    /* statements; far more than a table needs */
#define STEP_MAX    1000000u /* rows that are walked over where no middle is known */

struct cut {
	char *bound;  /* owned; as in part.h */
	uint8_t *key; /* owned; these columns as a row */
	size_t len;
	uint64_t weight; /* rows from here to the next */
	bool stuck;	 /* nothing was found in between */
};

struct cutting {
	struct rp_my_conn *c;
	const struct rp_relation *r;
	struct rp_my_key_column key[RP_MY_KEY_MAX];
	struct rp_column columns[RP_MY_KEY_MAX]; /* the same, as a result has them */
	size_t n_key;
	bool by_primary;
	struct cut cuts[CUTS_MAX]; /* in the key's order; the last one is the last key */
	size_t n;
	unsigned asked;
};

static void cut_done(struct cut *c)
{
	free(c->bound);
	free(c->key);
	*c = (struct cut){0};
}
#define rp_autocut rp_cleanup(cut_done) struct cut

static void cutting_done(struct cutting **p)
{
	for (size_t i = 0; *p != NULL && i < (*p)->n; i++)
		cut_done(&(*p)->cuts[i]);
	free(*p);
}

static int keep_key(void *ctx, const uint8_t *row, size_t len, struct rp_err **err)
{
	struct cut *c = ctx;
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
static struct rp_field field(const struct cut *c, size_t i)
{
	const uint8_t *at = c->key;
	struct rp_field f = {0};
	for (size_t k = 0; k <= i; k++)
		if (rp_row_next(&at, c->key + c->len, &f) <= 0)
			return (struct rp_field){0};
	return f;
}

/* The first n columns of a key as a bound; nothing where it would be too long. */
static void add_bound(struct rp_buf *to, const struct cutting *k, const struct cut *c, size_t n)
{
	rp_buf_add(to, k->by_primary ? "PRIMARY:" : "");
	for (size_t i = 0; i < n; i++) {
		struct rp_field f = field(c, i);
		rp_buf_add(to, i > 0 ? "," : "");
		if (!rp_my_add_literal(to, &k->key[i], &f))
			to->failed = true;
	}
}

static void add_columns(struct rp_buf *sql, const struct cutting *k, const char *behind)
{
	for (size_t i = 0; i < k->n_key; i++) {
		rp_buf_add(sql, i > 0 ? ", " : "");
		rp_my_add_name(sql, k->columns[i].name);
		rp_buf_add(sql, behind);
	}
}

/* What one looks for between two keys. */
struct place {
	const struct cut *from, *to; /* from the one on, and below the other; NULL: open */
	const char *probe;	     /* and from this bound on; NULL: none */
	const struct cut *same;	     /* and its first n_same columns are those of this key; NULL: any */
	size_t n_same;
	bool last;     /* the last such key; else the first */
	uint64_t skip; /* and so many more */
};

static int add_place(struct rp_buf *sql, const struct cutting *k, const struct place *p, struct rp_err **err)
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
		struct rp_field f = field(p->same, i);
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
static int look_up(struct cutting *k, const struct place *p, struct cut *ret, struct rp_err **err)
{
	rp_autobuf sql = RP_BUF_INIT(SQL_MAX);
	rp_autobuf bound = RP_BUF_INIT(BOUND_MAX);
	rp_buf_add(&sql, "SELECT ");
	add_columns(&sql, k, "");
	rp_my_add_from(&sql, k->r, k->by_primary ? RP_MY_BY_PRIMARY : RP_MY_BY_ANY);
	if (add_place(&sql, k, p, err) < 0)
		return -1;
	rp_buf_add(&sql, " ORDER BY ");
	add_columns(&sql, k, p->last ? " DESC" : "");
	rp_buf_addf(&sql, " LIMIT 1 OFFSET %llu", (unsigned long long)p->skip);
	if (rp_buf_check(&sql, err) < 0)
		return -1;
	k->asked++;
	cut_done(ret);
	struct rp_my_fetch what = {
		.sql = rp_buf_text(&sql), .columns = k->columns, .n = k->n_key, .fn = keep_key, .ctx = ret};
	if (rp_my_fetch(k->c, &what, err) < 0)
		return -1;
	if (ret->key == NULL)
		return 0;
	add_bound(&bound, k, ret, k->n_key);
	ret->bound = rp_buf_take(&bound);
	if (ret->bound == NULL)
		cut_done(ret);
	return 0;
}

static const char *cell(MYSQL_RES *r, MYSQL_ROW row, const char *name)
{
	for (unsigned i = 0; i < mysql_num_fields(r); i++)
		if (strcasecmp(mysql_fetch_field_direct(r, i)->name, name) == 0)
			return row[i];
	return NULL;
}

/* How the server would read: the rows it supposes, and by which index. */
struct supposed {
	uint64_t rows;
	bool by_index, by_primary, sorted;
};

static int explain(struct cutting *k, const char *sql, struct supposed *ret, struct rp_err **err)
{
	rp_autobuf all = RP_BUF_INIT(SQL_MAX);
	rp_autorows *said = NULL;
	*ret = (struct supposed){0};
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

static int weigh(struct cutting *k, size_t i, struct rp_err **err)
{
	rp_autobuf sql = RP_BUF_INIT(SQL_MAX);
	struct supposed s = {0};
	struct place p = {.from = &k->cuts[i], .to = &k->cuts[i + 1]};
	rp_buf_add(&sql, "SELECT ");
	add_columns(&sql, k, "");
	rp_my_add_from(&sql, k->r, k->by_primary ? RP_MY_SUPPOSE_PRIMARY : RP_MY_BY_ANY);
	if (add_place(&sql, k, &p, err) < 0 || rp_buf_check(&sql, err) < 0 ||
	    explain(k, rp_buf_text(&sql), &s, err) < 0)
		return -1;
	k->cuts[i].weight = s.rows;
	return 0;
}

/* A key of the same text is none to cut at: in a column's order others can be equal to it too, and that is no harm. */
static bool is_between(const struct cut *found, const struct cut *from, const struct cut *to)
{
	return found->bound != NULL && strcmp(found->bound, from->bound) != 0 &&
	       strcmp(found->bound, to->bound) != 0;
}

static bool is_same(const struct cut *a, const struct cut *b, size_t i)
{
	struct rp_field x = field(a, i), y = field(b, i);
	return x.value != NULL && y.value != NULL && x.len == y.len && memcmp(x.value, y.value, x.len) == 0;
}

static struct rp_field value_in(const struct rp_buf *b)
{
	return (struct rp_field){(const uint8_t *)rp_buf_text(b), b->len};
}

/* By halves of the values of column j, which is the first that differs: downwards while nothing is found, for there
 * may be a gap below the last key; upwards while only the first one is. */
static int guess(struct cutting *k, const struct cut *from, const struct cut *to, size_t j, struct cut *ret,
		 struct rp_err **err)
{
	rp_autobuf one = RP_BUF_INIT(BOUND_MAX);
	rp_autobuf two = RP_BUF_INIT(BOUND_MAX);
	rp_autobuf three = RP_BUF_INIT(BOUND_MAX);
	struct rp_buf *low = &one, *high = &two, *half = &three;
	struct rp_field a = field(from, j), b = field(to, j);
	rp_buf_add_mem(low, a.value, a.len);
	rp_buf_add_mem(high, b.value, b.len);
	for (unsigned i = 0; i < GUESSES; i++) {
		rp_autobuf probe = RP_BUF_INIT(BOUND_MAX);
		a = value_in(low);
		b = value_in(high);
		if (!rp_my_middle(half, &k->key[j], &a, &b))
			return 0;
		struct rp_field f = value_in(half);
		add_bound(&probe, k, from, j);
		rp_buf_add(&probe, j > 0 ? "," : "");
		if (!rp_my_add_literal(&probe, &k->key[j], &f) || probe.failed)
			return 0;
		struct place p = {.from = from, .to = to, .probe = probe.s};
		if (look_up(k, &p, ret, err) < 0)
			return -1;
		if (ret->bound != NULL && is_between(ret, from, to))
			return 0;
		struct rp_buf **end = ret->bound != NULL ? &low : &high, *was = *end;
		*end = half;
		half = was;
		cut_done(ret);
	}
	return 0;
}

/* Where column j has no value in between: where its next value begins, or, if nothing of that is below 'to', within
 * the one that it has. */
static int descend(struct cutting *k, const struct cut *from, const struct cut *to, size_t j, struct cut *ret,
		   struct rp_err **err)
{
	rp_autocut last = {0};
	struct place first_of_next = {.from = from, .to = to, .same = to, .n_same = j + 1};
	struct place last_of_this = {.from = from, .to = to, .same = from, .n_same = j + 1, .last = true};
	if (j + 1 == k->n_key)
		return 0;
	if (look_up(k, &first_of_next, ret, err) < 0)
		return -1;
	if (ret->bound != NULL && is_between(ret, from, to))
		return 0;
	cut_done(ret);
	if (look_up(k, &last_of_this, &last, err) < 0)
		return -1;
	if (last.bound == NULL || !is_between(&last, from, to))
		return 0;
	for (size_t i = j + 1; i < k->n_key; i++)
		if (!is_same(from, &last, i))
			return guess(k, from, &last, i, ret, err);
	return 0;
}

/* Where nothing can be guessed: over as many rows as the server supposes to be half of them. */
static int walk(struct cutting *k, const struct cut *from, const struct cut *to, struct cut *ret,
		struct rp_err **err)
{
	uint64_t skip = from->weight / 2 < STEP_MAX ? from->weight / 2 : STEP_MAX;
	for (; skip > 0; skip /= 8) {
		struct place p = {.from = from, .to = to, .skip = skip};
		if (look_up(k, &p, ret, err) < 0)
			return -1;
		if (ret->bound != NULL && is_between(ret, from, to))
			return 0;
		cut_done(ret);
	}
	return 0;
}

static int find_between(struct cutting *k, const struct cut *from, const struct cut *to, struct cut *ret,
			struct rp_err **err)
{
	size_t j = 0;
	while (j < k->n_key && is_same(from, to, j))
		j++;
	if (j == k->n_key)
		return 0;
	if (guess(k, from, to, j, ret, err) < 0)
		return -1;
	if (ret->bound == NULL && descend(k, from, to, j, ret, err) < 0)
		return -1;
	return ret->bound != NULL ? 0 : walk(k, from, to, ret, err);
}

static int cut_at(struct cutting *k, size_t i, struct rp_err **err)
{
	rp_autocut found = {0};
	if (find_between(k, &k->cuts[i], &k->cuts[i + 1], &found, err) < 0)
		return -1;
	if (found.bound == NULL) {
		k->cuts[i].stuck = true;
		return 0;
	}
	memmove(&k->cuts[i + 2], &k->cuts[i + 1], (k->n - i - 1) * sizeof k->cuts[0]);
	k->cuts[i + 1] = found;
	k->n++;
	found = (struct cut){0};
	return weigh(k, i, err) < 0 ? -1 : weigh(k, i + 1, err);
}

/* The heaviest that can be cut. SIZE_MAX: there is none. */
static size_t heaviest(const struct cutting *k)
{
	size_t best = SIZE_MAX;
	for (size_t i = 0; i + 1 < k->n; i++)
		if (!k->cuts[i].stuck && k->cuts[i].weight > 1 &&
		    (best == SIZE_MAX || k->cuts[i].weight > k->cuts[best].weight))
			best = i;
	return best;
}

static int cut_all(struct cutting *k, unsigned parts, struct rp_err **err)
{
	size_t wanted = (size_t)parts * CUTS_A_PART;
	size_t most = wanted < CUTS_MAX - 1 ? wanted : CUTS_MAX - 1;
	while (k->n < most && k->asked < ASKED_MAX) {
		size_t i = heaviest(k);
		if (i == SIZE_MAX)
			break;
		if (cut_at(k, i, err) < 0)
			return -1;
	}
	return 0;
}

/* First and last key. 0: there is nothing between them, or the server would have to sort for what we ask. */
static int find_ends(struct cutting *k, struct rp_err **err)
{
	rp_autobuf sql = RP_BUF_INIT(SQL_MAX);
	struct supposed s = {0};
	rp_buf_add(&sql, "SELECT ");
	add_columns(&sql, k, "");
	rp_my_add_from(&sql, k->r, RP_MY_BY_ANY);
	rp_buf_add(&sql, " ORDER BY ");
	add_columns(&sql, k, "");
	rp_buf_add(&sql, " LIMIT 1");
	if (rp_buf_check(&sql, err) < 0 || explain(k, rp_buf_text(&sql), &s, err) < 0)
		return -1;
	if (!s.by_index || !s.sorted)
		return 0;
	k->by_primary = s.by_primary;
	for (k->n = 0; k->n < 2; k->n++) {
		struct place p = {.last = k->n == 1};
		if (look_up(k, &p, &k->cuts[k->n], err) < 0)
			return -1;
		if (k->cuts[k->n].bound == NULL)
			return 0;
	}
	return weigh(k, 0, err) < 0 ? -1 : strcmp(k->cuts[0].bound, k->cuts[1].bound) != 0;
}

/* The first columns of the key, as far as one can ask for what comes after a value. */
static int describe_key(struct cutting *k, struct rp_err **err)
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
static int choose(const struct cutting *k, struct rp_range *ret, unsigned n, struct rp_err **err)
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
static int is_worth(struct cutting *k, const struct rp_range *part, struct rp_err **err)
{
	rp_autobuf sql = RP_BUF_INIT(SQL_MAX);
	struct supposed s = {0};
	rp_buf_add(&sql, "SELECT ");
	for (size_t i = 0; i < k->r->n_columns; i++) {
		rp_buf_add(&sql, i > 0 ? ", " : "");
		rp_my_add_name(&sql, k->r->columns[i].name);
	}
	rp_my_add_from(&sql, k->r, k->by_primary ? RP_MY_BY_PRIMARY : RP_MY_BY_ANY);
	if (rp_my_add_where(&sql, k->r, part, err) < 0 || rp_buf_check(&sql, err) < 0 ||
	    explain(k, rp_buf_text(&sql), &s, err) < 0)
		return -1;
	return s.by_index;
}

static int split(struct cutting *k, struct rp_range *ret, unsigned n, struct rp_err **err)
{
	int r = describe_key(k, err);
	if (r > 0)
		r = find_ends(k, err);
	if (r <= 0)
		return r < 0 ? -1 : 1;
	if (cut_all(k, n, err) < 0)
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
	rp_cleanup(cutting_done) struct cutting *k = calloc(1, sizeof *k);
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
