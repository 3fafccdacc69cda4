/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_POSTGRES_PINS_H
#define RP_ENGINE_POSTGRES_PINS_H

#include <stdbool.h>

struct rp_buf;
struct rp_err;
struct rp_pg_conn;

/* The settings on which the encoding or our safety depends. They are given as start-up options, because a
 * database can run code at login and ALTER DATABASE ... SET speaks before our first statement. */

/* Append "-c name=value ..." for a start-up packet, without those whose bit is in 'refused'. */
void rp_pg_pins_options(struct rp_buf *options, bool plain, unsigned refused);
/* Which pin the server's complaint at login is about, as a bit for 'refused'; 0: it is another complaint, or
 * about one that we cannot do without. Complaints are translated, names in them are not. */
unsigned rp_pg_pins_blamed(const char *complaint);
/* Set what could not be given at start-up, then read all of them back: one that differs is an error. */
int rp_pg_pins_check(struct rp_pg_conn *c, struct rp_err **err);

#endif
