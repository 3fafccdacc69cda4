/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verifier/command/options.h"
#include "verifier/config/config.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

#define NAMES_MAX (64u << 10)

static const char **text_at(void *into, size_t at)
{
	return (const char **)(void *)((char *)into + at);
}

/* ---- What a key means: the option of that name, of any subcommand; and two operands have a key. ---- */

const struct rp_option *rp_option_configured(const char *key)
{
	for (const struct rp_command *const *c = rp_commands; *c; c++) {
		const struct rp_option *o =
			rp_option_named(*c, "config", 6) ? rp_option_named(*c, key, strlen(key)) : NULL;
		if (o && !o->once && strcmp(key, "target") != 0)
			return o;
	}
	return NULL;
}

static bool is_operands(const char *key)
{
	for (const struct rp_command *const *c = rp_commands; *c; c++) {
		if ((*c)->operand && (*c)->operand->key && strcmp((*c)->operand->key, key) == 0)
			return true;
	}
	return false;
}

/* What is said of a target to those who ask which ones there are, and to no run of it. */
static bool is_word(const struct rp_settings *section, const struct rp_setting *s)
{
	return section->name && !s->list && strcmp(s->key, "excluded") == 0;
}

static int blame(const struct rp_config *c, const struct rp_setting *s, const char *what, struct rp_err **err)
{
	return rp_err_set(err, RP_ERR_CONFIG, "'%s', line %u: '%s': %s", c->path, s->line, s->key, what);
}

static int is_true(const struct rp_setting *s)
{
	static const struct {
		const char *word;
		int means;
	} words[] = {{"true", 1}, {"yes", 1}, {"on", 1}, {"false", 0}, {"no", 0}, {"off", 0}};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcmp(s->values[0], words[i].word) == 0)
			return words[i].means;
	}
	return -1;
}

static int check(const struct rp_config *c, const struct rp_settings *section, const struct rp_setting *s,
		 struct rp_err **err)
{
	const struct rp_option *o = rp_option_configured(s->key);
	uint64_t room[2];

	if (is_word(section, s))
		return 0;
	if (!o && is_operands(s->key))
		return s->list ? blame(c, s, "expected one value and no list", err) : 0;
	if (!o) {
		blame(c, s, "there is no such setting", err);
		return rp_err_hint(
			err,
			"settings are called as the options of seal, verify and the others are, without the "
			"dashes; see reprove(1)");
	}
	if (s->list && !rp_option_repeats(o))
		return blame(c, s, "expected one value and no list", err);
	if (o->type == RP_OPTION_FLAG)
		return is_true(s) < 0 ? blame(c, s, "expected true or false", err) : 0;
	struct rp_option dry = *o;
	dry.at = 0;
	if (!rp_option_repeats(o) && rp_option_store(&dry, s->values[0], room, err) < 0)
		return rp_err_wrap(err, "'%s', line %u", c->path, s->line);
	return 0;
}

static int check_section(const struct rp_config *c, const struct rp_settings *s, struct rp_err **err)
{
	for (size_t i = 0; i < s->n; i++) {
		if (check(c, s, &s->all[i], err) < 0)
			return s->name ? rp_err_wrap(err, "target '%s'", s->name) : -1;
	}
	return 0;
}

/* ---- Filling in. ---- */

/* A path is meant from where the file is, and not from wherever it is read. "none" and "-" are words, and a token is
 * no file. */
static int path_of(const struct rp_config *c, const char *value, struct rp_arena *memory, const char **ret,
		   struct rp_err **err)
{
	rp_autobuf full = RP_BUF_INIT(64u << 10);

