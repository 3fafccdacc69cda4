/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/pg_archive.h"

#include <string.h>
#include <time.h>

#include "verifier/recovery/members.h"
#include "verifier/util/error.h"
#include "verifier/util/stream.h"

#define MAGIC	     "PGDMP"
#define MAGIC_LEN    5
#define FORMAT_AT    10
#define INT_SIZE_MAX 32
#define HEADER_MAX   4096

unsigned rp_pg_read_byte(struct rp_pg_reader *r)
{
	if (r->at == r->end && !r->bad) {
		ssize_t n = r->from != NULL ? rp_stream_read(r->from, r->in, sizeof r->in, r->err) : 0;
		r->failed = n < 0;
		r->bad = n <= 0;
		r->at = r->in;
		r->end = r->in + (n > 0 ? n : 0);
	}
	return r->bad ? 0 : *r->at++;
}

/* A sign byte, then int_size bytes, the least first. */
int64_t rp_pg_read_int(struct rp_pg_reader *r)
{
	unsigned negative = rp_pg_read_byte(r);
	uint64_t v = 0;
	for (unsigned i = 0; i < r->int_size; i++) {
		uint64_t byte = rp_pg_read_byte(r);
		if (i < 4)
			v |= byte << (8 * i);
		else if (byte != 0)
			r->bad = true;
	}
	return negative ? -(int64_t)v : (int64_t)v;
}

bool rp_pg_read_text(struct rp_pg_reader *r, char *ret, size_t room)
{
	int64_t n = rp_pg_read_int(r);
	size_t kept = 0;
	for (int64_t i = 0; i < n && !r->bad; i++) {
		char c = (char)rp_pg_read_byte(r);
		if (kept + 1 < room)
			ret[kept++] = c;
	}
	if (room > 0)
		ret[kept] = '\0';
	return n >= 0 && !r->bad;
}

/* Seven numbers as in struct tm; the zone is not told, and differs by hours at most. */
static int64_t read_time(struct rp_pg_reader *r)
{
	int64_t part[7];
	for (int i = 0; i < 7; i++)
		part[i] = rp_pg_read_int(r);
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

bool rp_pg_read_header(struct rp_pg_reader *r, struct rp_pg_archive *ret)
{
	*ret = (struct rp_pg_archive){0};
	for (size_t i = 0; i < MAGIC_LEN; i++)
		r->bad |= rp_pg_read_byte(r) != (uint8_t)MAGIC[i];
	ret->major = rp_pg_read_byte(r);
	ret->minor = rp_pg_read_byte(r);
	ret->revision = rp_pg_read_byte(r);
	r->int_size = rp_pg_read_byte(r);
	(void)rp_pg_read_byte(r); /* size of an offset */
	ret->format = rp_pg_read_byte(r);
	if (r->bad || r->int_size < 1 || r->int_size > INT_SIZE_MAX)
		return false;
	/* What a later major version writes here nobody can know; before 1.10 it is nothing that we need. */
	if (ret->major != 1 || ret->minor < 10)
		return true;
	if (ret->minor >= 15)
		(void)rp_pg_read_byte(r); /* compression: the method, before that its level */
	else
		(void)rp_pg_read_int(r);
	ret->made_ms = read_time(r);
	(void)rp_pg_read_text(r, ret->database, sizeof ret->database);
	(void)rp_pg_read_text(r, ret->server, sizeof ret->server);
	(void)rp_pg_read_text(r, ret->tool, sizeof ret->tool);
	return !r->bad;
}

bool rp_pg_archive_parse(const uint8_t *head, size_t len, struct rp_pg_archive *ret)
{
	struct rp_pg_reader r = {.at = head, .end = head + len};
	return rp_pg_read_header(&r, ret);
}

int rp_pg_archive_look(struct rp_artifact *a, const char *member, struct rp_pg_archive *ret,
		       struct rp_err **err)
{
	uint8_t own[HEADER_MAX];
	const uint8_t *head = own;
	size_t len = 0;
	int r = member != NULL ? rp_artifact_look(a, member, own, sizeof own, &len, err)
			       : rp_artifact_head(a, &head, &len, err);
	if (r < 0)
		return -1;
	if (!rp_pg_archive_parse(head, len, ret))
		return rp_err_set(err, RP_ERR_BACKUP,
				  "'%s' is truncated or damaged: its header makes no sense", a->point->id);
	return 0;
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

/* An archive of a later pg_dump is no damage: a later pg_restore reads it. */
int rp_pg_archive_readable(const struct rp_artifact *a, const struct rp_pg_archive *head, unsigned server,
			   struct rp_err **err)
{
	unsigned needs = rp_pg_archive_needs(head);
	if (needs != 0 && (server == 0 || server >= needs))
		return rp_pg_is_asked(a, head->database, err);
	(void)rp_err_set(
		err, RP_ERR_ENGINE,
		"'%s' is an archive of version %u.%u, made by pg_dump %s, which pg_restore %u cannot read",
		a->point->id, head->major, head->minor, head->tool, server);
	if (needs == 0)
		return rp_err_hint(err, "a later reprove may know it");
	return rp_err_hint(err,
			   "restore it with PostgreSQL %u or later, or make it with the pg_dump of the "
			   "server's own version",
			   needs);
}
