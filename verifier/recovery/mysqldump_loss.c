/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "verifier/recovery/mysqldump.h"
#include "verifier/survey/survey.h"

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

/* FLOAT(7,3) is printed with its three decimals, and so with all of its digits. */
const char *rp_mysqldump_loses(const struct rp_column *c)
{
	if (begins(c->type, "float") && c->type[strlen("float")] != '(')
		return "a dump prints FLOAT with six digits, so that 16777216 comes back as 16777200: make the column DOUBLE or DECIMAL, or back up the files instead";
	if (ends(c->type, " generated as row start") || ends(c->type, " generated as row end"))
		return "a dump makes the rows of a system-versioned table anew, so that they begin when it is "
		       "restored: dump with mariadb-dump --dump-history (10.11 or later), or " COPY;
	if (c->type != NULL && strcmp(c->type, "json") == 0)
		return "a dump prints JSON as text, so that a DECIMAL in a document comes back as a DOUBLE, and "
		       "what JSON has no words for as a string: keep such values in columns of their own, or back "
		       "up the files instead";
	return NULL;
}

const char *rp_mysqldump_lacks(const struct rp_relation *sealed)
{
	if (ends(sealed->name, ".history"))
		return "a dump leaves out the history of a system-versioned table: dump with mariadb-dump "
		       "--dump-history (10.11 or later), or " COPY;
	return NULL;
}

static bool is_before(const char *moment, const char *now)
{
	return moment != NULL && strncmp(moment, now, strlen(now)) < 0;
}

/* An event whose time is over and that is not to be kept vanishes when it is made again. Its times are UTC, written so
 * that their order is that of their text. */
static bool is_over(const struct rp_object *event)
{
	const char *kept = rp_object_fact(event, "on completion");
	time_t clock = time(NULL);
	char now[32];
	struct tm tm;
	if ((kept != NULL && strcmp(kept, "preserve") == 0) || gmtime_r(&clock, &tm) == NULL ||
	    strftime(now, sizeof now, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		return false;
	return is_before(rp_object_fact(event, "at"), now) || is_before(rp_object_fact(event, "ends"), now);
}

const char *rp_mysqldump_omits(const struct rp_object *sealed, const char *fact)
{
	if (strcmp(sealed->kind, "database") == 0 && strcmp(sealed->name, "server") == 0)
		return "a database has these from its server; a dump carries no settings of the server's";
	if (strcmp(sealed->kind, "database") == 0 && strcmp(sealed->name, "rights") == 0)
		return "accounts and their rights belong to the server; a dump of one database carries none";
	if (strcmp(sealed->kind, "column") == 0 && fact != NULL && strcmp(fact, "ref system id") == 0)
		return "MariaDB does not print REF_SYSTEM_ID where a dump reads what a column is";
	if (strcmp(sealed->kind, "event") == 0 && fact == NULL && is_over(sealed))
		return "an event that runs until a set time is not made again once that is over";
	return NULL;
}

/* "AS bigint(20) START WITH 9 INCREMENT BY 1 ... CYCLE ENGINE InnoDB" */
static bool number_behind(const char *definition, const char *words, long long *ret)
{
	const char *at = definition != NULL ? strstr(definition, words) : NULL;
	char *end = NULL;
	if (at == NULL)
		return false;
	*ret = strtoll(at + strlen(words), &end, 10);
	return end != at + strlen(words);
}

/* A dump sets a sequence by SETVAL, which never moves it back behind its start. */
const char *rp_mysqldump_resets(const struct rp_object *sealed, const char *fact, const char *found)
{
	const char *was = rp_object_fact(sealed, RP_FACT_POSITION);
	long long start = 0, step = 0;
	if (strcmp(sealed->kind, "sequence") != 0 || strcmp(fact, RP_FACT_POSITION) != 0 || was == NULL ||
	    found == NULL || sealed->definition == NULL || strstr(sealed->definition, " CYCLE ") == NULL ||
	    !number_behind(sealed->definition, " START WITH ", &start) ||
	    !number_behind(sealed->definition, " INCREMENT BY ", &step) || strtoll(found, NULL, 10) != start)
		return NULL;
	long long at = strtoll(was, NULL, 10);
	if (step < 0 ? at <= start : at >= start)
		return NULL;
	return "mariadb-dump and mysqldump set a sequence by SETVAL, which moves one with CYCLE that has gone round no "
	       "further back than its start: set it by hand (ALTER SEQUENCE ... RESTART), or " COPY;
}
