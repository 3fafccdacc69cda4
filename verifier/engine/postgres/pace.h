/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_POSTGRES_PACE_H
#define RP_ENGINE_POSTGRES_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How long to wait before reading on. PostgreSQL sends 8 KB at a time, and an eager reader is woken for each:
 * the server pays for every waking, about a sixth of its time. A reader that lets the socket
 * fill up to its half first costs neither of them anything. Waiting longer than that stalls the server. */
struct rp_pace {
	size_t target;	/* bytes that a read should bring; 0: never wait */
	uint64_t bytes; /* since the first read */
	int64_t begun_us;
	unsigned nap_us; /* how long the next wait would be */
	bool napped;	 /* the last read followed a wait */
	unsigned poor;	 /* 2^k - 1 after k waits in a row that brought next to nothing */
	unsigned skip;	 /* so many reads until the next wait */
};

void rp_pace_begin(struct rp_pace *p, size_t target, int64_t now_us);
/* A read has brought so much; how long to wait before the next, in microseconds. Nothing is waited for before a
 * megabyte has come: small tables pay nothing. Pure. */
unsigned rp_pace_next(struct rp_pace *p, size_t bytes, int64_t now_us);

#endif
