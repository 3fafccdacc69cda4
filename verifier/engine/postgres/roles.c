/* SPDX-License-Identifier: MIT */
#include "verifier/engine/postgres/objects.h"

#include <stdlib.h>
#include <string.h>

/* The roles that a restore needs before it can begin: those that the survey itself names, so that no role is
 * found or missed on its own account. */

#define NAMEDATALEN_MAX 1024 /* a server can be built with more than 64, and is not with more than this */

/* Few in any database, so a list that is walked will do. */
void rp_pg_roles_add(struct rp_pg_roles *r, const char *name)
{
	/* Those of the server's own are there; an OID stands for a role that is not. */
	if (r->failed || strncmp(name, "pg_", 3) == 0 || strncmp(name, "unknown (OID=", 13) == 0)
		return;
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->all[i], name) == 0)
			return;
	if (r->n == r->cap) {
		size_t cap = r->cap * 2 + 16;
		char **all = reallocarray(r->all, cap, sizeof *all);
		r->failed = all == NULL;
		if (r->failed)
			return;
		r->all = all;
		r->cap = cap;
	}
	r->all[r->n] = strdup(name);
	r->failed = r->all[r->n] == NULL;
	r->n += !r->failed;
}

/* Add the role at 'at' in quote_ident()'s form; returns what comes behind it. */
static const char *add_ident(struct rp_pg_roles *r, const char *at)
{
	char name[NAMEDATALEN_MAX];
	size_t len = 0;
	bool quoted = *at == '"';
	for (at += quoted; *at != '\0'; at++) {
		if (quoted ? *at == '"' && *++at != '"' : *at == ' ' || *at == '\n')
			break;
		if (len + 1 < sizeof name)
			name[len++] = *at;
	}
	name[len] = '\0';
	/* Without quotes these two are not roles. */
	if (quoted || (strcmp(name, "PUBLIC") != 0 && strcmp(name, "OWNER") != 0))
		rp_pg_roles_add(r, name);
	return at;
}

/* "who rights[ WITH GRANT OPTION][ BY who]", a line each, or with '+' or '-' in front of it. */
void rp_pg_roles_add_grants(struct rp_pg_roles *r, const char *grants)
{
	const char *at = grants;
	while (*at != '\0') {
		at = add_ident(r, at + (*at == '+' || *at == '-'));
		/* Rights are capital letters, so this is no part of a name. */
		const char *by = strstr(at, " BY ");
		const char *end = strchr(at, '\n');
		if (by != NULL && (end == NULL || by < end))
			at = add_ident(r, by + 4);
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
}

void rp_pg_roles_done(struct rp_pg_roles *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->all[i]);
	free(r->all);
	*r = (struct rp_pg_roles){0};
}
