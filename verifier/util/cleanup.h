/* SPDX-License-Identifier: MIT */
#ifndef RP_UTIL_CLEANUP_H
#define RP_UTIL_CLEANUP_H

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* Run fn(&var) when var leaves scope. Variables are cleaned in reverse order of their declaration: declare
 * what must live longest (the scratch) before what uses it (the connection). Initialise at the declaration,
 * always. */
#define rp_cleanup(fn) __attribute__((cleanup(fn)))

/* A variable of one of our own types that is freed by scope: 'rp_auto(rp_survey) survey = NULL;'. */
#define rp_auto(noun) rp_cleanup(noun##_freep) struct noun *
/* In the noun's header, once: what rp_auto() calls. fn accepts NULL. */
#define RP_AUTO_CALLS(noun, fn)                                                                              \
	static inline void noun##_freep(struct noun **p_)                                                    \
	{                                                                                                    \
		fn(*p_);                                                                                     \
		*p_ = NULL;                                                                                  \
	}

static inline void rp_freep(void *p)
{
	free(*(void **)p);
}

static inline void rp_closep(int *fd)
{
	if (*fd >= 0) {
		int saved = errno;
		(void)close(*fd);
		errno = saved;
	}
}

static inline int rp_take_fd(int *fd)
{
	int r = *fd;
	*fd = -1;
	return r;
}

/* Hand over what p holds and leave NULL behind, so the cleanup finds nothing to free. */
#define rp_take(p)                                                                                           \
	__extension__({                                                                                      \
		__typeof__(p) *pp_ = &(p);                                                                   \
		__typeof__(p) v_ = *pp_;                                                                     \
		*pp_ = NULL;                                                                                 \
		v_;                                                                                          \
	})

#define rp_autofree  rp_cleanup(rp_freep)
#define rp_autoclose rp_cleanup(rp_closep)
#define rp_autoerr   rp_cleanup(rp_err_freep)

#endif
