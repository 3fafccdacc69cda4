/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_DAMAGES_H
#define RP_ENGINE_MYSQL_DAMAGES_H

#include "verifier/engine/mysql/conn.h"
#include "verifier/util/argv.h"

/* Private to damages*.c: what 'selftest' does to a restored copy, and what it has to take back. */

/* What a connection has done. Rows go back with their transaction. A definition is changed for good at once by these
 * servers, so that its inverse is noted before. */
struct rp_my_spoilt {
	struct rp_survey *was; /* the description of the whole database, before anything was done to it */
	struct rp_argv undo;   /* the inverse of each statement, in the order in which they were run */
	char *settings;	       /* those that the inverse needs; NULL: none */
	bool transaction;
};

/* A damage and where it can be done: a question whose rows each are one place, the best first, and whose columns say
 * by their labels what they are:
 * - "do" is the statement, "undo" its inverse; there may be several pairs;
 * - "from" is a SHOW CREATE whose text is the inverse, or, with "line", the one that holds the line which begins so,
 *   and which is put behind "undo";
 * - "settings" is to be run before the inverse, "try" must go well before anything is done.
 * A NULL says that it cannot be done there. */
struct rp_my_damage {
	const char *name;
	const char *sql; /* '?': the relation's source, where it is about rows */
	bool of_definition;
};
extern const struct rp_my_damage rp_my_statements[]; /* damages_list.c; ends with a NULL name */

/* Append the inverse that is to be read from a SHOW CREATE. line NULL: all of it. RP_ERR_OBJECT: it says no such
 * thing. */
int rp_my_add_inverse(struct rp_my_conn *c, const char *from, const char *line, struct rp_buf *to,
		      struct rp_err **err); /* damages_undo.c */
/* Take back what was done, and see that it was. RP_ERR_ENGINE: the database is not what it was. */
int rp_my_take_back(struct rp_my_conn *c, struct rp_err **err);
/* Note what the database is, once. */
int rp_my_note_description(struct rp_my_conn *c, struct rp_err **err);

#endif
