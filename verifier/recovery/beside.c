/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/recovery/choose.h"

#define HEAD 4096

static bool begins(const char *head, const char *with)
{
	return strncmp(head, with, strlen(with)) == 0;
}

static bool is_manifest(const char *head, const char *name)
{
	(void)name;
	head += strspn(head, " \t\r\n");
	if (*head != '{')
		return false;
	head += 1 + strspn(head + 1, " \t\r\n");
	return begins(head, "\"payload\"") || begins(head, "\"payloadType\"") ||
	       begins(head, "\"signatures\"");
}

static bool is_key(const char *head, const char *name)
{
	(void)name;
	return begins(head, "-----BEGIN PUBLIC KEY") || begins(head, "-----BEGIN PRIVATE KEY") ||
	       begins(head, "-----BEGIN CERTIFICATE");
}

static bool is_result(const char *head, const char *name)
{
	(void)name;
	return begins(head, "{\n  \"schema\": \"reprove/result/");
}

/* "5d0c...  shop.dump", as sha256sum and its like write it. */
static bool is_digest_list(const char *head, const char *name)
{
	size_t n = strspn(head, "0123456789abcdef");
	(void)name;
	return (n == 32 || n == 40 || n == 64 || n == 128) &&
	       (begins(head + n, "  ") || begins(head + n, " *") || strcmp(head + n, "\n") == 0);
}

/* Its first page has a magic number by version, "\x10\xd1" for 15; what a tool has packed is believed by its name. */
static bool is_wal(const char *head, const char *name)
{
	size_t n = strspn(name, "0123456789ABCDEF");
	unsigned char magic = head[0] != '\0' ? (unsigned char)head[1] : 0;
	if (n == 8)
		return begins(name + n, ".history");
	return n == 24 && (name[n] == '.' || (name[n] == '\0' && magic >= 0xd0 && magic <= 0xd3));
}

static bool is_binlog(const char *head, const char *name)
{
	(void)name;
	return begins(head, "\xfe"
			    "bin");
}

/* A log is no backup, but is what one is recovered with. */
static const struct {
	bool (*is)(const char *head, const char *name);
	const char *what;
} kinds[] = {
	{is_manifest, "a signed manifest"},
	{is_key, "a key or certificate"},
	{is_result, "a recorded result"},
	{is_digest_list, "a list of digests"},
	{is_wal, "a file of PostgreSQL's log archive"},
	{is_binlog, "a binary log"},
};

/* NULL: it has no bytes that could be looked at. */
static const char *read_head(struct rp_store *s, const struct rp_point *p, char head[HEAD + 1])
{
	size_t len = 0;
	rp_auto(rp_stream) bytes = NULL;
	if (p->tree || p->n_files != 1 || s->driver->read == NULL ||
	    s->driver->read(s, p, &p->files[0], &bytes, NULL) < 0)
		return NULL;
	while (len < HEAD) {
		ssize_t n = rp_stream_read(bytes, head + len, HEAD - len, NULL);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	head[len] = '\0';
	return head;
}

bool rp_point_is_manifest(struct rp_store *s, const struct rp_point *p)
{
	char head[HEAD + 1];
	return read_head(s, p, head) != NULL && is_manifest(head, p->files[0].name);
}

const char *rp_point_beside(struct rp_store *s, const struct rp_point *p)
{
	char head[HEAD + 1];
	if (read_head(s, p, head) == NULL)
		return NULL;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (kinds[i].is(head, p->files[0].name))
			return kinds[i].what;
	return NULL;
}
