/* SPDX-License-Identifier: MIT */
#ifndef RP_UTIL_MEMORY_H
#define RP_UTIL_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Libraries say "no" where they mean "no memory": a signature does not fit, a text is no JSON, a file holds no
 * key. What is said of a backup or a manifest must not depend on that, so allocations of theirs that fail are
 * remembered, for each thread. Forget, call, and when it says no, ask. */
void rp_memory_forget(void);
bool rp_memory_failed(void);

/* From now on this process dumps no core: passwords, keys and rows of a database are in its memory. */
void rp_memory_dump_none(void);

/* OpenSSL's, once and before it has made any; without it rp_memory_failed() knows nothing of them. */
void rp_memory_watch_crypto(void);
/* For a library that takes a malloc() of ours. */
void *rp_memory_alloc(size_t size);
#endif
