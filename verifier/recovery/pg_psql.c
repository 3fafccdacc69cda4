/* SPDX-License-Identifier: MIT */
/* A plain dump, or a part of one, through psql, which would also run commands of its own that stand in it. */
#include <string.h>

#include "verifier/recovery/pg_dump.h"
#include "verifier/recovery/psql_filter.h"
#include "verifier/scratch/scratch.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

#define SAID_MAX (1 << 20)

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
static int complete(const char *what, const struct rp_stream *filter, const struct rp_buf *heard,
		    struct rp_buf *said, struct rp_err **err)
{
	bool sentinel = cut_sentinel(rp_buf_text(heard), rp_psql_filter_sentinel(filter), said);
	if (!rp_psql_filter_whole(filter))
		return rp_err_set(err, RP_ERR_BACKUP, "psql stopped before the end of '%s'", what);
	if (sentinel)
		return 0;
	if (heard->len >= heard->max / 2) /* three quarters are for what goes to stderr */
		return rp_err_set(err, RP_ERR_ENGINE, "psql said so much that its last words are not known");
	return rp_err_set(err, RP_ERR_BACKUP, "'%s' ends inside of a statement or of a table's rows", what);
}

/* What is this machine's fault and not the dump's, though only this format knows it. */
static const struct {
	const char *said, *means, *hint;
} excuses[] = {
	/* It stops at our first line, and so has run nothing of the dump's. */
	{"invalid command \\restrict",
	 "psql knows no \\restrict, and would run commands that stand in the dump",
	 "install the minor release of August 2025 or a later one"},
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

int rp_psql_restore(struct rp_scratch *s, struct rp_stream *sql, const char *what, struct rp_buf *said,
		    struct rp_err **err)
{
	rp_auto(rp_stream) filter = NULL;
	rp_autobuf heard = RP_BUF_INIT(SAID_MAX);
	rp_autoerr struct rp_err *why = NULL;
	if (rp_psql_filter_new(&filter, sql, rp_pg_scratch_major(s), err) < 0)
		return -1;
	if (rp_scratch_feed(s, psql, filter, &heard, &why) < 0) {
		rp_buf_add(said, rp_buf_text(&heard));
		return blame(why, err);
	}
	if (rp_psql_filter_displaced(filter))
		rp_buf_add(said, RP_PG_NO_TABLESPACES);
	return complete(what, filter, &heard, said, err);
}
