/* SPDX-License-Identifier: MIT */
#include "verifier/command/options.h"

#include <string.h>

#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"
#include "verifier/util/sha256.h"

/* No person gives one option more often than this; a runaway script may. */
#define LIST_MAX 1000

const struct rp_command *rp_command_named(const char *name)
{
	for (const struct rp_command *const *c = rp_commands; *c; c++) {
		if (strcmp((*c)->name, name) == 0)
			return *c;
	}
	return NULL;
}

static int hint(const struct rp_command *c, struct rp_err **err)
{
	return rp_err_hint(err, "'reprove %s --help' lists what it takes", c->name);
}

const struct rp_option *rp_option_named(const struct rp_command *c, const char *name, size_t len)
{
	for (const struct rp_option *o = c->options; o && o->name; o++) {
		if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
			return o;
	}
	return NULL;
}

bool rp_option_is_of(const struct rp_option *o, const char *group)
{
	return o->group && group ? strcmp(o->group, group) == 0 : o->group == group;
}

static bool stands_before(const struct rp_option *from, const struct rp_option *o)
{
	for (; from < o; from++) {
		if (rp_option_is_of(from, o->group))
			return true;
	}
	return false;
}

const char *rp_options_group(const struct rp_command *c, const char *group)
{
	bool behind = !group;

	for (const struct rp_option *o = c->options; o && o->name; o++) {
		if (!o->group || stands_before(c->options, o))
			continue;
		if (behind)
			return o->group;
		behind = rp_option_is_of(o, group);
	}
	return NULL;
}

static int append(const char ***list, const char *value, struct rp_err **err)
{
	size_t n = 0;

	while (*list && (*list)[n])
		n++;
	if (n >= LIST_MAX)
		return rp_err_set(err, RP_ERR_USAGE, "given more than %d times", LIST_MAX);
	const char **longer = realloc(*list, (n + 2) * sizeof(*longer));
	if (!longer)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	longer[n] = value;
	longer[n + 1] = NULL;
	*list = longer;
	return 0;
}

static int store_number(const struct rp_option *o, const char *value, uint64_t *to, struct rp_err **err)
{
	if (rp_parse_u64(value, o->min, o->max, to))
		return 0;
	return rp_err_set(err, RP_ERR_USAGE, "'--%s %s': expected a whole number from %llu to %llu", o->name,
			  value, (unsigned long long)o->min, (unsigned long long)o->max);
}

int rp_option_store(const struct rp_option *o, const char *value, void *into, struct rp_err **err)
{
	void *to = (char *)into + o->at;
	uint8_t digest[RP_SHA256_LEN];

	switch (o->type) {
	case RP_OPTION_FLAG:
		*(bool *)to = true;
		return 0;
	case RP_OPTION_SHA256:
		if (!rp_parse_hex(value, digest, sizeof(digest)))
			return rp_err_set(err, RP_ERR_USAGE,
					  "'--%s %s': expected 64 lower-case hexadecimal digits", o->name,
					  value);
		*(const char **)to = value;
		return 0;
	case RP_OPTION_TEXT:
	case RP_OPTION_FILE:
	case RP_OPTION_DIR:
		*(const char **)to = value;
		return 0;
	case RP_OPTION_NUMBER:
		return store_number(o, value, to, err);
	case RP_OPTION_DURATION:
		/* None at all means 'not said', and would be a limit that is silently not there. */
		if (rp_parse_duration(value, to) && *(int64_t *)to > 0)
			return 0;
		return rp_err_set(err, RP_ERR_USAGE,
				  "'--%s %s': expected a length of time such as 90s, 15m, 6h or 7d", o->name,
				  value);
	case RP_OPTION_TIME:
		if (rp_time_parse(value, to))
			return 0;
		return rp_err_set(err, RP_ERR_USAGE,
				  "'--%s %s': expected a time such as 2026-11-21T06:00:00Z", o->name, value);
	case RP_OPTION_TEXTS:
	case RP_OPTION_FILES:
		if (append(to, value, err) < 0)
			return rp_err_wrap(err, "--%s", o->name);
		return 0;
	}
	return 0;
}

bool rp_option_repeats(const struct rp_option *o)
{
	return o->type == RP_OPTION_TEXTS || o->type == RP_OPTION_FILES;
}

/* One option, at argv[*at]; moves *at onto its value where that is a word of its own. */
static int take_option(const struct rp_command *c, int argc, char *const argv[], int *at, bool *seen,
		       void *into, struct rp_err **err)
{
	const char *word = argv[*at] + 2;
	const char *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : strlen(word);
	const struct rp_option *o = argv[*at][1] == '-' ? rp_option_named(c, word, len) : NULL;
	const char *value = equals ? equals + 1 : NULL;

	if (!o) {
		rp_err_set(err, RP_ERR_USAGE, "%s: unknown option '%s'", c->name, argv[*at]);
		return hint(c, err);
	}
	if (seen[o - c->options] && !rp_option_repeats(o)) {
		rp_err_set(err, RP_ERR_USAGE, "%s: option '--%s' is given twice", c->name, o->name);
		return rp_err_hint(err, "give it once; which of the two counts is not for us to guess");
	}
	seen[o - c->options] = true;
	if (o->type == RP_OPTION_FLAG) {
		if (value) {
			rp_err_set(err, RP_ERR_USAGE, "%s: option '--%s' takes no value", c->name, o->name);
			return hint(c, err);
		}
	} else if (!value) {
		if (*at + 1 >= argc) {
			rp_err_set(err, RP_ERR_USAGE, "%s: option '--%s' needs a value, %s", c->name, o->name,
				   o->value);
			return hint(c, err);
		}
		value = argv[++*at];
	}
	if (value && !*value) {
		rp_err_set(err, RP_ERR_USAGE, "%s: option '--%s' has an empty value", c->name, o->name);
		return rp_err_hint(err, "an unset variable in a script often is the reason");
	}
	if (rp_option_store(o, value, into, err) < 0) {
		rp_err_wrap(err, "%s", c->name);
		return hint(c, err);
	}
	return 0;
}

