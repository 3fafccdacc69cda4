/* SPDX-License-Identifier: MIT */
#include "reports/names.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/util/arena.h"
#include "verifier/util/buf.h"

struct slot {
	const char *name; /* NULL: free */
	unsigned given;	  /* how often it was asked for: where to go on counting */
};
struct rp_names {
	struct slot *slots;
	size_t room, used; /* room is a power of two, at least twice as many as are used */
	struct rp_arena *memory;
};

struct rp_names *rp_names_new(void)
{
	rp_auto(rp_names) n = calloc(1, sizeof *n);
	if (n == NULL || rp_arena_new(&n->memory, NULL) < 0)
		return NULL;
	n->room = 1024;
	n->slots = calloc(n->room, sizeof *n->slots);
	return n->slots != NULL ? rp_take(n) : NULL;
}

void rp_names_free(struct rp_names *n)
{
	if (n == NULL)
		return;
	free(n->slots);
	rp_arena_free(n->memory);
	free(n);
}

static struct slot *find(struct slot *slots, size_t room, const char *name)
{
	/* FNV-1a. It starts from where the table lies, which nobody who names tables can know: names that collide
	 * cannot be prepared. */
	uint64_t hash = 14695981039346656037ULL ^ (uintptr_t)slots * 0x9e3779b97f4a7c15ULL;
	for (const char *p = name; *p != '\0'; p++)
		hash = (hash ^ (uint8_t)*p) * 1099511628211ULL;
	size_t i = (size_t)(hash ^ hash >> 32) & (room - 1);
	while (slots[i].name != NULL && strcmp(slots[i].name, name) != 0)
		i = (i + 1) & (room - 1);
	return &slots[i];
}

static bool grow(struct rp_names *n)
{
	if (n->used * 2 < n->room)
		return true;
	struct slot *slots = calloc(n->room * 2, sizeof *slots);
	if (slots == NULL)
		return false;
	for (size_t i = 0; i < n->room; i++)
		if (n->slots[i].name != NULL)
			*find(slots, n->room * 2, n->slots[i].name) = n->slots[i];
	free(n->slots);
	n->slots = slots;
	n->room *= 2;
	return true;
}

static const char *take(struct rp_names *n, struct slot *s, const char *name)
{
	s->name = rp_arena_strdup(n->memory, name);
	s->given = 1;
	n->used += s->name != NULL;
	return s->name;
}

const char *rp_names_unique(struct rp_names *n, const char *name, size_t max)
{
	rp_autobuf b = RP_BUF_INIT(max + 64);
	size_t len = strlen(name);
	if (len > max)
		for (len = max; len > 0 && ((unsigned char)name[len] & 0xc0) == 0x80;)
			len--;
	rp_buf_add_mem(&b, name, len);
	if (!grow(n) || b.failed)
		return NULL;
	struct slot *base = find(n->slots, n->room, rp_buf_text(&b));
	if (base->name == NULL)
		return take(n, base, rp_buf_text(&b));
	for (;;) {
		rp_autobuf next = RP_BUF_INIT(max + 64);
		rp_buf_addf(&next, "%s (%u)", base->name, ++base->given);
		struct slot *s = find(n->slots, n->room, rp_buf_text(&next));
		if (next.failed)
			return NULL;
		if (s->name == NULL)
			return take(n, s, rp_buf_text(&next));
	}
}
