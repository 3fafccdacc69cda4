/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_SHOWN_TEXT_H
#define RP_ENGINE_MYSQL_SHOWN_TEXT_H

#include <stdbool.h>

#include "verifier/engine/mysql/literal.h"
#include "verifier/survey/row.h"

struct rp_buf;

/* Stored text as UTF-8. Pure. */

/* The name behind the last " character set " of a column's type. false: it has none, and its values are bytes. */
bool rp_my_charset_in(const char *type, char ret[RP_MY_CHARSET_MAX]);
/* Append it, cut where it is long. false, and nothing: it is no text of that character set, or not one for people, or
 * the set is not known here. */
bool rp_my_show_text(const char *charset, const struct rp_field *f, struct rp_buf *out);

#endif
