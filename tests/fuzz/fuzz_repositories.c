/* SPDX-License-Identifier: MIT */
/* What pgBackRest and Barman write about their backups, as a stranger may have changed it. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/recovery/pgbackrest.h"
#include "verifier/recovery/store_sets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_end(const char *text, size_t room)
{
	if (memchr(text, 0, room) == NULL)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Of exactly this size, so that one byte too many is seen. */
	char *text = malloc(size > 0 ? size : 1);
	if (text == NULL)
		abort();
	if (size > 0)
		memcpy(text, data, size);
	struct rp_backrest_info info;
	if (rp_backrest_info_parse(text, size, "20261121-171045F", &info)) {
		must_end(info.version, sizeof info.version);
		must_end(info.tool, sizeof info.tool);
		must_end(info.lsn_stop, sizeof info.lsn_stop);
	}
	size_t len;
	const char *v = rp_barman_value(text, size, "version", &len);
	if (v != NULL && (v < text || v + len > text + size))
		abort();
	free(text);
	return 0;
}
