/* SPDX-License-Identifier: MIT */
#include "verifier/engine/postgres/rename.h"

#include <stdbool.h>
#include <string.h>

#include "verifier/util/buf.h"

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
	       c == '$' || (unsigned char)c >= 0x80;
}

/* The end of what begins with a quote at 'at': a doubled one stands for itself, and so does one behind a backslash
 * in E'...'. */
static const char *quoted_end(const char *at, bool escapes)
{
	char quote = *at++;
	for (; *at != '\0'; at++) {
		if (escapes && *at == '\\' && at[1] != '\0')
			at++;
		else if (*at == quote && *++at != quote)
			break;
	}
	return at;
}

static const char *word_end(const char *at)
{
	while (is_word(*at))
		at++;
	return at;
}

/* Where the next piece (a name, a string, one other character) ends. */
static const char *piece_end(const char *at, const char *begin)
{
	if (*at == '\'')
		return quoted_end(at, at > begin && (at[-1] == 'E' || at[-1] == 'e'));
	if (*at == '"')
		return quoted_end(at, false);
	return is_word(*at) ? word_end(at) : at + 1;
}

/* 'from' ends with a name, so what follows must not make that name a longer one. */
static bool is_here(const char *at, const char *begin, const char *from, size_t len)
{
	if (strncmp(at, from, len) != 0 || (at > begin && at[-1] == '.'))
		return false;
	return from[len - 1] == '"' ? at[len] != '"' : !is_word(at[len]);
}

void rp_pg_rename(struct rp_buf *out, const char *sql, const char *from, const char *to)
{
	size_t len = strlen(from);
	for (const char *at = sql; *at != '\0';) {
		if (len > 0 && is_here(at, sql, from, len)) {
			rp_buf_add(out, to);
			at += len;
			continue;
		}
		const char *end = piece_end(at, sql);
		rp_buf_add_mem(out, at, (size_t)(end - at));
		at = end;
	}
}

unsigned rp_pg_split_name(const char *name, char *text, const char *parts[], unsigned n)
{
	unsigned found = 0;
	bool begins = true;
	for (; *name != '\0'; name++) {
		if (begins && found++ < n)
			parts[found - 1] = text;
		begins = *name == '.';
		if (*name == '\\' && name[1] != '\0')
			name++;
		*text++ = begins ? '\0' : *name;
	}
	*text = '\0';
	return found;
}
