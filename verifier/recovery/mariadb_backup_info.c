/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/recovery/mariadb_backup.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"

/* The value of "name = value" in its own line; false: it is not there, or too long. */
static bool find(const char *text, size_t len, const char *name, char *ret, size_t room)
{
	size_t n = strlen(name);
	ret[0] = '\0';
	for (const char *line = text, *end = text + len; line < end;) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		size_t all = (size_t)((stop != NULL ? stop : end) - line);
		const char *value = line + n;
		if (all > n && memcmp(line, name, n) == 0 && strchr(" =", *value) != NULL) {
			size_t left = all - n;
			while (left > 0 && strchr(" =", *value) != NULL && *value != '\0') {
				value++;
				left--;
			}
			while (left > 0 && strchr(" \r", value[left - 1]) != NULL)
				left--;
			if (left >= room || memchr(value, '\0', left) != NULL)
				return false;
			memcpy(ret, value, left);
			ret[left] = '\0';
			return true;
		}
		line += all + (stop != NULL);
	}
	return false;
}

static bool number(const char *text, size_t len, const char *name, uint64_t *ret)
{
	char digits[24];
	return find(text, len, name, digits, sizeof digits) && rp_parse_u64(digits, 0, UINT64_MAX, ret);
}

int rp_mb_checkpoints_parse(const char *text, size_t len, struct rp_mb_checkpoints *ret, struct rp_err **err)
{
	static const struct {
		const char *word;
		enum rp_mb_type type;
	} types[] = {
		{"full-backuped", RP_MB_FULL},
		{"full-prepared", RP_MB_PREPARED},
		{"log-applied", RP_MB_PREPARED},
		{"incremental", RP_MB_INCREMENTAL},
	};
	char word[RP_MB_TEXT_MAX];
	*ret = (struct rp_mb_checkpoints){0};
	bool known = false;
	if (find(text, len, "backup_type", word, sizeof word))
		for (size_t i = 0; i < sizeof types / sizeof types[0] && !known; i++) {
			known = strcmp(word, types[i].word) == 0;
			ret->type = types[i].type;
		}
	if (!known || !number(text, len, "from_lsn", &ret->from) || !number(text, len, "to_lsn", &ret->to) ||
	    ret->from > ret->to)
		return rp_err_set(err, RP_ERR_BACKUP, "its file of checkpoints is damaged");
	if (!number(text, len, "last_lsn", &ret->last))
		ret->last = ret->to;
	return 0;
}

static bool is_yes(const char *text, size_t len, const char *name)
{
	char word[RP_MB_TEXT_MAX];
	return find(text, len, name, word, sizeof word) && word[0] != 'N' && word[0] != '\0';
}

void rp_mb_info_parse(const char *text, size_t len, struct rp_mb_info *ret)
{
	*ret = (struct rp_mb_info){0};
	(void)find(text, len, "tool_name", ret->tool, sizeof ret->tool);
	(void)find(text, len, "tool_version", ret->tool_version, sizeof ret->tool_version);
	(void)find(text, len, "server_version", ret->server_version, sizeof ret->server_version);
	(void)find(text, len, "end_time", ret->ended, sizeof ret->ended);
	ret->partial = is_yes(text, len, "partial");
	ret->compressed = is_yes(text, len, "compressed");
	ret->encrypted = is_yes(text, len, "encrypted");
}

bool rp_mb_position_parse(const char *text, size_t len, struct rp_binlog_position *ret)
{
	char word[3][RP_BINLOG_GTID_MAX] = {"", "", ""};
	*ret = (struct rp_binlog_position){0};
	const char *stop = memchr(text, '\n', len);
	const char *at = text, *end = stop != NULL ? stop : text + len;
	for (size_t i = 0; i < 3 && at < end; i++) {
		const char *tab = memchr(at, '\t', (size_t)(end - at));
		size_t n = (size_t)((tab != NULL ? tab : end) - at);
		if (n >= sizeof word[i] || memchr(at, '\0', n) != NULL)
			return false;
		memcpy(word[i], at, n);
		at += n + (tab != NULL);
	}
	if (word[0][0] == '\0' || strlen(word[0]) >= sizeof ret->file || strchr(word[0], '/') != NULL ||
	    !rp_parse_u64(word[1], 4, UINT64_MAX, &ret->at))
		return false;
	memcpy(ret->file, word[0], strlen(word[0]) + 1);
	memcpy(ret->gtid, word[2], sizeof ret->gtid);
	return true;
}