static int take_operand(const struct rp_command *c, const char *word, void *into, struct rp_err **err)
{
	if (c->operand && *word) {
		const char **to = (const char **)(void *)((char *)into + c->operand->at);
		if (!*to) {
			*to = word;
			return 0;
		}
	}
	if (!*word)
		rp_err_set(err, RP_ERR_USAGE, "%s: an empty word where none belongs", c->name);
	else
		rp_err_set(err, RP_ERR_USAGE, "%s: '%s' is one word too many", c->name, word);
	return hint(c, err);
}

static bool stands_alone(const struct rp_command *c, const bool *seen)
{
	for (const struct rp_option *o = c->options; o && o->name; o++) {
		if (o->alone && seen[o - c->options])
			return true;
	}
	return false;
}

/* A flag that stands alone only prints something: what is wrong with a configuration does not keep it from that. */
static bool only_prints(const struct rp_command *c, const bool *seen)
{
	for (const struct rp_option *o = c->options; o && o->name; o++) {
		if (o->alone && o->type == RP_OPTION_FLAG && seen[o - c->options])
			return true;
	}
	return false;
}

static int all_there(const struct rp_command *c, const bool *seen, const void *into, struct rp_err **err)
{
	if (stands_alone(c, seen))
		return 0;
	for (const struct rp_option *o = c->options; o && o->name; o++) {
		if (o->required && !seen[o - c->options]) {
			rp_err_set(err, RP_ERR_USAGE, "%s: option '--%s %s' is missing", c->name, o->name,
				   o->value);
			return hint(c, err);
		}
	}
	if (c->operand && c->operand->required &&
	    !*(const char *const *)(const void *)((const char *)into + c->operand->at)) {
		rp_err_set(err, RP_ERR_USAGE, "%s: %s is missing: %s", c->name, c->operand->value,
			   c->operand->help);
		return hint(c, err);
	}
	return 0;
}

size_t rp_options_count(const struct rp_command *c)
{
	size_t n = 0;

	for (const struct rp_option *o = c->options; o && o->name; o++)
		n++;
	return n;
}

int rp_options_parse(const struct rp_command *c, int argc, char *const argv[], void *into,
		     struct rp_arena *memory, struct rp_err **err)
{
	rp_autofree bool *seen = calloc(rp_options_count(c) + 1, sizeof(*seen));
	bool words_only = false;

	if (!seen)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	/* Help is asked for by people who have got the rest wrong. */
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return 1;
	}
	for (int i = 0; i < argc; i++) {
		int done;

		if (!words_only && strcmp(argv[i], "--") == 0) {
			words_only = true;
			continue;
		}
		/* A lone "-" is a word: standard input or output. */
		if (!words_only && argv[i][0] == '-' && argv[i][1])
			done = take_option(c, argc, argv, &i, seen, into, err);
		else
			done = take_operand(c, argv[i], into, err);
		if (done < 0)
			return -1;
	}
	if (!only_prints(c, seen) && rp_options_configure(c, seen, into, memory, err) < 0)
		return rp_err_wrap(err, "%s", c->name);
	return all_there(c, seen, into, err);
}

void rp_options_done(const struct rp_command *c, void *into)
{
	for (const struct rp_option *o = c->options; o && o->name; o++) {
		if (rp_option_repeats(o)) {
			const char ***list = (const char ***)(void *)((char *)into + o->at);
			free(*list);
			*list = NULL;
		}
	}
}

static void list_text(const char *name, const char *const *list, struct rp_buf *out)
{
	for (; list && *list; list++)
		rp_buf_addf(out, "%s=%s\n", name, *list);
}

void rp_options_text(const struct rp_command *c, const void *options, struct rp_buf *out)
{
	for (const struct rp_option *o = c->options; o && o->name; o++) {
		const void *at = (const char *)options + o->at;
		switch (o->type) {
		case RP_OPTION_FLAG:
			if (*(const bool *)at)
				rp_buf_addf(out, "%s\n", o->name);
			break;
		case RP_OPTION_TEXT:
		case RP_OPTION_FILE:
		case RP_OPTION_DIR:
		case RP_OPTION_SHA256:
			list_text(o->name, (const char *const[]){*(const char *const *)at, NULL}, out);
			break;
		case RP_OPTION_NUMBER:
		case RP_OPTION_DURATION:
		case RP_OPTION_TIME:
			if (*(const uint64_t *)at)
				rp_buf_addf(out, "%s=%llu\n", o->name,
					    (unsigned long long)*(const uint64_t *)at);
			break;
		case RP_OPTION_TEXTS:
		case RP_OPTION_FILES:
			list_text(o->name, *(const char *const *const *)at, out);
			break;
		}
	}
}
