/* SPDX-License-Identifier: MIT */
/* Whatever the dump: its parts are pieces of it in its order, and it is whole only with its last line. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/recovery/pg_cluster.h"
#include "verifier/recovery/pg_globals.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_globals(struct rp_stream *s)
{
	rp_autobuf roles = RP_BUF_INIT(1 << 20);
	rp_autobuf sql = RP_BUF_INIT(1 << 20);
	rp_autobuf said = RP_BUF_INIT(4096);
	rp_autoerr struct rp_err *err = NULL;
	(void)rp_pg_globals(s, &roles, &sql, &said, &err);
}

/* How many bytes of it there are. */
static size_t check_part(struct rp_stream *s, const uint8_t *data, size_t size, size_t from)
{
	rp_autobuf got = RP_BUF_INIT(8 << 20);
	rp_autoerr struct rp_err *err = NULL;
	char buf[777];
	ssize_t n;
	while ((n = rp_stream_read(s, buf, sizeof buf, &err)) > 0)
		rp_buf_add_mem(&got, buf, (size_t)n);
	const uint8_t *at = got.len > 0 ? memmem(data + from, size - from, got.s, got.len) : data + from;
	if (at == NULL)
		abort();
	return (size_t)(at - data) + got.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_stream *below = NULL;
	rp_auto(rp_pg_cluster) c = NULL;
	const struct rp_pg_part *part;
	size_t from = 0;
	int r;
	if (size < 1 || rp_stream_of_memory(&below, data + 1, size - 1, &err) < 0 ||
	    rp_pg_cluster_new(&c, below, &err) < 0)
		return 0;
	for (unsigned i = 0; (r = rp_pg_cluster_next(c, &part, &err)) > 0; i++) {
		rp_auto(rp_stream) s = NULL;
		if (rp_pg_cluster_read(c, &s, &err) < 0)
			return 0;
		if (part->globals && (data[0] & 1) != 0)
			check_globals(s);
		else if ((data[0] >> (1 + i % 7) & 1) == 0)
			from = check_part(s, data + 1, size - 1, from);
	}
	static const char last[] = "-- PostgreSQL database cluster dump complete";
	if (r == 0 && memmem(data + 1, size - 1, last, sizeof last - 1) == NULL)
		abort();
	return 0;
}
