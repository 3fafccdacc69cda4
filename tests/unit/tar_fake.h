/* SPDX-License-Identifier: MIT */
#ifndef RP_TESTS_UNIT_TAR_FAKE_H
#define RP_TESTS_UNIT_TAR_FAKE_H

#include <stdio.h>
#include <string.h>

#include "verifier/util/buf.h"

/* Tar archives by hand, so that they can hold what no tar program would write. */

#define TAR_FILE      '0'
#define TAR_HARD_LINK '1'
#define TAR_LINK      '2'
#define TAR_DEVICE    '3'
#define TAR_DIRECTORY '5'
#define TAR_FIFO      '6'

static inline void tar_add_sized(struct rp_buf *to, const char *name, char type, const char *link,
				 const void *data, size_t len, unsigned long long told)
{
	char h[512] = {0};
	unsigned sum = 0;
	(void)snprintf(h, 100, "%s", name);
	(void)snprintf(h + 100, 8, "%07o", 0777u);
	if (told >> 33 == 0)
		(void)snprintf(h + 124, 12, "%011llo", told);
	else /* as GNU tar writes what eleven digits cannot say */
		for (int i = 0; i < 12; i++)
			h[135 - i] = (char)(i < 8 ? told >> (8 * i) : i == 11 ? 0x80 : 0);
	(void)snprintf(h + 136, 12, "%011o", 0u);
	h[156] = type;
	(void)snprintf(h + 157, 100, "%s", link);
	memcpy(h + 257,
	       "ustar\0"
	       "00",
	       8);
	memset(h + 148, ' ', 8);
	for (size_t i = 0; i < sizeof h; i++)
		sum += (unsigned char)h[i];
	(void)snprintf(h + 148, 8, "%06o", sum);
	rp_buf_add_mem(to, h, sizeof h);
	rp_buf_add_mem(to, data, len);
	static const char zeros[512];
	rp_buf_add_mem(to, zeros, (512 - len % 512) % 512);
}

static inline void tar_add(struct rp_buf *to, const char *name, char type, const char *data)
{
	bool file = type == TAR_FILE;
	tar_add_sized(to, name, type, file ? "" : data, data, file ? strlen(data) : 0,
		      file ? strlen(data) : 0);
}

static inline void tar_end(struct rp_buf *to)
{
	static const char zeros[1024];
	rp_buf_add_mem(to, zeros, sizeof zeros);
}

#endif
