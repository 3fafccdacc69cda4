/* SPDX-License-Identifier: MIT */
/* pg_dump --format=custom: an archive with a table of contents, restored by pg_restore. */
#include <unistd.h>

#include "verifier/recovery/members.h"
#include "verifier/recovery/pg_archive.h"
#include "verifier/recovery/wanted.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

static int bid(struct rp_artifact *a, struct rp_err **err)
{
	const uint8_t *head;
	size_t len;
	if (rp_artifact_head(a, &head, &len, err) < 0)
		return -1;
	return rp_pg_archive_bid(head, len, RP_PG_CUSTOM);
}

static int tell(struct rp_artifact *a, struct rp_identity *ret, struct rp_position *ret_at,
		struct rp_err **err)
{
	struct rp_pg_archive head;
	if (rp_pg_archive_look(a, NULL, &head, err) < 0)
		return -1;
	return rp_pg_dump_tell(a, head.server, head.tool, head.database, head.made_ms, ret, ret_at, err);
}

static int in_parallel(struct rp_artifact *a, struct rp_scratch *s, struct rp_buf *said, struct rp_err **err)
{
	rp_autofree char *path = NULL;
	if (rp_artifact_place(a, s->dir, &path, err) < 0)
		return -1;
	int r = rp_pg_restore(s, rp_wanted_jobs(a->wanted), path, NULL, said, err);
	(void)unlink(path);
	return r;
}

static int in_sequence(struct rp_artifact *a, struct rp_scratch *s, struct rp_buf *said, struct rp_err **err)
{
	rp_auto(rp_stream) bytes = NULL;
	if (rp_artifact_read(a, &a->files[0], &bytes, err) < 0)
		return -1;
	return rp_pg_restore(s, 1, NULL, bytes, said, err);
}

/* Several connections need a file that can be seeked in, and so room for a copy beside the database. */
static bool has_room(const struct rp_artifact *a, const struct rp_scratch *s)
{
	uint64_t free_bytes;
	return s->dir != NULL && rp_disk_free(s->dir, &free_bytes, NULL) == 0 &&
	       a->point->size < free_bytes / 4;
}

static int restore(struct rp_artifact *a, struct rp_scratch *s, struct rp_buf *said, struct rp_err **err)
{
	struct rp_pg_archive head;
	if (rp_pg_archive_look(a, NULL, &head, err) < 0 ||
	    rp_pg_archive_readable(a, &head, rp_pg_scratch_major(s), err) < 0 || rp_scratch_start(s, err) < 0)
		return -1;
	return (rp_wanted_jobs(a->wanted) > 1 || rp_pg_lacks_roles(s)) && has_room(a, s)
		       ? in_parallel(a, s, said, err)
		       : in_sequence(a, s, said, err);
}

static const char *const dump[] = {"pg_dump", "--format=custom", "--no-password", "--snapshot={snapshot}",
				   NULL};

const struct rp_format rp_format_pg_custom = {
	.name = "pg_dump custom",
	.engine = "postgresql",
	.bid = bid,
	.restore = restore,
	.tell = tell,
	.omits = rp_pg_dump_omits,
	.dump = dump,
	.dump_environment = rp_pg_dump_environment,
};
