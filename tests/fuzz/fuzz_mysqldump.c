/* SPDX-License-Identifier: MIT */
/* Whatever the dump: the client gets it byte by byte, but for lines that became blank, and a last statement of ours; or
 * there is a complaint. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/recovery/my_filter.h"
#include "verifier/recovery/my_lines.h"
#include "verifier/recovery/mysqldump.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

#define OUT_MAX (8 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_end(const char *text, size_t room)
{
	if (memchr(text, '\0', room) == NULL)
		abort();
}

static void read_head(const uint8_t *data, size_t size)
{
	struct rp_mysqldump_head h;
	(void)rp_mysqldump_parse(data, size, &h);
	must_end(h.message, sizeof h.message);
	must_end(h.tool, sizeof h.tool);
	must_end(h.server, sizeof h.server);
	must_end(h.database, sizeof h.database);
	must_end(h.log_file, sizeof h.log_file);
	must_end(h.log_pos, sizeof h.log_pos);
	must_end(h.gtid, sizeof h.gtid);
}

static void read_line(const uint8_t *data, size_t size)
{
	char name[RP_MY_NAME_MAX];
	if (rp_my_line_of((const char *)data, size) == RP_MY_DATABASE &&
	    rp_my_line_database((const char *)data, size, name) && name[0] == '\0')
		abort();
}

static void check(const struct rp_buf *out, const uint8_t *data, size_t size, const char *sentinel)
{
	for (size_t i = 0; i < out->len && i < size; i++)
		if ((uint8_t)out->s[i] != data[i] && (out->s[i] != ' ' || data[i] == '\n'))
			abort();
	if (sentinel == NULL) {
		if (out->len > size)
			abort();
		return;
	}
	char last[64];
	int n = snprintf(last, sizeof last, "\nselect '%s';\n", sentinel);
	if (out->len != size + (size_t)n || memcmp(out->s + size, last, (size_t)n) != 0)
		abort();
}

static void filter(const uint8_t *data, size_t size, size_t piece)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_stream *below = NULL;
	rp_auto(rp_stream) s = NULL;
	if (rp_stream_of_memory(&below, data, size, &err) < 0 ||
	    rp_my_filter_new(&s, below, size % 2 > 0 ? "b" : NULL, false, &err) < 0)
		return;
	rp_autobuf out = RP_BUF_INIT(OUT_MAX);
	char buf[256 * 7 + 1];
	ssize_t n;
	while ((n = rp_stream_read(s, buf, piece, &err)) > 0)
		rp_buf_add_mem(&out, buf, (size_t)n);
	if ((n == 0) != rp_my_filter_whole(s))
		abort();
	if (!out.failed)
		check(&out, data, size, n == 0 ? rp_my_filter_sentinel(s) : NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	/* A copy of the exact size, so that one byte too far is found. */
	uint8_t *dump = malloc(size);
	if (dump == NULL)
		return 0;
	memcpy(dump, data, size);
	read_head(dump, size);
	read_line(dump, size);
	/* A dump's first byte is always the same: how much is read at once is told by its last. */
	filter(dump, size, (size_t)dump[size - 1] * 7 + 1);
	free(dump);
	return 0;
}
