/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_MY_LOGS_H
#define RP_RECOVERY_MY_LOGS_H

#include <stddef.h>

#include "verifier/util/argv.h"

struct rp_artifact;
struct rp_binlog_track;
struct rp_err;
struct rp_run;

/* Copy a server's binary logs from the user's directory (a->wanted->logs) into one of ours, from the start of 'track' on
 * and in their order, unwrapped as the backup is, until its target is reached; *ret: the paths of the copies. Each is
 * followed by 'track'. */
int rp_my_logs_copy(struct rp_artifact *a, const char *into, struct rp_binlog_track *track,
		    struct rp_argv *ret, struct rp_run *run, struct rp_err **err);

#endif
