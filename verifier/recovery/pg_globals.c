/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/pg_globals.h"

#include <stdint.h>
#include <string.h>

#include "verifier/recovery/pg_dump.h"
#include "verifier/recovery/pg_sql.h"
#include "verifier/recovery/sql_line.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/stream.h"

#define STATEMENT_MAX (1 << 20)

/* The filter in front of psql wants a dump's first and last lines, and takes what comes before an object for
 * settings. */
#define BEGINS                                                                                               \
	"--\n-- PostgreSQL database dump\n--\n\n--\n-- Name: roles; Type: GLOBALS; Schema: -; Owner: -\n--\n\n"
#define ENDS "\n--\n-- PostgreSQL database dump complete\n--\n\n"

enum fate { KEEP, ROLE, MEMBERSHIP, NOTHING, TABLESPACE, OTHER };

/* By how a statement begins, and by words of it that stand outside of quotes. The first that fits. */
static const struct {
	const char *begins, *holds;
	enum fate fate;
} kinds[] = {
	{"CREATE ROLE ", NULL, ROLE},
	{"ALTER ROLE ALL ", NULL, OTHER},
	{"ALTER ROLE ", " IN DATABASE ", OTHER}, /* a database's own part brings these */
	{"ALTER ROLE ", NULL, KEEP},
	{"COMMENT ON ROLE ", NULL, KEEP},
	{"GRANT ", " ON TABLESPACE ", TABLESPACE},
	{"REVOKE ", " ON TABLESPACE ", TABLESPACE},
	{"GRANT ", " ON PARAMETER ", KEEP},
	{"REVOKE ", " ON PARAMETER ", KEEP},
	{"GRANT ", " ON ", OTHER},
	{"GRANT ", NULL, MEMBERSHIP},
	{"SET client_encoding = ", NULL, KEEP},
	{"SET standard_conforming_strings = ", NULL, KEEP},
	{"SET default_transaction_read_only = ", NULL, NOTHING},
	{"DROP ", NULL, NOTHING}, /* of --clean: ours is empty */
	{"CREATE TABLESPACE ", NULL, TABLESPACE},
	{"ALTER TABLESPACE ", NULL, TABLESPACE},
	{"COMMENT ON TABLESPACE ", NULL, TABLESPACE},
	{"SECURITY LABEL ON TABLESPACE ", NULL, TABLESPACE},
};

struct globals {
	struct rp_buf *roles, *sql;
	struct rp_buf statement;
	struct rp_pg_sql at;
	size_t tablespaces, others;
	uint64_t line; /* at which the statement begins */
	uint64_t next;
};

/* 'words' in s[0..n), not within '...' or "...". */
static const char *outside(const char *s, size_t n, const char *words)
{
	size_t len = strlen(words);
	char quote = '\0';
	for (size_t i = 0; i < n; i++) {
		if (quote == '\0' && n - i >= len && memcmp(s + i, words, len) == 0)
			return s + i;
		if (quote == '\0' && (s[i] == '\'' || s[i] == '"'))
			quote = s[i];
		else if (s[i] == quote)
			quote = '\0';
	}
	return NULL;
}

static enum fate fate_of(const char *s, size_t n)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (n >= strlen(kinds[i].begins) &&
		    memcmp(s, kinds[i].begins, strlen(kinds[i].begins)) == 0 &&
		    (kinds[i].holds == NULL || outside(s, n, kinds[i].holds) != NULL))
			return kinds[i].fate;
	return OTHER;
}

/* Where the word or the quoted thing at s ends. */
static const char *behind(const char *s, const char *end)
{
	char quote = s < end && (*s == '\'' || *s == '"') ? *s : '\0';
	if (quote == '\0') {
		while (s < end && *s != ' ' && *s != ';' && *s != '\n')
			s++;
		return s;
	}
	for (s++; s < end; s++)
		if (*s == quote && (s + 1 == end || s[1] != quote))
			return s + 1;
		else if (*s == quote)
			s++;
	return end;
}

/* All of it but 'words' and the one word behind them. */
static void add_without(struct rp_buf *ret, const char *s, size_t n, const char *words)
{
	const char *at = outside(s, n, words), *end = s + n;
	if (at == NULL) {
		rp_buf_add_mem(ret, s, n);
		return;
	}
	const char *rest = behind(at + strlen(words), end);
	rp_buf_add_mem(ret, s, (size_t)(at - s));
	rp_buf_add_mem(ret, rest, (size_t)(end - rest));
}

