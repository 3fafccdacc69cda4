/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/mysql/objects.h"
#include "verifier/util/buf.h"

/* Catalogues print one thing in several ways, by version and by the name of the database that it is in. Here texts
 * become those that every server would agree on. */

/* Behind the quoted thing that begins at 'at'. A quote inside is doubled, or (in strings) has a backslash before
 * it. */
static const char *quoted_end(const char *at)
{
	char quote = *at++;
	for (; *at != '\0'; at++) {
		if (quote != '`' && *at == '\\' && at[1] != '\0')
			at++;
		else if (*at == quote && *++at != quote)
			break;
	}
	return at;
}

static bool is_quote(char c)
{
	return c == '\'' || c == '"' || c == '`';
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* Where the next piece (a name, a string, a word, one other character) ends. */
static const char *piece_end(const char *at)
{
	if (is_quote(*at))
		return quoted_end(at);
	if (!is_word(*at))
		return at + 1;
	while (is_word(*at))
		at++;
	return at;
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

/* The database's name is also an alias in this text: then `x`.`y` may be a table of it, or a column of that. */
static bool is_alias(const char *text, const char *database)
{
	char before = '\0';
	for (const char *at = text, *end = NULL; *at != '\0'; at = end) {
		end = piece_end(at);
		if (before != '.' && *end != '.' && names(at, database))
			return true;
		before = *at;
	}
	return false;
}

/* Is what begins at 'at' the database's name before a table, and not an alias before a column? behind: the last word
 * that was read, brackets and spaces apart. */
static bool is_prefix(const char *at, const char *behind, size_t behind_len)
{
	static const char *const words[] = {"from", "join", "straight_join", "nextval", "lastval", "setval"};
	const char *second = piece_end(at) + 1; /* behind the dot */
	const char *end = is_quote(*second) ? quoted_end(second) : second;
	if (*end == '.' || *end == '(')
		return true;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strlen(words[i]) == behind_len && strncmp(words[i], behind, behind_len) == 0)
			return true;
	return false;
}

void rp_my_add_unqualified(struct rp_buf *to, const char *text, const char *database)
{
	const char *behind = text;
	size_t behind_len = 0;
	bool alias = is_alias(text, database), dot = false;
	for (const char *at = text, *end = NULL; *at != '\0'; at = end) {
		end = piece_end(at);
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

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* How wide an integer is shown was never a property of its values, and MySQL 8.0.19 dropped it. It matters where
 * zeroes are filled in, and tinyint(1) says that it is a boolean. */
static bool has_no_width(const char *type, const char *digits)
{
	static const char *const types[] = {"tinyint(", "smallint(", "mediumint(",
					    "int(",	"bigint(",   "year("};
	if (strstr(type, "zerofill") != NULL || strcmp(type, "tinyint(1)") == 0)
		return false;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (begins(type, types[i]))
			return digits[strspn(digits, "0123456789")] == ')';
	return false;
}

void rp_my_add_type(struct rp_buf *to, const char *type)
{
	const char *width = strchr(type, '(');
	const char *comment =
		strstr(type, "/*"); /* "/ *!100301 COMPRESSED* /": what older servers do not know */
	const char *quote = strchr(type, '\''); /* members of an enum may look like anything */
	if (width != NULL && has_no_width(type, width + 1)) {
		rp_buf_add_mem(to, type, (size_t)(width - type));
		rp_buf_add(to, strchr(width, ')') + 1);
	} else if (begins(type, "geomcollection")) {
		rp_buf_add(to, "geometrycollection");
	} else if (comment != NULL && quote == NULL) {
		const char *word = comment + strcspn(comment, " ");
		rp_buf_add_mem(to, type, (size_t)(comment - type));
		rp_buf_add_mem(to, word + (*word == ' '), strcspn(word + (*word == ' '), "*"));
	} else {
		rp_buf_add(to, type);
	}
}

#define OPTIONS_MAX 128

static int by_name(const void *a, const void *b)
{
	return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

/* `NAME`='a value' is one option. */
static const char *option_end(const char *at)
{
	while (*at != '\0' && *at != ' ')
		at = piece_end(at);
	return at;
}

/* The name in lower case and bare; a value that is one word bare too, in which older servers show it. */
static void add_option(struct rp_buf *to, const char *option)
{
	const char *equals = strchr(option, '=');
	size_t len = equals != NULL ? (size_t)(equals - option) : strlen(option);
	for (size_t i = 0; i < len; i++) {
		char c = (char)tolower((unsigned char)option[i]);
		if (c != '`')
			rp_buf_add_mem(to, &c, 1);
	}
	if (equals == NULL)
		return;
	const char *value = equals + 1, *end = value + (*value == '\'');
	while (is_word(*end))
		end++;
	rp_buf_add(to, "=");
	if (*value == '\'' && end > value + 1 && strcmp(end, "'") == 0)
		rp_buf_add_mem(to, value + 1, (size_t)(end - value - 1));
	else
		rp_buf_add(to, value);
}

void rp_my_add_options(struct rp_buf *to, const char *options)
{
	char *all[OPTIONS_MAX];
	size_t n = 0;
	for (const char *at = options, *end = NULL; *at != '\0' && n < OPTIONS_MAX; at = end) {
		at += strspn(at, " ");
		end = option_end(at);
		/* Partitions are objects of their own. */
		if (end == at || (end - at == 11 && strncasecmp(at, "partitioned", 11) == 0))
			continue;
		all[n] = strndup(at, (size_t)(end - at));
		to->failed |= all[n] == NULL;
		n += all[n] != NULL;
	}
	to->failed |= n == OPTIONS_MAX;
	qsort(all, n, sizeof all[0], by_name);
	for (size_t i = 0; i < n; i++) {
		rp_buf_add(to, i > 0 ? " " : "");
		add_option(to, all[i]);
		free(all[i]);
	}
}

/* How many bytes of UTF-8 begin here; 0: these are none. */
static size_t utf8_length(const unsigned char *s, size_t len)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : 4;
	if (n > len || (s[0] >= 0x80 && s[0] < 0xc2) || s[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if (n < 3)
		return n;
	unsigned first = (unsigned)s[0] << 8 | s[1]; /* overlong ones, surrogates, and beyond the last */
	bool wrong = (first >= 0xe080 && first < 0xe0a0) || (first >= 0xeda0 && first < 0xee00) ||
		     (first >= 0xf080 && first < 0xf090) || first >= 0xf490;
	return wrong ? 0 : n;
}

void rp_my_add_utf8(struct rp_buf *to, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t n = bytes[i] == '\0' ? 0 : utf8_length((const unsigned char *)bytes + i, len - i);
		if (n > 0)
			rp_buf_add_mem(to, bytes + i, n);
		else
			rp_buf_addf(to, "\\x%02x", (unsigned)(unsigned char)bytes[i]);
		i += n > 0 ? n : 1;
	}
}

static int digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* The bytes of a binary column's default: a string until 11, x'6162' since. Those that are no ASCII stay in that
 * form. false: it is no such literal. */
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

/* utf8 is the name of utf8mb3 until 10.6 and 8.0.29: _utf8'x', convert(x using utf8), collate utf8_bin. Words without
 * quotes are the server's own. */
static bool is_old_charset(const char *word, size_t len)
{
	word += *word == '_' && len > 4 ? 1 : 0;
	return begins(word, "utf8") && (!is_word(word[4]) || word[4] == '_');
}

void rp_my_add_expression(struct rp_buf *to, const char *text)
{
	static const char now[] = "current_timestamp";
	for (const char *at = text, *end = NULL; *at != '\0'; at = end) {
		size_t len = (size_t)((end = piece_end(at)) - at);
		if (len == sizeof now - 1 && strncasecmp(at, now, len) == 0) {
			rp_buf_add(to, now);
			end += begins(end, "()") ? 2 : 0;
		} else if (begins(at, "x'") && len == 1 &&
			   add_bytes(to, end + 1, strspn(end + 1, "0123456789abcdefABCDEF"))) {
			end = quoted_end(end);
		} else if (is_word(*at) && is_old_charset(at, len)) {
			size_t head = 4 + (*at == '_');
			rp_buf_add_mem(to, at, head);
			rp_buf_add(to, "mb3");
			rp_buf_add_mem(to, at + head, len - head);
		} else {
			rp_buf_add_mem(to, at, len);
		}
	}
}
