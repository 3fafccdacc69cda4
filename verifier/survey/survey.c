/* SPDX-License-Identifier: MIT */
#include "verifier/survey/survey.h"

#include <stdlib.h>
#include <string.h>

#include "verifier/survey/ranges.h"
#include "verifier/survey/sample.h"
#include "verifier/survey/sketch.h"
#include "verifier/survey/sort.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

static int no_memory(struct rp_err **err)
{
	return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

int rp_survey_new(struct rp_survey **ret, struct rp_err **err)
{
	rp_auto(rp_survey) s = calloc(1, sizeof *s);
	if (s == NULL)
		return no_memory(err);
	if (rp_arena_new(&s->memory, err) < 0)
		return -1;
	*ret = rp_take(s);
	return 0;
}

void rp_survey_free(struct rp_survey *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n_relations; i++) {
		rp_sketch_free(s->relations[i].sketch);
		rp_sample_free(s->relations[i].sample);
		rp_ranges_free(s->relations[i].ranges);
		free(s->relations[i].strong);
	}
	rp_arena_free(s->memory);
	free(s);
}

/* Copies text into s, remembering whether memory was ever missing; NULL stays NULL. */
struct copier {
	struct rp_arena *memory;
	bool failed;
};
static const char *copy(struct copier *c, const char *text)
{
	char *r = rp_arena_strdup(c->memory, text);
	c->failed |= text != NULL && r == NULL;
	return r;
}

/* The array with room for one more. It doubles at every power of two, so that no capacity is kept; what the
 * arena does not get back is at most as much again. */
static void *grow(struct copier *c, void *array, size_t n, size_t size)
{
	if (n != 0 && (n < 16 || (n & (n - 1)) != 0))
		return array;
	void *r = rp_arena_array(c->memory, n == 0 ? 16 : n * 2, size);
	if (r == NULL)
		c->failed = true;
	else if (n > 0)
		memcpy(r, array, n * size);
	return r;
}

static int fact_order(const void *a, const void *b)
{
	return strcmp(((const struct rp_fact *)a)->name, ((const struct rp_fact *)b)->name);
}

/* Sorted, so that two objects' facts can be merged; NULL on a fact told twice or without a value. */
static const struct rp_fact *copy_facts(struct copier *c, const struct rp_fact *facts, size_t n,
					struct rp_err **err)
{
	struct rp_fact *r = rp_arena_array(c->memory, n, sizeof *r);
	if (r == NULL) {
		c->failed = true;
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		if (facts[i].name == NULL || facts[i].value == NULL) {
			rp_err_set(err, RP_ERR_ENGINE, "a fact without a name or a value");
			return NULL;
		}
		r[i] = (struct rp_fact){copy(c, facts[i].name), copy(c, facts[i].value)};
	}
	if (c->failed)
		return NULL;
	if (n > 1)
		qsort(r, n, sizeof *r, fact_order);
	for (size_t i = 1; i < n; i++)
		if (fact_order(&r[i - 1], &r[i]) == 0) {
			rp_err_set(err, RP_ERR_ENGINE, "the fact '%s' is told twice", r[i].name);
			return NULL;
		}
	return r;
}

int rp_survey_identify(struct rp_survey *s, const struct rp_identity *i, const struct rp_position *p,
		       struct rp_err **err)
{
	struct copier c = {.memory = s->memory};
	if (i->engine == NULL || i->version == NULL || i->database == NULL)
		return rp_err_set(err, RP_ERR_ENGINE, "a database without engine, version or name");
	s->identity = (struct rp_identity){.engine = copy(&c, i->engine),
					   .version = copy(&c, i->version),
					   .database = copy(&c, i->database),
					   .instance = copy(&c, i->instance),
					   .bytes = i->bytes};
	s->position = *p;
	s->position.facts = copy_facts(&c, p->facts, p->n_facts, err);
	if (c.failed)
		return no_memory(err);
	return s->position.facts != NULL ? 0 : rp_err_wrap(err, "position");
}

