/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/mysql/normal.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"

/* Catalogues print one thing in several ways, by version. Here types, options and bytes become those that
 * every server would agree on; expressions do in expression.c. */

/* Behind the quoted thing that begins at 'at'. A quote inside is doubled, or (in strings) has a backslash
 * before it. */
const char *rp_my_quoted_end(const char *at)
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

bool rp_my_is_quote(char c)
{
	return c == '\'' || c == '"' || c == '`';
}

bool rp_my_is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* Where the next piece (a name, a string, a word, one other character) ends. */
const char *rp_my_piece_end(const char *at)
{
	if (rp_my_is_quote(*at))
		return rp_my_quoted_end(at);
	if (!rp_my_is_word(*at))
		return at + (*at != '\0');
	while (rp_my_is_word(*at))
		at++;
	return at;
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* How wide an integer is shown was never a property of its values, and MySQL 8.0.19 dropped it. It matters
 * where zeroes are filled in, and tinyint(1) says that it is a boolean. */
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
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* `NAME`='a value' is one option. */
static const char *option_end(const char *at)
{
	while (*at != '\0' && *at != ' ')
		at = rp_my_piece_end(at);
	return at;
}

/* The name in lower case and bare; a value that is one word bare too, in which older servers show it. */
static void add_option(struct rp_buf *to, const char *option, size_t len)
{
	const char *equals = memchr(option, '=', len), *end = option + len;
	for (const char *p = option; p < (equals != NULL ? equals : end); p++) {
		char c = (char)tolower((unsigned char)*p);
		if (c != '`')
			rp_buf_add_mem(to, &c, 1);
	}
	if (equals == NULL)
		return;
	const char *value = equals + 1, *word = value + (*value == '\'');
	while (word < end && rp_my_is_word(*word))
		word++;
	rp_buf_add(to, "=");
	if (*value == '\'' && word > value + 1 && word == end - 1)
		rp_buf_add_mem(to, value + 1, (size_t)(word - value - 1));
	else
		rp_buf_add_mem(to, value, (size_t)(end - value));
}

void rp_my_add_options(struct rp_buf *to, const char *options)
{
	char *all[OPTIONS_MAX];
	size_t n = 0;
	for (const char *at = options, *end = NULL; *at != '\0' && n < OPTIONS_MAX; at = end) {
		rp_autobuf one = RP_BUF_INIT(to->max);
		at += strspn(at, " ");
		end = option_end(at);
		add_option(&one, at, (size_t)(end - at));
		/* Partitions are objects of their own. */
		if (!one.failed && (one.len == 0 || strcmp(one.s, "partitioned") == 0))
			continue;
		all[n] = rp_buf_take(&one);
		to->failed |= all[n] == NULL;
		n += all[n] != NULL;
	}
	to->failed |= n == OPTIONS_MAX;
	qsort(all, n, sizeof all[0], by_name);
	for (size_t i = 0; i < n; i++) {
		rp_buf_add(to, i > 0 ? " " : "");
		rp_buf_add(to, all[i]);
		free(all[i]);
	}
}

void rp_my_add_body(struct rp_buf *to, const char *body)
{
	size_t len = strlen(body);
	while (len > 0 && strchr("; \t\r\n", body[len - 1]) != NULL)
		len--;
	rp_buf_add_mem(to, body, len);
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
