/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>

#include "verifier/command/options.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

#define WORD_MAX (64u << 10)

/* Only a shell gives these a meaning. Somebody who writes "pg_dump shop | gzip" must hear that there is no
 * shell here, and not find a backup job that has handed '|' to pg_dump. */
#define SHELL_ONLY "$`|&;<>*?(){}"

/* Placeholders are filled in later, word by word: {snapshot}. */
static size_t placeholder(const char *s)
{
	size_t n = strspn(s + 1, "abcdefghijklmnopqrstuvwxyz_");

	return n && s[n + 1] == '}' ? n + 2 : 0;
}

/* Everything up to the closing quote. Returns what follows it; NULL: there is none. */
static const char *quoted(const char *at, struct rp_buf *word)
{
	char quote = *at++;

	for (; *at && *at != quote; at++) {
		if (quote == '"' && *at == '\\' && (at[1] == '"' || at[1] == '\\'))
			at++;
		rp_buf_add_mem(word, at, 1);
	}
	return *at ? at + 1 : NULL;
}

/* One piece of a word, at *at. */
static int piece(const char **at, struct rp_buf *word, struct rp_err **err)
{
	const char *s = *at;
	size_t n = *s == '{' ? placeholder(s) : 0;

	if (*s == '\'' || *s == '"') {
		*at = quoted(s, word);
		if (*at)
			return 0;
		return rp_err_set(err, RP_ERR_USAGE, "no closing %c", *s);
	}
	if (n == 0 && strchr(SHELL_ONLY, *s)) {
		rp_err_set(err, RP_ERR_USAGE, "'%c' means something to a shell, and there is none here", *s);
		return rp_err_hint(
			err, "put it in quotes if it is meant as it stands, or write a script and name that");
	}
	if (*s == '\\') {
		if (!s[1])
			return rp_err_set(err, RP_ERR_USAGE, "nothing follows the last \\");
		s++;
	}
	rp_buf_add_mem(word, s, n ? n : 1);
	*at = s + (n ? n : 1);
	return 0;
}

int rp_words_split(const char *line, struct rp_argv *ret, struct rp_err **err)
{
	rp_autobuf word = RP_BUF_INIT(WORD_MAX);

	for (const char *at = line;;) {
		at += strspn(at, " \t\r\n");
		if (!*at)
			break;
		rp_buf_reset(&word);
		while (*at && !strchr(" \t\r\n", *at)) {
			if (piece(&at, &word, err) < 0)
				return rp_err_wrap(err, "command '%s'", line);
		}
		if (rp_buf_check(&word, err) < 0)
			return rp_err_wrap(err, "command");
		rp_argv_add(ret, rp_buf_text(&word));
	}
	if (ret->failed)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (ret->n == 0)
		return rp_err_set(err, RP_ERR_USAGE, "the command is empty");
	return 0;
}
