/* SPDX-License-Identifier: MIT */
/* By libyaml itself and not through libcyaml's schemas: names of targets are keys here, and every complaint, also
 * one about a value that only the options understand, has to name its line. */
#include "verifier/config/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <yaml.h>

#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

#define FILE_MAX   (1u << 20)
#define VALUES_MAX 1000

struct reading {
	yaml_document_t *document;
	struct rp_arena *memory;
	const char *path;
};

static int wrong(const struct reading *r, const yaml_node_t *at, const char *what, struct rp_err **err)
{
	return rp_err_set(err, RP_ERR_CONFIG, "'%s', line %zu: %s", r->path, at->start_mark.line + 1, what);
}

static const yaml_node_t *node(const struct reading *r, int index)
{
	return yaml_document_get_node(r->document, index);
}

static bool is_plain_tag(const yaml_node_t *n, const char *tag)
{
	return n->tag && strcmp((const char *)n->tag, tag) == 0;
}

/* Every scalar is text to us. A tag would say that it is something else. */
static int text_of(const struct reading *r, const yaml_node_t *n, const char **ret, struct rp_err **err)
{
	if (n->type != YAML_SCALAR_NODE)
		return wrong(r, n, "expected a value or a list of values", err);
	const char *s = (const char *)n->data.scalar.value;
	if (!is_plain_tag(n, YAML_STR_TAG))
		return wrong(r, n, "values have no tags here", err);
	if (strlen(s) != n->data.scalar.length)
		return wrong(r, n, "a value with a zero byte", err);
	bool plain = n->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	if (!*s || (plain && (strcmp(s, "~") == 0 || strcmp(s, "null") == 0)))
		return wrong(r, n, "the value is missing", err);
	*ret = rp_arena_strdup(r->memory, s);
	return *ret ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

static int values_of(const struct reading *r, const yaml_node_t *n, struct rp_setting *to,
		     struct rp_err **err)
{
	const yaml_node_item_t *item = NULL;
	size_t count = 1;

	to->list = n->type == YAML_SEQUENCE_NODE;
	if (to->list) {
		item = n->data.sequence.items.start;
		count = (size_t)(n->data.sequence.items.top - n->data.sequence.items.start);
	}
	if (count == 0)
		return wrong(r, n, "the list is empty: leave the key out", err);
	if (count > VALUES_MAX)
		return wrong(r, n, "the list is longer than 1000 values", err);
	to->values = rp_arena_array(r->memory, count + 1, sizeof(*to->values));
	if (!to->values)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < count; i++) {
		if (text_of(r, item ? node(r, item[i]) : n, &to->values[i], err) < 0)
			return -1;
	}
	return 0;
}

static int key_of(const struct reading *r, const yaml_node_t *n, const char **ret, struct rp_err **err)
{
	return n->type == YAML_SCALAR_NODE ? text_of(r, n, ret, err)
					   : wrong(r, n, "expected a key, and 'key:' is text", err);
}

static int section_of(const struct reading *r, const yaml_node_t *n, struct rp_settings *to,
		      struct rp_err **err)
{
	if (n->type != YAML_MAPPING_NODE)
		return wrong(r, n, "expected 'key: value' lines, further to the right than the name above",
			     err);
	const yaml_node_pair_t *pair = n->data.mapping.pairs.start;
	size_t count = (size_t)(n->data.mapping.pairs.top - pair);
	to->all = rp_arena_array(r->memory, count + 1, sizeof(*to->all));
	if (!to->all)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (; to->n < count; to->n++, pair++) {
		struct rp_setting s = {.line = (unsigned)node(r, pair->key)->start_mark.line + 1};
		if (key_of(r, node(r, pair->key), &s.key, err) < 0)
			return -1;
		if (rp_settings_find(to, s.key))
			return rp_err_set(err, RP_ERR_CONFIG,
					  "'%s', line %u: '%s' stands in this section twice", r->path, s.line,
					  s.key);
		if (values_of(r, node(r, pair->value), &s, err) < 0)
			return rp_err_wrap(err, "%s", s.key);
		to->all[to->n] = s;
	}
	return 0;
}

static int targets_of(const struct reading *r, const yaml_node_t *n, struct rp_config *to,
		      struct rp_err **err)
{
	if (n->type != YAML_MAPPING_NODE)
		return wrong(r, n, "expected the names of targets, each with its settings below it", err);
	const yaml_node_pair_t *pair = n->data.mapping.pairs.start;
	size_t count = (size_t)(n->data.mapping.pairs.top - pair);
	to->targets = rp_arena_array(r->memory, count + 1, sizeof(*to->targets));
	if (!to->targets)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (; to->n_targets < count; to->n_targets++, pair++) {
		struct rp_settings *s = &to->targets[to->n_targets];
		const yaml_node_t *key = node(r, pair->key);
		const char *name;
		s->line = (unsigned)key->start_mark.line + 1;
		if (key_of(r, key, &name, err) < 0)
			return -1;
		if (rp_config_target(to, name))
			return rp_err_set(err, RP_ERR_CONFIG,
					  "'%s', line %u: there are two targets called '%s'", r->path,
					  s->line, name);
		if (section_of(r, node(r, pair->value), s, err) < 0)
			return rp_err_wrap(err, "target '%s'", name);
		s->name = name;
	}
	return 0;
}

