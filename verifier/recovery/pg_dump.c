/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/pg_dump.h"

#include <string.h>
#include <time.h>

#include "verifier/recovery/artifact.h"
#include "verifier/scratch/scratch.h"
#include "verifier/util/arena.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"

#define MAGIC	  "PGDMP"
#define MAGIC_LEN 5
#define FORMAT_AT 10

/* A reader that turns to 'bad' for ever at the first byte that is missing or makes no sense. */
struct reader {
	const uint8_t *at, *end;
	unsigned int_size;
	bool bad;
};

static unsigned read_byte(struct reader *r)
{
	if (r->bad || r->at == r->end) {
		r->bad = true;
		return 0;
	}
	return *r->at++;
}

/* A sign byte, then int_size bytes, the least first. */
static int64_t read_int(struct reader *r)
{
	unsigned negative = read_byte(r);
	uint64_t v = 0;
	for (unsigned i = 0; i < r->int_size; i++) {
		uint64_t byte = read_byte(r);
		if (i < 4)
			v |= byte << (8 * i);
		else if (byte != 0)
			r->bad = true;
	}
	return negative ? -(int64_t)v : (int64_t)v;
}

static void read_text(struct reader *r, char ret[RP_PG_TEXT_MAX])
{
	int64_t n = read_int(r);
	ret[0] = '\0';
	if (n < 0) /* NULL */
		return;
	if (r->bad || n > r->end - r->at) {
		r->bad = true;
		return;
	}
	size_t keep = n < RP_PG_TEXT_MAX ? (size_t)n : RP_PG_TEXT_MAX - 1;
	memcpy(ret, r->at, keep);
	ret[keep] = '\0';
	r->at += n;
}

/* Seven numbers as in struct tm; the zone is not told, and differs by hours at most. */
static int64_t read_time(struct reader *r)
{
	int64_t part[7];
	for (int i = 0; i < 7; i++)
		part[i] = read_int(r);
	for (int i = 0; i < 6; i++)
		if (part[i] < 0 || part[i] > 9999)
			return 0;
	struct tm tm = {.tm_sec = (int)part[0],
			.tm_min = (int)part[1],
			.tm_hour = (int)part[2],
			.tm_mday = (int)part[3],
			.tm_mon = (int)part[4],
			.tm_year = (int)part[5]};
	time_t t = timegm(&tm);
	return t > 0 ? (int64_t)t * 1000 : 0;
}

/* One that is cut off within its header is still one: restore() says what is wrong with it. */
int rp_pg_archive_bid(const uint8_t *head, size_t len, unsigned format)
{
	if (len < MAGIC_LEN || memcmp(head, MAGIC, MAGIC_LEN) != 0)
		return 0;
	return len <= FORMAT_AT || head[FORMAT_AT] == format ? 8 * (MAGIC_LEN + 1) : 0;
}

bool rp_pg_archive_parse(const uint8_t *head, size_t len, struct rp_pg_archive *ret)
{
	struct reader r = {.at = head, .end = head + len, .int_size = 0};
	if (len < MAGIC_LEN || memcmp(head, MAGIC, MAGIC_LEN) != 0)
		return false;
	r.at += MAGIC_LEN;
	struct rp_pg_archive a = {.major = read_byte(&r)};
	a.minor = read_byte(&r);
	a.revision = read_byte(&r);
	r.int_size = read_byte(&r);
	(void)read_byte(&r); /* size of an offset */
	a.format = read_byte(&r);
	if (r.bad || r.int_size < 1 || r.int_size > 32)
		return false;
	/* What a later major version writes here nobody can know; before 1.10 it is nothing that we need. */
	if (a.major == 1 && a.minor >= 10) {
		if (a.minor >= 15)
			(void)read_byte(&r); /* compression: the method, before that its level */
		else
			(void)read_int(&r);
		a.made_ms = read_time(&r);
		read_text(&r, a.database);
		read_text(&r, a.server);
		read_text(&r, a.tool);
	}
	*ret = a;
	return !r.bad;
}

/* Readers know their own version and older ones. */
static const struct {
	unsigned minor, needs;
} archive_versions[] = {{14, 12}, {15, 16}, {16, 17}};

unsigned rp_pg_archive_needs(const struct rp_pg_archive *a)
{
	if (a->major != 1)
		return 0;
	for (size_t i = 0; i < sizeof archive_versions / sizeof archive_versions[0]; i++)
		if (a->minor <= archive_versions[i].minor)
			return archive_versions[i].needs;
	return 0;
}

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
