/* SPDX-License-Identifier: MIT */
#include "verifier/util/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "verifier/util/error.h"

#define BLOCK_SIZE ((size_t)64 << 10)

struct block {
	struct block *next;
	size_t used, size;
	alignas(max_align_t) uint8_t bytes[];
};

struct rp_arena {
	struct block *blocks;
};

int rp_arena_new(struct rp_arena **ret, struct rp_err **err)
{
	*ret = calloc(1, sizeof **ret);
	if (*ret == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	return 0;
}

void rp_arena_free(struct rp_arena *a)
{
	if (a == NULL)
		return;
	for (struct block *b = a->blocks, *next; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	free(a);
}

/* A thing too large to share a block gets one of its own, behind the current one, which is not full yet. */
static struct block *block_for(struct rp_arena *a, size_t size)
{
	size_t room = size > BLOCK_SIZE / 4 ? size : BLOCK_SIZE;
	struct block *b = calloc(1, sizeof *b + room);
	if (b == NULL)
		return NULL;
	b->size = room;
	if (room == size && a->blocks != NULL) {
		b->next = a->blocks->next;
		a->blocks->next = b;
	} else {
		b->next = a->blocks;
		a->blocks = b;
	}
	return b;
}

void *rp_arena_alloc(struct rp_arena *a, size_t size)
{
	const size_t align = alignof(max_align_t);
	if (size > SIZE_MAX / 2)
		return NULL;
	size = size == 0 ? align : (size + align - 1) / align * align;
	struct block *b = a->blocks;
	if (b == NULL || b->size - b->used < size)
		b = block_for(a, size);
	if (b == NULL)
		return NULL;
	void *p = b->bytes + b->used;
	b->used += size;
	return p;
}

void *rp_arena_array(struct rp_arena *a, size_t n, size_t size)
{
	size_t total;
	return __builtin_mul_overflow(n, size, &total) ? NULL : rp_arena_alloc(a, total);
}

void *rp_arena_memdup(struct rp_arena *a, const void *data, size_t len)
{
	void *p = rp_arena_alloc(a, len);
	if (p != NULL && len > 0)
		memcpy(p, data, len);
	return p;
}

char *rp_arena_strdup(struct rp_arena *a, const char *s)
{
	return s != NULL ? rp_arena_memdup(a, s, strlen(s) + 1) : NULL;
}
