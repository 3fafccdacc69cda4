/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_PINS_H
#define RP_ENGINE_MYSQL_PINS_H

struct rp_err;
struct rp_my_conn;

/* The session's settings on which the encoding, our questions' meaning or our safety depend: set before anything
 * else is asked, then read back. One that differs is an error. The server's own init_connect has run before: where
 * there is one, and it was not for us to skip, the session is not to be trusted and is refused. */
int rp_my_pin(struct rp_my_conn *c, struct rp_err **err);

#endif
