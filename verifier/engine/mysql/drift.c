/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>

#include "verifier/engine/mysql/objects.h"

/* What a change of the server's version explains, and nothing else does. Every line here can hide damage,
 * so each names the smallest thing that differs: what was sealed by an older server than 'since', and
 * found by one that is not. What only prints differently is made the same in normal.c and is not here. */

struct drift {
	const char *kind;
	const char *fact; /* "": the definition */
	const char *was,
		*is; /* with a '*' at one end: what the value ends or begins with; NULL: nothing is said */
	enum rp_my_vendor vendor;
	unsigned since;
	const char *why;
};

#define COLLATIONS                                                                                           \
	"11.5 gave character sets another default collation, and the backup does not name the old one"

static const struct drift drifts[] = {
	{"table", "collation", "*_general_ci", "*_uca1400_ai_ci", RP_MARIADB, 110500, COLLATIONS},
	{"column", "collation", "*_general_ci", "*_uca1400_ai_ci", RP_MARIADB, 110500, COLLATIONS},
	{"function", "returns", "*_general_ci", "*_uca1400_ai_ci", RP_MARIADB, 110500, COLLATIONS},
	/* mariadb-dump leaves out the settings of a view whose name has a '"' in it. */
	{"view", "collation connection", "*_general_ci", "*_uca1400_ai_ci", RP_MARIADB, 110500, COLLATIONS},
	/* Only those that are not ASCII: the others are made the same. */
	{"column", "", "DEFAULT '*", "DEFAULT x'*", RP_MARIADB, 110000,
	 "11 prints the default of a binary column as x'...', older ones cannot print all of them"},
};

static bool is_like(const char *value, const char *pattern)
{
	if (value == NULL || pattern == NULL)
		return value == pattern;
	size_t len = strlen(pattern), has = strlen(value);
	if (pattern[0] == '*')
		return has >= len - 1 && strcmp(value + has - (len - 1), pattern + 1) == 0;
	return strncmp(value, pattern, len - (pattern[len - 1] == '*')) == 0;
}

const char *rp_my_drift(const struct rp_identity *sealed, const struct rp_identity *found,
			const struct rp_difference *d)
{
	struct rp_my_traits was, is;
	const struct rp_object *o = d->sealed != NULL ? d->sealed : d->found;
	if (o == NULL || d->change != RP_CHANGED || !rp_my_traits_of(sealed->version, &was) ||
	    !rp_my_traits_of(found->version, &is) || was.vendor != is.vendor)
		return NULL;
	for (size_t i = 0; i < sizeof drifts / sizeof drifts[0]; i++) {
		const struct drift *k = &drifts[i];
		if (k->vendor == was.vendor && was.version < k->since && is.version >= k->since &&
		    strcmp(k->kind, o->kind) == 0 && strcmp(k->fact, d->fact != NULL ? d->fact : "") == 0 &&
		    is_like(d->expected, k->was) && is_like(d->got, k->is))
			return k->why;
	}
	return NULL;
}
