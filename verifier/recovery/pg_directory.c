/* SPDX-License-Identifier: MIT */
/* pg_dump --format=directory: a table of contents and a file for each table, or a tar of that directory. */
#include <string.h>

#include "verifier/recovery/members.h"
#include "verifier/recovery/pg_archive.h"
#include "verifier/recovery/pg_toc.h"
#include "verifier/recovery/wanted.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

#define HEADER_MAX 4096

/* false: its table of contents was not seen, or is not one. */
static int look(struct rp_artifact *a, bool *ret_seen, struct rp_pg_archive *ret, struct rp_err **err)
{
	uint8_t head[HEADER_MAX];
	size_t len = 0;
	if (rp_artifact_look(a, "toc.dat", head, sizeof head, &len, err) < 0)
		return -1;
	*ret_seen = rp_pg_archive_parse(head, len, ret);
	return 0;
}

/* "3456.dat", "3456.dat.gz", "blob_16401.dat.zst" */
static bool is_data(const char *name)
{
	const char *base = strrchr(name, '/');
	base = base != NULL ? base + 1 : name;
	if (strncmp(base, "blob_", 5) == 0)
		base += 5;
	size_t digits = strspn(base, "0123456789");
	return digits > 0 && (strcmp(base + digits, ".dat") == 0 || strncmp(base + digits, ".dat.", 5) == 0);
}

static int bid(struct rp_artifact *a, struct rp_err **err)
{
	uint8_t head[16];
	size_t len = 0;
	if (rp_artifact_look(a, "toc.dat", head, sizeof head, &len, err) < 0)
		return -1;
	/* It says that it is of a tar: pg_dump wants a tar of it to be one. */
	int bits = rp_pg_archive_bid(head, len, RP_PG_TAR);
	if (bits > 0 || len > 0 || !rp_artifact_is_tar(a))
		return bits;
	/* In a tar it may lie far behind. */
	const char *first = rp_artifact_name(a, 0);
	for (size_t i = 0; first != NULL && first[strlen(first) - 1] == '/';)
		first = rp_artifact_name(a, ++i);
	return first != NULL && is_data(first) ? 8 : 0;
}

static int tell(struct rp_artifact *a, struct rp_identity *ret, struct rp_position *ret_at,
		struct rp_err **err)
{
	struct rp_pg_archive head = {0};
	bool seen;
	if (look(a, &seen, &head, err) < 0)
		return -1;
	return rp_pg_dump_tell(a, head.server, head.tool, seen ? head.database : NULL, head.made_ms, ret,
			       ret_at, err);
}

static int restore_tree(struct rp_artifact *a, struct rp_scratch *s, const char *dir, struct rp_buf *said,
			struct rp_err **err)
{
	/* With a manifest all rows are compared. */
	bool deep = a->wanted == NULL || a->wanted->sealed == NULL;
	if (rp_pg_directory_check(dir, deep, said, err) < 0 || rp_scratch_start(s, err) < 0)
		return -1;
	return rp_pg_restore(s, rp_wanted_jobs(a->wanted), dir, NULL, said, err);
}

static int restore(struct rp_artifact *a, struct rp_scratch *s, struct rp_buf *said, struct rp_err **err)
{
	rp_autofree char *dir = NULL;
	struct rp_pg_archive head;
	bool seen;
	if (look(a, &seen, &head, err) < 0 ||
	    (seen && rp_pg_archive_readable(a, &head, rp_pg_scratch_major(s), err) < 0) ||
	    rp_artifact_place_tree(a, s->dir, &dir, err) < 0)
		return -1;
	int r = restore_tree(a, s, dir, said, err);
	(void)rp_tree_remove(dir, NULL);
	return r;
}

static const char *const dump[] = {"pg_dump",
				   "--format=directory",
				   "--no-password",
				   "--jobs={jobs}",
				   "--snapshot={snapshot}",
				   "--file={path}",
				   NULL};

const struct rp_format rp_format_pg_directory = {
	.name = "pg_dump directory",
	.engine = "postgresql",
	.bid = bid,
	.restore = restore,
	.tell = tell,
	.omits = rp_pg_dump_omits,
	.dump = dump,
	.dump_environment = rp_pg_dump_environment,
};
