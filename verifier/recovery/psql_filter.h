/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_PSQL_FILTER_H
#define RP_RECOVERY_PSQL_FILTER_H

#include <stdbool.h>

#include "verifier/util/stream.h"

struct rp_buf;
struct rp_err;
struct rp_scratch;

/* A plain dump on its way into psql. What comes out is
 *
 *     \restrict OURS       in place of the first line, so that psql's line numbers are the dump's
 *     the dump             without its own \restrict and \unrestrict, see psql_filter.c
 *     \unrestrict OURS
 *     \warn SENTINEL       what psql prints only when it understood the line above as a command
 *
 * with OURS and SENTINEL random and never in an argument or the environment. Between the first and the last
 * but one of these psql runs no command of its own, whatever the dump says. */

/* Takes over 'below', also when it fails. server: the major version that it is restored to, 0: not known. */
int rp_psql_filter_new(struct rp_stream **ret, struct rp_stream *below, unsigned server, struct rp_err **err);
const char *rp_psql_filter_sentinel(const struct rp_stream *filter);
/* It put something into a tablespace, which was taken out. */
bool rp_psql_filter_displaced(const struct rp_stream *filter);
/* The dump was read to its end, and its last lines were there. */
bool rp_psql_filter_whole(const struct rp_stream *filter);

/* pg_psql.c: all of it, into the scratch's database, and proved to be all. 'what' is its name in messages. Takes over
 * 'sql', also when it fails. */
int rp_psql_restore(struct rp_scratch *s, struct rp_stream *sql, const char *what, struct rp_buf *said,
		    struct rp_err **err);

#endif
