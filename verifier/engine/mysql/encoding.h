/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_ENCODING_H
#define RP_ENGINE_MYSQL_ENCODING_H

#include <stdbool.h>

/* How a value of each type becomes the bytes that are digested: rp_column.encoding. It follows from the type alone,
 * and neither from the session, the version nor the vendor's formatting: docs/digest-format.md has the words. */

/* The encoding's word for a type as information_schema.COLUMNS says it (DATA_TYPE in lower case, e.g. "bigint",
 * "timestamp", and COLUMN_TYPE, for "unsigned"); static text. NULL: a type that is not known, whose rows cannot be
 * surveyed. Pure. */
const char *rp_my_encoding_of(const char *data_type, const char *column_type);

#endif
