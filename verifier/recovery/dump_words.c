/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/recovery/dump.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

#define WORD_MAX (64 << 10)

static const char *fact_of(const struct rp_fact *how, size_t n, const char *name, size_t len)
{
	/* An address is for finding out how to connect, not for an argument that everybody can read. */
	for (size_t i = 0; i < n; i++)
		if (strcmp(how[i].name, "uri") != 0 && strlen(how[i].name) == len &&
		    memcmp(how[i].name, name, len) == 0 && how[i].value != NULL)
			return how[i].value;
	return NULL;
}

/* The length of "{name}" at s; 0: none begins here. */
static size_t placeholder(const char *s)
{
	size_t n = 1;
	if (s[0] != '{')
		return 0;
	while (s[n] >= 'a' && s[n] <= 'z')
		n++;
	return n > 1 && s[n] == '}' ? n + 1 : 0;
}

static bool is_plain(const char *value)
{
	return value[strspn(value, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_")] ==
	       '\0';
}

/* Names are made by strangers: a server chooses its snapshot's, a user may call a database '--file=x'. */
static int check_value(const char *name, size_t len, const char *value, bool first, struct rp_err **err)
{
	if (len == strlen("snapshot") && memcmp(name, "snapshot", len) == 0 && !is_plain(value))
		return rp_err_set(err, RP_ERR_ENGINE, "the server's name for its snapshot is not one");
	for (const char *c = value; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return rp_err_set(err, RP_ERR_USAGE, "'{%.*s}' holds a control character", (int)len,
					  name);
	if (first && value[0] == '-')
		return rp_err_set(err, RP_ERR_USAGE,
				  "'{%.*s}' is '%s', which the command would take for an option", (int)len,
				  name, value);
	return 0;
}

static int unknown(const char *name, size_t len, const struct rp_fact *how, size_t n, struct rp_err **err)
{
	rp_autobuf known = RP_BUF_INIT(4096);
	for (size_t i = 0; i < n; i++)
		if (how[i].value != NULL && strcmp(how[i].name, "uri") != 0)
			rp_buf_addf(&known, " {%s}", how[i].name);
	return rp_err_set(err, RP_ERR_USAGE, "'{%.*s}' is not known here; known are%s", (int)len, name,
			  rp_buf_text(&known));
}

/* 1: filled in; 0: it names what is not known, and may. */
static int fill(struct rp_buf *ret, const char *word, const struct rp_fact *how, size_t n, bool may,
		struct rp_err **err)
{
	for (const char *s = word; *s != '\0';) {
		size_t len = placeholder(s);
		if (len == 0) {
			rp_buf_add_mem(ret, s++, 1);
			continue;
		}
		const char *value = fact_of(how, n, s + 1, len - 2);
		if (value == NULL)
			return may ? 0 : unknown(s + 1, len - 2, how, n, err);
		if (check_value(s + 1, len - 2, value, s == word, err) < 0)
			return -1;
		rp_buf_add(ret, value);
		s += len;
	}
	return rp_buf_check(ret, err) < 0 ? -1 : 1;
}

/* By one of these a guest comes to the moment. */
static const struct {
	const char *name, *word, *missing, *help;
} ways[] = {
	{"snapshot", "{snapshot}", "does not use {snapshot}", "for pg_dump it is --snapshot={snapshot}"},
	{"socket", "{socket}", "uses neither {defaults} nor {socket}",
	 "for mariadb-dump and mysqldump it is --defaults-file={defaults}"},
	{"defaults", "{defaults}", "does not use {defaults}",
	 "for mariadb-dump and mysqldump it is --defaults-file={defaults}"},
};
#define WAYS (sizeof ways / sizeof ways[0])

bool rp_dump_uses(const char *const *words, const char *placeholder_)
{
	for (size_t i = 0; words[i] != NULL; i++)
		if (strstr(words[i], placeholder_) != NULL)
			return true;
	return false;
}

static int check_way(const char *const *words, const struct rp_fact *how, size_t n, struct rp_err **err)
{
	size_t first = WAYS;
	for (size_t i = WAYS; i-- > 0;) {
		if (fact_of(how, n, ways[i].name, strlen(ways[i].name)) == NULL)
			continue;
		if (rp_dump_uses(words, ways[i].word))
			return 0;
		first = i;
	}
	if (first == WAYS)
		return 0;
	(void)rp_err_set(err, RP_ERR_USAGE,
			 "the command %s, so its backup would be of another moment than the survey",
			 ways[first].missing);
	return rp_err_hint(err, "%s", ways[first].help);
}

int rp_dump_words(struct rp_argv *ret, const char *const *words, const struct rp_fact *how, size_t n,
		  struct rp_err **err)
{
	for (size_t i = 0; words[i] != NULL; i++) {
		rp_autobuf word = RP_BUF_INIT(WORD_MAX);
		if (fill(&word, words[i], how, n, false, err) < 0)
			return -1;
		rp_argv_add(ret, rp_buf_text(&word));
	}
	if (check_way(words, how, n, err) < 0)
		return -1;
	return ret->failed ? rp_err_set(err, RP_ERR_NOMEM, "out of memory") : 0;
}

void rp_dump_replace(struct rp_argv *env, const char *word)
{
	size_t len = strcspn(word, "=") + 1;
	for (size_t i = 0; i < env->n; i++) {
		if (strncmp(env->v[i], word, len) != 0)
			continue;
		char *copy = strdup(word);
		env->failed = env->failed || copy == NULL;
		if (copy == NULL)
			return;
		free(env->v[i]);
		env->v[i] = copy;
		return;
	}
	rp_argv_add(env, word);
}

int rp_dump_variables(struct rp_argv *ret, const char *const *words, const struct rp_fact *how, size_t n,
		      struct rp_err **err)
{
	for (size_t i = 0; words != NULL && words[i] != NULL; i++) {
		rp_autobuf word = RP_BUF_INIT(WORD_MAX);
		int r = fill(&word, words[i], how, n, true, err);
		if (r < 0)
			return -1;
		if (r > 0)
			rp_dump_replace(ret, rp_buf_text(&word));
	}
	return ret->failed ? rp_err_set(err, RP_ERR_NOMEM, "out of memory") : 0;
}
