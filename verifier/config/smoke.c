/* SPDX-License-Identifier: MIT */
#include "verifier/config/smoke.h"

#include <ctype.h>
#include <string.h>

#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/parse.h"

#define SMOKE_MAX (1u << 20)

static const char *without_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

/* What stands behind 'word' in s; NULL: s does not begin with it. */
static const char *behind(const char *s, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(s, word, n) != 0 || (s[n] && !isspace((unsigned char)s[n])))
		return NULL;
	return without_blanks(s + n);
}

/* The first line's expectation, without its end; NULL: it has none. */
static char *expectation(struct rp_arena *memory, const char *text)
{
	const char *at = text + strspn(text, " \t\r\n");
	size_t len;

	if (strncmp(at, "--", 2) != 0)
		return NULL;
	at = without_blanks(at + 2);
	if (strncmp(at, "expect:", 7) != 0)
		return NULL;
	at = without_blanks(at + 7);
	len = strcspn(at, "\r\n");
	while (len && isspace((unsigned char)at[len - 1]))
		len--;
	char *line = rp_arena_alloc(memory, len + 1);
	if (line)
		memcpy(line, at, len);
	return line;
}

static int read_expectation(struct rp_smoke *s, const char *line, struct rp_err **err)
{
	const char *rest;

	if (strcmp(line, "no rows") == 0) {
		s->expect = RP_EXPECT_NO_ROWS;
	} else if ((rest = behind(line, "value"))) {
		s->expect = RP_EXPECT_VALUE;
		s->value = rest;
	} else if ((rest = behind(line, "at least")) && rp_parse_u64(rest, 1, UINT64_MAX, &s->at_least)) {
		s->expect = RP_EXPECT_AT_LEAST;
	} else {
		rp_err_set(err, RP_ERR_CONFIG, "'%s': cannot tell what '%s' expects", s->name, line);
		return rp_err_hint(err, "'no rows', 'value X' or 'at least N' (rows, from 1)");
	}
	return 0;
}

/* Is there anything but blanks and comments? */
static bool has_statement(const char *text)
{
	while (*text) {
		text += strspn(text, " \t\r\n;");
		if (strncmp(text, "--", 2) != 0)
			return *text != '\0';
		text += strcspn(text, "\n");
	}
	return false;
}

int rp_smoke_parse(struct rp_smoke *ret, struct rp_arena *memory, const char *name, const char *text,
		   struct rp_err **err)
{
	struct rp_smoke s = {.name = rp_arena_strdup(memory, name),
			     .text = rp_arena_strdup(memory, text),
			     .limit_ms = RP_SMOKE_LIMIT_MS};

	if (!s.name || !s.text)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (!has_statement(text))
		return rp_err_set(err, RP_ERR_CONFIG, "'%s' asks nothing: there is no statement in it", name);
	const char *line = expectation(memory, text);
	if (line && read_expectation(&s, line, err) < 0)
		return -1;
	*ret = s;
	return 0;
}

int rp_smoke_load(struct rp_smoke *ret, struct rp_arena *memory, const char *path, struct rp_err **err)
{
	rp_autobuf text = RP_BUF_INIT(SMOKE_MAX);
	rp_autoerr struct rp_err *why = NULL;
	const char *slash = strrchr(path, '/');

	/* A file that the user names and that is not there is a mistake in what was typed. */
	if (rp_file_read(path, &text, &why) < 0)
		return rp_err_set(err, RP_ERR_CONFIG, "%s", rp_err_text(why));
	if (strlen(rp_buf_text(&text)) != text.len)
		return rp_err_set(err, RP_ERR_CONFIG, "'%s' is no text", path);
	return rp_smoke_parse(ret, memory, slash ? slash + 1 : path, rp_buf_text(&text), err);
}
