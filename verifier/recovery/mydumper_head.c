/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verifier/recovery/mydumper.h"
#include "verifier/recovery/sql_line.h"

/* How files end, the longer before what they end with, too. */
static const struct {
	const char *end;
	enum rp_mydumper_part is;
} ends[] = {
	{"-schema-create.sql", RP_MYDUMPER_CREATE},
	{"-schema-sequence.sql", RP_MYDUMPER_SEQUENCE},
	{"-schema-view.sql", RP_MYDUMPER_VIEW},
	{"-schema-triggers.sql", RP_MYDUMPER_TRIGGERS},
	{"-schema-post.sql", RP_MYDUMPER_POST},
	{"-schema.sql", RP_MYDUMPER_TABLE},
	{"-schema-checksum", RP_MYDUMPER_ASIDE},
	{"-schema-indexes-checksum", RP_MYDUMPER_ASIDE},
	{"-schema-create-checksum", RP_MYDUMPER_ASIDE},
	{"-schema-post-checksum", RP_MYDUMPER_ASIDE},
	{"-schema-view-checksum", RP_MYDUMPER_ASIDE},
	{"-schema-triggers-checksum", RP_MYDUMPER_ASIDE},
	{"-checksum", RP_MYDUMPER_ASIDE},
	{"-metadata", RP_MYDUMPER_ASIDE},
	{".sql", RP_MYDUMPER_ROWS},
};

static bool cut_end(const char *name, size_t *len, const char *end)
{
	size_t n = strlen(end);
	if (*len <= n || memcmp(name + *len - n, end, n) != 0)
		return false;
	*len -= n;
	return true;
}

/* ".00000", of which there may be two: a part and a part of that. */
static void cut_number(const char *name, size_t *len)
{
	size_t n = *len;
	while (n > 0 && name[n - 1] >= '0' && name[n - 1] <= '9')
		n--;
	if (*len - n >= 5 && n > 1 && name[n - 1] == '.')
		*len = n - 1;
}

enum rp_mydumper_part rp_mydumper_part_of(const char *file, size_t *ret_len)
{
	size_t len = strlen(file);
	*ret_len = 0;
	if (strcmp(file, "metadata") == 0)
		return RP_MYDUMPER_ASIDE;
	if (strchr(file, '/') != NULL)
		return RP_MYDUMPER_UNKNOWN;
	(void)(cut_end(file, &len, ".gz") || cut_end(file, &len, ".zst"));
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		if (!cut_end(file, &len, ends[i].end))
			continue;
		if (ends[i].is == RP_MYDUMPER_ROWS) {
			cut_number(file, &len);
			cut_number(file, &len);
		}
		*ret_len = len;
		return ends[i].is;
	}
	return RP_MYDUMPER_UNKNOWN;
}

static void keep(char *ret, size_t room, const char *s, size_t n)
{
	if (n >= room || memchr(s, '\0', n) != NULL)
		return;
	memcpy(ret, s, n);
	ret[n] = '\0';
}

/* "\tLog: binlog.000001", "File = binlog.000001", "# SOURCE_LOG_POS = 4", quotes or none. */
static bool keep_value(char *ret, size_t room, const struct rp_line *l, const char *key, char sign)
{
	const char *s = l->s, *end = l->s + l->n;
	size_t n = strlen(key);
	while (s < end && (*s == ' ' || *s == '\t' || *s == '#'))
		s++;
	if ((size_t)(end - s) < n || memcmp(s, key, n) != 0)
		return false;
	for (s += n; s < end && *s == ' '; s++)
		;
	if (s == end || *s++ != sign)
		return false;
	while (s < end && (*s == ' ' || *s == '"' || *s == '\''))
		s++;
	while (s < end && (end[-1] == ' ' || end[-1] == '"' || end[-1] == '\'' || end[-1] == '\r'))
		end--;
	keep(ret, room, s, (size_t)(end - s));
	return true;
}

