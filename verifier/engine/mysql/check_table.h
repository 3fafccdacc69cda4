/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_CHECK_TABLE_H
#define RP_ENGINE_MYSQL_CHECK_TABLE_H

#include <stdbool.h>
#include <stddef.h>

/* What the rows of one CHECK TABLE say. Pure. */

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

#endif
