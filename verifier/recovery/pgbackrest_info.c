/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "verifier/recovery/pgbackrest.h"

/* An ini file whose values are JSON:
 *
 *     [backup:current]
 *     20261121-171045F={"backrest-version":"2.45","db-id":1,...}
 *     [db:history]
 *     1={"db-version":"15",...} */

/* The value of KEY in a section, parsed; NULL: it is not there, or no object. */
static json_t *value_of(const char *text, size_t len, const char *section, const char *key)
{
	size_t n = strlen(key), in_section = strlen(section);
	bool within = false;
	for (const char *at = text, *end = text + len; at < end;) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		size_t line = (size_t)((nl != NULL ? nl : end) - at);
		if (line > 0 && at[0] == '[')
			within = line == in_section && memcmp(at, section, line) == 0;
		else if (within && line > n && memcmp(at, key, n) == 0 && at[n] == '=') {
			json_t *v = json_loadb(at + n + 1, line - n - 1, JSON_REJECT_DUPLICATES, NULL);
			if (json_is_object(v))
				return v;
			json_decref(v);
			return NULL;
		}
		at += line + 1;
	}
	return NULL;
}

/* Short words only: what else may stand there is nothing that we could use. */
static void keep(char *ret, size_t room, const json_t *object, const char *name)
{
	const char *s = json_string_value(json_object_get(object, name));
	ret[0] = '\0';
	if (s == NULL || strlen(s) >= room || s[strspn(s, "0123456789.ABCDEFabcdef/devr")] != '\0')
		return;
	memcpy(ret, s, strlen(s) + 1);
}

bool rp_backrest_info_parse(const char *text, size_t len, const char *label, struct rp_backrest_info *ret)
{
	*ret = (struct rp_backrest_info){0};
	json_t *set = value_of(text, len, "[backup:current]", label);
	if (set == NULL)
		return false;
	char id[24];
	(void)snprintf(id, sizeof id, "%lld", (long long)json_integer_value(json_object_get(set, "db-id")));
	json_t *db = value_of(text, len, "[db:history]", id);
	if (db != NULL)
		keep(ret->version, sizeof ret->version, db, "db-version");
	keep(ret->tool, sizeof ret->tool, set, "backrest-version");
	keep(ret->lsn_stop, sizeof ret->lsn_stop, set, "backup-lsn-stop");
	ret->finished_s = (long long)json_integer_value(json_object_get(set, "backup-timestamp-stop"));
	if (ret->finished_s < 0 || ret->finished_s > INT64_C(253402300799))
		ret->finished_s = 0;
	json_decref(db);
	json_decref(set);
	return true;
}
