/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_PLACE_H
#define RP_ENGINE_MYSQL_PLACE_H

struct rp_err;
struct rp_my_conn;
struct rp_my_moment;

/* Private to hold.c: where a connection is, and when. */

/* Two connections are to the same server, and in the same database as the same user: behind one name there can be
 * several servers. */
int rp_my_same_place(struct rp_my_conn *a, struct rp_my_conn *b, struct rp_err **err);
/* Two connections' snapshots are of one moment, where the server can tell (MariaDB, with a log). */
int rp_my_same_moment(struct rp_my_conn *a, struct rp_my_conn *b, struct rp_err **err);

/* Where the log stands. MySQL: now, while c locks everything. */
/* "FILE:POSITION" of the binary log as it stands now, the caller's to free; NULL: no right to know, or there is none. */
int rp_my_binlog_now(struct rp_my_conn *c, char **ret, struct rp_err **err);
int rp_my_note_now(struct rp_my_conn *c, struct rp_my_moment *m, struct rp_err **err);
/* MariaDB: in the snapshot that c sees. */
int rp_my_note_snapshot(struct rp_my_conn *c, struct rp_my_moment *m, struct rp_err **err);

#endif