static void decide(struct globals *g, const char *s, size_t n)
{
	switch (fate_of(s, n)) {
	case ROLE:
		rp_buf_add_mem(g->roles, s, n);
		break;
	case KEEP:
		add_without(g->sql, s, n, " PASSWORD ");
		break;
	case MEMBERSHIP:
		/* Since 16 only the first superuser may grant without having been granted: who that was, on the
		 * other server, is nobody here. */
		add_without(g->sql, s, n, " GRANTED BY ");
		break;
	case TABLESPACE:
		g->tablespaces++;
		break;
	case OTHER:
		g->others++;
		break;
	case NOTHING:
		break;
	}
}

/* Some lines, the last of which may have ended a statement. */
static int take(struct globals *g, const char *s, size_t n, struct rp_err **err)
{
	size_t before = g->at.statements;
	struct rp_line l = rp_line_of(s, n);
	bool first = rp_pg_sql_between(&g->at);
	bool none = first && (rp_line_blank(&l) || rp_line_begins(&l, "--") || rp_line_begins(&l, "\\"));
	if (first)
		g->line = g->next;
	(void)rp_pg_sql_skip(&g->at, s, n);
	for (size_t i = 0; i < n; i++)
		g->next += s[i] == '\n';
	if (none)
		return 0;
	rp_buf_add_mem(&g->statement, s, n);
	if (g->statement.failed)
		return rp_err_set(err, RP_ERR_BACKUP, "line %llu: a statement of more than %d bytes",
				  (unsigned long long)g->line, STATEMENT_MAX);
	if (g->at.statements > before + 1 || (g->at.statements > before && !rp_pg_sql_between(&g->at)))
		return rp_err_set(err, RP_ERR_BACKUP, "line %llu: several statements in one line",
				  (unsigned long long)g->line);
	if (g->at.statements == before)
		return 0;
	decide(g, g->statement.s, g->statement.len);
	rp_buf_reset(&g->statement);
	return 0;
}

/* Line by line: the end of one is where the next can begin. */
static int read_all(struct globals *g, struct rp_stream *from, struct rp_err **err)
{
	rp_autobuf line = RP_BUF_INIT(STATEMENT_MAX);
	char chunk[16 << 10];
	ssize_t n;
	while ((n = rp_stream_read(from, chunk, sizeof chunk, err)) > 0) {
		for (const char *at = chunk, *end = chunk + n; at < end;) {
			const char *nl = memchr(at, '\n', (size_t)(end - at));
			const char *to = nl != NULL ? nl + 1 : end;
			rp_buf_add_mem(&line, at, (size_t)(to - at));
			if (line.failed)
				return rp_err_set(err, RP_ERR_BACKUP, "line %llu: longer than %d bytes",
						  (unsigned long long)g->next, STATEMENT_MAX);
			if (nl != NULL && take(g, line.s, line.len, err) < 0)
				return -1;
			if (nl != NULL)
				rp_buf_reset(&line);
			at = to;
		}
	}
	return n < 0 ? -1 : 0;
}

int rp_pg_globals(struct rp_stream *from, struct rp_buf *ret_roles, struct rp_buf *ret_sql,
		  struct rp_buf *ret_said, struct rp_err **err)
{
	struct globals g = {.roles = ret_roles,
			    .sql = ret_sql,
			    .statement = RP_BUF_INIT(STATEMENT_MAX),
			    .at = RP_PG_SQL_INIT,
			    .next = 1};
	rp_buf_add(ret_sql, BEGINS);
	int r = read_all(&g, from, err);
	rp_buf_done(&g.statement);
	rp_buf_add(ret_sql, ENDS);
	if (g.tablespaces > 0)
		rp_buf_add(ret_said, RP_PG_NO_TABLESPACES);
	if (g.others > 0)
		rp_buf_addf(ret_said, "left out: %zu statements that are about other parts of a server\n",
			    g.others);
	if (r == 0 && (rp_buf_check(ret_roles, err) < 0 || rp_buf_check(ret_sql, err) < 0))
		return -1;
	return r;
}
