/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/recovery/mysqldump.h"
#include "verifier/survey/survey.h"

static bool begins(const char *s, const char *with)
{
	return s != NULL && strncmp(s, with, strlen(with)) == 0;
}

/* FLOAT(7,3) is printed with its three decimals, and so with all of its digits. */
const char *rp_mysqldump_loses(const struct rp_column *c)
{
	if (begins(c->type, "float") && c->type[strlen("float")] != '(')
		return "mariadb-dump and mysqldump print FLOAT with six digits, so that 16777216 comes back as "
		       "16777200; make the column DOUBLE or DECIMAL, or back up with mariadb-backup or another "
		       "copy of the files";
	return NULL;
}

static const struct {
	const char *kind;
	const char *fact; /* NULL: the object and all of its facts */
	const char *why;
} omitted[] = {
	{"user", NULL, "accounts belong to the server; a dump of one database carries none"},
	{"role", NULL, "roles belong to the server; a dump of one database carries none"},
	{"grant", NULL, "grants belong to the server; a dump of one database carries none"},
	{"server setting", NULL, "settings belong to the server; a dump of one database carries none"},
};

const char *rp_mysqldump_omits(const struct rp_object *sealed, const char *fact)
{
	for (size_t i = 0; i < sizeof omitted / sizeof omitted[0]; i++)
		if (strcmp(sealed->kind, omitted[i].kind) == 0 &&
		    (omitted[i].fact == NULL || (fact != NULL && strcmp(omitted[i].fact, fact) == 0)))
			return omitted[i].why;
	return NULL;
}
