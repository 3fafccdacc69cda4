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

const char *rp_mydumper_loses(const struct rp_column *c)
{
	if (begins(c->type, "uuid") || begins(c->type, "inet"))
		return "mydumper writes it as text of the character set 'binary', which MariaDB takes for its bytes, so that "
		       "NULL comes back: use mariadb-dump, or back up the files (mariadb-backup)";
	return rp_mysqldump_loses(c);
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
