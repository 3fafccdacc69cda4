/* SPDX-License-Identifier: MIT */
#include "verifier/survey/sort.h"

#include <stdlib.h>
#include <string.h>

int rp_object_order(const struct rp_object *a, const struct rp_object *b)
{
	int order = strcmp(a->kind, b->kind);
	return order != 0 ? order : strcmp(a->name, b->name);
}

static int object_order(const void *a, const void *b)
{
	return rp_object_order(a, b);
}

static int relation_order(const void *a, const void *b)
{
	return strcmp(((const struct rp_relation *)a)->name, ((const struct rp_relation *)b)->name);
}

/* By reason too, so that one survey has one order. */
static int coverage_order(const void *a, const void *b)
{
	const struct rp_coverage *x = a, *y = b;
	int order = strcmp(x->what, y->what);
	if (order == 0)
		order = strcmp(x->reason != NULL ? x->reason : "", y->reason != NULL ? y->reason : "");
	return order != 0 ? order : (x->count > y->count) - (x->count < y->count);
}

static void sort(void *array, size_t n, size_t size, int (*order)(const void *, const void *))
{
	if (n > 1)
		qsort(array, n, size, order);
}

static int column_name_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int check_columns(const struct rp_relation *r, enum rp_err_kind kind, struct rp_err **err)
{
	if (r->n_columns < 2)
		return 0;
	rp_autofree const char **names = calloc(r->n_columns, sizeof *names);
	if (names == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < r->n_columns; i++)
		names[i] = r->columns[i].name;
	qsort(names, r->n_columns, sizeof *names, column_name_order);
	for (size_t i = 1; i < r->n_columns; i++)
		if (strcmp(names[i - 1], names[i]) == 0)
			return rp_err_set(err, kind, "relation '%s': two columns '%s'", r->name, names[i]);
	return 0;
}

int rp_survey_sort(struct rp_survey *s, enum rp_err_kind kind, struct rp_err **err)
{
	sort(s->objects, s->n_objects, sizeof *s->objects, object_order);
	sort(s->relations, s->n_relations, sizeof *s->relations, relation_order);
	sort(s->coverage, s->n_coverage, sizeof *s->coverage, coverage_order);
	for (size_t i = 1; i < s->n_objects; i++)
		if (rp_object_order(&s->objects[i - 1], &s->objects[i]) == 0)
			return rp_err_set(err, kind, "two objects of kind '%s' are called '%s'",
					  s->objects[i].kind, s->objects[i].name);
	for (size_t i = 0; i < s->n_relations; i++) {
		if (i > 0 && strcmp(s->relations[i - 1].name, s->relations[i].name) == 0)
			return rp_err_set(err, kind, "two relations are called '%s'", s->relations[i].name);
		if (check_columns(&s->relations[i], kind, err) < 0)
			return -1;
	}
	return 0;
}

const struct rp_object *rp_survey_object(const struct rp_survey *s, const char *kind, const char *name)
{
	struct rp_object wanted = {.kind = kind, .name = name};
	return s->n_objects > 0 ? bsearch(&wanted, s->objects, s->n_objects, sizeof *s->objects, object_order)
				: NULL;
}

const struct rp_relation *rp_survey_relation(const struct rp_survey *s, const char *name)
{
	struct rp_relation wanted = {.name = name};
	return s->n_relations > 0
		       ? bsearch(&wanted, s->relations, s->n_relations, sizeof *s->relations, relation_order)
		       : NULL;
}

const char *rp_object_fact(const struct rp_object *o, const char *name)
{
	for (size_t i = 0; i < o->n_facts; i++)
		if (strcmp(o->facts[i].name, name) == 0)
			return o->facts[i].value;
	return NULL;
}

const char *rp_position_fact(const struct rp_position *p, const char *name)
{
	for (size_t i = 0; i < p->n_facts; i++)
		if (strcmp(p->facts[i].name, name) == 0)
			return p->facts[i].value;
	return NULL;
}
