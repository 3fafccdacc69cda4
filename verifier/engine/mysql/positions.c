/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/mysql/normal.h"
#include "verifier/engine/mysql/objects.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"

/* Counters: AUTO_INCREMENT and MariaDB's sequences. They move while the snapshot stands still, and a
 * backup has whatever they were when it looked at them. */

#define NAME_MAX_BYTES (8 << 10)
#define SQL_MAX	       (8 << 10)
#define TEXT_MAX       (64 << 10)

void rp_my_positions_free(struct rp_my_positions *p)
{
	if (p == NULL)
		return;
	free(p->all);
	rp_arena_free(p->texts);
	free(p);
}

static int no_memory(struct rp_err **err)
{
	return rp_err_set(err, RP_ERR_NOMEM, "no memory for the positions of counters");
}

static int add(struct rp_my_positions *p, const struct rp_my_counter *like, struct rp_err **err)
{
	if (p->n == p->cap) {
		size_t cap = p->cap > 0 ? p->cap * 2 : 32;
		struct rp_my_counter *all = reallocarray(p->all, cap, sizeof *all);
		if (all == NULL)
			return no_memory(err);
		p->all = all;
		p->cap = cap;
	}
	struct rp_my_counter *c = &p->all[p->n++];
	*c = (struct rp_my_counter){like->kind, rp_arena_strdup(p->texts, like->name),
				    rp_arena_strdup(p->texts, like->definition),
				    rp_arena_strdup(p->texts, like->comment),
				    rp_arena_strdup(p->texts, like->at)};
	return c->name != NULL && c->definition != NULL && c->comment != NULL && c->at != NULL
		       ? 0
		       : no_memory(err);
}

static bool is_number(const char *text)
{
	const char *digits = text + (*text == '-');
	return *digits != '\0' && digits[strspn(digits, "0123456789")] == '\0';
}

/* A table that has never been filled may not know yet that its first value is 1. */
/* clang-format off */
static const char auto_increment_sql[] =
	"SELECT c.TABLE_NAME, c.COLUMN_NAME, COALESCE(t.AUTO_INCREMENT, 1) FROM information_schema.COLUMNS"
	" c JOIN information_schema.TABLES t ON " RP_MY_SAME("t.TABLE_NAME", "c.TABLE_NAME") " WHERE "
	RP_MY_HERE("c.TABLE_SCHEMA") " AND " RP_MY_HERE("t.TABLE_SCHEMA") " AND c.EXTRA LIKE"
	" '%auto_increment%' AND t.TABLE_TYPE IN " RP_MY_TABLE_TYPES;

static const char sequences_sql[] =
	"SELECT t.TABLE_NAME, t.TABLE_COMMENT, t.ENGINE, c.COLUMN_TYPE FROM information_schema.TABLES t"
	" JOIN information_schema.COLUMNS c ON " RP_MY_SAME("t.TABLE_NAME", "c.TABLE_NAME") " AND"
	" c.COLUMN_NAME = 'minimum_value' WHERE " RP_MY_HERE("t.TABLE_SCHEMA") " AND "
	RP_MY_HERE("c.TABLE_SCHEMA") " AND t.TABLE_TYPE = 'SEQUENCE'";
/* clang-format on */

static int name_of(struct rp_buf *name, const char *first, const char *second, struct rp_err **err)
{
	rp_name_add(name, first);
	if (second != NULL)
		rp_name_add(name, second);
	return rp_buf_check(name, err);
}

static int read_auto_increments(struct rp_my_positions *to, struct rp_my_conn *c, struct rp_err **err)
{
	rp_autorows *rows = NULL;
	MYSQL_ROW row = NULL;
	if (rp_my_query(c, auto_increment_sql, &rows, err) < 0)
		return rp_err_wrap(err, "AUTO_INCREMENT");
	for (;;) {
		rp_autobuf name = RP_BUF_INIT(NAME_MAX_BYTES);
		if (rp_my_next(rows, 3, 0, &row, err) < 0)
			return rp_err_wrap(err, "AUTO_INCREMENT");
		if (row == NULL)
			return 0;
		if (name_of(&name, row[0], row[1], err) < 0)
			return -1;
		if (!is_number(row[2]))
			return rp_err_set(err, RP_ERR_ENGINE, "AUTO_INCREMENT of '%s' is no number", row[0]);
		const struct rp_my_counter like = {RP_MY_KIND_AUTO_INCREMENT, rp_buf_text(&name), "", "",
						   row[2]};
		if (add(to, &like, err) < 0)
			return -1;
	}
}

