/* SPDX-License-Identifier: MIT */
/* How mydumper is asked for a backup, what of its talk means nothing, and what such a backup does not hold. */
#include <string.h>

#include "verifier/recovery/mydumper.h"
#include "verifier/recovery/mysqldump.h"
#include "verifier/survey/survey.h"

/* It takes no lock: ours is held until all its transactions have begun, one for each thread and one more. What it
 * would do about long queries of others it need not, then. */
const char *const rp_mydumper_words[] = {
	"mydumper",
	"--defaults-file={defaults}",
	"--database={database}",
	"--outputdir={path}",
	"--threads={jobs}",
	"--no-locks",
	"--long-query-guard=2147483",
	"--triggers",
	"--events",
	"--routines",
	NULL,
};

/* No lock of its own, that is. */
const char *const rp_mydumper_expected[] = {"Executing in no-locks mode", NULL};

static bool has(const char *line, size_t len, const char *words)
{
	return memmem(line, len, words, strlen(words)) != NULL;
}

/* "** (mydumper:123): WARNING **: 16:58:49.061: ...". Its exit status tells of what it calls critical. */
bool rp_mydumper_harmless(const char *line, size_t len)
{
	static const char *const losses[] = {"kipping", "enied", "ould not", "ouldn't",
					     "ailed",	"rror",	 "nable"};
	if (len == 0 || has(line, len, "** Message:"))
		return true;
	if (!has(line, len, "WARNING"))
		return false;
	for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++)
		if (has(line, len, losses[i]))
			return false;
	return true;
}

static bool begins(const char *s, const char *with)
{
	return s != NULL && strncmp(s, with, strlen(with)) == 0;
}

static bool ends(const char *s, const char *with)
{
	size_t n = s != NULL ? strlen(s) : 0, len = strlen(with);
	return n >= len && strcmp(s + n - len, with) == 0;
}

#define COPY "back up the files (mariadb-backup)"

const char *rp_mydumper_loses(const struct rp_column *c)
{
	if (begins(c->type, "float") && c->type[strlen("float")] != '(')
		return "mydumper prints FLOAT with six digits, so that 16777216 comes back as 16777200: make the "
		       "column DOUBLE or DECIMAL, or back up the files instead";
	if (ends(c->type, " generated as row start") || ends(c->type, " generated as row end"))
		return "mydumper makes the rows of a system-versioned table anew, so that they begin when it is "
		       "restored: use mariadb-dump --dump-history, or " COPY;
	if (begins(c->type, "uuid") || begins(c->type, "inet"))
		return "mydumper writes it as text of the character set 'binary', which MariaDB takes for its bytes, so that "
		       "NULL comes back: use mariadb-dump, or " COPY;
	if (c->type != NULL && strcmp(c->type, "json") == 0)
		return "mydumper prints JSON as text, so that a DECIMAL in a document comes back as a DOUBLE, and "
		       "what JSON has no words for as a string: keep such values in columns of their own, or back "
		       "up the files instead";
	return NULL;
}

const char *rp_mydumper_lacks(const struct rp_relation *sealed)
{
	return ends(sealed->name, ".history")
		       ? "mydumper leaves out the history of a system-versioned table: use "
			 "mariadb-dump --dump-history, or " COPY
		       : NULL;
}

const char *rp_mydumper_omits(const struct rp_object *sealed, const char *fact)
{
	static const char *const code[] = {"routine", "function", "procedure", "trigger", "event"};
	for (size_t i = 0; fact != NULL && i < sizeof code / sizeof code[0]; i++)
		if (strcmp(sealed->kind, code[i]) == 0 &&
		    (strcmp(fact, "sql mode") == 0 || strcmp(fact, "database collation") == 0))
			return "mydumper does not write with which sql_mode code was made, nor in a database of which "
			       "collation: a restore takes the server's own";
	if (strcmp(sealed->kind, "event") == 0 && fact != NULL && strcmp(fact, "time zone") == 0)
		return "mydumper does not write in which time zone an event runs";
	return rp_mysqldump_omits(sealed, fact);
}
