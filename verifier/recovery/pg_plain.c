/* SPDX-License-Identifier: MIT */
/* pg_dump --format=plain: SQL for psql, which would also run commands of its own that stand in it. */
#include <string.h>

#include "verifier/recovery/members.h"
#include "verifier/recovery/pg_dump.h"
#include "verifier/recovery/psql_filter.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

static int parse(struct rp_artifact *a, bool *ret_is, struct rp_pg_plain *ret, struct rp_err **err)
{
	const uint8_t *head;
	size_t len;
	if (rp_artifact_head(a, &head, &len, err) < 0)
		return -1;
	*ret_is = rp_pg_plain_parse(head, len, ret);
	return 0;
}

/* What is said of a database that every server has is said of the scratch server's, and not of ours. */
static bool brings_database(const struct rp_pg_plain *p)
{
	return p->creates && !rp_pg_is_servers_own(p->database);
}

static int bid_for(struct rp_artifact *a, bool brings, struct rp_err **err)
{
	struct rp_pg_plain p;
	bool is;
	if (parse(a, &is, &p, err) < 0)
		return -1;
	return is && !p.cluster && brings_database(&p) == brings ? 8 * 27 : 0; /* the length of its title */
}

static int bid(struct rp_artifact *a, struct rp_err **err)
{
	return bid_for(a, false, err);
}

static int bid_create(struct rp_artifact *a, struct rp_err **err)
{
	return bid_for(a, true, err);
}

static int tell(struct rp_artifact *a, struct rp_identity *ret, struct rp_position *ret_at,
		struct rp_err **err)
{
	struct rp_pg_plain p;
	bool is;
	if (parse(a, &is, &p, err) < 0)
		return -1;
	return rp_pg_dump_tell(a, p.server, p.tool, p.database[0] != '\0' ? p.database : NULL, 0, ret, ret_at,
			       err);
}

/* Read once more for it: what it costs is less than a restore that stops at the first owner. */
static int make_roles(struct rp_artifact *a, struct rp_scratch *s, struct rp_err **err)
{
	rp_auto(rp_stream) sql = NULL;
	if (rp_artifact_read(a, &a->files[0], &sql, err) < 0)
		return -1;
	return rp_pg_make_roles(s, sql, err);
}

static int restore(struct rp_artifact *a, struct rp_scratch *s, struct rp_buf *said, struct rp_err **err)
{
	struct rp_pg_plain p;
	bool is;
	if (parse(a, &is, &p, err) < 0 || rp_pg_is_asked(a, p.database, err) < 0 ||
	    (p.creates && rp_pg_call(s, p.database, err) < 0) || rp_scratch_start(s, err) < 0 ||
	    (rp_pg_lacks_roles(s) && make_roles(a, s, err) < 0))
		return -1;
	rp_auto(rp_stream) bytes = NULL;
	if (rp_artifact_read(a, &a->files[0], &bytes, err) < 0)
		return -1;
	return rp_psql_restore(s, rp_take(bytes), a->point->id, said, err);
}

static const char *const dump[] = {"pg_dump", "--format=plain", "--no-password", "--snapshot={snapshot}",
				   NULL};

/* Settings and properties of the database are in it. */
static const char *omits_create(const struct rp_object *sealed, const char *fact)
{
	bool of_database =
		strcmp(sealed->kind, "database") == 0 || strcmp(sealed->kind, "database setting") == 0;
	return of_database ? NULL : rp_pg_dump_omits(sealed, fact);
}

const struct rp_format rp_format_pg_plain = {
	.name = "pg_dump plain",
	.engine = "postgresql",
	.bid = bid,
	.restore = restore,
	.tell = tell,
	.omits = rp_pg_dump_omits,
	.dump = dump,
	.dump_environment = rp_pg_dump_environment,
};

const struct rp_format rp_format_pg_create = {
	.name = "pg_dump plain --create",
	.engine = "postgresql",
	.bid = bid_create,
	.restore = restore,
	.tell = tell,
	.omits = omits_create,
};
