/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_OBJECTS_H
#define RP_ENGINE_MYSQL_OBJECTS_H

#include <stddef.h>

#include "verifier/engine/mysql/catalog.h"
#include "verifier/engine/mysql/conn.h"

/* Private to describe.c and the tables it reads. */

/* When a query is the right one: a trait of the server, or none. */
enum rp_my_when { RP_MY_WITH, RP_MY_WITHOUT, RP_MY_ALWAYS };

/* One kind of schema object and the query that finds all of them in the default database. What a column of
 * the result is, its label says:
 * - "n1" to "n4" are the parts of the name (NULL: no such part);
 * - "definition" is the normalised text, "kind" (where it is not NULL) another kind than the table's;
 * - "part" and "line" are one of several: rows of one name that follow upon each other are one object then.
 *   Parts stand in brackets behind the definition; lines become the fact "grants";
 * - every other column is a fact of that name (NULL or empty: the object has no such fact).
 * What stands behind a ':' in a label says how the text is made the same on every server (words in
 * describe.c). A fact is only given where it says something, so that a new version's new property is no
 * difference. Where the server leaves a text out for want of a right, it is NULL or empty; a definition that
 * is NULL is refused. */
struct rp_my_kind {
	const char *kind;
	enum rp_my_when when;
	enum rp_my_trait trait;
	const char *sql;
};

extern const struct rp_my_kind rp_my_table_kinds[]; /* all end with a NULL kind */
extern const struct rp_my_kind rp_my_part_kinds[];
extern const struct rp_my_kind rp_my_code_kinds[];
extern const struct rp_my_kind rp_my_database_kinds[];
extern const struct rp_my_kind rp_my_rights_kind; /* for those who see others' rights */

/* Classes of things that are met and not surveyed: columns "what", "count", "reason". Rows with count 0
 * are left out. */
struct rp_my_class {
	enum rp_my_when when;
	enum rp_my_trait trait;
	const char *sql;
};
extern const struct rp_my_class rp_my_classes[]; /* ends with a NULL sql */

/* A server may answer with less than it was asked for: that many columns, each with a value but for those in 'optional'
 * (bit 0 is the first). ret NULL: there are no more rows. */
static inline int rp_my_next(MYSQL_RES *rows, unsigned n, unsigned optional, MYSQL_ROW *ret,
			     struct rp_err **err)
{
	*ret = mysql_fetch_row(rows);
	if (mysql_num_fields(rows) != n)
		return rp_err_set(err, RP_ERR_ENGINE, "the server answered something else than it was asked");
	for (unsigned i = 0; *ret != NULL && i < n; i++)
		if ((*ret)[i] == NULL && (optional & 1u << i) == 0)
			return rp_err_set(err, RP_ERR_ENGINE, "the server left out what it was asked for");
	return 0;
}

static inline bool rp_my_is_for(const struct rp_my_conn *c, enum rp_my_when when, enum rp_my_trait trait)
{
	return when == RP_MY_ALWAYS || c->is.has[trait] == (when == RP_MY_WITH);
}

/* What an account is shown of a database. seen.c */
enum {
	RP_MY_SEES_ROWS = 1 << 0,
	RP_MY_SEES_VIEWS = 1 << 1,
	RP_MY_SEES_TRIGGERS = 1 << 2,
	RP_MY_SEES_EVENTS = 1 << 3,
	RP_MY_SEES_ROUTINES = 1 << 4, /* in MySQL; MariaDB has them in a table of its own */
	RP_MY_SEES_ALL = (1 << 5) - 1,
};
/* By the lines of SHOW GRANTS. literal: names of databases in them are no patterns. Pure. */
unsigned rp_my_rights_in(const char *database, bool literal, const char *const *lines, size_t n);
/* Would the server show us all there is? It hides what we have no right to, and says nothing. -1 with a
 * hint that says which rights are missing. */
int rp_my_sees_all(struct rp_my_conn *c, struct rp_err **err);
/* Are others' rights ours to see? */
int rp_my_sees_rights(struct rp_my_conn *c, bool *ret, struct rp_err **err);

/* Counters as they were read at one time. positions.c */
struct rp_my_counter {
	const char *kind, *name, *definition, *comment, *at; /* name as made by rp_name_add() */
};
struct rp_my_positions {
	struct rp_my_counter *all;
	size_t n, cap;
	struct rp_arena *texts;
};
static inline void rp_my_positions_freep(struct rp_my_positions **p)
{
	rp_my_positions_free(*p);
}
#define rp_autopositions rp_cleanup(rp_my_positions_freep) struct rp_my_positions

int rp_my_add_counters(struct rp_my_conn *c, struct rp_survey *into, struct rp_err **err);
int rp_my_add_relations(struct rp_my_conn *c, struct rp_survey *into, struct rp_err **err); /* relations.c */

/* Pieces of SQL. Laid out by hand: */
/* clang-format off */

/* 'a' is not 'A', but for the collation of MariaDB's catalogue. It looks things up by what comes first. */
#define RP_MY_BYTES_OF(column) "CAST(" column " AS BINARY)"
#define RP_MY_SAME(a, b) a " = " b " AND " RP_MY_BYTES_OF(a) " = " RP_MY_BYTES_OF(b)
#define RP_MY_HERE(column) RP_MY_SAME(column, "DATABASE()")
#define RP_MY_NAME(column) "CONCAT('`', REPLACE(" column ", '`', '``'), '`')"
/* utf8 was the name of utf8mb3 until 10.6 and 8.0.29. */
#define RP_MY_CHARSET(column)                                                                                \
	"CASE WHEN " column " = 'utf8' THEN 'utf8mb3' WHEN LEFT(" column ", 5) = 'utf8_' THEN"               \
	" CONCAT('utf8mb3', SUBSTR(" column ", 5)) ELSE " column " END"
#define RP_MY_TABLE_TYPES "('BASE TABLE', 'SYSTEM VERSIONED')"
/* Engines of tables that hold no rows of their own. */
#define RP_MY_ELSEWHERE                                                                                      \
	"('FEDERATED', 'CONNECT', 'SPIDER', 'MRG_MYISAM', 'MRG_MyISAM', 'OQGRAPH', 'SPHINX', 'S3',"          \
	" 'BLACKHOLE', 'VP', 'PERFORMANCE_SCHEMA', 'SEQUENCE')"
/* clang-format on */

#endif
