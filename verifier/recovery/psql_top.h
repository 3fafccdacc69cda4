/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_PSQL_TOP_H
#define RP_RECOVERY_PSQL_TOP_H

#include <stdbool.h>
#include <stddef.h>

#include "verifier/recovery/pg_sql.h"
#include "verifier/recovery/sql_line.h"
#include "verifier/util/stream.h"

/* Private to psql_filter.c and to psql_top.c, where that is which stands before a dump's first object. */

#define RP_PSQL_TOKEN_MAX 128
#define RP_PSQL_OURS_HEX  33
#define RP_PSQL_TRAILER	  "-- PostgreSQL database dump complete"

enum rp_psql_phase {
	RP_PSQL_FIRST,	  /* nothing was given out yet */
	RP_PSQL_COMMENTS, /* only blank lines and comments so far: \restrict may come */
	RP_PSQL_SETTINGS, /* the settings at the top */
	RP_PSQL_CLEAN,	  /* statements of --clean */
	RP_PSQL_DATABASE, /* the database itself, until \connect begins the next section */
	RP_PSQL_REMARKS,  /* its comment and labels, before that or the first object */
	RP_PSQL_BODY,
	RP_PSQL_END,
};

struct rp_psql_filter {
	struct rp_stream base;
	enum rp_psql_phase phase;
	unsigned server;
	bool drained; /* below has ended */
	char ours[RP_PSQL_OURS_HEX], sentinel[RP_PSQL_OURS_HEX];
	char token[RP_PSQL_TOKEN_MAX + 1]; /* the dump's own; "": none */
	struct rp_pg_sql sql;		   /* where in[at] stands, in BODY */
	bool displaced;			   /* a tablespace was taken out */
	bool cut;			   /* len is the end of what is given out */
	char in[64 << 10];
	size_t at, len;			     /* in[at..len) is still to be looked at */
	size_t ready;			     /* in[at..at+ready) may be given out */
	char add[3 * RP_PSQL_OURS_HEX + 64]; /* text of ours to give out first */
	size_t add_at, add_len;
};

/* One line of the top, which is whole in the buffer: give it out, or leave it out. */
void rp_psql_top_line(struct rp_psql_filter *f);
/* Our restriction, in place of this line if that says nothing. */
void rp_psql_begin(struct rp_psql_filter *f, const struct rp_line *l);
/* Text of ours, to be given out first. */
void rp_psql_add(struct rp_psql_filter *f, const char *text);
/* An empty line in place of this one. */
void rp_psql_drop(struct rp_psql_filter *f, const struct rp_line *l);

#endif
