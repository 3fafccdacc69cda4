/* SPDX-License-Identifier: MIT */
#include "verifier/engine/postgres/pace.h"

#define WARM_UP	   (1024u * 1024)
#define NAP_MIN_US 50u	 /* shorter ones cost more than they save */
#define NAP_MAX_US 1500u /* a server on a slow disk or line is not waited for, poll() does that */

void rp_pace_begin(struct rp_pace *p, size_t target, int64_t now_us)
{
	*p = (struct rp_pace){.target = target, .begun_us = now_us};
}

unsigned rp_pace_next(struct rp_pace *p, size_t bytes, int64_t now_us)
{
	p->bytes += bytes;
	if (p->target == 0 || p->bytes < WARM_UP)
		return 0;
	if (p->nap_us == 0) { /* the first: as long as the target took until now */
		uint64_t us = (uint64_t)(now_us > p->begun_us ? now_us - p->begun_us : 1);
		p->nap_us = (unsigned)(us * p->target / p->bytes);
	} else if (bytes > p->target + p->target / 4) {
		p->nap_us -= p->nap_us / 8;
	} else if (bytes < p->target - p->target / 4) {
		p->nap_us += p->nap_us / 8;
	}
	if (p->nap_us > NAP_MAX_US)
		p->nap_us = NAP_MAX_US;
	if (p->nap_us < NAP_MIN_US)
		p->nap_us = NAP_MIN_US;
	/* A server that brings next to nothing in that time is the slower one: do not slow it down more. */
	return bytes < p->target / 8 ? 0 : p->nap_us;
}
