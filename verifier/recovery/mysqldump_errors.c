/* SPDX-License-Identifier: MIT */
/* What the clients say by number, told so that a person knows what to do. Only what is known of restoring dumps stands
 * here; what is the machine's fault whatever the statement was (disk, memory) the engine knows. */
#include <stdlib.h>
#include <string.h>

#include "verifier/recovery/mysqldump.h"
#include "verifier/util/error.h"

#define SHOWN_MAX 300

enum where { ANYWHERE, NAMED }; /* on a server of the user's, where the login may do little */

static const struct {
	unsigned number;
	enum where where;
	const char *holds; /* in the complaint; NULL: whatever it says */
	enum rp_err_kind kind;
	const char *means, *hint;
} known[] = {
	/* clang-format off */
	{1273, ANYWHERE, "uca1400_", RP_ERR_ENGINE, "this server does not know a collation of the dump's",
	 "collations named uca1400 are known to MariaDB 10.10 and later alone: restore it there"},
	{1273, ANYWHERE, "_0900_", RP_ERR_ENGINE, "this server does not know a collation of the dump's",
	 "collations named 0900 are known to MySQL 8 and later and to MariaDB 11.4 and later: restore it there"},
	{1273, ANYWHERE, "_nopad_", RP_ERR_ENGINE, "this server does not know a collation of the dump's",
	 "collations named nopad are known to MariaDB alone: restore it there"},
	{1273, ANYWHERE, NULL, RP_ERR_ENGINE, "this server does not know a collation of the dump's",
	 "restore it with the version that it was made on, or a later one of the same vendor"},
	{1115, ANYWHERE, NULL, RP_ERR_ENGINE, "this server does not know a character set of the dump's",
	 "restore it with the version that it was made on, or a later one of the same vendor"},
	{3105, ANYWHERE, NULL, RP_ERR_ENGINE,
	 "the dump has values for a generated column, which MySQL refuses: mariadb-dump made it",
	 "restore it with MariaDB, or dump it with mysqldump"},
	{1906, ANYWHERE, NULL, RP_ERR_ENGINE,
	 "the dump has values for a generated column, which MariaDB refuses",
	 "restore it with the version that it was made on"},
	{1193, ANYWHERE, "GTID_PURGED", RP_ERR_ENGINE,
	 "the dump sets GTID_PURGED in a place where mysqldump does not, and this server does not know it",
	 "dump it with --set-gtid-purged=OFF"},
	{3546, ANYWHERE, NULL, RP_ERR_ENGINE, "the dump sets GTID_PURGED in a place where mysqldump does not",
	 "dump it with --set-gtid-purged=OFF"},
	{1193, ANYWHERE, NULL, RP_ERR_ENGINE, "the dump sets a variable that this server does not know",
	 "restore it with the version that it was made on, or a later one of the same vendor"},
	{1231, ANYWHERE, "sql_mode", RP_ERR_ENGINE, "the dump sets an sql_mode that this server no longer knows",
	 "restore it with the version that it was made on"},
	{1153, ANYWHERE, NULL, RP_ERR_ENGINE, "a row is larger than the server's max_allowed_packet",
	 "set max_allowed_packet of that server to 1G"},
	{1301, ANYWHERE, NULL, RP_ERR_ENGINE, "a value is larger than the server's max_allowed_packet",
	 "set max_allowed_packet of that server to 1G"},
	{2020, ANYWHERE, NULL, RP_ERR_ENGINE, "a row is larger than max_allowed_packet can be", "dump it with "
	 "--skip-extended-insert and with --hex-blob left out"},
	{2006, NAMED, NULL, RP_ERR_ENGINE, "the server closed the connection: it ended, or a row is larger than its "
	 "max_allowed_packet", "look into its error log, and set its max_allowed_packet to 1G"},
	{2013, NAMED, NULL, RP_ERR_ENGINE, "the server closed the connection: it ended, or a row is larger than its "
	 "max_allowed_packet", "look into its error log, and set its max_allowed_packet to 1G"},
	{1227, NAMED, NULL, RP_ERR_ENGINE, "the login may not create what belongs to another DEFINER, or set what "
	 "the dump sets", "restore it without --scratch, on a private server"},
	{1370, NAMED, NULL, RP_ERR_ENGINE, "the login may not create or call a routine that the dump needs",
	 "restore it without --scratch, on a private server"},
	{1419, NAMED, NULL, RP_ERR_ENGINE, "that server has its binary log on and lets this login create no trigger "
	 "or function", "set log_bin_trust_function_creators on it, or restore on a private server"},
	{1044, NAMED, NULL, RP_ERR_ENGINE, "the login may not use what the dump uses",
	 "grant it ALL on the scratch database, or restore on a private server"},
	{1142, NAMED, NULL, RP_ERR_ENGINE, "the login may not use what the dump uses",
	 "grant it ALL on the scratch database, or restore on a private server"},
	{1449, ANYWHERE, NULL, RP_ERR_ENGINE, "a DEFINER of the dump's does not exist on this server",
	 "seal with the account there, or create it on the server that was named"},
	{1286, ANYWHERE, NULL, RP_ERR_ENGINE, "this server does not have a storage engine that the dump needs",
	 "install it, or restore it with the vendor that it was made on"},
	{1289, ANYWHERE, NULL, RP_ERR_ENGINE, "this server was built without a feature that the dump needs",
	 "restore it with the version that it was made on"},
	{1049, ANYWHERE, NULL, RP_ERR_BACKUP, "the dump needs another database, which is not in it", NULL},
	{1064, ANYWHERE, "mysqldump: ", RP_ERR_BACKUP, "a message of mysqldump's stands in the dump",
	 "see whether that tool failed, and keep its messages out of the dump (2>&1)"},
	{1064, ANYWHERE, "mariadb-dump: ", RP_ERR_BACKUP, "a message of mariadb-dump's stands in the dump",
	 "see whether that tool failed, and keep its messages out of the dump (2>&1)"},
	/* clang-format on */
};

/* "ERROR 1064 (42000) at line 3: ..."; 0: it has none. */
static unsigned number_of(const char *complaint)
{
	static const char begin[] = "ERROR ";
	const char *at = strstr(complaint, begin);
	if (at == NULL)
		return 0;
	char *end = NULL;
	unsigned long n = strtoul(at + sizeof begin - 1, &end, 10);
	return n < 100000 && end != NULL && *end == ' ' ? (unsigned)n : 0;
}

bool rp_mysqldump_explains(const char *complaint, bool named, struct rp_err **err)
{
	unsigned number = number_of(complaint);
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (known[i].number != number || (known[i].where == NAMED && !named) ||
		    (known[i].holds != NULL && strstr(complaint, known[i].holds) == NULL))
			continue;
		(void)rp_err_set(err, known[i].kind, "%s: %.*s", known[i].means, SHOWN_MAX,
				 strstr(complaint, "ERROR "));
		if (known[i].hint != NULL)
			(void)rp_err_hint(err, "%s", known[i].hint);
		return true;
	}
	return false;
}