	*ret = value;
	if (value[0] == '/' || strstr(value, "://") || strncmp(value, "pkcs11:", 7) == 0 ||
	    strcmp(value, "none") == 0 || strcmp(value, "-") == 0)
		return 0;
	rp_buf_addf(&full, "%s/%s", c->base, value);
	*ret = rp_buf_check(&full, err) < 0 ? NULL : rp_arena_strdup(memory, rp_buf_text(&full));
	return *ret ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

static bool is_path(enum rp_option_type type)
{
	return type == RP_OPTION_FILE || type == RP_OPTION_DIR || type == RP_OPTION_FILES;
}

static int fill(const struct rp_config *c, const struct rp_option *o, const struct rp_setting *s, void *into,
		struct rp_arena *memory, struct rp_err **err)
{
	if (o->type == RP_OPTION_FLAG) {
		*(bool *)((char *)into + o->at) = is_true(s) == 1;
		return 0;
	}
	for (const char **value = s->values; *value; value++) {
		const char *text = *value;
		if (is_path(o->type) && path_of(c, text, memory, &text, err) < 0)
			return -1;
		if (rp_option_store(o, text, into, err) < 0)
			return rp_err_wrap(err, "'%s', line %u", c->path, s->line);
	}
	return 0;
}

/* Was this said in another way, nearer by? */
static bool is_settled(const struct rp_command *command, const bool *seen, const struct rp_option *o)
{
	for (const struct rp_option *other = command->options; o->instead && other->name; other++) {
		if (other->instead && strcmp(other->instead, o->instead) == 0 &&
		    seen[other - command->options])
			return true;
	}
	return false;
}

static int apply(const struct rp_command *command, const struct rp_config *c, const struct rp_settings *s,
		 bool *seen, void *into, struct rp_arena *memory, struct rp_err **err)
{
	const struct rp_operand *operand = command->operand;
	bool *before = rp_arena_array(memory, rp_options_count(command) + 1, sizeof(*before));

	if (!before)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	memcpy(before, seen, rp_options_count(command) * sizeof(*before));
	for (size_t i = 0; s && i < s->n; i++) {
		const struct rp_setting *setting = &s->all[i];
		const struct rp_option *o = rp_option_named(command, setting->key, strlen(setting->key));
		if (operand && operand->key && strcmp(operand->key, setting->key) == 0) {
			const char **to = text_at(into, operand->at);
			if (!*to && path_of(c, setting->values[0], memory, to, err) < 0)
				return -1;
		} else if (o && !o->once && !seen[o - command->options] && !is_settled(command, before, o)) {
			if (fill(c, o, setting, into, memory, err) < 0)
				return -1;
			seen[o - command->options] = true;
		}
	}
	return 0;
}

static int no_such(const struct rp_config *c, const char *name, struct rp_err **err)
{
	rp_autobuf names = RP_BUF_INIT(NAMES_MAX);

	for (size_t i = 0; i < c->n_targets && names.len < NAMES_MAX / 2; i++)
		rp_buf_addf(&names, "%s'%s'", i > 0 ? ", " : "", c->targets[i].name);
	rp_err_set(err, RP_ERR_CONFIG, "there is no target '%s' in '%s'", name, c->path);
	return rp_err_hint(err, "there %s %s", c->n_targets == 1 ? "is" : "are",
			   c->n_targets > 0 ? rp_buf_text(&names) : "none");
}

/* 'verify shop': where no target is named, a word that is one's name is that. */
static const char *named(const struct rp_command *command, const struct rp_config *c, bool *seen, void *into)
{
	const struct rp_option *target = rp_option_named(command, "target", 6);
	const char **name = target ? text_at(into, target->at) : NULL;
	const char **word = command->operand ? text_at(into, command->operand->at) : NULL;

	if (!name)
		return NULL;
	if (!*name && word && *word && rp_config_target(c, *word)) {
		*name = *word;
		*word = NULL;
	}
	seen[target - command->options] = *name != NULL;
	return *name;
}

/* 'seal shop' has a meaning in a configuration alone: elsewhere it is a word too many, and no new name. */
static int stray(const struct rp_command *command, const bool *seen, const void *into, struct rp_err **err)
{
	const struct rp_option *target = rp_option_named(command, "target", 6);
	const struct rp_operand *operand = command->operand;

	if (!target || !operand || !operand->configured || seen[target - command->options])
		return 0;
	const char *word = *(const char *const *)(const void *)((const char *)into + operand->at);
	if (!word)
		return 0;
	rp_err_set(err, RP_ERR_USAGE, "'%s' is one word too many", word);
	return rp_err_hint(
		err, "a target of a configuration is named like that, and there is none: --config FILE");
}

/* Whoever starts a run of a target that is excluded, and names no backup, has to hear why there is none. */
static bool is_left_out(const struct rp_command *command, const struct rp_config *c,
			const struct rp_settings *section, void *into, struct rp_err **err)
{
	const struct rp_setting *why = rp_settings_find(section, "excluded");

	if (!why || !command->operand || !command->operand->required || *text_at(into, command->operand->at))
		return false;
	rp_err_set(err, RP_ERR_CONFIG, "'%s', line %u: the target '%s' is excluded: %s", c->path, why->line,
		   section->name, why->values[0]);
	return true;
}

int rp_options_configure(const struct rp_command *command, bool *seen, void *into, struct rp_arena *memory,
			 struct rp_err **err)
{
	const struct rp_option *option = rp_option_named(command, "config", 6);
	const char *path = option ? *text_at(into, option->at) : NULL;
	struct rp_config c;

	if (option && !path)
		path = getenv("REPROVE_CONFIG");
	if (!path || !*path)
		return stray(command, seen, into, err);
	if (rp_config_load(&c, memory, path, err) < 0 || check_section(&c, &c.defaults, err) < 0)
		return -1;
	for (size_t i = 0; i < c.n_targets; i++) {
		if (check_section(&c, &c.targets[i], err) < 0)
			return -1;
	}
	const char *name = named(command, &c, seen, into);
	const struct rp_settings *section = name ? rp_config_target(&c, name) : NULL;
	if (name && !section)
		return no_such(&c, name, err);
	if (section && is_left_out(command, &c, section, into, err))
		return -1;
	if (apply(command, &c, section, seen, into, memory, err) < 0)
		return -1;
	return apply(command, &c, &c.defaults, seen, into, memory, err);
}
