/* SPDX-License-Identifier: MIT */
/* What is read of a dump before any tool sees it. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/recovery/pg_dump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
	free(head);
	return 0;
}
