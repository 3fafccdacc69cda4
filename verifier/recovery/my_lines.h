/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_MY_LINES_H
#define RP_RECOVERY_MY_LINES_H

#include <stdbool.h>
#include <stddef.h>

/* What single lines of a dump of mariadb-dump's or mysqldump's are. All of it pure. */

#define RP_MY_NAME_MAX 260 /* 64 characters of up to four bytes, and a NUL */

/* Lines as they lie in a buffer: s[0..n), without their end. */
enum rp_my_line {
	RP_MY_OTHER,
	RP_MY_BLANK,
	RP_MY_TITLE,   /* a dump begins */
	RP_MY_TRAILER, /* "-- Dump completed": one has ended */
	RP_MY_HEADER,  /* the last of the settings that it makes first */
	RP_MY_FOOTER,  /* puts that setting back; of a dump without comments the trailer */
	RP_MY_COMMENT,
	RP_MY_MESSAGE,	/* what the tool meant for a person, and somebody has sent into the file */
	RP_MY_BODY,	/* DELIMITER ;; in front of a routine, trigger, event */
	RP_MY_BODY_END, /* DELIMITER ; */
	RP_MY_SANDBOX,	/* for the client; we ask it ourselves */
	RP_MY_SERVER,	/* a statement about the server and its replication, and not about the database */
	RP_MY_DATABASE, /* makes, drops or uses a database by name */
};
/* The beginning of a line is enough, unless it is one of those that are known whole. */
enum rp_my_line rp_my_line_of(const char *s, size_t n);
/* The name in a line that is RP_MY_DATABASE. false: it makes no sense. */
bool rp_my_line_database(const char *s, size_t n, char ret[RP_MY_NAME_MAX]);
/* Every server has it. Dumps hold it when they are of all databases. */
bool rp_my_is_servers_own(const char *database);

#endif
