/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_WRAP_LZ4_H
#define RP_RECOVERY_WRAP_LZ4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The frames of an lz4 file, walked over without unpacking: libarchive takes whatever stands behind a frame, and a
 * beginning of another one that was cut, for the end. Pure; zeroed to begin with. */
struct rp_lz4 {
	unsigned part;	   /* which piece of a frame is being read */
	uint8_t piece[16]; /* its bytes so far */
	size_t have;
	uint64_t skip; /* bytes of a block that are still to come */
	bool block_sums, content_sum;
	bool broken; /* it is no lz4 frame */
	unsigned frames;
};

void rp_lz4_walk(struct rp_lz4 *w, const uint8_t *data, size_t len);
/* Did all that was walked over end with a frame? */
bool rp_lz4_ended(const struct rp_lz4 *w);

#endif
