/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_MY_LOGS_H
#define RP_RECOVERY_MY_LOGS_H

#include <stddef.h>

#include "verifier/util/argv.h"

struct rp_binlog_track;
struct rp_err;
struct rp_run;

/* Copy a server's binary logs from a directory of the user's into one of ours, from the start of 'track' on and in their
 * order, unwrapped, until its target is reached; *ret: the names of the copies. Each is followed by 'track'. */
int rp_my_logs_copy(const char *from, const char *into, struct rp_binlog_track *track, struct rp_argv *ret,
		    struct rp_run *run, struct rp_err **err);

#endif
