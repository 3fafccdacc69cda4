/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_TEMPORAL_H
#define RP_ENGINE_MYSQL_TEMPORAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Dates and times, from the binary protocol (whose length depends on the value) to our encoding (whose length does
 * not). A date need not be one: 0000-00-00 and 2024-02-00 are stored as they are, and so is 30 February. */

#define RP_MY_DATE_LEN	   4  /* year (2 bytes, big-endian), month, day */
#define RP_MY_DATETIME_LEN 11 /* those, hour, minute, second, microseconds (4 bytes, big-endian) */

/* Write DATE_LEN or DATETIME_LEN bytes; returns where they end. NULL: it is none. */
uint8_t *rp_my_moment_of_wire(uint8_t *to, const uint8_t *wire, size_t len, bool is_date);
/* Microseconds, negative ones in two's complement. */
bool rp_my_time_of_wire(const uint8_t *wire, size_t len, uint64_t *ret_us);

#endif
