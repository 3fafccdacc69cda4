/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/mysql/encoding.h"
#include "verifier/engine/mysql/normal.h"
#include "verifier/engine/mysql/objects.h"
#include "verifier/util/buf.h"

/* What holds rows: every table of the database, and beside each system-versioned one the rows that it no
 * longer shows. Tables that only stand for rows elsewhere are not read, which the coverage says. */

#define TEXT_MAX    (256 << 10)
#define COLUMNS_MAX 4096
#define KEY_MAX	    16

/* clang-format off */
static const char tables_sql[] =
	"SELECT t.TABLE_NAME, t.TABLE_TYPE, t.ENGINE, COALESCE(t.DATA_LENGTH, 0), t.TABLE_COMMENT FROM"
	" information_schema.TABLES t WHERE " RP_MY_HERE("t.TABLE_SCHEMA") " AND t.TABLE_TYPE IN "
	RP_MY_TABLE_TYPES " AND (t.ENGINE IS NULL OR t.ENGINE NOT IN " RP_MY_ELSEWHERE ") ORDER BY "
	RP_MY_BYTES_OF("t.TABLE_NAME");

static const char columns_sql[] =
	"SELECT c.TABLE_NAME, c.COLUMN_NAME, c.DATA_TYPE, c.COLUMN_TYPE, "
	RP_MY_CHARSET("c.CHARACTER_SET_NAME") ", COALESCE(c.GENERATION_EXPRESSION, '') FROM"
	" information_schema.COLUMNS c WHERE " RP_MY_HERE("c.TABLE_SCHEMA") " ORDER BY "
	RP_MY_BYTES_OF("c.TABLE_NAME") ", c.ORDINAL_POSITION";

/* The primary key first, then the unique indexes over the fewest columns. A part of a value is no key, and
 * neither is an expression. */
static const char keys_sql[] =
	"SELECT s.TABLE_NAME, s.INDEX_NAME, s.COLUMN_NAME, CASE WHEN s.SUB_PART IS NULL AND s.NULLABLE <>"
	" 'YES' AND s.INDEX_TYPE IN ('BTREE', 'HASH') THEN 1 ELSE 0 END FROM information_schema.STATISTICS"
	" s WHERE " RP_MY_HERE("s.TABLE_SCHEMA") " AND s.NON_UNIQUE = 0 AND s.COMMENT <> 'disabled' ORDER"
	" BY " RP_MY_BYTES_OF("s.TABLE_NAME") ", s.INDEX_NAME <> 'PRIMARY', " RP_MY_BYTES_OF("s.INDEX_NAME")
	", s.SEQ_IN_INDEX";
/* clang-format on */
enum { TABLE, TYPE, ENGINE, BYTES, COMMENT, TABLE_N };
enum { COLUMN = 1, DATA_TYPE, COLUMN_TYPE, CHARSET, GENERATED, COLUMN_N };
enum { INDEX = 1, INDEX_COLUMN, USABLE, KEY_N };

/* Three results in one order, read side by side. */
struct walk {
	struct rp_my_conn *c;
	MYSQL_RES *tables, *columns, *keys;
	MYSQL_ROW column, key; /* the next one of each */
	struct rp_column *all; /* of the table at hand; names and types in 'texts' */
	size_t n;
	/* The columns that say from when until when a row was current; NULL: no visible ones. */
	const char *start, *end;
	struct rp_arena *texts;
};

static void walk_done(struct walk *w)
{
	mysql_free_result(w->tables);
	mysql_free_result(w->columns);
	mysql_free_result(w->keys);
	free(w->all);
	rp_arena_free(w->texts);
}

static int no_memory(struct rp_err **err)
{
	return rp_err_set(err, RP_ERR_NOMEM, "no memory for tables and their columns");
}

/* The type for people, and for whoever prints values: their character set. */
static const char *type_of(struct walk *w, MYSQL_ROW row)
{
	rp_autobuf type = RP_BUF_INIT(TEXT_MAX);
	rp_my_add_type(&type, row[COLUMN_TYPE]);
	if (row[CHARSET] != NULL)
		rp_buf_addf(&type, " character set %s", row[CHARSET]);
	if (strcmp(row[GENERATED], "ROW START") == 0 || strcmp(row[GENERATED], "ROW END") == 0)
		rp_buf_addf(&type, " generated as %s", row[GENERATED][4] == 'S' ? "row start" : "row end");
	else if (row[GENERATED][0] != '\0')
		rp_buf_add(&type, " generated");
	return type.failed ? NULL : rp_arena_strdup(w->texts, rp_buf_text(&type));
}

static int add_column(struct walk *w, struct rp_column column, struct rp_err **err)
{
	if (w->n == COLUMNS_MAX)
		return rp_err_set(err, RP_ERR_ENGINE, "it has too many columns");
	if (column.name == NULL || column.type == NULL)
		return no_memory(err);
	column.order = rp_my_order(column.encoding);
	w->all[w->n++] = column;
	return 0;
}

