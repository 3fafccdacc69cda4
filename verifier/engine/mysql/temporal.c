/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/temporal.h"

#include <string.h>

/* On the wire: year (2 bytes, the lower first), month, day | hour, minute, second | microseconds (4 bytes). What is
 * zero at its end is left out. */
uint8_t *rp_my_moment_of_wire(uint8_t *to, const uint8_t *wire, size_t len, bool is_date)
{
	uint8_t all[11] = {0};
	if (len != 0 && len != 4 && (is_date || (len != 7 && len != 11)))
		return NULL;
	if (len > 0)
		memcpy(all, wire, len);
	*to++ = all[1];
	*to++ = all[0];
	size_t plain = is_date ? 2 : 5;
	memcpy(to, all + 2, plain);
	to += plain;
	for (size_t i = 4; !is_date && i-- > 0;)
		*to++ = all[7 + i];
	return to;
}

static uint64_t number(const uint8_t *p)
{
	return (uint64_t)p[3] << 24 | (uint64_t)p[2] << 16 | (uint64_t)p[1] << 8 | p[0];
}

/* On the wire: sign, days (4 bytes) and hours, minute, second | microseconds (4 bytes). */
bool rp_my_time_of_wire(const uint8_t *wire, size_t len, uint64_t *ret_us)
{
	*ret_us = 0;
	if (len == 0)
		return true;
	if ((len != 8 && len != 12) || wire[0] > 1)
		return false;
	uint64_t hours = number(wire + 1) * 24 + wire[5];
	uint64_t us = ((hours * 60 + wire[6]) * 60 + wire[7]) * 1000000;
	if (len == 12)
		us += number(wire + 8);
	*ret_us = wire[0] == 1 ? 0 - us : us;
	return true;
}
