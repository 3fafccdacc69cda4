/* SPDX-License-Identifier: MIT */
#ifndef RP_UTIL_RUN_H
#define RP_UTIL_RUN_H

#include <poll.h>
#include <stdint.h>

struct rp_err;

/* What every long piece of work needs to know about the run it is part of: when to stop, and whom to tell how
 * far it is. One per process, made in main(), borrowed by all others, safe to use from every thread. No
 * configuration in here. */
struct rp_run {
	int cancel_fd;		      /* readable once the run is to stop; nobody reads it, so it stays so */
	int64_t deadline_ns;	      /* CLOCK_MONOTONIC; 0: none */
	struct rp_progress *progress; /* private to run.c */
};

/* The first SIGINT or SIGTERM makes cancel_fd readable and does nothing else; the second kills, as people
 * expect. */
int rp_run_init(struct rp_run *run, struct rp_err **err);
void rp_run_done(struct rp_run *run);

/* 0: go on. -1 with RP_ERR_CANCELLED or RP_ERR_TIMEOUT: unwind. Cheap (one load); ask at least every few
 * milliseconds. */
int rp_run_check(const struct rp_run *run, struct rp_err **err);

/* The one place where we wait: until a descriptor is ready (0), or the run is to stop (-1). Recomputes the
 * time left after EINTR. Drivers and process loops use this, never poll() or a blocking read of theirs. */
int rp_run_poll(const struct rp_run *run, struct pollfd *fds, nfds_t n, struct rp_err **err);

/* A run for tidying up: not cancelled by what cancelled 'run', with a short time of its own. Removing a
 * scratch goes on after Ctrl-C. */
struct rp_run rp_run_unwinding(const struct rp_run *run, unsigned seconds);

/* Log to stderr: one line, no control characters, never a secret. */
enum rp_level { RP_LOG_ERROR, RP_LOG_WARNING, RP_LOG_INFO, RP_LOG_DEBUG };
void rp_log(const struct rp_run *run, enum rp_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* CLOCK_MONOTONIC; for lengths of time, never for the time of day. */
int64_t rp_run_clock_ms(void);

/* Begin a phase ("restore", "survey") whose progress is shown, in 'unit's. total 0: unknown. */
void rp_run_phase(struct rp_run *run, const char *phase, uint64_t total, const char *unit);
/* Add to the phase's progress. Whoever calls it when a second has passed also draws it; there is no ticker
 * thread. */
void rp_run_advance(struct rp_run *run, uint64_t done);

#endif
