/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_MY_REPLAY_FEED_H
#define RP_RECOVERY_MY_REPLAY_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "verifier/util/stream.h"

struct rp_err;

/* What mariadb-binlog has made of a binary log, on its way into the client: unchanged, and behind it a question whose
 * answer nobody can guess. The client stops at the first error, so its answer says that all before was done. */

/* Takes over 'below', also when it fails. */
int rp_replay_feed_new(struct rp_stream **ret, struct rp_stream *below, struct rp_err **err);
const char *rp_replay_feed_sentinel(const struct rp_stream *feed);
/* All of it was read, and the last event in it ended there (of the position's lower 32 bits, as they stand in an
 * event). false: not so, or there was none. */
bool rp_replay_feed_whole(const struct rp_stream *feed, uint32_t *ret_end);

#endif
