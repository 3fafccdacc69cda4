/* SPDX-License-Identifier: MIT */
#include "verifier/survey/row.h"

#include <stdlib.h>
#include <string.h>

#define PREFIX 4

/* Doubling, from a size that few rows exceed: the buffer soon fits the longest row and is never grown again. */
static uint8_t *room_for(struct rp_row *r, size_t len)
{
	size_t need;
	if (r->failed || __builtin_add_overflow(r->len, len, &need)) {
		r->failed = true;
		return NULL;
	}
	if (need > r->cap) {
		size_t cap = r->cap > 0 ? r->cap : 512;
		while (cap < need && cap <= SIZE_MAX / 2)
			cap *= 2;
		uint8_t *bytes = realloc(r->bytes, cap < need ? need : cap);
		if (bytes == NULL) {
			r->failed = true;
			return NULL;
		}
		r->bytes = bytes;
		r->cap = cap < need ? need : cap;
	}
	uint8_t *at = r->bytes + r->len;
	r->len = need;
	return at;
}

static void put_length(uint8_t *at, uint32_t len)
{
	at[0] = (uint8_t)(len >> 24);
	at[1] = (uint8_t)(len >> 16);
	at[2] = (uint8_t)(len >> 8);
	at[3] = (uint8_t)len;
}

void rp_row_begin(struct rp_row *r)
{
	r->len = 0;
	r->failed = false;
}

void rp_row_add(struct rp_row *r, const void *value, size_t len)
{
	if (len > INT32_MAX) {
		r->failed = true;
		return;
	}
	uint8_t *at = room_for(r, PREFIX + len);
	if (at == NULL)
		return;
	put_length(at, (uint32_t)len);
	if (len > 0)
		memcpy(at + PREFIX, value, len);
}

void rp_row_add_text(struct rp_row *r, const char *value)
{
	if (value == NULL)
		rp_row_add_null(r);
	else
		rp_row_add(r, value, strlen(value));
}

void rp_row_add_u64(struct rp_row *r, uint64_t value)
{
	uint8_t bytes[8];
	put_length(bytes, (uint32_t)(value >> 32));
	put_length(bytes + 4, (uint32_t)value);
	rp_row_add(r, bytes, sizeof bytes);
}

void rp_row_add_null(struct rp_row *r)
{
	uint8_t *at = room_for(r, PREFIX);
	if (at != NULL)
		put_length(at, UINT32_MAX);
}

void rp_row_done(struct rp_row *r)
{
	free(r->bytes);
	*r = (struct rp_row){0};
}
