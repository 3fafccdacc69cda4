/* SPDX-License-Identifier: MIT */
/* pg_dump --format=plain: SQL for psql, which would also run commands of its own that stand in it. */
#include <string.h>

#include "verifier/recovery/members.h"
#include "verifier/recovery/pg_dump.h"
#include "verifier/recovery/psql_filter.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

#define SAID_MAX (1 << 20)

static int parse(struct rp_artifact *a, bool *ret_is, struct rp_pg_plain *ret, struct rp_err **err)
{
	const uint8_t *head;
	size_t len;
	if (rp_artifact_head(a, &head, &len, err) < 0)
		return -1;
	*ret_is = rp_pg_plain_parse(head, len, ret);
	return 0;
}

static int bid(struct rp_artifact *a, struct rp_err **err)
{
	struct rp_pg_plain p;
	bool is;
	if (parse(a, &is, &p, err) < 0)
		return -1;
	return is ? 8 * 27 : 0; /* the length of its title */
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

static int one_database(const struct rp_artifact *a, const struct rp_pg_plain *p, struct rp_err **err)
{
	if (!p->cluster)
		return 0;
	(void)rp_err_set(err, RP_ERR_ENGINE, "'%s' is the output of pg_dumpall, which is not supported yet",
			 a->point->id);
	return rp_err_hint(err, "dump each database by itself with pg_dump");
}

/* With --create a dump also speaks of its database as such: its owner, rights, comment and settings. So that it can,
 * there is an empty one of that name beside ours, which nobody looks at; a private server has room for it. */
static int make_namesake(struct rp_scratch *s, const struct rp_pg_plain *p, struct rp_err **err)
{
	const char *const createdb[] = {
		"createdb", "--template=template0", "--no-password", "--", p->database, NULL};
	if (!s->faithful) {
		(void)rp_err_set(
			err, RP_ERR_ENGINE,
			"a plain dump made with --create needs a private server: it makes a database "
			"of its own");
		return rp_err_hint(err, "restore it without --scratch, or make it without --create");
	}
	if (p->database[0] == '\0')
		return rp_err_set(err, RP_ERR_BACKUP, "it makes a database that has no possible name");
	if (strcmp(p->database, "postgres") == 0 || strcmp(p->database, "template1") == 0)
		return 0;
	rp_autobuf said = RP_BUF_INIT(SAID_MAX);
	return rp_scratch_feed(s, createdb, NULL, &said, err);
}

/* '--file=-' and not plain stdin: complaints then name the line. Results of queries are dropped. */
static const char *const psql[] = {
	"psql",	    "--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", "--output=/dev/null",
	"--file=-", NULL};

/* What the tool said, without the line that is our sentinel. false: the line is not there. */
static bool cut_sentinel(const char *said, const char *sentinel, struct rp_buf *ret)
{
	bool found = false;
	size_t n = strlen(sentinel);
	for (const char *line = said; *line != '\0';) {
		const char *end = strchrnul(line, '\n');
		if ((size_t)(end - line) == n && memcmp(line, sentinel, n) == 0) {
			found = true;
		} else {
			rp_buf_add_mem(ret, line, (size_t)(end - line));
			rp_buf_add(ret, "\n");
		}
		line = *end != '\0' ? end + 1 : end;
	}
	return found;
}

/* Exit status 0 alone means little: psql ends with it inside of unfinished COPY data, and wherever its input
 * ends between two statements. */
static int complete(const struct rp_artifact *a, const struct rp_stream *filter, const struct rp_buf *heard,
		    struct rp_buf *said, struct rp_err **err)
{
	bool sentinel = cut_sentinel(rp_buf_text(heard), rp_psql_filter_sentinel(filter), said);
	if (!rp_psql_filter_whole(filter))
		return rp_err_set(err, RP_ERR_BACKUP, "psql stopped before the end of '%s'", a->point->id);
	if (sentinel)
		return 0;
	if (heard->len >= heard->max / 2) /* three quarters are for what goes to stderr */
		return rp_err_set(err, RP_ERR_ENGINE, "psql said so much that its last words are not known");
	return rp_err_set(err, RP_ERR_BACKUP, "'%s' ends inside of a statement or of a table's rows",
			  a->point->id);
}

/* What is this machine's fault and not the dump's, though only this format knows it. */
static const struct {
	const char *said, *means, *hint;
} excuses[] = {
	/* It stops at our first line, and so has run nothing of the dump's. */
	{"invalid command \\restrict",
	 "psql knows no \\restrict, and would run commands that stand in the dump",
	 "install the minor release of August 2025 or a later one"},
	{"invalid value for parameter \"default_tablespace\"",
	 "the dump puts tables into a tablespace, which there "
	 "is none of here",
	 "make it with --no-tablespaces, or with --format=custom"},
};

/* By the first complaint alone: a dump can make the server say whatever it likes later on. */
static int blame(const struct rp_err *why, struct rp_err **err)
{
	for (size_t i = 0; i < sizeof excuses / sizeof excuses[0]; i++) {
		if (strstr(rp_err_text(why), excuses[i].said) == NULL)
			continue;
		(void)rp_err_set(err, RP_ERR_ENGINE, "%s", excuses[i].means);
		return rp_err_hint(err, "%s", excuses[i].hint);
	}
	(void)rp_err_set(err, rp_err_kind(why), "%s", rp_err_text(why));
	const char *hint = rp_err_hint_text(why);
	return hint != NULL ? rp_err_hint(err, "%s", hint) : -1;
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
	if (parse(a, &is, &p, err) < 0 || one_database(a, &p, err) < 0 || rp_scratch_start(s, err) < 0 ||
	    (rp_pg_lacks_roles(s) && make_roles(a, s, err) < 0) ||
	    (p.creates && make_namesake(s, &p, err) < 0))
		return -1;
	struct rp_stream *bytes = NULL;
	rp_auto(rp_stream) filter = NULL;
	if (rp_artifact_read(a, &a->files[0], &bytes, err) < 0 ||
	    rp_psql_filter_new(&filter, bytes, rp_pg_scratch_major(s), err) < 0)
		return -1;
	rp_autobuf heard = RP_BUF_INIT(SAID_MAX);
	rp_autoerr struct rp_err *why = NULL;
	if (rp_scratch_feed(s, psql, filter, &heard, &why) < 0) {
		rp_buf_add(said, rp_buf_text(&heard));
		return blame(why, err);
	}
	return complete(a, filter, &heard, said, err);
}

static const char *const dump[] = {"pg_dump", "--format=plain", "--no-password", "--snapshot={snapshot}",
				   NULL};

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
