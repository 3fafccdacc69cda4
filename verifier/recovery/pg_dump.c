/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/pg_dump.h"

#include <string.h>

#include "verifier/recovery/artifact.h"
#include "verifier/recovery/wanted.h"
#include "verifier/scratch/scratch.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"

/* Lines of the head, without their ends. */
static bool next_line(const char **at, const char *end, const char **line, size_t *n)
{
	if (*at >= end)
		return false;
	const char *nl = memchr(*at, '\n', (size_t)(end - *at));
	*line = *at;
	*n = (size_t)((nl != NULL ? nl : end) - *at);
	*at = nl != NULL ? nl + 1 : end;
	if (*n > 0 && (*line)[*n - 1] == '\r')
		(*n)--;
	return true;
}

static bool begins(const char *line, size_t n, const char *with)
{
	size_t len = strlen(with);
	return n >= len && memcmp(line, with, len) == 0;
}

static bool is(const char *line, size_t n, const char *text)
{
	return n == strlen(text) && begins(line, n, text);
}

static void keep_after(char ret[RP_PG_TEXT_MAX], const char *line, size_t n, const char *prefix)
{
	if (ret[0] != '\0' || !begins(line, n, prefix))
		return;
	size_t skip = strlen(prefix), keep = n - skip;
	keep = keep < RP_PG_TEXT_MAX ? keep : RP_PG_TEXT_MAX - 1;
	memcpy(ret, line + skip, keep);
	ret[keep] = '\0';
}

/* "-- Name: shop; Type: DATABASE; Schema: ..." */
static bool keep_database(char ret[RP_PG_TEXT_MAX], const char *line, size_t n)
{
	static const char prefix[] = "-- Name: ";
	const char *end = memmem(line, n, "; Type: DATABASE;", 17);
	size_t skip = sizeof prefix - 1;
	if (end == NULL || (size_t)(end - line) <= skip)
		return false;
	size_t len = (size_t)(end - line) - skip;
	if (len < RP_PG_TEXT_MAX) {
		memcpy(ret, line + skip, len);
		ret[len] = '\0';
	}
	return true;
}

bool rp_pg_plain_parse(const uint8_t *head, size_t len, struct rp_pg_plain *ret)
{
	const char *at = (const char *)head, *end = at + len, *line;
	struct rp_pg_plain p = {0};
	size_t n;
	bool title = false;
	while (!title && next_line(&at, end, &line, &n)) {
		p.cluster = is(line, n, "-- PostgreSQL database cluster dump");
		title = p.cluster || is(line, n, "-- PostgreSQL database dump");
		if (!title && n > 0 && !is(line, n, "--"))
			return false;
	}
	while (title && next_line(&at, end, &line, &n)) {
		keep_after(p.server, line, n, "-- Dumped from database version ");
		keep_after(p.tool, line, n, "-- Dumped by pg_dump version ");
		/* The database comes before everything that is in it, so the first object tells. */
		if (begins(line, n, "-- Name: ")) {
			p.creates = keep_database(p.database, line, n);
			break;
		}
	}
	*ret = p;
	return title;
}

unsigned rp_pg_major(const char *version)
{
	unsigned v = 0;
	for (const char *s = version != NULL ? version : ""; *s >= '0' && *s <= '9' && v < 1000; s++)
		v = v * 10 + (unsigned)(*s - '0');
	return v;
}

int rp_pg_is_asked(const struct rp_artifact *a, const char *database, struct rp_err **err)
{
	bool asked;
	const char *wanted = rp_wanted_database(a->wanted, &asked);
	if (!asked || database[0] == '\0' || strcmp(wanted, database) == 0)
		return 0;
	rp_autobuf shown = RP_BUF_INIT(1024);
	rp_buf_add_plain(&shown, database);
	(void)rp_err_set(err, RP_ERR_USAGE, "it is a dump of database '%s' alone, and '%s' was asked for",
			 rp_buf_text(&shown), wanted);
	return rp_err_hint(err, "leave out --database");
}

unsigned rp_pg_scratch_major(const struct rp_scratch *s)
{
	return rp_pg_major(s->place.with.version);
}

int rp_pg_dump_tell(struct rp_artifact *a, const char *server, const char *tool, const char *database,
		    int64_t made_ms, struct rp_identity *ret, struct rp_position *ret_at, struct rp_err **err)
{
	struct rp_identity id = {.engine = "postgresql",
				 .version = rp_arena_strdup(a->memory, server),
				 .database = rp_arena_strdup(a->memory, database)};
	struct rp_fact *fact = rp_arena_array(a->memory, 1, sizeof *fact);
	char *by = rp_arena_strdup(a->memory, tool);
	if (id.version == NULL || (database != NULL && id.database == NULL) || fact == NULL || by == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	*fact = (struct rp_fact){.name = "pg_dump", .value = by};
	*ret = id;
	*ret_at = (struct rp_position){.taken_ms = made_ms, .facts = fact, .n_facts = tool[0] != '\0'};
	return 0;
}

bool rp_pg_is_servers_own(const char *database)
{
	return strcmp(database, "postgres") == 0 || strcmp(database, "template1") == 0;
}

int rp_pg_call(struct rp_scratch *s, const char *database, struct rp_err **err)
{
	if (database[0] == '\0')
		return rp_err_set(err, RP_ERR_BACKUP, "it makes a database that has no possible name");
	return rp_pg_is_servers_own(database) ? 0 : rp_scratch_call(s, database, err);
}

const char *const rp_pg_dump_environment[] = {"PGHOST={host}",	       "PGPORT={port}",	    "PGUSER={user}",
					      "PGDATABASE={database}", "PGAPPNAME=reprove", NULL};

static bool is_kind(const struct rp_object *o, const char *kind)
{
	return strcmp(o->kind, kind) == 0;
}

static const char *fact_value(const struct rp_object *o, const char *name)
{
	for (size_t i = 0; i < o->n_facts; i++)
		if (strcmp(o->facts[i].name, name) == 0)
			return o->facts[i].value;
	return NULL;
}

const char *rp_pg_dump_omits(const struct rp_object *o, const char *fact)
{
	const char *valid = fact_value(o, RP_FACT_VALID);
	if (is_kind(o, "index") && fact == NULL && valid != NULL && strcmp(valid, "false") == 0)
		return "pg_dump leaves out invalid indexes";
	if (is_kind(o, "database setting"))
		return "settings of the database are only in a dump that was made and restored with --create";
	if (is_kind(o, "database") && fact != NULL && strcmp(o->name, "properties") == 0)
		return "the database's own owner, rights, comment and limits are only in a dump that was "
		       "made and "
		       "restored with --create";
	if (is_kind(o, "role"))
		return "roles belong to the server; pg_dump does not carry them (pg_dumpall --globals-only "
		       "does)";
	return NULL;
}
