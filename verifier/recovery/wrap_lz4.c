/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/wrap_lz4.h"

#include <string.h>

#define FRAME 0x184d2204U
#define SKIP  0x184d2a50U /* sixteen of them */

enum part { MAGIC, SKIP_SIZE, FLAGS, DESCRIPTOR, BLOCK_SIZE, CONTENT_SUM };

static uint32_t little_endian(const uint8_t *b)
{
	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* Behind the two bytes that say so: content size, dictionary, and one byte of checksum. */
static size_t descriptor_size(uint8_t flags)
{
	return ((flags & 8) != 0 ? 8U : 0U) + ((flags & 1) != 0 ? 4U : 0U) + 1;
}

static size_t piece_size(const struct rp_lz4 *w)
{
	switch ((enum part)w->part) {
	case FLAGS:
		return 2;
	case DESCRIPTOR:
		return 2 + descriptor_size(w->piece[0]);
	case MAGIC:
	case SKIP_SIZE:
	case BLOCK_SIZE:
	case CONTENT_SUM:
		break;
	}
	return 4;
}

static void next(struct rp_lz4 *w, enum part part)
{
	w->part = part;
	w->have = 0;
}

static void end_frame(struct rp_lz4 *w)
{
	w->frames++;
	next(w, MAGIC);
}

static void take_magic(struct rp_lz4 *w)
{
	uint32_t magic = little_endian(w->piece);
	if (magic == FRAME)
		next(w, FLAGS);
	else if ((magic & ~0xfU) == SKIP)
		next(w, SKIP_SIZE);
	else
		w->broken = true;
}

static void take_block_size(struct rp_lz4 *w)
{
	uint32_t size = little_endian(w->piece);
	if (size == 0 && w->content_sum)
		next(w, CONTENT_SUM);
	else if (size == 0)
		end_frame(w);
	else {
		w->skip = (size & 0x7fffffffU) + (w->block_sums ? 4U : 0U);
		next(w, BLOCK_SIZE);
	}
}

static void take_piece(struct rp_lz4 *w)
{
	switch ((enum part)w->part) {
	case MAGIC:
		take_magic(w);
		break;
	case SKIP_SIZE:
		w->skip = little_endian(w->piece);
		end_frame(w);
		break;
	case FLAGS:
		w->block_sums = (w->piece[0] & 0x10) != 0;
		w->content_sum = (w->piece[0] & 4) != 0;
		w->part = DESCRIPTOR; /* the same piece, longer */
		break;
	case DESCRIPTOR:
		next(w, BLOCK_SIZE);
		break;
	case BLOCK_SIZE:
		take_block_size(w);
		break;
	case CONTENT_SUM:
		end_frame(w);
		break;
	}
}

void rp_lz4_walk(struct rp_lz4 *w, const uint8_t *data, size_t len)
{
	while (len > 0 && !w->broken) {
		size_t n = w->skip < len ? (size_t)w->skip : len;
		w->skip -= n;
		data += n;
		len -= n;
		size_t lacks = len > 0 ? piece_size(w) - w->have : 0;
		n = lacks < len ? lacks : len;
		if (n > 0)
			memcpy(w->piece + w->have, data, n);
		w->have += n;
		data += n;
		len -= n;
		if (n > 0 && n == lacks)
			take_piece(w);
	}
}

bool rp_lz4_ended(const struct rp_lz4 *w)
{
	return !w->broken && w->part == MAGIC && w->have == 0 && w->skip == 0 && w->frames > 0;
}
