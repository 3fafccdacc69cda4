/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/foreign_keys.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "verifier/util/buf.h"

/* Byte order: the rows of one key must stand together, whatever the names' case. */
static const char keys_sql[] =
	"SELECT TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME,"
	" REFERENCED_COLUMN_NAME FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = ? AND"
	" REFERENCED_TABLE_NAME IS NOT NULL ORDER BY CAST(TABLE_NAME AS BINARY), CAST(CONSTRAINT_NAME AS"
	" BINARY), ORDINAL_POSITION";
enum { TABLE, KEY, COLUMN, PARENT_SCHEMA, PARENT, PARENT_COLUMN, KEYS_N };

/* Of one table by its name: joined, information_schema would be read whole for every row. */
static const char columns_sql[] =
	"SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, CHARACTER_SET_NAME, COLLATION_NAME FROM"
	" information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?";

static int columns_of(struct rp_my_conn *c, const char *table, MYSQL_RES **ret, struct rp_err **err)
{
	const char *const params[] = {c->database, table};
	return rp_my_ask_for(c, columns_sql, params, 2, ret, err);
}

/* A foreign key may write a column's name in another case than its table does. */
static struct rp_my_fk_column find(MYSQL_RES *columns, const char *name)
{
	MYSQL_ROW row;
	if (columns != NULL)
		mysql_data_seek(columns, 0);
	while (columns != NULL && (row = mysql_fetch_row(columns)) != NULL)
		if (row[0] != NULL && strcasecmp(row[0], name) == 0)
			return (struct rp_my_fk_column){name, row[1], row[2], row[3], row[4]};
	return (struct rp_my_fk_column){.name = name};
}

static bool is_same_key(char *const *a, char *const *b)
{
	return strcmp(a[TABLE], b[TABLE]) == 0 && strcmp(a[KEY], b[KEY]) == 0;
}

static int give(struct rp_my_conn *c, MYSQL_ROW *rows, size_t n, rp_my_foreign_key_fn *fn, void *ctx,
		struct rp_err **err)
{
	rp_autorows *from = NULL, *to = NULL;
	struct rp_my_foreign_key k = {.table = rows[0][TABLE],
				      .name = rows[0][KEY],
				      .parent_schema = rows[0][PARENT_SCHEMA],
				      .parent = rows[0][PARENT],
				      .n = n};
	bool here = strcmp(k.parent_schema, c->database) == 0;
	if (n > RP_MY_KEY_COLUMNS)
		return rp_err_set(err, RP_ERR_ENGINE, "foreign key '%s' has %zu columns", k.name, n);
	if (columns_of(c, k.table, &from, err) < 0 || (here && columns_of(c, k.parent, &to, err) < 0))
		return -1;
	for (size_t i = 0; i < n; i++) {
		k.from[i] = find(from, rows[i][COLUMN]);
		k.to[i] = find(to, rows[i][PARENT_COLUMN]);
	}
	return fn(ctx, &k, err);
}

static int read_rows(MYSQL_RES *list, MYSQL_ROW **ret, size_t *ret_n, struct rp_err **err)
{
	size_t n = (size_t)mysql_num_rows(list);
	rp_autofree MYSQL_ROW *rows = calloc(n + 1, sizeof *rows);
	if (rows == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < n; i++) {
		rows[i] = mysql_fetch_row(list);
		for (int j = 0; rows[i] != NULL && j < KEYS_N; j++)
			if (rows[i][j] == NULL)
				rows[i] = NULL;
		if (rows[i] == NULL)
			return rp_err_set(err, RP_ERR_ENGINE, "the server names a foreign key by halves");
	}
	*ret_n = n;
	*ret = rp_take(rows);
	return 0;
}

int rp_my_foreign_keys(struct rp_my_conn *c, rp_my_foreign_key_fn *fn, void *ctx, uint64_t *ret_n,
		       struct rp_err **err)
{
	const char *const params[] = {c->database};
	rp_autorows *list = NULL;
	rp_autofree MYSQL_ROW *rows = NULL;
	size_t n = 0, end = 0;
	*ret_n = 0;
	if (rp_my_ask_for(c, keys_sql, params, 1, &list, err) < 0 || read_rows(list, &rows, &n, err) < 0)
		return rp_err_wrap(err, "list the foreign keys");
	for (size_t first = 0; first < n; first = end) {
		for (end = first + 1; end < n && is_same_key(rows[first], rows[end]);)
			end++;
		if (give(c, rows + first, end - first, fn, ctx, err) < 0)
			return -1;
		++*ret_n;
	}
	return 0;
}

int rp_my_foreign_key_name(const struct rp_my_foreign_key *k, struct rp_buf *ret, struct rp_err **err)
{
	rp_name_add(ret, k->table);
	rp_name_add(ret, k->name);
	return rp_buf_check(ret, err);
}
