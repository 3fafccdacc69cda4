/* SPDX-License-Identifier: MIT */
#ifndef RP_SCRATCH_WATCH_H
#define RP_SCRATCH_WATCH_H

#include <stdbool.h>
#include <stdint.h>

struct rp_err;

/* The room that a scratch leaves to everybody else on its disk. No file system bounds what one server writes, and a
 * backup can hold a few lines that write without end. */
struct rp_watch;

/* Watch the file system of 'dir', on which 'disk' bytes are free now; when too little is left, send this signal to the
 * process that 'server' (a pidfd) stands for. */
int rp_watch_start(struct rp_watch **ret, const char *dir, uint64_t disk, int server, int signal,
		   struct rp_err **err);
/* Bytes that were left when the server was killed for it; 0: it was not. */
uint64_t rp_watch_killed(const struct rp_watch *w);
/* Accepts NULL. */
void rp_watch_stop(struct rp_watch *w);

#endif
