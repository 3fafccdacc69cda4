/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/mysql/hosting.h"

/* Whose fault is it? A backup that needs what this machine does not have is no bad backup; and a complaint that
 * is not in this table is taken for the backup's, so that nothing is excused by accident. */

static bool starts_with(const char *line, size_t n, const char *text)
{
	size_t len = strlen(text);
	return n >= len && memcmp(line, text, len) == 0;
}

static bool has(const char *line, size_t n, const char *text)
{
	return memmem(line, n, text, strlen(text)) != NULL;
}

/* "ERROR 1273 (HY000) at line 12: ..."; "mariadb: unknown option"; "mysqldump: Got error: 1045: ..."; of more lines,
 * which MariaDB's client puts dashes around, the first. */
const char *rp_my_complaint(const char *said, size_t *ret_len)
{
	const char *first = NULL, *error = NULL;
	for (const char *line = said; *line != '\0' && error == NULL;) {
		size_t n = strcspn(line, "\n");
		if (starts_with(line, n, "ERROR") || has(line, n, "Got error") || has(line, n, "[ERROR]"))
			error = line;
		else if (first == NULL && strspn(line, "- \t\r") < n && !has(line, n, "[Warning]") &&
			 !starts_with(line, n, "WARNING") && !starts_with(line, n, "Warning"))
			first = line;
		line += n + (line[n] == '\n');
	}
	const char *at = error != NULL ? error : first != NULL ? first : said;
	*ret_len = strcspn(at, "\n");
	return at;
}

#define ROOM   "make room where the scratch lies, or name another directory with $TMPDIR"
#define RIGHTS "a restore with all rights needs a private scratch server: leave the named one out"
#define LOG    "see the scratch server's log"
#define MEMORY "give this machine more memory"
#define PLUGIN                                                                                               \
	"what the backup needs is a plugin, and a private scratch server has none: name a server that has "  \
	"it as the scratch"
#define PACKET "raise max_allowed_packet on the server named for the scratch"
#define HASHES                                                                                               \
	"MySQL 9.6 and newer have MD5() and SHA1() as functions of the component "                           \
	"'component_classic_hashing', which no stored definition of a column may use: restore to an older one"
#define OTHER "the dump was made for another vendor's server or a newer version: restore it to one of those"

/* By the server's number; where it stands for many things, only with this text. */
static const struct {
	unsigned number;
	const char *text, *hint;
} excuses[] = {
	/* What this server does not know. */
	{1273, "0900_",
	 "this collation is known to MySQL 8 and newer, and to MariaDB 11.4 and newer: install one of them"},
	{1273, "uca1400", "this collation is known to MariaDB 10.10 and newer: install one of them"},
	{1273, NULL, "another version or vendor of the server knows this collation: install that one"},
	{1115, NULL, "another version or vendor of the server knows this character set: install that one"},
	{1286, NULL, PLUGIN},
	{1289, NULL, PLUGIN},
	{1126, NULL, PLUGIN},
	{1524, NULL, PLUGIN},
	{1305, ".MD5 ", HASHES},
	{1305, ".SHA", HASHES},
	{3763, "md5", HASHES},
	{3763, "sha", HASHES},
	{1298, NULL,
	 "a private scratch server knows no time zones by name: name a server as the scratch that has its time "
	 "zone tables loaded"},
	{1193, "GTID_PURGED", OTHER},
	{1193, "gtid_purged", OTHER},
	{3546, NULL, "that server has seen these transactions already: name another server, or none"},
	{3105, NULL,
	 "MariaDB's dumps hold values of generated columns, and MySQL refuses them: restore to MariaDB"},
	{1231, "NO_AUTO_CREATE_USER",
	 "this sql_mode is of a version before MySQL 8: restore to one of those"},
	{1118, NULL, "the sealed server may have larger pages (innodb_page_size) than the scratch server"},
	/* What this machine does not have. */
	{1021, NULL, ROOM},
	{1114, NULL, ROOM},
	{3, NULL, ROOM},
	{20, NULL, ROOM},
	{1026, "28", ROOM},
	{1030, "28", ROOM},
	{5, NULL, MEMORY},
	{1037, NULL, MEMORY},
	{1038, NULL, MEMORY},
	{1041, NULL, MEMORY},
	{1135, NULL, MEMORY},
	{1153, NULL, PACKET},
	{2020, NULL, PACKET},
	{1040, NULL, "let the server have more connections"},
	{1203, NULL, "let the login have more connections"},
	{1205, NULL, "somebody else holds a lock on the server named for the scratch"},
	{1213, NULL, "somebody else holds a lock on the server named for the scratch"},
	/* What a login may not do. */
	{1044, NULL, RIGHTS},
	{1045, NULL, RIGHTS},
	{1142, NULL, RIGHTS},
	{1143, NULL, RIGHTS},
	{1227, NULL, RIGHTS},
	{1370, NULL, RIGHTS},
	{1419, NULL, "set log_bin_trust_function_creators on the server named for the scratch"},
	{1449, NULL, "a dump does not carry accounts; with a manifest those that it names are made"},
	/* A server that is gone. */
	{1053, NULL, LOG},
	{1317, NULL, LOG},
	{1927, NULL, LOG},
	{2002, NULL, "see whether the scratch server is up and can be reached"},
	{2003, NULL, "see whether the scratch server is up and can be reached"},
	{2005, NULL, "see whether the scratch server is up and can be reached"},
	{2006, NULL, LOG},
	{2013, NULL, LOG},
	{2026, NULL, "see whether client and server agree on TLS"},
};

/* "ERROR 1273 (HY000)...", "Got error: 1045: ..."; 0: there is none. */
static unsigned number_in(const char *complaint)
{
	static const char *const marks[] = {"ERROR ", "Got error: "};
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
		const char *at = strstr(complaint, marks[i]);
		if (at == NULL)
			continue;
		at += strlen(marks[i]);
		if (*at >= '0' && *at <= '9')
			return (unsigned)strtoul(at, NULL, 10);
	}
	return 0;
}

const char *rp_my_excuses(const char *complaint)
{
	unsigned number = number_in(complaint);
	for (size_t i = 0; i < sizeof excuses / sizeof excuses[0] && number != 0; i++)
		if (excuses[i].number == number &&
		    (excuses[i].text == NULL || strstr(complaint, excuses[i].text) != NULL))
			return excuses[i].hint;
	return NULL;
}

bool rp_my_bars(const char *refusal)
{
	return strstr(refusal, "(1045)") != NULL;
}
