/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/my_lines.h"

#include <string.h>

/* In the order in which they are asked: a trailer is a comment, too. */
static const struct {
	const char *text;
	bool whole; /* nothing but blanks follows; else: begins with it */
	enum rp_my_line is;
} forms[] = {
	{"-- MariaDB dump ", false, RP_MY_TITLE},
	{"-- MySQL dump ", false, RP_MY_TITLE},
	{"-- Dump completed", true, RP_MY_TRAILER},
	{"-- Dump completed on ", false, RP_MY_TRAILER},
	{"/*!40111 SET @OLD_SQL_NOTES=@@SQL_NOTES,", false, RP_MY_HEADER},
	{"/*M!100616 SET @OLD_NOTE_VERBOSITY=@@NOTE_VERBOSITY,", false, RP_MY_HEADER},
	{"--", true, RP_MY_COMMENT},
	{"-- ", false, RP_MY_COMMENT},
	{"/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;", true, RP_MY_FOOTER},
	{"/*M!100616 SET NOTE_VERBOSITY=@OLD_NOTE_VERBOSITY */;", true, RP_MY_FOOTER},
	{"DELIMITER ;;", true, RP_MY_BODY},
	{"DELIMITER ;", true, RP_MY_BODY_END},
	{"mysqldump: ", false, RP_MY_MESSAGE},
	{"mariadb-dump: ", false, RP_MY_MESSAGE},
	{"Warning: A partial dump from a server that has GTIDs ", false, RP_MY_MESSAGE},
	{"Warning: A dump from a server that has GTIDs ", false, RP_MY_MESSAGE},
	{"In order to ensure a consistent backup of the database", false, RP_MY_MESSAGE},
	{"WARNING: --", false, RP_MY_MESSAGE},
	{"/*M!999999\\- enable the sandbox mode */", true, RP_MY_SANDBOX},
	{"/*!999999\\- enable the sandbox mode */", true, RP_MY_SANDBOX}, /* the first releases that had it */
	{"SET @MYSQLDUMP_TEMP_LOG_BIN = @@SESSION.SQL_LOG_BIN;", true, RP_MY_SERVER},
	{"SET @@SESSION.SQL_LOG_BIN= 0;", true, RP_MY_SERVER},
	{"SET @@SESSION.SQL_LOG_BIN = @MYSQLDUMP_TEMP_LOG_BIN;", true, RP_MY_SERVER},
	{"SET @@GLOBAL.GTID_PURGED=", false, RP_MY_SERVER},
	{"SET GLOBAL gtid_slave_pos=", false, RP_MY_SERVER},
	{"/*!50606 SET GLOBAL INNODB_STATS_AUTO_RECALC=", false, RP_MY_SERVER},
	{"CHANGE MASTER ", false, RP_MY_SERVER},
	{"CHANGE REPLICATION SOURCE TO ", false, RP_MY_SERVER},
	{"STOP SLAVE", false, RP_MY_SERVER},
	{"STOP ALL SLAVES", false, RP_MY_SERVER},
	{"STOP REPLICA", false, RP_MY_SERVER},
	{"START SLAVE", false, RP_MY_SERVER},
	{"START ALL SLAVES", false, RP_MY_SERVER},
	{"START REPLICA", false, RP_MY_SERVER},
	/* --system=users, plugins, servers; --flush-privileges */
	{"CREATE USER ", false, RP_MY_SERVER},
	{"GRANT ", false, RP_MY_SERVER},
	{"CREATE ROLE ", false, RP_MY_SERVER},
	{"SET ROLE ", false, RP_MY_SERVER},
	{"DROP ROLE ", false, RP_MY_SERVER},
	{"SELECT COALESCE(CURRENT_ROLE(),'NONE') into @current_role;", true, RP_MY_SERVER},
	{"/*M!100203 EXECUTE IMMEDIATE CONCAT('SET ROLE ', @current_role) */;", true, RP_MY_SERVER},
	{"/*M!100005 SET DEFAULT ROLE ", false, RP_MY_SERVER},
	{"/*M!100005 CREATE ROLE ", false, RP_MY_SERVER},
	{"/*!80001 ALTER USER ", false, RP_MY_SERVER},
	{"/*!80001 CREATE ROLE ", false, RP_MY_SERVER},
	{"INSTALL PLUGIN ", false, RP_MY_SERVER},
	{"CREATE SERVER ", false, RP_MY_SERVER},
	{"FLUSH PRIVILEGES;", true, RP_MY_SERVER},
	{"/*! FLUSH PRIVILEGES */;", true, RP_MY_SERVER},
	{"CREATE DATABASE ", false, RP_MY_DATABASE},
	{"/*!40000 DROP DATABASE IF EXISTS `", false, RP_MY_DATABASE},
	{"USE `", false, RP_MY_DATABASE},
	{"USE mysql;", true, RP_MY_DATABASE}, /* --system=stats,timezones */
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static size_t trimmed(const char *s, size_t n)
{
	while (n > 0 && is_space(s[n - 1]))
		n--;
	return n;
}

/* "/usr/bin/mysqldump: ..." */
static bool is_message(const char *s, size_t n)
{
	static const char *const names[] = {"/mysqldump: ", "/mariadb-dump: "};
	size_t word = 0;
	while (word < n && !is_space(s[word]))
		word++;
	for (size_t i = 0; i < sizeof names / sizeof names[0] && word < n; i++) {
		size_t len = strlen(names[i]) - 1;
		if (word >= len && memcmp(s + word - len, names[i], len) == 0)
			return true;
	}
	return false;
}

enum rp_my_line rp_my_line_of(const char *s, size_t n)
{
	size_t len = trimmed(s, n);
	if (len == 0)
		return RP_MY_BLANK;
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		if (forms[i].text[0] != s[0])
			continue;
		size_t text = strlen(forms[i].text);
		if (n >= text && memcmp(s, forms[i].text, text) == 0 && (!forms[i].whole || len <= text))
			return forms[i].is;
	}
	return s[0] == '/' && is_message(s, n) ? RP_MY_MESSAGE : RP_MY_OTHER;
}

bool rp_my_line_database(const char *s, size_t n, char ret[RP_MY_NAME_MAX])
{
	static const char own[] = "USE mysql;";
	const char *at = memchr(s, '`', n), *end = s + n;
	size_t len = 0;
	if (n >= sizeof own - 1 && memcmp(s, own, sizeof own - 1) == 0) {
		memcpy(ret, "mysql", sizeof "mysql");
		return true;
	}
	for (at = at != NULL ? at + 1 : end; at < end; at++) {
		if (*at == '`' && (end - at < 2 || at[1] != '`')) {
			ret[len] = '\0';
			return len > 0;
		}
		at += *at == '`'; /* doubled: one of the name's own */
		if (len == RP_MY_NAME_MAX - 1 || *at == '\0')
			return false;
		ret[len++] = *at;
	}
	return false;
}

bool rp_my_is_servers_own(const char *database)
{
	static const char *const own[] = {"mysql", "sys", "information_schema", "performance_schema"};
	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
		if (strcmp(database, own[i]) == 0)
			return true;
	return false;
}
