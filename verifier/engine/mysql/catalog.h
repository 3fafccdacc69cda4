/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_CATALOG_H
#define RP_ENGINE_MYSQL_CATALOG_H

#include "verifier/survey/survey.h"

struct rp_err;
struct rp_my_conn;

/* Private to this folder: kinds and facts that others here and the formats' `omits` rely on. Which kinds
 * of object there are, by what names and with which facts, stands in the tables of objects_*.c and in
 * docs/objects-mysql.md. */

#define RP_MY_KIND_DATABASE "database" /* three of them, because the database's own name may differ: */
#define RP_MY_DEFAULTS	    "defaults" /* what it must be created with: */
#define RP_MY_FACT_CHARSET  "character set"
#define RP_MY_SERVER	    "server" /* what it takes from its server, and no dump carries: */
#define RP_MY_FACT_MODE	    "sql mode"
#define RP_MY_FACT_ZONE	    "time zone"
#define RP_MY_FACT_CASE	    "lower case table names"
#define RP_MY_RIGHTS	    "rights" /* who may do what in it: the fact "grants", which no dump carries */

#define RP_MY_KIND_TABLE     "table"
#define RP_MY_FACT_ENGINE    "engine"
#define RP_MY_FACT_COLLATION "collation" /* of a table, of a column, of the database's defaults */
/* Views, routines, triggers and events have RP_FACT_OWNER: their definer, "user@host" (a role: "role@"). */
#define RP_MY_KIND_EVENT "event" /* one whose time has passed is not made again by a restore: */
#define RP_MY_FACT_AT	 "at"	 /* when it runs once, UTC */
#define RP_MY_FACT_ENDS	 "ends"
#define RP_MY_FACT_KEPT	 "on completion" /* "preserve"; not there: it vanishes then */

/* "orders.id", and its RP_FACT_POSITION is the next value; of a sequence, the first one that it has not
 * set aside. */
#define RP_MY_KIND_AUTO_INCREMENT "auto increment"
#define RP_MY_KIND_SEQUENCE	  "sequence"

/* The relation of rows that a system-versioned table no longer shows: the table's name, then this. A dump
 * leaves them out. */
#define RP_MY_HISTORY "history"

/* Where counters stand is outside of every snapshot. Noted before the backup could look at them, read by
 * rp_my_describe(), and again by rp_my_reread(). positions.c */
struct rp_my_positions;
int rp_my_note_positions(struct rp_my_positions **ret, struct rp_my_conn *c, struct rp_err **err);
void rp_my_positions_free(struct rp_my_positions *p); /* accepts NULL */

#endif