int rp_survey_add_object(struct rp_survey *s, const struct rp_object *o, struct rp_err **err)
{
	struct copier c = {.memory = s->memory};
	if (o->kind == NULL || o->name == NULL)
		return rp_err_set(err, RP_ERR_ENGINE, "an object without kind or name");
	struct rp_object *array = grow(&c, s->objects, s->n_objects, sizeof *array), r = *o;
	r.kind = copy(&c, o->kind);
	r.name = copy(&c, o->name);
	r.definition = copy(&c, o->definition);
	r.facts = copy_facts(&c, o->facts, o->n_facts, err);
	if (c.failed)
		return no_memory(err);
	if (r.facts == NULL)
		return rp_err_wrap(err, "%s '%s'", o->kind, o->name);
	if (o->definition != NULL)
		rp_sha256(o->definition, strlen(o->definition), r.digest);
	s->objects = array;
	s->objects[s->n_objects++] = r;
	return 0;
}

static struct rp_column *copy_columns(struct copier *c, const struct rp_relation *of, struct rp_err **err)
{
	struct rp_column *r = rp_arena_array(c->memory, of->n_columns, sizeof *r);
	if (r == NULL) {
		c->failed = true;
		return NULL;
	}
	for (size_t i = 0; i < of->n_columns; i++) {
		const struct rp_column *from = &of->columns[i];
		if (from->name == NULL || from->type == NULL || from->encoding == NULL) {
			rp_err_set(err, RP_ERR_ENGINE,
				   "relation '%s': column %zu without name, type or encoding", of->name,
				   i + 1);
			return NULL;
		}
		r[i] = *from;
		r[i].name = copy(c, from->name);
		r[i].type = copy(c, from->type);
		r[i].encoding = copy(c, from->encoding);
	}
	return r;
}

int rp_survey_add_relation(struct rp_survey *s, const struct rp_relation *r, struct rp_err **err)
{
	struct copier c = {.memory = s->memory};
	if (r->name == NULL)
		return rp_err_set(err, RP_ERR_ENGINE, "a relation without a name");
	struct rp_relation *array = grow(&c, s->relations, s->n_relations, sizeof *array), to = *r;
	to.name = copy(&c, r->name);
	to.not_surveyed = copy(&c, r->not_surveyed);
	to.source = copy(&c, r->source);
	to.columns = copy_columns(&c, r, err);
	to.sketch = NULL; /* there is but one owner of each; see the header */
	to.sample = NULL;
	to.ranges = NULL;
	to.strong = NULL;
	if (c.failed)
		return no_memory(err);
	if (to.columns == NULL)
		return -1;
	s->relations = array;
	s->relations[s->n_relations++] = to;
	return 0;
}

int rp_survey_add_coverage(struct rp_survey *s, const struct rp_coverage *o, struct rp_err **err)
{
	struct copier c = {.memory = s->memory};
	if (o->what == NULL)
		return rp_err_set(err, RP_ERR_ENGINE, "a coverage of nothing");
	struct rp_coverage *array = grow(&c, s->coverage, s->n_coverage, sizeof *array);
	struct rp_coverage to = {.what = copy(&c, o->what), .count = o->count, .reason = copy(&c, o->reason)};
	if (c.failed)
		return no_memory(err);
	s->coverage = array;
	s->coverage[s->n_coverage++] = to;
	return 0;
}

#define KINDS_MAX 128

/* Counted by what was added, as some queries of an engine bring several kinds. */
int rp_survey_cover_kinds(struct rp_survey *s, struct rp_err **err)
{
	struct rp_coverage classes[KINDS_MAX] = {{0}};
	size_t n = 0, k = 0;
	for (size_t i = 0; i < s->n_objects; i++) {
		const char *kind = s->objects[i].kind;
		/* One kind follows upon the other, so the last one is nearly always the right one. */
		if (n == 0 || strcmp(classes[k].what, kind) != 0)
			for (k = 0; k < n && strcmp(classes[k].what, kind) != 0; k++)
				;
		if (k == KINDS_MAX)
			return rp_err_set(err, RP_ERR_ENGINE, "more kinds of object than there are");
		classes[k].what = kind;
		classes[k].count++;
		n += k == n;
	}
	for (k = 0; k < n; k++)
		if (rp_survey_add_coverage(s, &classes[k], err) < 0)
			return -1;
	return 0;
}

int rp_survey_finish(struct rp_survey *s, struct rp_err **err)
{
	return rp_survey_sort(s, RP_ERR_ENGINE, err);
}

void rp_name_add(struct rp_buf *name, const char *part)
{
	if (name->len > 0)
		rp_buf_add_mem(name, ".", 1);
	for (size_t n; *part != '\0'; part += n) {
		n = strcspn(part, ".\\");
		if (n == 0) {
			rp_buf_add_mem(name, "\\", 1);
			n = 1;
		}
		rp_buf_add_mem(name, part, n);
	}
}
