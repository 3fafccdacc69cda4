/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_MY_REPLAY_H
#define RP_RECOVERY_MY_REPLAY_H

struct rp_artifact;
struct rp_binlog_position;
struct rp_buf;
struct rp_err;
struct rp_scratch;

/* From where a backup stands (NULL: it does not say) on to what is wanted of it (a->wanted), by the binary logs in the
 * directory that was named: copied, proved to be whole and without a gap up to there, made into statements by the
 * vendor's own tool in the box, and run by its client. It has got there when the last event's end is the target's, and
 * the client has answered behind it. Nothing is done where neither logs nor a place to stop at were named. Sets a->exact
 * where it is the sealed moment. RP_ERR_BACKUP: the target is not in the logs, or they are damaged. */
int rp_my_replay(struct rp_artifact *a, struct rp_scratch *s, const struct rp_binlog_position *from,
		 struct rp_buf *said, struct rp_err **err);

#endif