static int next_column(struct walk *w, struct rp_err **err)
{
	return rp_my_next(w->columns, COLUMN_N, 1u << CHARSET, &w->column, err);
}

/* The columns of one table. */
static int read_columns(struct walk *w, const char *table, struct rp_err **err)
{
	w->n = 0;
	w->start = w->end = NULL;
	while (w->column != NULL && strcmp(w->column[0], table) <= 0) {
		struct rp_column column = {
			.name = rp_arena_strdup(w->texts, w->column[COLUMN]),
			.type = type_of(w, w->column),
			.encoding = rp_my_encoding_of(w->column[DATA_TYPE], w->column[COLUMN_TYPE])};
		bool ours = strcmp(w->column[0], table) == 0; /* and not a view's before it */
		if (ours && strcmp(w->column[GENERATED], "ROW START") == 0)
			w->start = column.name;
		if (ours && strcmp(w->column[GENERATED], "ROW END") == 0)
			w->end = column.name;
		if ((ours && add_column(w, column, err) < 0) || next_column(w, err) < 0)
			return -1;
	}
	return 0;
}

static struct rp_column *column_named(struct walk *w, const char *name)
{
	for (size_t i = 0; name != NULL && i < w->n; i++)
		if (strcmp(w->all[i].name, name) == 0)
			return &w->all[i];
	return NULL;
}

static int next_key(struct walk *w, struct rp_err **err)
{
	return rp_my_next(w->keys, KEY_N, 1u << INDEX_COLUMN, &w->key, err);
}

/* An index that may be the table's key. */
struct key {
	struct rp_column *columns[KEY_MAX];
	size_t n;
	bool usable, primary;
};

/* The index that the next rows are about. */
static int read_index(struct walk *w, struct key *ret, struct rp_err **err)
{
	const char *table = w->key[0], *index = w->key[INDEX];
	*ret = (struct key){.usable = true, .primary = strcmp(index, "PRIMARY") == 0};
	while (w->key != NULL && strcmp(w->key[0], table) == 0 && strcmp(w->key[INDEX], index) == 0) {
		struct rp_column *column = column_named(w, w->key[INDEX_COLUMN]);
		ret->usable = ret->usable && column != NULL && w->key[USABLE][0] == '1' && ret->n < KEY_MAX;
		if (ret->usable)
			ret->columns[ret->n++] = column;
		if (next_key(w, err) < 0)
			return -1;
	}
	return 0;
}

/* Mark the columns of the best key: the primary one, which comes first, else the one with the fewest. */
static int read_key(struct walk *w, const char *table, struct rp_err **err)
{
	struct key best = {.n = 0}, next;
	while (w->key != NULL && strcmp(w->key[0], table) <= 0) {
		bool ours = strcmp(w->key[0], table) == 0;
		if (read_index(w, &next, err) < 0)
			return -1;
		if (ours && next.usable && !best.primary && (best.n == 0 || next.n < best.n))
			best = next;
	}
	for (size_t i = 0; i < best.n; i++)
		best.columns[i]->key = (unsigned)i + 1;
	return 0;
}

/* Why the rows cannot be read, in 'why'; NULL: they can. */
static const char *refused(const struct walk *w, MYSQL_ROW table, struct rp_buf *why)
{
	if (table[ENGINE] == NULL || w->n == 0) {
		rp_buf_addf(why, "the server cannot open it: %s",
			    table[COMMENT] != NULL ? table[COMMENT] : "it has no columns");
		return rp_buf_text(why);
	}
	for (size_t i = 0; i < w->n; i++)
		if (w->all[i].encoding == NULL) {
			rp_buf_addf(why, "no encoding is known for column '%s' of type '%s'", w->all[i].name,
				    w->all[i].type);
			return rp_buf_text(why);
		}
	return NULL;
}

static int add(struct walk *w, struct rp_survey *into, MYSQL_ROW table, const char *second,
	       const struct rp_buf *source, struct rp_err **err)
{
	rp_autobuf name = RP_BUF_INIT(TEXT_MAX), why = RP_BUF_INIT(TEXT_MAX);
	struct rp_relation r = {
		.columns = w->all, .n_columns = w->n, .not_surveyed = refused(w, table, &why)};
	rp_name_add(&name, table[TABLE]);
	if (second != NULL)
		rp_name_add(&name, second);
	if (rp_buf_check(&name, err) < 0 || rp_buf_check(&why, err) < 0 || rp_buf_check(source, err) < 0 ||
	    rp_my_u64(table[BYTES], &r.weight, err) < 0)
		return -1;
	/* A column without an encoding is only there to be named. */
	for (size_t i = 0; r.not_surveyed != NULL && i < w->n; i++)
		if (w->all[i].encoding == NULL)
			w->all[i].encoding = "unknown";
	r.name = rp_buf_text(&name);
	r.source = rp_buf_text(source);
	return rp_survey_add_relation(into, &r, err);
}

