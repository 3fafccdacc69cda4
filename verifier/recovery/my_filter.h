/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_MY_FILTER_H
#define RP_RECOVERY_MY_FILTER_H

#include <stdbool.h>

#include "verifier/util/stream.h"

struct rp_err;

/* A dump of mariadb-dump's or mysqldump's on its way into the client. What comes out is
 *
 *     the dump             line by line the same, but for statements that are not ours to run, see my_filter.c
 *
 *     select 'SENTINEL';   what the client prints only when it understood the line as a statement
 *
 * with SENTINEL random and never in an argument or the environment. No ';' stands between the two: behind a dump
 * that was cut inside of a statement, that line is a part of it. */

/* Takes over 'below', also when it fails. wanted: which of several databases goes out (borrowed); NULL: the only one,
 * and RP_ERR_USAGE where there are more. asked: a person has named it; else it is what was sealed. */
int rp_my_filter_new(struct rp_stream **ret, struct rp_stream *below, const char *wanted, bool asked,
		     struct rp_err **err);
const char *rp_my_filter_sentinel(const struct rp_stream *filter);
/* The dump was read to its end, and its last lines were there. */
bool rp_my_filter_whole(const struct rp_stream *filter);

#endif
