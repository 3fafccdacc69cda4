/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_CUT_H
#define RP_ENGINE_MYSQL_CUT_H

#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/literal.h"
#include "verifier/engine/mysql/part.h"

/* Private to split.c and what it is made of. */

#define SQL_MAX	    (1u << 20)
#define BOUND_MAX   8192     /* a key longer than that is not cut at */
#define CUTS_MAX    512	     /* of how many keys we choose the bounds */
#define CUTS_A_PART 6	     /* so that parts weigh about the same */
#define GUESSES	    70	     /* halvings of a number of 64 bits, and some */
#define ASKED_MAX   20000    /* statements; far more than a table needs */
#define STEP_MAX    1000000u /* rows that are walked over where no middle is known */

struct rp_my_cut {
	char *bound;  /* owned; as in part.h */
	uint8_t *key; /* owned; these columns as a row */
	size_t len;
	uint64_t weight; /* rows from here to the next */
	bool stuck;	 /* nothing was found in between */
};

struct rp_my_cutting {
	struct rp_my_conn *c;
	const struct rp_relation *r;
	struct rp_my_key_column key[RP_MY_KEY_MAX];
	struct rp_column columns[RP_MY_KEY_MAX]; /* the same, as a result has them */
	size_t n_key;
	bool by_primary;
	struct rp_my_cut cuts[CUTS_MAX]; /* in the key's order; the last one is the last key */
	size_t n;
	unsigned asked;
};

/* cut_ask.c: what is asked of the server. */
/* What one looks for between two keys. */
struct rp_my_between {
	const struct rp_my_cut *from, *to; /* from the one on, and below the other; NULL: open */
	const char *probe;		   /* and from this bound on; NULL: none */
	const struct rp_my_cut *same;	   /* and its first n_same columns are those of this key; NULL: any */
	size_t n_same;
	bool last;     /* the last such key; else the first */
	uint64_t skip; /* and so many more */
};

/* How the server would read: the rows it supposes, and by which index. */
struct rp_my_supposed {
	uint64_t rows;
	bool by_index, by_primary, sorted;
};

void rp_my_cut_done(struct rp_my_cut *c);
#define rp_autocut rp_cleanup(rp_my_cut_done) struct rp_my_cut
/* Field i of a key. */
struct rp_field rp_my_cut_field(const struct rp_my_cut *c, size_t i);
/* The first n columns of a key as a bound; nothing where it would be too long. */
void rp_my_cut_bound(struct rp_buf *to, const struct rp_my_cutting *k, const struct rp_my_cut *c, size_t n);
/* The key's columns, each with these words behind it. */
void rp_my_cut_columns(struct rp_buf *sql, const struct rp_my_cutting *k, const char *behind);
/* *ret is empty: there is no such key, or it is one that we do not cut at. */
int rp_my_look_up(struct rp_my_cutting *k, const struct rp_my_between *p, struct rp_my_cut *ret,
		  struct rp_err **err);
int rp_my_suppose(struct rp_my_cutting *k, const char *sql, struct rp_my_supposed *ret, struct rp_err **err);
/* How many rows are supposed to be between key i and the next. */
int rp_my_weigh(struct rp_my_cutting *k, size_t i, struct rp_err **err);

/* cut_find.c: cut what weighs most, until there are enough for so many parts. */
int rp_my_cut_all(struct rp_my_cutting *k, unsigned parts, struct rp_err **err);

#endif
