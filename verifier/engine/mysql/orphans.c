/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/mysql/foreign_keys.h"
#include "verifier/engine/mysql/tests.h"
#include "verifier/util/buf.h"

/* A dump is loaded with FOREIGN_KEY_CHECKS=0, and whoever set it so in production left orphans there: no server looks
 * afterwards. So each foreign key is asked for the rows that refer to nothing. Both sides have an index (InnoDB demands
 * it): one pass over the referring one. */

#define SQL_MAX	       (64u << 10)
#define NAME_MAX_BYTES (8u << 10)
#define KEYS_SHOWN     5
#define VALUE_SHOWN    "64" /* characters of one value */

enum { NO_TABLE = 1146, NO_COLUMN = 1054 };

struct asking {
	struct rp_my_conn *c;
	struct rp_findings *to;
	uint64_t whole, others;
};

static bool is_enumerated(const struct rp_my_fk_column *c)
{
	return c->data_type != NULL &&
	       (strcmp(c->data_type, "enum") == 0 || strcmp(c->data_type, "set") == 0);
}

static bool differ(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) != 0;
}

/* As InnoDB compares: members of ENUM and SET by number. MariaDB keeps a key between two collations when it was made
 * with checks off; it is the parent's index that is looked into, so the parent's it is. */
static void add_equal(struct rp_buf *sql, const struct rp_my_fk_column *from,
		      const struct rp_my_fk_column *to)
{
	bool by_number =
		is_enumerated(from) && is_enumerated(to) && differ(from->column_type, to->column_type);
	bool converted = !by_number && to->charset != NULL && differ(from->collation, to->collation);
	rp_buf_add(sql, converted ? "CONVERT(c." : "c.");
	rp_my_add_name(sql, from->name);
	if (converted)
		rp_buf_addf(sql, " USING %s) COLLATE %s", to->charset, to->collation);
	rp_buf_add(sql, by_number ? " + 0 = p." : " = p.");
	rp_my_add_name(sql, to->name);
	rp_buf_add(sql, by_number ? " + 0" : "");
}

/* MATCH SIMPLE, the only one there is: a row with a NULL in any of the columns refers to nothing. */
static void add_orphans(struct rp_buf *sql, const struct rp_my_conn *c, const struct rp_my_foreign_key *k)
{
	rp_buf_add(sql, " FROM ");
	rp_my_add_name(sql, c->database);
	rp_buf_add(sql, ".");
	rp_my_add_name(sql, k->table);
	rp_buf_add(sql, " c LEFT JOIN ");
	rp_my_add_name(sql, k->parent_schema);
	rp_buf_add(sql, ".");
	rp_my_add_name(sql, k->parent);
	rp_buf_add(sql, " p ON ");
	for (size_t i = 0; i < k->n; i++) {
		rp_buf_add(sql, i > 0 ? " AND " : "");
		add_equal(sql, &k->from[i], &k->to[i]);
	}
	rp_buf_add(sql, " WHERE p.");
	rp_my_add_name(sql, k->to[0].name);
	rp_buf_add(sql, " IS NULL");
	for (size_t i = 0; i < k->n; i++) {
		rp_buf_add(sql, " AND c.");
		rp_my_add_name(sql, k->from[i].name);
		rp_buf_add(sql, " IS NOT NULL");
	}
}

static bool is_bytes(const struct rp_my_fk_column *c)
{
	static const char *const types[] = {"binary",	  "varbinary", "tinyblob", "blob",
					    "mediumblob", "longblob",  "bit"};
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (c->data_type != NULL && strcmp(c->data_type, types[i]) == 0)
			return true;
	return false;
}

static void add_shown(struct rp_buf *sql, const struct rp_my_foreign_key *k)
{
	for (size_t i = 0; i < k->n; i++) {
		rp_buf_add(sql, i > 0 ? ", " : "");
		rp_buf_add(sql, is_bytes(&k->from[i]) ? "CONCAT('0x', LEFT(HEX(c." : "LEFT(CONVERT(c.");
		rp_my_add_name(sql, k->from[i].name);
		rp_buf_add(sql, is_bytes(&k->from[i]) ? "), " VALUE_SHOWN "))"
						      : " USING utf8mb4), " VALUE_SHOWN ")");
	}
}

