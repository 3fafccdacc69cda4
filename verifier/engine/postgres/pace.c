/* SPDX-License-Identifier: MIT */
#include "verifier/engine/postgres/pace.h"

#define WARM_UP	   (1024u * 1024)
#define NAP_MIN_US 50u /* shorter ones cost more than they save */
#define SKIP_MAX   63u
#define NAP_MAX_US 1500u /* a server on a slow disk or line is not waited for, poll() does that */

void rp_pace_begin(struct rp_pace *p, size_t target, int64_t now_us)
{
	*p = (struct rp_pace){.target = target, .begun_us = now_us};
}

/* Towards a wait that brings the target; the first is as long as that took without waiting. */
static void adjust(struct rp_pace *p, size_t bytes, int64_t now_us)
{
	if (p->nap_us == 0) {
		uint64_t us = (uint64_t)(now_us > p->begun_us ? now_us - p->begun_us : 1);
		p->nap_us = (unsigned)(us < 1000000000 ? us * p->target / p->bytes : NAP_MAX_US);
	} else if (p->napped && bytes > p->target + p->target / 4) {
		p->nap_us -= p->nap_us / 8;
	} else if (p->napped && bytes < p->target - p->target / 4) {
		p->nap_us += p->nap_us / 8;
	}
	p->nap_us = p->nap_us > NAP_MAX_US ? NAP_MAX_US : p->nap_us < NAP_MIN_US ? NAP_MIN_US : p->nap_us;
}

unsigned rp_pace_next(struct rp_pace *p, size_t bytes, int64_t now_us)
{
	p->bytes += bytes;
	if (p->target == 0 || p->bytes < WARM_UP)
		return 0;
	adjust(p, bytes, now_us);
	/* A server that brings next to nothing in that time is the slower one, and not to be waited for besides:
	 * try again later, and later each time. */
	bool poor = p->napped && bytes < p->target / 8;
	if (p->napped)
		p->poor = poor ? (p->poor * 2 + 1) & SKIP_MAX : 0;
	if (poor)
		p->skip = p->poor;
	p->napped = p->skip == 0;
	if (p->skip > 0)
		p->skip--;
	return p->napped ? p->nap_us : 0;
}
