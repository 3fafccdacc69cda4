/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_GUARD_H
#define RP_ENGINE_MYSQL_GUARD_H

#include <stdbool.h>

struct rp_err;
struct rp_my_guard;
struct rp_run;

/* Calls of libmariadb block, and cost nothing beyond that. A thread of its own waits for the run to stop (or for
 * a nearer bound of the caller's) and then shuts the socket down, so that the call comes back at once with an error;
 * whoever made it asks rp_run_check() first what the reason was. */

/* Guard the connection on this descriptor until it is freed, which comes before the descriptor is closed. The run
 * is borrowed. */
int rp_my_guard_new(struct rp_my_guard **ret, int fd, struct rp_run *run, struct rp_err **err);
/* From now on, also when this many milliseconds have passed (0: no bound). For locks that others wait for. Once
 * this has returned, no earlier bound cuts the connection. */
void rp_my_guard_bound(struct rp_my_guard *g, unsigned ms);
/* Whether it was a bound that has cut the connection. */
bool rp_my_guard_is_past(struct rp_my_guard *g);
/* Shut the connection down now: what else libmariadb reads from it, and be it to free a result, ends at once. */
void rp_my_guard_cut(struct rp_my_guard *g);
/* Whether it has been shut down, by whatever. */
bool rp_my_guard_has_cut(struct rp_my_guard *g);
void rp_my_guard_free(struct rp_my_guard *g); /* accepts NULL */

#endif
