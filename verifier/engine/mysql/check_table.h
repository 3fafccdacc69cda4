/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_CHECK_TABLE_H
#define RP_ENGINE_MYSQL_CHECK_TABLE_H

#include <stdbool.h>
#include <stddef.h>

struct rp_err;
struct rp_my_conn;

/* What the rows of one CHECK TABLE say. */

/* From best to worst: of several rows the worst counts. */
enum rp_my_outcome {
	RP_MY_CHECK_OK,
	RP_MY_CHECK_WARNED,	 /* it ended with OK, and said something else before */
	RP_MY_CHECK_UNSUPPORTED, /* the storage engine has no check */
	RP_MY_CHECK_NOT_DONE,	 /* not looked at, for a reason that is not the table's content */
	RP_MY_CHECK_UNTOLD,	 /* broken off: permission, disk, interrupted; or no answer at all */
	RP_MY_CHECK_DAMAGED,
};

/* {0} before the first row. */
struct rp_my_checked {
	enum rp_my_outcome outcome; /* of the rows so far; final after _end() */
	char said[1000];	    /* all but "OK" */
	size_t used;
	bool ended; /* how it ended was said */
	bool ill;   /* ended with "Corrupt" or "Operation failed", which say no reason */
};

/* One row: columns Msg_type and Msg_text (NULL is not understood, as any other word). */
void rp_my_checked_add(struct rp_my_checked *k, const char *type, const char *text);
void rp_my_checked_end(struct rp_my_checked *k);

/* Ask. RP_ERR_OBJECT: of this table alone the server would not say. */
int rp_my_check_table(struct rp_my_conn *c, const char *database, const char *table,
		      struct rp_my_checked *ret, struct rp_err **err);
/* The tables of a whole server whose files nobody has looked at yet: those that are not InnoDB's, which has a checksum on
 * each page, and that lie outside of 'database', whose tables are checked one by one. RP_ERR_BACKUP: one is damaged. */
int rp_my_check_others(struct rp_my_conn *c, const char *database, struct rp_err **err);

#endif
