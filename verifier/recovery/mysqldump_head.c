/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/recovery/my_lines.h"
#include "verifier/recovery/mysqldump.h"
#include "verifier/recovery/sql_line.h"

#define MESSAGES_MAX 16 /* lines that a tool says before it begins */

/* The line that begins a dump without comments, when nothing or a sandbox line is before it. */
static const struct {
	const char *begins;
	enum rp_mysqldump_end end;
} untitled[] = {
	{"/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;", RP_MYSQLDUMP_SETTINGS},
	{"/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;", RP_MYSQLDUMP_SETTINGS},
	{"/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS,", RP_MYSQLDUMP_SETTINGS},
	{"/*!40101 SET @saved_cs_client     = @@character_set_client */;", RP_MYSQLDUMP_NONE},
	{"SET @MYSQLDUMP_TEMP_LOG_BIN = @@SESSION.SQL_LOG_BIN;", RP_MYSQLDUMP_NONE},
	{"SET @@GLOBAL.GTID_PURGED=", RP_MYSQLDUMP_NONE},
};

struct reader {
	const char *at, *end;
	struct rp_line line;
};

static bool next_line(struct reader *r)
{
	if (r->at >= r->end)
		return false;
	r->line = rp_line_of(r->at, (size_t)(r->end - r->at));
	r->at += r->line.all;
	return true;
}

static void keep(char *ret, size_t room, const char *s, size_t n)
{
	if (n >= room || memchr(s, '\0', n) != NULL)
		return;
	memcpy(ret, s, n);
	ret[n] = '\0';
}

/* What stands in l between two texts; 'until' NULL: to its end. */
static bool keep_between(char *ret, size_t room, const struct rp_line *l, const char *from, const char *until)
{
	const char *s = memmem(l->s, l->n, from, strlen(from)), *end = l->s + l->n;
	if (s == NULL)
		return false;
	s += strlen(from);
	if (until != NULL)
		end = memmem(s, (size_t)(end - s), until, strlen(until));
	if (end == NULL)
		return false;
	keep(ret, room, s, (size_t)(end - s));
	return true;
}

/* "10.19  Distrib 10.11.19-MariaDB, for ...", "10.19-11.8.6-MariaDB, for ...", "10.13  Distrib 9.7.4, for ..." */
static void read_title(struct rp_mysqldump_head *h, const struct rp_line *l)
{
	h->end = RP_MYSQLDUMP_COMMENT;
	h->mariadb = rp_line_begins(l, "-- MariaDB ");
	if (!keep_between(h->tool, sizeof h->tool, l, "  Distrib ", ", for ") &&
	    !keep_between(h->tool, sizeof h->tool, l, "-- MariaDB dump 10.19-", ", for "))
		(void)keep_between(h->tool, sizeof h->tool, l, " dump ", ", for ");
}

/* Over several lines when it is long: what is between the last two quotes, without ends of lines. */
static void read_gtid(struct rp_mysqldump_head *h, struct reader *r)
{
	const char *end = memchr(r->line.s, ';', (size_t)(r->end - r->line.s)), *from;
	if (end == NULL || end[-1] != '\'')
		return;
	from = memrchr(r->line.s, '\'', (size_t)(end - 1 - r->line.s));
	if (from == NULL)
		return;
	size_t n = 0;
	for (const char *s = from + 1; s < end - 1 && n < sizeof h->gtid - 1; s++)
		if (*s != '\n' && *s != '\r' && *s != ' ' && *s != '+' && *s != '\0')
			h->gtid[n++] = *s;
	h->gtid[n == sizeof h->gtid - 1 ? 0 : n] = '\0';
}

static void read_position(struct rp_mysqldump_head *h, const struct rp_line *l)
{
	static const char *const names[][3] = {
		{"CHANGE MASTER TO MASTER_LOG_FILE=", "MASTER_LOG_FILE='", "MASTER_LOG_POS="},
		{"CHANGE REPLICATION SOURCE TO SOURCE_LOG_FILE=", "SOURCE_LOG_FILE='", "SOURCE_LOG_POS="},
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		size_t n = strlen(names[i][0]);
		size_t skip = rp_line_begins(l, "-- ") ? 3 : 0;
		if (l->n < skip + n || memcmp(l->s + skip, names[i][0], n) != 0)
			continue;
		(void)keep_between(h->log_file, sizeof h->log_file, l, names[i][1], "'");
		(void)keep_between(h->log_pos, sizeof h->log_pos, l, names[i][2], ";");
	}
}

static void read_host(struct rp_mysqldump_head *h, const struct rp_line *l)
{
	if (rp_line_begins(l, "-- Host: "))
		(void)keep_between(h->database, sizeof h->database, l, "    Database: ", NULL);
}

