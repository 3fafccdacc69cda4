/* SPDX-License-Identifier: MIT */
#ifndef RP_TESTS_OWN_MYSQL_H
#define RP_TESTS_OWN_MYSQL_H

#include <stdbool.h>

#include "verifier/util/proc.h"
#include "verifier/util/run.h"

/* A MariaDB or MySQL server of a test program's own. Its 'root' needs no password. */
struct own_mysql {
	char dir[64]; /* socket "s" and data are in here */
	char server[300], maker[300], client[300];
	unsigned port; /* on 127.0.0.1 */
	bool mariadb;
	struct rp_proc proc;
	struct rp_run run;
};

/* No server on this machine: true, unless RP_REQUIRE_SERVERS is set. RP_MY_BINDIR names a directory with another one's
 * programs. */
bool own_mysql_missing(struct own_mysql *s);
int own_mysql_start(struct own_mysql *s);
void own_mysql_stop(struct own_mysql *s);

/* "mysql://USER@localhost/DATABASE?socket=...&MORE", static; four of them at a time. */
const char *own_mysql_uri(const struct own_mysql *s, const char *user, const char *database,
			  const char *more);
/* Statements by root, each of which must succeed; several are allowed. */
void own_mysql_sql(const struct own_mysql *s, const char *sql);
/* One value, to be freed. */
char *own_mysql_ask(const struct own_mysql *s, const char *sql);

#endif
