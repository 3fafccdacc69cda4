/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_MYDUMPER_H
#define RP_RECOVERY_MYDUMPER_H

#include <stdbool.h>
#include <stddef.h>

struct rp_column;
struct rp_object;
struct rp_relation;

/* What is known of the directories that mydumper makes. All of it pure: names and bytes of a stranger in, bounded. */

#define RP_MYDUMPER_TEXT_MAX 256
#define RP_MYDUMPER_GTID_MAX 4096

/* In the order in which they are restored. */
enum rp_mydumper_part {
	RP_MYDUMPER_CREATE,   /* DB-schema-create.sql: not run, but says the database's name */
	RP_MYDUMPER_SEQUENCE, /* DB.NAME-schema-sequence.sql */
	RP_MYDUMPER_TABLE,    /* DB.NAME-schema.sql; of a view a table that stands in for it */
	RP_MYDUMPER_ROWS,     /* DB.NAME.sql, DB.NAME.00000.sql */
	RP_MYDUMPER_VIEW,     /* DB.NAME-schema-view.sql */
	RP_MYDUMPER_TRIGGERS, /* DB.NAME-schema-triggers.sql, DB-schema-triggers.sql */
	RP_MYDUMPER_POST,     /* DB-schema-post.sql: routines and events */
	RP_MYDUMPER_ASIDE,    /* metadata, checksums: nothing to restore */
	RP_MYDUMPER_UNKNOWN,
};
/* ret_len: of DB or DB.NAME at the name's front; 0 where there is none. */
enum rp_mydumper_part rp_mydumper_part_of(const char *file, size_t *ret_len);

/* Of the file "metadata". Text is "" when it is not said. */
struct rp_mydumper_head {
	bool finished; /* "Finished dump at" */
	char log_file[RP_MYDUMPER_TEXT_MAX], log_pos[24];
	char gtid[RP_MYDUMPER_GTID_MAX];
};
/* false: it is none. */
bool rp_mydumper_parse(const char *text, size_t len, struct rp_mydumper_head *ret);

/* Newer ones count the rows of each table. The next that had some, and what its files are about: DB.NAME. *at goes on
 * towards 'end'; false: there is none. */
#define RP_MYDUMPER_ABOUT_MAX 600
bool rp_mydumper_next_counted(const char **at, const char *end, char ret[RP_MYDUMPER_ABOUT_MAX]);

/* rp_format's. */
const char *rp_mydumper_loses(const struct rp_column *c);
const char *rp_mydumper_omits(const struct rp_object *sealed, const char *fact);
extern const char *const rp_mydumper_words[];
extern const char *const rp_mydumper_expected[];
bool rp_mydumper_harmless(const char *line, size_t len);

#endif