/* Only when there are some: the first few of what they refer to. */
static int name_some(struct rp_my_conn *c, const struct rp_my_foreign_key *k, struct rp_buf *ret,
		     struct rp_err **err)
{
	rp_autobuf sql = RP_BUF_INIT(SQL_MAX);
	rp_autorows *r = NULL;
	MYSQL_ROW row;
	rp_buf_add(&sql, "SELECT DISTINCT ");
	add_shown(&sql, k);
	add_orphans(&sql, c, k);
	rp_buf_addf(&sql, " LIMIT %d", KEYS_SHOWN + 1);
	if (rp_buf_check(&sql, err) < 0 || rp_my_query(c, rp_buf_text(&sql), &r, err) < 0)
		return -1;
	for (int n = 0; (row = mysql_fetch_row(r)) != NULL; n++) {
		if (n == KEYS_SHOWN) {
			rp_buf_add(ret, ", ...");
			break;
		}
		rp_buf_add(ret, n > 0 ? ", (" : "(");
		for (unsigned i = 0; i < mysql_num_fields(r); i++)
			rp_buf_addf(ret, "%s%s", i > 0 ? ", " : "", row[i] != NULL ? row[i] : "NULL");
		rp_buf_add(ret, ")");
	}
	return rp_buf_check(ret, err);
}

/* Words that are the same at the source and on the scratch: no values, and not the database's name. */
static int tell(struct asking *a, const char *name, const struct rp_my_foreign_key *k, uint64_t n,
		struct rp_err **err)
{
	rp_autobuf some = RP_BUF_INIT(SQL_MAX);
	if (name_some(a->c, k, &some, err) < 0)
		return -1;
	a->others++;
	rp_fail(a->to, name, NULL, rp_buf_text(&some),
		"%llu row%s of '%s' refer%s to rows of '%s' that are not there", (unsigned long long)n,
		n == 1 ? "" : "s", k->table, n == 1 ? "s" : "", k->parent);
	return 0;
}

static int refused(struct asking *a, const char *name, const struct rp_my_foreign_key *k, struct rp_err *why)
{
	unsigned number = mysql_errno(a->c->my);
	a->others++;
	if (number == NO_TABLE)
		rp_fail(a->to, name, NULL, rp_err_text(why), "the table '%s' that it refers to is not there",
			k->parent);
	else if (number == NO_COLUMN)
		rp_fail(a->to, name, NULL, rp_err_text(why),
			"a column of '%s' that it refers to is not there", k->parent);
	else
		rp_answer_error(a->to, name, why);
	return 0;
}

static int elsewhere(struct asking *a, const char *name, const struct rp_my_foreign_key *k)
{
	rp_autobuf message = RP_BUF_INIT(NAME_MAX_BYTES);
	rp_buf_addf(&message, "it refers to another database ('%s'), which no backup of this one brings",
		    k->parent_schema);
	a->others++;
	rp_answer(a->to, &(struct rp_finding){.object = name,
					      .verdict = RP_NOT_RUN,
					      .excused = true,
					      .looked = 1,
					      .message = rp_buf_text(&message)});
	return 0;
}

static int ask(void *ctx, const struct rp_my_foreign_key *k, struct rp_err **err)
{
	struct asking *a = ctx;
	rp_autobuf name = RP_BUF_INIT(NAME_MAX_BYTES), sql = RP_BUF_INIT(SQL_MAX);
	rp_autofree char *cell = NULL;
	rp_autoerr struct rp_err *why = NULL;
	uint64_t n;
	if (rp_my_foreign_key_name(k, &name, err) < 0)
		return -1;
	if (strcmp(k->parent_schema, a->c->database) != 0)
		return elsewhere(a, rp_buf_text(&name), k);
	rp_buf_add(&sql, "SELECT COUNT(*)");
	add_orphans(&sql, a->c, k);
	if (rp_buf_check(&sql, err) < 0)
		return -1;
	if (rp_my_value(a->c, rp_buf_text(&sql), &cell, &why) < 0) {
		if (rp_err_kind(why) == RP_ERR_OBJECT)
			return refused(a, rp_buf_text(&name), k, why);
		if (err != NULL)
			*err = rp_take(why);
		return rp_err_wrap(err, "ask foreign key '%s'", rp_buf_text(&name));
	}
	if (rp_my_u64(cell, &n, err) < 0)
		return -1;
	a->whole += n == 0;
	return n == 0 ? 0 : tell(a, rp_buf_text(&name), k, n, err);
}

int rp_my_test_orphans(struct rp_conn *conn, const struct rp_survey *found, struct rp_findings *to,
		       struct rp_err **err)
{
	struct asking a = {.c = rp_my_of(conn), .to = to};
	uint64_t n = 0;
	(void)found;
	if (rp_my_foreign_keys(a.c, ask, &a, &n, err) < 0)
		return -1;
	if (n == 0)
		rp_my_nothing(to, "there is no foreign key");
	else if (a.whole > 0)
		rp_pass(to, "", a.whole);
	return 0;
}
