/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <strings.h>

#include "verifier/engine/mysql/check_table.h"

/* A row is of one of the types below in either case of letters, as storage engines and server do not agree. */

static const char unsupported[] = "The storage engine for the table doesn't support check";

/* What is said as an error, and is no damage. Messages are in English: the session pins it. Names of tables can stand
 * in them, so none of these may lead to anything better than a run that proved nothing. */
static const struct {
	const char *text;
	enum rp_my_outcome means;
} no_damage[] = {
	{"upgrade required", RP_MY_CHECK_NOT_DONE},  {"Unknown storage engine", RP_MY_CHECK_NOT_DONE},
	{"is not loaded", RP_MY_CHECK_NOT_DONE},     {"command denied to user", RP_MY_CHECK_UNTOLD},
	{"Access denied", RP_MY_CHECK_UNTOLD},	     {"READ ONLY transaction", RP_MY_CHECK_UNTOLD},
	{"Lock wait timeout", RP_MY_CHECK_UNTOLD},   {"Deadlock found", RP_MY_CHECK_UNTOLD},
	{"interrupted", RP_MY_CHECK_UNTOLD},	     {"Out of memory", RP_MY_CHECK_UNTOLD},
	{"No space left", RP_MY_CHECK_UNTOLD},	     {"Got error 28 ", RP_MY_CHECK_UNTOLD},
	{"Too many open files", RP_MY_CHECK_UNTOLD},
};

static void say(struct rp_my_checked *k, const char *text)
{
	size_t room = sizeof k->said - 1 - k->used, len = strlen(text), gap = k->used > 0 ? 2 : 0;
	if (room < gap)
		return;
	memcpy(k->said + k->used, "; ", gap);
	len = len < room - gap ? len : room - gap;
	memcpy(k->said + k->used + gap, text, len);
	k->used += gap + len;
	k->said[k->used] = '\0';
}

static enum rp_my_outcome error_means(const char *text)
{
	for (size_t i = 0; i < sizeof no_damage / sizeof no_damage[0]; i++)
		if (strcasestr(text, no_damage[i].text) != NULL)
			return no_damage[i].means;
	return RP_MY_CHECK_DAMAGED;
}

static enum rp_my_outcome means(struct rp_my_checked *k, const char *type, const char *text)
{
	if (strcasecmp(text, "Corrupt") == 0 || strcasecmp(text, "Operation failed") == 0) {
		k->ended = k->ill = true;
		return RP_MY_CHECK_OK;
	}
	if (strcasecmp(type, "status") == 0) {
		k->ended = true;
		return strcmp(text, "OK") == 0 ? RP_MY_CHECK_OK : RP_MY_CHECK_NOT_DONE;
	}
	if (strcasecmp(type, "note") == 0 && strcmp(text, unsupported) == 0) {
		k->ended = true;
		return RP_MY_CHECK_UNSUPPORTED;
	}
	if (strcasecmp(type, "note") == 0 || strcasecmp(type, "info") == 0 ||
	    strcasecmp(type, "warning") == 0)
		return RP_MY_CHECK_WARNED;
	return strcasecmp(type, "error") == 0 ? error_means(text) : RP_MY_CHECK_UNTOLD;
}

void rp_my_checked_add(struct rp_my_checked *k, const char *type, const char *text)
{
	type = type != NULL ? type : "";
	text = text != NULL ? text : "";
	enum rp_my_outcome m = means(k, type, text);
	if (m > k->outcome)
		k->outcome = m;
	if (strcmp(text, "OK") != 0)
		say(k, text);
}

void rp_my_checked_end(struct rp_my_checked *k)
{
	/* Why it failed was said before, if it is anything else than damage. */
	if (k->ill && k->outcome < RP_MY_CHECK_NOT_DONE)
		k->outcome = RP_MY_CHECK_DAMAGED;
	if (k->ended || k->outcome >= RP_MY_CHECK_NOT_DONE)
		return;
	k->outcome = RP_MY_CHECK_UNTOLD;
	say(k, "the server did not say how it ended");
}
