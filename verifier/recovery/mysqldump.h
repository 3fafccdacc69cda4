/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_MYSQLDUMP_H
#define RP_RECOVERY_MYSQLDUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rp_column;
struct rp_object;
struct rp_relation;

/* What is known of dumps that mariadb-dump and mysqldump make. All of it pure: bytes of a stranger in, bounded, nothing
 * allocated. */

#define RP_MYSQLDUMP_TEXT_MAX 256
#define RP_MYSQLDUMP_GTID_MAX 4096

/* How one can tell that the dump is whole. */
enum rp_mysqldump_end {
	RP_MYSQLDUMP_COMMENT,  /* by its last comment */
	RP_MYSQLDUMP_SETTINGS, /* --skip-comments: by the settings that it puts back */
	RP_MYSQLDUMP_NONE,     /* --compact: by nothing */
};

/* What the first lines say. Text is "" when it is not said, or longer than there is room for. */
struct rp_mysqldump_head {
	enum rp_mysqldump_end end;
	bool mariadb; /* by the tool's name; false: MySQL, or it has none */
	bool wide;    /* UTF-16, as PowerShell's '>' makes it, and nothing more is known */
	char message[RP_MYSQLDUMP_TEXT_MAX]; /* the tool's own for a person, which stands where SQL should */
	char tool[RP_MYSQLDUMP_TEXT_MAX], server[RP_MYSQLDUMP_TEXT_MAX]; /* versions */
	char database[RP_MYSQLDUMP_TEXT_MAX];				 /* none is said of several */
	char log_file[RP_MYSQLDUMP_TEXT_MAX], log_pos[24];		 /* of the server's own binary log */
	char gtid[RP_MYSQLDUMP_GTID_MAX];
};
/* How many bits of it are recognised; 0: it is none. */
int rp_mysqldump_parse(const uint8_t *head, size_t len, struct rp_mysqldump_head *ret);

/* rp_format's. */
const char *rp_mysqldump_loses(const struct rp_column *c);
const char *rp_mysqldump_lacks(const struct rp_relation *sealed);
const char *rp_mysqldump_omits(const struct rp_object *sealed, const char *fact);
const char *rp_mysqldump_resets(const struct rp_object *sealed, const char *fact, const char *found);

#endif
