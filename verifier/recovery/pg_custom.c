/* SPDX-License-Identifier: MIT */
/* pg_dump --format=custom: an archive with a table of contents, restored by pg_restore. */
#include <stdio.h>
#include <unistd.h>

#include "verifier/recovery/members.h"
#include "verifier/recovery/pg_dump.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/run.h"

/* More connections than this have to wait for each other, and each wants memory to build an index. */
#define JOBS_MAX   8
#define SCHEMA_MAX (256 << 20) /* a quarter of it is for SQL */

static int bid(struct rp_artifact *a, struct rp_err **err)
{
	const uint8_t *head;
	size_t len;
	if (rp_artifact_head(a, &head, &len, err) < 0)
		return -1;
	return rp_pg_archive_bid(head, len, RP_PG_CUSTOM);
}

static int parse(struct rp_artifact *a, struct rp_pg_archive *ret, struct rp_err **err)
{
	const uint8_t *head;
	size_t len;
	if (rp_artifact_head(a, &head, &len, err) < 0)
		return -1;
	if (!rp_pg_archive_parse(head, len, ret))
		return rp_err_set(err, RP_ERR_BACKUP,
				  "'%s' is truncated or damaged: its header makes no sense", a->point->id);
	return 0;
}

static int tell(struct rp_artifact *a, struct rp_identity *ret, struct rp_position *ret_at,
		struct rp_err **err)
{
	struct rp_pg_archive head;
	if (parse(a, &head, err) < 0)
		return -1;
	return rp_pg_dump_tell(a, head.server, head.tool, head.database, head.made_ms, ret, ret_at, err);
}

/* An archive of a later pg_dump is no damage: a later pg_restore reads it. */
static int readable(struct rp_artifact *a, unsigned server, struct rp_err **err)
{
	struct rp_pg_archive head;
	if (parse(a, &head, err) < 0)
		return -1;
	unsigned needs = rp_pg_archive_needs(&head);
	if (needs != 0 && (server == 0 || server >= needs))
		return 0;
	(void)rp_err_set(
		err, RP_ERR_ENGINE,
		"'%s' is an archive of version %u.%u, made by pg_dump %s, which pg_restore %u cannot read",
		a->point->id, head.major, head.minor, head.tool, server);
	if (needs == 0)
		return rp_err_hint(err, "a later reprove may know it");
	return rp_err_hint(err,
			   "restore it with PostgreSQL %u or later, or make it with the pg_dump of the "
			   "server's own version",
			   needs);
}

/* The database is the environment's: a name in an argument could be taken for connection options, and without any
 * --dbname pg_restore prints the archive and restores nothing. */
static int feed(struct rp_scratch *s, const char *jobs, bool owners, const char *path,
		struct rp_stream *input, struct rp_buf *said, struct rp_err **err)
{
	/* Tablespaces are places on the other machine's disks. */
	const char *argv[9] = {"pg_restore", "--no-password", "--dbname=application_name=pg_restore",
			       "--no-tablespaces", jobs};
	size_t n = 5;
	if (!owners) {
		argv[n++] = "--no-owner";
		argv[n++] = "--no-privileges";
	}
	argv[n] = path;
	return rp_scratch_feed(s, argv, input, said, err);
}

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

static int in_parallel(struct rp_artifact *a, struct rp_scratch *s, long cores, struct rp_buf *said,
		       struct rp_err **err)
{
	rp_autofree char *path = NULL;
	if (rp_artifact_place(a, s->dir, &path, err) < 0)
		return -1;
	char jobs[32];
	(void)snprintf(jobs, sizeof jobs, "--jobs=%ld", cores < JOBS_MAX ? cores : JOBS_MAX);
	int r = rp_scratch_lend(s, path, err);
	if (r == 0 && rp_pg_lacks_roles(s))
		r = make_roles(s, path, err);
	if (r == 0)
		r = feed(s, jobs, s->faithful, path, NULL, said, err);
	(void)unlink(path);
	return r;
}

static int in_sequence(struct rp_artifact *a, struct rp_scratch *s, struct rp_buf *said, struct rp_err **err)
{
	rp_auto(rp_stream) bytes = NULL;
	if (rp_artifact_read(a, &a->files[0], &bytes, err) < 0)
		return -1;
	return feed(s, "--jobs=1", s->faithful && !rp_pg_lacks_roles(s), NULL, bytes, said, err);
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
	if (readable(a, rp_pg_scratch_major(s), err) < 0 || rp_scratch_start(s, err) < 0)
		return -1;
	/* A failing statement does not stop it, so that all of what is wrong is told; it then ends with exit
	 * status 1, 'errors ignored on restore', which is a failure like any other. */
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	if ((cores > 1 || rp_pg_lacks_roles(s)) && has_room(a, s))
		return in_parallel(a, s, cores, said, err);
	return in_sequence(a, s, said, err);
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
