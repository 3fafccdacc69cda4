/* SPDX-License-Identifier: MIT */
#ifndef RP_TESTS_OWN_SERVER_H
#define RP_TESTS_OWN_SERVER_H

#include <stdbool.h>

#include <libpq-fe.h>

#include "verifier/util/proc.h"
#include "verifier/util/run.h"

/* A PostgreSQL server of a test program's own. */
struct own_server {
	char dir[64]; /* socket and data are in here */
	char bindir[200];
	struct rp_proc proc;
	struct rp_run run;
};

/* No server on this machine: true, unless RP_REQUIRE_SERVERS is set. RP_PG_BINDIR chooses among several. */
bool own_server_missing(struct own_server *s);
int own_server_start(struct own_server *s);
void own_server_stop(struct own_server *s);

/* "postgresql://USER@/DATABASE?host=...", static. */
const char *own_server_uri(const struct own_server *s, const char *user, const char *database);
/* Statements by the superuser "boss", each of which must succeed; several are allowed. */
void own_server_sql(const struct own_server *s, const char *database, const char *sql);
/* One value, to be freed. */
char *own_server_ask(const struct own_server *s, const char *database, const char *sql);

#endif
