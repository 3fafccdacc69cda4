/* SPDX-License-Identifier: MIT */
/* What is read of a dump before any tool sees it. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/recovery/pg_archive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void name_found(void *ctx, const char *name)
{
	*(size_t *)ctx += strlen(name);
}

static void must_end(const char text[RP_PG_TEXT_MAX])
{
	if (memchr(text, '\0', RP_PG_TEXT_MAX) == NULL)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of the exact size, so that one byte too far is found. */
	uint8_t *head = malloc(size);
	if (head == NULL && size > 0)
		return 0;
	if (size > 0)
		memcpy(head, data, size);
	struct rp_pg_archive a;
	struct rp_pg_plain p;
	if (rp_pg_archive_parse(head, size, &a)) {
		must_end(a.database);
		must_end(a.server);
		must_end(a.tool);
		(void)rp_pg_archive_needs(&a);
	}
	(void)rp_pg_archive_bid(head, size, RP_PG_CUSTOM);
	if (rp_pg_plain_parse(head, size, &p)) {
		must_end(p.server);
		must_end(p.tool);
		(void)rp_pg_major(p.tool);
	}
	size_t found = 0;
	for (size_t at = 0, n; at < size; at += n + 1) {
		const uint8_t *nl = memchr(head + at, '\n', size - at);
		n = nl != NULL ? (size_t)(nl - head) - at : size - at;
		rp_pg_roles_in((const char *)head + at, n, name_found, &found);
	}
	if (found > 4 * size)
		abort();
	free(head);
	return 0;
}