/* The source's own position is in one section; those of servers that it follows are in others. */
static bool enters(const struct rp_line *l, bool *own)
{
	static const char *const sections[] = {"SHOW MASTER STATUS:", "SHOW BINARY LOG STATUS:", "[master]",
					       "[source]"};
	bool begins = (l->n > 0 && l->s[0] == '[') || rp_line_begins(l, "SHOW ");
	if (!begins)
		return false;
	*own = false;
	for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
		*own = *own || rp_line_begins(l, sections[i]);
	return true;
}

static void read_position(struct rp_mydumper_head *h, const struct rp_line *l)
{
	static const struct {
		const char *key;
		char sign;
		enum { FILE_NAME, POSITION, GTID } is;
	} keys[] = {
		{"Log", ':', FILE_NAME},
		{"Pos", ':', POSITION},
		{"GTID", ':', GTID},
		{"File", '=', FILE_NAME},
		{"Position", '=', POSITION},
		{"Executed_Gtid_Set", '=', GTID},
		{"SOURCE_LOG_FILE", '=', FILE_NAME},
		{"SOURCE_LOG_POS", '=', POSITION},
		{"executed_gtid_set", '=', GTID},
	};
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		char *to = keys[i].is == FILE_NAME  ? h->log_file
			   : keys[i].is == POSITION ? h->log_pos
						    : h->gtid;
		size_t room = keys[i].is == FILE_NAME  ? sizeof h->log_file
			      : keys[i].is == POSITION ? sizeof h->log_pos
						       : sizeof h->gtid;
		if (keep_value(to, room, l, keys[i].key, keys[i].sign))
			return;
	}
}

bool rp_mydumper_parse(const char *text, size_t len, struct rp_mydumper_head *ret)
{
	struct rp_line l;
	bool own = false, is = false;
	*ret = (struct rp_mydumper_head){0};
	for (const char *at = text, *end = text + len; at < end; at += l.all) {
		l = rp_line_of(at, (size_t)(end - at));
		is = is || rp_line_begins(&l, "Started dump at: ") ||
		     rp_line_begins(&l, "# Started dump at: ");
		ret->finished = rp_line_begins(&l, "Finished dump at: ") ||
				rp_line_begins(&l, "# Finished dump at: ") || (ret->finished && l.n == 0);
		if (!enters(&l, &own) && own)
			read_position(ret, &l);
	}
	return is;
}

/* "[`shop`.`orders`]"; what is between the quotes, with the dot. false: it is about no table. */
static bool read_section(const struct rp_line *l, char ret[RP_MYDUMPER_ABOUT_MAX])
{
	static const char between[] = "`.`";
	if (l->n < strlen("[`a`.`b`]") || l->n >= RP_MYDUMPER_ABOUT_MAX)
		return false;
	const char *from = l->s + 2, *to = l->s + l->n - 2;
	const char *dot = memmem(from, (size_t)(to - from), between, strlen(between));
	if (memcmp(l->s, "[`", 2) != 0 || memcmp(to, "`]", 2) != 0 || dot == NULL)
		return false;
	size_t db = (size_t)(dot - from), name = (size_t)(to - dot) - strlen(between);
	memcpy(ret, from, db);
	ret[db] = '.';
	memcpy(ret + db + 1, dot + strlen(between), name);
	ret[db + 1 + name] = '\0';
	return true;
}

bool rp_mydumper_next_counted(const char **at, const char *end, char ret[RP_MYDUMPER_ABOUT_MAX])
{
	bool in = false;
	while (*at < end) {
		struct rp_line l = rp_line_of(*at, (size_t)(end - *at));
		char rows[24] = "";
		*at += l.all;
		if (l.n > 0 && l.s[0] == '[')
			in = read_section(&l, ret);
		else if (in &&
			 (keep_value(rows, sizeof rows, &l, "Rows", '=') ||
			  keep_value(rows, sizeof rows, &l, "rows", '=')) &&
			 strtoll(rows, NULL, 10) > 0)
			return true;
	}
	return false;
}
