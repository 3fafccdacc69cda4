/* SPDX-License-Identifier: MIT */
/* How mariadb-dump and mysqldump are asked for a backup, and what of their talk means nothing. */
#include <string.h>
#include <strings.h>

#include "verifier/recovery/mysqldump_make.h"

/* Login, the way to the server and what depends on vendor and version stand in the option file, which also keeps a
 * person's own options ('ignore-table', 'where') away. Both tools know these. */
const char *const rp_mysqldump_words[] = {
	"{tool}",
	"--defaults-file={defaults}",
	"--single-transaction",
	"--skip-lock-tables",
	"--quick",
	"--opt",
	"--skip-add-locks",
	"--routines",
	"--events",
	"--triggers",
	"--hex-blob",
	"--tz-utc",
	"--no-tablespaces",
	"--max-allowed-packet=1G",
	"--default-character-set=utf8mb4",
	"{database}",
	NULL,
};

static bool begins(const char *line, size_t len, const char *words)
{
	size_t n = strlen(words);
	return len >= n && strncasecmp(line, words, n) == 0;
}

static bool has(const char *line, size_t len, const char *words)
{
	for (size_t i = 0; i < len; i++)
		if (begins(line + i, len - i, words))
			return true;
	return false;
}

/* "mysqldump: ", "/usr/bin/mariadb-dump: " */
static size_t tool(const char *line, size_t len)
{
	static const char *const names[] = {"mysqldump: ", "mariadb-dump: "};
	size_t slash = 0;
	for (size_t i = 0; i < len && line[i] != ' '; i++)
		slash = line[i] == '/' ? i + 1 : slash;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (begins(line + slash, len - slash, names[i]))
			return slash + strlen(names[i]);
	return 0;
}

/* Both tools go on, and exit with 0, after errors that leave something out: what they call an error is one, and
 * whatever they do not call by a name. What they call a warning is none, but for those that tell of something left
 * out. */
bool rp_mysqldump_harmless(const char *line, size_t len)
{
	static const char *const warnings[] = {"[Warning]", "Warning:", "-- ", "[Note]", "Note:"};
	static const char *const losses[] = {"skipping", "skipped", "denied", "couldn't", "failed"};
	size_t skip = tool(line, len);
	line += skip;
	len -= skip;
	if (len == 0)
		return true;
	bool warns = false;
	for (size_t i = 0; i < sizeof warnings / sizeof warnings[0]; i++)
		warns = warns || begins(line, len, warnings[i]);
	for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++)
		if (has(line, len, losses[i]))
			return false;
	return warns;
}
