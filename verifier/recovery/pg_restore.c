/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "verifier/recovery/pg_dump.h"
#include "verifier/scratch/scratch.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"
#include "verifier/util/stream.h"

#define SCHEMA_MAX (256 << 20) /* a quarter of it is for SQL */

/* Without a manifest nobody has said which roles there are; the archive's own SQL does. What is wrong with the
 * archive is told when it is restored. */
static int make_roles(struct rp_scratch *s, const char *path, struct rp_err **err)
{
	const char *const argv[] = {"pg_restore", "--schema-only", "--file=-", path, NULL};
	rp_autobuf sql = RP_BUF_INIT(SCHEMA_MAX);
	rp_auto(rp_stream) text = NULL;
	if (rp_scratch_feed(s, argv, NULL, &sql, NULL) < 0)
		return rp_run_check(s->run, err);
	if (rp_stream_of_memory(&text, rp_buf_text(&sql), sql.len, err) < 0)
		return -1;
	return rp_pg_make_roles(s, text, err);
}

/* The database is the environment's: a name in an argument could be taken for connection options, and without any
 * --dbname pg_restore prints the archive and restores nothing. A failing statement does not stop it, so that all of
 * what is wrong is told; it then ends with exit status 1, 'errors ignored on restore', a failure like any other. */
int rp_pg_restore(struct rp_scratch *s, unsigned jobs, const char *path, struct rp_stream *input,
		  struct rp_buf *said, struct rp_err **err)
{
	char with[32];
	(void)snprintf(with, sizeof with, "--jobs=%u", jobs);
	/* Tablespaces are places on the other machine's disks. */
	const char *argv[9] = {"pg_restore", "--no-password", "--dbname=application_name=pg_restore",
			       "--no-tablespaces", with};
	size_t n = 5;
	bool roles = !rp_pg_lacks_roles(s) || path != NULL;
	if (path != NULL &&
	    (rp_scratch_lend(s, path, err) < 0 || (rp_pg_lacks_roles(s) && make_roles(s, path, err) < 0)))
		return -1;
	if (!s->faithful || !roles) {
		argv[n++] = "--no-owner";
		argv[n++] = "--no-privileges";
	}
	argv[n] = path;
	return rp_scratch_feed(s, argv, input, said, err);
}
