/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/mysql/normal.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"

/* An expression as a server prints it is the same for its meaning, and differs with its version, the name
 * of the database that it is in, and the hands it went through: a dump prints "a, b" as "(a join b)". Here
 * it becomes what every server would agree on. It is compared, and never run. */

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool is_one_of(const char *piece, size_t len, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strlen(*words) == len && strncasecmp(*words, piece, len) == 0)
			return true;
	return false;
}

static int digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* The bytes of a binary column's default: a string until 11, x'6162' since. Those that are no ASCII stay
 * in that form. false: it is no such literal. */
static bool add_bytes(struct rp_buf *to, const char *hex, size_t len)
{
	rp_autobuf text = RP_BUF_INIT(to->max);
	for (size_t i = 0; i < len; i += 2) {
		int high = digit(hex[i]), low = i + 1 < len ? digit(hex[i + 1]) : -1;
		if (high < 0 || high > 7 || low < 0)
			return false;
		char c = (char)(high * 16 + low);
		const char *as = c == '\0'   ? "\\0"
				 : c == '\n' ? "\\n"
				 : c == '\r' ? "\\r"
				 : c == '\\' ? "\\\\"
				 : c == '\'' ? "''"
					     : NULL;
		rp_buf_add_mem(&text, as != NULL ? as : &c, as != NULL ? 2 : 1);
	}
	rp_buf_addf(to, "'%s'", rp_buf_text(&text));
	to->failed |= text.failed;
	return true;
}

/* utf8 is the name of utf8mb3 until 10.6 and 8.0.29: convert(x using utf8), collate utf8_bin. Words
 * without quotes are the server's own. */
static bool is_old_charset(const char *word, size_t len)
{
	return begins(word, "utf8") && (len == 4 || word[4] == '_');
}

/* MySQL says what character set a literal was written in (_latin1'x'), and a dump writes all of them in
 * its own. */
static bool is_introducer(const char *word, size_t len)
{
	return *word == '_' && word[len] == '\'' && !begins(word, "_binary");
}

/* Words and literals. */
static void add_words(struct rp_buf *to, const char *text)
{
	static const char *const now[] = {"current_timestamp", NULL};
	for (const char *at = text, *end = NULL; *at != '\0'; at = end) {
		size_t len = (size_t)((end = rp_my_piece_end(at)) - at);
		if (is_one_of(at, len, now)) {
			rp_buf_add(to, now[0]);
			end += begins(end, "()") ? 2 : 0;
		} else if (begins(at, "x'") && len == 1 &&
			   add_bytes(to, end + 1, strspn(end + 1, "0123456789abcdefABCDEF"))) {
			end = rp_my_quoted_end(end);
		} else if (is_old_charset(at, len)) {
			rp_buf_addf(to, "utf8mb3%.*s", (int)(len - 4), at + 4);
		} else if (!is_introducer(at, len)) {
			rp_buf_add_mem(to, at, len);
		}
	}
}

/* A character beyond utf8mb3 is a '?' in the catalogue of 10.5 and four of them later. */
static void add_marks(struct rp_buf *to, const char *text)
{
	while (*text != '\0') {
		size_t n = begins(text, "????") ? 4 : 1;
		rp_buf_add_mem(to, text, 1);
		text += n;
	}
}

/* Does the quoted name that begins at 'at' (`a``b`) say what 'name' is? */
static bool names(const char *at, const char *name)
{
	if (*at++ != '`')
		return false;
	for (; *name != '\0'; name++) {
		if (*at != *name || (*name == '`' && *++at != '`'))
			return false;
		at++;
	}
	return at[0] == '`' && at[1] != '`';
}

/* The database's name is also an alias in this text: then `x`.`y` may be a table of it, or a column of
 * that. */
static bool is_alias(const char *text, const char *database)
{
	char before = '\0';
	for (const char *at = text, *end = NULL; *at != '\0'; at = end) {
		end = rp_my_piece_end(at);
		if (before != '.' && *end != '.' && names(at, database))
			return true;
		before = *at;
	}
	return false;
}

/* Is what begins at 'at' the database's name before a table, and not an alias before a column? behind: the
 * last word that was read, brackets and spaces apart. */
static bool is_prefix(const char *at, const char *behind, size_t behind_len)
{
	static const char *const words[] = {"from",   "join", "straight_join", "nextval", "lastval",
					    "setval", NULL};
	const char *second = rp_my_piece_end(at) + 1; /* behind the dot */
	const char *end = rp_my_is_quote(*second) ? rp_my_quoted_end(second) : second;
	return *end == '.' || *end == '(' || is_one_of(behind, behind_len, words);
}

static void add_unqualified(struct rp_buf *to, const char *text, const char *database)
{
	const char *behind = text;
	size_t behind_len = 0;
	bool alias = is_alias(text, database), dot = false;
	for (const char *at = text, *end = NULL; *at != '\0'; at = end) {
		end = rp_my_piece_end(at);
		if (!dot && *end == '.' && names(at, database) &&
		    (!alias || is_prefix(at, behind, behind_len))) {
			end++;
			continue;
		}
		rp_buf_add_mem(to, at, (size_t)(end - at));
		dot = *at == '.';
		if (*at != '(' && *at != ' ') {
			behind = at;
			behind_len = (size_t)(end - at);
		}
	}
}

/* Brackets around joined tables say no more than the order of what is joined: "from (`a` join `b`
 * on(...))". */
static void add_joins(struct rp_buf *to, const char *text)
{
	static const char *const tables[] = {"from", "join", "straight_join", NULL};
	static const char *const queries[] = {"select", "with", "values", NULL};
	rp_autobuf open = RP_BUF_INIT(to->max); /* for each bracket that is open: 'j', or 'o' */
	bool wants = false;			/* tables come next */
	for (const char *at = text, *end = NULL; *at != '\0'; at = end) {
		size_t len = (size_t)((end = rp_my_piece_end(at)) - at);
		const char *next = rp_my_piece_end(end);
		bool joins = *at == '(' && wants && !is_one_of(end, (size_t)(next - end), queries);
		if (*at == '(')
			rp_buf_add(&open, joins ? "j" : "o");
		if (*at == ')' && open.len > 0)
			joins = open.s[--open.len] == 'j';
		if (!joins)
			rp_buf_add_mem(to, at, len);
		wants = joins ? *at == '(' : *at == ' ' ? wants : is_one_of(at, len, tables);
	}
	to->failed |= open.failed;
}

void rp_my_add_unescaped(struct rp_buf *to, const char *text)
{
	for (; *text != '\0'; text++) {
		text += *text == '\\' && (text[1] == '\\' || text[1] == '\'');
		rp_buf_add_mem(to, text, 1);
	}
}

void rp_my_add_expression(struct rp_buf *to, const char *text, const char *database)
{
	rp_autobuf words = RP_BUF_INIT(to->max), marks = RP_BUF_INIT(to->max), bare = RP_BUF_INIT(to->max);
	add_words(&words, text);
	add_marks(&marks, rp_buf_text(&words));
	add_unqualified(&bare, rp_buf_text(&marks), database);
	add_joins(to, rp_buf_text(&bare));
	to->failed |= words.failed || marks.failed || bare.failed;
}
