/* SPDX-License-Identifier: MIT */
/* What is read of a base backup's small files and of its log before a server sees them. The first byte says which. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/recovery/pg_base.h"
#include "verifier/recovery/pg_label.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_history(const char *text, size_t len)
{
	static struct rp_pg_step steps[RP_PG_STEPS_MAX];
	size_t n;
	if (rp_pg_history_parse(text, len, steps, &n, NULL) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (steps[i].why < text || steps[i].why + steps[i].why_len > text + len)
			abort();
}

static void read_map(const char *text, size_t len)
{
	unsigned oids[8];
	size_t n;
	if (rp_pg_map_parse(text, len, oids, 8, &n, NULL) == 0 && n > 8)
		abort();
}

static void read_log(const char *text, size_t len)
{
	static uint8_t page[RP_PG_PAGE];
	struct rp_pg_segment s;
	uint64_t end = 0;
	(void)rp_pg_segment_parse((const uint8_t *)text, len, &s);
	memset(page, 0, sizeof page);
	memcpy(page, text, len < sizeof page ? len : sizeof page);
	memcpy(&end, text, len < sizeof end ? len : sizeof end);
	(void)rp_pg_log_beyond(page, end, (end | 0xFFFFFF) + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rp_pg_label label;
	struct rp_pg_control control;
	char stem[RP_PG_STEM_MAX];
	if (size == 0)
		return 0;
	/* A copy of the exact size, so that one byte too far is found; but for those that end with a zero. */
	bool ends = data[0] == 'c' || data[0] == 'n';
	size_t len = size - 1;
	char *text = malloc(len + ends + (len + ends == 0));
	if (text == NULL)
		return 0;
	memcpy(text, data + 1, len);
	if (ends)
		text[len] = '\0';
	switch (data[0]) {
	case 'b':
		(void)rp_pg_label_parse(text, len, &label, NULL);
		break;
	case 'c':
		(void)rp_pg_control_parse(text, &control, NULL);
		break;
	case 'h':
		read_history(text, len);
		break;
	case 'm':
		read_map(text, len);
		break;
	case 'n':
		(void)rp_pg_base_is_tar(text, stem);
		break;
	default:
		read_log(text, len);
	}
	free(text);
	return 0;
}