/* Is the position that follows the one of another server, which this one follows? */
static bool is_of_another(const struct rp_line *l)
{
	return rp_line_begins(l, "-- Position to start replication or point-in-time recovery from (");
}

/* A dump that names no database at its top (--databases) has one line for each. */
static void read_database(struct rp_mysqldump_head *h, const struct rp_line *l)
{
	char name[RP_MY_NAME_MAX];
	if (h->database[0] == '\0' && rp_line_begins(l, "USE `") && rp_my_line_database(l->s, l->n, name) &&
	    !rp_my_is_servers_own(name))
		keep(h->database, sizeof h->database, name, strlen(name));
}

static void read_line(struct rp_mysqldump_head *h, struct reader *r, bool *another)
{
	const struct rp_line *l = &r->line;
	if (rp_line_begins(l, "-- Server version\t"))
		(void)keep_between(h->server, sizeof h->server, l, "\t", NULL);
	else if (rp_line_begins(l, "SET @@GLOBAL.GTID_PURGED=") ||
		 rp_line_begins(l, "/* SET @@GLOBAL.GTID_PURGED="))
		read_gtid(h, r);
	else if (rp_line_begins(l, "-- SET GLOBAL gtid_slave_pos='") ||
		 rp_line_begins(l, "SET GLOBAL gtid_slave_pos='"))
		(void)keep_between(h->gtid, sizeof h->gtid, l, "gtid_slave_pos='", "';");
	else if (is_of_another(l))
		*another = true;
	else if (!*another)
		read_position(h, l);
	read_host(h, l);
	read_database(h, l);
}

/* What stands behind the first table may be anybody's words. */
static bool ends_top(const struct rp_line *l)
{
	return rp_line_begins(l, "CREATE TABLE ") || rp_line_begins(l, "INSERT INTO ") ||
	       rp_line_begins(l, "/*!50001 ") || rp_line_begins(l, "DELIMITER ");
}

/* Up to its title, or what stands there without comments. */
static int find_title(struct rp_mysqldump_head *h, struct reader *r)
{
	bool sandbox = false;
	for (unsigned messages = 0; messages < MESSAGES_MAX && next_line(r);) {
		switch (rp_my_line_of(r->line.s, r->line.n)) {
		case RP_MY_BLANK:
			break;
		case RP_MY_SANDBOX:
			sandbox = true;
			h->mariadb = true;
			break;
		case RP_MY_MESSAGE:
			if (messages++ == 0)
				keep(h->message, sizeof h->message, r->line.s,
				     r->line.n < sizeof h->message ? r->line.n : sizeof h->message - 1);
			break;
		case RP_MY_TITLE:
			read_title(h, &r->line);
			return 8 * 14; /* the length of a title */
		case RP_MY_TRAILER:
		case RP_MY_HEADER:
		case RP_MY_FOOTER:
		case RP_MY_COMMENT:
		case RP_MY_BODY:
		case RP_MY_BODY_END:
		case RP_MY_SERVER:
		case RP_MY_DATABASE:
		case RP_MY_OTHER:
			for (size_t i = 0; i < sizeof untitled / sizeof untitled[0]; i++)
				if (rp_line_begins(&r->line, untitled[i].begins)) {
					h->end = untitled[i].end;
					return 8 * 25; /* the shortest of them */
				}
			h->end = RP_MYSQLDUMP_NONE;
			return sandbox ? 8 * 27 : 0; /* that line's length */
		}
	}
	return 0;
}

static bool is_wide(const uint8_t *head, size_t len)
{
	static const uint8_t begins[][10] = {
		{0xff, 0xfe, '-', 0, '-', 0, ' ', 0, 'M', 0},
		{0xff, 0xfe, '/', 0, '*', 0, 'M', 0, '!', 0},
		{0xff, 0xfe, '/', 0, '*', 0, '!', 0, '9', 0},
	};
	for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++)
		if (len >= sizeof begins[i] && memcmp(head, begins[i], sizeof begins[i]) == 0)
			return true;
	return false;
}

int rp_mysqldump_parse(const uint8_t *head, size_t len, struct rp_mysqldump_head *ret)
{
	static const char bom[] = "\xef\xbb\xbf";
	struct reader r = {.at = (const char *)head, .end = (const char *)head + len};
	*ret = (struct rp_mysqldump_head){.end = RP_MYSQLDUMP_NONE};
	if (is_wide(head, len)) {
		ret->wide = true;
		return 8 * 10;
	}
	if (len >= 3 && memcmp(head, bom, 3) == 0)
		r.at += 3;
	int bits = find_title(ret, &r);
	bool another = false;
	if (bits == 0)
		return 0;
	do
		read_line(ret, &r, &another);
	while (next_line(&r) && !ends_top(&r.line));
	return bits;
}