/* What "SELECT FROM sequence" gives. */
enum { NEXT, MINIMUM, MAXIMUM, START, INCREMENT, CACHE, CYCLE, SEQUENCE_N };

static int read_sequence(struct rp_my_positions *to, struct rp_my_conn *c, MYSQL_ROW of, struct rp_err **err)
{
	rp_autobuf sql = RP_BUF_INIT(SQL_MAX), text = RP_BUF_INIT(TEXT_MAX),
		   name = RP_BUF_INIT(NAME_MAX_BYTES);
	rp_autorows *rows = NULL;
	rp_buf_add(&sql, "SELECT next_not_cached_value, minimum_value, maximum_value, start_value, increment,"
			 " cache_size, cycle_option FROM ");
	rp_my_add_name(&sql, c->database);
	rp_buf_add(&sql, ".");
	rp_my_add_name(&sql, of[0]);
	if (rp_buf_check(&sql, err) < 0 || name_of(&name, of[0], NULL, err) < 0 ||
	    rp_my_query(c, rp_buf_text(&sql), &rows, err) < 0)
		return -1;
	MYSQL_ROW row = NULL;
	if (rp_my_next(rows, SEQUENCE_N, 0, &row, err) < 0)
		return -1;
	for (unsigned i = 0; row != NULL && i < SEQUENCE_N; i++)
		if (!is_number(row[i]))
			row = NULL;
	if (row == NULL)
		return rp_err_set(err, RP_ERR_ENGINE, "it does not say where it stands");
	rp_buf_add(&text, "AS ");
	rp_my_add_type(&text, of[3]);
	rp_buf_addf(&text, " START WITH %s INCREMENT BY %s MINVALUE %s MAXVALUE %s CACHE %s%s ENGINE %s",
		    row[START], row[INCREMENT], row[MINIMUM], row[MAXIMUM], row[CACHE],
		    row[CYCLE][0] == '0' ? "" : " CYCLE", of[2] != NULL ? of[2] : "unknown");
	const struct rp_my_counter like = {RP_MY_KIND_SEQUENCE, rp_buf_text(&name), rp_buf_text(&text),
					   of[1] != NULL ? of[1] : "", row[NEXT]};
	return rp_buf_check(&text, err) < 0 ? -1 : add(to, &like, err);
}

static int read_sequences(struct rp_my_positions *to, struct rp_my_conn *c, struct rp_err **err)
{
	rp_autorows *rows = NULL;
	MYSQL_ROW row = NULL;
	if (!c->is.has[RP_MY_SEQUENCES])
		return 0;
	if (rp_my_query(c, sequences_sql, &rows, err) < 0)
		return rp_err_wrap(err, "sequences");
	do {
		if (rp_my_next(rows, 4, 1u << 1 | 1u << 2, &row, err) < 0)
			return rp_err_wrap(err, "sequences");
		if (row != NULL && read_sequence(to, c, row, err) < 0)
			return rp_err_wrap(err, "sequence '%s'", row[0]);
	} while (row != NULL);
	return 0;
}

int rp_my_note_positions(struct rp_my_positions **ret, struct rp_my_conn *c, struct rp_err **err)
{
	rp_autopositions *p = calloc(1, sizeof *p);
	*ret = NULL;
	if (p == NULL)
		return no_memory(err);
	if (rp_arena_new(&p->texts, err) < 0)
		return -1;
	if (read_auto_increments(p, c, err) < 0 || read_sequences(p, c, err) < 0)
		return -1;
	*ret = rp_take(p);
	return 0;
}

int rp_my_add_counters(struct rp_my_conn *c, struct rp_survey *into, struct rp_err **err)
{
	rp_autopositions *p = NULL;
	if (rp_my_note_positions(&p, c, err) < 0)
		return -1;
	for (size_t i = 0; i < p->n; i++) {
		const struct rp_my_counter *k = &p->all[i];
		const struct rp_fact facts[] = {{RP_FACT_POSITION, k->at}, {"comment", k->comment}};
		struct rp_object o = {.kind = k->kind,
				      .name = k->name,
				      .definition = k->definition,
				      .facts = facts,
				      .n_facts = k->comment[0] != '\0' ? 2 : 1};
		if (rp_survey_add_object(into, &o, err) < 0)
			return -1;
	}
	return 0;
}
