/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_LOGIN_H
#define RP_ENGINE_MYSQL_LOGIN_H

#include <stdbool.h>

#include <mysql.h>

struct rp_buf;
struct rp_err;
struct rp_my_address;
struct rp_my_conn;

/* What libmariadb is told before it connects: nothing of the server's choosing (LOCAL INFILE, plugins that send a
 * password in the clear), no code of anybody's, and a line that nobody else can listen to. */
int rp_my_login_options(MYSQL *my, const struct rp_my_address *a, struct rp_err **err);
/* The line is as it was asked for. */
int rp_my_login_check(struct rp_my_conn *c, const struct rp_my_address *a, struct rp_err **err);
/* Is the server to show a certificate that is trusted; and one of the name that it was called by? */
int rp_my_login_verifies(const struct rp_my_address *a, bool *ret_certificate, bool *ret_name,
			 struct rp_err **err);
/* Append an option file with which the vendor's own clients log in as c did, and find nothing else in it; the socket
 * is another one where the caller has put itself in between (NULL: c's own). It can hold a password. */
int rp_my_login_write(struct rp_my_conn *c, const char *socket, struct rp_buf *file, struct rp_err **err);
/* Why it did not let us in, and what helps. Returns -1. */
int rp_my_login_fail(struct rp_my_conn *c, const struct rp_my_address *a, struct rp_err **err);

#endif