static int top_of(const struct reading *r, const yaml_node_t *n, struct rp_config *to, struct rp_err **err)
{
	if (n->type != YAML_MAPPING_NODE)
		return wrong(r, n, "expected 'defaults:' or 'targets:'", err);
	const yaml_node_pair_t *end = n->data.mapping.pairs.top;
	for (const yaml_node_pair_t *pair = n->data.mapping.pairs.start; pair < end; pair++) {
		const yaml_node_t *key = node(r, pair->key), *value = node(r, pair->value);
		const char *name;
		int done;
		if (key_of(r, key, &name, err) < 0)
			return -1;
		if (strcmp(name, "defaults") == 0 && !to->defaults.all)
			done = section_of(r, value, &to->defaults, err);
		else if (strcmp(name, "targets") == 0 && !to->targets)
			done = targets_of(r, value, to, err);
		else
			done = wrong(r, key, "expected 'defaults:' or 'targets:', each of them once", err);
		if (done < 0)
			return -1;
	}
	return 0;
}

static int document_of(struct reading *r, yaml_parser_t *parser, struct rp_config *to, struct rp_err **err)
{
	yaml_document_t document, more;

	if (!yaml_parser_load(parser, &document))
		return rp_err_set(err, RP_ERR_CONFIG, "'%s', line %zu: %s", r->path,
				  parser->problem_mark.line + 1,
				  parser->problem ? parser->problem : "no YAML");
	r->document = &document;
	const yaml_node_t *root = yaml_document_get_root_node(&document);
	int done = root ? top_of(r, root, to, err)
			: rp_err_set(err, RP_ERR_CONFIG, "'%s' is empty: expected 'targets:'", r->path);
	yaml_document_delete(&document);
	if (done < 0)
		return -1;
	/* What stands behind '---' or '...' would be read by nobody. */
	if (!yaml_parser_load(parser, &more))
		return rp_err_set(err, RP_ERR_CONFIG, "'%s', line %zu: %s", r->path,
				  parser->problem_mark.line + 1,
				  parser->problem ? parser->problem : "no YAML");
	bool second = yaml_document_get_root_node(&more) != NULL;
	yaml_document_delete(&more);
	return second ? rp_err_set(err, RP_ERR_CONFIG, "'%s' holds more than one document", r->path) : 0;
}

static int whose(const char *path, struct rp_err **err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return rp_err_set(err, RP_ERR_CONFIG, "configuration '%s': %s", path, strerror(errno));
	if (!(st.st_mode & S_IWOTH))
		return 0;
	rp_err_set(err, RP_ERR_CONFIG,
		   "configuration '%s' can be changed by everybody, and it says whom to trust", path);
	return rp_err_hint(err, "chmod o-w '%s'", path);
}

static int base_of(struct rp_config *c, struct rp_arena *memory, struct rp_err **err)
{
	rp_autofree char *real = realpath(c->path, NULL);

	if (!real)
		return rp_err_sys(err, errno, "configuration '%s'", c->path);
	char *slash = strrchr(real, '/');
	slash[slash == real] = '\0';
	c->base = rp_arena_strdup(memory, real);
	return c->base ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

int rp_config_load(struct rp_config *ret, struct rp_arena *memory, const char *path, struct rp_err **err)
{
	rp_autobuf text = RP_BUF_INIT(FILE_MAX);
	struct reading r = {.memory = memory, .path = path};
	struct rp_config c = {.path = rp_arena_strdup(memory, path)};
	yaml_parser_t parser;

	if (whose(path, err) < 0 || rp_file_read(path, &text, err) < 0)
		return -1;
	if (!c.path || !yaml_parser_initialize(&parser))
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	yaml_parser_set_input_string(&parser, (const unsigned char *)rp_buf_text(&text), text.len);
	int done = document_of(&r, &parser, &c, err);
	yaml_parser_delete(&parser);
	if (done < 0 || base_of(&c, memory, err) < 0)
		return -1;
	*ret = c;
	return 0;
}

const struct rp_settings *rp_config_target(const struct rp_config *c, const char *name)
{
	for (size_t i = 0; i < c->n_targets; i++) {
		if (strcmp(c->targets[i].name, name) == 0)
			return &c->targets[i];
	}
	return NULL;
}

const struct rp_setting *rp_settings_find(const struct rp_settings *s, const char *key)
{
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->all[i].key, key) == 0)
			return &s->all[i];
	}
	return NULL;
}
