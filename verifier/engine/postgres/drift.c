/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/postgres/catalog.h"

/* What a change of the server's major version explains, and nothing else does. Every line here can hide damage, so
 * each names the smallest thing that differs. Definitions that only print differently are not here: those are
 * run and read back. */

struct drift {
	const char *kind;
	const char *name; /* of the object; ends with '*': what it begins with; NULL: any */
	const char *fact; /* NULL: the object is there on one side only */
	bool appears;	  /* one side says nothing; both say something else: that is another matter */
	int since; /* one side is older than this major version, the other is not; 0: any two that differ */
	const char *why;
};

static const struct drift drifts[] = {
	{"schema", "public", RP_FACT_OWNER, false, 15, "version 15 gave schema public another owner"},
	{"schema", "public", RP_FACT_GRANTS, false, 15,
	 "version 15 took CREATE on schema public from everybody"},
	{"range type", NULL, "multirange", true, 14, "version 14 gives every range type a multirange type"},
	{"not null constraint", NULL, NULL, true, 18, "version 18 keeps NOT NULL as a constraint"},
	{"operator", NULL, "commutator", true, 0, "versions differ in whether a commutator is linked back"},
	{"collation", NULL, RP_FACT_VERSION, false, 0,
	 "another server brings another version of the collation library"},
	{RP_PG_KIND_DATABASE, RP_PG_LOCALE, RP_FACT_VERSION, true, 15,
	 "version 15 began to record a database's collation version"},
	{RP_PG_KIND_EXTENSION, NULL, RP_PG_FACT_INSTALLED, false, 0,
	 "another server brings another version of the extension"},
	{"comment", "extension.*", "", false, 0, "the extension's own words changed with its version"},
};

/* "15.20 (Debian ...)": 15. 0: not a version. */
static int major_of(const struct rp_identity *i)
{
	int major = 0;
	for (const char *at = i->version; at != NULL && *at >= '0' && *at <= '9' && major < 1000; at++)
		major = major * 10 + (*at - '0');
	return major;
}

static bool named(const char *pattern, const char *name)
{
	if (pattern == NULL)
		return true;
	size_t len = strlen(pattern);
	return pattern[len - 1] == '*' ? strncmp(name, pattern, len - 1) == 0 : strcmp(name, pattern) == 0;
}

/* fact "": the definition. */
static bool about(const struct drift *k, const struct rp_difference *d)
{
	if (k->fact == NULL)
		return d->change != RP_CHANGED;
	if (k->appears && d->expected != NULL && d->got != NULL)
		return false;
	return d->change == RP_CHANGED && strcmp(k->fact, d->fact == NULL ? "" : d->fact) == 0;
}

const char *rp_pg_drift(const struct rp_identity *sealed, const struct rp_identity *found,
			const struct rp_difference *d)
{
	const struct rp_object *o = d->sealed != NULL ? d->sealed : d->found;
	int was = major_of(sealed), is = major_of(found);
	if (was == 0 || is == 0 || was == is || o == NULL)
		return NULL;
	for (size_t i = 0; i < sizeof drifts / sizeof drifts[0]; i++) {
		const struct drift *k = &drifts[i];
		if (strcmp(k->kind, o->kind) == 0 && named(k->name, o->name) && about(k, d) &&
		    (k->since == 0 || (was < k->since) != (is < k->since)))
			return k->why;
	}
	return NULL;
}
