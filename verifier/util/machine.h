/* SPDX-License-Identifier: MIT */
#ifndef RP_UTIL_MACHINE_H
#define RP_UTIL_MACHINE_H

#include <stdint.h>

/* Bytes of memory that this process and its children may have in all: a container may be allowed less than its
 * machine has. */
uint64_t rp_memory_size(void);

/* What this machine calls itself; "" where it has no name. A claim, and no proof of anything. */
#define RP_HOST_NAME 256
void rp_host_name(char ret[RP_HOST_NAME]);

#endif
