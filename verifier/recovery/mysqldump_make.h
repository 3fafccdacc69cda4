/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_MYSQLDUMP_MAKE_H
#define RP_RECOVERY_MYSQLDUMP_MAKE_H

#include <stdbool.h>
#include <stddef.h>

/* rp_format.dump and rp_format.harmless of the SQL dumps of both vendors. */
extern const char *const rp_mysqldump_words[];
bool rp_mysqldump_harmless(const char *line, size_t len);

#endif
