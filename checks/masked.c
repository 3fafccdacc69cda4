/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "checks/answer.h"

/* What stands for a row and says nothing of anybody: numbers, times, UUIDs, as PostgreSQL, MariaDB and MySQL print their
 * types. A domain, a text or bytes can be a mail address. */
static const char *const plain[] = {"smallint",	 "integer", "bigint",	"int",	"tinyint", "mediumint",
				    "numeric",	 "decimal", "oid",	"uuid", "boolean", "date",
				    "timestamp", "time",    "datetime", "year"};

static bool is_plain(const char *type)
{
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
		size_t len = strlen(plain[i]);
		if (strncmp(type, plain[i], len) == 0 && strchr(" (", type[len]))
			return true; /* strchr() finds the end, too */
	}
	return false;
}

bool rp_evidence_shows_key(const struct rp_evidence *e, const struct rp_column *c)
{
	const struct rp_survey *sealed = rp_evidence_sealed(e);

	if (e->target->show_values)
		return true;
	/* Sealed with fingerprints, because keys are personal: what is read from the restored rows is no less so. */
	return (!sealed || sealed->method.whole_keys) && is_plain(c->type);
}
