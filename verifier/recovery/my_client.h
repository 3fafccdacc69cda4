/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_MY_CLIENT_H
#define RP_RECOVERY_MY_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

struct rp_buf;
struct rp_err;
struct rp_scratch;
struct rp_stream;

/* The vendor's own client, fed with SQL that a stranger wrote: no client command but DELIMITER is left to it, and it
 * reads no files. */

struct rp_my_fed {
	const char *made_on;  /* the version of the server that the SQL was made on; NULL or "": not known */
	const char *sentinel; /* lines that are it, or it and ":0", ":1" in this order, are ours */
	size_t seen;	      /* how many came back */
	bool drowned;	      /* the client said so much that its last words are not known */
};
/* What it said goes to 'said', without what is ours. Where it failed, the first complaint decides whose fault it is. */
int rp_my_client_feed(struct rp_scratch *s, struct rp_stream *sql, struct rp_my_fed *fed, struct rp_buf *said,
		      struct rp_err **err);

/* Several clients side by side, each with SQL of its own. *ret_which: whose failure it is; n: none's in particular. */
struct rp_my_feed {
	struct rp_stream *sql;
	struct rp_my_fed fed;
};
int rp_my_client_feed_all(struct rp_scratch *s, struct rp_my_feed *all, size_t n, struct rp_buf *said,
			  size_t *ret_which, struct rp_err **err);

#endif