static void add_source(struct walk *w, struct rp_buf *to, const char *table)
{
	rp_my_add_name(to, w->c->database);
	rp_buf_add(to, ".");
	rp_my_add_name(to, table);
}

/* Names of pseudo columns where the table has none of its own. */
#define ROW_START "row_start"
#define ROW_END	  "row_end"

/* Whoever is current has an end that no clock has reached, or (by transaction number) the greatest there
 * is. */
static int add_history(struct walk *w, struct rp_survey *into, MYSQL_ROW table, struct rp_err **err)
{
	rp_autobuf source = RP_BUF_INIT(TEXT_MAX);
	struct rp_column *own_end = column_named(w, w->end);
	bool numbers = own_end != NULL && strncmp(own_end->type, "bigint", 6) == 0;
	const char *encoding = rp_my_encoding_of("timestamp", "timestamp(6)");
	if (w->start == NULL && add_column(w,
					   (struct rp_column){.name = ROW_START,
							      .type = "timestamp(6) generated as row start",
							      .encoding = encoding},
					   err) < 0)
		return -1;
	if (w->end == NULL && add_column(w,
					 (struct rp_column){.name = ROW_END,
							    .type = "timestamp(6) generated as row end",
							    .encoding = encoding},
					 err) < 0)
		return -1;
	struct rp_column *end = column_named(w, w->end != NULL ? w->end : ROW_END);
	unsigned keys = 0;
	for (size_t i = 0; i < w->n; i++)
		keys += w->all[i].key > 0;
	if (keys > 0 && end->key == 0)
		end->key = keys + 1;
	rp_buf_add(&source, "(SELECT ");
	for (size_t i = 0; i < w->n; i++) {
		rp_buf_add(&source, i > 0 ? ", " : "");
		rp_my_add_name(&source, w->all[i].name);
	}
	rp_buf_add(&source, " FROM ");
	add_source(w, &source, table[TABLE]);
	/* The hint is for tables alone: a view in its place is refused before its code runs. */
	rp_buf_add(&source, " FOR SYSTEM_TIME ALL USE INDEX FOR GROUP BY () WHERE ");
	rp_my_add_name(&source, end->name);
	rp_buf_add(&source, numbers ? " < 18446744073709551615) AS history"
				    : " < TIMESTAMP'2038-01-19 03:14:07') AS history");
	return add(w, into, table, RP_MY_HISTORY, &source, err);
}

/* Until when a row is current is a part of every key of such a table, and the same for all current rows. */
static void take_end_from_key(struct walk *w)
{
	struct rp_column *end = column_named(w, w->end);
	unsigned place = end != NULL ? end->key : 0;
	for (size_t i = 0; place > 0 && i < w->n; i++)
		w->all[i].key -= w->all[i].key > place;
	if (end != NULL)
		end->key = 0;
}

static int add_table(struct walk *w, struct rp_survey *into, MYSQL_ROW table, struct rp_err **err)
{
	rp_autobuf source = RP_BUF_INIT(TEXT_MAX);
	if (read_columns(w, table[TABLE], err) < 0)
		return -1;
	if (read_key(w, table[TABLE], err) < 0)
		return -1;
	take_end_from_key(w);
	add_source(w, &source, table[TABLE]);
	if (add(w, into, table, NULL, &source, err) < 0)
		return -1;
	return strcmp(table[TYPE], "SYSTEM VERSIONED") == 0 ? add_history(w, into, table, err) : 0;
}

int rp_my_add_relations(struct rp_my_conn *c, struct rp_survey *into, struct rp_err **err)
{
	rp_cleanup(walk_done) struct walk w = {.c = c, .all = calloc(COLUMNS_MAX, sizeof *w.all)};
	if (w.all == NULL)
		return no_memory(err);
	if (rp_my_query(c, tables_sql, &w.tables, err) < 0 ||
	    rp_my_query(c, columns_sql, &w.columns, err) < 0 || rp_my_query(c, keys_sql, &w.keys, err) < 0)
		return rp_err_wrap(err, "tables and their columns");
	if (next_column(&w, err) < 0 || next_key(&w, err) < 0)
		return -1;
	for (;;) {
		MYSQL_ROW table = NULL;
		rp_arena_free(rp_take(w.texts));
		if (rp_my_next(w.tables, TABLE_N, 1u << ENGINE | 1u << COMMENT, &table, err) < 0 ||
		    rp_arena_new(&w.texts, err) < 0)
			return -1;
		if (table == NULL)
			return 0;
		if (add_table(&w, into, table, err) < 0)
			return rp_err_wrap(err, "table '%s'", table[TABLE]);
	}
}
